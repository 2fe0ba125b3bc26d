"""Looking at bound objects: batched lists per plan, single reads for what is missing. Not seen is not gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rollout_sync.model.objects import Binding, Fields, ObjectKey, ObjectKind, Observation, Remote, Sighting
from rollout_sync.trackers.planner.batch import InnerReply
from rollout_sync.trackers.planner.client import Gathered, GraphClient, segment
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.details import details_fields
from rollout_sync.trackers.planner.labels import LabelBook, details_path
from rollout_sync.trackers.planner.mapping import (
    Json,
    bucket_fields,
    is_labelled,
    kind_route,
    label_names,
    plan_fields,
    task_fields,
    version_of,
)
from rollout_sync.trackers.planner.outcomes import FORBIDDEN, NOT_FOUND

_LISTS = {ObjectKind.BUCKET: "buckets", ObjectKind.TASK: "tasks"}
_DETAILS = "/details"


ABSENT = frozenset({FORBIDDEN, NOT_FOUND})
"""Answers that something is not there, or not for us: Graph does not always tell the two apart."""


@dataclass(slots=True)
class Answers:
    """What was read so far, by path, and by id within a path. May serve several rollouts at once."""

    read: dict[str, Gathered] = field(default_factory=dict)
    rows: dict[str, dict[object, Json]] = field(default_factory=dict)

    def add(self, gathered: Mapping[str, Gathered]) -> None:
        """Take in answers."""
        self.read.update(gathered)
        self.rows.update({path: {row.get("id"): row for row in found.rows} for path, found in gathered.items()})

    def row(self, path: str, wanted: str) -> Json | None:
        """The object, if the answer for `path` holds it."""
        return self.rows.get(path, {}).get(wanted)

    def failure(self, path: str) -> InnerReply | None:
        """Why the path could not be read to its end; None where it was, or was not asked for."""
        found = self.read.get(path)
        return None if found is None else found.failure

    def status(self, path: str) -> int:
        """Status of the failure, 0 where there is none (or no answer)."""
        failure = self.failure(path)
        return 0 if failure is None else failure.status

    def is_answered(self, path: str) -> bool:
        """Whether the path was read, or refused in a way that is an answer too."""
        return path in self.read and (self.failure(path) is None or self.status(path) in ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a bound object is looked for.

    Attributes:
        binding: with its whereabouts and version as last known.
        plan: id of the plan that it is in; empty where nothing tells.
        place: the path that is read first: its plan's list, or the object itself.
        is_apart: people moved it into a plan that is not the rollout's; nothing follows from that plan's absence.
    """

    binding: Binding
    plan: str
    place: str
    is_apart: bool = False

    @property
    def kind(self) -> ObjectKind:
        """What it is."""
        return self.binding.object.kind

    @property
    def id(self) -> str:
        """Its remote id."""
        return self.binding.remote.id

    @property
    def own(self) -> str:
        """The path of the object itself."""
        return own_path(self.kind, self.id)


