"""Two processes on one rollout: the second is refused while the first lives, however slow it is, and not longer."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from system.killpoints.scripts import QUIET

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and signals")

STOP_AT = 70
"""A crash point in the middle of the run."""


def state_of(process):
    """One letter; T is stopped."""
    told = Path(f"/proc/{process}/stat")
    if told.exists():
        return told.read_text().rpartition(") ")[2][0]
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return shown.stdout[:1]


@pytest.fixture
def stopped(bench):
    """A run that stopped itself halfway; (process id, folder)."""
    folder = bench.fresh(QUIET)
    process = bench.worker.begin("apply", folder, bench.plan, burns_at=STOP_AT, sends=signal.SIGSTOP)
    ends = time.monotonic() + 30
    while state_of(process) != "T":
        assert time.monotonic() < ends, "the run did not stop itself"
        time.sleep(0.01)
    return process, folder


def test_a_second_run_is_refused_while_the_first_is_stopped_and_alive(bench, rival, stopped):
    process, folder = stopped
    try:
        refused = rival.run("apply", folder, bench.plan)
    finally:
        os.kill(process, signal.SIGCONT)
        first = bench.worker.end()
    assert refused["error"] == "LedgerBusy"
    assert (first["signal"], first["finished"]) == (0, True)
    after = rival.run("apply", folder, bench.plan)
    assert (after["finished"], after["made"]) == (True, 0)


def test_a_second_run_goes_on_at_once_when_the_first_was_killed(bench, rival, stopped):
    process, folder = stopped
    os.kill(process, signal.SIGKILL)
    assert bench.worker.end()["signal"] == signal.SIGKILL
    second = rival.run("apply", folder, bench.plan)
    assert "error" not in second
    assert second["finished"] or second["made"]  # what was in flight may have to wait for the horizon
