"""What came of showing a summary on one board."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rollout_sync.model.operations import Done, InDoubt, Outcome
from rollout_sync.model.rollout import TrackerName


class Act(StrEnum):
    """What was done."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    LEFT = "left alone"
    """People deleted it, or there is no place for it."""
    LATER = "later"
    """Not written now; the next run tries again."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """One board; `why` says what hindered, or why it was left alone."""

    board: TrackerName
    act: Act
    why: str = ""

    @property
    def is_finished(self) -> bool:
        """Nothing is left for another run, as far as this one can tell."""
        return self.act in (Act.WRITTEN, Act.UNCHANGED, Act.LEFT)


def of_outcome(board: TrackerName, outcome: Outcome) -> Showing:
    """What a write that was tried amounts to."""
    if isinstance(outcome, Done):
        return Showing(board=board, act=Act.WRITTEN)
    if isinstance(outcome, InDoubt):
        return Showing(board=board, act=Act.LATER, why=f"no answer: {outcome.reason}")
    why = f"{outcome.reason} ({outcome.hint})" if outcome.hint else outcome.reason
    return Showing(board=board, act=Act.LATER if outcome.again else Act.REFUSED, why=why)
