"""The summary of a rollout as a card in a chat: one a day at most, and only where it tells something new.

A card goes out from the hour of digests on, on working days. Nobody can ask a chat what it has, so that the outbox's
row is all that is known of a card; one whose answer was lost is shown as unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rollout_sync.config.settings import DigestSettings
from rollout_sync.ledger import outbox
from rollout_sync.ledger.opening import Transaction
from rollout_sync.ledger.outbox import Wish
from rollout_sync.model.codec import fingerprint
from rollout_sync.model.mail import EVENT_LETTERS, Channel, MailKind, Parcel
from rollout_sync.report.cadence import MailDays, may_remind
from rollout_sync.report.cards import Chat, card
from rollout_sync.report.digest import Made
from rollout_sync.report.summary import summary_of


def due_cards(
    made: Iterable[Made], chat: Chat, settings: DigestSettings, now: datetime, known: Transaction
) -> Iterator[Wish]:
    """Cards of the rollouts that have news since their last card, where cards may go out now."""
    day = now.astimezone(ZoneInfo(settings.zone)).date()
    for one in made:
        if not may_remind(settings.zone, settings.time, now, MailDays.of([one.case.calendar])):
            continue
        wish = card_wish(one, chat, day)
        if outbox.newest_content(known, wish.parcel.to, wish.rollouts) != wish.content_hash:
            yield wish


def card_wish(made: Made, chat: Chat, day: date) -> Wish:
    """The card of a rollout for the outbox; a second one of the same day is the same event.

    Args:
        made: the rollout with its case and review.
        chat: the form of the card; the outbox names the chat by it, never by its address.
        day: in the zone of digests.
    """
    summary, rollout = summary_of(made), made.case.rollout.id
    period = f"{rollout} {day.isoformat()}"
    event = fingerprint(["card", chat.value, period])[:EVENT_LETTERS]
    return Wish(
        parcel=Parcel(event=event, sender="", to=chat.value, message_id="", content=card(made.name, summary, chat)),
        kind=MailKind.DIGEST,
        rollouts=(rollout,),
        period=period,
        content_hash=summary.content,
        subject=f"{made.name}: {summary.headline}",
        channel=Channel.WEBHOOK,
    )
