"""Engines that lack one of the rules for what comes back must be caught: the machine sees what it looks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from machine.sync_life import one_thread_of_sync
from machine.sync_machine import EXAMPLES, SyncMachine
from machine.wire import Broken
from rollout_sync.reconcile import ballots, gates
from rollout_sync.sync import pulling, release, syncing
from rollout_sync.trackers.jira import pulling as jira_pulling
from rollout_sync.trackers.jira import window

ENOUGH = 150
"""Examples within which a missing rule has to show."""


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    with one_thread_of_sync(monkeypatch):
        yield


def cursor_before_rows(monkeypatch):
    """The cursor is kept as soon as the search has answered, the rows afterwards."""
    store = pulling._store

    def portions(pull, usual=jira_pulling._Pull.portions):
        found = list(usual(pull))
        yield replace(found[-1], complete=())
        yield from found

    monkeypatch.setattr(jira_pulling._Pull, "portions", portions)
    monkeypatch.setattr(pulling, "_store", store)


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


def old_answers_count(monkeypatch):
    """What was approved once is approved, whatever becomes of it."""
    decide = gates.decide

    def forgetful(gate, *, earlier, version, **named):
        earlier = replace(earlier, asked_version=version, version=version) if earlier else None
        return decide(gate, earlier=earlier, version=version, **named)

    monkeypatch.setattr(gates, "decide", forgetful)


def release_without_looking(monkeypatch):
    """Work is released as soon as its gate was ever looked at."""
    monkeypatch.setattr(release, "_holds_still", lambda *_args: True)


def no_overlap(monkeypatch):
    """Search is believed to know everything at once."""
    monkeypatch.setattr(window, "OVERLAP", timedelta(0))
    monkeypatch.setattr(jira_pulling, "OVERLAP", timedelta(0))


def mirror_without_memory(monkeypatch):
    """Nobody remembers where the two sides of an item were settled."""
    carry_over = syncing._carry_over
    monkeypatch.setattr(syncing, "_carry_over", lambda *args: ({}, *carry_over(*args)[1:]))


WEAKER = (
    (cursor_before_rows, "I8"),
    (everybody_decides, "gate held"),
    (any_one_will_do, "gate held"),
    (old_answers_count, "gate held"),
    (release_without_looking, "held"),
    (no_overlap, "I8"),
    (mirror_without_memory, "mirror"),
)
QUICK = (everybody_decides, release_without_looking, mirror_without_memory)


@pytest.mark.parametrize(
    ("weaken", "invariants"),
    [pytest.param(*pair, marks=() if pair[0] in QUICK else pytest.mark.slow) for pair in WEAKER],
)
@pytest.mark.timeout(900)
def test_a_weaker_engine_is_caught(weaken, invariants, monkeypatch, record_property):
    weaken(monkeypatch)
    weak = type(f"Weak{SyncMachine.__name__}", (SyncMachine,), {"watched": frozenset(invariants.split())})
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
        run_state_machine_as_test(seed(11)(weak), settings=tried)
    record_property("examples", EXAMPLES[weak.__name__] - before)
    print("examples", EXAMPLES[weak.__name__] - before)
