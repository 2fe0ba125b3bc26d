"""Schedules as files: the right words for each scheduler, names with any sign in them, nothing of a secret."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from rollout_sync.cli.commands.schedule import usual
from rollout_sync.cli.scheduling import cron, kubernetes, systemd, windows
from rollout_sync.cli.scheduling.job import MARK, Job, Scheduler, step, unseen_variables
from rollout_sync.errors import ConfigError

ROOT = Path(__file__).parents[3]
NOW = datetime(2027, 3, 1, 9, 52, tzinfo=UTC)
PROGRAM = "/opt/roll out/bin/rollout-sync"
NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
paths = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Zs", "Cn", "Co")), min_size=1).map(
    lambda text: f"/etc/{text}/a b.toml"
)


def job(config="/etc/my rollouts/100 %.toml", every=15):
    return Job(program=(PROGRAM,), options=("--config", config), every=every)


def as_cron_reads(line):
    """What cron hands to the shell: after five fields, with `\\%` for a per cent sign; an open one ends the command."""
    command = line.split(" ", 5)[5]
    command, _percent, _input = re.sub(r"\\%", "\0", command).partition("%")
    return command.replace("\0", "%")


class TestSteps:
    @pytest.mark.parametrize(
        ("every", "minutes"), [(1, 1), (5, 5), (15, 15), (25, 5), (45, 15), (60, 60), (90, 30), (1440, 60)]
    )
    def test_a_step_fits_into_the_hour_and_into_the_interval(self, every, minutes):
        assert step(timedelta(minutes=every)) == minutes

    @given(st.integers(1, 1440))
    def test_every_rollout_is_met_on_time(self, every):
        found = step(timedelta(minutes=every))
        assert 60 % found == 0
        assert every % found == 0

    @pytest.mark.parametrize(("every", "expected"), [(15, "10:00"), (1, "09:53"), (60, "10:00"), (5, "09:55")])
    def test_the_next_run_follows_from_the_schedule(self, every, expected):
        assert f"{job(every=every).next_run(NOW):%H:%M}" == expected

    def test_the_next_run_of_a_full_step_is_the_next_one(self):
        assert job().next_run(NOW.replace(minute=45)) == NOW.replace(hour=10, minute=0)
        assert job().next_run(NOW.replace(hour=23, minute=59)).day == 2


class TestCron:
    def test_the_whole_block(self):
        assert cron.block(job("/etc/r.toml")) == (
            "# >>> rollout-sync: "
            "made by `rollout-sync schedule install`; `rollout-sync schedule remove` takes it away\n"
            "*/15 * * * * '/opt/roll out/bin/rollout-sync' --config /etc/r.toml sync --all-due >/dev/null"
            " || [ $? -eq 4 ] && '/opt/roll out/bin/rollout-sync' --config /etc/r.toml digest --due >/dev/null\n"
            "# <<< rollout-sync\n"
        )

    @pytest.mark.parametrize(("every", "when"), [(1, "* * * * * "), (20, "*/20 * * * * "), (60, "0 * * * * ")])
    def test_when(self, every, when):
        assert cron.block(job(every=every)).splitlines()[1].startswith(when)

    @given(paths)
    def test_any_name_reaches_the_program(self, path):
        try:
            line = cron.block(job(path)).splitlines()[1]
        except ConfigError:
            assert "\\" in path or len(path) > 300
            return
        assert shlex.split(as_cron_reads(line).partition(" >/dev/null")[0]) == list(job(path).sync)

    @pytest.mark.parametrize("path", ["/etc/a\nb.toml", "/etc/a\\b.toml", "/" + "x" * 1000])
    def test_what_a_crontab_cannot_hold_is_refused(self, path):
        with pytest.raises(ConfigError):
            cron.block(job(path))

    @pytest.mark.skipif(os.name != "posix", reason="cron's shell")
    @pytest.mark.parametrize(("code", "calls"), [(0, 2), (4, 2), (1, 1), (2, 1)])
    def test_the_digest_follows_unless_the_sync_failed(self, tmp_path, code, calls):
        program = _program(tmp_path, f'case "$*" in *--all-due*) exit {code};; esac')
        one = Job(program=(str(program),), options=("--config", f"{tmp_path}/100 %.toml"), every=15)
        command = as_cron_reads(cron.block(one).splitlines()[1])
        subprocess.run(["/bin/sh", "-c", command], check=False, timeout=20)
        said = (tmp_path / "said").read_text().splitlines()
        assert (
            said == [f"--config {tmp_path}/100 %.toml {words}" for words in ("sync --all-due", "digest --due")][:calls]
        )


class TestCrontab:
    MINE = "MAILTO=me@example.com\n# rollout-sync is mentioned here\n0 1 * * * backup --what 50\\%"

    @pytest.mark.parametrize("mine", ["", MINE, MINE + "\n", "\n\n" + MINE + "\n\n"])
    def test_a_block_comes_and_goes_and_other_lines_stay(self, mine):
        put = cron.with_block(mine, cron.block(job()))
        assert put.startswith(mine)
        assert put.endswith("# <<< rollout-sync\n")
        assert cron.with_block(put, cron.block(job())) == put
        changed = cron.with_block(put, cron.block(job(every=5)))
        assert changed == put.replace("*/15", "*/5")
        gone = cron.with_block(changed, "")
        assert gone == (mine if not mine or mine.endswith("\n") else mine + "\n")

    def test_lines_after_the_block_stay_too(self):
        put = cron.with_block("a\n", cron.block(job())) + "b\n"
        assert cron.with_block(put, "") == "a\nb\n"

    @pytest.mark.parametrize(
        "edit",
        [
            lambda text: text.replace("# <<< rollout-sync\n", ""),
            lambda text: text.replace("# >>> rollout-sync", "# rollout-sync", 1),
            lambda text: text + text,
            lambda text: text.replace("# <<< rollout-sync\n", "0 1 * * * backup\n") + text,
        ],
    )
    def test_marks_that_were_edited_are_never_guessed_about(self, edit):
        crontab = edit("0 1 * * * backup\n" + cron.block(job()))
        for text in ("", cron.block(job())):
            with pytest.raises(ConfigError) as caught:
                cron.with_block(crontab, text)
            assert "crontab -e" in caught.value.hint

    @given(st.lists(st.text(st.characters(blacklist_characters="\0\r"), max_size=20)))
    def test_nothing_of_other_peoples_is_lost(self, lines):
        mine = "".join(f"{line}\n" for line in lines)
        if re.search(r"^# (?:>>>|<<<) rollout-sync\b", mine, re.MULTILINE):
            return
        assert cron.with_block(cron.with_block(mine, cron.block(job())), "") == mine


class TestSystemd:
    def test_the_service(self):
        text = systemd.service(job("/etc/r.toml"))
        assert text.splitlines()[0] == f"# {MARK}"
        starts = [line.removeprefix("ExecStart=") for line in text.splitlines() if line.startswith("ExecStart=")]
        assert starts == [
            f'"{PROGRAM}" --config /etc/r.toml sync --all-due',
            f'"{PROGRAM}" --config /etc/r.toml digest --due',
        ]
        assert "\nType=oneshot\n" in text
        assert "\nSuccessExitStatus=4\n" in text

    @pytest.mark.parametrize(
        ("every", "when"), [(15, "*-*-* *:00/15:00"), (1, "*-*-* *:00/1:00"), (60, "*-*-* *:00:00")]
    )
    def test_the_timer_makes_up_for_sleep(self, every, when):
        text = systemd.timer(job(every=every))
        assert f"\nOnCalendar={when}\n" in text
        assert "\nPersistent=true\n" in text
        assert text.endswith("[Install]\nWantedBy=timers.target\n")

    @pytest.mark.parametrize(
        ("path", "written"),
        [
            ("/a b", '"/a b"'),
            ("/100%", '"/100%%"'),
            ("/$HOME", '"/$$HOME"'),
            ('/say "hi"', '"/say \\"hi\\""'),
            ("/back\\slash", '"/back\\\\slash"'),
            ("/it's", '"/it\'s"'),
            ("/grün", '"/grün"'),
            ("/a;b", '"/a;b"'),
        ],
    )
    def test_names_are_quoted_as_systemd_reads_them(self, path, written):
        assert f"--config {written} sync" in systemd.service(job(path))

    def test_a_line_break_is_refused(self):
        with pytest.raises(ConfigError):
            systemd.service(job("/a\nExecStart=/bin/rm"))

    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
    def test_systemd_itself_accepts_them(self, tmp_path):
        program = _program(tmp_path, "")
        one = Job(program=(str(program),), options=("--config", f"{tmp_path}/it's 100 % $HOME.toml"), every=15)
        for file in systemd.schedule(one, tmp_path).files:
            file.path.write_text(file.text)
        names = [str(tmp_path / systemd.TIMER), str(tmp_path / systemd.SERVICE)]
        done = subprocess.run(
            ["systemd-analyze", "--user", "verify", *names],
            env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


class TestWindows:
    SEQUENCES: ClassVar = {
        "TimeTrigger": ("Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit")
    }
    """Where the published schema asks for an order; everywhere else it takes any."""
    MEMBERS: ClassVar = {
        "Task": {"RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"},
        "Settings": {
            "MultipleInstancesPolicy",
            "DisallowStartIfOnBatteries",
            "StopIfGoingOnBatteries",
            "StartWhenAvailable",
            "RunOnlyIfNetworkAvailable",
            "Enabled",
            "Hidden",
            "ExecutionTimeLimit",
        },
        "Principal": {"UserId", "LogonType", "RunLevel"},
        "Repetition": {"Interval", "StopAtDurationEnd"},
    }

    def tree(self, config="D:\\Ann & Bob\\r.toml", user="EXAMPLE\\ann"):
        one = Job(
            program=("C:\\Program Files\\Python\\pythonw.exe", "-m", "rollout_sync.cli"),
            options=("--config", config),
            every=15,
        )
        (file,) = windows.schedule(one, Path("folder"), user, NOW).files
        return ET.fromstring(file.text.encode(file.encoding))

    def test_the_order_and_the_names_of_the_schema(self):
        for element in self.tree().iter():
            name = element.tag.removeprefix(NAMESPACE)
            below = [one.tag.removeprefix(NAMESPACE) for one in element]
            if name in self.SEQUENCES:
                assert below == [one for one in self.SEQUENCES[name] if one in below]
            if name in self.MEMBERS:
                assert set(below) == self.MEMBERS[name]
                assert len(below) == len(set(below))

    def text(self, path, tree=None):
        return (tree or self.tree()).findtext("/".join(NAMESPACE + part for part in path.split("/")))

    def test_it_catches_up_and_waits_for_the_network_and_is_hidden(self):
        tree = self.tree()
        assert self.text("Settings/StartWhenAvailable") == "true"
        assert self.text("Settings/RunOnlyIfNetworkAvailable") == "true"
        assert self.text("Settings/Hidden") == "true"
        assert self.text("Settings/MultipleInstancesPolicy") == "IgnoreNew"
        assert self.text("Triggers/TimeTrigger/Repetition/Interval") == "PT15M"
        assert self.text("Triggers/TimeTrigger/StartBoundary") == "2027-03-01T09:00:00"
        assert MARK in self.text("RegistrationInfo/Description", tree)

    def test_both_commands_in_order(self):
        actions = self.tree().findall(f"{NAMESPACE}Actions/{NAMESPACE}Exec")
        assert [one.findtext(f"{NAMESPACE}Command") for one in actions] == [
            "C:\\Program Files\\Python\\pythonw.exe"
        ] * 2
        assert [one.findtext(f"{NAMESPACE}Arguments") for one in actions] == [
            '-m rollout_sync.cli --config "D:\\Ann & Bob\\r.toml" sync --all-due',
            '-m rollout_sync.cli --config "D:\\Ann & Bob\\r.toml" digest --due',
        ]

    def test_a_user_that_is_not_known_is_left_to_windows(self):
        assert self.tree(user="").find(f".//{NAMESPACE}UserId") is None

    def test_our_own_task_is_known_again(self):
        (file,) = windows.schedule(job("C:\\r.toml"), Path("folder"), "ann", NOW).files
        assert windows.is_ours(file.text)
        assert not windows.is_ours(file.text.replace("made by", "done by"))

    @given(paths)
    def test_any_name_is_well_formed(self, path):
        if '"' not in path:
            arguments = self.tree(path).findtext(f".//{NAMESPACE}Arguments")
            assert path in arguments


class TestKubernetes:
    def test_the_example_in_the_documentation_is_what_is_printed(self):
        text = (ROOT / "docs" / "examples" / "cronjob.yaml").read_text(encoding="utf-8")
        assert text == kubernetes.manifest(job())

    def test_it_is_one_writer_that_never_overlaps(self):
        claim, found = YAML(typ="safe").load_all(kubernetes.manifest(job()))
        assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
        assert (found["kind"], found["spec"]["schedule"]) == ("CronJob", "*/15 * * * *")
        assert found["spec"]["concurrencyPolicy"] == "Forbid"
        pod = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["restartPolicy"] == "Never"
        mounted = {one["name"] for one in pod["containers"][0]["volumeMounts"]}
        assert mounted == {one["name"] for one in pod["volumes"]}

    @pytest.mark.skipif(os.name != "posix", reason="a shell of a container")
    @pytest.mark.parametrize(("code", "calls"), [(0, 2), (4, 2), (1, 1)])
    def test_its_script_runs_both(self, tmp_path, code, calls):
        _program(tmp_path, f'case "$*" in *--all-due*) exit {code};; esac')
        done = subprocess.run(**self.script(tmp_path), check=False, timeout=20)
        assert len((tmp_path / "said").read_text().splitlines()) == calls
        assert (done.returncode == 0) is (calls == 2)

    @pytest.mark.skipif(os.name != "posix", reason="a shell of a container")
    def test_its_script_hands_sigterm_on_and_waits(self, tmp_path):
        _program(tmp_path, f"trap 'echo ended >> {tmp_path}/said; exit 4' TERM; sleep 20 & wait $!")
        with subprocess.Popen(**self.script(tmp_path)) as running:
            while not (tmp_path / "said").exists():
                assert running.poll() is None
            running.terminate()
            assert running.wait(timeout=15) != 0
        assert (tmp_path / "said").read_text().splitlines()[1:] == ["ended"]

    def script(self, folder):
        _claim, found = YAML(typ="safe").load_all(kubernetes.manifest(job()))
        (container,) = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        return {"args": [*container["command"], *container["args"]], "env": {"PATH": f"{folder}:{os.environ['PATH']}"}}


def _program(folder, body):
    """A stand-in for rollout-sync that writes down how it was called."""
    path = folder / "rollout-sync"
    path.write_text(f'#!/bin/sh\necho "$*" >> {shlex.quote(str(folder))}/said\n{body}\n')
    path.chmod(0o755)
    return path


def test_variables_are_named_and_never_shown():
    (note,) = unseen_variables({"ROLLOUT_SYNC_JIRA_TOKEN": "CANARY-token", "HOME": "/x"})
    assert "ROLLOUT_SYNC_JIRA_TOKEN" in note
    assert "CANARY" not in note
    assert unseen_variables({"HOME": "/x"}) == ()


@pytest.mark.parametrize(
    ("platform", "has_systemd", "expected"),
    [
        ("win32", False, Scheduler.WINDOWS),
        ("linux", True, Scheduler.SYSTEMD),
        ("linux", False, Scheduler.CRON),
        ("darwin", False, Scheduler.CRON),
    ],
)
def test_the_usual_scheduler_of_a_machine(platform, has_systemd, expected):
    assert usual(platform, has_systemd) is expected


class TestShow:
    def configured(
        self, home, text="[jira]\nsite = 'https://example.atlassian.net'\nemail = 'a@example.com'\nproject = 'SEC'\n"
    ):
        folder = home / "my rollouts"
        folder.mkdir()
        (folder / "config.toml").write_text(text)
        return str(folder / "config.toml")

    @pytest.mark.parametrize("scheduler", list(Scheduler))
    def test_it_shows_every_schedule(self, call, home, scheduler):
        done = call("--config", self.configured(home), "schedule", "show", "--for", scheduler.value)
        assert done.exit_code == 0, done.output
        assert "sync --all-due" in done.stdout
        assert "digest --due" in done.stdout

    def test_the_interval_of_the_configuration(self, call, home):
        text = "[jira]\nsite='https://example.atlassian.net'\nemail='a@example.com'\nproject='SEC'\n"
        text += "[sync]\nevery_minutes = 20\n"
        config = self.configured(home, text)
        done = call("--config", config, "--output", "json", "schedule", "show", "--for", "cron")
        result = json.loads(done.stdout)["result"]
        assert result["every_minutes"] == 20
        assert "*/20 * * * *" in result["schedule"]["files"][0]["text"]

    def test_settings_from_variables_alone_cannot_be_scheduled(self, call, home):
        env = {
            "ROLLOUT_SYNC_JIRA_SITE": "https://example.atlassian.net",
            "ROLLOUT_SYNC_JIRA_EMAIL": "a@example.com",
            "ROLLOUT_SYNC_JIRA_PROJECT": "SEC",
        }
        done = call("schedule", "show", "--for", "cron", env=env)
        assert done.exit_code == 2
        assert "environment variables" in done.stderr

    def test_no_secret_is_in_any_file(self, call, home):
        config = self.configured(home)
        env = {"ROLLOUT_SYNC_JIRA_TOKEN": "CANARY-9f3b2c7d1e"}
        for scheduler in Scheduler:
            done = call("--config", config, "schedule", "show", "--for", scheduler.value, env=env)
            assert "CANARY" not in done.stdout + done.stderr
