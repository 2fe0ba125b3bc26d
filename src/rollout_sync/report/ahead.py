"""What the next seven days bring a reader: sessions, decisions, milestones, wave days and the go-live. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rollout_sync.model.rollout import ItemKind
from rollout_sync.model.snapshot import Decision
from rollout_sync.report.items import ItemRow, Look
from rollout_sync.report.scope import Scope
from rollout_sync.report.view import day_of

DAYS = 7
_OVER = (Look.DONE, Look.GONE)


class Occasion(StrEnum):
    """What kind of thing happens."""

    GO_LIVE = "go-live"
    WAVE = "wave day"
    MILESTONE = "milestone"
    GATE = "decision due"
    SESSION = "session"


_ORDER = tuple(Occasion)
_LIVES = (Occasion.MILESTONE, Occasion.WAVE)
"""What stands for the go-live where it falls on the agreed day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """Something that happens within the next days.

    Attributes:
        key: of the item, or `wave:finance`, or `go-live`.
        what: its name; `who` does, holds or decides it.
    """

    key: str
    day: date
    occasion: Occasion
    what: str
    who: str = ""
    url: str = ""


def coming(scope: Scope, today: date, zone: str, days: int = DAYS) -> tuple[Coming, ...]:
    """What happens from today on, in order of time; what is for everybody is among it.

    Args:
        scope: the reader's view.
        today: in the reader's zone.
        zone: IANA name of the reader's zone; deadlines of gates fall on its days.
        days: how many to look ahead, beside today.
    """
    last = today + timedelta(days=days)
    rows = [row for row in scope.all_rows if row.look not in _OVER and scope.concerns(row.item)]
    found = [*_sessions(rows), *_gates(rows, zone), *_milestones(rows)]
    found += [one for one in _waves(scope) if not any(_tells(other, one, scope) for other in found)]
    if not any(one.day == scope.review.dates.agreed and one.occasion in _LIVES for one in found):
        found += _go_live(scope)
    soon = (one for one in found if today <= one.day <= last)
    return tuple(sorted(soon, key=lambda one: (one.day, _ORDER.index(one.occasion), one.key)))


def _sessions(rows: list[ItemRow]) -> Iterator[Coming]:
    for row in rows:
        if row.item.kind is ItemKind.TRAINING:
            yield _of(row, row.start, Occasion.SESSION)


def _gates(rows: list[ItemRow], zone: str) -> Iterator[Coming]:
    for row in rows:
        gate = row.gate
        if gate is not None and gate.decision is Decision.WAITING and gate.due_at is not None:
            yield _of(row, gate.due_at.astimezone(ZoneInfo(zone)).date(), Occasion.GATE)


def _milestones(rows: list[ItemRow]) -> Iterator[Coming]:
    for row in rows:
        if row.item.kind is ItemKind.MILESTONE:
            yield _of(row, row.finish, Occasion.MILESTONE)


def _of(row: ItemRow, day: date, occasion: Occasion) -> Coming:
    return Coming(key=row.item.key, day=day, occasion=occasion, what=row.title, who=row.who, url=row.state.url)


def _waves(scope: Scope) -> Iterator[Coming]:
    theirs = scope.seat.departments
    for one in scope.case.rollout.departments:
        day = scope.case.schedule.wave_days.get(one.key)
        if day is not None and (theirs is None or one.key in theirs):
            yield Coming(key=f"wave:{one.key}", day=day, occasion=Occasion.WAVE, what=one.name)


def _tells(milestone: Coming, wave: Coming, scope: Scope) -> bool:
    """Whether a milestone of a department stands for its wave day."""
    item = scope.items.get(milestone.key)
    is_same_day = milestone.occasion is Occasion.MILESTONE and milestone.day == wave.day
    return is_same_day and item is not None and f"wave:{scope.department(item)}" == wave.key


def _go_live(scope: Scope) -> list[Coming]:
    """The agreed day, while the rollout is not finished."""
    agreed, tally = scope.review.dates.agreed, scope.review.tally
    is_over = tally.total > 0 and tally.done == tally.total
    is_past = agreed < day_of(scope.case.now)
    return [] if is_over or is_past else [Coming(key="go-live", day=agreed, occasion=Occasion.GO_LIVE, what="Go-live")]
