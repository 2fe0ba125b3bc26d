"""Earned schedule: how far along its own plan a project is, measured in time instead of money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rollout_sync.health.worktime import Hours

_CLOSE = 1e-9
_SHORTEST = 0.01
"""Hours over which work is spread that was planned to take no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """The planned value of a project over time: planned hours that should be done by each moment.

    Attributes:
        knots: moments in working hours, ascending; the line is straight between them.
        values: planned hours done by each knot.
    """

    knots: Hours
    values: Hours

    @classmethod
    def of(cls, weights: Sequence[float], starts: Sequence[float], finishes: Sequence[float]) -> PlanLine:
        """Each activity earns its weight evenly between its planned start and finish."""
        begin, end, weight = (np.asarray(numbers, np.float64) for numbers in (starts, finishes, weights))
        length = np.maximum(end - begin, _SHORTEST)
        moments = np.concatenate([begin, begin + length])
        slopes = np.concatenate([weight / length, -weight / length])
        knots, places = np.unique(moments, return_inverse=True)
        rates = np.cumsum(np.bincount(places.ravel(), slopes, len(knots)))
        grown = np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(knots))])
        return cls(knots=knots, values=np.maximum.accumulate(grown))

    def planned_by(self, moment: float) -> float:
        """Planned hours that should be done by a moment."""
        return float(np.interp(moment, self.knots, self.values))

    def moment_of(self, earned: float, near: float) -> float:
        """The moment at which the plan wanted `earned` hours done.

        Where the plan rests, a whole stretch of time fits; then it is the moment of it that is nearest to `near`, so
        that a project which rests as planned is neither early nor late.
        """
        slack = _CLOSE * max(float(self.values[-1]), 1.0)
        low = int(np.searchsorted(self.values, earned - slack))
        high = int(np.searchsorted(self.values, earned + slack, side="right")) - 1
        if high >= low:
            first = -np.inf if low == 0 else float(self.knots[low])
            last = np.inf if high == len(self.knots) - 1 else float(self.knots[high])
            return min(max(near, first), last)
        return float(np.interp(earned, self.values, self.knots))


def hours_left(line: PlanLine, earned: float, now: float) -> tuple[float, float]:
    """Working hours until the plan begins, and hours of the plan that are left after what is earned.

    The first is 0 as soon as anything is earned or the planned start has passed.
    """
    start, finish = float(line.knots[0]), float(line.knots[-1])
    at = line.moment_of(earned, now)
    return max(start - at, 0.0), finish - min(max(at, start), finish)
