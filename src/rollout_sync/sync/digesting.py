"""Which mails and cards are due now, and planning them in the outbox. Sends nothing; `sending.deliver` does.

What a reader is told, and that they know it from now on, is kept in one commit with the planned mail: a run that dies
before it tells them everything the next time, and a run that dies after it tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from rollout_sync.config.settings import DigestSettings
from rollout_sync.errors import LedgerError, NotPlanned, RolloutSyncError
from rollout_sync.ledger import outbox, readers, rollouts
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.outbox import Wish
from rollout_sync.model.mail import Mail, Parcel, Picture
from rollout_sync.model.records import read_record, record
from rollout_sync.model.rollout import RolloutId
from rollout_sync.report.cadence import MailDays, Slot, due_slot, may_remind, next_due
from rollout_sync.report.cards import Chat
from rollout_sync.report.digest import Digest, digest_of
from rollout_sync.report.mail import Sender, as_message, digest_mail, reminder_mail
from rollout_sync.report.mail_pictures import picture_of
from rollout_sync.report.readers import Reader, readers_of
from rollout_sync.report.reminders import Reminder, reminders_of
from rollout_sync.report.told import LastDigest
from rollout_sync.sync import reviewing, wishing
from rollout_sync.sync.carding import card_wish, due_cards
from rollout_sync.sync.reviewing import Reviewed, WishOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The edges of composing, from the composition root.

    Attributes:
        sender: section `[mail]`.
        pictures: whether digests carry a chart for each rollout.
        has_mail: whether there is a channel for mails.
        chat: form of the cards; None where no chat is told.
    """

    database: Database
    settings: DigestSettings
    sender: Sender
    now: datetime
    wish_of: WishOf = wishing.again
    pictures: bool = True
    has_mail: bool = True
    chat: Chat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """Mails and cards that are due.

    Attributes:
        digests: with the mail of each.
        reminders: short mails about gates, with the mail of each.
        silent: readers that are due, and of whom nothing is to be told.
        known: what each reader who was due knows afterwards, by address.
        cards: for a chat.
        untold: rollouts that nothing can be told of, by name, with the reason.
    """

    digests: tuple[tuple[Digest, Mail], ...] = ()
    reminders: tuple[tuple[Reminder, Mail], ...] = ()
    silent: tuple[str, ...] = ()
    known: Mapping[str, LastDigest] = field(default_factory=dict)
    cards: tuple[Wish, ...] = ()
    untold: Mapping[str, str] = field(default_factory=dict)

    @property
    def mails(self) -> tuple[Mail, ...]:
        """All of them, decisions first."""
        return (*(mail for _one, mail in self.reminders), *(mail for _one, mail in self.digests))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a run of the digest put into the outbox."""

    fresh: tuple[str, ...]
    silent: tuple[str, ...]
    untold: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a reader is told next; None for one who never is."""

    email: str
    name: str
    rollouts: tuple[RolloutId, ...]
    every: str
    next: datetime | None
    last: datetime | None


@dataclass(frozen=True, kw_only=True)
class Audience:
    """The rollouts that can be told of, and who is told. Reviews are made when they are asked for, each once.

    Attributes:
        drawn: charts that were asked for.
        untold: rollouts that nothing can be told of, by name, with the reason; known once `made` was asked for.
    """

    desk: Desk
    drawn: dict[RolloutId, Picture | None] = field(default_factory=dict)
    untold: dict[str, str] = field(default_factory=dict)

    def picture(self, rollout: RolloutId) -> Picture | None:
        """A rollout's chart, the same for every reader; None where there is nothing to draw."""
        if rollout not in self.drawn:
            self.drawn[rollout] = picture_of(self.made[rollout])
        return self.drawn[rollout]

    @cached_property
    def made(self) -> Mapping[RolloutId, Reviewed]:
        """Rollouts with their reviews; one that was adopted, and not started since, cannot be told of."""
        with self.desk.database.reading() as connection:
            names = rollouts.names(connection)
        found: dict[RolloutId, Reviewed] = {}
        for rollout, name in names:
            try:
                found[rollout] = reviewing.reviewed(
                    rollout, self.desk.database, self.desk.now, wish_of=self.desk.wish_of
                )
            except NotPlanned:
                continue
            except LedgerError:
                raise
            except RolloutSyncError as error:  # it must not silence what is to be told of the others
                self.untold[name] = error.what
        return found

    @cached_property
    def readers(self) -> tuple[Reader, ...]:
        """Everybody who is told of one of them."""
        return readers_of([one.case.rollout for one in self.made.values()], self.desk.settings)

    def theirs(self, reader: Reader) -> list[Reviewed]:
        """The rollouts in which a reader has a seat."""
        return [self.made[seat.rollout] for seat in reader.seats if seat.rollout in self.made]

    def days(self, reader: Reader) -> MailDays:
        """When mails go out to a reader."""
        return MailDays.of(one.case.calendar for one in self.theirs(reader))

    def last(self, reader: Reader) -> LastDigest | None:
        """What was kept of a reader."""
        with self.desk.database.reading() as connection:
            body = readers.told(connection, reader.email)
        return read_record(LastDigest, body) if body is not None else None

    def since(self, reader: Reader, last: LastDigest | None) -> datetime | None:
        """From when on slots count: the last digest, or when they became a reader."""
        if last is not None:
            return last.at
        began = [one.case.snapshot.agreed[0].since for one in self.theirs(reader) if one.case.snapshot.agreed]
        return min(began, default=None)


