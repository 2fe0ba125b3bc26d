"""System tests: one sandbox for each module, reset before each test; a desk with a configuration like a real one."""

from __future__ import annotations

import logging
import os

import pytest

from support import small
from support.desk import Desk, HandClock
from support.standin import serving


@pytest.fixture(scope="module")
def served():
    with serving() as found:
        yield found


@pytest.fixture
def sandbox(served):
    served.control("POST", "/reset")
    return served


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home and working folder, and no variable of ours."""
    for variable in [name for name in os.environ if name.startswith("ROLLOUT_SYNC_")]:
        monkeypatch.delenv(variable)
    for variable in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA"):
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
def desk(sandbox, home, monkeypatch):
    """A desk with both services configured, the small template and its people list."""
    clock = HandClock()
    clock.put_over(monkeypatch)
    found = Desk(at=sandbox, folder=home, clock=clock, monkeypatch=monkeypatch)
    found.configure()
    found.write("small.yaml", small.TEMPLATE)
    found.write("people.csv", small.PEOPLE)
    return found
