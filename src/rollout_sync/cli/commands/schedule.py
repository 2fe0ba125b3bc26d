"""`rollout-sync schedule show|install|remove`: the machine's own scheduler runs `sync` and `digest`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

import click

from rollout_sync.cli.answer import Answer
from rollout_sync.cli.command import Group
from rollout_sync.cli.invocation import Invocation, Output
from rollout_sync.cli.options import yes_option
from rollout_sync.cli.questions import ask_yes
from rollout_sync.cli.scheduling import cron, kubernetes, placing, systemd, windows
from rollout_sync.cli.scheduling.job import Job, Schedule, Scheduler, step, unseen_variables
from rollout_sync.cli.screen import Screen
from rollout_sync.errors import ConfigError

_SHOWN = [one.value for one in Scheduler]
_PLACED = [name for name in _SHOWN if name != Scheduler.KUBERNETES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A schedule with the time of its next run; `outcome` says what was done."""

    schedule: Schedule
    every_minutes: int
    next_run: datetime
    outcome: str = ""


_what = "Which scheduler; default: that of this machine."
_shown_for = click.option("--for", "chosen", type=click.Choice(_SHOWN), help=_what)
_placed_for = click.option("--for", "chosen", type=click.Choice(_PLACED), help=_what)


@click.group(
    cls=Group,
    example="rollout-sync schedule show\nrollout-sync schedule install\nrollout-sync schedule remove",
)
def command() -> None:
    """Let this machine run `sync` and `digest` by itself."""


@command.command(example="rollout-sync schedule show\nrollout-sync schedule show --for kubernetes")
@_shown_for
@click.pass_obj
def show(invocation: Invocation, *, chosen: str | None) -> Answer[Shown]:
    """Show the files of a schedule and where they would go; write nothing.

    For cron, systemd user timers, Windows Task Scheduler, or as a CronJob for Kubernetes.
    """
    return Answer(result=_shown(invocation, chosen), text=_write_shown)


@command.command(example="rollout-sync schedule install\nrollout-sync schedule install --for cron --yes")
@_placed_for
@yes_option
@click.pass_obj
def install(invocation: Invocation, *, chosen: str | None, yes: bool) -> Answer[Shown]:
    """Show the schedule, ask, and put it in its place; again, it replaces an earlier one.

    Nothing is touched that rollout-sync did not make: other lines of the crontab, other units, other tasks.
    """
    shown = _shown(invocation, chosen)
    if invocation.output is Output.TEXT:
        _write_shown(shown, invocation.screen)
    if not (yes or _agreed("Install this?", invocation)):
        return Answer(result=replace(shown, outcome="nothing was installed"), text=_write_outcome)
    placing.install(shown.schedule)
    outcome = f"installed; next run at {shown.next_run:%H:%M}"
    return Answer(result=replace(shown, outcome=outcome), text=_write_outcome)


@command.command(example="rollout-sync schedule remove\nrollout-sync schedule remove --for cron --yes")
@_placed_for
@yes_option
@click.pass_obj
def remove(invocation: Invocation, *, chosen: str | None, yes: bool) -> Answer[Shown]:
    """Take away what `schedule install` made, and nothing else."""
    shown = _shown(invocation, chosen)
    if not (yes or _agreed(f"Remove the schedule from {shown.schedule.scheduler}?", invocation)):
        return Answer(result=replace(shown, outcome="nothing was removed"), text=_write_outcome)
    was_there = placing.remove(shown.schedule)
    outcome = "removed" if was_there else "there was nothing to remove"
    return Answer(result=replace(shown, outcome=outcome), text=_write_outcome)


def _agreed(question: str, invocation: Invocation) -> bool:
    if not invocation.can_ask:
        raise ConfigError("Nobody can be asked whether to go on.", hint="Pass --yes to go on without a question.")
    return ask_yes(question)


def _shown(invocation: Invocation, chosen: str | None) -> Shown:
    settings = invocation.settings()
    job = Job(program=_program(), options=_options(invocation), every=step(settings.sync.every))
    now = datetime.now(UTC).astimezone()
    scheduler = Scheduler(chosen) if chosen else usual(sys.platform, Path("/run/systemd/system").is_dir())
    made = _schedule(scheduler, job, invocation.environ, now)
    notes = made.notes if scheduler is Scheduler.KUBERNETES else (*made.notes, *unseen_variables(invocation.environ))
    return Shown(schedule=replace(made, notes=notes), every_minutes=job.every, next_run=job.next_run(now))


def usual(platform: str, has_systemd: bool) -> Scheduler:  # noqa: FBT001 - a fact of the machine
    """The scheduler of a machine."""
    if platform == "win32":
        return Scheduler.WINDOWS
    return Scheduler.SYSTEMD if platform == "linux" and has_systemd else Scheduler.CRON


def _schedule(scheduler: Scheduler, job: Job, environ: Mapping[str, str], now: datetime) -> Schedule:
    match scheduler:
        case Scheduler.CRON:
            return cron.schedule(job)
        case Scheduler.SYSTEMD:
            config = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
            return systemd.schedule(job, Path(config) / "systemd" / "user")
        case Scheduler.WINDOWS:
            from rollout_sync.config.location import user_data  # noqa: PLC0415 - pydantic is slow to load

            user = "\\".join(environ[name] for name in ("USERDOMAIN", "USERNAME") if environ.get(name))
            return windows.schedule(job, user_data(), user, now)
        case Scheduler.KUBERNETES:
            return kubernetes.schedule(job)


def _program() -> tuple[str, ...]:
    """How this very program is called from anywhere; on Windows without a window that opens at each run."""
    here = Path(sys.executable)
    silent = here.with_name("pythonw.exe")
    if os.name == "nt" and silent.exists():
        return str(silent), "-m", "rollout_sync.cli"
    beside = here.with_name("rollout-sync")
    found = str(beside) if beside.exists() else which("rollout-sync")
    return (str(Path(found).absolute()),) if found else (str(here), "-m", "rollout_sync.cli")


def _options(invocation: Invocation) -> tuple[str, ...]:
    """What a run elsewhere needs to find the same settings.

    Raises:
        ConfigError: the settings come from environment variables alone.
    """
    if invocation.sandbox:
        return "--sandbox", invocation.sandbox
    source = invocation.settings().source
    if source is None:
        raise ConfigError(
            "The settings are in environment variables, which a scheduled run does not see.",
            hint="Write them into a file: rollout-sync init",
        )
    return "--config", str(source.absolute())


def _write_shown(shown: Shown, screen: Screen) -> None:
    schedule = shown.schedule
    screen.heading(f"Every {shown.every_minutes} minutes with {schedule.scheduler}; next at {shown.next_run:%H:%M}")
    for file in schedule.files:
        screen.line()
        screen.heading(file.title)
        for line in file.text.splitlines():
            screen.line(f"  {line}")
    screen.line()
    for words in schedule.commands:
        screen.line(f"then: {' '.join(words)}")
    for note in schedule.notes:
        screen.line(f"{screen.symbols.bullet} {note}")


def _write_outcome(shown: Shown, screen: Screen) -> None:
    screen.line(shown.outcome)
