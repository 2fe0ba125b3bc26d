"""Who does what in the ten weeks: a table of scenes, how long work takes that is not as planned, and whose words tell it.

Days are working days from the first one, which is day 1. What is not in a table happens as the plan on the boards says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

FIRST_DAY: Final = date(2027, 4, 19)
"""A Monday. The story always happens in the same year, so that it is the same story every time."""
GO_LIVE: Final = date(2027, 6, 21)
WEEKS: Final = 10

IVAN, OTTO, OWEN, SAM, SILAS, TARA, DARIO, FLORA, CORA = (
    f"{name}@example.com"
    for name in (
        "ivan.itwork",
        "otto.operator",
        "owen.outbound",
        "sam.seller",
        "silas.signal",
        "tara.trainer",
        "dario.deskman",
        "flora.folio",
        "cora.coordinator",
    )
)


class Deed(StrEnum):
    """What a person can do on a board."""

    BEGIN = "begin"
    FINISH = "finish"
    APPROVE = "approve"
    CONDITIONS = "approve with conditions"
    TICK = "tick approved"
    POSTPONE = "postpone"
    RENAME = "rename"
    ADD = "add"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that one person does on one day.

    Attributes:
        day: number of the working day.
        who: e-mail address.
        item: key of an item; for work that people added, its title.
        text: a condition, a new title, or the key of the phase that work is added to.
        later: working days by which a due date is moved.
        words: for the viewer; empty for everyday work.
    """

    day: int
    who: str
    deed: Deed
    item: str
    text: str = ""
    later: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How an item differs from its plan.

    Attributes:
        ahead: working days before its planned day on which its owner would begin, if what it waits for is done.
        takes: working days; None for as many as planned.
    """

    ahead: int = 0
    takes: int | None = None


HEAD_START: Final = 2
"""Working days before the planned day on which people begin, where nothing holds them back."""
SLIP: Final = 8
"""Working days by which the pilot takes longer."""

PILOT: Final = "pilot/pilot-run"
OPERATIONS: Final = "green-light/head-signoff-operations"
SALES: Final = "green-light/head-signoff-sales"
EARLY: Final = "pilot/volunteers-sales"
RENAMED: Final = "prepare/lost-phone"
DELETED: Final = "rings/wave-operations/walk-up"
VPN, METERS = "Replace the old VPN clients of the field staff", "Give the meter readers a second factor"

PACES: Final[Mapping[str, Pace]] = MappingProxyType(
    {
        PILOT: Pace(ahead=HEAD_START, takes=8 + SLIP),
    }
)

SCENES: Final = (
    Act(
        day=12,
        who=TARA,
        deed=Deed.RENAME,
        item=RENAMED,
        text="Lost phone, new phone: the desk's script",
        words="Tara finds a better name for her guide",
    ),
)

BY_HAND: Final = frozenset({OPERATIONS, SALES, EARLY, DELETED})
"""Items whose work is told by the scenes alone."""
