"""The whole engine under everything that can go wrong at once: no duplicate, nothing lost, people's edits stand.

How many examples run is set by HYPOTHESIS_PROFILE: a few dozen by default, 2,000 in `ci`, many more in `nightly`. They
are cut into parts with a seed each, so that several processes can share them.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from machine.life import one_thread
from machine.run_ground import EXAMPLES
from machine.run_machine import JiraMachine, PlannerMachine, RunMachine

PARTS, EACH = {"ci": (7, 100), "nightly": (40, 500)}.get(os.environ.get("HYPOTHESIS_PROFILE", "dev"), (1, 9))
MACHINES = (JiraMachine, PlannerMachine, RunMachine)
TRYING_HARD = PARTS > 1


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    with one_thread(monkeypatch):
        yield


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.timeout(3600)
def test_everything_stands_exactly_once(machine, part, record_property):
    before = EXAMPLES[machine.__name__]
    tried = settings(
        max_examples=EACH,
        stateful_step_count=7,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
    )
    # run_state_machine_as_test builds its own test function, and takes the seed from the class
    run_state_machine_as_test(
        seed(1000 * MACHINES.index(machine) + part)(type(machine.__name__, (machine,), {})), settings=tried
    )
    ran = EXAMPLES[machine.__name__] - before
    record_property("examples", ran)
    assert ran >= EACH


@pytest.mark.skipif(not TRYING_HARD, reason="only the ci and nightly profiles promise 2,000 examples")
def test_the_parts_make_two_thousand_examples():
    assert len(MACHINES) * PARTS * EACH >= 2_000
