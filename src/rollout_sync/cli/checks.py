"""What `doctor` looks at on this machine: version, Python, configuration, key store, secrets, ledger.

Every check is a function to a `Check`. Nothing here repeats a secret, an e-mail address or the user's home folder.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rollout_sync.errors import LedgerError, RolloutSyncError

if TYPE_CHECKING:
    from rollout_sync.cli.invocation import Invocation
    from rollout_sync.config import SecretPlace, Settings

OLDEST_PYTHON = (3, 11)
_ADDRESS = re.compile(r"[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+")


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the doctor: what was looked at, what was found, and how to put it right."""

    name: str
    level: Level
    found: str
    fix: str = ""


def safe_to_paste(text: str) -> str:
    """The text with e-mail addresses masked and the home folder shortened to `~`."""
    return _ADDRESS.sub("(address)", text.replace(str(Path.home()), "~"))


def failed(name: str, error: RolloutSyncError) -> Check:
    """A check that an error ended; the problems of the error are part of what was found."""
    problems = [str(problem) for problem in getattr(error, "problems", ())]
    place = f" ({error.where})" if error.where else ""
    found = "\n".join([f"{error.what}{place}", *problems])
    return Check(name=name, level=Level.FAIL, found=safe_to_paste(found), fix=safe_to_paste(error.hint))


def machine_checks() -> Iterator[Check]:
    """Version of the program and of Python."""
    yield Check(name="rollout-sync", level=Level.OK, found=f"{version('rollout-sync')} on {platform.system()}")
    found = f"{platform.python_version()} ({sys.implementation.name})"
    if sys.version_info >= OLDEST_PYTHON:
        yield Check(name="Python", level=Level.OK, found=found)
    else:
        yield Check(name="Python", level=Level.FAIL, found=found, fix="Install Python 3.11 or newer.")


def configuration_check(settings: Settings) -> Check:
    """Where the settings came from and which services they name."""
    origin = "the sandbox" if settings.sandbox_url else str(settings.source or "environment variables")
    services = [name for name, there in (("Jira", settings.jira), ("Planner", settings.planner)) if there]
    found = f"{origin}: {' and '.join(services)}"
    if settings.safety.insecure_lab and not settings.sandbox_url:
        fix = "Set insecure_lab = false in [safety], unless this is a test lab."
        return Check(name="configuration", level=Level.WARN, found=f"{found}; insecure_lab is on", fix=fix)
    return Check(name="configuration", level=Level.OK, found=safe_to_paste(found))


def key_store_check(invocation: Invocation, settings: Settings) -> Check:
    """Whether the system has a key store, and whether it is needed."""
    name = invocation.secrets().describe()
    if name:
        return Check(name="key store", level=Level.OK, found=name)
    if settings.sandbox_url:
        return Check(name="key store", level=Level.SKIP, found="none; the sandbox needs none")
    fix = "Keep secrets in environment variables, or in files with mode 0600."
    return Check(name="key store", level=Level.WARN, found="this system has none", fix=fix)


def secret_checks(invocation: Invocation, settings: Settings) -> Iterator[Check]:
    """Whether each secret that the configuration needs is stored somewhere."""
    from rollout_sync.config.secrets import find_secret, how_to_store  # noqa: PLC0415 - the settings loaded it already

    for place in needed_secrets(settings):
        try:
            found = find_secret(place, invocation.environ, invocation.secrets())
        except RolloutSyncError as error:
            yield failed(place.name, error)
            continue
        if found is None:
            yield Check(name=place.name, level=Level.FAIL, found="is not stored", fix=how_to_store(place))
        else:
            yield Check(name=place.name, level=Level.OK, found="is stored")


def needed_secrets(settings: Settings) -> tuple[SecretPlace, ...]:
    """Secrets that the chosen ways of signing in need. A certificate's key may have no passphrase."""
    from rollout_sync.config.settings import GraphAuth, MailChannel, Webhook  # noqa: PLC0415 - loaded already

    mail, digest = settings.mail, settings.digest
    found = [settings.jira.token] if settings.jira else []
    if settings.planner is not None and settings.planner.auth is GraphAuth.CLIENT_SECRET:
        found.append(settings.planner.secret)
    if mail.channel is MailChannel.SMTP and mail.user:
        found.append(mail.password)
    if digest.webhook is not Webhook.NONE:
        found.append(digest.webhook_url)
    return tuple(found)


def ledger_check(path: Path) -> Check:
    """Whether the ledger, or its folder while there is none, can be used; the ledger itself is only read."""
    from rollout_sync.ledger.opening import Database  # noqa: PLC0415 - SQLAlchemy is slow to load

    try:
        if path.exists():
            Database(path, read_only=True).close()
        _try_folder(path.parent)
    except LedgerError as error:
        return failed("ledger", error)
    except OSError as error:
        return Check(
            name="ledger",
            level=Level.FAIL,
            found=safe_to_paste(f"{path.parent} cannot be written ({error.strerror or type(error).__name__})"),
            fix="Set [ledger] path to a file in a folder of your own, on a local disk.",
        )
    if path.exists() and not os.access(path, os.W_OK):
        return Check(
            name="ledger", level=Level.FAIL, found=safe_to_paste(f"{path} is read-only"), fix="Make it writable."
        )
    state = "is in order" if path.exists() else "will be made by the first run"
    return Check(name="ledger", level=Level.OK, found=safe_to_paste(f"{path} {state}"))


def _try_folder(folder: Path) -> None:
    """Make and remove a ledger beside the real one: the folder is writable, local and takes SQLite's locks."""
    from rollout_sync.ledger.opening import Database  # noqa: PLC0415 - SQLAlchemy is slow to load

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".doctor-", dir=folder) as scratch:
        Database(Path(scratch) / "ledger.sqlite").close()
