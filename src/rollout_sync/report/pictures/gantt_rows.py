"""What a Gantt chart shows line by line: phases with their items, or phases alone where items would be too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rollout_sync.model.rollout import ItemKind
from rollout_sync.model.snapshot import Decision
from rollout_sync.report.items import Group, ItemRow, Look


class Shape(StrEnum):
    """How a line is drawn."""

    PHASE = "phase"
    BAR = "bar"
    GATE = "gate"
    MILESTONE = "milestone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diamond:
    """A gate on a line."""

    day: date
    decision: Decision
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the chart.

    Attributes:
        note: a few words at the end of a phase's line, such as `5 of 12 done`.
        overdue: days between its last day and today, for late ones.
    """

    shape: Shape
    label: str
    first: date
    last: date
    look: Look
    progress: float
    overdue: int = 0
    note: str = ""
    diamonds: tuple[Diamond, ...] = ()


def lines_of(groups: Sequence[Group], most: int) -> tuple[Line, ...]:
    """Every phase and item; where that is more than `most`, phases with what is late or begun, or phases alone."""
    for kept in (_all, _urgent, _none):
        found = tuple(_lines(groups, kept))
        if len(found) <= most:
            return found
    return tuple(_lines(groups, _none))


def _all(row: ItemRow) -> bool:
    return row.look is not Look.GONE


def _urgent(row: ItemRow) -> bool:
    return row.look is Look.STARTED or (row.is_late and row.look is not Look.GONE)


def _none(_row: ItemRow) -> bool:
    return False


def _lines(groups: Sequence[Group], kept: Callable[[ItemRow], bool]) -> Iterator[Line]:
    for group in groups:
        if group.total:
            shown = [row for row in group.rows if kept(row)]
            yield _phase(group, with_gates=not any(row.gate for row in shown))
            yield from (_line(row) for row in shown)


def _phase(group: Group, *, with_gates: bool) -> Line:
    rows = [row for row in group.rows if row.look is not Look.GONE]
    open_rows = [row for row in rows if row.look is not Look.DONE]
    late = f", {group.late} late" if group.late else ""
    return Line(
        shape=Shape.PHASE,
        label=group.name,
        first=min(row.start for row in rows),
        last=max(row.finish for row in rows),
        look=Look.HELD if open_rows and all(row.look is Look.HELD for row in open_rows) else Look.OPEN,
        progress=group.share_done,
        note=f"{group.number(Look.DONE)} of {group.total} done{late}",
        diamonds=tuple(_diamond(row) for row in rows if row.gate) if with_gates else (),
    )


def _line(row: ItemRow) -> Line:
    is_gate, is_milestone = row.gate is not None, row.item.kind is ItemKind.MILESTONE
    return Line(
        shape=Shape.GATE if is_gate else Shape.MILESTONE if is_milestone else Shape.BAR,
        label=row.title,
        first=row.start,
        last=row.finish,
        look=row.look,
        progress=row.progress,
        overdue=row.late_days,
        diamonds=(_diamond(row),) if is_gate else (),
    )


def _diamond(row: ItemRow) -> Diamond:
    return Diamond(day=row.finish, decision=row.gate.decision if row.gate else Decision.NOT_ASKED, is_late=row.is_late)
