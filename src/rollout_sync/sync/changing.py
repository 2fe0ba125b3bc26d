"""Carries out changes of existing objects, once more against what the trackers say right now.

Between a plan and its carrying out people go on working: a field that somebody changed meanwhile is left alone and
told, and an object that already looks as wanted costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rollout_sync.errors import TrackerError
from rollout_sync.ledger import entries, objects
from rollout_sync.model.objects import Binding, Fields, ObjectKey, ObjectKind, Observation, Remote, Value
from rollout_sync.model.operations import Change, Done, InDoubt, Outcome, Refused
from rollout_sync.model.rollout import TrackerName
from rollout_sync.reconcile.diff import comparable
from rollout_sync.reconcile.plan import Write
from rollout_sync.sync.run import Run, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReport:
    """What became of the planned changes: number written, and what was not, with the reason."""

    written: int = 0
    left: tuple[tuple[ObjectKey, str], ...] = ()


def joined(first: ChangeReport, second: ChangeReport) -> ChangeReport:
    """Two reports as one. Pure."""
    return ChangeReport(written=first.written + second.written, left=first.left + second.left)


@dataclass(frozen=True, slots=True)
class _Ready:
    write: Write
    binding: Binding
    change: Change


def narrowed(write: Write, observation: Observation, places: Mapping[str, Remote]) -> tuple[Fields, tuple[str, ...]]:
    """The fields that still need writing, and the names of those that a person changed since the plan. Pure."""
    fields: dict[str, Value] = {}
    taken: list[str] = []
    for name, value in write.fields.items():
        now = comparable(name, observation.fields[name], places) if name in observation.fields else write.seen.get(name)
        if now == comparable(name, value, places):
            continue
        if now != write.seen.get(name):
            taken.append(name)
        else:
            fields[name] = value
    return fields, tuple(taken)


def carry_out(run: Run, writes: Sequence[Write]) -> ChangeReport:
    """Write the changes that are still wanted, kind by kind."""
    if not writes:
        return ChangeReport()
    with run.database.reading() as connection:
        bound = {binding.object: binding for binding in objects.bindings(connection, run.rollout)}
    places = {str(key): binding.remote for key, binding in bound.items()}
    left: list[tuple[ObjectKey, str]] = []
    written = 0
    for kind, group in groupby(sorted(writes, key=lambda write: write.object), key=lambda write: write.object.kind):
        tracker = run.trackers.get(kind.tracker)
        wanted = [write for write in group if write.object in bound]
        if tracker is None or not wanted:
            continue
        if kind is ObjectKind.REMOTE_LINK:
            ready = [_whole(write, bound[write.object], places) for write in wanted]
        else:
            ready, refused = _look_again(run, kind.tracker, wanted, bound, places)
            left += refused
        for start in range(0, len(ready), tracker.capacity[kind]):
            part = ready[start : start + tracker.capacity[kind]]
            written += _send(run, kind, part, left)
    return ChangeReport(written=written, left=tuple(left))


def _whole(write: Write, binding: Binding, places: dict[str, Remote]) -> _Ready:
    """A remote link is written as a whole: Jira empties what is left out, and nobody edits it by hand."""
    fields = {name: objects.resolved(value, places) for name, value in write.base.items()}
    change = Change(object=write.object, marker=binding.marker, remote=binding.remote, fields=fields)
    return _Ready(write, binding, change)


def _look_again(
    run: Run, name: TrackerName, writes: Sequence[Write], bound: Mapping[ObjectKey, Binding], places: dict[str, Remote]
) -> tuple[list[_Ready], list[tuple[ObjectKey, str]]]:
    try:
        sighting = run.trackers[name].observe([bound[write.object] for write in writes])
    except TrackerError as error:
        return [], [(write.object, error.what) for write in writes]
    seen = {observation.object: observation for observation in sighting.observations}
    ready: list[_Ready] = []
    left = [(key, "deleted since the plan was made") for key in sighting.gone]
    left += list(sighting.unseen.items())
    for write in writes:
        observation = seen.get(write.object)
        if observation is None:
            continue
        fields, taken = narrowed(write, observation, places)
        if taken:
            left.append((write.object, f"changed by somebody since the plan was made: {', '.join(taken)}"))
        if fields:
            change = Change(
                object=write.object,
                marker=bound[write.object].marker,
                remote=observation.remote,
                fields={name: objects.resolved(value, places) for name, value in fields.items()},
            )
            ready.append(_Ready(write, bound[write.object], change))
        elif not taken:
            _advance(run, write.object, write.base, observation.remote)
    return ready, left


def _advance(run: Run, key: ObjectKey, base: Fields, remote: Remote) -> None:
    with run.database.transaction() as connection:
        entries.advance_base(connection, run.rollout, key, base, remote)


def _send(run: Run, kind: ObjectKind, part: Sequence[_Ready], left: list[tuple[ObjectKey, str]]) -> int:
    try:
        outcomes: Sequence[Outcome] = run.trackers[kind.tracker].change(run.rollout, [one.change for one in part])
    except TrackerError as error:
        left += [(one.change.object, error.what) for one in part]
        return 0
    written = 0
    with run.database.transaction() as connection:
        for one, outcome in zip(part, outcomes, strict=True):
            match outcome:
                case Done(remote=remote):
                    base = _written_base(one)
                    entries.advance_base(connection, run.rollout, one.change.object, base, remote)
                    written += 1
                case Refused(reason=reason) | InDoubt(reason=reason):
                    left.append((one.change.object, reason))
    run.on_step(Step(kind=kind, note=f"updating, {kind}: {written} of {len(part)}"))
    return written


def _written_base(one: _Ready) -> Fields:
    """The base for the fields that were written now; the others keep theirs until they are settled."""
    skipped = set(one.write.fields) - set(one.change.fields)
    return {**one.write.base, **{name: one.write.previous[name] for name in skipped if name in one.write.previous}}
