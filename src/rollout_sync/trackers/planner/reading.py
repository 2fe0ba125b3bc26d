"""Looking at bound objects: batched lists per plan, single reads for what is missing. Not seen is not gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rollout_sync.model.objects import Binding, Fields, ObjectKey, ObjectKind, Observation, Remote, Sighting
from rollout_sync.trackers.planner.client import Gathered, GraphClient, segment
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.details import details_fields
from rollout_sync.trackers.planner.labels import LabelBook, details_path
from rollout_sync.trackers.planner.mapping import (
    Json,
    bucket_fields,
    kind_route,
    label_names,
    plan_fields,
    task_fields,
    version_of,
)
from rollout_sync.trackers.planner.outcomes import NOT_FOUND

_LISTS = {ObjectKind.BUCKET: "buckets", ObjectKind.TASK: "tasks"}
_DETAILS = "/details"


@dataclass(slots=True)
class _Look:
    """A look under way: what was read, and what was concluded from it."""

    read: dict[str, Gathered] = field(default_factory=dict)
    rows: dict[str, dict[object, Json]] = field(default_factory=dict)
    seen: dict[ObjectKey, tuple[Json, datetime]] = field(default_factory=dict)
    gone: list[ObjectKey] = field(default_factory=list)
    unseen: dict[ObjectKey, str] = field(default_factory=dict)

    def add(self, gathered: Mapping[str, Gathered]) -> None:
        """Take in answers, by path and by id."""
        self.read.update(gathered)
        self.rows.update({path: {row.get("id"): row for row in found.rows} for path, found in gathered.items()})

    def has(self, path: str, wanted: str) -> bool:
        """Whether the answer for `path` holds the object."""
        return wanted in self.rows.get(path, {})


class Reader:
    """Reads what is bound with as few batches as the pages allow: ⌈lists/20⌉, details only where they are bound."""

    def __init__(self, client: GraphClient, destination: Destination, labels: LabelBook) -> None:
        self._client = client
        self._destination = destination
        self._labels = labels

    def observe(self, bound: Sequence[Binding]) -> Sighting:
        """What is there, what is surely gone, and what nothing can be said about.

        Raises:
            TrackerError: where the reading as a whole fails.
        """
        plans = self._plans(bound)
        look = _Look()
        self._read(look, {self._place(binding, plans) for binding in bound})
        self._read(look, set(self._second_looks(look, bound, plans)))
        for binding in bound:
            self._conclude(look, binding, plans)
        self._learn_labels(look, bound)
        observations = tuple(self._observation(b, *look.seen[b.object]) for b in bound if b.object in look.seen)
        return Sighting(observations=observations, gone=tuple(look.gone), unseen=look.unseen)

    def _plans(self, bound: Sequence[Binding]) -> Mapping[ObjectKey, str]:
        """The plan of each bucket, task and its details: named by its address, or the only one that is bound."""
        ids = sorted({b.remote.id for b in bound if b.object.kind is ObjectKind.PLAN})
        only = ids[0] if len(ids) == 1 else ""
        return {
            b.object: b.remote.id if b.object.kind in _PLAN_KINDS else self._destination.plan_of(b.remote) or only
            for b in bound
        }

    def _place(self, binding: Binding, plans: Mapping[ObjectKey, str]) -> str:
        """Where the object is read first: in its plan's list, or by itself."""
        kind, plan = binding.object.kind, plans[binding.object]
        return _list_path(plan, kind) if kind in _LISTS and plan else _own_path(binding)

    def _read(self, look: _Look, paths: Iterable[str]) -> None:
        look.add(self._client.collect(sorted(set(paths) - look.read.keys())))

    def _second_looks(self, look: _Look, bound: Sequence[Binding], plans: Mapping[ObjectKey, str]) -> Iterable[str]:
        """For what a complete list lacks: the object itself. For all that is missing: its plan, the group's plans."""
        for binding in bound:
            place, own, plan = self._place(binding, plans), _own_path(binding), plans[binding.object]
            failure = look.read[place].failure
            missing = _status(look.read[place]) == NOT_FOUND if place == own else not look.has(place, binding.remote.id)
            if not missing:
                continue
            yield self._destination.plans_path
            yield from [_plan_path(plan)] if plan else []
            yield from [own] if failure is None else []
            yield from [_list_path(plan, ObjectKind.TASK)] if plan and binding.object.kind is ObjectKind.DETAILS else []

    def _conclude(self, look: _Look, binding: Binding, plans: Mapping[ObjectKey, str]) -> None:
        for place in (self._place(binding, plans), _own_path(binding)):
            if look.has(place, binding.remote.id):
                look.seen[binding.object] = (look.rows[place][binding.remote.id], look.read[place].at)
                return
        reason = self._why_unseen(look, binding, plans)
        if reason:
            look.unseen[binding.object] = reason
        else:
            look.gone.append(binding.object)

    def _why_unseen(self, look: _Look, binding: Binding, plans: Mapping[ObjectKey, str]) -> str:
        """Why a missing object may still exist; empty where it surely does not."""
        place, own, plan = self._place(binding, plans), _own_path(binding), plans[binding.object]
        decisive = look.read[place if look.read[place].failure is not None else own]
        if decisive.failure is None:
            return "the answer names another object"
        if decisive.failure.status != NOT_FOUND:
            return decisive.failure.words
        if not plan:
            return "it is not found, but its plan is not known, so it may only be hidden from this account"
        if self._is_plan_gone(look, plan):
            return ""
        is_plan = binding.object.kind in _PLAN_KINDS
        if is_plan or _status(look.read[_plan_path(plan)]) or (place != own and look.read[place].failure is not None):
            return f"it is not found, but its plan may only be hidden from this account: {decisive.failure.words}"
        tasks = _list_path(plan, ObjectKind.TASK)
        is_listed = binding.object.kind is ObjectKind.DETAILS and look.has(tasks, binding.remote.id)
        return "its task is listed, but its details are not found" if is_listed else ""

    def _is_plan_gone(self, look: _Look, plan: str) -> bool:
        """Not found itself, and missing in the complete list of a group that can be read."""
        listed = look.read[self._destination.plans_path]
        alone = _status(look.read[_plan_path(plan)]) == NOT_FOUND
        return alone and listed.failure is None and not look.has(self._destination.plans_path, plan)

    def _learn_labels(self, look: _Look, bound: Sequence[Binding]) -> None:
        """Names for tasks that changed and carry labels; for unchanged ones the stored names still hold."""
        changed = (row for b in bound for row in self._changed_task(look, b))
        self._labels.learn(sorted({str(row.get("planId", "")) for row in changed} - {""}))

    def _changed_task(self, look: _Look, binding: Binding) -> list[Json]:
        row, _ = look.seen.get(binding.object, ({}, None))
        is_task = binding.object.kind is ObjectKind.TASK and bool(row)
        return [row] if is_task and version_of(row) != binding.remote.version else []

    def _observation(self, binding: Binding, row: Json, at: datetime) -> Observation:
        remote, fields = self._described(binding, row)
        return Observation(object=binding.object, remote=remote, fields=fields, asked_at=at)

    def _described(self, binding: Binding, row: Json) -> tuple[Remote, Fields]:
        match binding.object.kind:
            case ObjectKind.PLAN:
                return self._destination.plan(row), plan_fields(row)
            case ObjectKind.LABELS:
                self._labels.note(binding.remote.id, label_names(row))
                names: Fields = {"plan": Remote(id=binding.remote.id), "names": list(label_names(row))}
                return self._destination.labels({**row, "id": binding.remote.id}), names
            case ObjectKind.BUCKET:
                return self._destination.bucket(row), bucket_fields(row)
            case ObjectKind.TASK:
                names_known = self._labels.known(str(row.get("planId", "")))
                return self._destination.task(row), task_fields(row, names_known)
            case _:
                task = Remote(id=binding.remote.id, version=version_of(row), url=binding.remote.url)
                return task, {"task": Remote(id=binding.remote.id), **details_fields(row)}


_PLAN_KINDS = frozenset({ObjectKind.PLAN, ObjectKind.LABELS})


def _plan_path(plan: str) -> str:
    return f"/planner/plans/{segment(plan)}"


def _list_path(plan: str, kind: ObjectKind) -> str:
    return f"{_plan_path(plan)}/{_LISTS[kind]}"


def _own_path(binding: Binding) -> str:
    if binding.object.kind is ObjectKind.LABELS:
        return details_path(binding.remote.id)
    tail = _DETAILS if binding.object.kind is ObjectKind.DETAILS else ""
    return f"{kind_route(binding.object.kind)}/{segment(binding.remote.id)}{tail}"


def _status(found: Gathered) -> int:
    """Status of the failure, 0 where the read went well."""
    return found.failure.status if found.failure is not None else 0
