"""A snapshot: how a rollout stands by what the services last said, and how complete that picture is.

Moments are aware and come from the services' clocks. Nothing here is a conclusion about health; that is `health`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from rollout_sync.model.objects import ObjectKey
from rollout_sync.model.rollout import ItemKey, RolloutId, TrackerName
from rollout_sync.model.sessions import SessionState


class ItemStatus(StrEnum):
    """How far an item is."""

    UNKNOWN = "unknown"
    """Never seen: not made yet, or hidden from us."""
    TODO = "to do"
    STARTED = "started"
    DONE = "done"
    GONE = "gone"
    """A person deleted it. It counts for nothing any more, and is not made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """One item.

    Attributes:
        shown: its status in the board's own words ("In Arbeit", "50 %").
        started_at: when work began, as far as the service tells; else when it was first seen begun.
        blocked_since: when it was marked as blocked; None when it is not.
        percent: 0 to 100; None where the service knows no progress.
        start, due: dates on the board.
        title: as the board has it.
        owners: remote user ids.
        held: whether it stands held on its board.
        key: Jira's issue key; empty in Planner.
        conflict: why the halves of a mirrored pair cannot be brought together; empty when they can.
        seen_at: when it was last read.
    """

    item: ItemKey
    status: ItemStatus = ItemStatus.UNKNOWN
    shown: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    blocked_since: datetime | None = None
    percent: int | None = None
    start: date | None = None
    due: date | None = None
    title: str = ""
    owners: tuple[str, ...] = ()
    held: bool = False
    key: str = ""
    url: str = ""
    conflict: str = ""
    seen_at: datetime | None = None


class Decision(StrEnum):
    """What was decided at a gate."""

    NOT_ASKED = "not asked"
    """Earlier work has to be done before anybody is asked."""
    WAITING = "waiting"
    APPROVED = "approved"
    CONDITIONS = "approved with conditions"
    NOT_YET = "not yet"
    REJECTED = "rejected"

    @property
    def opens(self) -> bool:
        """Whether work behind the gate may go on."""
        return self in (Decision.APPROVED, Decision.CONDITIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's decision. `by` is an e-mail address, or the remote user id of somebody not on the people list."""

    by: str
    decision: Decision
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GateState:
    """One approval.

    Attributes:
        asked_at: when it could first be decided; None before that.
        due_at: end of the time to decide.
        decided_at: when the decision that stands was complete.
        votes: those that count, one for each approver that was heard, in order of time.
        ignored: decisions of people who may not decide here.
        conditions: what was asked for with the approval, in the approver's words.
        version: fingerprint of what was approved, from the moment it was; empty before.
        reopened_at: when what was approved changed, so that it has to be approved again; None otherwise.
        asked_version: fingerprint of what is being asked now, decided or not.
        counts_from: decisions made until then were about something else and do not count; None where all count.
    """

    gate: ItemKey
    decision: Decision = Decision.NOT_ASKED
    asked_at: datetime | None = None
    due_at: datetime | None = None
    decided_at: datetime | None = None
    votes: tuple[Vote, ...] = ()
    ignored: tuple[Vote, ...] = ()
    conditions: str = ""
    version: str = ""
    reopened_at: datetime | None = None
    asked_version: str = ""
    counts_from: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedItem:
    """Work that people put under one of our epics or into one of our plans.

    `id` is the remote id; `under` names the epic, bucket or plan it lies in.
    """

    tracker: TrackerName
    id: str
    title: str
    under: ObjectKey
    status: ItemStatus = ItemStatus.TODO
    key: str = ""
    url: str = ""
    start: date | None = None
    due: date | None = None
    created_at: datetime | None = None
    created_by: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How current one service's half is.

    Attributes:
        good_at: when everything that may have changed was last read; None when that never worked.
        tried_at: when it was last tried.
        reason: why the last try failed or was incomplete; empty when it was fine.
        unseen: objects about which nothing can be said, with the reason.
    """

    good_at: datetime | None = None
    tried_at: datetime | None = None
    reason: str = ""
    unseen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedDate:
    """A go-live date that was agreed on, since when; the first of them is the original date."""

    go_live: date
    since: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A colour that a person set by hand; it holds until the end of its last day."""

    colour: str
    reason: str
    by: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A rollout at one moment.

    Attributes:
        at: our own clock.
        agreed: original date first, the one that holds now last; never empty for a rollout that was started.
        sessions: training sessions that people were invited to.
    """

    rollout: RolloutId
    at: datetime
    items: Mapping[ItemKey, ItemState] = field(default_factory=dict)
    gates: Mapping[ItemKey, GateState] = field(default_factory=dict)
    added: tuple[AddedItem, ...] = ()
    coverage: Mapping[TrackerName, Coverage] = field(default_factory=dict)
    agreed: tuple[AgreedDate, ...] = ()
    override: Override | None = None
    sessions: Mapping[ItemKey, SessionState] = field(default_factory=dict)
