"""When single activities may end: their earliest likely finish, and the chance that each keeps a day of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from rollout_sync.health.forecast import Played, chance_by
from rollout_sync.health.worktime import WorkTime

TRIALS = 2_000
"""Of all that were played so many are looked at: enough for shares to two digits."""
EARLY = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Of one open activity: finished before `p10` in one of ten trials only; `chance` to be finished by its day."""

    p10: datetime
    chance: float


def ends_of(played: Played, worktime: WorkTime, days: Mapping[str, datetime]) -> Mapping[str, End]:
    """Look at the open activities that `days` names, each with the moment that it has to keep.

    Left out: what is done, what does not count for the goals, and everything where there was no plan to play.
    """
    standings = played.situation.standings
    wanted = [(place, one) for place, one in enumerate(standings) if one.is_open and one.key in days]
    if played.trials is None or not wanted:
        return {}
    finishes = {one.key: played.trials.finishes[place, :TRIALS].astype(np.float64) for place, one in wanted}
    positions = worktime.hours([played.forecast.now, *(days[key] for key in finishes)])
    now, limits = float(positions[0]), (positions[1:] - positions[0]).tolist()
    early = worktime.moments([now + float(np.quantile(hours, EARLY)) for hours in finishes.values()])
    return {
        key: End(p10=moment, chance=chance_by(finishes[key], limit) or 0.0)
        for key, moment, limit in zip(finishes, early, limits, strict=True)
    }
