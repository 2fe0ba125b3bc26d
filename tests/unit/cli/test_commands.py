"""The commands that need no tracker: templates, doctor, init, sandbox; and what a plan says of its odds."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from rollout_sync.cli.checks import Level, ledger_check, safe_to_paste
from rollout_sync.cli.commands.sandbox import configured
from rollout_sync.cli.destinations import destination_checks
from rollout_sync.cli.init_questions import with_scheme
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.reach import Address, addresses, answered, clock_check
from rollout_sync.cli.render_odds import WIDTH, ShownEarlier, ShownOdds, ShownReason, day, likely, write_odds
from rollout_sync.cli.screen import Screen
from rollout_sync.config import SandboxSettings, for_sandbox
from rollout_sync.errors import AccessDenied, ConfigError
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import TrackerName
from rollout_sync.template.shipped import names
from rollout_sync.trackers.base import Inspection
from support.desk import HandClock
from support.standin import serving

CANARY = "CANARY-9f3b2c7d1e"
JIRA = '[jira]\nsite = "https://example.atlassian.net"\nemail = "cora@example.com"\nproject = "SEC"\n'
JIRA_ANSWERS = ["y", "example.atlassian.net", "", "cora@example.com", "sec"]
PLANNER_ANSWERS = ["y", "example.com", "2222-client", "client-secret", "IT change"]

SHIPPED = Path(__file__).parents[3] / "templates"

GOOD = """\
template: mine
version: 1
title: Mine
roles: {it: {}}
phases:
  - key: one
    items:
      - {key: first, title: First, owner: it, days: [1, 2, 3]}
