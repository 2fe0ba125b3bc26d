"""Runs that meet and runs that are asked to end, as real processes: nothing twice, nothing left open, clear endings."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support import small
from support.standin import StandIn

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent to processes")
LATER = {"go_live": "2099-03-02"}
HORIZON = 400.0


@dataclass
class Office:
    """A folder with the small template, and commands as processes of their own."""

    folder: Path
    at: StandIn
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "rollout_sync.cli", "--sandbox", self.at.url, *words]
        environ = {**os.environ, "ROLLOUT_SYNC_LEDGER_PATH": str(self.folder / "ledger.sqlite")}
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A test run in the background ignores SIGINT, and its children would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 -- nothing else
        )
        self.running.append(process)
        return process

    def call(self, *words: str) -> tuple[int, str, str]:
        running = self.begin(*words)
        out, err = running.communicate(timeout=60)
        return running.returncode, out, err

    def slow(self, milliseconds: int) -> None:
        self.at.control("POST", "/latency", {"ms": milliseconds})


@pytest.fixture
def office(sandbox, home):
    (home / "small.yaml").write_text(small.TEMPLATE, encoding="utf-8")
    (home / "people.csv").write_text(small.PEOPLE, encoding="utf-8")
    found = Office(home, sandbox)
    yield found
    for process in found.running:
        process.kill()
        process.communicate(timeout=30)
    sandbox.control("POST", "/latency", {"ms": 0})


def wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def started(office):
    """An office whose rollout stands on both boards."""
    assert office.call(*small.start(**LATER))[0] == 0
    office.at.forget()
    return office


def finish(office, tries):
    """Run `start` again until it ends with 0; everything exists, and once."""
    office.slow(0)
    for _ in range(tries):
        code, _out, err = office.call(*small.start(**LATER))
        if code == 0:
            break
        assert code == 4, err
        office.at.advance(HORIZON)
    assert code == 0, err
    assert (len(office.at.issues()), len(office.at.tasks()), len(office.at.links())) == (6, 4, 2)
    assert set(office.at.item_names().values()) == {1}


def lease_owners(office):
    with closing(sqlite3.connect(office.folder / "ledger.sqlite")) as ledger:
        return {owner for (owner,) in ledger.execute("SELECT owner FROM lease")}


def hold(seconds, route, **more):
    """A fault: the first answer to such a request takes so long."""
    return {"kind": "slow", "route": route, "nth": [1], "seconds": seconds, **more}


BULK, SEARCH = "/jira/rest/api/3/issue/bulk", "/jira/rest/api/3/search/jql"
SLOWER = pytest.mark.slow


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGTERM, id="terminated"), pytest.param(signal.SIGINT, id="ctrl-c", marks=SLOWER)]
)
@pytest.mark.slow
def test_a_run_that_is_asked_to_end_finishes_its_requests_and_no_more(office, number):
    office.slow(300)
    running = office.begin(*small.start(**LATER))
    wait_for(office.at.issues)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == {signal.SIGTERM: 4, signal.SIGINT: 130}[number], out + err
    lines = [line for line in err.splitlines() if line.startswith(("error", "where"))]
    assert lines == ["error: Stopped safely: run the same command again."]
    assert "Traceback" not in err
    made = len(office.at.issues()) + len(office.at.tasks())
    assert 0 < made < 10
    assert lease_owners(office) == {""}
    finish(office, tries=1)  # at once: every answer was waited for, so that nothing is in doubt


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(office):
    office.at.faults(hold(40, BULK))
    running = office.begin(*small.start(**LATER))
    wait_for(lambda: office.at.asked()[f"POST {BULK}"])
    running.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=20)
    assert running.returncode == -signal.SIGTERM
    office.at.faults()
    finish(office, tries=3)


@SLOWER
def test_a_run_that_has_only_read_begins_nothing_more(office):
    office.at.faults(hold(3, "/jira/**"), hold(3, "/graph/**"))
    running = office.begin(*small.start(**LATER))
    wait_for(lambda: sum(office.at.asked().values()))
    running.send_signal(signal.SIGTERM)
    _out, err = running.communicate(timeout=60)
    assert (running.returncode, office.at.writes()) == (4, {})
    assert sum(office.at.asked().values()) < 6
    assert "Stopped safely" in err


@pytest.mark.slow
def test_a_tick_that_is_asked_to_end(started):
    started.at.faults(hold(3, SEARCH))
    running = started.begin("--output", "json", "sync", "--all-due")
    wait_for(lambda: started.at.asked()[f"POST {SEARCH}"])
    running.send_signal(signal.SIGTERM)
    out, _err = running.communicate(timeout=60)
    assert running.returncode == 4
    answer = json.loads(out)
    assert (answer["command"], [error["code"] for error in answer["errors"]]) == ("sync", ["interrupted"])
    assert lease_owners(started) == {""}
    assert "$batch" not in " ".join(started.at.asked())  # nothing more was begun
    code, out, err = started.call("--output", "json", "sync", "--all-due")
    assert code == 0, out + err
    assert [one["rollout"] for one in json.loads(out)["result"]["rollouts"]] == [small.ROLLOUT]


def test_scheduled_runs_may_overlap(started):
    started.at.faults(hold(2, SEARCH))
    first = started.begin("--output", "json", "sync", "--all-due")
    wait_for(lambda: started.at.asked()[f"POST {SEARCH}"])
    first.send_signal(signal.SIGSTOP)
    code, out, err = started.call("--output", "json", "sync", "--all-due")
    assert code == 0, out + err
    assert json.loads(out)["result"] == {"note": "another run is at work; it covers what is due"}
    first.send_signal(signal.SIGCONT)
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, out + err
    assert [one["rollout"] for one in json.loads(out)["result"]["rollouts"]] == [small.ROLLOUT]
    asked = started.at.asked()
    again = json.loads(started.call("--output", "json", "sync", "--all-due")[1])
    assert (again["exit_code"], again["result"]["rollouts"], again["result"]["quiet"]) == (0, [], 0)
    assert started.at.asked() == asked


@pytest.mark.slow
def test_a_scheduled_run_passes_by_a_rollout_that_another_command_works_on(started):
    changed = small.TEMPLATE.replace("title: Inventory", "title: Stocktaking")
    (started.folder / "small.yaml").write_text(changed, encoding="utf-8")
    started.at.faults(hold(2, "/jira/rest/api/3/issue/*", method="PUT"))
    start = started.begin(*small.start(**LATER))
    wait_for(started.at.writes)
    start.send_signal(signal.SIGSTOP)
    code, out, err = started.call("--output", "json", "sync", "--all-due")
    assert code == 0, out + err
    (one,) = json.loads(out)["result"]["rollouts"]
    assert one["is_busy"]
    assert "another run on this machine is working on" in one["problem"]
    assert started.call("sync", small.NAME)[0] == 4
    start.send_signal(signal.SIGCONT)
    _out, err = start.communicate(timeout=60)
    assert start.returncode == 0, err


@SLOWER
def test_a_run_that_was_killed_does_not_keep_the_next_one_away(started):
    started.at.faults(hold(40, SEARCH))
    running = started.begin("sync", "--all-due")
    wait_for(lambda: started.at.asked()[f"POST {SEARCH}"])
    running.kill()
    running.communicate(timeout=30)
    started.at.faults()
    code, out, err = started.call("--output", "json", "sync", "--all-due")
    assert code == 0, out + err
    assert [one["rollout"] for one in json.loads(out)["result"]["rollouts"]] == [small.ROLLOUT]
