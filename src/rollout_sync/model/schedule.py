"""Computed dates of a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rollout_sync.model.rollout import ItemKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When an item is planned: first and last working day, both included.

    `slack` is total float in working days: how far the item may slip before go-live moves; 0 is critical.
    """

    start: date
    finish: date
    slack: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A chain of items that cannot fit: it needs `days` working days more than there are.

    `chain` runs from its first to its last item; `wall` says what it runs into ("today", "wave day of Finance 3 Mar").
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