def compose(desk: Desk, *, everybody: bool = False) -> Composed:
    """What is due now; with `everybody` as if each reader and chat were due, and whatever is owed."""
    audience = Audience(desk=desk)
    mails = _mails(audience, everybody=everybody) if desk.has_mail or everybody else Composed()
    return replace(mails, cards=tuple(_cards(audience, everybody=everybody)), untold=audience.untold)


def _cards(audience: Audience, *, everybody: bool) -> Iterable[Wish]:
    desk = audience.desk
    if desk.chat is None:
        return ()
    made = audience.made.values()
    if everybody:
        return [card_wish(one, desk.chat, desk.now.astimezone(ZoneInfo(desk.settings.zone)).date()) for one in made]
    with desk.database.reading() as connection:
        return list(due_cards(made, desk.chat, desk.settings, desk.now, connection))


def _mails(audience: Audience, *, everybody: bool) -> Composed:
    desk = audience.desk
    digests: list[tuple[Digest, Mail]] = []
    silent: list[str] = []
    known: dict[str, LastDigest] = {}
    for reader in audience.readers:
        last = audience.last(reader)
        slot = due_slot(reader, audience.since(reader, last), desk.now, audience.days(reader))
        if slot is None and everybody:
            slot = Slot(period=f"{desk.now:%Y-%m-%d}", at=desk.now)
        if slot is None:
            continue
        digest = digest_of(reader, audience.theirs(reader), None if everybody else last, desk.now, slot.period)
        if digest is None:
            silent.append(reader.email)
            known[reader.email] = (last or LastDigest(at=desk.now)).silent(desk.now, slot.period)
            continue
        mail = digest_mail(digest, desk.sender, _pictures(digest, audience) if desk.pictures else {})
        digests.append((digest, mail))
        known[reader.email] = digest.kept(last, mail.message_id)
    reminders = tuple(_reminders(audience, desk, everybody=everybody))
    return Composed(digests=tuple(digests), reminders=reminders, silent=tuple(silent), known=known)


def _pictures(digest: Digest, audience: Audience) -> dict[RolloutId, Picture]:
    return {one.rollout: picture for one in digest.sections if (picture := audience.picture(one.rollout)) is not None}


def _reminders(audience: Audience, desk: Desk, *, everybody: bool) -> Iterable[tuple[Reminder, Mail]]:
    """Short mails about gates; those that can wait go in working hours of the digest's zone."""
    zone = desk.settings.zone
    for made in audience.made.values():
        days = MailDays.of([made.case.calendar])
        may = everybody or may_remind(zone, desk.settings.time, desk.now, days)
        for one in reminders_of(made):
            if may or one.is_urgent:
                yield one, reminder_mail(one, desk.sender, zone)


def plan(desk: Desk) -> Planned:
    """Put everything that is due into the outbox, once; what is planned already is left alone."""
    composed = compose(desk)
    wishes = [*wishes_of(composed, desk), *composed.cards]
    with desk.database.transaction() as connection:
        fresh = outbox.plan(connection, wishes, desk.now)
        for address, last in composed.known.items():
            readers.keep(connection, address, record(last))
    return Planned(fresh=fresh, silent=composed.silent, untold=composed.untold)


def wishes_of(composed: Composed, desk: Desk) -> list[Wish]:
    """The mails in the form in which they leave."""
    about: list[tuple[Mail, tuple[RolloutId, ...], str, str]] = [
        (mail, (one.rollout,), "", one.event) for one, mail in composed.reminders
    ]
    about += [
        (mail, tuple(section.rollout for section in (*one.sections, *one.quiet)), one.period, one.content)
        for one, mail in composed.digests
    ]
    return [
        Wish(
            parcel=parcel_of(mail, desk),
            kind=mail.kind,
            rollouts=told,
            period=period,
            content_hash=content,
            subject=mail.subject,
        )
        for mail, told, period, content in about
    ]


def parcel_of(mail: Mail, desk: Desk) -> Parcel:
    """The message of a mail with its envelope."""
    return Parcel(
        event=mail.event,
        sender=desk.sender.sender,
        to=mail.to,
        message_id=mail.message_id,
        content=as_message(mail, desk.sender, desk.now).as_bytes(),
    )


def turns(desk: Desk) -> tuple[Turn, ...]:
    """Who is told when, the next one first."""
    audience = Audience(desk=desk)
    found = [_turn(reader, audience, desk.now) for reader in audience.readers]
    return tuple(sorted(found, key=lambda one: (one.next is None, one.next or desk.now, one.email)))


def _turn(reader: Reader, audience: Audience, now: datetime) -> Turn:
    last = audience.last(reader)
    days = audience.days(reader)
    slot = due_slot(reader, audience.since(reader, last), now, days) or next_due(reader, now, days)
    return Turn(
        email=reader.email,
        name=reader.name,
        rollouts=tuple(seat.rollout for seat in reader.seats),
        every=reader.every.value,
        next=slot.at if slot is not None else None,
        last=last.at if last is not None else None,
    )