class Reader:
    """Reads what is bound with as few batches as the pages allow: ⌈lists/20⌉, details only where they are bound.

    One look has four steps: `spots`, `read` them, read the `second_looks` for what is missing, `conclude`.
    """

    def __init__(self, client: GraphClient, destination: Destination, labels: LabelBook) -> None:
        self._client = client
        self._destination = destination
        self._labels = labels

    def observe(self, bound: Sequence[Binding]) -> Sighting:
        """What is there, what is surely gone, and what nothing can be said about.

        Raises:
            TrackerError: where the reading as a whole fails.
        """
        ids = sorted({b.remote.id for b in bound if b.object.kind is ObjectKind.PLAN})
        answers, spots = Answers(), self.spots(bound, home=ids[0] if len(ids) == 1 else "")
        self.read(answers, (spot.place for spot in spots))
        self.read(answers, self.second_looks(answers, spots))
        # For unchanged tasks the stored names of their labels still hold.
        changed = [spot for spot in spots if version_of(_found(answers, spot)[0]) != spot.binding.remote.version]
        unnamed = (plan for plan in labelled_plans(answers, changed) if self._labels.known(plan) is None)
        self.read(answers, map(details_path, unnamed))
        return self.conclude(answers, spots)

    def spots(
        self, bound: Sequence[Binding], *, home: str, apart: frozenset[ObjectKey] = frozenset()
    ) -> tuple[Spot, ...]:
        """Where to look: in the plan that an object's address names, else in the rollout's `home` plan."""
        return tuple(self._spot(binding, home, is_apart=binding.object in apart) for binding in bound)

    def _spot(self, binding: Binding, home: str, *, is_apart: bool) -> Spot:
        kind, remote = binding.object.kind, binding.remote
        plan = remote.id if kind in _PLAN_KINDS else self._destination.plan_of(remote) or home
        is_listed = kind in _LISTS and bool(plan) and not is_apart
        place = list_path(plan, kind) if is_listed else own_path(kind, remote.id)
        return Spot(binding=binding, plan=plan, place=place, is_apart=is_apart)

    def read(self, answers: Answers, paths: Iterable[str]) -> None:
        """Read what was not read yet; TrackerError where a whole batch fails."""
        answers.add(self._client.collect(sorted(set(paths) - answers.read.keys())))

    def second_looks(self, answers: Answers, spots: Iterable[Spot]) -> set[str]:
        """For what a complete list lacks: the object itself. For all that is missing: its plan, the group's plans."""
        paths: set[str] = set()
        for spot in spots:
            if spot.place not in answers.read or not _is_missing(answers, spot):
                continue
            paths |= self.plan_looks(spot.plan)
            if answers.failure(spot.place) is None:
                paths.add(spot.own)
            if spot.plan and spot.kind is ObjectKind.DETAILS:
                paths.add(list_path(spot.plan, ObjectKind.TASK))
        return paths

    def plan_looks(self, plan: str) -> set[str]:
        """What tells whether a plan is gone: the plan itself, and the group's plans."""
        return {self._destination.plans_path} | ({_plan_path(plan)} if plan else set())

    def is_plan_gone(self, answers: Answers, plan: str) -> bool:
        """Not there by itself, and missing in the complete list of a group that can be read."""
        listed = answers.read.get(self._destination.plans_path)
        if not plan or listed is None or listed.failure is not None:
            return False
        is_listed = answers.row(self._destination.plans_path, plan) is not None
        return answers.status(_plan_path(plan)) in ABSENT and not is_listed

    def conclude(self, answers: Answers, spots: Sequence[Spot]) -> Sighting:
        """What the answers say of the objects; nothing more is read."""
        self._note_labels(answers, spots)
        observations: list[Observation] = []
        gone: list[ObjectKey] = []
        unseen: dict[ObjectKey, str] = {}
        for spot in spots:
            row, at = _found(answers, spot)
            if at is not None:
                observations.append(self._observation(spot.binding, row, at))
            elif reason := self._why_unseen(answers, spot):
                unseen[spot.binding.object] = reason
            else:
                gone.append(spot.binding.object)
        return Sighting(observations=tuple(observations), gone=tuple(gone), unseen=unseen)

    def _why_unseen(self, answers: Answers, spot: Spot) -> str:
        """Why a missing object may still exist; empty where it surely does not."""
        failure = answers.failure(spot.place) or answers.failure(spot.own)
        if failure is None:
            return "the answer names another object"
        if failure.status in ABSENT and not spot.is_apart and self.is_plan_gone(answers, spot.plan):
            return ""
        if failure.status != NOT_FOUND:
            return failure.words
        if not spot.plan:
            return "it is not found, but its plan is not known, so it may only be hidden from this account"
        is_list_hidden = spot.place != spot.own and answers.failure(spot.place) is not None
        if spot.kind in _PLAN_KINDS or answers.failure(_plan_path(spot.plan)) is not None or is_list_hidden:
            return f"it is not found, but its plan may only be hidden from this account: {failure.words}"
        tasks = list_path(spot.plan, ObjectKind.TASK)
        is_listed = spot.kind is ObjectKind.DETAILS and answers.row(tasks, spot.id) is not None
        return "its task is listed, but its details are not found" if is_listed else ""

    def _note_labels(self, answers: Answers, spots: Sequence[Spot]) -> None:
        plans = {spot.id for spot in spots if spot.kind is ObjectKind.LABELS} | labelled_plans(answers, spots)
        for plan in plans:
            found = answers.row(details_path(plan), plan)
            if found is not None:
                self._labels.note(plan, label_names(found))

    def _observation(self, binding: Binding, row: Json, at: datetime) -> Observation:
        remote, fields = self._described(binding, row)
        return Observation(object=binding.object, remote=remote, fields=fields, asked_at=at)

    def _described(self, binding: Binding, row: Json) -> tuple[Remote, Fields]:
        match binding.object.kind:
            case ObjectKind.PLAN:
                return self._destination.plan(row), plan_fields(row)
            case ObjectKind.LABELS:
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


def labelled_plans(answers: Answers, spots: Iterable[Spot]) -> set[str]:
    """Plans of those tasks that carry labels: their names are needed to say which."""
    rows = (_found(answers, spot)[0] for spot in spots if spot.kind is ObjectKind.TASK)
    return {str(row.get("planId", "")) for row in rows if is_labelled(row)} - {""}


def list_path(plan: str, kind: ObjectKind) -> str:
    """The list of a plan's buckets or tasks."""
    return f"{_plan_path(plan)}/{_LISTS[kind]}"


def own_path(kind: ObjectKind, remote_id: str) -> str:
    """The path of an object itself."""
    if kind is ObjectKind.LABELS:
        return details_path(remote_id)
    tail = _DETAILS if kind is ObjectKind.DETAILS else ""
    return f"{kind_route(kind)}/{segment(remote_id)}{tail}"


def _plan_path(plan: str) -> str:
    return own_path(ObjectKind.PLAN, plan)


def _found(answers: Answers, spot: Spot) -> tuple[Json, datetime | None]:
    """The object and when it was asked for; None where no answer holds it."""
    for path in (spot.place, spot.own):
        row = answers.row(path, spot.id)
        if row is not None:
            return row, answers.read[path].at
    return {}, None


def _is_missing(answers: Answers, spot: Spot) -> bool:
    if spot.place == spot.own:
        return answers.status(spot.place) in ABSENT
    return answers.row(spot.place, spot.id) is None
