"""The outbox and its runs: each mail once, every doubt visible, and nothing in flight twice."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_sync.config import MailMode
from rollout_sync.errors import LedgerBusy, LedgerError, RolloutSyncError, Unavailable
from rollout_sync.ledger import lease, outbox
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.outbox import State, Way, Wish
from rollout_sync.model.mail import Channel, ChannelShut, MailKind, Parcel
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Refused
from rollout_sync.model.rollout import RolloutId
from rollout_sync.sync.sending import LEASE, MOST_ATTEMPTS, Rules, Step, again, deliver, let_be, step_for
from rollout_sync.trackers.post import Place, Trail

NOW = datetime(2027, 3, 8, 8, tzinfo=UTC)
HORIZON = timedelta(minutes=5)
ONCE = Rules(mode=MailMode.AT_MOST_ONCE, horizon=HORIZON)
LEAST = Rules(mode=MailMode.AT_LEAST_ONCE, horizon=HORIZON)
DONE = Done(remote=Remote(id=""))


class Killed(BaseException):
    """The process dies here."""


@dataclass
class HandClock:
    at: datetime = NOW

    def now(self):
        return self.at

    def monotonic(self):
        return (self.at - NOW).total_seconds()

    def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)


@dataclass
class Fake:
    """A service with a mailbox: what arrived, and what becomes of the next requests.

    `script` holds outcomes for `send`, or pairs (arrives, outcome); Killed ends the process after the effect.
    """

    script: list = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    asked: int = 0
    closed: int = 0
    channel: Channel = Channel.MAIL
    drafts = None
    database: Database | None = None

    def send(self, parcel):
        self.asked += 1
        if self.database is not None:
            assert states(self.database)[parcel.event] == State.SENDING
        arrives, outcome = self.script.pop(0) if self.script else (True, DONE)
        if arrives:
            self.arrived.append(parcel.event)
        if outcome is Killed:
            raise Killed
        return outcome

    def close(self):
        self.closed += 1


class FakeDrafts:
    """The same with drafts: `script` is for `send_draft`, `drafting` for `draft`, `looks` for `find`."""

    channel = Channel.MAIL

    def __init__(self):
        self.script, self.drafting, self.looks = [], [], []
        self.arrived, self.kept = [], {}
        self.made = 0

    @property
    def drafts(self):
        return self

    def send(self, parcel):
        raise AssertionError(f"{parcel.event} is sent without a draft")

    def draft(self, parcel):
        arrives, outcome = self.drafting.pop(0) if self.drafting else (True, DONE)
        self.made += 1
        draft_id = f"draft-{self.made}"
        if arrives:
            self.kept[draft_id] = parcel.event
        if outcome is Killed:
            raise Killed
        return Done(remote=Remote(id=draft_id)) if outcome is DONE else outcome

    def send_draft(self, remote):
        arrives, outcome = self.script.pop(0) if self.script else (True, DONE)
        if arrives and remote in self.kept:
            self.arrived.append(self.kept.pop(remote))
        if outcome is Killed:
            raise Killed
        return outcome

    def find(self, wanted):
        look = self.looks.pop(0) if self.looks else None
        if look is not None:
            raise look
        return {event: self._trail(event) for event in wanted}

    def _trail(self, event):
        if event in self.arrived:
            return Trail(place=Place.SENT)
        found = next((draft for draft, kept in self.kept.items() if kept == event), None)
        return Trail(place=Place.DRAFT, remote=found) if found else Trail(place=Place.ABSENT)

    def close(self):
        pass


def wish(event="event-1", to="sam.seller@example.com", **over):
    parcel = Parcel(
        event=event, sender="rollouts@example.com", to=to, message_id=f"{event}@example.com", content=b"Subject: x\r\n"
    )
    values = {
        "parcel": parcel,
        "kind": MailKind.DIGEST,
        "rollouts": (RolloutId("mfa-2027"),),
        "period": "2027-W10",
        "content_hash": event,
        "subject": "[AMBER v] MFA 2027",
    }
    return Wish(**{**values, **over})


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """A new ledger's file: migrating one for each example would take most of the time."""
    path = tmp_path_factory.mktemp("blank") / "ledger.db"
    Database(path).close()
    return path


@pytest.fixture
def database(tmp_path, blank):
    opened = Database(Path(shutil.copy(blank, tmp_path)))
    yield opened
    opened.close()


