"""The measured aspects of a rollout, one pure function each, from a view to a coloured sentence with its items."""

from __future__ import annotations

from rollout_sync.health.review import PastReview, Signal
from rollout_sync.health.signals.approvals import approvals
from rollout_sync.health.signals.awaited import adoption, feedback, problems
from rollout_sync.health.signals.freshness import freshness
from rollout_sync.health.signals.golive import go_live
from rollout_sync.health.signals.schedule import schedule
from rollout_sync.health.signals.training import training
from rollout_sync.health.view import View


def signals_of(view: View, before: PastReview | None) -> tuple[Signal, ...]:
    """All signals in the order in which they are shown; `before` is the last review whose data could be trusted."""
    return (
        schedule(view),
        go_live(view, before),
        approvals(view),
        training(view),
        problems(view),
        feedback(view),
        adoption(view),
        freshness(view),
    )
