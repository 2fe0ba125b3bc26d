"""Jira Cloud behind the tracker port."""
