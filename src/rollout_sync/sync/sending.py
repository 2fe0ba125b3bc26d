"""Delivering what is in the outbox: each mail at most once, or at least once where the configuration says so.

Every attempt is on disk before the wire. An attempt that nobody knows the end of is UNCONFIRMED: it is shown, and sent
again only on a person's word (`again`), in the mode at-least-once, or where a look at the service proves that a draft
is still a draft. Two runs on one ledger never send at the same time: they share a lease.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from rollout_sync.config.settings import MailMode
from rollout_sync.errors import RolloutSyncError, TrackerError
from rollout_sync.ledger import lease, outbox
from rollout_sync.ledger.lease import Lease
from rollout_sync.ledger.opening import Database, Transaction
from rollout_sync.ledger.outbox import Letter, State, Way, Wish
from rollout_sync.model.mail import ChannelShut, Parcel
from rollout_sync.model.operations import Done, InDoubt, Outcome, Refused
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.post import Drafts, Place, Post, Trail
from rollout_sync.transport.clock import Clock

LEASE = RolloutId("outgoing mail")
"""Under this name runs share a lease; no rollout's id has a space."""
PATIENCE = timedelta(days=3)
"""A mail that could not leave for so long is no longer news: it fails, and is shown."""
MOST_ATTEMPTS = 5
"""In the mode at-least-once: after so many lost answers a person is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of a run, as the outbox has it now.

    Attributes:
        sent: went out in this run, or were found to have gone out before.
        unconfirmed: nobody knows; those of earlier runs too.
        failed: refused for good in this run.
        again: surely not sent; the next run tries again.
        stopped: why the run ended before all were tried; None where it did not.
    """

    sent: tuple[Letter, ...] = ()
    unconfirmed: tuple[Letter, ...] = ()
    failed: tuple[Letter, ...] = ()
    again: tuple[Letter, ...] = ()
    stopped: ChannelShut | None = None

    @property
    def is_finished(self) -> bool:
        """Nothing is left for another run."""
        return not self.again and not self.unconfirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How to treat doubts.

    Attributes:
        horizon: an unanswered request can take effect no later than this after it began.
    """

    mode: MailMode
    horizon: timedelta
    patience: timedelta = PATIENCE


class Step(StrEnum):
    """What to do about a mail that nobody knows the end of."""

    SENT = "sent"
    SEND_DRAFT = "send the draft"
    SEND_AGAIN = "send again"
    WAIT = "wait"


def step_for(letter: Letter, trail: Trail | None, mode: MailMode, *, is_late: bool) -> Step:
    """The decision.

    Args:
        letter: UNCONFIRMED.
        trail: what a look at the service found; None where there was none.
        mode: the configuration's.
        is_late: the request that was not answered can no longer take effect.
    """
    if trail is not None and trail.place is Place.SENT:
        return Step.SENT
    if not is_late:
        return Step.WAIT
    if trail is not None and trail.place is Place.DRAFT and letter.way is Way.DRAFT:
        return Step.SEND_DRAFT
    if mode is MailMode.AT_LEAST_ONCE and letter.attempts < MOST_ATTEMPTS:
        return Step.SEND_AGAIN
    return Step.WAIT


def deliver(
    wishes: Sequence[Wish],
    *,
    post: Post,
    database: Database,
    clock: Clock,
    rules: Rules,
    between: Callable[[], None] = lambda: None,
    prepare: Callable[[], object] = lambda: None,
) -> Delivery:
    """Write the wishes into the outbox, settle what earlier runs left open, and send what is planned.

    Wishes that are known already are left alone, so that the same call may be made again. Of another channel than the
    post's nothing is touched. `between` is called before each mail, and raises where the run is to end. `prepare` is
    called first, inside the lease: what plans mails from what readers know must not be done by two runs at once.

    Raises:
        LedgerBusy: another run is sending.
        LedgerError: the ledger cannot be written; a request that was under way is settled by the next run.
    """
    with lease.held(database, LEASE, clock) as held:
        prepare()
        if wishes:
            with database.transaction() as connection:
                outbox.plan(connection, wishes, clock.now())
        run = _Run(post=post, database=database, clock=clock, rules=rules, held=held, between=between)
        try:
            return run.delivered()
        finally:
            post.close()


def again(event: str, *, database: Database, clock: Clock) -> Letter:
    """A person's word to send an unconfirmed or failed mail once more; the next `deliver` does.

    Raises:
        RolloutSyncError: there is no such event, or it is neither.
    """
    with lease.held(database, LEASE, clock), database.transaction() as connection:
        done = outbox.plan_again(connection, event, clock.now())
        return _expected(event, outbox.letter(connection, event), done, "sent again")


def let_be(event: str, *, database: Database, clock: Clock) -> Letter:
    """A person's word that nothing more is needed of an unconfirmed or failed mail: it is no longer shown.

    Raises:
        RolloutSyncError: there is no such event, or it is neither.
    """
    with lease.held(database, LEASE, clock), database.transaction() as connection:
        done = outbox.lay_aside(connection, event)
        return _expected(event, outbox.letter(connection, event), done, "laid aside")


def _expected(event: str, letter: Letter | None, done: bool, what: str) -> Letter:  # noqa: FBT001 - what the ledger said
    hint = "`rollout-sync digest` lists the mails that nobody knows the end of, with their events"
    if letter is None:
        raise RolloutSyncError(f"there is no mail with the event {event!r}", where="outbox", hint=hint)
    if not done:
        raise RolloutSyncError(f"the mail is {letter.state.value}, and cannot be {what}", where=event, hint=hint)
    return letter


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run over the outbox, inside the lease."""

    post: Post
    database: Database
    clock: Clock
    rules: Rules
    held: Lease
    between: Callable[[], None]
    touched: set[str] = field(default_factory=set)

    def delivered(self) -> Delivery:
        """Everything, in order; where the service cannot be asked, nothing is sent and nothing concluded."""
        self._take_over()
        try:
            found = self._look()
        except TrackerError as error:
            return self._told(
                ChannelShut(reason=error.what, hint=error.hint, status=error.status, retry_after=error.retry_after)
            )
        self._settle_doubts(found)
        return self._told(self._send_all(found))

    def _take_over(self) -> None:
        """What an earlier run left being sent: it runs no more, for we hold the lease."""
        for one in self._letters(State.SENDING):
            with self.database.transaction() as connection:
                if one.way is Way.DRAFT and not one.draft_id:
                    outbox.put_back(connection, one.event, "the run ended before anything was sent")
                else:
                    outbox.mark_unconfirmed(connection, one.event, "the run ended before an answer came")

    def _look(self) -> Mapping[str, Trail]:
        """Where the service has the mails that are open, as far as it can be asked."""
        drafts = self.post.drafts
        asked = {one.event: one.draft_id for one in self._letters(State.PLANNED, State.UNCONFIRMED)}
        return drafts.find(asked) if drafts is not None and asked else {}

    def _settle_doubts(self, found: Mapping[str, Trail]) -> None:
        for one in self._letters(State.UNCONFIRMED):
            is_late = one.sent_at is not None and one.sent_at + self.rules.horizon <= self.clock.now()
            step = step_for(one, found.get(one.event), self.rules.mode, is_late=is_late)
            if step is Step.WAIT:
                continue
            self.touched.add(one.event)
            with self.database.transaction() as connection:
                if step is Step.SENT:
                    outbox.mark_sent(connection, one.event)
                else:
                    keeps = step is Step.SEND_DRAFT
                    outbox.plan_again(connection, one.event, self.clock.now(), keep_draft_id=keeps)

    def _send_all(self, found: Mapping[str, Trail]) -> ChannelShut | None:
        for one in self._letters(State.PLANNED):
            self.between()
            self.touched.add(one.event)
            trail = found.get(one.event)
            if trail is not None and trail.place is Place.SENT:
                with self.database.transaction() as connection:
                    outbox.mark_sent(connection, one.event)
            elif one.planned_at + self.rules.patience < self.clock.now():
                with self.database.transaction() as connection:
                    outbox.mark_failed(connection, one.event, f"it could not leave in time: {one.last_error}")
            else:
                outcome = self._attempt(one, trail)
                if isinstance(outcome, ChannelShut):
                    return outcome
        return None

    def _attempt(self, one: Letter, trail: Trail | None) -> Outcome:
        drafts = self.post.drafts
        with self.database.transaction() as connection:
            way = Way.DIRECT if drafts is None else Way.DRAFT
            outbox.mark_sending(connection, one.event, self.clock.now(), way)
            self.held.renew(connection)
            parcel = outbox.parcel_of(connection, one.event)
        outcome = self.post.send(parcel) if drafts is None else self._over_draft(drafts, parcel, trail)
        with self.database.transaction() as connection:
            _settle(connection, one.event, outcome)
        return outcome

    def _over_draft(self, drafts: Drafts, parcel: Parcel, trail: Trail | None) -> Outcome:
        """The draft's id is on disk before anything asks to send it."""
        if trail is not None and trail.place is Place.DRAFT:
            draft_id = trail.remote
        else:
            made = drafts.draft(parcel)
            if isinstance(made, InDoubt):
                return Refused(reason=f"no draft: {made.reason}", again=True)
            if isinstance(made, Refused):
                return made
            draft_id = made.remote.id
        with self.database.transaction() as connection:
            outbox.keep_draft(connection, parcel.event, draft_id)
        return drafts.send_draft(draft_id)

    def _letters(self, *states: State) -> tuple[Letter, ...]:
        with self.database.reading() as connection:
            return outbox.letters(connection, *states, channel=self.post.channel)

    def _told(self, stopped: ChannelShut | None) -> Delivery:
        mine = [one for one in self._letters(State.SENT, State.FAILED) if one.event in self.touched]
        return Delivery(
            sent=tuple(one for one in mine if one.state is State.SENT),
            unconfirmed=self._letters(State.UNCONFIRMED),
            failed=tuple(one for one in mine if one.state is State.FAILED),
            again=self._letters(State.PLANNED),
            stopped=stopped,
        )


def _settle(connection: Transaction, event: str, outcome: Outcome) -> None:
    match outcome:
        case Done():
            outbox.mark_sent(connection, event)
        case InDoubt(reason=reason):
            outbox.mark_unconfirmed(connection, event, reason)
        case Refused(reason=reason, again=True):
            outbox.put_back(connection, event, reason)
        case Refused(reason=reason):
            outbox.mark_failed(connection, event, reason)
