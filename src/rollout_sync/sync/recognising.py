"""Looks for what may stand in Planner already although the ledger calls it planned, before any of it is made.

An older copy of the ledger does not know what was made after it was taken. Marks show that while planning (see
`foreign`), but plans, buckets and tasks without notes bear none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from rollout_sync.ledger import entries, objects
from rollout_sync.ledger.objects import Node
from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import TrackerName
from rollout_sync.reconcile.plan import Plan
from rollout_sync.sync import settling
from rollout_sync.sync.run import Run

State = OperationState
_WRONG_BY = timedelta(days=2)
"""How far the clock may have been ahead that said from which day a rollout was planned."""
_TRACELESS = (ObjectKind.BUCKET,)
"""Kinds of which no look at a service tells who made them, or for which rollout."""
_UNMARKED = (ObjectKind.PLAN, ObjectKind.BUCKET, ObjectKind.TASK)
"""Kinds that a rebuilt ledger may lack: an adoption can only name what bears a mark."""


def recognise(plan: Plan, run: Run) -> None:
    """Find what is planned and stands already; must run before anything is created.

    What is looked for counts as a create of unknown outcome that left long ago, so that a strong read finds it, or
    proves that it does not exist. A first start reads nothing: where no plan stands there is no bucket. Later ones read
    the plan's buckets once, and only where a bucket is to be made; after an adoption also the group's plans and the
    plan's tasks.
    """
    if TrackerName.PLANNER not in run.trackers:
        return
    since = datetime.fromisoformat(f"{plan.source['planned_from']}T00:00:00+00:00") - _WRONG_BY
    was_adopted = "adoption" in plan.source
    if was_adopted or _has_plan(run):
        for kind in _UNMARKED if was_adopted else _TRACELESS:
            _look_for(kind, since, run)


def _has_plan(run: Run) -> bool:
    with run.database.reading() as connection:
        return bool(objects.tally(connection, run.rollout)[ObjectKind.PLAN])


def _look_for(kind: ObjectKind, since: datetime, run: Run) -> None:
    with run.database.reading() as connection:
        if not objects.counts(connection, run.rollout).get(State.PLANNED):
            return
        nodes = objects.graph(connection, run.rollout)
    waiting = [node.entry_id for node in nodes.values() if node.kind is kind and is_ready(node, nodes)]
    if not waiting:
        return
    with run.database.transaction() as connection:
        entries.mark_inflight(connection, waiting, sent_at=since, high_water=0, fence=run.lease.fence)
    settling.settle(run)


def is_ready(node: Node, nodes: Mapping[int, Node]) -> bool:
    """Planned, and what it lies in exists: where the plan or bucket is missing, nothing can be in it."""
    return node.state is State.PLANNED and all(nodes[other].state is State.CREATED for other in node.needs)
