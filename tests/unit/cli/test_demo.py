"""The demonstration: each proof can fail, and the whole story holds against a real sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from rollout_sync.cli.demo import cast
from rollout_sync.cli.demo.boards import Boards
from rollout_sync.cli.demo.proofs import all_there, content_print, was_cut, writes, wrote_nothing
from rollout_sync.cli.demo.stage import beside_proxies, clean_environment
from rollout_sync.cli.demo.story import FIRST, SECOND, Told
from rollout_sync.model.objects import ObjectKind

PROMISED = {"epic": 1, "issue": 2, "link": 1, "task": 1, "details": 1}
COUNTS = {ObjectKind.EPIC: 1, ObjectKind.ISSUE: 2, ObjectKind.LINK: 1, ObjectKind.TASK: 1, ObjectKind.BUCKET: 0}
MARKS = ("epic:a", "issue:a/x", "issue:a/y", "task:a/z")


def test_reads_are_no_writes_and_unknown_requests_are():
    counters = {
        "requests": {
            "GET /jira/rest/api/3/myself": 2,
            "POST /jira/rest/api/3/search/jql": 1,
            "POST /jira/rest/api/3/changelog/bulkfetch": 1,
            "POST /graph/v1.0/$batch": 3,
            "POST /jira/rest/api/3/issue/bulk": 1,
            "POST /something/new": 1,
        },
        "inner": {"GET /planner/tasks/{task}/details": 5, "PATCH /planner/tasks/{task}/details": 2},
    }
    assert writes(counters) == {
        "POST /jira/rest/api/3/issue/bulk": 1,
        "POST /something/new": 1,
        "PATCH /planner/tasks/{task}/details": 2,
    }


def test_nothing_written_needs_no_request_and_no_change():
    assert wrote_nothing("c", {}, "a", "a").holds
    assert not wrote_nothing("c", {"POST /x": 1}, "a", "a").holds
    assert not wrote_nothing("c", {}, "a", "b").holds


def test_content_is_told_apart_without_the_sandboxs_own_notes():
    assert content_print({"jira.issue": [1], "_late": []}) == content_print({"jira.issue": [1], "_late": [2]})
    assert content_print({"jira.issue": [1]}) != content_print({"jira.issue": [2]})


def test_what_stands_there_once_is_all_there():
    proof = all_there("c", PROMISED, Boards(counts=COUNTS, marks=MARKS))
    assert proof.holds
    assert proof.seen == "5 objects, each exactly once"


@pytest.mark.parametrize(
    ("counts", "marks", "seen"),
    [
        ({**COUNTS, ObjectKind.ISSUE: 1}, MARKS, "1 issue instead of 2"),
        ({**COUNTS, ObjectKind.BUCKET: 1}, MARKS, "1 bucket instead of 0"),
        (COUNTS, (*MARKS[:-1], "issue:a/x"), "issue:a/x twice"),
        (COUNTS, (*MARKS, "task 1 without a marker"), "5 different markers instead of 4"),
    ],
)
def test_what_is_missing_or_double_is_named(counts, marks, seen):
    proof = all_there("c", PROMISED, Boards(counts=counts, marks=marks))
    assert not proof.holds
    assert seen in proof.seen


def test_a_promise_of_nothing_proves_nothing():
    assert not all_there("c", {}, Boards(counts={ObjectKind.EPIC: 0, ObjectKind.ISSUE: 0, ObjectKind.TASK: 0})).holds


@pytest.mark.parametrize(("made", "code", "holds"), [(5, -9, True), (0, -9, False), (9, -9, False), (5, 0, False)])
def test_a_kill_counts_only_in_the_middle(made, code, holds):
    assert was_cut(made, 9, code).holds is holds


def test_one_failed_proof_fails_the_story():
    good, bad = was_cut(5, 9, -9), was_cut(0, 9, -9)
    assert Told(url="", proofs=(good,), plans=()).holds
    assert not Told(url="", proofs=(good, bad), plans=()).holds


def test_the_users_own_settings_stay_out():
    found = clean_environment({"PATH": "/bin", "ROLLOUT_SYNC_JIRA_TOKEN": "canary", "NO_PROXY": "intern"}, Path("here"))
    assert "ROLLOUT_SYNC_JIRA_TOKEN" not in found
    assert found["PATH"] == "/bin"
    assert found["NO_PROXY"] == "intern,127.0.0.1"


def test_proxies_are_left_as_they_were(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "intern")
    monkeypatch.delenv("no_proxy", raising=False)
    with beside_proxies({"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PATH": "elsewhere"}):
        assert (os.environ["NO_PROXY"], os.environ["no_proxy"]) == ("127.0.0.1", "127.0.0.1")
        assert os.environ["PATH"] != "elsewhere"
    assert os.environ["NO_PROXY"] == "intern"
    assert "no_proxy" not in os.environ


def test_rollouts_go_live_on_mondays_after_the_first_day():
    assert cast.FIRST_DAY.weekday() == 0
    assert FIRST.go_live < cast.FIRST_DAY + timedelta(weeks=cast.WEEKS) < SECOND.go_live
    for rollout in (FIRST, SECOND):
        assert rollout.go_live.weekday() == 0
        assert str(rollout.go_live) in rollout.options


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_whole_story_holds(tmp_path):
    environ = {**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "rollout_sync.cli", "--output", "json", "demo", "--fast"],
        env=environ,
        cwd=tempfile.gettempdir(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    result = json.loads(done.stdout)["result"]
    assert len(result["proofs"]) == 18
    assert all(proof["holds"] for proof in result["proofs"])
    (report,) = tmp_path.glob("rollout-sync-demo-*")
    assert str(report) == result["report"]
    assert "MFA 2027" in report.read_text("utf-8")
