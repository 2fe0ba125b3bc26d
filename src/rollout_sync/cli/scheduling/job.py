"""The one job that is scheduled, and what a scheduler gets: files, commands and notes, all of them values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from rollout_sync.errors import ConfigError

NAME = "rollout-sync"
"""Of the unit, the task and the marked lines."""
MARK = "made by `rollout-sync schedule install`; `rollout-sync schedule remove` takes it away"
"""Stands in everything that is ours; what lacks it is never touched."""
MEANING = "Keep rollouts in sync and send the digests that are due"
UNFINISHED = 4
"""Exit code of a `sync` that a later run finishes. The digest goes out all the same and says how old its facts are:
one service that is away, or one rollout with a problem, must not silence everything else."""

_HOUR = 60


class Scheduler(StrEnum):
    """What can run the job."""

    CRON = "cron"
    SYSTEMD = "systemd"
    WINDOWS = "windows"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is run, and how often.

    Attributes:
        program: absolute path of the program, and words that belong to it (`-m rollout_sync.cli`).
        options: global options: `--config FILE`.
        every: minutes between two runs; divides an hour.
    """

    program: tuple[str, ...]
    options: tuple[str, ...]
    every: int

    @property
    def sync(self) -> tuple[str, ...]:
        """The first command."""
        return (*self.program, *self.options, "sync", "--all-due")

    @property
    def digest(self) -> tuple[str, ...]:
        """The second one."""
        return (*self.program, *self.options, "digest", "--due")

    def next_run(self, now: datetime) -> datetime:
        """The next full step of the hour after `now`."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        return hour + timedelta(minutes=(now.minute // self.every + 1) * self.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledFile:
    """One file; `path` is None for a text that a program takes, such as the crontab."""

    path: Path | None
    title: str
    text: str
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Everything that belongs to one scheduler.

    Attributes:
        commands: what `install` runs after the files are written, as they are typed.
        notes: what a person should know.
    """

    scheduler: Scheduler
    files: tuple[ScheduledFile, ...]
    commands: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def step(every: timedelta) -> int:
    """Minutes between runs, for a rollout to be read each `every`.

    At least hourly, because digests are due at hours of the day; a run that finds nothing due asks no service. A part
    of the hour that divides `every`, so that no rollout waits for a run more than it must.
    """
    return math.gcd(max(int(every.total_seconds()) // _HOUR, 1), _HOUR)


def checked(words: tuple[str, ...], forbidden: str = "") -> tuple[str, ...]:
    """The words of a command line.

    Raises:
        ConfigError: one of them holds a control character, or one that this scheduler cannot be given.
    """
    for word in words:
        bad = [sign for sign in word if not sign.isprintable() or sign in forbidden]
        if bad:
            raise ConfigError(
                f"The path {word!r} holds {bad[0]!r}, which a schedule cannot name.",
                hint="Move the configuration or the program to a folder with a plainer name.",
            )
    return words


def unseen_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Notes on variables that are set here and now, and that a scheduled run will not see. Names only, no values."""
    names = sorted(name for name in environ if name.startswith("ROLLOUT_SYNC_"))
    if not names:
        return ()
    told = "put settings into config.toml, and secrets into the key store or into files that config.toml names"
    return (f"the scheduled run does not see {', '.join(names)}: {told}",)
