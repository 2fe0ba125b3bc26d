"""`rollout-sync init`: asks for the accounts, writes config.toml, puts secrets into the key store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.checks import needed_secrets
from rollout_sync.cli.command import Command
from rollout_sync.cli.init_questions import ask_sections
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.questions import ask_secret, ask_yes
from rollout_sync.cli.screen import Screen
from rollout_sync.config import SecretPlace, Settings, parse
from rollout_sync.config.location import FILE_NAME, user_config
from rollout_sync.config.secrets import find_secret
from rollout_sync.config.writing import compose, write
from rollout_sync.errors import ConfigError
from rollout_sync.transport.redaction import SECRETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What `init` did.

    Attributes:
        path: the configuration; None when none was written.
        stored: names of the secrets that are stored now.
        missing: environment variables that still have to be set, by the name of their secret.
    """

    path: Path | None
    stored: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]


@click.command(cls=Command, example="rollout-sync init\nrollout-sync init --here\nrollout-sync init --secrets-only")
@click.option("--here", is_flag=True, help=f"Write {FILE_NAME} into this folder, not into your user configuration.")
@click.option("--force", is_flag=True, help="Replace an existing configuration.")
@click.option("--secrets-only", is_flag=True, help="Keep the configuration; ask for secrets again.")
@click.pass_obj
def command(invocation: Invocation, *, here: bool, force: bool, secrets_only: bool) -> Answer[Initialised]:
    """Ask for accounts and write the configuration.

    Asks for the Jira site and project and for the Planner tenant and group, shows the file, and writes it after a
    yes. Secrets go into the key store of your system, never into the file; they are not shown while you type them.
    No service is asked, and no browser is opened.
    """
    if not invocation.can_ask:
        raise ConfigError(
            "Nobody can be asked: this is no terminal.",
            where="init",
            hint="Copy config.example.toml to config.toml, or set ROLLOUT_SYNC_… variables; see: rollout-sync doctor",
        )
    if secrets_only:
        settings, path = invocation.settings(), None
    else:
        path = invocation.config or (Path.cwd() / FILE_NAME if here else user_config())
        if path.exists() and not force:
            raise ConfigError("There is a configuration already.", where=str(path), hint="Add --force to replace it.")
        settings = _configure(path, invocation, replace=force)
    return _finish(invocation, settings, path)


def _configure(path: Path, invocation: Invocation, *, replace: bool) -> Settings:
    text = compose(ask_sections())
    settings = parse(text, path, {})
    invocation.screen.complain(f"\n{text}")
    if not ask_yes(f"Write this to {path}?", default=True):
        raise ConfigError("Nothing was written.", where=str(path), hint="Run: rollout-sync init")
    write(path, text, replace=replace)
    return settings


def _finish(invocation: Invocation, settings: Settings, path: Path | None) -> Answer[Initialised]:
    stored: list[str] = []
    missing: list[tuple[str, str]] = []
    for place in needed_secrets(settings):
        if _keep(place, invocation):
            stored.append(place.name)
        else:
            missing.append((place.name, place.variable))
    result = Initialised(path=path, stored=tuple(stored), missing=tuple(missing))
    return Answer(result=result, text=_write, status=Status.DONE)


def _keep(place: SecretPlace, invocation: Invocation) -> bool:
    """Ask for one secret and store it; false where it is left to an environment variable."""
    keystore = invocation.secrets()
    if not keystore.describe():
        return find_secret(place, invocation.environ, keystore) is not None
    text = ask_secret(f"{place.name} (not shown; Enter to leave it for later)")
    if text:
        SECRETS.register(text)
        keystore.put(place.account, text)
    return bool(text) or find_secret(place, invocation.environ, keystore) is not None


def _write(result: Initialised, screen: Screen) -> None:
    if result.path:
        screen.line(f"{screen.symbols.ok} written: {result.path}")
    for name in result.stored:
        screen.line(f"{screen.symbols.ok} stored: {name}")
    for name, variable in result.missing:
        screen.line(f"{screen.symbols.warn} {name}: set the environment variable {variable}")
    screen.line()
    screen.line("Next: rollout-sync doctor")
