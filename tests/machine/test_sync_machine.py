"""What comes back, held and released under everything that can go wrong: the ledger ends up saying what is true.

How many examples run is set by HYPOTHESIS_PROFILE: a few by default, 400 in `ci`, many more in `nightly`; they are
cut into parts with a seed each, so that several processes can share them.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from machine.sync_life import one_thread_of_sync
from machine.sync_machine import EXAMPLES, SyncMachine

PARTS, EACH = {"ci": (8, 50), "nightly": (40, 250)}.get(os.environ.get("HYPOTHESIS_PROFILE", "dev"), (1, 6))


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    with one_thread_of_sync(monkeypatch):
        yield


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.timeout(3600)
def test_the_ledger_ends_up_with_the_truth(part, record_property):
    before = EXAMPLES[SyncMachine.__name__]
    tried = settings(
        max_examples=EACH,
        stateful_step_count=8,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
    )
    # run_state_machine_as_test builds its own test function, and takes the seed from the class
    run_state_machine_as_test(seed(7000 + part)(type(SyncMachine.__name__, (SyncMachine,), {})), settings=tried)
    ran = EXAMPLES[SyncMachine.__name__] - before
    record_property("examples", ran)
    assert ran >= EACH
