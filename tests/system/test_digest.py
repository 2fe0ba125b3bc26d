"""Managers get the summary: mails are composed, sent once, looked at before, and settled by a person where needed."""

from __future__ import annotations

import pytest
from tests.system.test_sync import later, ready_for_gates, sync

from support import small
from support.desk import BOTH

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
        assert done.code == 2
        assert "channel" in done.err
