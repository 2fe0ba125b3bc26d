"""What a scheduled run leaves behind for those who watch it: metrics, a log for programs, a line in `status`."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from rollout_sync.cli.render_status import silence
from rollout_sync.health.review import Colour, PastReview
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.model.snapshot import Coverage
from rollout_sync.sync.reviewing import Row
from support import small
from support.standin import NOW, SECRETS

EVERY = timedelta(minutes=15)
DAY = 86_400.0


@pytest.fixture
def running(desk):
    assert desk.call(*small.start()).code == 0
    desk.at.forget()
    return desk


def samples(desk):
    lines = (desk.folder / "out.prom").read_text(encoding="utf-8").splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _blank, value in pairs}


class TestMetrics:
    def test_a_tick_in_numbers(self, running):
        running.at.faults({"kind": "429", "route": "/jira/rest/api/3/search/jql", "nth": [1], "retry_after": 7})
        assert running.call("--metrics", "out.prom", "sync", "--all-due").code == 0
        found = samples(running)
        assert found['rollout_sync_run_exit_code{command="sync"}'] == 0
        assert found['rollout_sync_run_requests{command="sync",service="jira",outcome="limited"}'] == 1
        assert found['rollout_sync_run_retries{command="sync",service="jira"}'] == 1
        assert found['rollout_sync_run_throttled_seconds{command="sync",service="jira"}'] == 7
        asked = running.at.asked()
        graph = found['rollout_sync_run_requests{command="sync",service="graph",outcome="ok"}']
        assert graph == sum(number for route, number in asked.items() if "/graph/" in route)
        assert found["rollout_sync_rollouts"] == 1
        lit = [name for name, value in found.items() if name.startswith("rollout_sync_rollout_health") and value]
        assert len(lit) == 1
        items = {
            name: found[f'rollout_sync_rollout_items_{name}{{rollout="{small.ROLLOUT}"}}'] for name in ("done", "total")
        }
        assert items == {"done": 0, "total": 8}
        assert 0 <= found[f'rollout_sync_rollout_p_target{{rollout="{small.ROLLOUT}"}}'] <= 1
        read = found[f'rollout_sync_rollout_read_timestamp_seconds{{rollout="{small.ROLLOUT}"}}']
        assert abs(read - NOW.timestamp()) < 600
        assert found["rollout_sync_outbox_unconfirmed"] == 0

    @pytest.mark.slow
    def test_names_of_people_and_work_are_not_in_it(self, running):
        running.call("--metrics", "out.prom", "sync", "--all-due")
        text = (running.folder / "out.prom").read_text(encoding="utf-8")
        assert "Frida" not in text
        assert "example.com" not in text
        assert small.NAME not in text

    @pytest.mark.slow
    def test_a_service_that_is_away_shows(self, running):
        running.at.faults({"kind": "503", "route": "/jira/**"})
        assert running.call("--metrics", "out.prom", "sync", "--all-due").code == 4
        found = samples(running)
        assert found['rollout_sync_run_exit_code{command="sync"}'] == 4
        assert found['rollout_sync_run_requests{command="sync",service="jira",outcome="lost"}'] > 1


class TestLog:
    def lines(self, done):
        return [json.loads(line) for line in done.err.splitlines()]

    def test_one_object_a_line_covers_the_whole_tick(self, running):
        found = self.lines(running.call("--log", "json", "-v", "sync", "--all-due"))
        assert [one["event"] for one in found if one["event"] != "request"] == ["read", "synced", "finished"]
        requests = [one for one in found if one["event"] == "request"]
        assert {"at", "level", "message", "host", "request", "status", "milliseconds", "attempt"} <= set(requests[0])
        assert any(one.get("request_id") for one in requests)
        (synced,) = [one for one in found if one["event"] == "synced"]
        assert (synced["level"], synced["rollout"]) == ("info", small.ROLLOUT)
        assert synced["colour"] in set(Colour)

    @pytest.mark.slow
    def test_it_holds_no_secret(self, running):
        done = running.call("--log", "json", "-vv", "sync", small.NAME, "--full")
        assert not [secret for secret in SECRETS if secret in done.err + done.out]
        assert len(self.lines(done)) > 3

    def test_a_start_is_about_its_rollout(self, desk):
        found = self.lines(desk.call("--log", "json", "-v", *small.start()))
        assert {one.get("rollout") for one in found if one["event"] == "request"} == {small.ROLLOUT}
        assert found[-1]["event"] == "finished"

    def test_what_is_away_is_a_warning_without_being_asked_for(self, running):
        running.at.faults({"kind": "503", "route": "/graph/**"})
        found = self.lines(running.call("--log", "json", "sync", "--all-due"))
        assert [(one["event"], one["level"]) for one in found] == [("stale", "warning"), ("unfinished", "warning")]
        assert found[0]["service"] == "planner"
        assert (found[1]["rollout"], "summary waits" in found[1]["message"]) == (small.ROLLOUT, True)


class TestWatchdog:
    def test_status_says_when_nothing_was_read_for_long(self, running):
        assert running.call("sync", "--all-due").code == 0
        for words in (("status",), ("status", small.NAME)):
            assert "is the schedule running" not in running.call(*words).out
        running.clock.skipped += 5 * 3600
        for words in (("status",), ("status", small.NAME)):
            last = running.call(*words).out.splitlines()[-1]
            assert last == "! nothing was read for 5 hours; is the schedule running? rollout-sync schedule show"

    @pytest.mark.slow
    def test_a_schedule_that_runs_and_reads_nothing(self, running):
        assert running.call("sync", "--all-due").code == 0
        running.clock.skipped += 5 * 3600
        running.at.advance(5 * 3600)
        running.at.faults({"kind": "503", "route": "/jira/**"}, {"kind": "503", "route": "/graph/**"})
        assert running.call("sync", "--all-due").code == 4
        last = running.call("status").out.splitlines()[-1]
        assert last.startswith("! nothing could be read for 5 hours: ")

    @pytest.mark.slow
    def test_runs_that_begin_a_little_early_are_not_in_vain(self, running):
        assert running.call("sync", "--all-due").code == 0
        for seconds, is_read in ((14 * 60 + 30, True), (13 * 60, False)):
            running.clock.skipped += seconds
            tick = running.ask("sync", "--all-due").result
            assert bool(tick["quiet"] or tick["rollouts"]) is is_read


def row(hours, *, done=1, tried=None, reason="", total=5):
    good = None if hours is None else NOW - timedelta(hours=hours)
    half = Coverage(
        good_at=good, tried_at=NOW - timedelta(hours=tried if tried is not None else hours or 0), reason=reason
    )
    last = PastReview(at=NOW, colour=Colour.GREEN, computed=Colour.GREEN, done=done, total=total)
    return Row(id=RolloutId("x"), name="X", last=last, coverage={TrackerName.JIRA: half})


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], ""),
        ([row(0.7)], ""),
        ([row(0.8)], "nothing was read for 48 minutes; is the schedule"),
        ([row(5), row(0.1)], ""),
        ([row(72)], "nothing was read for 3 days; is"),
        ([row(5, done=5)], ""),
        ([row(None)], ""),
        ([row(5, tried=0.1, reason="gone")], "nothing could be read for 5 hours: gone"),
        ([row(5, tried=4, reason="gone")], "nothing was read for 5 hours; is the schedule"),
    ],
)
def test_silence(rows, expected):
    assert silence(rows, NOW, EVERY).startswith(expected)
    assert bool(silence(rows, NOW, EVERY)) is bool(expected)
