"""A card goes to a chat once for the same news, once a day at most, and is lost or repeated by nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from rollout_sync.config import MailMode
from rollout_sync.health.verdict import review
from rollout_sync.ledger import outbox
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.outbox import State
from rollout_sync.model.mail import Channel, ChannelShut
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt
from rollout_sync.report.cards import Chat
from rollout_sync.sync.carding import card_wish, due_cards
from rollout_sync.sync.reviewing import Reviewed
from rollout_sync.sync.sending import Rules, deliver
from support.digests import settings
from unit.health.cases import before_go_live, case_of, chain

DAY = date(2027, 2, 15)
RULES = Rules(mode=MailMode.AT_MOST_ONCE, horizon=timedelta(minutes=5))


class Clock:
    """Stands still."""

    def now(self):
        return datetime(2027, 2, 15, 9, tzinfo=UTC)

    def monotonic(self):
        return 0.0

    def sleep(self, seconds):
        raise AssertionError(seconds)


@dataclass
class Chatroom:
    """Takes cards, unless it is told what to answer."""

    script: list = field(default_factory=list)
    posted: list[bytes] = field(default_factory=list)
    channel: Channel = Channel.WEBHOOK
    drafts = None

    def send(self, parcel):
        self.posted.append(parcel.content)
        return self.script.pop(0) if self.script else Done(remote=Remote(id=""))

    def close(self):
        pass


@pytest.fixture
def database(tmp_path):
    found = Database(tmp_path / "ledger.sqlite")
    yield found
    found.close()


def told(now=None):
    case = case_of(chain(2, 2), now or before_go_live(10))
    return Reviewed(name="Teams", case=case, review=review(case, with_drivers=False))


def post(database, room, *wishes):
    return deliver(wishes, post=room, database=database, clock=Clock(), rules=RULES)


def due(database, made, now):
    with database.reading() as connection:
        return tuple(due_cards([made], Chat.TEAMS, settings(), now, connection))


MONDAY = datetime(2027, 2, 15, 9, tzinfo=UTC)


def test_the_same_news_go_out_once(database):
    room = Chatroom()
    for hours in (0, 1, 24, 48):
        post(database, room, *due(database, told(), MONDAY + timedelta(hours=hours)))
    assert len(room.posted) == 1


def test_a_chat_hears_of_a_rollout_once_a_day_at_most(database):
    room = Chatroom()
    post(database, room, *due(database, told(), MONDAY))
    news = told(before_go_live(2))
    post(database, room, *due(database, news, MONDAY + timedelta(hours=1)))
    assert len(room.posted) == 1
    post(database, room, *due(database, news, MONDAY + timedelta(days=1)))
    assert len(set(room.posted)) == 2


@pytest.mark.parametrize(
    "moment",
    [datetime(2027, 2, 14, 9, tzinfo=UTC), datetime(2027, 2, 15, 5, tzinfo=UTC), datetime(2027, 2, 15, 20, tzinfo=UTC)],
    ids=["sunday", "early", "late"],
)
def test_no_card_goes_out_when_nobody_works(database, moment):
    assert due(database, told(), moment) == ()


def test_a_lost_answer_is_shown_and_not_posted_again(database):
    room = Chatroom(script=[InDoubt(reason="no answer")])
    for _ in range(3):
        found = post(database, room, card_wish(told(), Chat.TEAMS, DAY))
    assert len(room.posted) == 1
    assert [one.state for one in found.unconfirmed] == [State.UNCONFIRMED]


def test_a_card_that_could_not_leave_goes_out_later(database):
    room = Chatroom(script=[ChannelShut(reason="down")])
    first = card_wish(told(), Chat.TEAMS, DAY)
    newer = card_wish(told(before_go_live(2)), Chat.TEAMS, DAY + timedelta(days=1))
    post(database, room, first)
    post(database, room, newer)
    assert sorted(room.posted[1:]) == sorted([first.parcel.content, newer.parcel.content])
    with database.reading() as connection:
        assert len(outbox.letters(connection, State.SENT)) == 2


def test_the_outbox_names_the_chat_and_never_its_address():
    wish = card_wish(told(), Chat.TEAMS, DAY)
    assert (wish.parcel.to, wish.channel) == ("teams", Channel.WEBHOOK)
    assert "http" not in f"{wish.parcel.to}{wish.subject}{wish.period}"
