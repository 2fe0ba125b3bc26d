"""The strong read: do the doubtful objects exist? It takes complete lists of all places where they would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from rollout_sync.model.objects import ObjectKind, Value
from rollout_sync.model.operations import Doubt, Findings
from rollout_sync.trackers.planner.batch import InnerReply
from rollout_sync.trackers.planner.client import Gathered, GraphClient, segment
from rollout_sync.trackers.planner.dates import day_in, moment_in
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.identity import Author, Self, application_of, author_of
from rollout_sync.trackers.planner.mapping import Json, remote_id, text_of
from rollout_sync.trackers.planner.matching import Candidate, Look, Match, Wanted, match_exactly, match_tasks
from rollout_sync.trackers.planner.outcomes import NOT_FOUND

SKEW = timedelta(minutes=5)
"""`createdDateTime` comes from another machine than the `Date` header that doubts are dated by."""


class Seeker:
    """Answers for plans, buckets and tasks; labels and details need no search, they can be written again."""

    def __init__(self, client: GraphClient, destination: Destination) -> None:
        self._client = client
        self._destination = destination

    def find(self, doubts: Sequence[Doubt], known: frozenset[str]) -> Findings:
        """Which doubts exist; `is_strong` only where every place could be read to its end.

        Raises:
            TrackerError: where the reading as a whole fails; then nothing is known.
            ValueError: without doubts, because then there is nothing to date the answer by.
        """
        if not doubts:
            raise ValueError("there is no doubt to resolve")
        paths = {path for doubt in doubts for path in self._places(doubt)} | {self._destination.plans_path}
        gathered = self._client.collect(sorted(paths))
        matches = [self._match(place, group, gathered, known) for place, group in self._grouped(doubts).items()]
        strong = all(self._is_complete(place, gathered) for place in self._grouped(doubts))
        return Findings(
            found={key: remote for match in matches for key, remote in match.found.items()},
            asked_at=min(one.at for one in gathered.values()),
            is_strong=strong,
            ambiguous={key: why for match in matches for key, why in match.ambiguous.items()},
        )

    def _places(self, doubt: Doubt) -> tuple[str, ...]:
        """The list where the object would be, and the plan that it would be in."""
        match doubt.object.kind:
            case ObjectKind.PLAN:
                return (self._destination.plans_path,)
            case ObjectKind.BUCKET | ObjectKind.TASK:
                plan = f"/planner/plans/{segment(remote_id(doubt.fields, 'plan'))}"
                return (f"{plan}/{'tasks' if doubt.object.kind is ObjectKind.TASK else 'buckets'}", plan)
            case _:
                return ()

    def _grouped(self, doubts: Sequence[Doubt]) -> Mapping[tuple[str, ...], list[Doubt]]:
        groups: dict[tuple[str, ...], list[Doubt]] = {}
        for doubt in doubts:
            groups.setdefault(self._places(doubt), []).append(doubt)
        return groups

    def _is_complete(self, place: tuple[str, ...], gathered: Mapping[str, Gathered]) -> bool:
        if not place or gathered[place[0]].failure is None:
            return True
        return len(place) > 1 and self._is_plan_gone(place[1], gathered)

    def _is_plan_gone(self, plan: str, gathered: Mapping[str, Gathered]) -> bool:
        """A plan that is not found while the group's plans can be read without it: nothing can be in it."""
        listed = gathered[self._destination.plans_path]
        ids = {segment(str(row.get("id", ""))) for row in listed.rows}
        return _is_missing(gathered[plan].failure) and listed.failure is None and plan.rpartition("/")[2] not in ids

    def _match(
        self, place: tuple[str, ...], doubts: Sequence[Doubt], gathered: Mapping[str, Gathered], known: frozenset[str]
    ) -> Match:
        if not place:
            return Match(wanted=[], candidates=[])
        me = self._me(gathered[place[-1]].rows) if len(place) > 1 else self._destination.me
        rows = [row for row in gathered[place[0]].rows if row.get("id") and row["id"] not in known]
        wanted = [Wanted(object=doubt.object, look=_wanted_look(doubt), since=doubt.sent_at - SKEW) for doubt in doubts]
        candidates = [self._candidate(doubts[0].object.kind, row, me) for row in rows]
        is_task = doubts[0].object.kind is ObjectKind.TASK
        return match_tasks(wanted, candidates) if is_task else match_exactly(wanted, candidates)

    def _me(self, plan: Sequence[Json]) -> Self:
        """We, and the application that made the plan: that was us too, perhaps under an id that Graph prefers."""
        maker = application_of(plan[0].get("createdBy")) if plan else ""
        mine = self._destination.me
        return Self(applications=mine.applications | ({maker} if maker else set()), users=mine.users)

    def _candidate(self, kind: ObjectKind, row: Json, me: Self) -> Candidate:
        if kind is ObjectKind.BUCKET:
            look, remote = Look(title=str(row.get("name", ""))), self._destination.bucket(row)
            return Candidate(remote=remote, look=look, author=Author.UNKNOWN, created=None)
        remote = self._destination.plan(row) if kind is ObjectKind.PLAN else self._destination.task(row)
        look = task_look(row) if kind is ObjectKind.TASK else Look(title=str(row.get("title", "")))
        return Candidate(remote=remote, look=look, author=author_of(row.get("createdBy"), me), created=_created(row))


def task_look(task: Json) -> Look:
    """What can be compared of a task that Graph returned."""
    assigned = task.get("assignments")
    return Look(
        title=str(task.get("title", "")),
        bucket=str(task.get("bucketId") or ""),
        due=day_in(task.get("dueDateTime")) or "",
        owners=frozenset(assigned) if isinstance(assigned, Mapping) else frozenset(),
    )


def _wanted_look(doubt: Doubt) -> Look:
    title = text_of(doubt.fields, "title")
    if doubt.object.kind is not ObjectKind.TASK:
        return Look(title=title)
    bucket = doubt.fields.get("bucket")
    return Look(
        title=title,
        bucket=remote_id(doubt.fields, "bucket") if bucket is not None else "",
        due=str(doubt.fields.get("due") or ""),
        owners=_owners(doubt.fields.get("owners")),
    )


def _owners(value: Value) -> frozenset[str]:
    return (
        frozenset(str(one) for one in value)
        if isinstance(value, Sequence) and not isinstance(value, str)
        else frozenset()
    )


def _created(row: Json) -> datetime | None:
    return moment_in(row.get("createdDateTime"))


def _is_missing(failure: InnerReply | None) -> bool:
    return failure is not None and failure.status == NOT_FOUND
