"""rollout-sync: starts rollouts in Jira and Planner from a template and keeps them in sync."""
