"""The port of what carries mails and cards: send, and where the service has drafts, look whether something went out.

A parcel was surely sent (`Done`), surely not (`Refused`, or `ChannelShut` where no other would go either), or nobody
knows (`InDoubt`). Nothing here repeats by itself: that is for `sync.sending` and its outbox to decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from rollout_sync.model.mail import Channel, Parcel
from rollout_sync.model.operations import Outcome


class Place(StrEnum):
    """Where a mail was found."""

    SENT = "sent"
    DRAFT = "draft"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What a look found of one event; `remote` is the draft's id where there is a draft."""

    place: Place
    remote: str = ""


class Drafts(Protocol):
    """A service that keeps what it will send, and what it sent, where we can look."""

    def draft(self, parcel: Parcel) -> Outcome:
        """Write a draft that bears the event; nothing is sent by this. `Done.remote.id` is the draft's id."""
        ...

    def send_draft(self, remote: str) -> Outcome:
        """Send a draft; a draft that is gone is in doubt."""
        ...

    def find(self, wanted: Mapping[str, str]) -> Mapping[str, Trail]:
        """Where the mails of these events are; values are ids of their drafts, empty where unknown.

        Raises:
            TrackerError: the service could not be asked; nothing may be concluded.
        """
        ...


class Post(Protocol):
    """What carries parcels of one channel."""

    @property
    def channel(self) -> Channel:
        """Whose rows of the outbox it carries."""
        ...

    @property
    def drafts(self) -> Drafts | None:
        """The way over drafts, which can look; None where a lost answer stays lost."""
        ...

    def send(self, parcel: Parcel) -> Outcome:
        """Send at once; used where there are no drafts."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
