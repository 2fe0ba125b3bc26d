"""`schedule install` and `remove` with stand-ins for crontab, systemctl and schtasks; no real one can be reached."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollout_sync.cli.scheduling import placing
from rollout_sync.cli.scheduling.job import MARK

pytestmark = pytest.mark.skipif(os.name != "posix", reason="stand-ins are scripts")
CONFIG = "[jira]\nsite = 'https://example.atlassian.net'\nemail = 'a@example.com'\nproject = 'SEC'\n"
MINE = "MAILTO=me@example.com\n0 1 * * * backup --what 50\\%\n"

CRONTAB = """
table = here / "crontab.txt"
if sys.argv[1:] == ["-l"]:
    if not table.exists():
        sys.exit("no crontab for somebody")
    sys.stdout.write(table.read_text())
else:
    table.write_text(sys.stdin.read())
"""
SYSTEMCTL = "pass"
SCHTASKS = """
task = here / "task.xml"
if "/Query" in sys.argv:
    if not task.exists():
        sys.exit("ERROR: The system cannot find the file specified.")
    sys.stdout.write(task.read_text())
elif "/Create" in sys.argv:
    from pathlib import Path
    task.write_text(Path(sys.argv[sys.argv.index("/XML") + 1]).read_text("utf-16"))
else:
    task.unlink()
