"""Making things in Planner: one plan, its labels, up to 20 buckets, tasks or details with one request each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from requests.structures import CaseInsensitiveDict

from rollout_sync.errors import TrackerError
from rollout_sync.model.objects import Fields, ObjectKind, Remote
from rollout_sync.model.operations import Create, InDoubt, Outcome, Refused
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.planner.batch import BATCH_SIZE, Inner, InnerReply
from rollout_sync.trackers.planner.client import GraphClient, segment
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.details import first_patch
from rollout_sync.trackers.planner.labels import LabelBook, details_path
from rollout_sync.trackers.planner.mapping import (
    Json,
    bucket_body,
    label_names,
    labels_body,
    plan_body,
    remote_id,
    task_body,
)
from rollout_sync.trackers.planner.marks import Mark
from rollout_sync.trackers.planner.merging import Target, write_all
from rollout_sync.trackers.planner.outcomes import created, failed, plan_created, refused
from rollout_sync.transport.reply import Repeat

CAPACITY: Mapping[ObjectKind, int] = {
    ObjectKind.PLAN: 1,
    ObjectKind.LABELS: 1,
    ObjectKind.BUCKET: BATCH_SIZE,
    ObjectKind.TASK: BATCH_SIZE,
    ObjectKind.DETAILS: BATCH_SIZE,
}


class Sender:
    """Sends creates of one kind; every failure of the service is an outcome."""

    def __init__(self, client: GraphClient, destination: Destination, labels: LabelBook) -> None:
        self._client = client
        self._destination = destination
        self._labels = labels

    def send(self, rollout: RolloutId, chunk: Sequence[Create]) -> Sequence[Outcome]:
        """Outcomes in the order of `chunk`; ValueError for mixed kinds or more than one request holds."""
        kind = only_kind([create.object.kind for create in chunk], CAPACITY)
        match kind:
            case ObjectKind.PLAN:
                return [self._plan(chunk[0])]
            case ObjectKind.LABELS:
                return self._ensure(chunk, self._labels_target)
            case ObjectKind.BUCKET:
                return self._batch(chunk, "/planner/buckets", bucket_body, self._destination.bucket)
            case ObjectKind.TASK:
                return self._tasks(chunk)
            case ObjectKind.DETAILS:
                return self._ensure(chunk, lambda create: self._details_target(rollout, create))
            case _:
                raise ValueError(f"Planner has no objects of kind {kind}")

    def _plan(self, create: Create) -> Outcome:
        body = plan_body(create.fields, self._destination.container)
        try:
            reply = self._client.call("POST", "/planner/plans", route="/planner/plans", repeat=Repeat.ONCE, body=body)
        except TrackerError as error:
            return failed(error)
        headers = CaseInsensitiveDict(reply.headers)
        answer = InnerReply(id="", status=reply.status, headers=headers, body=reply.body, at=reply.at)
        return plan_created(answer, self._destination.plan)

    def _tasks(self, chunk: Sequence[Create]) -> list[Outcome]:
        plans = [remote_id(create.fields, "plan") for create in chunk if create.fields.get("categories")]
        try:
            refusals = self._labels.learn(plans)
        except TrackerError as error:
            return [_not_sent(failed(error)) for _ in chunk]
        if refusals:
            return [_not_sent(refused(next(iter(refusals.values())))) for _ in chunk]
        return self._batch(chunk, "/planner/tasks", self._task_body, self._destination.task)

    def _task_body(self, fields: Fields) -> dict[str, object]:
        return task_body(fields, self._labels.known(remote_id(fields, "plan")) or ())

    def _batch(
        self,
        chunk: Sequence[Create],
        url: str,
        body: Callable[[Fields], dict[str, object]],
        made: Callable[[Json], Remote],
    ) -> list[Outcome]:
        """One request for all; it is never repeated as a whole, and within it only what a 401 refused."""
        inner = [
            Inner(id=str(number), method="POST", url=url, body=body(create.fields))
            for number, create in enumerate(chunk)
        ]
        try:
            replies = self._client.batch(inner, repeat=Repeat.ONCE).replies
        except TrackerError as error:
            return [failed(error) for _ in chunk]
        return [created(replies.get(one.id), made) for one in inner]

    def _ensure(self, chunk: Sequence[Create], target: Callable[[Create], Target]) -> list[Outcome]:
        return write_all(self._client, [target(create) for create in chunk])

    def _labels_target(self, create: Create) -> Target:
        plan = create.fields["plan"]
        names = create.fields.get("names")
        return labels_target(
            self._destination,
            self._labels,
            plan if isinstance(plan, Remote) else Remote(id=remote_id(create.fields, "plan")),
            [str(name) for name in names] if isinstance(names, Sequence) else [],
        )

    def _details_target(self, rollout: RolloutId, create: Create) -> Target:
        task = create.fields.get("task")
        if not isinstance(task, Remote):
            raise ValueError(f"{create.object} names no task")  # noqa: TRY004 (a wrong value from our own planning)
        mark = Mark(rollout=rollout, object=create.object, marker=create.marker)
        return details_target(task, lambda current: first_patch(create.fields, current, mark), is_fresh=True)


def labels_target(destination: Destination, labels: LabelBook, plan: Remote, names: Sequence[str]) -> Target:
    """The write that gives a plan its label names; what is written is remembered."""

    def made(details: Json) -> Remote:
        labels.note(plan.id, label_names(details))
        return destination.labels({**details, "id": plan.id})

    return Target(
        path=details_path(plan.id),
        remote=Remote(id=plan.id, url=plan.url),
        patch=lambda current: labels_body(names, current),
        made=made,
        is_fresh=True,
    )


def details_target(task: Remote, patch: Callable[[Json], dict[str, object]], *, is_fresh: bool = False) -> Target:
    """The write to a task's details; they have the task's id and address and a version of their own."""
    remote = Remote(id=task.id, url=task.url)
    return Target(
        path=f"/planner/tasks/{segment(task.id)}/details",
        remote=remote,
        patch=patch,
        made=lambda details: replace(remote, version=str(details.get("@odata.etag", ""))),
        is_fresh=is_fresh,
    )


def only_kind(kinds: Sequence[ObjectKind], capacity: Mapping[ObjectKind, int]) -> ObjectKind:
    """The one kind of a chunk; ValueError where there are none, several, or more than one request holds."""
    if len(set(kinds)) != 1 or kinds[0] not in capacity or len(kinds) > capacity[kinds[0]]:
        raise ValueError(f"one request takes objects of one kind of Planner, not {[str(kind) for kind in kinds]}")
    return kinds[0]


def _not_sent(outcome: Outcome) -> Outcome:
    """A failure while preparing: nothing was written, whatever happened to the reading."""
    return Refused(reason=outcome.reason, again=True) if isinstance(outcome, InDoubt) else outcome
