"""A coordinator at the command line: own folder and environment, a clock that can be moved, nothing else."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rollout_sync.cli.group import cli
from rollout_sync.cli.invocation import Invocation
from rollout_sync.config import Settings
from rollout_sync.transport.clock import SystemClock
from support import thrift
from support.standin import NOW, StandIn

REAL_NAMES = {
    "https://login.microsoftonline.com/": "/login/",
    "https://graph.microsoft.com/v1.0": "/graph/v1.0",
    "https://api.atlassian.com/": "/jira-gateway/",
    "https://example.atlassian.net": "/jira",
}
"""Where the services' real addresses lead in a system test; tokens and URLs are those of real work."""

JIRA = """
[jira]
site = "https://example.atlassian.net"
email = "cora.coordinator@example.com"
project = "SEC"
"""
PLANNER = """
[planner]
tenant = "example.com"
client_id = "11111111-1111-4111-8111-111111111111"
auth = "client-secret"
group = "IT change"
token_cache = "sign-in.json"
"""
LEDGER = """
[ledger]
path = "ledger.sqlite"
"""
BOTH = JIRA + PLANNER + LEDGER
TOKENS = {"ROLLOUT_SYNC_JIRA_TOKEN": "sandbox-token", "ROLLOUT_SYNC_GRAPH_SECRET": "sandbox-secret"}


@dataclass
class Shelf:
    """A key store that is not there."""

    kept: dict[str, str] = field(default_factory=dict)

    def get(self, account: str) -> str | None:
        return self.kept.get(account)

    def put(self, account: str, text: str) -> None:
        self.kept[account] = text

    def describe(self) -> str:
        return ""


@dataclass
class HandClock:
    """Runs with the machine, starts at `NOW`, and skips what would be slept."""

    began: float = field(default_factory=time.monotonic)
    skipped: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.monotonic() - self.began)

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.skipped += max(seconds, 0.0)

    def put_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every clock of the program is this one."""
        monkeypatch.setattr(SystemClock, "now", lambda _clock: self.now())
        monkeypatch.setattr(SystemClock, "monotonic", lambda _clock: self.monotonic())
        monkeypatch.setattr(SystemClock, "sleep", lambda _clock, seconds: self.sleep(seconds))


@dataclass(frozen=True)
class Done:
    """How one call ended."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The JSON envelope."""
        return json.loads(self.out)

    @property
    def result(self) -> Any:
        """What the envelope holds."""
        return self.answer["result"]

    @property
    def errors(self) -> list[dict[str, str]]:
        """The envelope's errors."""
        found: list[dict[str, str]] = self.answer["errors"]
        return found


@dataclass
class Desk:
    """Where commands are typed; `at` is the sandbox, `folder` the working folder."""

    at: StandIn
    folder: Path
    clock: HandClock
    monkeypatch: pytest.MonkeyPatch
    shelf: Shelf = field(default_factory=Shelf)
    said: list[str] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        usual, settings = Invocation.of_process, Invocation.settings

        def of_process() -> Invocation:
            invocation = usual()
            invocation.keystore, invocation.can_ask = self.shelf, self._typed is not None
            return invocation

        def redirected(invocation: Invocation) -> Settings:
            found = settings(invocation)
            over = {name: self.at.url + path for name, path in REAL_NAMES.items()}
            return replace(found, rewrites={**over, **found.rewrites, **self.elsewhere})

        self._typed: str | None = None
        thrift.put_over(self.monkeypatch)
        self.monkeypatch.setattr(Invocation, "of_process", of_process)
        self.monkeypatch.setattr(Invocation, "settings", redirected)

    def configure(self, text: str = BOTH, **variables: str) -> None:
        """Write config.toml, and set the environment's secrets."""
        (self.folder / "config.toml").write_text(text, encoding="utf-8")
        for name, value in {**TOKENS, **variables}.items():
            self.monkeypatch.setenv(name, value)

    def write(self, name: str, text: str) -> Path:
        """A file in the working folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def call(self, *arguments: str, typed: str | None = None) -> Done:
        """One command line against the configuration."""
        self._typed = typed
        done = CliRunner().invoke(cli, list(arguments), input=typed, prog_name="rollout-sync")
        self.said += [done.stdout, done.stderr]
        return Done(done.exit_code, done.stdout, done.stderr)

    def ask(self, *arguments: str) -> Done:
        """One command line, answered in JSON."""
        return self.call("--output", "json", *arguments)

    @property
    def ledger(self) -> Path:
        """The ledger of `configure`."""
        return self.folder / "ledger.sqlite"