@pytest.fixture
def run(database, clock):
    def run(post, *wishes, rules=ONCE, **how):
        return deliver(wishes, post=post, database=database, clock=clock, rules=rules, **how)

    return run


def states(database):
    with database.reading() as connection:
        return {one.event: one.state for one in outbox.letters(connection, *State)}


def row(database, event="event-1"):
    with database.reading() as connection:
        return outbox.letter(connection, event)


def events(letters):
    return [one.event for one in letters]


def test_a_mail_goes_out_once_however_often_it_is_wished_for(run, database):
    post = Fake(database=database)
    first = run(post, wish())
    assert (events(first.sent), first.is_finished) == (["event-1"], True)
    assert run(post, wish()).sent == ()
    assert post.arrived == ["event-1"]
    assert post.closed == 2
    kept = row(database)
    assert (kept.state, kept.attempts, kept.sent_at, kept.way) == (State.SENT, 1, NOW, Way.DIRECT)


def test_the_same_reader_period_and_content_is_one_mail_whatever_its_event(run):
    post = Fake()
    run(post, wish("event-1", content_hash="c"))
    run(post, wish("event-2", content_hash="c", to="SAM.seller@example.com"))
    assert post.arrived == ["event-1"]
    run(post, wish("event-3", content_hash="c", period="2027-W11"), wish("event-4", content_hash="d"))
    run(post, wish("event-5", content_hash="c", to="frida.figures@example.com"))
    assert post.arrived == ["event-1", "event-3", "event-4", "event-5"]


def test_what_was_sent_is_no_longer_kept(run, database):
    run(Fake([(True, DONE), (False, InDoubt(reason="lost"))]), wish("a"), wish("b"))
    with database.reading() as connection:
        assert outbox.parcel_of(connection, "a").content == b""
        assert outbox.parcel_of(connection, "b").content == b"Subject: x\r\n"
        with pytest.raises(LookupError):
            outbox.parcel_of(connection, "unknown")


@pytest.mark.parametrize("arrives", [True, False])
def test_a_doubt_is_shown_and_never_sent_again_by_itself(run, database, clock, arrives):
    post = Fake([(arrives, InDoubt(reason="the connection broke"))])
    assert events(run(post, wish()).unconfirmed) == ["event-1"]
    for _ in range(3):
        clock.sleep(3_600)
        later = run(post, wish())
        assert (events(later.unconfirmed), later.is_finished) == (["event-1"], False)
    assert post.asked == 1
    assert row(database).last_error == "the connection broke"


@pytest.mark.parametrize("arrives", [True, False])
def test_a_run_that_dies_leaves_a_doubt(run, database, clock, arrives):
    post = Fake([(arrives, Killed)])
    with pytest.raises(Killed):
        run(post, wish())
    assert states(database) == {"event-1": State.SENDING}
    clock.sleep(3_600)
    assert events(run(post, wish("event-2", content_hash="x")).unconfirmed) == ["event-1"]
    assert post.asked == 2
    assert row(database).last_error == "the run ended before an answer came"


def test_on_a_persons_word_it_is_sent_again(run, database, clock):
    post = Fake([(False, InDoubt(reason="lost"))])
    run(post, wish())
    assert again("event-1", database=database, clock=clock).state is State.PLANNED
    assert events(run(post).sent) == ["event-1"]
    assert post.arrived == ["event-1"]
    with pytest.raises(RolloutSyncError, match="SENT, and cannot be sent again"):
        again("event-1", database=database, clock=clock)
    with pytest.raises(RolloutSyncError, match="there is no mail") as caught:
        again("event-9", database=database, clock=clock)
    assert caught.value.hint


def test_a_person_may_let_it_be(run, database, clock):
    run(Fake([(True, InDoubt(reason="lost")), (False, Refused(reason="550 nobody"))]), wish("a"), wish("b"))
    assert let_be("a", database=database, clock=clock).state is State.SENT
    assert let_be("b", database=database, clock=clock).state is State.DROPPED
    later = run(Fake())
    assert later == replace(later, sent=(), unconfirmed=(), failed=(), again=())
    with pytest.raises(RolloutSyncError, match="cannot be laid aside"):
        let_be("b", database=database, clock=clock)


