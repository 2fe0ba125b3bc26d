"""What an issue's change history means: when work began and ended, who moved and labelled it. Pure.

Categories of statuses decide, never their names: those differ by language and workflow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rollout_sync.errors import UnexpectedResponse
from rollout_sync.model.objects import Fields, Value
from rollout_sync.trackers.jira.mapping import BLOCKED_LABEL, DECISION_LABELS, moment
from rollout_sync.trackers.jira.shapes import Json, inner_text, objects

STATUS, LABELS = "status", "labels"
HISTORY = ("started_at", "finished_at", "moved_by", "moved_at", "labelled")
"""Fields that come out of the history; carried over where it is not read again."""

TELLING = DECISION_LABELS | {BLOCKED_LABEL}
_NEW, _DONE = "new", "done"
_WHERE = "POST /changelog/bulkfetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of one field: status ids, or labels with blanks between them, before and after."""

    at: datetime
    by: str | None
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """An issue's changes, oldest first."""

    status: tuple[Step, ...] = ()
    labels: tuple[Step, ...] = ()

    def __add__(self, later: Changes) -> Changes:
        """Both, in order of time: one issue may be split over several pages."""
        return Changes(status=_sorted(self.status + later.status), labels=_sorted(self.labels + later.labels))


def changes_of(histories: Sequence[Json]) -> Changes:
    """Read changes as a changelog lists them.

    Raises:
        UnexpectedResponse: a change has no time that can be read.
    """
    steps = [pair for change in histories for pair in _steps(change)]
    return Changes(
        status=_sorted(tuple(step for name, step in steps if name == STATUS)),
        labels=_sorted(tuple(step for name, step in steps if name == LABELS)),
    )


def needs_history(fields: Fields, before: Fields | None) -> bool:
    """Whether a changed issue's history has something to tell that may not be known.

    Work that is under way or done, or bears a label that means something, may have been moved to and fro in between:
    then status and labels look as before, and only the history tells who did it last.
    """
    if fields.get("category") != _NEW or TELLING & _labels(fields):
        return True
    return before is not None and (fields.get("status") != before.get("status") or _labels(fields) != _labels(before))


def story(fields: Fields, status_id: str, changes: Changes, categories: Mapping[str, str]) -> Fields:
    """What the history adds to an issue's fields.

    Args:
        fields: as observed.
        status_id: of the status it was observed in.
        changes: its whole history, which may be younger than `fields`.
        categories: status id to category; changes to a status that is not there any more tell nothing.
    """
    moves = _until(changes.status, status_id)
    started, finished = _stretch(fields, moves, categories)
    return {
        "started_at": started,
        "finished_at": finished,
        "moved_by": moves[-1].by if moves else None,
        "moved_at": _text(moves[-1].at) if moves else None,
        "labelled": _labelled(fields, changes.labels),
    }


def untold(before: Fields | None) -> Fields:
    """The same for an issue that has not begun and whose history was not read: what was known of it."""
    known = {name: before[name] for name in HISTORY if name in before} if before is not None else {}
    return {**known, "started_at": None, "finished_at": None}


def _stretch(fields: Fields, moves: Sequence[Step], categories: Mapping[str, str]) -> tuple[Value, Value]:
    """Start of the current stretch of work, and of being done. What was made in a later status began when made."""
    entries: list[tuple[Value, Value]] = [
        (fields.get("created_at"), categories.get(moves[0].before, _NEW) if moves else fields.get("category"))
    ]
    entries += [(_text(move.at), categories[move.after]) for move in moves if move.after in categories]
    if entries[-1][1] != fields.get("category"):
        # A changed workflow moves issues without a trace: it happened at the latest when the issue was last updated.
        entries.append((fields.get("updated_at"), fields.get("category")))
    started: Value = None
    finished: Value = None
    for at, category in entries:
        started = None if category == _NEW else started or at
        finished = None if category != _DONE else finished or at
    return started, finished


def _until(moves: Sequence[Step], status_id: str) -> Sequence[Step]:
    """Moves up to the status in which the issue was read; later ones belong to the next time."""
    for number in range(len(moves), 0, -1):
        if moves[number - 1].after == status_id:
            return moves[:number]
    return () if moves and moves[0].before == status_id else moves


def _labelled(fields: Fields, steps: Sequence[Step]) -> Value:
    added: dict[str, Step] = {}
    for step in steps:
        added |= dict.fromkeys(set(step.after.split()) - set(step.before.split()), step)
    return [
        {"label": label, "by": added[label].by, "at": _text(added[label].at)}
        if label in added
        else {"label": label, "by": fields.get("created_by"), "at": fields.get("created_at")}
        for label in sorted(_labels(fields))
    ]


def _labels(fields: Fields) -> frozenset[str]:
    labels = fields.get("labels")
    return frozenset(str(label) for label in labels) if isinstance(labels, (list, tuple)) else frozenset()


def _steps(change: Json) -> Iterator[tuple[str, Step]]:
    at, by = _when(change.get("created")), inner_text(change, "author", "accountId") or None
    for item in objects(change, "items", _WHERE):
        name = inner_text(item, "fieldId") or inner_text(item, "field")
        ends = ("fromString", "toString") if name == LABELS else ("from", "to")
        yield name, Step(at=at, by=by, before=inner_text(item, ends[0]), after=inner_text(item, ends[1]))


def _when(created: object) -> datetime:
    """Epoch milliseconds as the service sends them, or the time stamp that its document promises."""
    if isinstance(created, (int, float)) and not isinstance(created, bool):
        return datetime.fromtimestamp(created / 1000, UTC)
    at = moment(created)
    if at is None:
        raise UnexpectedResponse(
            "a change in the history has no time",
            where=_WHERE,
            hint="Jira has changed: please report this with the line above.",
        )
    return at


def _sorted(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: step.at))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
