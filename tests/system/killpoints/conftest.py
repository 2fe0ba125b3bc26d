"""One bench per test process, and one line at the end that says what all cases came to."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest

from system.killpoints.bench import Bench, Worker
from system.killpoints.mail_bench import MAIL_PROPERTY

PROPERTY = "killpoints"
_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def killpoint_folder(tmp_path_factory):
    """In memory where there is such a place: SIGKILL loses nothing that was written, so the disk proves nothing."""
    if os.access(_MEMORY, os.W_OK):
        with tempfile.TemporaryDirectory(dir=_MEMORY, prefix="killpoints-") as folder:
            yield Path(folder)
    else:
        yield tmp_path_factory.mktemp("killpoints")


@pytest.fixture(scope="session")
def bench(killpoint_folder):
    """A sandbox, a worker and a plan."""
    with Bench(killpoint_folder) as bench:
        yield bench


@pytest.fixture
def rival(bench):
    """A second process on the same ledger and services."""
    worker = Worker(bench.sandbox.url)
    yield worker
    worker.close()


def pytest_terminal_summary(terminalreporter):
    """Add up what the tests recorded, over all processes."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    for wanted, title in ((PROPERTY, "kill points"), (MAIL_PROPERTY, "kill points around mails")):
        tallies = [json.loads(value) for one in reports for name, value in one.user_properties if name == wanted]
        if tallies:
            total = {name: sum(tally[name] for tally in tallies) for name in tallies[0]}
            terminalreporter.write_line(f"{title}: " + ", ".join(f"{count} {name}" for name, count in total.items()))
