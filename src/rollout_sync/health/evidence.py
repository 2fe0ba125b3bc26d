"""Which activities stand behind a cause, the weightiest first: how late, how long waited for, how wide, how driving."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rollout_sync.health.montecarlo import TASK_SPREAD
from rollout_sync.health.network import Status
from rollout_sync.health.pace import EIGHTY
from rollout_sync.health.situation import Standing

_UNSEEN = 0.01
"""Weight of an activity that is on no driving path, so that such ones still come in their own order."""


def ranked(
    standings: Sequence[Standing], size: Callable[[Standing], float], criticality: Mapping[str, float]
) -> tuple[Standing, ...]:
    """Those of a positive size, by size times the share of trials in which they drive the finish; ties by key."""
    sized = [one for one in standings if size(one) > 0]
    return tuple(sorted(sized, key=lambda one: (-size(one) * max(criticality.get(one.key, 0.0), _UNSEEN), one.key)))


def behind(one: Standing) -> float:
    """Hours by which an open activity is behind its plan at `now`: overdue, or begun or not begun too late."""
    if not one.is_open:
        return 0.0
    began = one.started if one.status is Status.STARTED else 0.0
    return max(-one.planned_finish, began - one.planned_start, 0.0)


def overdue(one: Standing) -> float:
    """Hours since an open activity should have been finished."""
    return max(-one.planned_finish, _UNSEEN) if one.is_open and one.planned_finish <= 0 else 0.0


def ahead(one: Standing) -> float:
    """Hours by which an activity was begun before its planned start."""
    return 0.0 if one.status is Status.TODO else max(one.planned_start - one.started, 0.0)


def ended_late(one: Standing) -> float:
    """Hours by which a finished activity was late."""
    return 0.0 if one.is_open else max(one.finished - one.planned_finish, 0.0)


def over_plan(one: Standing) -> float:
    """Hours that finished work took longer than planned."""
    return 0.0 if one.is_open or one.is_approval else max(one.finished - one.started - one.length, 0.0)


def under_plan(one: Standing) -> float:
    """Hours that finished work took less than planned; nothing where no length was measured."""
    taken = 0.0 if one.is_open or one.is_approval else one.finished - one.started
    return max(one.length - taken, 0.0) if taken > 0 else 0.0


def waiting(one: Standing) -> float:
    """Hours for which a decision has been waited."""
    return max(one.waited, _UNSEEN) if one.is_open and one.is_approval and one.waited is not None else 0.0


def to_come(one: Standing) -> float:
    """Usual length of a decision that was not asked for yet."""
    return one.typical_wait if one.is_open and one.is_approval and one.waited is None else 0.0


def blocked(one: Standing) -> float:
    """Hours for which an activity has been blocked."""
    return max(one.waited or 0.0, _UNSEEN) if one.is_blocked else 0.0


def added(one: Standing) -> float:
    """Hours of work that were added to the plan."""
    return max(one.length, _UNSEEN) if one.activity.is_added else 0.0


def scatter(one: Standing) -> float:
    """Hours between a good and a bad course of an open activity."""
    if not one.is_open or one.is_approval:
        return 0.0
    three = one.activity.estimate
    return three.high - three.low if three else 2 * EIGHTY * TASK_SPREAD * one.length