@pytest.mark.parametrize("arrives", [True, False])
def test_at_least_once_sends_again_after_the_horizon_and_not_before(run, clock, arrives):
    post = Fake([(arrives, InDoubt(reason="lost"))])
    run(post, wish(), rules=LEAST)
    clock.sleep(HORIZON.total_seconds() - 1)
    assert events(run(post, rules=LEAST).unconfirmed) == ["event-1"]
    assert post.asked == 1
    clock.sleep(1)
    assert events(run(post, rules=LEAST).sent) == ["event-1"]
    assert post.arrived == ["event-1"] * (1 + arrives)


def test_at_least_once_asks_a_person_in_the_end(run, clock):
    post = Fake([(True, InDoubt(reason="lost"))] * 20)
    for _ in range(10):
        last = run(post, wish(), rules=LEAST)
        clock.sleep(3_600)
    assert post.asked == MOST_ATTEMPTS
    assert events(last.unconfirmed) == ["event-1"]


def test_a_refusal_that_may_pass_is_tried_by_the_next_run(run, database):
    post = Fake([(False, Refused(reason="450 greylisted", again=True))])
    first = run(post, wish("a"), wish("b"))
    assert (events(first.sent), events(first.again), first.is_finished) == (["b"], ["a"], False)
    assert row(database, "a").last_error == "450 greylisted"
    assert events(run(post).sent) == ["a"]


def test_a_refusal_for_good_is_shown_and_not_tried_again(run):
    post = Fake([(False, Refused(reason="550 nobody here"))])
    assert [one.last_error for one in run(post, wish()).failed] == ["550 nobody here"]
    assert run(post, wish()).failed == ()
    assert post.asked == 1


def test_a_shut_channel_ends_the_run_and_loses_nothing(run):
    shut = ChannelShut(reason="535 wrong password", hint="check it")
    post = Fake([(False, shut)])
    first = run(post, wish("a"), wish("b"), wish("c"))
    assert (first.stopped, events(first.again)) == (shut, ["a", "b", "c"])
    assert post.asked == 1
    assert events(run(post).sent) == ["a", "b", "c"]


def test_a_mail_that_could_not_leave_for_days_fails_and_is_shown(run, clock):
    post = Fake([(False, ChannelShut(reason="the server is away"))])
    run(post, wish())
    clock.sleep(timedelta(days=3, seconds=1).total_seconds())
    (failed,) = run(post).failed
    assert "the server is away" in failed.last_error
    assert post.asked == 1


def test_older_news_goes_first(run, clock):
    post = Fake([(False, ChannelShut(reason="away"))])
    run(post, wish("z"))
    clock.sleep(86_400)
    run(post, wish("a", content_hash="n"))
    assert post.arrived == ["z", "a"]


def test_two_runs_never_send_at_the_same_time(run, database, clock):
    with lease.held(database, LEASE, clock), pytest.raises(LedgerBusy, match="outgoing mail"):
        run(Fake(), wish())
    assert states(database) == {}


def test_mails_are_planned_inside_the_lease(run, database, clock):
    def prepare():
        with pytest.raises(LedgerBusy), lease.held(database, LEASE, clock):
            pass
        with database.transaction() as connection:
            outbox.plan(connection, [wish()], clock.now())

    assert events(run(Fake(), prepare=prepare).sent) == ["event-1"]


def test_a_run_that_lost_its_lease_sends_nothing_more(run, database, clock):
    def stolen():
        with database.transaction() as connection:
            connection.exec_driver_sql("UPDATE lease SET owner = 'another', fence = fence + 1")

    post = Fake()
    with pytest.raises(LedgerBusy, match="took over"):
        run(post, wish(), between=stolen)
    assert post.asked == 0
    assert states(database) == {"event-1": State.PLANNED}


def test_a_run_that_is_asked_to_end_ends_between_two_mails(run, database):
    calls = []

    def between():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    post = Fake()
    with pytest.raises(KeyboardInterrupt):
        run(post, wish("a"), wish("b"), between=between)
    assert states(database) == {"a": State.SENT, "b": State.PLANNED}
    assert post.closed == 1


def test_another_channel_is_left_alone(run, database):
    card = Fake(channel=Channel.WEBHOOK)
    run(card, wish("card", channel=Channel.WEBHOOK), wish("mail"))
    assert (card.arrived, states(database)["mail"]) == (["card"], State.PLANNED)


