"""Puts a schedule in its place and takes it away: files, and the scheduler's own program. Touches only what is ours."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rollout_sync.cli.scheduling import cron, systemd, windows
from rollout_sync.cli.scheduling.job import MARK, NAME, Schedule, ScheduledFile, Scheduler
from rollout_sync.errors import ConfigError, RolloutSyncError

_PATIENCE = 60.0
_NO_CRONTAB = re.compile(r"no crontab for|can't open .*No such file", re.IGNORECASE)
_INSTEAD = {
    Scheduler.CRON: "Install cron, or use another scheduler: --for systemd",
    Scheduler.SYSTEMD: "Without systemd use cron: --for cron",
    Scheduler.WINDOWS: "This is no Windows: --for cron or --for systemd",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a program of the machine said."""

    code: int
    out: str
    err: str


Run = Callable[[Sequence[str], str], Told]
"""Runs a program with a text on its input."""


def run(words: Sequence[str], text: str = "") -> Told:
    """Run a program of the machine, without a shell.

    Raises:
        RolloutSyncError: it does not end within a minute.
    """
    program = shutil.which(words[0]) or words[0]
    try:
        done = subprocess.run(  # noqa: S603 - crontab, systemctl or schtasks, with words of our own
            [program, *words[1:]],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RolloutSyncError(f"{words[0]} does not end.", hint=f"Try it by hand: {' '.join(words)}") from None
    return Told(code=done.returncode, out=done.stdout, err=done.stderr)


def install(schedule: Schedule, call: Run = run) -> None:
    """Write the files and run the commands.

    Raises:
        ConfigError: the scheduler's program is missing, or something of that name is not ours.
        RolloutSyncError: the scheduler refused.
    """
    _need(schedule)
    if schedule.scheduler is Scheduler.CRON:
        _change_crontab(schedule.files[0].text, call)
        return
    if schedule.scheduler is Scheduler.WINDOWS:
        _check_task(call)
    for file in schedule.files:
        _check_file(file)
    for file in schedule.files:
        _write(file)
    for words in schedule.commands:
        _must(words, call)


def remove(schedule: Schedule, call: Run = run) -> bool:
    """Take away what `install` made; whether there was anything. Raises as `install` does."""
    _need(schedule)
    if schedule.scheduler is Scheduler.CRON:
        return _change_crontab("", call)
    for file in schedule.files:
        _check_file(file)
    there = [file.path for file in schedule.files if file.path is not None and file.path.exists()]
    if schedule.scheduler is Scheduler.WINDOWS:
        is_known = _check_task(call)
        if is_known:
            _must(windows.DELETE, call)
        _unlink(there)
        return is_known or bool(there)
    if there:
        _must(systemd.DISABLE, call)
        _unlink(there)
        _must(systemd.RELOAD, call)
    return bool(there)


def _need(schedule: Schedule) -> None:
    program = {Scheduler.CRON: "crontab", Scheduler.SYSTEMD: "systemctl", Scheduler.WINDOWS: "schtasks"}
    name = program[schedule.scheduler]
    if shutil.which(name) is None:
        raise ConfigError(f"There is no `{name}` on this machine.", hint=_INSTEAD[schedule.scheduler])


def _must(words: Sequence[str], call: Run, text: str = "") -> None:
    told = call(words, text)
    if told.code:
        said = (told.err.strip() or told.out.strip() or f"it ended with {told.code}")[:300]
        raise RolloutSyncError(
            f"{words[0]} refused: {said}",
            where=" ".join(words),
            hint="Mend that and run the same command again; `rollout-sync schedule remove` takes away what is there.",
        )


def _change_crontab(text: str, call: Run) -> bool:
    """Put our block into the crontab, or take it away; whether anything changed."""
    told = call(("crontab", "-l"), "")
    if told.code and not _NO_CRONTAB.search(told.err):  # an empty answer to anything else would cost other lines
        raise RolloutSyncError(
            f"The crontab cannot be read: {told.err.strip()[:300] or told.code}", where="crontab -l", hint="Mend that."
        )
    before = "" if told.code else told.out
    after = cron.with_block(before, text)
    if after == before:
        return False
    _must(("crontab", "-"), call, after)
    return True


def _check_task(call: Run) -> bool:
    """Whether Windows knows our task; one of the same name that is not ours is an error."""
    told = call(windows.QUERY, "")
    if told.code:
        return False
    if not windows.is_ours(told.out.replace("\0", "")):
        raise _foreign(NAME, "Rename that task, or delete it, in Task Scheduler.")
    return True


def _check_file(file: ScheduledFile) -> None:
    if file.path is not None and file.path.exists() and MARK not in _read(file.path, file.encoding):
        raise _foreign(str(file.path), "Move that file away, then run this again.")


def _read(path: Path, encoding: str) -> str:
    try:
        return path.read_text(encoding, "replace")
    except (OSError, UnicodeError):
        return ""


def _foreign(where: str, hint: str) -> ConfigError:
    return ConfigError("There is a schedule of this name that rollout-sync did not make.", where=where, hint=hint)


def _write(file: ScheduledFile) -> None:
    if file.path is None:
        return
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.text, encoding=file.encoding)
    except OSError as error:
        raise ConfigError(
            f"The file cannot be written ({error.strerror or type(error).__name__}).",
            where=str(file.path),
            hint="Check the folder and its rights.",
        ) from error


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(
                f"The file cannot be deleted ({error.strerror or type(error).__name__}).",
                where=str(path),
                hint="Delete it by hand.",
            ) from error
