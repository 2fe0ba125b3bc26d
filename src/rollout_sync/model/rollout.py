"""A rollout: what a template becomes once names, dates and people are known.

Dates are not here: `schedule` computes them, `model.schedule` holds the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NewType

RolloutId = NewType("RolloutId", str)
"""Slug of a rollout, `[a-z0-9][a-z0-9-]{0,39}`; part of labels, so it never changes."""

ItemKey = NewType("ItemKey", str)
"""`phase/item` or `phase/wave-department/item`; unique in its rollout and stable over template versions."""


class TrackerName(StrEnum):
    """The two services that hold work."""

    JIRA = "jira"
    PLANNER = "planner"


class Home(StrEnum):
    """Where an item lives; `both` is a mirrored pair."""

    JIRA = "jira"
    PLANNER = "planner"
    BOTH = "both"


class ItemKind(StrEnum):
    """What an item asks of people."""

    TASK = "task"
    APPROVAL = "approval"
    TRAINING = "training"
    COMMUNICATION = "communication"
    MILESTONE = "milestone"
    CHECK = "check"


class LinkType(StrEnum):
    """Dependency types of the critical path method."""

    FINISH_START = "FS"
    START_START = "SS"
    FINISH_FINISH = "FF"
    START_FINISH = "SF"


class Quorum(StrEnum):
    """How many approvers must say yes."""

    ANY = "any"
    ALL = "all"


class AnchorEvent(StrEnum):
    """The day that an item's date is counted from."""

    GO_LIVE = "go_live"
    WAVE_DAY = "wave_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One line of the people list. `email` is the identity in both services."""

    name: str
    email: str
    roles: tuple[str, ...] = ()
    department: str | None = None
    deputy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department or site; `size` is its head count where the people list or parameters tell it."""

    key: str
    name: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Working days of effort time: optimistic, most likely, pessimistic; 0 <= low <= likely <= high."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """This item waits for `item`; `lag` is in working days and may be negative (a lead)."""

    item: ItemKey
    link: LinkType = LinkType.FINISH_START
    lag: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A date tied to an event: `offset` working days after it (negative: before).

    `latest` widens the anchor to a window `[offset, latest]`.
    """

    event: AnchorEvent
    offset: int = 0
    latest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What an approval item decides, by whom and until when.

    Attributes:
        approvers: people whose decision counts.
        deputies: people who may decide in an approver's place.
        asks: what the approver is asked to confirm, one sentence each.
        within_days: working days to decide; reminders at half, escalation when over.
        escalate_to: who hears of it when the time is over.
        emergency_hours: work goes first and the decision must follow within these hours; None for a normal gate.
    """

    approvers: tuple[Person, ...]
    deputies: tuple[Person, ...] = ()
    asks: tuple[str, ...] = ()
    within_days: int = 5
    quorum: Quorum = Quorum.ALL
    escalate_to: tuple[Person, ...] = ()
    emergency_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A session's length in minutes and its seats; 0 seats means no limit.

    Attributes:
        invites: roles whose people it is for; empty means those who learn, supervisors and employees.
    """

    minutes: int
    seats: int = 0
    invites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One epic and one bucket: a stage, or a stage of one department's wave.

    Attributes:
        key: `enforce` or `enforce/wave-finance`; item keys start with it.
        stage: key of the stage in the template (`enforce`).
    """

    key: str
    stage: str
    title: str
    text: str = ""
    wave: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of work, fully resolved.

    Attributes:
        key: identity in its rollout.
        phase: key of its `Phase`.
        text: plain text; blank lines separate paragraphs, lines that start with "- " are bullets.
        owner: who does it; None where the role has nobody yet.
        owner_role: the role the template names.
        after: what it waits for.
        held_by: approval items that must be decided before this one may start (all approvals upstream).
        home: where it lives; `leads` says which side wins for a mirrored pair.
        anchor: a date fixed by the template; None when dependencies alone decide.
    """

    key: ItemKey
    kind: ItemKind
    title: str
    phase: str
    text: str = ""
    wave: str | None = None
    owner: Person | None = None
    owner_role: str | None = None
    estimate: Estimate = field(default_factory=lambda: Estimate(low=0, likely=0, high=0))
    after: tuple[Dependency, ...] = ()
    held_by: tuple[ItemKey, ...] = ()
    home: Home = Home.JIRA
    leads: TrackerName = TrackerName.JIRA
    anchor: Anchor | None = None
    checklist: tuple[str, ...] = ()
    approval: Approval | None = None
    training: Training | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """Days, both ends included, on which nothing is planned."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSpec:
    """Working days as ISO weekday numbers (1 Monday to 7 Sunday), a country for its public holidays, and blackouts.

    `country` is an ISO 3166 code, optionally with a subdivision (`DE-BY`); empty means no public holidays.
    """

    working_days: tuple[int, ...] = (1, 2, 3, 4, 5)
    country: str = ""
    blackouts: tuple[Blackout, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveDay:
    """When a department's wave happens: the n-th wave, `every_days` working days after the one before."""

    department: str
    stage: str
    index: int
    every_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A template with its parameters, people and departments filled in.

    Exactly one of `go_live` (dates are computed backward) and `start` (forward) is set.

    Attributes:
        fingerprint: hash of the template text, parameters and people this was expanded from.
        owns: field names that the template writes over people's edits (`title`, `text`, `start`, `due`, `owner`).
        grace_days: working days after the agreed date that still count as on time.
        extras: the checked `playbooks` and `pulse` parts, as plain JSON.
    """

    id: RolloutId
    name: str
    title: str
    template: str
    template_version: int
    fingerprint: str
    purpose: str = ""
    go_live: date | None = None
    start: date | None = None
    calendar: CalendarSpec = CalendarSpec()
    parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    departments: tuple[Department, ...] = ()
    waves: tuple[WaveDay, ...] = ()
    phases: tuple[Phase, ...] = ()
    items: tuple[Item, ...] = ()
    people: tuple[Person, ...] = ()
    owns: tuple[str, ...] = ()
    grace_days: int = 3
    wait_for_gate: bool = False
    extras: Mapping[str, object] = field(default_factory=dict)
