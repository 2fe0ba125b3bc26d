"""Managers get the summary: mails are composed, sent once, looked at before, and settled by a person where needed."""

from __future__ import annotations

import json

import pytest
from tests.system.test_sync import later, ready_for_gates, sync, work

from support import small
from support.desk import BOTH
from support.faulty import FaultServer, drop, reply
from support.mailroom import Mailroom

MAIL = """
[mail]
channel = "graph"
sender = "cora.coordinator@example.com"

[digest]
zone = "Europe/Berlin"
time = "08:00"
weekday = "mon"
"""
FRIDA = "frida.figures@example.com"


@pytest.fixture
def office(desk):
    """A desk whose rollout runs, with the mail channel set up."""
    desk.configure(BOTH + MAIL)
    assert desk.call(*small.start()).code == 0
    sync(desk)
    return desk


class TestDigest:
    def test_nothing_is_due_before_the_first_slot(self, office):
        assert office.ask("digest", "--due").result["sent"] == []

    def test_each_reader_gets_one_mail_and_not_a_second(self, office):
        ready_for_gates(office)
        later(office, 7)
        sync(office)
        sent = office.ask("digest", "--due")
        assert sent.code == 0, sent.out
        to = [one["to"] for one in sent.result["sent"]]
        assert FRIDA in to
        assert len(to) == len({(one["to"], one["kind"], one["subject"]) for one in sent.result["sent"]})
        again = office.ask("digest", "--due")
        assert again.result["sent"] == []

    def test_a_mail_whose_end_nobody_knows_is_shown_and_never_sent_by_itself(self, office):
        ready_for_gates(office)
        later(office, 7)
        sync(office)
        office.at.faults({"kind": "drop_after", "route": "/graph/v1.0/users/*/sendMail", "nth": [1]})
        first = office.ask("digest", "--due")
        assert first.code == 4
        (doubtful,) = first.result["unconfirmed"]
        assert "nobody knows" in office.call("status").out
        again = office.ask("digest", "--due")
        assert again.result["sent"] == []
        assert [one["event"] for one in again.result["unconfirmed"]] == [doubtful["event"]]
        assert office.call("digest", "--dismiss", doubtful["event"]).code == 0
        assert office.ask("digest").result["open"] == []

    def test_preview_writes_files_and_sends_nothing(self, office):
        done = office.ask("digest", "--preview", "mails")
        assert done.code == 0, done.err
        assert done.result["files"]
        assert {file.suffix for file in (office.folder / "mails").iterdir()} == {".eml", ".html"}
        assert office.ask("digest").result["open"] == []

    def test_without_a_channel_it_says_so(self, desk):
        desk.configure()
        done = desk.call("digest", "--due")
        assert done.code == 0  # the scheduled job runs it all the same
        assert "no channel for mails or cards is configured" in done.out


WEBHOOK = "https://hooks.slack.com"
CHAT = """
[digest]
zone = "Europe/Berlin"
webhook = "slack"
"""


class TestChat:
    """A chat hears of each rollout by a card; mails need not be configured."""

    @pytest.fixture
    def room(self):
        server = FaultServer()
        yield server
        server.close()

    @pytest.fixture
    def chatty(self, desk, room):
        """Monday noon in Berlin, with a rollout that runs."""
        secret = f"{WEBHOOK}/services/T000/B000/canary-of-the-webhook"
        desk.configure(BOTH + CHAT, ROLLOUT_SYNC_WEBHOOK_URL=secret)
        desk.elsewhere[WEBHOOK] = room.url
        assert desk.call(*small.start()).code == 0
        sync(desk)
        return desk

    def test_a_card_leaves_once_and_again_with_news_of_another_day(self, chatty, room):
        room.steps = [reply(200, raw=b"ok", Content_Type="text/html")] * 3
        first = chatty.ask("digest", "--due")
        assert [one["to"] for one in first.result["sent"]] == ["slack"], first.out
        assert small.NAME in json.loads(room.seen[0].body)["text"]
        assert chatty.ask("digest", "--due").result["sent"] == []
        work(chatty, "Inventory")
        later(chatty, 1)
        sync(chatty)
        assert len(chatty.ask("digest", "--due").result["sent"]) == 1
        assert len(room.seen) == 2

    @pytest.mark.slow
    def test_a_lost_answer_is_shown_and_settled_by_a_person(self, chatty, room):
        room.steps = [drop]
        done = chatty.ask("digest", "--due")
        assert done.code == 4
        (doubtful,) = done.result["unconfirmed"]
        assert chatty.ask("digest", "--due").result["sent"] == []
        assert len(room.seen) == 1
        assert chatty.call("digest", "--dismiss", doubtful["event"]).code == 0
        assert chatty.ask("digest", "--due").code == 0

    @pytest.mark.slow
    def test_the_address_is_told_nobody(self, chatty, room):
        room.steps = [reply(404, {"error": "no_service"})]
        chatty.call("digest", "--due")
        chatty.call("digest")
        chatty.call("status")
        assert not [said for said in chatty.said if "canary-of-the-webhook" in said]

    @pytest.mark.slow
    def test_the_preview_writes_the_card(self, chatty, room):
        done = chatty.ask("digest", "--preview", "mails")
        card = chatty.folder / "mails" / f"card-slack-{small.ROLLOUT}.json"
        assert json.loads(card.read_text(encoding="utf-8"))["blocks"]
        assert str(card) in [str(chatty.folder / file) for file in done.result["files"]]
        assert not room.seen


class TestDoctor:
    """The mail server is tried at its door."""

    def checked(self, desk, port):
        server = f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"'
        desk.configure(BOTH + f'\n[mail]\nchannel = "smtp"\nsender = "rollouts@example.com"\n{server}\n')
        return {one["name"]: one for one in desk.ask("doctor").result}["mail"]

    def test_a_server_that_lets_us_in(self, desk):
        with Mailroom() as room:
            assert self.checked(desk, room.port)["level"] == "ok"
            assert not room.kept

    def test_a_server_that_is_not_there(self, desk):
        with Mailroom() as room:
            port = room.port
        found = self.checked(desk, port)
        assert found["level"] == "fail"
        assert "refused" in found["found"]
        assert "[mail] host" in found["fix"]
