"""A ledger that does not know what stands in the services must not make it a second time."""

from __future__ import annotations

import pytest

from rollout_sync.errors import ForeignRollout
from rollout_sync.ledger.objects import Entry
from rollout_sync.model.objects import Marker, ObjectKey, ObjectKind, Remote
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import TrackerName
from rollout_sync.sync.foreign import check
from rollout_sync.trackers.base import Inspection, Trace
from support.builders import make_item, make_rollout
from support.ledgers import row

ROLLOUT = make_rollout([make_item("prepare/alpha")])
ALPHA = ObjectKey(ObjectKind.ISSUE, "prepare/alpha")
TASK = ObjectKey(ObjectKind.TASK, "prepare/alpha")
ISSUE = Trace(remote=Remote(id="10000"), object=ALPHA, marker="a" * 32)
CARD = Trace(remote=Remote(id="T1"))
PLAN = ObjectKey(ObjectKind.PLAN, "plan")
BARE_CARD = Trace(remote=Remote(id="T1"), within="P1")
"""In a plan in which no task bears a mark yet."""


def bare_plan(title):
    return Trace(remote=Remote(id="P1"), title=title)


def entry(key, state, remote_id="", marker="a" * 32):
    return Entry(
        object=key,
        item=None,
        marker=Marker(marker),
        state=state,
        fields={},
        base=None,
        remote=Remote(id=remote_id) if remote_id else None,
        attempt=1,
        sent_at=None,
        last_error="",
    )


def looked(*traces, tracker=TrackerName.JIRA, existing=0):
    return {tracker: Inspection(facts={}, people={}, findings=(), existing=existing, traces=traces)}


def in_planner(*traces):
    return looked(*traces, tracker=TrackerName.PLANNER)


@pytest.mark.parametrize(
    ("kept", "inspections"),
    [
        ([entry(ALPHA, OperationState.CREATED, "10000")], looked(ISSUE)),
        ([entry(ALPHA, OperationState.GONE, "10000")], looked(ISSUE)),
        ([entry(ALPHA, OperationState.INFLIGHT)], looked(ISSUE)),
        ([entry(ALPHA, OperationState.CREATED, "9999")], looked(ISSUE)),  # a second copy: `verify` tells of it
        ([entry(TASK, OperationState.INFLIGHT)], in_planner(CARD)),
        ([], in_planner(bare_plan("Somebody's other rollout"), BARE_CARD)),
        (
            [entry(PLAN, OperationState.CREATED, "P1"), entry(TASK, OperationState.INFLIGHT)],
            in_planner(bare_plan(ROLLOUT.name), BARE_CARD),
        ),
        (
            [entry(PLAN, OperationState.CREATED, "P1"), entry(TASK, OperationState.CREATED, "T1")],
            in_planner(bare_plan("Renamed by a person"), BARE_CARD),
        ),
    ],
)
def test_what_the_ledger_can_explain_is_its_own(kept, inspections):
    check(ROLLOUT, row(), kept, inspections)


@pytest.mark.parametrize(
    ("kept", "inspections"),
    [
        ([entry(ALPHA, OperationState.PLANNED)], looked(ISSUE)),
        ([entry(ALPHA, OperationState.INFLIGHT, marker="b" * 32)], looked(ISSUE)),
        ([], looked(ISSUE)),
        ([entry(TASK, OperationState.PLANNED)], in_planner(CARD)),
        ([], in_planner(bare_plan(ROLLOUT.name))),
        (
            [entry(PLAN, OperationState.CREATED, "P1"), entry(TASK, OperationState.PLANNED)],
            in_planner(bare_plan(ROLLOUT.name), BARE_CARD),
        ),
        (
            [entry(PLAN, OperationState.CREATED, "P1"), entry(TASK, OperationState.PLANNED)],
            in_planner(bare_plan("Renamed by a person"), BARE_CARD),
        ),
        ([entry(PLAN, OperationState.INFLIGHT)], in_planner(bare_plan(ROLLOUT.name), BARE_CARD)),
    ],
)
def test_an_older_ledger_is_refused(kept, inspections):
    with pytest.raises(ForeignRollout, match="older copy"):
        check(ROLLOUT, row(), kept, inspections)


def test_a_new_ledger_is_refused_where_work_exists():
    with pytest.raises(ForeignRollout, match="does not know it"):
        check(ROLLOUT, None, [], looked(existing=3))
    with pytest.raises(ForeignRollout, match="does not know it"):
        check(ROLLOUT, None, [], in_planner(bare_plan(ROLLOUT.name)))
    check(ROLLOUT, None, [], looked())


def test_after_an_adoption_unmarked_work_is_left_to_recognition():
    adopted = row(source={"template": "mfa", "adoption": {"agrees": True, "seen": "", "due": ""}})
    check(ROLLOUT, adopted, [entry(TASK, OperationState.PLANNED)], in_planner(CARD))
    with pytest.raises(ForeignRollout):
        check(ROLLOUT, adopted, [entry(ALPHA, OperationState.PLANNED)], looked(ISSUE))
