"""Services that are slow, throttled, broken or gone, and people who press Ctrl-C: the next run finishes it, once."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from support import small
from support.marks import slowly

BULK = {"method": "POST", "route": "/jira/rest/api/3/issue/bulk"}
WRITE = {"inner": "POST /planner/tasks"}
HORIZON = 400.0


def whole(desk):
    """Everything exists, and once."""
    assert len(desk.at.issues()) == 6
    assert len(desk.at.links()) == 2
    assert len(desk.at.tasks()) == 4
    assert sum(desk.at.item_names().values()) == 6
    assert set(desk.at.item_names().values()) == {1}
    assert len({task["fields"]["title"] for task in desk.at.tasks()}) == 4
    desk.at.forget()
    again = desk.call(*small.start())
    assert (again.code, desk.at.writes()) == (0, {}), again.out + again.err
    assert desk.call("verify", small.NAME).code == 0


def down(service):
    return {"kind": "503", "route": f"/{service}/**"}


@pytest.mark.parametrize(("service", "other"), [("graph", "issues"), ("jira", "tasks")])
def test_one_service_is_down_when_a_plan_is_carried_out(desk, service, other):
    assert desk.call(*small.plan("--out", "small.plan")).code == 0
    desk.at.faults(down(service))
    done = desk.call("apply", "small.plan", "--settle", "0")
    assert done.code == 4
    assert "run the same command again" in done.err
    assert len(getattr(desk.at, other)()) == {"issues": 6, "tasks": 4}[other]
    desk.at.faults()
    assert desk.call("apply", "small.plan", "--settle", "0").code == 0
    whole(desk)


@pytest.mark.parametrize("kind", ["503", "html200", *slowly("drop_before", "500", "html", "rst", "truncate")])
def test_a_service_that_is_down_before_the_plan_leaves_everything_as_it_was(desk, kind):
    desk.at.faults({"kind": kind, "route": "/graph/**"})
    done = desk.call(*small.start())
    assert done.code in (1, 4)
    assert "Traceback" not in done.err
    assert "hint: " in done.err
    assert desk.at.issues() == []
    desk.at.faults()
    assert desk.call(*small.start()).code == 0
    whole(desk)


def test_a_service_that_nobody_serves(desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        desk.elsewhere["https://example.atlassian.net"] = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = desk.call(*small.start())
    assert done.code == 4
    assert "hint: " in done.err
    assert desk.at.tasks() == []


@pytest.mark.parametrize("fault", ["drop_after", *slowly("truncate", "html", "502", "rst")])
@pytest.mark.parametrize(
    "where", [BULK, {"route": "/graph/v1.0/planner/plans", "method": "POST"}], ids=["jira", "plan"]
)
def test_an_answer_that_never_came_back_is_looked_for(desk, fault, where):
    desk.at.faults({"kind": fault, "when": "after", **where, "nth": [1]})
    for _ in range(4):
        done = desk.call(*small.start())
        if done.code == 0:
            break
        assert done.code == 4, done.err
        desk.at.advance(HORIZON)
    assert done.code == 0, done.out + done.err
    whole(desk)


@pytest.mark.parametrize("fault", ["late", *slowly("drop_before")])
def test_what_is_in_doubt_is_not_sent_again_before_its_time(desk, fault):
    desk.at.faults({"kind": fault, **BULK, "nth": [1], "seconds": 240})
    first = desk.call(*small.start())
    assert first.code == 4
    assert "in doubt" in first.err
    assert re.search(r"again after 02 Nov 09:\d\d:\d\d UTC", first.err)
    bulks = desk.at.asked()["POST /jira/rest/api/3/issue/bulk"]
    assert desk.call(*small.start()).code == 4
    assert desk.at.asked()["POST /jira/rest/api/3/issue/bulk"] == bulks
    answer = desk.ask(*small.plan()).answer
    assert answer["result"]["create"]["epic"] == 2
    desk.at.advance(HORIZON)
    assert desk.call(*small.start()).code == 0
    whole(desk)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "429", **BULK, "nth": [1, 2], "retry_after": 7},
        {"kind": "inner_429", "route": "/graph/v1.0/$batch", "times": 2},
        *slowly(
            {"kind": "429", **BULK, "nth": [1], "retry_after": "date:5"},
            {"kind": "429", **WRITE, "nth": [1, 3], "retry_after": 3},
            {"kind": "429", "route": "/graph/**", "nth": [2, 5], "retry_after": 2},
            {"kind": "token_expired", "route": "/graph/v1.0/$batch", "nth": [3]},
        ),
    ],
)
def test_throttling_is_waited_for(desk, rule):
    desk.at.faults(rule)
    done = desk.call(*small.start())
    assert done.code == 0, done.out + done.err
    assert desk.at.control("GET", "/counters")["faults"]
    whole(desk)


def test_a_wait_that_is_longer_than_a_run_should_take(desk):
    desk.at.faults({"kind": "429", "route": "/jira/**", "retry_after": 4000})
    done = desk.call(*small.start())
    assert done.code == 4
    assert sum(desk.clock.slept) < 600
    assert desk.at.writes() == {}
    assert "hint: " in done.err


def test_part_of_a_bulk_request_is_refused_for_good(desk):
    desk.at.faults({"kind": "partial", **BULK, "nth": [2], "positions": [0]})
    first = desk.call(*small.start())
    assert first.code != 0
    assert "hint: " in first.err
    desk.at.faults()
    assert desk.call(*small.start()).code == 0
    whole(desk)


def test_answers_of_an_unfinished_run_in_json(desk):
    desk.at.faults({"kind": "drop_before", **BULK, "nth": [1]})
    answer = desk.ask(*small.start()).answer
    assert (answer["status"], answer["exit_code"]) == ("unfinished", 4)
    assert answer["errors"][0]["code"] == "not-finished"
    assert answer["result"]["doubts"]
    assert answer["result"]["doubts"][0]["decidable_at"].startswith("2026-11-02T09:")


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
@pytest.mark.slow
def test_ctrl_c_stops_safely_and_the_next_run_finishes(sandbox, home):
    (home / "small.yaml").write_text(small.TEMPLATE, encoding="utf-8")
    (home / "people.csv").write_text(small.PEOPLE, encoding="utf-8")
    command = [sys.executable, "-m", "rollout_sync.cli", "--sandbox", sandbox.url, *small.start(go_live="2099-03-02")]
    environ = {**os.environ, "ROLLOUT_SYNC_LEDGER_PATH": str(home / "ledger.sqlite")}
    sandbox.control("POST", "/latency", {"ms": 300})
    running = subprocess.Popen(
        command,
        cwd=home,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background ignores SIGINT, and its children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 -- nothing else
    )
    until = time.monotonic() + 60
    while not sandbox.issues() and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, out + err
    assert "run the same command again" in err
    assert "Traceback" not in err
    made = len(sandbox.issues()) + len(sandbox.tasks())
    assert 0 < made < 10
    sandbox.control("POST", "/latency", {"ms": 0})
    for _ in range(2):
        done = subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 0:
            break
        assert done.returncode == 4, done.stderr
        sandbox.advance(HORIZON)
    assert done.returncode == 0, done.stderr
    assert (len(sandbox.issues()), len(sandbox.tasks()), len(sandbox.links())) == (6, 4, 2)
    assert set(sandbox.item_names().values()) == {1}
