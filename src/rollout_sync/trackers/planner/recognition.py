"""What was found of a rollout, named as the ledger would name it: originals, copies, rivals. Pure.

Only task details carry a mark. A task has its details' key; a bucket is the phase that its title names, else that of
the marked tasks in it; plan and labels exist once in a rollout. What cannot be named for sure is left out, because a
wrong name would be bound.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from rollout_sync.model.objects import Fields, Marked, Marker, ObjectKey, ObjectKind, Remote
from rollout_sync.trackers.planner.dates import moment_in
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.details import details_fields
from rollout_sync.trackers.planner.identity import Author
from rollout_sync.trackers.planner.mapping import Json, bucket_fields, label_names, plan_fields, task_fields, version_of
from rollout_sync.trackers.planner.marks import Mark
from rollout_sync.trackers.planner.seeking import task_look

_DERIVED = UUID("5b0a3a6e-6c0f-5f55-9c0a-5d5c0a7a1f11")
_ONLY = "plan"
"""Name of a rollout's one plan and of its labels."""
_WAITING = "waiting-for-green-light"
"""Name of the bucket for held tasks; its title, spelt as a key, is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A task, its details where they were read, and the mark in them."""

    row: Json
    details: Json
    mark: Mark | None
    author: Author

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row.get("id", ""))

    @property
    def rank(self) -> tuple[bool, str, str]:
        """Orders the original before its copies: ours first, then the oldest."""
        return (self.author is not Author.OURS, str(self.row.get("createdDateTime", "")), self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan of the rollout with all that is in it; `tasks` with marks of other rollouts are left out."""

    row: Json
    author: Author
    labels: Json
    buckets: tuple[Json, ...]
    tasks: tuple[TaskView, ...]


def recognise(destination: Destination, plans: Sequence[PlanView]) -> tuple[Marked, ...]:
    """Everything in `plans` that can be named. In a rollout with a plan of ours, other people's plans are copies."""
    ours = any(plan.author is Author.OURS for plan in plans)
    marked = [task for plan in plans for task in plan.tasks if task.mark is not None]
    originals = {task.mark: task.id for task in sorted(marked, key=lambda one: one.rank, reverse=True)}
    found: list[Marked] = []
    for plan in plans:
        is_copy = ours and plan.author is Author.OTHER
        found += _around(destination, plan, is_copy=is_copy)
        for task in plan.tasks:
            foreign = ours and task.author is Author.OTHER
            is_original = task.mark is not None and originals[task.mark] == task.id
            found += _both(destination, plan, task, is_copy=is_copy or foreign or not is_original)
        found += _rivals(destination, plan)
    return tuple(found)


def derived_marker(seed: str) -> Marker:
    """A marker that follows from another one or from a remote id, the same in every run."""
    return Marker(uuid5(_DERIVED, seed).hex)


def bucket_names(buckets: Sequence[Json], tasks: Sequence[TaskView]) -> Mapping[str, str]:
    """Bucket id to key name: by a title that names a phase or the waiting bucket, else by the most marked tasks.

    People move cards, so that a name says more than the cards. Without it a phase's bucket must be without rival, and
    hold no other phase as often. Tasks of ours that belong to no phase say nothing.
    """
    waiting = {str(row.get("id", "")) for row in buckets if _spelt_as_key(str(row.get("name", ""))) == _WAITING}
    phases = {_phase(task.mark) for task in tasks} - {""}
    called = _called(buckets, phases)
    places = ((str(task.row.get("bucketId") or ""), _phase(task.mark)) for task in tasks if task.mark is not None)
    taken, given = waiting | called.keys(), set(called.values())
    held = Counter(one for one in places if one[0] not in taken and one[1] and one[1] not in given)
    names = called | (dict.fromkeys(waiting, _WAITING) if len(waiting) == 1 else {})
    for number in {str(row.get("id", "")) for row in buckets} - taken:
        phase = _most(Counter({phase: count for (bucket, phase), count in held.items() if bucket == number}))
        rivals = [count for (bucket, other), count in held.items() if other == phase and bucket != number]
        if phase is not None and held[number, phase] > max(rivals, default=0):
            names[number] = phase
    return names


def _called(buckets: Sequence[Json], phases: Collection[str]) -> dict[str, str]:
    """Buckets whose title, spelt as a key, is that of one phase, and which share it with no other bucket."""
    spelt = {str(row.get("id", "")): _spelt_as_key(str(row.get("name", ""))) for row in buckets}
    often = Counter(spelt.values())
    return {number: title for number, title in spelt.items() if title in phases and often[title] == 1}


def _around(destination: Destination, plan: PlanView, *, is_copy: bool) -> Iterator[Marked]:
    remote = destination.plan(plan.row)
    labels = Remote(id=remote.id, version=version_of(plan.labels), url=remote.url)
    created = moment_in(plan.row.get("createdDateTime"))
    names: Fields = {"plan": Remote(id=remote.id), "names": list(label_names(plan.labels))}
    things: list[tuple[ObjectKind, str, Remote, Fields]] = [
        (ObjectKind.PLAN, _ONLY, remote, plan_fields(plan.row)),
        (ObjectKind.LABELS, _ONLY, labels, names),
    ]
    keys = bucket_names(plan.buckets, plan.tasks)
    things += [
        (ObjectKind.BUCKET, keys[str(row["id"])], destination.bucket(row), bucket_fields(row))
        for row in plan.buckets
        if str(row.get("id", "")) in keys
    ]
    for kind, name, place, fields in things:
        marker = derived_marker(f"{kind}:{place.id}")
        key = ObjectKey(kind, name)
        yield Marked(object=key, marker=marker, remote=place, fields=fields, created_at=created, is_copy=is_copy)


def _both(destination: Destination, plan: PlanView, task: TaskView, *, is_copy: bool) -> Iterator[Marked]:
    if task.mark is None:
        return
    remote = destination.task(task.row)
    created = moment_in(task.row.get("createdDateTime"))
    yield Marked(
        object=ObjectKey(ObjectKind.TASK, task.mark.object.name),
        marker=derived_marker(task.mark.marker),
        remote=remote,
        fields=task_fields(task.row, label_names(plan.labels)),
        created_at=created,
        is_copy=is_copy,
    )
    yield Marked(
        object=task.mark.object,
        marker=task.mark.marker,
        remote=Remote(id=remote.id, version=version_of(task.details), url=remote.url),
        fields={"task": Remote(id=remote.id), **details_fields(task.details)},
        created_at=created,
        is_copy=is_copy,
    )


def _rivals(destination: Destination, plan: PlanView) -> Iterator[Marked]:
    """Tasks of ours without notes that look exactly like a marked one: made twice, if the service was very late.

    Their time of creation is left out, so that the marked one always counts as the one that we know.
    """
    marked = {task_look(task.row): task.mark for task in plan.tasks if task.mark is not None}
    for task in plan.tasks:
        twin = marked.get(task_look(task.row))
        if twin is None or task.mark is not None or task.author is not Author.OURS or task.row.get("hasDescription"):
            continue
        yield Marked(
            object=ObjectKey(ObjectKind.TASK, twin.object.name),
            marker=derived_marker(twin.marker),
            remote=destination.task(task.row),
            fields=task_fields(task.row, label_names(plan.labels)),
        )


def _phase(mark: Mark | None) -> str:
    return mark.object.name.rpartition("/")[0] if mark is not None else ""


def _most(counts: Counter[str]) -> str | None:
    """The most frequent one, None where two are equally frequent or there are none."""
    top = counts.most_common(2)
    return top[0][0] if top and top[0][0] and (len(top) == 1 or top[0][1] > top[1][1]) else None


def _spelt_as_key(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
