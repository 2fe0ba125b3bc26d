"""HTML pages of the sandbox that a person can open: the index, the Planner boards, the mailboxes."""

from __future__ import annotations

from rollout_sync.sandbox.pages.planner import register

__all__ = ["register"]
