"""Engines that lack one of the rules for what comes back must be caught: the machine sees what it looks for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from machine.sync_life import one_thread_of_sync
from machine.sync_machine import EXAMPLES, SyncMachine
from machine.wire import Broken
from rollout_sync.reconcile import ballots, gates
from rollout_sync.sync import release, syncing
from support.marks import slow_rows

ENOUGH = 150
"""Examples within which a missing rule has to show."""


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    with one_thread_of_sync(monkeypatch):
        yield


def everybody_decides(monkeypatch):
    """Whoever ticks a line or sets a label is heard."""
    monkeypatch.setattr(ballots._Roll, "may", lambda _roll, _voter: True)
    monkeypatch.setattr(gates, "_heard", lambda _approval, counted: {vote.by: vote for vote in counted})


def any_one_will_do(monkeypatch):
    """One of two approvers opens a gate that asks both."""
    monkeypatch.setattr(gates, "_heard", _as_if_all(gates._heard))


def _as_if_all(heard):
    def spread(approval, counted):
        found = heard(approval, counted)
        return {person.email: next(iter(found.values())) for person in approval.approvers} if found else {}

    return spread


def release_without_looking(monkeypatch):
    """Work is released as soon as its gate was ever looked at."""
    monkeypatch.setattr(release, "_holds_still", lambda *_args: True)


def mirror_without_memory(monkeypatch):
    """Nobody remembers where the two sides of an item were settled."""
    carry_over = syncing._carry_over
    monkeypatch.setattr(syncing, "_carry_over", lambda *args: ({}, *carry_over(*args)[1:]))


WEAKER = (
    (everybody_decides, "gate held", (11, {})),
    (release_without_looking, "held", (11, {})),
    *slow_rows(
        (any_one_will_do, "gate held", (11, {})),
        (mirror_without_memory, "mirror", (3, {"only": "pairs"})),
    ),
)
"""Engines, the invariants that they break, a seed, and circumstances in which that shows soon."""


@pytest.mark.parametrize(("weaken", "invariants", "chance"), WEAKER)
@pytest.mark.timeout(900)
def test_a_weaker_engine_is_caught(weaken, invariants, chance, monkeypatch, record_property):
    weaken(monkeypatch)
    number, circumstances = chance
    body = {"watched": frozenset(invariants.split()), **circumstances}
    weak = type(f"Weak{SyncMachine.__name__}", (SyncMachine,), body)
    before = EXAMPLES[weak.__name__]
    tried = settings(
        max_examples=ENOUGH,
        stateful_step_count=8,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=(Phase.generate,),
    )
    with pytest.raises(Broken, match=f"({invariants.replace(' ', '|')}): "):
        run_state_machine_as_test(seed(number)(weak), settings=tried)
    record_property("examples", EXAMPLES[weak.__name__] - before)
