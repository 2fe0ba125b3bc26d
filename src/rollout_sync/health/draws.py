"""Chance, drawn from a seed: every name has a stream of its own, so that one more activity changes no other's luck.

Numbers come from raw bits and tables of quantiles, and not from a library's own sampling, which may change between
its versions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float32]
"""One number a trial; single precision is enough for hours and twice as fast."""
Indices: TypeAlias = NDArray[np.uint16]

TABLE = 4096
"""Length of a table of quantiles."""
_SHAPES = 512
_NEAR, _FAR, _STEPS = 6.0, 37.0, 100
"""The table of the normal distribution reaches from -6 to 37 standard deviations, in hundredths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Random numbers for `trials` trials; equal seeds give equal numbers."""

    seed: int
    trials: int

    def normals(self, name: str) -> NDArray[np.float64]:
        """Standard normal numbers, spread evenly over the distribution and shuffled: less noise from few trials."""
        return normal_quantiles(self.trials)[self._shuffled(name)]

    def shares(self, name: str) -> NDArray[np.float64]:
        """Numbers between 0 and 1, spread evenly and shuffled."""
        return (self._shuffled(name) + 0.5) / self.trials

    def places(self, name: str) -> Indices:
        """Places in a table of quantiles, each equally likely."""
        words = _raw(self.seed, name, -(-self.trials // 4)).astype("<u8")
        return words.view("<u2")[: self.trials].astype(np.uint16, copy=False) & np.uint16(TABLE - 1)

    def _shuffled(self, name: str) -> NDArray[np.intp]:
        return np.argsort(_raw(self.seed, name, self.trials), kind="stable")


def _raw(seed: int, name: str, count: int) -> NDArray[np.uint64]:
    key = int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=16).digest(), "little")
    return np.random.Philox(key=key).random_raw(count)


@lru_cache(maxsize=8)
def normal_quantiles(count: int) -> NDArray[np.float64]:
    """Quantiles of the standard normal distribution in the middle of `count` equal parts, scaled to variance 1."""
    upper = _from_log_tail(np.log((np.arange(count // 2) + 0.5) / count))
    found = np.concatenate([-upper, np.zeros(count % 2), upper[::-1]])
    spread = float(np.sqrt(np.mean(found**2)))
    found = found / spread if spread else found
    found.setflags(write=False)
    return found


@lru_cache(maxsize=64)
def lognormal_table(spread: float) -> Numbers:
    """Quantiles of a lognormal distribution with median 1."""
    return _frozen(np.exp(spread * normal_quantiles(TABLE)))


@lru_cache(maxsize=4096)
def pert_table(low: float, likely: float, high: float) -> Numbers:
    """Quantiles of a PERT-beta distribution: alpha = 1 + 4 (m - a)/(b - a), beta = 1 + 4 (b - m)/(b - a)."""
    if high <= low:
        return _frozen(np.full(TABLE, likely))
    skew = round((likely - low) / (high - low), 6)
    return _frozen(low + (high - low) * _beta_quantiles(skew))


@lru_cache(maxsize=1024)
def _beta_quantiles(skew: float) -> NDArray[np.float64]:
    """Quantiles of Beta(1 + 4 skew, 5 - 4 skew), from its density on a fine grid."""
    grid = np.linspace(0.0, 1.0, _SHAPES * 4 + 1)
    density = grid ** (4 * skew) * (1 - grid) ** (4 - 4 * skew)
    mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return np.interp((np.arange(TABLE) + 0.5) / TABLE, mass / mass[-1], grid)


def waiting_table(median: float, spread: float, waited: float) -> Numbers:
    """Quantiles of what is left of a lognormal wait of which `waited` hours have passed.

    T - a given T > a. With age the rest grows: who has not answered for long will not answer soon.
    """
    if median <= 0 or spread <= 0:
        return _frozen(np.full(TABLE, max(median - waited, 0.0)))
    share = (np.arange(TABLE) + 0.5) / TABLE
    passed = math.log(waited / median) / spread if waited > 0 else -math.inf
    whole = median * np.exp(spread * from_tail(share[::-1], passed))
    return _frozen(np.maximum(whole - waited, 0.0))


def from_tail(shares: NDArray[np.float64], beyond: float) -> NDArray[np.float64]:
    """Standard normal numbers above `beyond`, each exceeded with its share of the chance that is left there."""
    return _from_log_tail(np.log(shares) + _log_tail(beyond))


@lru_cache(maxsize=1)
def _tails() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Normal quantiles, descending, and the logarithms of their upper tail probabilities."""
    quantiles = np.linspace(_FAR, -_NEAR, round((_FAR + _NEAR) * _STEPS) + 1)
    return quantiles, np.array([math.log(math.erfc(one / math.sqrt(2)) / 2) for one in quantiles.tolist()])


def _from_log_tail(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    quantiles, known = _tails()
    return np.interp(logs, known, quantiles)


def _log_tail(quantile: float) -> float:
    quantiles, known = _tails()
    return float(np.interp(quantile, quantiles[::-1], known[::-1]))


def _frozen(numbers: NDArray[np.float64]) -> Numbers:
    found = numbers.astype(np.float32)
    found.setflags(write=False)
    return found
