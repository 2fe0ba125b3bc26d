"""How long decisions and blockers wait for people, compared with what is usual; learnt from waits that are over."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rollout_sync.health.situation import Standing

WAIT_SPREAD = 1.0
"""Log-sd of a wait before anything is known: one in ten takes 3.6 times the usual.

Reviews of open-source changes spread far wider (2.4), but nobody is named, reminded and overruled there.
"""
PSEUDO_WAITS = 5
"""How many waits the default counts for."""
_CLIP = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Waits that are over, as sums over the logarithms of actual by typical length."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    @property
    def shift(self) -> float:
        """Logarithm of the median wait by the typical one, drawn towards 0 by the pseudo-observations."""
        return self.total / (self.count + PSEUDO_WAITS)

    @property
    def spread(self) -> float:
        """Log-sd, drawn towards the default by the pseudo-observations."""
        around = self.squares - 2 * self.shift * self.total + self.count * self.shift**2
        return math.sqrt((around + PSEUDO_WAITS * WAIT_SPREAD**2) / (self.count + PSEUDO_WAITS))

    def median(self, typical: float) -> float:
        """Median wait where `typical` is what the plan thinks usual."""
        return typical * math.exp(self.shift)

    def with_ratios(self, ratios: Iterable[float]) -> Waits:
        """What is known once waits took so many times the usual; those of no length teach nothing."""
        logs = [min(max(math.log(ratio), -_CLIP), _CLIP) for ratio in ratios if ratio > 0]
        return Waits(
            count=self.count + len(logs),
            total=self.total + math.fsum(logs),
            squares=self.squares + math.fsum(one * one for one in logs),
        )


def ratios_of(done: Iterable[Standing]) -> tuple[float, ...]:
    """Actual by typical length of the decisions that were made."""
    return tuple(
        (one.finished - (one.started if one.waited is None else -one.waited)) / one.typical_wait
        for one in sorted(done, key=lambda one: one.key)
        if one.is_approval and one.typical_wait > 0
    )
