"""Cases by hand: a rollout, its plan, and boards on which everything goes as planned unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from rollout_sync.health.review import Case, Colour, PastReview, SignalName
from rollout_sync.health.view import View
from rollout_sync.model.rollout import CalendarSpec, Item, ItemKey, ItemKind, TrackerName
from rollout_sync.model.schedule import Schedule
from rollout_sync.model.snapshot import (
    AgreedDate,
    Coverage,
    Decision,
    GateState,
    ItemState,
    ItemStatus,
    Snapshot,
)
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from support.builders import GO_LIVE, days, make_item, make_rollout, on_go_live

CALENDAR = WorkCalendar.of(CalendarSpec())
LONG_BEFORE = date(2026, 1, 5)
COLOURS = (Colour.GREEN, Colour.AMBER, Colour.RED)


def at(day: date, hour: int = 17) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def later(day: date, working_days: int) -> date:
    return CALENDAR.shift(day, working_days)


def before_go_live(working_days: int, hour: int = 9) -> datetime:
    return at(later(GO_LIVE, -working_days), hour)


def chain(*lengths: float, **over: Any) -> tuple[Item, ...]:
    """Tasks prepare/a, prepare/b ... one after the other, then the switch on the go-live day."""
    items: list[Item] = []
    for number, length in enumerate(lengths):
        waits = (items[-1].key,) if items else ()
        items.append(make_item(f"prepare/{chr(97 + number)}", estimate=days(length), after=waits, **over))
    last = (items[-1].key,) if items else ()
    switch = make_item("change/switch", kind=ItemKind.MILESTONE, after=last, anchor=on_go_live())
    return (*items, switch)


def case_of(
    items: Iterable[Item],
    now: datetime,
    *,
    delays: Mapping[str, int] | None = None,
    states: Mapping[str, Mapping[str, Any]] | None = None,
    gates: Mapping[str, Mapping[str, Any]] | None = None,
    rollout: Mapping[str, Any] | None = None,
    agreed: tuple[date, ...] = (),
    **over: Any,
) -> Case:
    """Everything that ends before `now` by plan, `delays` working days later, is done; what has begun is started.

    `states` and `gates` change what the boards say of single items.
    """
    made = make_rollout(items, **(rollout or {}))
    plan = plan_dates(made, CALENDAR, LONG_BEFORE)
    shown = {item.key: _state(item, plan, now, (delays or {}).get(item.key, 0)) for item in made.items}
    snapshot = Snapshot(
        rollout=made.id,
        at=now,
        items={key: replace(state, **(states or {}).get(key, {})) for key, state in shown.items()},
        gates={
            item.key: replace(_gate(shown[item.key]), **(gates or {}).get(item.key, {}))
            for item in made.items
            if item.kind is ItemKind.APPROVAL
        },
        coverage=read(now, 1),
        agreed=tuple(AgreedDate(go_live=day, since=now - timedelta(days=90)) for day in agreed or (plan.go_live,)),
    )
    return replace(
        Case(
            rollout=made,
            schedule=plan,
            baseline={key: (slot.start, slot.finish) for key, slot in plan.slots.items()},
            calendar=CALENDAR,
            snapshot=snapshot,
            now=now,
        ),
        **over,
    )


def _state(item: Item, plan: Schedule, now: datetime, delay: int) -> ItemState:
    slot = plan.slots[item.key]
    begun, ended = at(slot.start, 9), at(later(slot.finish, delay), 17 if item.estimate.likely else 9)
    state = ItemState(item=item.key, status=ItemStatus.TODO, start=slot.start, due=slot.finish, owners=("one",))
    if ended <= now:
        return replace(state, status=ItemStatus.DONE, started_at=begun, finished_at=ended)
    return replace(state, status=ItemStatus.STARTED, started_at=begun) if begun < now else state


def _gate(state: ItemState) -> GateState:
    match state.status:
        case ItemStatus.DONE:
            decided = {"decision": Decision.APPROVED, "decided_at": state.finished_at}
        case ItemStatus.STARTED:
            decided = {"decision": Decision.WAITING}
        case _:
            return GateState(gate=state.item)
    return GateState(gate=state.item, asked_at=state.started_at, **decided)


def read(now: datetime, *hours: float) -> Mapping[TrackerName, Coverage]:
    """Services that were last read so many hours ago."""
    return {
        tracker: Coverage(good_at=now - timedelta(hours=age), tried_at=now)
        for tracker, age in zip(TrackerName, hours, strict=False)
    }


def on_board(case: Case, key: str, **over: Any) -> Case:
    """The case with one item looking otherwise."""
    items = {**case.snapshot.items, ItemKey(key): replace(case.snapshot.items[ItemKey(key)], **over)}
    return with_snapshot(case, items=items)


def with_snapshot(case: Case, **over: Any) -> Case:
    return replace(case, snapshot=replace(case.snapshot, **over))


def past(at_: datetime, colour: Colour = Colour.GREEN, **over: Any) -> PastReview:
    """A review of which nothing but the colour is known, unless a test says more."""
    signals = {SignalName.SCHEDULE: colour, SignalName.DATA: Colour.GREEN}
    return PastReview(**{"at": at_, "colour": colour, "computed": colour, "signals": signals, **over})


def view(items: Iterable[Item], now: datetime, **over: Any) -> View:
    return View(case=case_of(items, now, **over))
