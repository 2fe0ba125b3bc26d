"""Rollout templates: YAML with positions, a checked document, and its pure expansion into a rollout."""
