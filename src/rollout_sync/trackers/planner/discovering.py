"""Finding a rollout's work without the ledger: plans of the group, and the marker lines in their tasks' notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from rollout_sync.errors import Unavailable
from rollout_sync.model.objects import Marked, Marker, ObjectKey, ObjectKind, Remote
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.planner.client import Gathered, GraphClient, segment
from rollout_sync.trackers.planner.dates import moment_in
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.details import details_fields, mark_of
from rollout_sync.trackers.planner.identity import Author, Self, author_of
from rollout_sync.trackers.planner.labels import details_path
from rollout_sync.trackers.planner.mapping import (
    Json,
    Names,
    bucket_fields,
    identified,
    label_names,
    plan_fields,
    task_fields,
    version_of,
)
from rollout_sync.trackers.planner.marks import Mark

_DERIVED = UUID("5b0a3a6e-6c0f-5f55-9c0a-5d5c0a7a1f11")
_PROBE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A task with its details and mark."""

    row: Json
    details: Json
    mark: Mark
    author: Author

    @property
    def age(self) -> tuple[bool, str, str]:
        """Orders the original before its copies: ours first, then the oldest."""
        return (self.author is not Author.OURS, str(self.row.get("createdDateTime", "")), str(self.row.get("id", "")))


class Discoverer:
    """Reads the whole group; slow but complete, for adoption and checks."""

    def __init__(self, client: GraphClient, destination: Destination) -> None:
        self._client = client
        self._destination = destination

    def count(self, rollout: RolloutId) -> int:
        """How many tasks the group's plans of this rollout hold; plans count as one each.

        Raises:
            TrackerError: where the reading as a whole fails.
        """
        plans = self._plans(rollout)
        return len(plans) + sum(len(tasks) for _, tasks, _ in plans)

    def discover(self, rollout: RolloutId) -> Sequence[Marked]:
        """Everything that carries this rollout's marks, with the plan, labels and buckets around it.

        Planner keeps no key for plans, labels, buckets: their names here are the rollout's id and the bucket's title,
        to be matched by title. Their markers, and those of tasks, are derived; the mark proper is the details'.

        Raises:
            TrackerError: where a plan of this rollout cannot be read to its end, because half an answer would mislead.
        """
        marked: list[Marked] = []
        for plan, tasks, known in self._plans(rollout):
            names, around = self._plan(rollout, plan)
            noted = {_id(task): _details_path(_id(task)) for task in tasks if _has_notes(task)}
            read = known | self._read([path for path in noted.values() if path not in known])
            found = self._marked_tasks(rollout, tasks, {number: _first(read[path]) for number, path in noted.items()})
            marked += [*around, *self._judged(plan, found, names)]
        return tuple(marked)

    def _plans(self, rollout: RolloutId) -> list[tuple[Json, tuple[Json, ...], dict[str, Gathered]]]:
        """Plans of this rollout with their tasks and what was read of their details on the way."""
        listed = self._read([self._destination.plans_path])[self._destination.plans_path].rows
        paths = {_id(plan): f"/planner/plans/{segment(_id(plan))}/tasks" for plan in listed}
        tasks = self._client.collect(tuple(paths.values()))
        plans = [(plan, tasks[paths[_id(plan)]]) for plan in listed]
        probes = {_id(plan): _probes(found.rows) for plan, found in plans}
        read = self._client.collect([path for some in probes.values() for path in some])
        hits = []
        for plan, found in plans:
            known = {path: read[path] for path in probes[_id(plan)]}
            if not _rollouts(known.values()) and author_of(plan.get("createdBy"), self._me) is Author.OURS:
                # Made by us, yet the first few notes bear no mark: people edited them, so all are looked through.
                known |= self._client.collect([_details_path(_id(task)) for task in found.rows if _has_notes(task)])
            if rollout in _rollouts(known.values()):
                _complete(found, f"the list of tasks of “{plan.get('title')}”")
                hits.append((plan, found.rows, {p: one for p, one in known.items() if one.failure is None}))
        return hits

    def _plan(self, rollout: RolloutId, plan: Json) -> tuple[Names, list[Marked]]:
        details, buckets = details_path(_id(plan)), f"/planner/plans/{segment(_id(plan))}/buckets"
        read = self._read([details, buckets])
        remote = self._destination.plan(plan)
        labels = _first(read[details])
        names = label_names(labels)
        return names, [
            _marked(ObjectKind.PLAN, rollout, remote, plan_fields(plan), plan),
            _marked(ObjectKind.LABELS, rollout, self._destination.labels(labels), {"names": list(names)}, {}),
            *(
                _marked(ObjectKind.BUCKET, str(row.get("name")), self._destination.bucket(row), bucket_fields(row), {})
                for row in read[buckets].rows
            ),
        ]

    def _marked_tasks(self, rollout: RolloutId, tasks: Sequence[Json], details: Mapping[str, Json]) -> list[_Task]:
        marks = {task: mark_of(notes) for task, notes in details.items()}
        return [
            _Task(row=row, details=details[_id(row)], mark=mark, author=author_of(row.get("createdBy"), self._me))
            for row in tasks
            if (mark := marks.get(_id(row))) is not None and mark.rollout == rollout
        ]

    def _judged(self, plan: Json, tasks: Sequence[_Task], names: Names) -> list[Marked]:
        """Which one is the original: the oldest of ours. In a plan of ours, what others made can only be a copy."""
        is_ours = author_of(plan.get("createdBy"), self._me) is Author.OURS
        originals = {task.mark: _id(task.row) for task in sorted(tasks, key=lambda one: one.age, reverse=True)}
        marked: list[Marked] = []
        for task in tasks:
            foreign = is_ours and task.author is Author.OTHER
            marked += self._both(task, names, is_copy=foreign or originals[task.mark] != _id(task.row))
        return marked

    @property
    def _me(self) -> Self:
        return self._destination.me

    def _both(self, task: _Task, names: Names, *, is_copy: bool) -> list[Marked]:
        remote = self._destination.task(task.row)
        created = moment_in(task.row.get("createdDateTime"))
        version = version_of(task.details)
        return [
            Marked(
                object=ObjectKey(ObjectKind.TASK, task.mark.object.name),
                marker=derived_marker(task.mark.marker),
                remote=remote,
                fields=task_fields(task.row, names),
                created_at=created,
                is_copy=is_copy,
            ),
            Marked(
                object=task.mark.object,
                marker=task.mark.marker,
                remote=Remote(id=remote.id, version=version, url=remote.url),
                fields={"task": Remote(id=remote.id), **details_fields(task.details)},
                created_at=created,
                is_copy=is_copy,
            ),
        ]

    def _read(self, paths: Sequence[str]) -> dict[str, Gathered]:
        gathered = dict(self._client.collect(paths))
        for path, found in gathered.items():
            _complete(found, path)
        return gathered


