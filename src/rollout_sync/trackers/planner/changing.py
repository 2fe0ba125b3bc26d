"""Writing fields of existing Planner objects: conditional on their version, and only what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rollout_sync.errors import Unavailable
from rollout_sync.model.objects import ObjectKind, Remote
from rollout_sync.model.operations import Change, Outcome
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.planner.batch import BATCH_SIZE
from rollout_sync.trackers.planner.client import GraphClient, segment
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.details import later_patch
from rollout_sync.trackers.planner.labels import LabelBook
from rollout_sync.trackers.planner.mapping import Json, bucket_patch, kind_route, plan_patch, task_patch
from rollout_sync.trackers.planner.marks import Mark
from rollout_sync.trackers.planner.merging import Target, write_all
from rollout_sync.trackers.planner.sending import details_target, labels_target, only_kind

_ANY: Mapping[ObjectKind, int] = dict.fromkeys(
    (ObjectKind.PLAN, ObjectKind.LABELS, ObjectKind.BUCKET, ObjectKind.TASK, ObjectKind.DETAILS), 10_000
)
_NEED_CURRENT = frozenset({"owners", "categories"})
"""Fields whose removal needs to be said key by key, so the task is read first."""


class Changer:
    """Writes changes of one kind, 20 to a batch."""

    def __init__(self, client: GraphClient, destination: Destination, labels: LabelBook) -> None:
        self._client = client
        self._destination = destination
        self._labels = labels

    def change(self, rollout: RolloutId, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Outcomes in the order of `changes`; ValueError for mixed kinds."""
        if not changes:
            return []
        kind = only_kind([change.object.kind for change in changes], _ANY)
        targets = [self._target(rollout, kind, change) for change in changes]
        return [
            outcome
            for start in range(0, len(targets), BATCH_SIZE)
            for outcome in write_all(self._client, targets[start : start + BATCH_SIZE])
        ]

    def _target(self, rollout: RolloutId, kind: ObjectKind, change: Change) -> Target:
        fields = change.fields
        match kind:
            case ObjectKind.PLAN:
                return self._plain(kind, change, lambda _: plan_patch(fields), self._destination.plan)
            case ObjectKind.BUCKET:
                return self._plain(kind, change, lambda _: bucket_patch(fields), self._destination.bucket)
            case ObjectKind.TASK:
                return self._plain(kind, change, lambda now: self._task_patch(change, now), self._destination.task)
            case ObjectKind.DETAILS:
                mark = Mark(rollout=rollout, object=change.object, marker=change.marker)
                return details_target(change.remote, lambda now: later_patch(fields, now, mark))
            case ObjectKind.LABELS:
                names = fields.get("names")
                wanted = [str(name) for name in names] if isinstance(names, Sequence) else []
                return labels_target(self._destination, self._labels, change.remote, wanted)
            case _:
                raise ValueError(f"Planner has no objects of kind {kind}")

    def _plain(
        self,
        kind: ObjectKind,
        change: Change,
        patch: Callable[[Json], dict[str, object]],
        made: Callable[[Json], Remote],
    ) -> Target:
        return Target(
            path=f"{kind_route(kind)}/{segment(change.remote.id)}",
            remote=change.remote,
            patch=patch,
            made=lambda row: made(row) if row.get("id") else change.remote,
            trust=_NEED_CURRENT.isdisjoint(change.fields),
        )

    def _task_patch(self, change: Change, current: Json) -> dict[str, object]:
        plan = str(current.get("planId", ""))
        if "categories" in change.fields and (refusals := self._labels.learn([plan])):
            # Without the names every label would look unwanted and be cleared.
            raise Unavailable(
                f"the plan's labels cannot be read: {refusals[plan].words}", where=kind_route(ObjectKind.PLAN)
            )
        return task_patch(change.fields, self._labels.known(plan) or (), current)
