"""A rollout as an activity network: items with their planned days and what is known of their progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from rollout_sync.health.network import Activity, ActivityNetwork, Link, Status, ThreePoint, Wait
from rollout_sync.health.worktime import WorkHours
from rollout_sync.model.rollout import Item, ItemKey, ItemKind, Rollout
from rollout_sync.model.schedule import Schedule, Slot
from rollout_sync.schedule.anchors import WaveDays, windows_of
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.network import Network, duration_of

OPENS, CLOSES = time(9), time(17)
HOURS_A_DAY = 8.0
TYPICAL_SHARE = 0.6
"""People usually decide in this share of the time they are given: most answer the reminder that comes at half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the trackers say of one item; moments are aware.

    Attributes:
        percent: from 0 to 100; None where the tracker knows no progress.
        blocked_since: when a blocker came up that is still there.
        asked_at: when a decision was asked for.
        is_added: whether it was not in the plan that was agreed.
    """

    status: Status = Status.TODO
    started_at: datetime | None = None
    finished_at: datetime | None = None
    percent: float | None = None
    blocked_since: datetime | None = None
    asked_at: datetime | None = None
    is_added: bool = False


UNTOUCHED = Progress()


def working_time(calendar: WorkCalendar) -> WorkHours:
    """Working time of rollouts: 9 to 17 o'clock on working days, in UTC, because plans speak of days only."""
    return WorkHours(calendar=calendar, spans=((OPENS, CLOSES),), zone=UTC)


def network_of(
    rollout: Rollout,
    schedule: Schedule,
    now: datetime,
    *,
    progress: Mapping[ItemKey, Progress] | None = None,
    target: date | None = None,
) -> ActivityNetwork:
    """Everything that go-live waits for, as planned and as it stands.

    Items that come after go-live stay in the network, so that their pace is learnt from, but go-live does not wait
    for them. `now` is aware; what `progress` does not name was not touched; `target` is the agreed day, reached at the
    end of its working hours, and the schedule's go-live where it is None.
    """
    known = progress or {}
    return ActivityNetwork(
        activities=tuple(
            activity_of(item, schedule.slots[item.key], known.get(item.key, UNTOUCHED)) for item in rollout.items
        ),
        links=links_of(rollout),
        now=now,
        target=moment_at(target or schedule.go_live, CLOSES),
        grace=rollout.grace_days * HOURS_A_DAY,
        goals=before_go_live(rollout),
    )


def before_go_live(rollout: Rollout) -> tuple[ItemKey, ...]:
    """Items that have to be finished on the go-live day at the latest; all, where none has to."""
    network = Network.of(rollout.items)
    windows = windows_of(rollout, network, WaveDays.of(rollout.waves))
    return tuple(
        item.key
        for item, window, days in zip(network.items, windows, network.durations, strict=True)
        if window.last is not None and window.last + max(days - 1, 0) <= 0
    )


def links_of(rollout: Rollout) -> tuple[Link, ...]:
    """What waits for what, lags in working hours."""
    return tuple(
        Link(source=wait.item, target=item.key, type=wait.link, lag=wait.lag * HOURS_A_DAY)
        for item in rollout.items
        for wait in item.after
    )


def activity_of(item: Item, slot: Slot, progress: Progress) -> Activity:
    """One item with its planned days and what is known of it."""
    days = duration_of(item)
    is_decision = item.kind is ItemKind.APPROVAL
    limit = item.approval.within_days if item.approval is not None else days
    return Activity(
        key=item.key,
        title=item.title,
        duration=days * HOURS_A_DAY,
        estimate=None if is_decision else _three(item),
        planned_start=moment_at(slot.start, OPENS),
        planned_finish=moment_at(slot.finish, CLOSES if days else OPENS),
        status=progress.status,
        started_at=progress.started_at,
        finished_at=progress.finished_at,
        percent=progress.percent,
        wait=Wait.APPROVAL if is_decision else Wait.BLOCKER if progress.blocked_since else None,
        waiting_since=progress.asked_at if is_decision else progress.blocked_since,
        typical_wait=TYPICAL_SHARE * limit * HOURS_A_DAY if is_decision else None,
        is_added=progress.is_added,
    )


def _three(item: Item) -> ThreePoint | None:
    """Three lengths where the template gives different ones; a single number says nothing of the spread."""
    estimate = item.estimate
    if estimate.low == estimate.high:
        return None
    return ThreePoint(
        low=estimate.low * HOURS_A_DAY, likely=estimate.likely * HOURS_A_DAY, high=estimate.high * HOURS_A_DAY
    )


def moment_at(day: date, clock: time) -> datetime:
    """A moment of a planned day."""
    return datetime.combine(day, clock, UTC)