# Drafts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_answer_to_a_draft_is_cleared_up(run, database, clock, arrives):
    post = FakeDrafts()
    post.script = [(arrives, InDoubt(reason="lost"))]
    run(post, wish())
    assert row(database).draft_id == "draft-1"
    first = run(post)
    assert events(first.sent) == (["event-1"] if arrives else [])  # before the horizon a draft may still be leaving
    clock.sleep(HORIZON.total_seconds())
    run(post)
    assert (post.arrived, states(database)) == (["event-1"], {"event-1": State.SENT})
    assert post.made == 1


@pytest.mark.parametrize("arrives", [True, False])
def test_a_run_that_dies_while_drafting_sent_nothing(run, database, arrives):
    post = FakeDrafts()
    post.drafting = [(arrives, Killed)]
    with pytest.raises(Killed):
        run(post, wish())
    assert events(run(post).sent) == ["event-1"]
    assert post.arrived == ["event-1"]
    assert post.made == 2 - arrives  # a draft that is there is used


@pytest.mark.parametrize("arrives", [True, False])
def test_a_run_that_dies_while_sending_a_draft(run, clock, arrives):
    post = FakeDrafts()
    post.script = [(arrives, Killed)]
    with pytest.raises(Killed):
        run(post, wish())
    run(post)
    clock.sleep(HORIZON.total_seconds())
    run(post)
    assert post.arrived == ["event-1"]


@pytest.mark.parametrize("outcome", [InDoubt(reason="lost"), Refused(reason="no", again=True)])
def test_a_draft_that_was_not_made_is_no_doubt(run, outcome):
    post = FakeDrafts()
    post.drafting = [(False, outcome)]
    assert events(run(post, wish()).again) == ["event-1"]
    assert events(run(post).sent) == ["event-1"]


def test_a_draft_that_vanished_stays_a_doubt(run, database, clock):
    post = FakeDrafts()
    post.script = [(False, InDoubt(reason="lost"))]
    run(post, wish())
    post.kept.clear()
    clock.sleep(86_400)
    assert events(run(post).unconfirmed) == ["event-1"]
    assert events(run(post, rules=LEAST).sent) == ["event-1"]


def test_what_another_ledger_sent_is_not_sent_again(run, database):
    post = FakeDrafts()
    post.arrived = ["event-1"]
    assert events(run(post, wish()).sent) == ["event-1"]
    assert post.arrived == ["event-1"]
    assert row(database).attempts == 0


def test_where_nobody_can_look_nothing_is_sent(run):
    post = FakeDrafts()
    post.looks = [Unavailable("graph is away", hint="later")]
    first = run(post, wish())
    assert (first.stopped.reason, events(first.again)) == ("graph is away", ["event-1"])
    assert events(run(post).sent) == ["event-1"]


def test_a_doubt_without_a_draft_stays_one_when_drafts_are_switched_on(run, clock):
    run(Fake([(True, InDoubt(reason="lost"))]), wish())
    clock.sleep(86_400)
    post = FakeDrafts()
    assert events(run(post).unconfirmed) == ["event-1"]
    assert post.made == 0


def test_a_run_that_died_before_drafts_were_switched_on_left_a_doubt(run, clock):
    with pytest.raises(Killed):
        run(Fake([(True, Killed)]), wish())
    assert events(run(FakeDrafts()).unconfirmed) == ["event-1"]


LETTER = outbox.Letter(
    event="e",
    channel=Channel.MAIL,
    kind=MailKind.DIGEST,
    address="a@example.com",
    rollouts=(),
    period="p",
    subject="s",
    message_id="m",
    state=State.UNCONFIRMED,
    planned_at=NOW,
    sent_at=NOW,
    attempts=1,
    way=Way.DIRECT,
    draft_id="",
    last_error="",
)
SENT, DRAFT, ABSENT = Trail(place=Place.SENT), Trail(place=Place.DRAFT, remote="d"), Trail(place=Place.ABSENT)


