"""Numbers for Prometheus: the text format, one file for several commands, counts of requests, nothing half-written."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.cli import metrics
from rollout_sync.cli.metrics import FAMILIES, OUTCOMES, Meter, RolloutStand, Sample, Stand
from rollout_sync.transport.adapter import Attempted
from rollout_sync.transport.outcomes import Ending

LINE = re.compile(
    r'(?P<name>[a-z_]+)(?:\{(?P<labels>(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (?P<value>-?[0-9.e+-]+)'
)
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
SERVICES = {"https://example.atlassian.net": "jira", "https://graph.example.com/v1.0": "graph"}


def read(text):
    """The samples of a file, read as strictly as a collector does."""
    found, announced = {}, set()
    for line in text.splitlines():
        if line.startswith("# "):
            _hash, word, name, *_rest = line.split(" ")
            assert (word, name) not in announced
            announced.add((word, name))
            continue
        match = LINE.fullmatch(line)
        assert match, line
        assert ("TYPE", match["name"]) in announced
        labels = tuple((name, _plain(value)) for name, value in LABEL.findall(match["labels"] or ""))
        assert (match["name"], labels) not in found, "a collector refuses doubled samples"
        found[match["name"], labels] = float(match["value"])
    return found


def _plain(text):
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), text)


def attempted(
    url="https://example.atlassian.net/rest/api/3/issue", ending=Ending.ANSWERED, status=200, number=1, wait=0.0
):
    return Attempted(url=url, ending=ending, status=status, number=number, asked_to_wait=wait)


def run(meter, command="sync", code=0):
    return list(meter.samples(command, ended=1_800_000_000.5, seconds=2.25, code=code))


class TestCounting:
    @pytest.mark.parametrize(
        ("ending", "status", "outcome"),
        [
            (Ending.ANSWERED, 200, "ok"),
            (Ending.ANSWERED, 304, "ok"),
            (Ending.ANSWERED, 404, "refused"),
            (Ending.LIMITED, 429, "limited"),
            (Ending.NEVER_SENT, 0, "unsent"),
            (Ending.LOST, 503, "lost"),
            (Ending.ASTRAY, 200, "astray"),
        ],
    )
    def test_each_ending_has_its_outcome(self, ending, status, outcome):
        assert metrics.outcome_of(attempted(ending=ending, status=status)) == outcome
        assert outcome in OUTCOMES

    def test_every_ending_is_known(self):
        assert {metrics.outcome_of(attempted(ending=one, status=429)) for one in Ending} <= set(OUTCOMES)

    def test_requests_retries_and_waits_by_service(self, tmp_path):
        meter = Meter(tmp_path / "x", SERVICES)
        meter.attempted(attempted(ending=Ending.LIMITED, status=429, wait=7.0))
        meter.attempted(attempted(number=2))
        meter.attempted(attempted("https://graph.example.com/v1.0/$batch"))
        meter.attempted(attempted("https://elsewhere.example.com/"))
        found = read(metrics.rendered(run(meter)))
        jira = (("command", "sync"), ("service", "jira"))
        assert found["rollout_sync_run_requests", (*jira, ("outcome", "ok"))] == 1
        assert found["rollout_sync_run_requests", (*jira, ("outcome", "limited"))] == 1
        assert found["rollout_sync_run_requests", (*jira, ("outcome", "lost"))] == 0
        assert found["rollout_sync_run_retries", jira] == 1
        assert found["rollout_sync_run_throttled_seconds", jira] == 7
        assert {dict(labels)["service"] for name, labels in found if name.endswith("retries")} == {
            "jira",
            "graph",
            "other",
        }

    def test_the_longest_base_address_wins(self):
        services = {"http://127.0.0.1:8765/jira": "jira", "http://127.0.0.1:8765/": "sign-in"}
        assert metrics.service_of("http://127.0.0.1:8765/jira/rest", services) == "jira"
        assert metrics.service_of("http://127.0.0.1:8765/login", services) == "sign-in"


class TestText:
    def test_a_run_and_how_everything_stands(self, tmp_path):
        stand = Stand(
            rollouts=(
                RolloutStand(
                    rollout="mfa-2027",
                    colour="amber",
                    done=3,
                    total=10,
                    p_target=0.375,
                    read_at=datetime(2027, 1, 1, tzinfo=UTC),
                ),
                RolloutStand(rollout="new", colour=None, done=None, total=None, p_target=None, read_at=None),
            ),
            colours=("green", "amber", "red", "grey"),
            unconfirmed=2,
            failed=0,
        )
        found = read(metrics.rendered([*run(Meter(tmp_path / "x"), code=4), *metrics.stand_samples(stand)]))
        command = (("command", "sync"),)
        assert found["rollout_sync_run_timestamp_seconds", command] == 1_800_000_000.5
        assert found["rollout_sync_run_duration_seconds", command] == 2.25
        assert found["rollout_sync_run_exit_code", command] == 4
        assert found["rollout_sync_rollouts", ()] == 2
        colours = {
            dict(labels)["colour"]: value
            for (name, labels), value in found.items()
            if name == "rollout_sync_rollout_health" and dict(labels)["rollout"] == "mfa-2027"
        }
        assert colours == {"green": 0, "amber": 1, "red": 0, "grey": 0}
        mfa = (("rollout", "mfa-2027"),)
        assert found["rollout_sync_rollout_items_done", mfa] == 3
        assert found["rollout_sync_rollout_items_total", mfa] == 10
        assert found["rollout_sync_rollout_p_target", mfa] == 0.375
        assert found["rollout_sync_rollout_read_timestamp_seconds", mfa] == 1_798_761_600
        assert ("rollout_sync_rollout_p_target", (("rollout", "new"),)) not in found
        assert found["rollout_sync_outbox_unconfirmed", ()] == 2

    def test_commands_share_a_file(self, tmp_path):
        meter = Meter(tmp_path / "x", SERVICES)
        meter.attempted(attempted())
        first = metrics.rendered([*run(meter), Sample(family="rollout_sync_rollouts", value=7)], "", "sync")
        second = metrics.rendered(
            [*run(meter, "digest", 1), Sample(family="rollout_sync_rollouts", value=8)], first, "digest"
        )
        third = metrics.rendered(run(meter, "sync", 4), second, "sync")
        found = read(second)
        assert found["rollout_sync_run_exit_code", (("command", "sync"),)] == 0
        assert found["rollout_sync_run_exit_code", (("command", "digest"),)] == 1
        assert found["rollout_sync_rollouts", ()] == 8
        assert read(third)["rollout_sync_run_exit_code", (("command", "sync"),)] == 4
        assert ("rollout_sync_rollouts", ()) not in read(third), "what is not known any more is not repeated"

    def test_what_is_not_ours_in_the_file_is_dropped(self):
        earlier = 'other_metric{command="x"} 1\nrollout_sync_run_unheard_of{command="x"} 1\nrubbish\n'
        assert metrics.rendered([], earlier, "sync") == ""

    @given(st.lists(st.text(max_size=20), min_size=1, max_size=4, unique=True))
    def test_any_name_comes_through(self, names):
        samples = [Sample(family="rollout_sync_rollout_items_done", labels=(name,), value=1) for name in names]
        text = metrics.rendered(samples)
        lines = [line for line in text.split("\n") if line and not line.startswith("#")]
        assert [_plain(LABEL.findall(line)[0][1]) for line in lines] == names

    def test_names_follow_the_rules_of_prometheus(self):
        for name, (meaning, labels) in FAMILIES.items():
            assert re.fullmatch(r"rollout_sync_[a-z_]+", name)
            assert not name.endswith(("_total", "_count", "_sum")) or name.endswith("items_total")
            assert meaning.endswith(".")
            assert (labels[:1] == ("command",)) is name.startswith(metrics.RUN)


class TestFile:
    def test_a_command_writes_the_file_at_its_end(self, call, home):
        done = call("--metrics", "out.prom", "templates")
        assert done.exit_code == 0, done.output
        found = read((home / "out.prom").read_text())
        assert found["rollout_sync_run_exit_code", (("command", "templates"),)] == 0
        assert list(home.glob(".out*")) == []
        assert call("--metrics", "out.prom", "templates", "show", "nothing").exit_code == 2
        found = read((home / "out.prom").read_text())
        assert found["rollout_sync_run_exit_code", (("command", "templates show"),)] == 2
        assert found["rollout_sync_run_exit_code", (("command", "templates"),)] == 0

    def test_the_collector_may_read_it(self, call, home):
        call("--metrics", "out.prom", "templates")
        assert (home / "out.prom").stat().st_mode & 0o777 == 0o644

    def test_a_folder_that_is_not_there_is_said_before_the_run(self, call):
        done = call("--metrics", "nowhere/out.prom", "templates")
        assert done.exit_code == 2
        assert "there is no folder" in done.stderr
        assert done.stdout == ""

    def test_a_file_that_cannot_be_written_does_not_change_the_end(self, call, home, monkeypatch):
        def full(*_arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(metrics, "_replace", full)
        done = call("--metrics", "out.prom", "templates")
        assert done.exit_code == 0
        assert "error: The metrics cannot be written (No space left on device)." in done.stderr

    def test_an_interrupted_replacement_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "out.prom"
        path.write_text("old")

        def refuse(*_arguments):
            raise OSError(5, "broken")

        monkeypatch.setattr("pathlib.Path.replace", refuse)
        with pytest.raises(OSError, match="broken"):
            metrics._replace(path, "new")
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_json_logs_end_with_how_the_run_ended(self, call):
        done = call("--log", "json", "-v", "templates", "show", "nothing")
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert [line["event"] for line in lines] == ["template-error", "finished"]
        assert lines[0]["level"] == "error"
        assert lines[0]["hint"]
        assert (lines[1]["command"], lines[1]["exit_code"]) == ("templates show", 2)
