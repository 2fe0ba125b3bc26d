"""Training sessions as invitations: what is wanted, what was told to whom, and what they answered. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rollout_sync.model.rollout import ItemKey

SHOWN_TO_ALL = 20
"""With more guests than this, each is shown only themselves."""


class Answer(StrEnum):
    """What a guest said to an invitation."""

    NONE = "none"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class Way(StrEnum):
    """How guests were invited: by an event in a calendar, which knows the answers, or by `.ics` in a mail."""

    CALENDAR = "calendar"
    MAIL = "mail"


class Stage(StrEnum):
    """How far an invitation is."""

    ASKED = "asked"
    """It is on its way, or was; nobody knows yet."""
    INVITED = "invited"
    CANCELLED = "cancelled"
    """We called it off."""
    WITHDRAWN = "withdrawn"
    """People deleted the event. It is not made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody who is invited, or who invites."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as it should stand in calendars.

    Attributes:
        starts, ends: aware; their zone is `zone`.
        zone: IANA name.
        host: who holds it; not among the guests.
        seats: 0 means no limit.
    """

    item: ItemKey
    title: str
    text: str
    starts: datetime
    ends: datetime
    zone: str
    host: Guest
    guests: tuple[Guest, ...]
    seats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """What was told of a session.

    Attributes:
        uid: identity of the invitation in every calendar; a session that was called off and comes back gets a new one.
        sequence: rises with every change that guests are told.
        round: how many invitations there were before this one.
        mailbox: address in whose calendar the event lies; empty for mails.
        remote: the event's id there.
        told: fingerprint of what guests know.
        host: address of who holds it; `invited` those of the guests, all in lower case.
        answers: by address, for those who were invited through a calendar.
    """

    item: ItemKey
    uid: str
    way: Way
    stage: Stage
    starts: datetime
    ends: datetime
    title: str = ""
    sequence: int = 0
    round: int = 0
    mailbox: str = ""
    remote: str = ""
    told: str = ""
    host: str = ""
    invited: tuple[str, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def stands(self) -> bool:
        """Whether guests count on it, as far as is known."""
        return self.stage in (Stage.ASKED, Stage.INVITED)

    def count(self, answer: Answer) -> int:
        """How many gave this answer; those of whom nothing is known count as silent."""
        given = [self.answers.get(email, Answer.NONE) for email in self.invited]
        return given.count(answer)
