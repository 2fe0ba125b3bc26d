"""Units for systemd in the user's own folder: a timer that catches up after sleep, and the service it starts. Pure."""

from __future__ import annotations

from pathlib import Path

from rollout_sync.cli.scheduling.job import (
    MARK,
    MEANING,
    NAME,
    UNFINISHED,
    Job,
    Schedule,
    ScheduledFile,
    Scheduler,
    checked,
)

SERVICE, TIMER = f"{NAME}.service", f"{NAME}.timer"
FIRST_LINE = f"# {MARK}\n"
RELOAD = ("systemctl", "--user", "daemon-reload")
ENABLE = ("systemctl", "--user", "enable", "--now", TIMER)
DISABLE = ("systemctl", "--user", "disable", "--now", TIMER)
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@+,")


def schedule(job: Job, folder: Path) -> Schedule:
    """Both units; `folder` is the user's `systemd/user`."""
    return Schedule(
        scheduler=Scheduler.SYSTEMD,
        files=(
            ScheduledFile(path=folder / SERVICE, title=str(folder / SERVICE), text=service(job)),
            ScheduledFile(path=folder / TIMER, title=str(folder / TIMER), text=timer(job)),
        ),
        commands=(RELOAD, ENABLE),
        notes=(
            "without `loginctl enable-linger` it runs only while you are logged in",
            f"what it did: journalctl --user -u {NAME}",
        ),
    )


def service(job: Job) -> str:
    """One run: sync, then the digests. It is asked to end by SIGTERM and then has a minute and a half."""
    return f"""{FIRST_LINE}[Unit]
Description={MEANING}

[Service]
Type=oneshot
ExecStart={_quoted(job.sync)}
ExecStart={_quoted(job.digest)}
SuccessExitStatus={UNFINISHED}
TimeoutStartSec=1h
TimeoutStopSec=90s
"""


def timer(job: Job) -> str:
    """When; a time that was slept through is made up for at once, however many there were."""
    minutes = "00" if job.every == 60 else f"00/{job.every}"  # noqa: PLR2004 - an hour
    return f"""{FIRST_LINE}[Unit]
Description={MEANING}

[Timer]
OnCalendar=*-*-* *:{minutes}:00
Persistent=true
AccuracySec=30s

[Install]
WantedBy=timers.target
"""


def _quoted(words: tuple[str, ...]) -> str:
    return " ".join(_word(word) for word in checked(words))


def _word(word: str) -> str:
    """As systemd reads it: per cent and dollar signs begin something, backslashes and quotes escape."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return plain if word and set(word) <= _PLAIN else f'"{plain}"'