def derived_marker(seed: str) -> Marker:
    """A marker that follows from another one or from a remote id, the same in every run."""
    return Marker(uuid5(_DERIVED, seed).hex)


def _marked(kind: ObjectKind, name: str, remote: Remote, fields: Mapping[str, object], row: Json) -> Marked:
    return Marked(
        object=ObjectKey(kind, name),
        marker=derived_marker(f"{kind}:{remote.id}"),
        remote=remote,
        fields=fields,  # type: ignore[arg-type]  # built by mapping, which deals in field values only
        created_at=moment_in(row.get("createdDateTime")),
    )


def _probes(tasks: Sequence[Json]) -> list[str]:
    """Details of the oldest few tasks with notes: enough to see whose plan it is."""
    noted = [task for task in tasks if _has_notes(task)]
    oldest = sorted(noted, key=lambda task: (str(task.get("createdDateTime", "")), _id(task)))
    return [_details_path(_id(task)) for task in oldest[:_PROBE]]


def _has_notes(task: Json) -> bool:
    return task.get("hasDescription") is True


def _rollouts(known: Iterable[Gathered]) -> set[RolloutId]:
    """The rollouts that these details bear marks of."""
    marks = (mark_of(row) for found in known for row in found.rows)
    return {mark.rollout for mark in marks if mark is not None}


def _complete(found: Gathered, what: str) -> None:
    if found.failure is not None:
        raise Unavailable(
            f"{what} cannot be read: {found.failure.words}",
            where="planner",
            hint="nothing was concluded; run the same command again, or check the account's permissions",
            status=found.failure.status,
        )


def _first(found: Gathered) -> Json:
    return found.rows[0] if found.rows else {}


def _details_path(task: str) -> str:
    return f"/planner/tasks/{segment(task)}/details"


def _id(row: Json) -> str:
    return identified(row, "an object")
