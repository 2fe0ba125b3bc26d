"""One rollout's board as a pull sees it: what is worth a look, and what follows from the answers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from rollout_sync.model.codec import to_json
from rollout_sync.model.objects import Binding, ObjectKey, ObjectKind, Remote, Sighting
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.base import FEWEST_KNOWN, MOST_GONE, Known, Seen
from rollout_sync.trackers.planner.mapping import Json, version_of
from rollout_sync.trackers.planner.reading import Answers, list_path, own_path

_WITH_TASK = frozenset({ObjectKind.TASK, ObjectKind.DETAILS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What is known of a rollout before it is read.

    Attributes:
        known: its objects by remote id; a task and its details share one.
        plan: its plan; None where there is none (any more).
        apart: tasks, with their details, that people moved into another plan.
        newcomers: ids of what people added, as far as known.
    """

    rollout: RolloutId
    known: Mapping[str, tuple[Known, ...]]
    plan: Binding | None
    apart: frozenset[ObjectKey]
    newcomers: frozenset[str]

    @property
    def home(self) -> str:
        """Id of the plan; empty where there is none."""
        return self.plan.remote.id if self.plan is not None else ""

    @property
    def tasks_path(self) -> str:
        """The list of the plan's tasks; empty where there is no plan."""
        return list_path(self.home, ObjectKind.TASK) if self.plan is not None else ""

    def each(self, *kinds: ObjectKind) -> Iterator[Known]:
        """The objects, or those of some kinds."""
        return (one for some in self.known.values() for one in some if not kinds or one.binding.object.kind in kinds)

    def first_looks(self) -> set[str]:
        """What shows whether anything changed: the plan's tasks, and each task that is elsewhere."""
        tasks = (one.binding for one in self.each(ObjectKind.TASK))
        alone = {own_path(task.object.kind, task.remote.id) for task in tasks if task.object in self.apart}
        return alone | ({self.tasks_path} if self.plan is not None else set())


def board_of(
    rollout: RolloutId,
    known: Mapping[str, tuple[Known, ...]],
    newcomers: frozenset[str],
    plan_of: Callable[[Remote], str],
) -> Board:
    """Sort what the ledger knows; `plan_of` reads the plan out of an address."""
    plan = next((one.binding for some in known.values() for one in some if _kind(one) is ObjectKind.PLAN), None)
    home = plan.remote.id if plan is not None else ""
    apart = frozenset(
        one.binding.object
        for some in known.values()
        for one in some
        if _kind(one) in _WITH_TASK and _plan_now(some, plan_of, home) != home
    )
    return Board(rollout=rollout, known=known, plan=plan, apart=apart, newcomers=newcomers)


def worth_a_look(board: Board, answers: Answers, *, is_full: bool) -> list[Binding]:
    """New and changed tasks with their details, what is missing, and what was never seen; on a full look everything.

    Where the plan cannot be read there is nothing to compare with, but for tasks that are elsewhere.
    """
    wanted = (one for some in board.known.values() for one in some if is_full or _is_open(board, answers, some, one))
    is_unread = answers.failure(board.tasks_path) is not None
    return [_as_last_seen(one) for one in wanted if not is_unread or one.binding.object in board.apart]


def differences(board: Board, sighting: Sighting, *, is_sure: bool) -> Iterator[Seen]:
    """Observations that say something new, each whole: what was not read is carried over.

    Where not everything could be read (`is_sure` is false), tasks bear no version, so that they are read again.
    """
    known = {one.binding.object: one.seen for one in board.each()}
    for observation in sighting.observations:
        seen = known[observation.object]
        fields = {**(seen.fields if seen is not None else {}), **observation.fields}
        blank = not is_sure and observation.object.kind is ObjectKind.TASK
        remote = replace(observation.remote, version="") if blank else observation.remote
        if seen is None or seen.remote != remote or to_json(seen.fields) != to_json(fields):
            yield Seen(rollout=board.rollout, observation=replace(observation, remote=remote, fields=fields))


def settled(board: Board, sighting: Sighting, most_gone: float = MOST_GONE) -> Sighting:
    """The conclusions from absence, made safe: details go with their task, and never too many tasks at once."""
    ids = {one.binding.object: one.binding.remote.id for one in board.each()}
    deleted = {ids[key] for key in sighting.gone if key.kind is ObjectKind.TASK}
    gone = {key for key in sighting.gone if key.kind is not ObjectKind.DETAILS}
    gone |= {one.binding.object for one in board.each(ObjectKind.DETAILS) if one.binding.remote.id in deleted}
    unseen = {key: why for key, why in sighting.unseen.items() if key not in gone}
    unseen |= dict.fromkeys(set(sighting.gone) - gone, "its details are not found, yet its task was not deleted")
    doubtful, why = _doubtful(board, gone, most_gone)
    unseen |= dict.fromkeys(doubtful, why)
    return replace(sighting, gone=tuple(sorted(gone - doubtful)), unseen=unseen)


def _as_last_seen(one: Known) -> Binding:
    """The binding with the whereabouts and version that were last seen."""
    return one.binding if one.seen is None else replace(one.binding, remote=one.seen.remote)


def _plan_now(some: tuple[Known, ...], plan_of: Callable[[Remote], str], home: str) -> str:
    """The plan that a task was last seen in, else the one that its address names."""
    task = next((one for one in some if _kind(one) is ObjectKind.TASK), None)
    if task is None:
        return home
    plan = task.seen.fields.get("plan") if task.seen is not None else None
    return plan.id if isinstance(plan, Remote) else plan_of(task.binding.remote) or home


def _is_open(board: Board, answers: Answers, some: tuple[Known, ...], one: Known) -> bool:
    """Whether an object is new to us or changed; `some` are the objects that share its id."""
    if _kind(one) not in _WITH_TASK:
        return one.seen is None
    task = next((other for other in some if _kind(other) is ObjectKind.TASK), one)
    row = _row(board, answers, task)
    return row is None or _is_new(one) or version_of(row) != _version(task)


def _row(board: Board, answers: Answers, task: Known) -> Json | None:
    kind, remote_id = ObjectKind.TASK, task.binding.remote.id
    path = own_path(kind, remote_id) if task.binding.object in board.apart else board.tasks_path
    return answers.row(path, remote_id)


def _is_new(one: Known) -> bool:
    return not _version(one)


def _version(one: Known) -> str:
    """Version of what was last seen; empty where nothing was, or where it is to be seen again."""
    return one.seen.remote.version if one.seen is not None else ""


def _doubtful(board: Board, gone: set[ObjectKey], most_gone: float) -> tuple[set[ObjectKey], str]:
    """What is not to be believed gone although nothing shows it, and why."""
    if board.plan is not None and board.plan.object in gone:
        return gone, "the plan vanished while it was read; the next look tells more"
    tasks = sum(1 for _ in board.each(ObjectKind.TASK))
    missing = sum(key.kind is ObjectKind.TASK for key in gone)
    if tasks < FEWEST_KNOWN or missing / tasks <= most_gone:
        return set(), ""
    why = f"{missing} of {tasks} tasks are missing at once while their plan is there; permissions may have been lost"
    return {key for key in gone if key.kind in _WITH_TASK}, why


def _kind(one: Known) -> ObjectKind:
    return one.binding.object.kind
