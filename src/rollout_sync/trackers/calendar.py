"""The port of what puts sessions into people's calendars and knows their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rollout_sync.model.operations import Outcome
from rollout_sync.model.sessions import Answer, Session, SessionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """What a calendar says of an event: whether it still stands, and what each guest answered, by address."""

    stands: bool
    answers: Mapping[str, Answer] = field(default_factory=dict)


class Calendar(Protocol):
    """Events in the mailboxes of those who hold sessions. The service itself mails the invitations."""

    def mailboxes(self, session: Session) -> tuple[str, ...]:
        """Addresses in whose calendar the event may lie, the best one first; none where none is known."""
        ...

    def make(self, session: Session, *, mailbox: str, uid: str, before: Sequence[str] = ()) -> Outcome:
        """Make the event; made twice with the same `uid` there is one. `Done.remote.id` is its id.

        `before` are the addresses that an earlier try invited, perhaps.

        `Refused` with status 403 where the right is missing, 404 where there is no such mailbox.
        """
        ...

    def change(self, session: Session, known: SessionState) -> Outcome:
        """Bring the event to the session, unless it is so already. Guests whom people added stay.

        `Refused` with status 404 where it is gone.
        """
        ...

    def cancel(self, known: SessionState) -> Outcome:
        """Call it off; an event that is gone counts as done. One that was never confirmed is looked for first."""
        ...

    def replies(self, known: Sequence[SessionState]) -> Mapping[str, Replies]:
        """By the events' ids; those that cannot be told are left out.

        Raises:
            TrackerError: the service could not be asked.
        """
        ...
