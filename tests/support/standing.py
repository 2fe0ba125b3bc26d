"""What boards show, and how items and gates stand, with sensible defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rollout_sync.model.objects import ObjectKey, Observation, Remote
from rollout_sync.model.rollout import Approval, CalendarSpec, Home, Item, ItemKind, TrackerName
from rollout_sync.model.schedule import Schedule, Slot
from rollout_sync.model.snapshot import Decision, Vote
from rollout_sync.reconcile import keys
from rollout_sync.reconcile.desired import checklist_key
from rollout_sync.schedule.calendar import WorkCalendar
from support.builders import make_item, make_person

MONDAY = datetime(2027, 1, 4, 9, tzinfo=UTC)
CALENDAR = WorkCalendar.of(CalendarSpec())

HEDDA, DORA = make_person("Hedda Head", deputy="dora.deputy@example.com"), make_person("Dora Deputy")
BERT = make_person("Bert Boss")
SPARE, OUTSIDER = make_person("Spencer Spare"), make_person("Olga Outsider")
EVERYBODY = (HEDDA, DORA, BERT, SPARE, OUTSIDER)
ACCOUNTS: Mapping[TrackerName, Mapping[str, str]] = {
    name: {person.email: f"{name.value}-{person.name.split()[0].lower()}" for person in EVERYBODY}
    for name in TrackerName
}


def at(days: float = 0, hours: float = 0) -> datetime:
    """So long after a Monday at nine."""
    return MONDAY + timedelta(days=days, hours=hours)


def account(person: Any, tracker: TrackerName = TrackerName.PLANNER) -> str:
    """Remote id of a person."""
    return ACCOUNTS[tracker][person.email]


def seen(key: ObjectKey, when: datetime = MONDAY, **fields: Any) -> Observation:
    """An observation; the remote id follows from the object."""
    is_jira = key.kind.tracker is TrackerName.JIRA
    number = sum(map(ord, key.name))
    remote = Remote(id=f"id-{key}", key=f"SEC-{number}" if is_jira else "", url=f"https://x.example.com/{number}")
    return Observation(object=key, remote=remote, fields=fields, asked_at=when)


def by_key(*observations: Observation) -> dict[ObjectKey, Observation]:
    """Observations as the functions take them."""
    return {one.object: one for one in observations}


def make_gate(key: str = "go/yes", *, home: Home = Home.PLANNER, **over: Any) -> Item:
    """An approval by Hedda, whose deputy is Dora; members of the `Approval` may be named."""
    approval = {"approvers": (HEDDA,), "deputies": (DORA,), **over.pop("approval", {})}
    return make_item(key, kind=ItemKind.APPROVAL, home=home, approval=Approval(**approval), **over)


def tick(gate: Item, line: str, who: Any, when: datetime = MONDAY) -> dict[str, Any]:
    """A ticked line of the decision checklist."""
    by = account(who) if who is not None else None
    return {"key": checklist_key(gate.key, line), "by": by, "at": when.isoformat()}


def ticked(gate: Item, *ticks: Mapping[str, Any], **fields: Any) -> Observation:
    """Details of the approval's task."""
    return seen(keys.details(gate.key), ticked=list(ticks), **fields)


def label(name: str, who: Any, when: datetime = MONDAY) -> dict[str, Any]:
    """A label that stands on an issue."""
    return {"label": name, "by": account(who, TrackerName.JIRA), "at": when.isoformat()}


def vote(who: Any, decision: Decision = Decision.APPROVED, when: datetime = MONDAY) -> Vote:
    """A decision."""
    return Vote(by=who.email, decision=decision, at=when)


def make_schedule(items: Iterable[Item], **over: Any) -> Schedule:
    """A schedule in which everything is on one day."""
    day = over.pop("day", date(2027, 2, 1))
    slots = {item.key: Slot(start=day, finish=day, slack=0) for item in items}
    defaults = {"slots": slots, "start": day, "go_live": date(2027, 3, 1), "wave_days": {}, "critical_path": ()}
    return Schedule(**{**defaults, **over})