"""


@dataclass
class Machine:
    """A machine on which only these programs exist."""

    folder: Path

    def has(self, name, body):
        path = self.folder / name
        path.write_text(
            f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\nhere = Path(__file__).parent\n"
            f'with (here / "{name}.calls").open("a") as calls:\n'
            f'    calls.write(" ".join(sys.argv[1:]) + "\\n")\n{body}\n'
        )
        path.chmod(0o755)

    def calls(self, name):
        path = self.folder / f"{name}.calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def crontab(self):
        return (self.folder / "crontab.txt").read_text()

    @crontab.setter
    def crontab(self, text):
        (self.folder / "crontab.txt").write_text(text)


@pytest.fixture
def machine(home, tmp_path, monkeypatch):
    (home / "config.toml").write_text(CONFIG)
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    return Machine(folder)


@pytest.fixture
def units(tmp_path):
    return tmp_path / "settings" / "systemd" / "user"


class TestCron:
    def test_installed_twice_and_removed_twice(self, call, machine):
        machine.has("crontab", CRONTAB)
        machine.crontab = MINE
        first = call("schedule", "install", "--for", "cron", "--yes")
        assert first.exit_code == 0, first.output
        assert first.stdout.splitlines()[-1].startswith("installed; next run at ")
        assert machine.crontab.startswith(MINE)
        assert machine.crontab.count("sync --all-due") == 1
        put = machine.crontab
        assert call("schedule", "install", "--for", "cron", "--yes").exit_code == 0
        assert machine.crontab == put
        assert machine.calls("crontab") == ["-l", "-", "-l"]
        assert call("schedule", "remove", "--for", "cron", "--yes").stdout == "removed\n"
        assert machine.crontab == MINE
        again = call("schedule", "remove", "--for", "cron", "--yes")
        assert (again.exit_code, again.stdout) == (0, "there was nothing to remove\n")

    def test_somebody_without_a_crontab(self, call, machine):
        machine.has("crontab", CRONTAB)
        assert call("schedule", "install", "--for", "cron", "--yes").exit_code == 0
        assert machine.crontab.startswith("# >>> rollout-sync")

    def test_a_crontab_that_cannot_be_read_is_never_written(self, call, machine):
        machine.has("crontab", "sys.exit('crontab: permission denied')")
        done = call("schedule", "install", "--for", "cron", "--yes")
        assert done.exit_code == 1
        assert "permission denied" in done.stderr
        assert machine.calls("crontab") == ["-l"]

    def test_a_crontab_that_is_refused(self, call, machine):
        machine.has("crontab", "sys.exit('no crontab for x' if '-l' in sys.argv else 'errors in crontab file')")
        done = call("schedule", "install", "--for", "cron", "--yes")
        assert done.exit_code == 1
        assert "crontab refused: errors in crontab file" in done.stderr

    def test_edited_marks(self, call, machine):
        machine.has("crontab", CRONTAB)
        machine.crontab = MINE + "# <<< rollout-sync\n"
        for word in ("install", "remove"):
            assert call("schedule", word, "--for", "cron", "--yes").exit_code == 2
        assert machine.crontab == MINE + "# <<< rollout-sync\n"

    def test_the_program_is_missing(self, call, machine):
        done = call("schedule", "install", "--for", "cron", "--yes")
        assert done.exit_code == 2
        assert "There is no `crontab` on this machine." in done.stderr
        assert "--for systemd" in done.stderr


class TestAsking:
    def test_a_no_installs_nothing(self, call, machine):
        machine.has("crontab", CRONTAB)
        done = call("schedule", "install", "--for", "cron", typed="n\n")
        assert done.exit_code == 0
        assert "sync --all-due" in done.stdout, "it is shown before it is asked"
        assert done.stdout.endswith("nothing was installed\n")
        assert machine.calls("crontab") == []

    def test_a_yes_installs_and_removes(self, call, machine):
        machine.has("crontab", CRONTAB)
        assert call("schedule", "install", "--for", "cron", typed="y\n").exit_code == 0
        assert "sync --all-due" in machine.crontab
        assert "nothing was removed" in call("schedule", "remove", "--for", "cron", typed="n\n").stdout
        assert "sync --all-due" in machine.crontab
        call("schedule", "remove", "--for", "cron", typed="y\n")
        assert machine.crontab == ""

    @pytest.mark.parametrize("word", ["install", "remove"])
    def test_nobody_can_be_asked(self, call, machine, word):
        machine.has("crontab", CRONTAB)
        done = call("schedule", word, "--for", "cron")
        assert done.exit_code == 2
        assert "--yes" in done.stderr
        assert machine.calls("crontab") == []


class TestSystemd:
    def test_installed_and_removed(self, call, machine, units):
        machine.has("systemctl", SYSTEMCTL)
        done = call("schedule", "install", "--for", "systemd", "--yes")
        assert done.exit_code == 0, done.output
        assert sorted(path.name for path in units.iterdir()) == ["rollout-sync.service", "rollout-sync.timer"]
        assert machine.calls("systemctl") == ["--user daemon-reload", "--user enable --now rollout-sync.timer"]
        (units / "other.service").write_text("mine")
        assert call("schedule", "install", "--for", "systemd", "--yes").exit_code == 0
        assert call("schedule", "remove", "--for", "systemd", "--yes").stdout == "removed\n"
        assert [path.name for path in units.iterdir()] == ["other.service"]
        assert machine.calls("systemctl")[-2:] == ["--user disable --now rollout-sync.timer", "--user daemon-reload"]
        assert "nothing to remove" in call("schedule", "remove", "--for", "systemd", "--yes").stdout

    @pytest.mark.parametrize("word", ["install", "remove"])
    def test_units_of_somebody_else_stay(self, call, machine, units, word):
        machine.has("systemctl", SYSTEMCTL)
        units.mkdir(parents=True)
        (units / "rollout-sync.timer").write_text("[Timer]\nOnCalendar=daily\n")
        done = call("schedule", word, "--for", "systemd", "--yes")
        assert done.exit_code == 2
        assert "did not make" in done.stderr
        assert str(units / "rollout-sync.timer") in done.stderr
        assert [path.name for path in units.iterdir()] == ["rollout-sync.timer"]
        assert machine.calls("systemctl") == []

    def test_systemctl_refuses(self, call, machine, units):
        machine.has("systemctl", "sys.exit('Failed to connect to bus: No medium found')")
        done = call("schedule", "install", "--for", "systemd", "--yes")
        assert done.exit_code == 1
        assert "systemctl refused: Failed to connect to bus" in done.stderr
        assert "schedule remove" in done.stderr

    def test_systemctl_is_missing(self, call, machine, units):
        assert call("schedule", "install", "--for", "systemd", "--yes").exit_code == 2
        assert not units.exists()

    def test_a_folder_that_cannot_be_written(self, call, machine, units):
        machine.has("systemctl", SYSTEMCTL)
        units.parent.parent.mkdir(parents=True)
        units.parent.write_text("a file in the way")
        done = call("schedule", "install", "--for", "systemd", "--yes")
        assert done.exit_code == 2
        assert "cannot be written" in done.stderr


class TestWindows:
    def test_installed_and_removed(self, call, machine):
        machine.has("schtasks", SCHTASKS)
        done = call("schedule", "install", "--for", "windows", "--yes")
        assert done.exit_code == 0, done.output
        assert MARK in (machine.folder / "task.xml").read_text()
        assert call("schedule", "install", "--for", "windows", "--yes").exit_code == 0
        assert call("schedule", "remove", "--for", "windows", "--yes").stdout == "removed\n"
        assert not (machine.folder / "task.xml").exists()
        assert machine.calls("schtasks")[-1] == "/Delete /TN rollout-sync /F"
        assert "nothing to remove" in call("schedule", "remove", "--for", "windows", "--yes").stdout

    @pytest.mark.parametrize("word", ["install", "remove"])
    def test_a_task_of_somebody_else_stays(self, call, machine, word):
        machine.has("schtasks", SCHTASKS)
        (machine.folder / "task.xml").write_text("<Task>mine</Task>")
        done = call("schedule", word, "--for", "windows", "--yes")
        assert done.exit_code == 2
        assert "did not make" in done.stderr
        assert (machine.folder / "task.xml").read_text() == "<Task>mine</Task>"


def test_a_program_that_is_asked_too_long(call, machine, monkeypatch):
    monkeypatch.setattr(placing, "_PATIENCE", 0.2)
    machine.has("crontab", "import time; time.sleep(20)")
    done = call("schedule", "install", "--for", "cron", "--yes")
    assert done.exit_code == 1
    assert "crontab does not end" in done.stderr
