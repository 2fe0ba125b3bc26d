"""Work that people added to a plan of ours, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.trackers.base import Newcomer
from rollout_sync.trackers.planner.boards import Board
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.identity import application_of
from rollout_sync.trackers.planner.mapping import Json, Names, identified, task_fields
from rollout_sync.trackers.planner.reading import Answers, own_path


def strangers(board: Board, answers: Answers) -> dict[str, Json]:
    """Tasks on the board that are not this rollout's; none where the list is not complete."""
    if answers.failure(board.tasks_path) is not None:
        return {}
    rows = answers.rows.get(board.tasks_path, {}).values()
    return {found: row for row in rows if (found := identified(row, "a task")) not in board.known}


def missed(board: Board, answers: Answers) -> frozenset[str]:
    """Newcomers that a complete list lacks."""
    if answers.failure(board.tasks_path) is not None:
        return frozenset()
    return board.newcomers - answers.rows.get(board.tasks_path, {}).keys() - board.known.keys()


def added(
    board: Board, answers: Answers, *, bound: frozenset[str], destination: Destination, names: Names | None
) -> Iterator[Newcomer]:
    """Work that people added to the plan; what our own application made without a binding is still in doubt.

    Args:
        board: whose plan it is.
        answers: with the plan's list, and those of `missed` that were read again.
        bound: ids that belong to any rollout.
        destination: makes addresses, and knows our application.
        names: of the plan's labels, as far as they are known.
    """
    rows = strangers(board, answers) | dict(_still_there(board, answers))
    for found, row in rows.items():
        is_ours = found in bound or application_of(row.get("createdBy")) in destination.me.applications
        if board.plan is None or is_ours:
            continue
        path = board.tasks_path if answers.row(board.tasks_path, found) is not None else task_path(found)
        yield Newcomer(
            rollout=board.rollout,
            under=_bucket(board, row) or board.plan.object,
            remote=destination.task(row),
            fields=task_fields(row, names),
            asked_at=answers.read[path].at,
        )


def left(board: Board, answers: Answers, bound: frozenset[str]) -> tuple[str, ...]:
    """Known newcomers that are not on the board any more, or are bound now.

    One whose own read failed for now stays; one that only another account can see has left as far as we can tell.
    """
    absent = missed(board, answers) - dict(_still_there(board, answers)).keys()
    unread = {one for one in absent if not answers.is_answered(task_path(one))}
    is_listed = answers.failure(board.tasks_path) is None
    ours = board.newcomers & (bound | board.known.keys()) if is_listed else frozenset[str]()
    return tuple(sorted((absent - unread) | ours))


def _still_there(board: Board, answers: Answers) -> Iterator[tuple[str, Json]]:
    """Newcomers that the list lacks although they are in the plan: it changed between two pages."""
    for one in missed(board, answers):
        row = answers.row(task_path(one), one)
        if row is not None and row.get("planId") == board.home:
            yield one, row


def task_path(task: str) -> str:
    """The path of a task itself."""
    return own_path(ObjectKind.TASK, task)


def _bucket(board: Board, row: Json) -> ObjectKey | None:
    """Our bucket that a task lies in; None for none, and for one that people made."""
    keys = (one.binding.object for one in board.known.get(str(row.get("bucketId")), ()))
    return next((key for key in keys if key.kind is ObjectKind.BUCKET), None)
