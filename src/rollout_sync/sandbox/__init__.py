"""A stand-in for Jira Cloud, Microsoft Graph and a mailbox, over real HTTP. Imports nothing of the rest."""
