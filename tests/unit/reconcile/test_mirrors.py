"""Mirrored pairs: what one side says, the other follows; nothing is written or told twice."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.model.rollout import Home, TrackerName
from rollout_sync.model.snapshot import Decision, GateState, ItemStatus
from rollout_sync.reconcile import keys
from rollout_sync.reconcile.mirrors import Pair, follow
from rollout_sync.reconcile.sides import Category
from support.builders import make_item
from support.standing import at, make_gate, seen

ITEM = make_item("prepare/inventory", home=Home.BOTH)
ISSUE, TASK = keys.issue(ITEM.key), keys.task(ITEM.key)
N, B, D = "new", "indeterminate", "done"
PERCENT = {N: 0, B: 30, D: 100}
JIRA, PLANNER = TrackerName.JIRA, TrackerName.PLANNER


def issue(category, when=at(1), **fields):  # noqa: B008 -- a constant moment
    return seen(ISSUE, when, category=category, status=f"jira {category}", title="Inventory", **fields)


def task(category, when=at(1), **fields):  # noqa: B008 -- the same
    return seen(TASK, when, percent=PERCENT[category], status=f"planner {category}", title="Inventory", **fields)


def settled(one, other, when=at()):  # noqa: B008 -- the same
    return Pair(issue=Category(one), task=Category(other), issue_at=when, task_at=when)


@pytest.mark.parametrize(
    ("leads", "was", "now", "status", "to_issue", "to_task", "conflict"),
    [
        (JIRA, (N, N), (N, N), "to do", None, None, ""),
        (JIRA, (N, N), (D, N), "done", None, 100, ""),  # done here is done there
        (JIRA, (N, N), (N, D), "done", "done", None, ""),
        (PLANNER, (N, N), (D, N), "done", None, 100, ""),
        (JIRA, (N, N), (N, B), "started", "indeterminate", None, ""),  # started follows likewise
        (JIRA, (N, N), (B, N), "started", None, 50, ""),
        (JIRA, (N, N), (B, D), "done", "done", None, ""),  # both went further
        (JIRA, (N, N), (D, D), "done", None, None, ""),
        (JIRA, (D, D), (B, D), "started", None, 50, ""),  # the leading side was reopened
        (PLANNER, (D, D), (D, N), "to do", "new", None, ""),
        (JIRA, (D, D), (D, B), "done", None, None, "both are left as they are"),  # the other side was reopened
        (PLANNER, (D, D), (B, D), "done", None, None, "both are left as they are"),
        (JIRA, (D, D), (B, N), "started", None, 50, ""),  # both went back
        (JIRA, (B, B), (D, N), "done", None, 100, "Jira leads"),
        (PLANNER, (B, B), (D, N), "to do", "new", None, "Planner leads"),
        (JIRA, (B, B), (N, D), "to do", None, 0, "Jira leads"),
        (JIRA, (D, N), (D, B), "done", None, None, "both are left as they are"),  # not as far as the leading side
        (JIRA, (D, N), (D, D), "done", None, None, ""),
        (JIRA, (D, N), (B, N), "started", None, 50, ""),
    ],
)
def test_the_table(leads, was, now, status, to_issue, to_task, conflict):  # noqa: PLR0917 -- the table's columns
    step = follow(replace(ITEM, leads=leads), issue(now[0]), task(now[1]), pair=settled(*was))
    wanted = ({ISSUE: {"progress": to_issue}} if to_issue else {}) | (
        {TASK: {"percent": to_task}} if to_task is not None else {}
    )
    assert step.writes == wanted
    assert step.state.status == status
    assert (conflict in step.conflict) if conflict else step.conflict == ""
    assert step.state.conflict == step.conflict


CATEGORIES = st.sampled_from([N, B, D])


@given(
    st.sampled_from([JIRA, PLANNER]),
    st.lists(st.tuples(CATEGORIES, CATEGORIES, st.booleans()), min_size=1, max_size=8),
)
def test_writes_bring_rest_and_nothing_is_told_twice(leads, looks):
    """People change both sides as they like; writes succeed or fail. After every step that worked there is quiet."""
    item, pair, when = replace(ITEM, leads=leads), None, at(1)
    for one, other, works in looks:
        when += timedelta(hours=1)
        step = follow(item, issue(one, when), task(other, when), pair=pair)
        if not works:
            again = follow(item, issue(one, when), task(other, when), pair=pair)
            assert again == step
            continue
        pair = step.pair
        unread = follow(item, issue(one, when), task(other, when), pair=pair)
        assert (unread.writes, unread.conflict, unread.pair) == ({}, "", pair)
        when += timedelta(hours=1)
        after = (step.writes.get(ISSUE, {}).get("progress", one), step.writes.get(TASK, {}).get("percent"))
        there = seen(TASK, when, percent=PERCENT[other] if after[1] is None else after[1])
        read = follow(item, issue(after[0], when), there, pair=pair)
        assert (read.writes, read.conflict) == ({}, "")
        assert read.state.status == step.state.status
        assert step.state.status == (pair.issue if leads is JIRA else pair.task).status


def test_a_person_who_takes_a_written_value_back_is_not_written_over():
    first = follow(ITEM, issue(N), task(D), pair=settled(N, N))
    assert first.writes == {ISSUE: {"progress": "done"}}
    back = follow(ITEM, issue(N, at(2)), task(D, at(2)), pair=first.pair)  # Jira leads: reopening it reopens the task
    assert back.writes == {TASK: {"percent": 0}}
    assert back.state.status is ItemStatus.TODO


def test_a_standing_difference_stays_in_the_state_but_is_told_once():
    first = follow(ITEM, issue(D), task(B), pair=settled(D, D))
    second = follow(ITEM, issue(D, at(2)), task(B, at(2)), pair=first.pair, earlier=first.state)
    assert first.conflict == 'Planner says "in progress", but Jira says "done" and leads; both are left as they are'
    assert (second.conflict, second.state.conflict, second.writes) == ("", first.conflict, {})


def test_one_state_out_of_two():
    step = follow(
        ITEM,
        issue(N, labels=["blocked"], labelled=[{"label": "blocked", "by": "x", "at": at(0.5).isoformat()}], held=True),
        task(D, at(1.2), finished_at=at(0.8).isoformat(), owners=["p1"], due="2027-01-09"),
        pair=settled(N, N),
    )
    state = step.state
    assert (state.status, state.shown, state.percent) == (ItemStatus.DONE, "planner done", 100)
    assert (state.finished_at, state.blocked_since, state.seen_at) == (at(0.8), at(0.5), at(1))
    assert (state.held, state.owners, state.key[:4]) == (True, ("p1",), "SEC-")


def test_not_seen_is_not_gone():
    known = follow(ITEM, issue(D), task(N), pair=settled(N, N))
    half = follow(ITEM, None, task(N, at(1)), pair=known.pair, earlier=known.state)
    assert (half.state.status, half.writes, half.pair) == (ItemStatus.DONE, {}, known.pair)
    assert half.state.finished_at == known.state.finished_at
    unread = follow(ITEM, issue(D), None, pair=settled(N, N))
    assert (unread.state.status, unread.writes, unread.pair) == (ItemStatus.DONE, {}, settled(N, N))
    assert follow(ITEM, None, None, earlier=known.state).state == known.state


def test_a_deleted_side_leaves_the_other():
    step = follow(ITEM, issue(N), task(B), pair=settled(N, N), gone={ISSUE})
    assert (step.state.status, step.writes) == (ItemStatus.STARTED, {})
    assert step.conflict == "deleted in Jira; what Planner says counts alone"
    again = follow(ITEM, issue(N), task(D, at(3)), pair=step.pair, earlier=step.state, gone={ISSUE})
    assert (again.state.status, again.conflict, again.state.conflict) == (ItemStatus.DONE, "", step.conflict)
    both = follow(ITEM, issue(N), task(D), pair=step.pair, earlier=again.state, gone={ISSUE, TASK})
    assert (both.state.status, both.writes, both.conflict) == (ItemStatus.GONE, {}, "")


def test_the_sides_of_an_approval_wait_for_its_gate_and_may_be_taken_back():
    gate = make_gate("go/yes", home=Home.BOTH)
    pair_keys = keys.issue(gate.key), keys.task(gate.key)

    def look(one, other, when, pair, decision):
        sides = (seen(pair_keys[0], when, category=one), seen(pair_keys[1], when, percent=PERCENT[other]))
        return follow(gate, *sides, pair=pair, gate=GateState(gate=gate.key, decision=decision))

    shut = look(D, N, at(1), None, Decision.WAITING)
    assert shut.writes == {}  # completing it somewhere decides nothing
    opened = look(D, N, at(2), shut.pair, Decision.APPROVED)
    assert opened.writes == {pair_keys[1]: {"percent": 100}}
    assert look(N, D, at(3), opened.pair, Decision.APPROVED).writes == {}
    last = look(N, D, at(3), opened.pair, Decision.APPROVED).pair
    assert look(N, D, at(4), last, Decision.APPROVED).writes == {}


def test_a_pair_is_kept_as_json():
    pair = settled(D, N)
    assert Pair.of(json.loads(json.dumps(pair.plain()))) == pair
    assert Pair.of(Pair().plain()) == Pair()
    with pytest.raises(ValueError, match="halfway"):
        Pair.of({"issue": "halfway"})
