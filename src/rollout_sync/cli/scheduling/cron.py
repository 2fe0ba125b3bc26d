"""The crontab: one marked block among the user's own lines, which stay as they are to the byte. Pure."""

from __future__ import annotations

import re
import shlex

from rollout_sync.cli.scheduling.job import MARK, UNFINISHED, Job, Schedule, ScheduledFile, Scheduler, checked
from rollout_sync.errors import ConfigError

_BEGIN = f"# >>> rollout-sync: {MARK}"
_END = "# <<< rollout-sync"
_BLOCK = re.compile(r"^# >>> rollout-sync\b.*\n(?:(?!# >>> rollout-sync).*\n)*?# <<< rollout-sync\n?", re.MULTILINE)
_MARKS = re.compile(r"^# (?:>>>|<<<) rollout-sync\b", re.MULTILINE)
_LONGEST = 998  # what cron reads of a line


def schedule(job: Job) -> Schedule:
    """The block, and how it comes into the crontab.

    Raises:
        ConfigError: a path cannot be written into a crontab.
    """
    return Schedule(
        scheduler=Scheduler.CRON,
        files=(ScheduledFile(path=None, title="a block in your crontab", text=block(job)),),
        commands=(("crontab", "-"),),
        notes=(
            "cron makes up for no run that was slept through; the next one does: what is due follows from the ledger",
            "cron has no session, and so no key store of the desktop: keep secrets in files that config.toml names",
        ),
    )


def block(job: Job) -> str:
    """The marked lines. The answer is thrown away, so that cron mails complaints only."""
    when = "0" if job.every == 60 else "*" if job.every == 1 else f"*/{job.every}"  # noqa: PLR2004 - an hour
    line = (
        f"{when} * * * * {_quoted(job.sync)} >/dev/null || [ $? -eq {UNFINISHED} ] && {_quoted(job.digest)} >/dev/null"
    )
    if len(line) > _LONGEST:
        raise ConfigError("The line would be too long for cron.", hint="Move the configuration to a shorter path.")
    return f"{_BEGIN}\n{line}\n{_END}\n"


def with_block(crontab: str, text: str) -> str:
    """The crontab with this block in the place of an earlier one, or at its end; empty `text` takes it away.

    Raises:
        ConfigError: the marks of an earlier block were edited.
    """
    rest, found = _BLOCK.subn("\0", crontab)
    if _MARKS.search(rest) or found > 1:
        raise ConfigError(
            "The lines of rollout-sync in the crontab were edited, and cannot be told from yours.",
            where="crontab",
            hint="Run `crontab -e` and delete them, marks included; then run this again.",
        )
    if found:
        return rest.replace("\0", text)
    gap = "" if not rest or rest.endswith("\n") else "\n"
    return rest + (gap + text if text else "")


def _quoted(words: tuple[str, ...]) -> str:
    """For the shell, and for cron itself: there `%` begins a new line unless it is escaped."""
    return shlex.join(checked(words, forbidden="\\")).replace("%", "\\%")
