"""A rollout in the middle of its life, for pictures: the shipped `mfa` template after ten weeks, some of it late.

Work follows the plan with delays that are drawn with a fixed seed; earlier reviews hold what the forecast really said
at that time. Names and addresses are made up.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from rollout_sync.health.activities import Progress, network_of, working_time
from rollout_sync.health.forecast import forecast
from rollout_sync.health.network import Status
from rollout_sync.health.review import Case, Colour, PastReview
from rollout_sync.health.verdict import review
from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Item, ItemKey, Rollout, TrackerName
from rollout_sync.model.schedule import Schedule
from rollout_sync.model.snapshot import (
    AddedItem,
    AgreedDate,
    Coverage,
    Decision,
    GateState,
    ItemState,
    ItemStatus,
    Snapshot,
    Vote,
)
from rollout_sync.report.view import RolloutView, view_of
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from rollout_sync.template.expand import expand
from rollout_sync.template.parameters import resolve
from rollout_sync.template.people import read_people
from rollout_sync.template.reading import read_template
from support.builders import make_rollout

FOLDER = Path(__file__).parents[2] / "templates"
ACCEPTED = datetime(2026, 11, 30, 7, tzinfo=UTC)
NOW = datetime(2027, 2, 8, 7, 30, tzinfo=UTC)
"""A Monday morning, ten weeks after the rollout was started and three weeks before go-live."""
GO_LIVE, FIRST_GO_LIVE = date(2027, 3, 1), date(2027, 2, 22)
WAITING = ItemKey("green-light/head-signoff-operations")
EARLY = ItemKey("pilot/volunteers-operations")
"""Held by the gate that waits, and begun all the same."""
SLOW = {"prepare/order-keys": 4, "pilot/pilot-run": 3, "prepare/report-only": 2, EARLY: 12}
LATE_TO_BEGIN = {WAITING: 7, EARLY: 8}
_ANSWERS = {
    "company": "Example Works",
    "works_council": "yes",
    "frontline_no_phone": "yes",
    "external_users": "yes",
    "freeze_from": "2026-12-21",
    "freeze_to": "2027-01-03",
}


@cache
def expanded() -> Rollout:
    """`mfa` for the three departments of the shipped people list."""
    template = read_template((FOLDER / "mfa.yaml").read_bytes(), "mfa.yaml")
    given = {key: value for key, value in _ANSWERS.items() if key in template.document.parameters}
    people = read_people((FOLDER / "people.csv").read_bytes(), "people.csv")
    return expand(template, resolve(template.document, given), people, name="MFA 2027", go_live=GO_LIVE).rollout


def a_case(rollout: Rollout | None = None, *, now: datetime = NOW, reviewed: bool = True, **over: Any) -> Case:
    """The case at `now`; `reviewed` adds a review a week before it."""
    rollout = expanded() if rollout is None else rollout
    story = _Story.of(rollout)
    earlier = tuple(_past(story, now - timedelta(weeks=week)) for week in range(10, 0, -1)) if reviewed else ()
    return replace(story.case(now), earlier=earlier, **over)


def a_view(rollout: Rollout | None = None, *, now: datetime = NOW, **over: Any) -> RolloutView:
    """The case of `a_case` and its review; `over` changes the review."""
    usual = _usual_view() if rollout is None and now == NOW else _reviewed(a_case(rollout, now=now))
    return replace(usual, review=replace(usual.review, **over))


@cache
def _usual_view() -> RolloutView:
    return _reviewed(a_case())


def _reviewed(case: Case) -> RolloutView:
    return view_of(case, review(case, FINDINGS))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """When every item really begins and ends, whatever today is."""

    rollout: Rollout
    schedule: Schedule
    calendar: WorkCalendar
    real: Mapping[ItemKey, tuple[datetime, datetime]] = field(default_factory=dict)

    @classmethod
    def of(cls, rollout: Rollout) -> _Story:
        calendar = WorkCalendar.of(rollout.calendar)
        schedule = plan_dates(rollout, calendar, ACCEPTED.date())
        luck = random.Random(7)
        real = {}
        for item in rollout.items:
            slot = schedule.slots[item.key]
            delay = SLOW.get(item.key, luck.choice([-1, 0, 0, 0, 1, 1, 2]))
            begin = calendar.shift(slot.start, LATE_TO_BEGIN.get(item.key, max(delay - 1, 0)))
            end = max(calendar.shift(slot.finish, delay), begin)
            real[item.key] = (_at(begin, time(9, 15)), _at(end, time(15, 40)))
        return cls(rollout=rollout, schedule=schedule, calendar=calendar, real=real)

    def case(self, now: datetime) -> Case:
        gates = {item.key: self.gate(item, now) for item in self.rollout.items if item.approval is not None}
        shut = {key for key, gate in gates.items() if not gate.decision.opens}
        items = {item.key: self.state(item, now, shut) for item in self.rollout.items}
        snapshot = Snapshot(
            rollout=self.rollout.id,
            at=now,
            items=items,
            gates=gates,
            added=tuple(one for one in _ADDED if one.created_at is not None and one.created_at <= now),
            coverage={
                TrackerName.JIRA: Coverage(good_at=now - timedelta(minutes=25), tried_at=now - timedelta(minutes=25)),
                TrackerName.PLANNER: Coverage(good_at=now - timedelta(hours=3), tried_at=now - timedelta(minutes=25)),
            },
            agreed=tuple(one for one in _AGREED if one.since <= now),
        )
        return Case(
            rollout=self.rollout,
            schedule=self.schedule,
            baseline={key: (slot.start, slot.finish) for key, slot in self.schedule.slots.items()},
            calendar=self.calendar,
            snapshot=snapshot,
            now=now,
        )

    def state(self, item: Item, now: datetime, shut: set[ItemKey]) -> ItemState:
        begin, end = self.real[item.key]
        slot = self.schedule.slots[item.key]
        is_held = any(gate in shut for gate in item.held_by)
        status = ItemStatus.DONE if end <= now else ItemStatus.STARTED if begin <= now else ItemStatus.TODO
        if (is_held and item.key != EARLY) or (item.key in shut and status is ItemStatus.DONE):
            status = ItemStatus.TODO
        tracker = "jira/browse/SEC-" if item.home.value == "jira" else "planner/task/"
        number = 100 + self.rollout.items.index(item)
        return ItemState(
            item=item.key,
            status=status,
            shown={"done": "Done", "started": "In Progress", "to do": "To Do"}[status.value],
            started_at=begin if status in {ItemStatus.STARTED, ItemStatus.DONE} else None,
            finished_at=end if status is ItemStatus.DONE else None,
            percent=50 if status is ItemStatus.STARTED else None,
            start=slot.start,
            due=slot.finish,
            title=item.title,
            owners=("account",) if item.owner or item.approval else (),
            held=is_held,
            key=f"SEC-{number}" if tracker.startswith("jira") else "",
            url=f"https://boards.example.com/{tracker}{number}",
            seen_at=now,
        )

    def gate(self, item: Item, now: datetime) -> GateState:
        asked, decided = self.real[item.key]
        approval = item.approval
        assert approval is not None
        if asked > now:
            return GateState(gate=item.key)
        due = _at(self.calendar.shift(asked.date(), approval.within_days), time(17))
        if decided > now or item.key == WAITING:
            return GateState(gate=item.key, decision=Decision.WAITING, asked_at=asked, due_at=due)
        has_conditions = item.key.endswith("signoff-finance")
        decision = Decision.CONDITIONS if has_conditions else Decision.APPROVED
        return GateState(
            gate=item.key,
            decision=decision,
            asked_at=asked,
            due_at=due,
            decided_at=decided,
            votes=(Vote(by=approval.approvers[0].email, decision=decision, at=decided),),
            conditions="Not during the quarter's closing, 24 to 26 February." if has_conditions else "",
            version="a" * 64,
        )


def _network(case: Case):
    status = {ItemStatus.DONE: Status.DONE, ItemStatus.STARTED: Status.STARTED}
    progress = {
        key: Progress(
            status=status.get(one.status, Status.TODO),
            started_at=one.started_at,
            finished_at=one.finished_at,
            percent=one.percent,
            asked_at=case.snapshot.gates[key].asked_at if key in case.snapshot.gates else None,
        )
        for key, one in case.snapshot.items.items()
    }
    return network_of(case.rollout, case.schedule, case.now, progress=progress, target=case.snapshot.agreed[-1].go_live)


def _past(story: _Story, now: datetime) -> PastReview:
    case = story.case(now)
    found = forecast(_network(case), working_time(case.calendar), trials=1_000)
    chance = found.p_grace or 0.0
    colour = Colour.GREEN if chance >= 0.7 else Colour.AMBER if chance >= 0.4 else Colour.RED
    return PastReview(
        at=now,
        colour=colour,
        computed=colour,
        p_grace=chance,
        p10=found.at(0.1).date(),
        p50=found.at(0.5).date(),
        p90=found.at(0.9).date(),
        done=sum(one.status is ItemStatus.DONE for one in case.snapshot.items.values()),
        total=len(case.rollout.items),
    )


_AGREED = (
    AgreedDate(go_live=FIRST_GO_LIVE, since=ACCEPTED),
    AgreedDate(go_live=GO_LIVE, since=datetime(2027, 1, 14, 11, tzinfo=UTC), reason="The works council meets later"),
)
FINDINGS = (
    Finding(
        severity=Severity.ERROR,
        code="gate-overdue",
        message="'Green light of Operations' is 4 working days over its time; 12 items wait for it.",
        hint="Ask Otto Operator, or his deputy Olga Orderly, for a decision, or let the sponsor decide.",
        where="green-light/head-signoff-operations",
    ),
    Finding(
        severity=Severity.WARNING,
        code="started-early",
        message="'Find 5 volunteers in Operations' was started before its green light.",
        hint="Agree with Operations that it may go on, or set it back to To Do.",
        where="pilot/volunteers-operations",
    ),
    Finding(
        severity=Severity.NOTE,
        code="added-work",
        message="3 items were added to the agreed plan.",
        hint="Look whether they belong to the rollout.",
    ),
)
_ADDED = (
    AddedItem(
        tracker=TrackerName.JIRA,
        id="20001",
        title="Replace the badge printer's shared account",
        under=ObjectKey(ObjectKind.EPIC, "prepare"),
        status=ItemStatus.DONE,
        key="SEC-191",
        url="https://boards.example.com/jira/browse/SEC-191",
        created_at=datetime(2027, 1, 12, 9, tzinfo=UTC),
        created_by="Ivan Itwork",
        finished_at=datetime(2027, 1, 22, 16, tzinfo=UTC),
    ),
    AddedItem(
        tracker=TrackerName.JIRA,
        id="20002",
        title="Second line in the lobby for the key hand-out",
        under=ObjectKey(ObjectKind.EPIC, "rings/wave-sales"),
        status=ItemStatus.STARTED,
        key="SEC-204",
        url="https://boards.example.com/jira/browse/SEC-204",
        created_at=datetime(2027, 1, 27, 9, tzinfo=UTC),
        created_by="Ida Integrator",
        due=date(2027, 2, 16),
    ),
    AddedItem(
        tracker=TrackerName.PLANNER,
        id="tSk-3",
        title="Poster for the canteen",
        under=ObjectKey(ObjectKind.BUCKET, "prepare"),
        created_at=datetime(2027, 2, 3, 9, tzinfo=UTC),
        created_by="Carl Courier",
    ),
)


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, UTC)


def renamed(rollout: Rollout, texts: tuple[str, ...]) -> Rollout:
    """The same rollout with hostile or odd texts in every place that a person fills in."""
    items = tuple(replace(item, title=texts[number % len(texts)]) for number, item in enumerate(rollout.items))
    departments = tuple(replace(one, name=texts[n % len(texts)]) for n, one in enumerate(rollout.departments))
    phases = tuple(replace(phase, title=texts[n % len(texts)]) for n, phase in enumerate(rollout.phases))
    people = tuple(replace(person, name=texts[n % len(texts)]) for n, person in enumerate(rollout.people))
    return replace(
        rollout,
        name=texts[0],
        title=texts[0],
        purpose=texts[-1],
        items=items,
        departments=departments,
        phases=phases,
        people=people,
    )


def a_small_case(*items: Item, now: datetime = NOW, states: tuple[ItemState, ...] = (), **over: Any) -> Case:
    """A case of these items, planned by the calendar; `over` changes its snapshot."""
    rollout = make_rollout(items)
    calendar = WorkCalendar.of(rollout.calendar)
    schedule = plan_dates(rollout, calendar, ACCEPTED.date())
    known = {item.key: ItemState(item=item.key) for item in items} | {one.item: one for one in states}
    agreed = (AgreedDate(go_live=GO_LIVE, since=ACCEPTED),)
    return Case(
        rollout=rollout,
        schedule=schedule,
        baseline={key: (slot.start, slot.finish) for key, slot in schedule.slots.items()},
        calendar=calendar,
        snapshot=Snapshot(**{"rollout": rollout.id, "at": now, "items": known, "agreed": agreed, **over}),
        now=now,
    )
