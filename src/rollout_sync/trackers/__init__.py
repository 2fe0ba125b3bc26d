"""Jira and Planner behind one port; neither knows the other."""