"""


def typed(*lines):
    return "".join(f"{line}\n" for line in lines)


def result_of(done):
    return json.loads(done.stdout)["result"]


class TestTemplates:
    def test_the_list_holds_all_that_ship(self, call):
        assert [each["name"] for each in result_of(call("templates", "--json"))] == list(names())
        assert call("templates").stdout == call("templates", "list").stdout
        assert all(name in call("templates").stdout for name in names())

    @pytest.mark.parametrize("name", names())
    def test_each_can_be_shown_whole(self, call, name):
        done = call("templates", "show", name)
        assert done.exit_code == 0
        shown = result_of(call("templates", "show", name, "--json"))
        for phase in shown["phases"]:
            assert f"[{phase['key']}]" in done.stdout
            for item in phase["items"]:
                assert item["key"] in done.stdout
                assert item["title"] in done.stdout
        for question in shown["parameters"]:
            assert question["ask"] in done.stdout

    def test_an_outline_says_days_gates_owners_and_what_waits(self, call):
        lines = call("templates", "show", "hello").stdout.splitlines()
        (gate,) = [line for line in lines if "approval (gate)" in line]
        assert re.split(r"\s{2,}", gate)[:4] == ["head-yes *", "approval (gate)", "department_head", "1-3-7"]
        assert gate.split()[-1].startswith("department") or "Green light" in gate

    def test_the_source_is_the_file_itself(self, call, home):
        source = call("templates", "show", "hello", "--source").stdout
        (home / "copy.yaml").write_text(source, encoding="utf-8")
        assert call("templates", "check", "copy.yaml").exit_code == 0

    def test_a_right_file_is_said_to_be_right(self, call, home):
        (home / "my.yaml").write_text(GOOD, encoding="utf-8")
        done = call("templates", "check", "my.yaml")
        assert (done.exit_code, done.stdout.endswith("mine, version 1, 1 items in 1 phases. No problems.\n")) == (
            0,
            True,
        )

    def test_all_problems_of_a_wrong_file_are_named(self, call, home):
        wrong = GOOD.replace("owner: it", "owner: ti").replace("[1, 2, 3]", "1, after: [nothing]")
        (home / "my.yaml").write_text(wrong, encoding="utf-8")
        done = call("templates", "check", "my.yaml")
        assert done.exit_code == 2
        assert len(re.findall(r"^  my\.yaml:8:\d+: ", done.stderr, flags=re.MULTILINE)) >= 2
        errors = json.loads(call("templates", "check", "my.yaml", "--json").stdout)["errors"]
        assert [error["code"] for error in errors][:2] == ["template-error", "template-error-problem"]

    @pytest.mark.parametrize("name", ["mfaa", "../mfa", "nothing.yaml", "/etc/passwd"])
    def test_an_unknown_template_ends_with_2(self, call, name):
        done = call("templates", "show", name)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("error: ")

    def test_the_schema_is_json(self, call):
        assert json.loads(call("templates", "schema").stdout)["$schema"].startswith("https://json-schema.org/")
        assert result_of(call("templates", "schema", "--json"))["title"] == "rollout-sync template"


class Inspected:
    """A tracker that has been looked at, or does not let itself be."""

    def __init__(self, outcome):
        self.outcome = outcome

    def inspect(self, rollout, emails):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return Inspection(facts={}, people={}, findings=self.outcome)


def checks(done):
    return {check["name"]: check for check in result_of(done)}


class TestDoctor:
    def test_without_configuration_it_says_what_to_do(self, call):
        done = call("doctor")
        assert done.exit_code == 1
        assert "✗  configuration: There is no configuration." in done.stdout
        assert "rollout-sync init" in done.stdout
        assert done.stdout.endswith("1 to put right.\n")

    def test_everything_in_order(self, call, home, shelf):
        (home / "config.toml").write_text(JIRA, encoding="utf-8")
        shelf.kept["jira:https://example.atlassian.net:cora@example.com"] = CANARY
        done = call("doctor", "--offline")
        assert done.stdout.endswith("Everything is in order.\n")
        assert done.exit_code == 0
        assert CANARY not in done.output

    def test_it_can_be_pasted(self, call, home, shelf):
        text = JIRA + 'emial = "cora@example.com"\n[ledger]\npath = "~/ledger.sqlite"\n'
        (home / "config.toml").write_text(text, encoding="utf-8")
        done = call("doctor", "--offline", env={"ROLLOUT_SYNC_JIRA_TOKEN": CANARY})
        assert done.exit_code == 1
        assert "config.toml:5: [jira] emial" in done.stdout
        for private in (CANARY, "cora@", str(Path.home())):
            assert private not in done.output

    def test_a_secret_that_is_missing_and_one_that_is_open(self, call, home, shelf):
        (home / "config.toml").write_text(JIRA, encoding="utf-8")
        missing = checks(call("doctor", "--offline", "--json"))["Jira API token"]
        assert missing["level"] == "fail"
        assert "ROLLOUT_SYNC_JIRA_TOKEN" in missing["fix"]
        (home / "token").write_text(CANARY, encoding="utf-8")
        (home / "token").chmod(0o644)
        (home / "config.toml").write_text(JIRA + 'token_file = "token"\n', encoding="utf-8")
        done = call("doctor", "--offline", "--json")
        assert checks(done)["Jira API token"]["level"] == "fail"
        assert CANARY not in done.output

    def test_no_key_store_is_worth_a_look(self, call, home, shelf):
        (home / "config.toml").write_text(JIRA, encoding="utf-8")
        shelf.name = ""
        done = call("doctor", "--offline", "--json", env={"ROLLOUT_SYNC_JIRA_TOKEN": CANARY})
        assert done.exit_code == 0
        assert checks(done)["key store"]["level"] == "warn"

    def test_a_ledger_folder_that_is_no_folder(self, tmp_path):
        (tmp_path / "file").touch()
        found = ledger_check(tmp_path / "file" / "ledger.sqlite")
        assert found.level is Level.FAIL
        assert "[ledger] path" in found.fix

    def test_a_damaged_ledger(self, tmp_path):
        path = tmp_path / "ledger.sqlite"
        path.write_bytes(b"this is no database, but long enough to be looked at" * 100)
        path.chmod(0o600)
        assert ledger_check(path).level is Level.FAIL

    def test_looking_at_the_ledger_leaves_nothing_behind(self, tmp_path):
        path = tmp_path / "new" / "ledger.sqlite"
        assert ledger_check(path).level is Level.OK
        assert list(path.parent.iterdir()) == []

    def test_services_are_asked_at_pages_that_need_no_account(self):
        found = addresses(for_sandbox("http://127.0.0.1:1", {}))
        assert [address.url for address in found] == [
            "http://127.0.0.1:1/jira/rest/api/3/serverInfo",
            "https://login.microsoftonline.com/example.com/v2.0/.well-known/openid-configuration",
        ]

    @pytest.mark.slow
    def test_a_service_that_is_not_there_is_a_failure_with_a_fix(self, call):
        done = call("--sandbox", "http://127.0.0.1:9", "doctor", "--json")
        assert done.exit_code == 1
        found = checks(done)["Jira"]
        assert found["level"] == "fail"
        assert found["fix"]

    @pytest.mark.parametrize(("status", "level"), [(200, "ok"), (204, "ok"), (302, "fail"), (404, "fail")])
    def test_statuses(self, status, level):
        address = Address(name="Jira", url="", route="", key="[jira] site")
        assert answered(address, status).level == level

    @pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (30, "ok"), (-31, "warn"), (300, "warn"), (301, "fail")])
    def test_clocks(self, seconds, level):
        here = datetime(2027, 3, 1, tzinfo=UTC)
        assert clock_check("Jira", here, here + timedelta(seconds=seconds)).level == level

    def test_findings_of_the_services_are_checks(self):
        findings = tuple(
            Finding(severity=severity, code="c", message=f"{severity} of a@example.com", hint="Do.")
            for severity in Severity
        )
        trackers = {
            TrackerName.JIRA: Inspected(findings),
            TrackerName.PLANNER: Inspected(AccessDenied("No.", hint="Ask.")),
        }
        found = [(check.name, check.level.value, check.found, check.fix) for check in destination_checks(trackers)]
        assert found == [
            ("Jira project", "ok", "note of (address)", "Do."),
            ("Jira project", "warn", "warning of (address)", "Do."),
            ("Jira project", "fail", "error of (address)", "Do."),
            ("Planner group", "fail", "No.", "Ask."),
        ]

    def test_no_finding_means_that_work_can_go_there(self):
        (check,) = destination_checks({TrackerName.PLANNER: Inspected(())})
        assert (check.level, check.found) == (Level.OK, "can receive work")

    def test_masking(self):
        assert safe_to_paste(f"{Path.home()}/x of cora.c@example.com:") == "~/x of (address):"


class TestInit:
    def test_it_writes_what_was_answered_and_stores_secrets(self, call, home, shelf):
        answers = [*JIRA_ANSWERS, *PLANNER_ANSWERS, "y", CANARY, CANARY + "-graph"]
        done = call("init", "--here", typed=typed(*answers))
        assert done.exit_code == 0, done.output
        file = home / "config.toml"
        assert file.stat().st_mode & 0o777 == 0o600
        written = tomllib.loads(file.read_text(encoding="utf-8"))
        assert written["jira"] == {
            "site": "https://example.atlassian.net",
            "email": "cora@example.com",
            "auth": "api-token",
            "project": "SEC",
        }
        assert written["planner"]["group"] == "IT change"
        assert sorted(shelf.kept.values()) == [CANARY, CANARY + "-graph"]
        assert done.stdout.endswith("Next: rollout-sync doctor\n")
        assert call("doctor", "--offline").exit_code == 0

    def test_no_secret_is_echoed_or_written(self, call, home, shelf):
        done = call("init", "--here", typed=typed(*JIRA_ANSWERS, "n", "y", CANARY))
        assert done.exit_code == 0
        assert CANARY not in done.output
        assert [path for path in home.rglob("*") if path.is_file() and CANARY in path.read_text("utf-8")] == []

    def test_the_file_is_shown_before_it_is_written(self, call, home):
        done = call("init", "--here", typed=typed(*JIRA_ANSWERS, "n", "n"))
        assert done.exit_code == 2
        assert 'site = "https://example.atlassian.net"' in done.stderr
        assert "Nothing was written." in done.stderr
        assert not (home / "config.toml").exists()

    def test_a_wrong_answer_is_asked_again(self, call, home):
        answers = [
            "y",
            "http://x",
            "https://evil.example.com",
            "example.atlassian.net",
            "magic",
            "",
            "cora",
            "cora@example.com",
        ]
        done = call("init", "--here", typed=typed(*answers, "1", "sec", "n", "y", ""))
        assert done.exit_code == 0, done.output
        for complaint in ("is not https", "not a known host", "Please answer one of", "no e-mail", "no project key"):
            assert complaint in done.stderr

    def test_without_a_key_store_the_variable_is_named(self, call, home, shelf):
        shelf.name = ""
        done = call("init", "--here", typed=typed(*JIRA_ANSWERS, "n", "y"))
        assert done.exit_code == 0
        assert "set the environment variable ROLLOUT_SYNC_JIRA_TOKEN" in done.stdout
        assert shelf.kept == {}

    def test_an_existing_file_is_kept(self, call, home):
        (home / "config.toml").write_text("kept", encoding="utf-8")
        done = call("init", "--here", typed=typed(*JIRA_ANSWERS, "n", "y", ""))
        assert done.exit_code == 2
        assert "--force" in done.stderr
        assert (home / "config.toml").read_text(encoding="utf-8") == "kept"
        assert call("init", "--here", "--force", typed=typed(*JIRA_ANSWERS, "n", "y", "")).exit_code == 0

    def test_secrets_alone_can_be_replaced(self, call, home, shelf):
        (home / "config.toml").write_text(JIRA, encoding="utf-8")
        done = call("init", "--secrets-only", typed=typed(CANARY))
        assert done.exit_code == 0
        assert list(shelf.kept.values()) == [CANARY]
        assert (home / "config.toml").read_text(encoding="utf-8") == JIRA

    def test_nobody_there_to_ask(self, call, home):
        done = call("init")
        assert done.exit_code == 2
        assert "config.example.toml" in done.stderr
        assert list(home.iterdir()) == []

    def test_the_input_may_end(self, call, home):
        done = call("init", "--here", typed=typed("y", "example.atlassian.net"))
        assert done.exit_code == 2
        assert "The input ended" in done.stderr
        assert list(home.iterdir()) == []

    @pytest.mark.parametrize(
        ("site", "base"),
        [
            ("example.atlassian.net", "https://example.atlassian.net"),
            ("https://example.atlassian.net/jira/your-work?x=1", "https://example.atlassian.net"),
            ("https://api.atlassian.com/ex/jira/1/", "https://api.atlassian.com/ex/jira/1"),
            ("http://x", "http://x"),
        ],
    )
    def test_what_is_copied_from_a_browser(self, site, base):
        assert with_scheme(site) == base


class TestSandbox:
    def invocation(self, **over):
        return Invocation(screen=Screen.of_process({}), environ={}, **over)

    def test_options_and_section(self, call, home, monkeypatch):
        seen = []
        monkeypatch.setattr("rollout_sync.sandbox.server.run", lambda *arguments: seen.append(arguments))
        (home / "config.toml").write_text(JIRA + '[sandbox]\nport = 9999\nstate = "s.sqlite"\n', encoding="utf-8")
        assert call("sandbox").exit_code == 0
        assert call("sandbox", "--port", "0", "--seed", "7", "--state", "t.sqlite").exit_code == 0
        assert seen == [(9999, home / "s.sqlite", 1), (0, Path("t.sqlite"), 7)]

    def test_a_port_that_is_taken_is_no_bug(self, call):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = call("sandbox", "--port", str(taken.getsockname()[1]))
        assert done.exit_code == 2
        assert "--port 0" in done.stderr

    def test_no_configuration_or_a_broken_one_does_not_stop_it(self, home, capsys):
        assert configured(self.invocation()) == SandboxSettings()
        (home / "config.toml").write_text("nonsense = 1\n", encoding="utf-8")
        assert configured(self.invocation()) == SandboxSettings()
        assert "is not used" in capsys.readouterr().err

    def test_a_broken_one_that_was_named_does(self, home):
        (home / "c.toml").write_text("nonsense = 1\n", encoding="utf-8")
        with pytest.raises(ConfigError):
            configured(self.invocation(config=home / "c.toml"))

    def test_it_runs_and_the_doctor_finds_it_well(self, call, home):
        code = "from rollout_sync.cli import main; main()"
        with subprocess.Popen(
            [sys.executable, "-c", code, "sandbox", "--port", "0"], stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                url = process.stdout.readline().split()[-1]
                done = call("--sandbox", url, "doctor", "--json")
                assert done.exit_code == 0, done.output
                assert {name: check["level"] for name, check in checks(done).items()} == {
                    "rollout-sync": "ok",
                    "Python": "ok",
                    "configuration": "ok",
                    "key store": "ok",
                    "Jira API token": "ok",
                    "Microsoft client secret": "ok",
                    "ledger": "ok",
                    "Jira": "ok",
                    "Microsoft sign-in": "ok",
                    "clock": "ok",
                    "Jira project": "ok",
                    "Planner group": "ok",
                    "mail": "skip",
                }
            finally:
                process.send_signal(signal.SIGTERM)
        assert process.returncode == 0


REASON = ShownReason(
    cause="approvals",
    days=2.0,
    items=("green-light/head",),
    sentence="+2 d: " + "several decisions are still to be asked for, and people take their time; " * 3 + "so it is",
    what_if="If every decision takes only its planned time: 70%",
    p_then=0.7,
)
POOR = ShownOdds(
    target=date(2027, 3, 1),
    p_target=0.4,
    p_grace=0.5,
    p50=date(2027, 3, 3),
    p80=date(2027, 3, 9),
    reasons=(REASON,),
    earlier=ShownEarlier(days=10, start=date(2027, 1, 4), go_live=date(2027, 2, 15), p_target=0.83),
    past_rollouts=0,
    fingerprint="0" * 64,
)


def told(odds):
    screen = Screen(stdout=io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), stderr=io.StringIO())
    write_odds(odds, screen)
    screen.stdout.seek(0)
    return screen.stdout.read().splitlines()


class TestOddsInWords:
    def test_dates_advice_and_reasons(self):
        first, second, third, *reasons = told(POOR)
        assert first == "  go-live Mon 1 Mar 2027: 40 % likely · 80 % likely by Tue 9 Mar 2027"
        assert second == "  begun 10 working days earlier (Mon 4 Jan 2027, planned for Mon 15 Feb 2027): 83 % likely"
        assert third == "  what pushes it back, in working days:"
        assert " ".join(line.strip() for line in reasons) == REASON.sentence
        assert len(reasons) > 1
        assert max(map(len, told(POOR))) <= WIDTH

    def test_good_odds_are_one_line(self):
        good = replace(POOR, p_target=0.9, p80=date(2027, 2, 26), earlier=None, reasons=())
        assert told(good) == ["  go-live Mon 1 Mar 2027: 90 % likely"]

    def test_what_was_learnt_from_is_said(self):
        assert "  learnt from 1 finished rollout of yours" in told(replace(POOR, past_rollouts=1))
        assert "  learnt from 12 finished rollouts of yours" in told(replace(POOR, past_rollouts=12))

    def test_one_day_is_no_days(self):
        one = replace(POOR, earlier=replace(POOR.earlier, days=1))
        assert told(one)[1].startswith("  begun 1 working day earlier (")

    @pytest.mark.parametrize(
        ("chance", "words"),
        [
            (0.0, "less than 1 % likely"),
            (0.0049, "less than 1 % likely"),
            (0.006, "1 % likely"),
            (0.614, "61 % likely"),
            (0.994, "99 % likely"),
            (0.9951, "more than 99 % likely"),
            (1.0, "more than 99 % likely"),
        ],
    )
    def test_nothing_is_certain(self, chance, words):
        assert likely(chance) == words


@pytest.fixture(scope="module")
def served():
    with serving() as found:
        yield found


class TestOddsOfAPlan:
    """`plan` and `start` against a sandbox, on a day that does not change."""

    @pytest.fixture
    def ask(self, call, home, served, monkeypatch):
        served.control("POST", "/reset")
        HandClock().put_over(monkeypatch)
        (home / "people.csv").write_text((SHIPPED / "people.csv").read_text("utf-8"), encoding="utf-8")
        env = {"ROLLOUT_SYNC_LEDGER_PATH": str(home / "ledger.sqlite")}

        def run(*arguments, **over):
            return call("--sandbox", served.url, *arguments, env=env, **over)

        return run

    @pytest.mark.parametrize("when", [("--go-live", "2027-06-21"), ("--start-date", "2027-04-12")])
    def test_text_and_json_have_the_same_numbers(self, ask, when):
        words = ("plan", "mfa", "--name", "MFA 2027", *when, "--people", "people.csv", "--set", "company=Example")
        shown = ask(*words).stdout
        odds = result_of(ask(*words, "--json"))["odds"]
        assert 0 < odds["p_target"] < odds["p_grace"] < 0.8 < odds["earlier"]["p_target"]
        target, p80 = (day(date.fromisoformat(odds[name])) for name in ("target", "p80"))
        assert f"\n  go-live {target}: {likely(odds['p_target'])} · 80 % likely by {p80}\n" in shown
        assert f"\n  begun {odds['earlier']['days']} working days earlier (" in shown
        assert f": {likely(odds['earlier']['p_target'])}\n" in shown
        assert 1 <= len(odds["reasons"]) <= 3
        flat = " ".join(shown.split())
        assert all(reason["sentence"] in flat for reason in odds["reasons"])

    def test_what_is_begun_has_no_odds_of_a_plan(self, ask):
        words = ("hello", "--name", "Rooms", "--go-live", "2027-06-21", "--people", "people.csv", "--set", "tool=Rooms")
        declined = ask("start", *words, typed="n\n")
        assert "% likely" in declined.stdout
        assert ask("plan", *words).stdout in declined.stdout
        assert ask("start", *words, "--yes").exit_code == 0
        assert result_of(ask("plan", *words, "--json"))["odds"] is None
        assert "likely" not in ask("plan", *words).stdout
