"""What people do in the ten weeks, as tables: scenes told one by one, and work that takes other days than planned.

Days are working days, and the first is day 1. What stands in no table happens as the plan on the boards says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

FIRST_DAY: Final = date(2027, 4, 19)
"""A Monday. The story has a year of its own, so that it is the same story every time."""
GO_LIVE: Final = date(2027, 6, 21)
WEEKS: Final = 10


class Deed(StrEnum):
    """What a person can do on a board."""

    BEGIN = "begin"
    FINISH = "finish"
    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve with conditions"
    TICK = "tick “Approved”"
    POSTPONE = "postpone"
    RENAME = "rename"
    ADD = "add"
    DELETE = "delete"


IN_THE_MORNING: Final = frozenset({Deed.BEGIN, Deed.TICK, Deed.RENAME, Deed.ADD, Deed.POSTPONE})
"""The rest is done in the afternoon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that one person does.

    Attributes:
        day: number of the working day.
        who: e-mail address.
        item: key of an item; for work that people added themselves, its title.
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
    """How the work on an item differs from its plan.

    Attributes:
        ahead: working days before the planned first day on which it begins, if what it waits for is done by then.
        takes: working days; None for as many as planned.
        on: its first and last day, whatever it waits for; None where the other two tell them.
    """

    ahead: int = 0
    takes: int | None = None
    on: tuple[int, int] | None = None


USUAL: Final = Pace(ahead=2)
"""People begin two days before they have to, where nothing holds them back."""
ON_ITS_DAY: Final = Pace()
"""What was announced for a day, and what is said to everybody, comes on that day and not before."""
PILOT_SLIP: Final = 8
"""Working days by which the pilot takes longer than the eight that were planned."""

PILOT: Final = "pilot/pilot-run"
FIXES: Final = "pilot/fixes"
BROAD_GO: Final = "pilot/broad-go"
OTTOS_YES: Final = "green-light/head-signoff-operations"
SAMS_YES: Final = "green-light/head-signoff-sales"
EARLY: Final = "pilot/volunteers-operations"
SCRIPT: Final = "prepare/lost-phone"
WALK_UP: Final = "rings/wave-operations/walk-up"
ADDED: Final = ("Second factor for the VPN of the field staff", "Second factor at the shared tills")

OWENS_DAY, OTTOS_DAY = 13, 16
"""Days on which Owen ticks for Otto, and on which Otto decides himself."""
WATCHED: Final = range(OWENS_DAY, OTTOS_DAY + 2)
"""Evenings on which the work behind that gate is looked at."""

PACES: Final[Mapping[str, Pace]] = MappingProxyType(
    {
        PILOT: Pace(ahead=2, takes=8 + PILOT_SLIP),
        "pilot/pilot-check": Pace(ahead=2, takes=1),
        FIXES: Pace(on=(22, 36)),
        BROAD_GO: Pace(on=(36, 36)),
        "rings/wave-finance/first-days": Pace(takes=2),
        OTTOS_YES: Pace(on=(11, OTTOS_DAY)),
        SAMS_YES: Pace(on=(11, 13)),
        EARLY: Pace(on=(14, 17)),
    }
)
"""By item."""

_IVAN, _OTTO, _OWEN = "ivan.itwork@example.com", "otto.operator@example.com", "owen.outbound@example.com"
_SAM, _DARIO, _CYRUS = "sam.seller@example.com", "dario.deskman@example.com", "cyrus.cipher@example.com"

SCENES: Final = (
    Act(
        day=12,
        who=_DARIO,
        deed=Deed.RENAME,
        item=SCRIPT,
        text="Script for the desk: lost, new and broken phones",
        words="Dario gives his task a better name.",
    ),
    Act(
        day=13,
        who=_SAM,
        deed=Deed.APPROVE_WITH_CONDITIONS,
        item=SAMS_YES,
        text="Not on the two days of the sales conference",
        words="Sam, head of Sales, says yes under a condition.",
    ),
    Act(
        day=OWENS_DAY,
        who=_OWEN,
        deed=Deed.TICK,
        item=OTTOS_YES,
        words="Owen ticks “Approved” for Otto, the head of Operations, who is travelling.",
    ),
    Act(
        day=14,
        who=_OWEN,
        deed=Deed.BEGIN,
        item=EARLY,
        words="Owen's team begins work that waits for Otto's yes.",
    ),
    Act(day=OTTOS_DAY, who=_OTTO, deed=Deed.APPROVE, item=OTTOS_YES, words="Otto is back, and says yes himself."),
    Act(day=17, who=_OWEN, deed=Deed.FINISH, item=EARLY),
    Act(
        day=26,
        who=_IVAN,
        deed=Deed.POSTPONE,
        item=PILOT,
        later=PILOT_SLIP,
        words="Old phones fail in the pilot. Ivan moves its end by eight working days.",
    ),
    Act(
        day=27,
        who=_DARIO,
        deed=Deed.ADD,
        item=ADDED[0],
        text="pilot",
        words="Dario adds two tasks under the pilot's epic.",
    ),
    Act(day=27, who=_DARIO, deed=Deed.ADD, item=ADDED[1], text="pilot"),
    Act(day=28, who=_DARIO, deed=Deed.DELETE, item=WALK_UP, words="Dario deletes a task: Operations has shifts."),
    Act(day=30, who=_DARIO, deed=Deed.FINISH, item=ADDED[0]),
    Act(day=33, who=_DARIO, deed=Deed.FINISH, item=ADDED[1]),
    Act(day=36, who=_IVAN, deed=Deed.FINISH, item=FIXES, words="Ivan's people mended while the pilot still ran."),
    Act(day=36, who=_CYRUS, deed=Deed.APPROVE, item=BROAD_GO, words="Cyrus decides on the same afternoon: go."),
)
"""In the order in which they happen on their day."""

BY_HAND: Final = frozenset({OTTOS_YES, SAMS_YES, EARLY, BROAD_GO, WALK_UP})
"""Items with which nobody does anything but what the scenes tell."""
