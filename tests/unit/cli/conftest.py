"""Calling the command line in a test: own folders, no key store of the machine, answers typed or none."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field

import pytest
from click.testing import CliRunner

from rollout_sync.cli.group import cli
from rollout_sync.cli.invocation import Invocation


@dataclass
class Shelf:
    """A key store in memory; without a name there is none."""

    name: str = "shelf"
    kept: dict = field(default_factory=dict)

    def get(self, account):
        return self.kept.get(account)

    def put(self, account, text):
        self.kept[account] = text

    def describe(self):
        return self.name


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home and working folder, and no variable of ours."""
    for variable in [name for name in os.environ if name.startswith("ROLLOUT_SYNC_")]:
        monkeypatch.delenv(variable)
    for variable in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(autouse=True)
def _logging_restored():
    root = logging.getLogger("rollout_sync")
    handlers, level, propagate = root.handlers, root.level, root.propagate
    yield
    root.handlers, root.propagate = handlers, propagate
    root.setLevel(level)


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def call(home, shelf, monkeypatch):
    """`call("templates", "show", "mfa", typed="…")`: the result of one command line; typed text makes it a terminal."""
    usual = Invocation.of_process

    def run(*arguments, typed=None, env=None):
        def of_process():
            invocation = usual()
            invocation.keystore = shelf
            invocation.can_ask = typed is not None
            return invocation

        monkeypatch.setattr(Invocation, "of_process", of_process)
        return CliRunner().invoke(cli, list(arguments), input=typed, env=env, prog_name="rollout-sync")

    return run
