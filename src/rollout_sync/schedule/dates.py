"""Dates of a rollout: `plan_dates` gives every item its days, its slack, and says what cannot fit and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rollout_sync.errors import PlanError
from rollout_sync.model.rollout import ItemKey, Rollout
from rollout_sync.model.schedule import Schedule, Slot
from rollout_sync.schedule.anchors import WaveDays, windows_of
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.network import Days, Network
from rollout_sync.schedule.reach import Axis, Reach
from rollout_sync.schedule.shortfalls import shortfalls_of


def plan_dates(rollout: Rollout, calendar: WorkCalendar, today: date) -> Schedule:
    """Plan every item by the critical path method, in working days.

    1. *Need*: the longest way from the project's first day to go-live, over links, lags and the windows of anchors.
    2. Backward (`go_live` is set) the project starts on the latest day from which every item still comes on the first
       day of its window: compact, so that nobody is asked weeks before it matters, and with the rest of each window
       left as the days in which a missed training is repeated. Where today is later than that, windows are used up
       to their ends. Forward (`start` is set) go-live is the first day that the need allows.
    3. From that start every item comes as early as its links allow, and an anchored one not before its window.
    4. Nothing is planned before `today`. If the need is longer than the days that are left, items run on from today
       past their dates, slack is negative, and `shortfalls` names each chain that is too long.
    5. Slack is how far an item can slip before go-live, or a date tied to it, has to move; for items that go-live does
       not wait for, before the end of the rollout moves.

    A milestone happens at the beginning of its day: after a task that ends on Friday it stands on Monday, and what
    follows it may start on the same day. A go-live that is no working day counts as the next one.

    Raises:
        PlanError: neither or both of `go_live` and `start` are set, or the network is broken (cycle, unknown item).
        ConfigError: dates leave the calendar's years.
    """
    network = Network.of(rollout.items)
    waves = WaveDays.of(rollout.waves)
    reach = Reach.of(network, windows_of(rollout, network, waves))
    axis = _axis(rollout, calendar, today, reach)
    starts = [_start(axis, a, b) for a, b in zip(reach.from_start, reach.from_go_live, strict=True)]
    slots = _slots(network, reach, axis, starts)
    return Schedule(
        slots=slots,
        start=min((slot.start for slot in slots.values()), default=axis.day(axis.start)),
        go_live=axis.day(axis.go_live),
        wave_days={department: axis.day(axis.go_live + day) for department, day in waves.by_department.items()},
        critical_path=_critical_path(network, reach),
        shortfalls=shortfalls_of(rollout, network, reach, axis),
    )


def _axis(rollout: Rollout, calendar: WorkCalendar, today: date, reach: Reach) -> Axis:
    """Put the relative days on the calendar: go-live is given, or follows from the start."""
    match rollout.go_live, rollout.start:
        case date() as go_live, None:
            left = calendar.between(go_live, today)
            return Axis(calendar=calendar, origin=go_live, today=left, start=max(-reach.wish, left), go_live=0)
        case None, date() as start:
            first = max(start, today)
            return Axis(calendar=calendar, origin=first, today=0, start=0, go_live=max(reach.need, 0))
        case _:
            raise PlanError(
                f"the rollout {rollout.name!r} needs a go-live or a start, and not both",
                hint="give --go-live DATE to plan backward, or --start-date DATE to plan forward",
            )


def _start(axis: Axis, from_start: int, from_go_live: Days) -> int:
    earliest = axis.start + from_start
    return earliest if from_go_live is None else max(earliest, axis.go_live + from_go_live)


def _slots(network: Network, reach: Reach, axis: Axis, starts: Sequence[int]) -> dict[ItemKey, Slot]:
    lasts = [start + max(days - 1, 0) for start, days in zip(starts, network.durations, strict=True)]
    limits = _limits(network, reach, axis, end=max(lasts, default=0))
    return {
        item.key: Slot(start=axis.day(start), finish=axis.day(last), slack=limit - start)
        for item, start, last, limit in zip(network.items, starts, lasts, limits, strict=True)
    }


def _limits(network: Network, reach: Reach, axis: Axis, *, end: int) -> list[int]:
    """Latest starts: before go-live has to move or, for items that it does not wait for, the end of the rollout."""
    before_go_live = network.latest([window.last for window in reach.windows])
    before_end = network.latest([end - max(days - 1, 0) for days in network.durations])
    both = zip(before_go_live, before_end, strict=True)
    limits = [closing if late is None else axis.go_live + late for late, closing in both]
    return [limit for limit in limits if limit is not None]  # every item has a limit by the end, none is lost


def _critical_path(network: Network, reach: Reach) -> tuple[ItemKey, ...]:
    """The chain that makes the need as long as it is; empty when no work comes before go-live."""
    match reach.driven:
        case need, place if need >= 0:
            return network.driving_chain(place, reach.from_start)
        case _:
            return ()