@pytest.mark.parametrize(
    ("way", "trail", "mode", "is_late", "step"),
    [
        (Way.DIRECT, None, ONCE.mode, True, Step.WAIT),
        (Way.DIRECT, None, LEAST.mode, False, Step.WAIT),
        (Way.DIRECT, None, LEAST.mode, True, Step.SEND_AGAIN),
        (Way.DIRECT, SENT, ONCE.mode, False, Step.SENT),
        (Way.DIRECT, DRAFT, ONCE.mode, True, Step.WAIT),
        (Way.DRAFT, SENT, ONCE.mode, False, Step.SENT),
        (Way.DRAFT, DRAFT, ONCE.mode, False, Step.WAIT),
        (Way.DRAFT, DRAFT, ONCE.mode, True, Step.SEND_DRAFT),
        (Way.DRAFT, ABSENT, ONCE.mode, True, Step.WAIT),
        (Way.DRAFT, ABSENT, LEAST.mode, True, Step.SEND_AGAIN),
        (Way.DRAFT, None, ONCE.mode, True, Step.WAIT),
    ],
)
def test_what_is_done_about_a_doubt(way, trail, mode, is_late, step):
    assert step_for(replace(LETTER, way=way), trail, mode, is_late=is_late) is step


# The file itself -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["PLANNED", "SENDING", "UNCONFIRMED", "FAILED", "DROPPED"])
def test_sqlite_itself_keeps_a_sent_mail_from_being_sent_again(run, database, state):
    run(Fake(), wish())
    with pytest.raises(LedgerError, match="forbidden change of state"), database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE outbox SET state = '{state}'")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM outbox",
        "UPDATE outbox SET content_hash = 'other'",
        "UPDATE outbox SET reader = 'other'",
        "UPDATE outbox SET event = 'other'",
        "UPDATE outbox SET state = 'LOST'",
    ],
)
def test_sqlite_itself_keeps_what_was_told(run, database, statement):
    run(Fake(), wish())
    with pytest.raises(LedgerError), database.transaction() as connection:
        connection.exec_driver_sql(statement)
    raw = sqlite3.connect(database.path)
    assert raw.execute("SELECT event, state FROM outbox").fetchall() == [("event-1", "SENT")]
    raw.close()


# Everything together -------------------------------------------------------------------------------------------------

ENDINGS = st.sampled_from(
    [
        (True, DONE),
        (True, InDoubt(reason="lost")),
        (False, InDoubt(reason="lost")),
        (True, Killed),
        (False, Killed),
        (False, Refused(reason="later", again=True)),
        (False, Refused(reason="never")),
        (False, ChannelShut(reason="away")),
    ]
)


def carried_out(blank, folder, post, script, rules):
    """Runs until the script is used up and everything is settled; what became of the mails."""
    clock = HandClock()
    database = Database(Path(shutil.copy(blank, folder)))
    post.script = list(script)
    wishes = [wish(f"event-{n}") for n in range(3)]
    try:
        for _ in range(len(script) + 4):
            with contextlib.suppress(Killed):
                deliver(wishes, post=post, database=database, clock=clock, rules=rules)
            clock.sleep(HORIZON.total_seconds() + 1)
        return states(database)
    finally:
        database.close()


@settings(max_examples=25)
@given(script=st.lists(ENDINGS, max_size=8), with_drafts=st.booleans())
def test_at_most_once_no_mail_twice_and_none_silently_lost(blank, tmp_path_factory, script, with_drafts):
    post = FakeDrafts() if with_drafts else Fake()
    found = carried_out(blank, tmp_path_factory.mktemp("l"), post, script, ONCE)
    assert len(post.arrived) == len(set(post.arrived))
    for event, state in found.items():
        assert state in {State.SENT, State.UNCONFIRMED, State.FAILED}
        if state is State.SENT:
            assert event in post.arrived
        if state is State.FAILED:
            assert event not in post.arrived
        assert not (with_drafts and state is State.UNCONFIRMED)  # a look clears every doubt up


@settings(max_examples=25)
@given(script=st.lists(ENDINGS, max_size=4), with_drafts=st.booleans())
def test_at_least_once_none_is_missing(blank, tmp_path_factory, script, with_drafts):
    post = FakeDrafts() if with_drafts else Fake()
    found = carried_out(blank, tmp_path_factory.mktemp("l"), post, script, LEAST)
    for event, state in found.items():
        assert state in {State.SENT, State.FAILED}
        if state is State.SENT:
            assert event in post.arrived  # a failed one may have arrived, too: at a doubt before it was refused
