"""What notices are made of: a snapshot with its look-ups, and the small words of a sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Item, ItemKey, Person, Rollout
from rollout_sync.model.snapshot import GateState, ItemState, Snapshot
from rollout_sync.reconcile import texts
from rollout_sync.schedule.calendar import WorkCalendar

_NAMED = 5  # titles or objects named in one notice; more are counted


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot with the look-ups that every notice needs."""

    rollout: Rollout
    snapshot: Snapshot
    calendar: WorkCalendar
    now: datetime
    names: Mapping[str, str]
    items: Mapping[ItemKey, Item]
    people: Mapping[str, str]

    @classmethod
    def of(
        cls, rollout: Rollout, snapshot: Snapshot, calendar: WorkCalendar, now: datetime, names: Mapping[str, str]
    ) -> View:
        """The view of a rollout; `names` are people's by remote user id."""
        items = {item.key: item for item in rollout.items}
        people = {person.email.lower(): person.name for person in (*_involved(rollout), *rollout.people)}
        return cls(rollout, snapshot, calendar, now, names, items, people)

    def state(self, key: ItemKey) -> ItemState:
        """How an item stands; unknown where it was never seen."""
        return self.snapshot.items.get(key, ItemState(item=key))

    def name(self, by: str) -> str:
        """A person's name by e-mail address or remote id; else the id, which support can look up."""
        return self.people.get(by.lower()) or self.names.get(by) or (f"the account {by}" if by else "somebody unknown")

    def gates(self) -> Iterator[tuple[Item, GateState]]:
        """The approvals in the order of the rollout."""
        for item in self.rollout.items:
            if item.approval is not None and (gate := self.snapshot.gates.get(item.key)) is not None:
                yield item, gate


def _involved(rollout: Rollout) -> Iterator[Person]:
    for item in rollout.items:
        if item.approval is not None:
            yield from (*item.approval.approvers, *item.approval.deputies, *item.approval.escalate_to)


def warning(code: str, message: str, hint: str, where: str) -> Finding:
    """Something to act on."""
    return Finding(severity=Severity.WARNING, code=code, message=message, hint=hint, where=where)


def note(code: str, message: str, hint: str, where: str) -> Finding:
    """Something to know."""
    return Finding(severity=Severity.NOTE, code=code, message=message, hint=hint, where=where)


def held_count(view: View, gate: Item) -> str:
    """How much waits for a gate."""
    count = len(texts.held_items(gate.key, view.items))
    return "one item" if count == 1 else f"work of {count} items" if count else "nothing else"


def listed(parts: Iterable[str]) -> str:
    """The first few, each once, and how many more there are."""
    unique = list(dict.fromkeys(parts))
    more = [f"{len(unique) - _NAMED} more"] if len(unique) > _NAMED else []
    return conjoined([*unique[:_NAMED], *more])


def conjoined(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def either(people: Sequence[Person]) -> str:
    """`a, b or c`; empty for nobody."""
    names = list(dict.fromkeys(person.name for person in people))
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def day(moment: datetime | None) -> str:
    """`3 Mar 2027`; empty for none."""
    return f"{(there := moment.astimezone(UTC)).day} {there:%b %Y}" if moment else ""


def when(moment: datetime | None) -> str:
    """`3 Mar 2027 17:00 UTC`; empty for none."""
    return f"{day(moment)} {moment.astimezone(UTC):%H:%M} UTC" if moment else ""
