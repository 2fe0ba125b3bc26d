"""Planner's half of the pull: one stream of task lists for all rollouts, compared by version; more only where needed.

A tick without changes reads the lists and nothing else. What differs or is missing is read in batches that all
rollouts of a portion share; the conclusions are those of `reading` and `boards`.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.base import Newcomer, Pulled, Seen, Shelf, Watch
from rollout_sync.trackers.planner.additions import added, left, missed, strangers, task_path
from rollout_sync.trackers.planner.boards import Board, board_of, differences, settled, worth_a_look
from rollout_sync.trackers.planner.client import Gathered, GraphClient, segment
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.labels import LabelBook, details_path
from rollout_sync.trackers.planner.listing import stream
from rollout_sync.trackers.planner.mapping import Names
from rollout_sync.trackers.planner.reading import ABSENT, Answers, Reader, Spot, labelled_plans

PORTION = 40
"""Rollouts that are settled together: enough to fill the batches that they share, few enough to be kept in memory."""


@dataclass(slots=True, eq=False)
class _Look:
    """A board while it is read: the paths that it still waits for, where its objects are, all that it depends on."""

    board: Board
    open: set[str]
    read: dict[str, Gathered] = field(default_factory=dict)
    spots: tuple[Spot, ...] = ()
    paths: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Portion:
    """What a portion of the pull brings, while it is put together."""

    seen: list[Seen] = field(default_factory=list)
    newcomers: list[Newcomer] = field(default_factory=list)
    left: dict[RolloutId, tuple[str, ...]] = field(default_factory=dict)
    gone: dict[RolloutId, tuple[ObjectKey, ...]] = field(default_factory=dict)
    unseen: dict[RolloutId, Mapping[ObjectKey, str]] = field(default_factory=dict)
    complete: list[RolloutId] = field(default_factory=list)
    failed: dict[RolloutId, str] = field(default_factory=dict)

    def pulled(self, at: datetime) -> Pulled:
        """The value; without the rollouts about which there is nothing to say."""
        return Pulled(
            asked_at=at,
            seen=tuple(self.seen),
            newcomers=tuple(self.newcomers),
            left={rollout: ids for rollout, ids in self.left.items() if ids},
            gone={rollout: keys for rollout, keys in self.gone.items() if keys},
            unseen={rollout: reasons for rollout, reasons in self.unseen.items() if reasons},
            complete=tuple(self.complete),
            failed=self.failed,
        )


class Puller:
    """Reads what changed; it keeps no cursor, because versions are compared object by object."""

    def __init__(self, client: GraphClient, destination: Destination, labels: LabelBook, reader: Reader) -> None:
        self._client = client
        self._destination = destination
        self._labels = labels
        self._reader = reader

    def pull(self, watch: Watch) -> Iterator[Pulled]:
        """Portion by portion, in the order in which the lists come in.

        Raises:
            TrackerError: where a batch as a whole fails.
        """
        looks = self._listed(self._board(watch.shelf, rollout) for rollout in watch.rollouts)
        while portion := list(islice(looks, PORTION)):
            yield self._portion(watch, portion)

    def _board(self, shelf: Shelf, rollout: RolloutId) -> Board:
        newcomers = shelf.newcomers(rollout)
        return board_of(rollout, shelf.of_rollout(rollout), newcomers, self._destination.plan_of)

    def _listed(self, boards: Iterable[Board]) -> Iterator[_Look]:
        """Each board as soon as its task list is complete; those without anything to read come last."""
        waiting: defaultdict[str, deque[_Look]] = defaultdict(deque)
        empty: list[_Look] = []

        def paths() -> Iterator[str]:
            for board in boards:
                look = _Look(board=board, open=board.first_looks())
                for path in sorted(look.open):
                    waiting[path].append(look)
                    yield path
                if not look.open and not look.read:
                    empty.append(look)

        for path, gathered in stream(self._client, paths()):
            look = waiting[path].popleft()
            look.read[path] = gathered
            look.open.discard(path)
            if not look.open:
                yield look
        yield from empty

    def _portion(self, watch: Watch, looks: Sequence[_Look]) -> Pulled:
        answers, portion = Answers(), _Portion()
        for look in looks:
            answers.add(look.read)
        for look in looks:
            bindings = worth_a_look(look.board, answers, is_full=watch.is_full)
            look.spots = self._reader.spots(bindings, home=look.board.home, apart=look.board.apart)
            look.paths = look.read.keys() | self._next(answers, look)
        self._read(answers, looks)
        for look in looks:
            look.paths |= self._second_looks(answers, look)
        self._read(answers, looks)
        bound = self._bound(watch.shelf, answers, looks)
        for look in looks:
            self._settle(portion, answers, look, bound, watch.most_gone)
        return portion.pulled(self._asked_at(answers))

    def _next(self, answers: Answers, look: _Look) -> set[str]:
        """What the lists leave open: details, what is missing; and for a list that is not shown, its plan."""
        board = look.board
        hidden = answers.status(board.tasks_path) in ABSENT
        return {
            *(spot.place for spot in look.spots),
            *self._second_looks(answers, look),
            *map(task_path, missed(board, answers)),
            *(self._reader.plan_looks(board.home) if hidden else ()),
        }

    def _second_looks(self, answers: Answers, look: _Look) -> set[str]:
        """For what is missing, and for the names of the labels on tasks that were found."""
        labels = set(map(details_path, labelled_plans(answers, look.spots)))
        return labels | self._reader.second_looks(answers, look.spots)

    def _read(self, answers: Answers, looks: Iterable[_Look]) -> None:
        self._reader.read(answers, {path for look in looks for path in look.paths})

    def _bound(self, shelf: Shelf, answers: Answers, looks: Iterable[_Look]) -> frozenset[str]:
        """Those of the strangers on the boards that belong to some rollout: a task may have been moved here."""
        unknown = {found for look in looks for found in (*strangers(look.board, answers), *look.board.newcomers)}
        return frozenset(shelf.by_id(sorted(unknown))) if unknown else frozenset()

    def _settle(
        self, portion: _Portion, answers: Answers, look: _Look, bound: frozenset[str], most_gone: float
    ) -> None:
        board, rollout = look.board, look.board.rollout
        trouble = _trouble(answers, look.paths)
        sighting = settled(board, self._reader.conclude(answers, look.spots), most_gone)
        portion.seen += differences(board, sighting, is_sure=not trouble)
        portion.gone[rollout], portion.unseen[rollout] = sighting.gone, sighting.unseen
        if answers.failure(board.tasks_path) is not None:
            trouble = self._unlisted(portion, answers, board) or trouble
        else:
            names = self._names(board)
            portion.newcomers += added(board, answers, bound=bound, destination=self._destination, names=names)
            portion.left[rollout] = left(board, answers, bound)
        if trouble:
            portion.failed[rollout] = trouble
        else:
            portion.complete.append(rollout)

    def _unlisted(self, portion: _Portion, answers: Answers, board: Board) -> str:
        """A plan that cannot be read: it is gone with all that is in it, or the answer says why nobody can tell."""
        rollout, failure = board.rollout, answers.failure(board.tasks_path)
        inside = {one.binding.object for one in board.each()} - board.apart
        if self._reader.is_plan_gone(answers, board.home):
            portion.gone[rollout] = tuple(sorted(inside | set(portion.gone[rollout])))
            portion.left[rollout] = tuple(sorted(board.newcomers))
            return ""
        words = failure.words if failure is not None else ""
        if answers.status(board.tasks_path) not in ABSENT:
            return f"the plan's tasks cannot be read: {words}"
        why = f"the plan may only be hidden from this account: {words}"
        portion.unseen[rollout] = {**portion.unseen[rollout], **dict.fromkeys(inside, why)}
        return why

    def _names(self, board: Board) -> Names | None:
        """The plan's label names, as last read by us or seen at an earlier pull; None where they never were."""
        known = self._labels.known(board.home)
        if known is not None:
            return known
        for one in board.each(ObjectKind.LABELS):
            names = one.seen.fields.get("names") if one.seen is not None else None
            if isinstance(names, Sequence) and not isinstance(names, str):
                return [str(name) for name in names]
        return None

    def _asked_at(self, answers: Answers) -> datetime:
        """The service's clock at the oldest answer; where nothing was to be read, one light request asks for it."""
        if not answers.read:
            return self._client.get(f"/groups/{segment(self._destination.group)}?$select=id", route="/groups/{id}").at
        return min(found.at for found in answers.read.values())


def _trouble(answers: Answers, paths: Iterable[str]) -> str:
    """Why something was not read that another attempt may read; empty where every answer stands."""
    open_ = (path for path in sorted(paths) if not answers.is_answered(path))
    failure = next((found for path in open_ if (found := answers.failure(path)) is not None), None)
    return f"not everything could be read: {failure.words}" if failure is not None else ""
