"""Microsoft Graph v1.0 as far as a rollout needs it: Planner, groups, users, mail, calendar, `$batch`."""

from __future__ import annotations

from rollout_sync.sandbox.graph.act import act
from rollout_sync.sandbox.graph.service import pattern_of, register

__all__ = ["act", "pattern_of", "register"]
