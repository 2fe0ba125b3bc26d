"""Finding a rollout's work without the ledger: plans of the group, and the marker lines in their tasks' notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from rollout_sync.errors import Unavailable
from rollout_sync.model.objects import Marked, Remote
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.base import Trace
from rollout_sync.trackers.planner.client import Gathered, GraphClient, segment
from rollout_sync.trackers.planner.dates import moment_in
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.details import mark_of
from rollout_sync.trackers.planner.identity import Author, author_of
from rollout_sync.trackers.planner.labels import details_path
from rollout_sync.trackers.planner.mapping import Json, identified
from rollout_sync.trackers.planner.recognition import PlanView, TaskView, recognise

_PROBE = 5
_Details: TypeAlias = dict[str, Gathered]
_Looked: TypeAlias = tuple[Json, Gathered, _Details]


class Discoverer:
    """Reads the whole group; slow but complete, for adoption and checks."""

    def __init__(self, client: GraphClient, destination: Destination) -> None:
        self._client = client
        self._destination = destination

    def traces(self, rollout: RolloutId) -> tuple[int, tuple[Trace, ...]]:
        """How many tasks the plans hold that we made for this rollout, plans counted too; and which of them are ours.

        Plans of ours without any mark yet come with their title, for that is all that tells whose they are, and with
        the tasks in them that we made.

        A quick look before planning: one task of each plan tells whose it is, and other people's plans are not read.

        Raises:
            TrackerError: where the reading as a whole fails.
        """
        looked = self._looked(probe=1, strangers=False)
        rows = [row for plan, tasks, _ in self._of(rollout, looked) for row in (plan, *tasks)]
        ours = [Trace(remote=Remote(id=_id(row))) for row in rows if self._author(row) is Author.OURS]
        bare = [(plan, tasks.rows) for plan, tasks, known in looked if not _rollouts(known.values())]
        ours += [one for plan, tasks in bare if self._author(plan) is Author.OURS for one in self._bare(plan, tasks)]
        return len(rows), tuple(ours)

    def _bare(self, plan: Json, tasks: Sequence[Json]) -> Iterator[Trace]:
        made = moment_in(plan.get("createdDateTime"))
        yield Trace(remote=self._destination.plan(plan), title=str(plan.get("title", "")), created_at=made)
        for task in tasks:
            if self._author(task) is Author.OURS:
                yield Trace(remote=Remote(id=_id(task)), within=_id(plan))

    def discover(self, rollout: RolloutId) -> Sequence[Marked]:
        """Everything of this rollout that can be named; see `recognition` for how.

        Raises:
            TrackerError: where a plan of this rollout cannot be read to its end, because half an answer would mislead.
        """
        looked = self._looked(probe=_PROBE, strangers=True)
        return recognise(self._destination, [self._view(rollout, *found) for found in self._of(rollout, looked)])

    def _of(self, rollout: RolloutId, looked: Sequence[_Looked]) -> list[tuple[Json, tuple[Json, ...], _Details]]:
        """Plans of this rollout with their tasks and what was read of their details on the way."""
        hits = []
        for plan, found, known in looked:
            if rollout in _rollouts(known.values()):
                _complete(found, f"the list of tasks of “{plan.get('title')}”")
                hits.append((plan, found.rows, {p: one for p, one in known.items() if one.failure is None}))
        return hits

    def _looked(self, *, probe: int, strangers: bool) -> list[_Looked]:
        """All plans, or all but other people's, with their tasks and enough details to see whose they are."""
        listed = self._read([self._destination.plans_path])[self._destination.plans_path].rows
        listed = tuple(plan for plan in listed if strangers or self._author(plan) is not Author.OTHER)
        paths = {_id(plan): f"/planner/plans/{segment(_id(plan))}/tasks" for plan in listed}
        tasks = self._client.collect(tuple(paths.values()))
        plans = [(plan, tasks[paths[_id(plan)]]) for plan in listed]
        probes = {_id(plan): _probes(found.rows, probe) for plan, found in plans}
        read = self._client.collect([path for some in probes.values() for path in some])
        looked: list[_Looked] = []
        for plan, found in plans:
            known = {path: read[path] for path in probes[_id(plan)]}
            if self._author(plan) is Author.OURS:
                known = self._whose(plan, found, known)
            looked.append((plan, found, known))
        return looked

    def _whose(self, plan: Json, tasks: Gathered, known: _Details) -> _Details:
        """Details enough to see whose a plan of ours is; what could not be read does not count as bearing no mark."""
        _complete(tasks, f"the list of tasks of “{plan.get('title')}”")
        if _rollouts(known.values()):
            return known
        # The first few notes bear no mark: people edited them, so all are looked through.
        known |= self._client.collect([_details_path(_id(task)) for task in tasks.rows if _has_notes(task)])
        if not _rollouts(known.values()):
            for path, found in known.items():
                _complete(found, path)
        return known

    def _view(self, rollout: RolloutId, plan: Json, tasks: Sequence[Json], known: Mapping[str, Gathered]) -> PlanView:
        labels, buckets = details_path(_id(plan)), f"/planner/plans/{segment(_id(plan))}/buckets"
        noted = {_id(task): _details_path(_id(task)) for task in tasks if _has_notes(task)}
        read = {**known, **self._read([labels, buckets, *(path for path in noted.values() if path not in known)])}
        views = (self._task(task, _first(read.get(noted.get(_id(task), "")))) for task in tasks)
        return PlanView(
            row=plan,
            author=self._author(plan),
            labels=_first(read[labels]),
            buckets=read[buckets].rows,
            tasks=tuple(view for view in views if view.mark is None or view.mark.rollout == rollout),
        )

    def _task(self, row: Json, details: Json) -> TaskView:
        return TaskView(row=row, details=details, mark=mark_of(details), author=self._author(row))

    def _author(self, row: Json) -> Author:
        return author_of(row.get("createdBy"), self._destination.me)

    def _read(self, paths: Sequence[str]) -> dict[str, Gathered]:
        gathered = dict(self._client.collect(paths))
        for path, found in gathered.items():
            _complete(found, path)
        return gathered


def _probes(tasks: Sequence[Json], most: int) -> list[str]:
    """Details of the oldest few tasks with notes: enough to see whose plan it is."""
    noted = [task for task in tasks if _has_notes(task)]
    oldest = sorted(noted, key=lambda task: (str(task.get("createdDateTime", "")), _id(task)))
    return [_details_path(_id(task)) for task in oldest[:most]]


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


def _first(found: Gathered | None) -> Json:
    return found.rows[0] if found is not None and found.rows else {}


def _details_path(task: str) -> str:
    return f"/planner/tasks/{segment(task)}/details"


def _id(row: Json) -> str:
    return identified(row, "an object")
