"""A forecast without a plan: how long work of this size took others, or oneself, and how fast items are being closed.

Everything is in calendar days, because that is how the histories behind the constants were measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from rollout_sync.health.draws import Draws, from_tail
from rollout_sync.health.network import Activity, ActivityNetwork, Status
from rollout_sync.health.prior import Prior, Totals

DAYS_AT_ONE = 9.3
"""Days that work of one item lasts; of L items the square root of L times that (median of 1,700 epics)."""
SPREAD = 1.2
RECENT_DAYS = 42.0
WEIGHT = 0.3
WEIGHT_WITH_TOTALS = 0.6
"""Most that the rate of closing items can count for; reached when many are closed."""
PSEUDO_ITEMS = 10
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A board at one moment.

    Attributes:
        done: items finished.
        left: items that are not.
        recent: items finished in the last six weeks.
        elapsed: calendar days since the first item was started or finished.
    """

    done: int
    left: int
    recent: int
    elapsed: float

    @property
    def rate(self) -> float:
        """Items a day: geometric mean of the rate so far and the recent one, each drawn towards a slow start."""
        so_far = (self.done + 0.5) / (self.elapsed + 7)
        lately = (self.recent + 0.5) / (min(self.elapsed, RECENT_DAYS) + 7)
        return math.sqrt(so_far * lately)


def flow_of(network: ActivityNetwork, kept: frozenset[str]) -> Flow:
    """Count what is done and left of the activities that are kept."""
    activities = [one for one in network.activities if one.key in kept]
    finished = [one for one in activities if _is_done(one, network.now)]
    since = network.now - RECENT_DAYS * _DAY
    recent = sum(one.finished_at is not None and one.finished_at > since for one in finished)
    return Flow(
        done=len(finished),
        left=len(activities) - len(finished),
        recent=recent,
        elapsed=_elapsed(activities, network.now),
    )


def _is_done(one: Activity, now: datetime) -> bool:
    return one.status is Status.DONE and (one.finished_at is None or one.finished_at <= now)


def _elapsed(activities: Sequence[Activity], now: datetime) -> float:
    moments = [moment for one in activities for moment in (one.started_at, one.finished_at) if moment is not None]
    return max((now - min(moments, default=now)) / _DAY, 0.0)


def days_left(flow: Flow, prior: Prior, draws: Draws) -> NDArray[np.float64]:
    """Calendar days to the last item, a number a trial.

    Mixes, on the logarithm, a reference class with the items left at the present rate. The class is the square root
    law, or with three finished rollouts of one's own their durations, cut off at the time already passed.
    """
    by_rate = math.log(max(flow.left, 1) / flow.rate)
    if prior.totals is None:
        weight = WEIGHT * flow.done / (flow.done + PSEUDO_ITEMS)
        reference = math.log(DAYS_AT_ONE * math.sqrt(max(flow.left, 1)))
        logs = (1 - weight) * reference + weight * by_rate + SPREAD * draws.normals("reference class")
        return np.exp(logs)
    weight = WEIGHT_WITH_TOTALS * flow.done / (flow.done + PSEUDO_ITEMS)
    own = np.log(_beyond(prior.totals, flow.elapsed, draws))
    return np.exp((1 - weight) * own + weight * (by_rate + SPREAD * draws.normals("rate")))


def _beyond(totals: Totals, elapsed: float, draws: Draws) -> NDArray[np.float64]:
    """What is left of a duration that is longer than `elapsed`; at least an hour."""
    place = (math.log(elapsed) - totals.mean) / totals.spread if elapsed > 0 else -math.inf
    whole = np.exp(totals.mean + totals.spread * from_tail(draws.shares("reference class"), place))
    return np.maximum(whole - elapsed, 1 / 24)
