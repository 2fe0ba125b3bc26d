"""Planned writes and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from rollout_sync.model.objects import Fields, Marker, ObjectKey, Remote
from rollout_sync.model.rollout import ItemKey


class OperationState(StrEnum):
    """Life of an object in the ledger. Allowed: PLANNED -> INFLIGHT -> CREATED | FAILED | PLANNED; CREATED -> GONE."""

    PLANNED = "PLANNED"
    INFLIGHT = "INFLIGHT"
    CREATED = "CREATED"
    FAILED = "FAILED"
    GONE = "GONE"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """One object to make now. Refs are resolved: `fields` holds `Remote`s (or None for one that failed)."""

    object: ObjectKey
    marker: Marker
    attempt: int
    fields: Fields
    item: ItemKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Fields of one existing object to write over; `fields` holds only what changes, Refs resolved."""

    object: ObjectKey
    marker: Marker
    remote: Remote
    fields: Fields
    item: ItemKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A create whose outcome is unknown.

    Attributes:
        sent_at: upper bound of the moment of sending, on the remote's clock.
        high_water: largest key number of the Jira project known before sending; 0 in Planner.
        fields: what was sent, Refs resolved.
    """

    object: ObjectKey
    marker: Marker
    attempt: int
    sent_at: datetime
    high_water: int
    fields: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Answer to a strong read for doubts.

    Attributes:
        found: doubts that turned out to exist.
        asked_at: remote clock at the first answer of the read, so before anything was concluded.
        is_strong: the read covered all places where a missing object could be; only then absence means something.
        ambiguous: doubts that cannot be told apart from other objects, with what to look at.
        also: objects that went along with a found one and exist too (links folded into a create).
    """

    found: dict[ObjectKey, Remote]
    asked_at: datetime
    is_strong: bool
    ambiguous: dict[ObjectKey, str]
    also: dict[ObjectKey, tuple[ObjectKey, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The tracker confirmed the write. `also` names objects made by the same request (links folded into a create)."""

    remote: Remote
    also: tuple[ObjectKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The tracker surely did not act. `again` is true where the same request may succeed later."""

    reason: str
    again: bool = False
    status: int = 0
    code: str = ""
    hint: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """The request was sent and nobody knows whether it took effect."""

    reason: str


Outcome: TypeAlias = Done | Refused | InDoubt


class Verb(StrEnum):
    """What an operation does; the values are the symbols that people see."""

    CREATE = "+"
    UPDATE = "~"
    KEEP = "="
    """A person changed the field; it is left alone and reported."""
    RETIRE = "-"
    """The template dropped it; the object stays, unless asked for twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field, three ways: what was last written, what a person left there, what the template wants."""

    name: str
    base: object
    observed: object
    desired: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One planned write with its reason. For CREATE `changes` is empty: the whole intent is written."""

    verb: Verb
    object: ObjectKey
    title: str
    reason: str
    item: ItemKey | None = None
    changes: tuple[FieldChange, ...] = ()


class Severity(StrEnum):
    """How a finding is shown."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a person should know: a code for machines, a sentence for people, a next step."""

    severity: Severity
    code: str
    message: str
    hint: str = ""
    where: str = ""
