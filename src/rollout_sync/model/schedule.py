"""Computed dates of a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rollout_sync.model.rollout import ItemKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When an item is planned: first and last working day, both included.

    `slack` is total float in working days: how far the item may slip before go-live, or a date tied to it, has to move;
    0 is critical, negative is too late already. For items that go-live does not wait for: before the rollout's end
    moves.
    """

    start: date
    finish: date
    slack: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A chain of items that cannot fit: it needs `days` working days more than there are.

    `chain` runs from its first to its last item; `wall` says what it runs into ("wave day of Finance 3 Mar 2027", with
    ", counted from today 23 Nov 2026" where starting earlier would have helped).
    """

    chain: tuple[ItemKey, ...]
    days: int
    wall: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Dates of all items, the go-live day and the driving chain.

    `critical_path` lists the longest chain to go-live from first to last. `shortfalls` is empty when everything fits.
    """

    slots: Mapping[ItemKey, Slot]
    start: date
    go_live: date
    wave_days: Mapping[str, date]
    critical_path: tuple[ItemKey, ...]
    shortfalls: tuple[Shortfall, ...] = ()
