"""Engines without one of the protocol's rules must be caught making duplicates: the machine sees what it looks for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from machine.life import one_thread
from machine.run_ground import EXAMPLES
from machine.run_machine import JiraMachine, PlannerMachine
from machine.wire import Broken
from rollout_sync.ledger import entries
from rollout_sync.sync import settling

LOSING = (
    {"kind": "late", "seconds": 90},
    {"kind": "late", "seconds": 280},
    {"kind": "drop_after"},
    {"kind": "drop_before"},
)
"""Faults that leave a create in doubt."""
ENOUGH = 200
"""Examples within which a missing rule has to show."""


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    with one_thread(monkeypatch):
        yield


def without_waiting(monkeypatch):
    """Z = 0: what is not seen at once counts as not made."""
    monkeypatch.setattr(settling, "decidable_at", lambda doubt, _timing: doubt.sent_at - timedelta(days=9))


def without_looking(monkeypatch):
    """Doubts are sent again, and nobody looks whether they exist."""
    monkeypatch.setattr(settling, "verdict", lambda _doubt, _findings, _timing: True)


def without_intents(monkeypatch):
    """Written down after the answer, as most tools do: what is under way looks untouched on the disk."""
    monkeypatch.setattr(entries, "mark_inflight", lambda *_args, **_named: None)
    monkeypatch.setattr(entries, "_move", _moved_anyhow)


def _moved_anyhow(connection, entry_ids, expected, values):
    del expected
    for entry_id in entry_ids:
        connection.execute(entries.entry.update().where(entries.entry.c.entry_id == entry_id).values(**values))


QUICK = ((without_waiting, JiraMachine), (without_looking, JiraMachine), (without_intents, JiraMachine))
OTHERS = (
    (without_waiting, PlannerMachine),
    (without_looking, PlannerMachine),
    (without_intents, PlannerMachine),
)


@pytest.mark.parametrize(
    ("weaken", "machine"), [*QUICK, *(pytest.param(*pair, marks=pytest.mark.slow) for pair in OTHERS)]
)
@pytest.mark.timeout(600)
def test_a_weaker_protocol_makes_duplicates(weaken, machine, monkeypatch, record_property):
    weaken(monkeypatch)
    weak = type(f"Weak{machine.__name__}", (machine,), {"watched": frozenset({"I1"}), "kinds": LOSING})
    tried = settings(
        max_examples=ENOUGH,
        stateful_step_count=7,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=(Phase.generate,),
    )
    with pytest.raises(Broken, match="I1: "):
        run_state_machine_as_test(seed(5)(weak), settings=tried)
    record_property("examples", EXAMPLES[weak.__name__])
