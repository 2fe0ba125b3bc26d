"""Items as readers see them: dates, state, lateness, who, where; and in which department or phase they belong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from rollout_sync.health.review import Case
from rollout_sync.model.rollout import Department, Item, ItemKey, ItemKind, Phase, Rollout
from rollout_sync.model.snapshot import AddedItem, Decision, GateState, ItemState, ItemStatus
from rollout_sync.report.view import day_of

HALF = 0.5
"""Progress of started work where nobody says how far it is."""


class Look(StrEnum):
    """How far an item is, in the words of a reader."""

    DONE = "done"
    STARTED = "in progress"
    OPEN = "to do"
    HELD = "held"
    GONE = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One item.

    Attributes:
        start, finish: real days where they are known, else those of the board, else those of the plan; both included.
        progress: from 0 to 1.
        late_days: working days since an unfinished item was due; 0 when it is not late.
        gate: for approvals only.
        waits_for: titles of the gates that hold it.
    """

    item: Item
    state: ItemState
    look: Look
    title: str
    start: date
    finish: date
    progress: float = 0.0
    late_days: int = 0
    gate: GateState | None = None
    waits_for: tuple[str, ...] = ()

    @property
    def is_late(self) -> bool:
        """Whether it should be finished by now."""
        return self.late_days > 0

    @property
    def who(self) -> str:
        """Names of those who do or decide it; the role where it has nobody."""
        if self.item.approval is not None:
            return ", ".join(one.name for one in self.item.approval.approvers)
        return self.item.owner.name if self.item.owner else (self.item.owner_role or "").replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items that belong together under a name."""

    name: str
    rows: tuple[ItemRow, ...]

    def number(self, look: Look) -> int:
        """How many look like this."""
        return sum(row.look is look for row in self.rows)

    @property
    def late(self) -> int:
        """How many are late."""
        return sum(row.is_late for row in self.rows)

    @property
    def total(self) -> int:
        """How many there are; what was deleted does not count."""
        return len(self.rows) - self.number(Look.GONE)

    @property
    def share_done(self) -> float:
        """From 0 to 1."""
        return self.number(Look.DONE) / self.total if self.total else 0.0


def rows_of(case: Case) -> tuple[ItemRow, ...]:
    """All items in the order of the template."""
    return tuple(_row(item, case) for item in case.rollout.items)


def by_department(rollout: Rollout, rows: Iterable[ItemRow]) -> tuple[Group, ...]:
    """Groups of departments in the order of the rollout, and what is for everybody before them; none is empty."""
    found: dict[str, list[ItemRow]] = {}
    for row in rows:
        found.setdefault(department_of(row.item, rollout.departments), []).append(row)
    names = {"": "Everybody", **{one.key: one.name for one in rollout.departments}}
    return tuple(Group(name=name, rows=tuple(found[key])) for key, name in names.items() if key in found)


def by_phase(phases: Sequence[Phase], rows: Iterable[ItemRow]) -> tuple[Group, ...]:
    """Groups of phases and of departments' waves, in the order of the template; none is empty."""
    found: dict[str, list[ItemRow]] = {}
    for row in rows:
        found.setdefault(row.item.phase, []).append(row)
    return tuple(Group(name=phase.title, rows=tuple(found[phase.key])) for phase in phases if phase.key in found)


def department_of(item: Item, departments: Iterable[Department]) -> str:
    """Key of the department that an item is for: of its wave, or that its key ends with; empty for everybody."""
    if item.wave is not None:
        return item.wave
    fitting = [one.key for one in departments if item.key.endswith(f"-{one.key}")]
    return max(fitting, key=len, default="")


def added_is_late(added: AddedItem, today: date) -> bool:
    """Whether added work should be finished by now."""
    return added.due is not None and added.due < today and added.status is not ItemStatus.DONE


def _row(item: Item, case: Case) -> ItemRow:
    state = case.snapshot.items.get(item.key, ItemState(item=item.key))
    gate = case.snapshot.gates.get(item.key, GateState(gate=item.key)) if item.kind is ItemKind.APPROVAL else None
    look = _look(state)
    start, finish = _days(item, state, gate, case)
    today = day_of(case.now)
    is_open = look not in {Look.DONE, Look.GONE}
    return ItemRow(
        item=item,
        state=state,
        look=look,
        title=state.title or item.title,
        start=start,
        finish=finish,
        progress=_progress(state, look),
        late_days=max(case.calendar.between(finish, today), 1) if is_open and finish < today else 0,
        gate=gate,
        waits_for=_shut_gates(item, case) if look is Look.HELD else (),
    )


def _look(state: ItemState) -> Look:
    if state.status is ItemStatus.DONE:
        return Look.DONE
    if state.status is ItemStatus.GONE:
        return Look.GONE
    if state.status is ItemStatus.STARTED:
        return Look.STARTED
    return Look.HELD if state.held else Look.OPEN


def _progress(state: ItemState, look: Look) -> float:
    if look is Look.DONE:
        return 1.0
    if look is not Look.STARTED:
        return 0.0
    return HALF if state.percent is None else min(max(state.percent / 100, 0.0), 1.0)


def _days(item: Item, state: ItemState, gate: GateState | None, case: Case) -> tuple[date, date]:
    slot = case.schedule.slots.get(item.key)
    start = state.start or (slot.start if slot else None)
    finish = state.due or (slot.finish if slot else None)
    if gate is not None and gate.asked_at is not None:
        start = day_of(gate.asked_at)
        finish = day_of(gate.due_at) if gate.due_at else finish
    if state.started_at is not None:
        start = day_of(state.started_at)
    if state.status is ItemStatus.DONE and state.finished_at is not None:
        finish = day_of(state.finished_at)
    start = start or finish or day_of(case.now)
    finish = finish or start
    return min(start, finish), finish


def _shut_gates(item: Item, case: Case) -> tuple[str, ...]:
    titles: Mapping[ItemKey, str] = {one.key: one.title for one in case.rollout.items}
    gates = case.snapshot.gates
    shut = [key for key in item.held_by if key not in gates or not gates[key].decision.opens]
    asked = [key for key in shut if key in gates and gates[key].decision is not Decision.NOT_ASKED]
    return tuple(titles[key] for key in (asked or shut) if key in titles)


def reach(rows: Iterable[ItemRow], today: date) -> tuple[date, date]:
    """First and last day that the rows and today touch, with some room."""
    days = [today, *(day for row in rows for day in (row.start, row.finish))]
    room = timedelta(days=max((max(days) - min(days)).days // 40, 1))
    return min(days) - room, max(days) + room
