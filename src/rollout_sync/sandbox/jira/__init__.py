"""Jira Cloud as the sandbox plays it: REST versions 2 and 3, its search index, and a board that people can work in."""
