"""Old forecasts held against what came: whether intervals are as honest as they claim."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date

from rollout_sync.health.review import PastReview

ENOUGH_REVIEWS = 3
"""Reviews with an interval from which it is told how often intervals held the truth."""


def cover(earlier: Sequence[PastReview], finished: date) -> float | None:
    """Share of earlier P10 to P90 intervals, one a day, that held the day on which it was really finished.

    Honest intervals hold it four times in five. None with fewer than three days of intervals before that day.
    """
    intervals = {
        day: (past.p10, past.p90)
        for past in earlier
        if (day := past.at.astimezone(UTC).date()) < finished and past.p10 is not None and past.p90 is not None
    }
    if len(intervals) < ENOUGH_REVIEWS:
        return None
    return sum(low <= finished <= high for low, high in intervals.values()) / len(intervals)
