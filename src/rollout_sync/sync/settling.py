"""Settles creates whose outcome is unknown, by strong reads after a bound; see docs/architecture.md, "In doubt"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_sync.errors import TrackerError
from rollout_sync.ledger import entries, objects
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.rescue import Rescue
from rollout_sync.model.codec import fields_from, to_json
from rollout_sync.model.objects import Binding, ObjectKey, Remote
from rollout_sync.model.operations import Doubt, Findings, OperationState
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.sync.run import Run, Step, Timing

State = OperationState


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDoubt:
    """A create that is still in doubt: why, and when a later run can settle it (remote clock)."""

    object: ObjectKey
    reason: str
    decidable_at: datetime


def verdict(doubt: Doubt, findings: Findings, timing: Timing) -> Remote | bool | None:
    """What a read says of a doubt: where it is; True, it surely does not exist; None, nothing yet.

    The bound is the remote's own clock: the request left at most a deadline after `sent_at`, and the service may act
    on it for another `horizon`. Both ends come from its `Date` headers, so a wrong local clock does no harm.
    """
    if (remote := findings.found.get(doubt.object)) is not None:
        return remote
    if doubt.object in findings.ambiguous or not findings.is_strong:
        return None
    return True if findings.asked_at >= decidable_at(doubt, timing) else None


def decidable_at(doubt: Doubt, timing: Timing) -> datetime:
    """From when on absence proves that the create never happened."""
    return doubt.sent_at + timedelta(seconds=timing.deadline + timing.horizon + 1)


def settle(run: Run) -> tuple[OpenDoubt, ...]:
    """Look once for everything in doubt; returns what stays in doubt. Must run before anything new is sent."""
    still_open: list[OpenDoubt] = []
    for name in run.trackers:
        still_open += _settle_tracker(run, name)
    return tuple(still_open)


def _settle_tracker(run: Run, name: TrackerName) -> Sequence[OpenDoubt]:
    with run.database.reading() as connection:
        in_flight = objects.keys(connection, run.rollout, State.INFLIGHT)
    waiting = [(entry_id, key.kind) for entry_id, key in in_flight if key.kind.tracker is name]
    ensured = [entry_id for entry_id, kind in waiting if kind.is_ensured]
    created_once = [entry_id for entry_id, kind in waiting if not kind.is_ensured]
    if ensured:
        with run.database.transaction() as connection:
            entries.mark_planned(connection, ensured, "unknown outcome; writing it again is harmless")
    if not created_once:
        return ()
    with run.database.reading() as connection:
        doubts = objects.doubts(connection, run.rollout, created_once)
        bound = objects.bindings(connection, run.rollout)
    known = _bound_ids(bound, name) | _bound_keys(bound, name)
    try:
        findings = run.trackers[name].find(run.rollout, doubts, known)
    except TrackerError as error:
        run.on_step(Step(note=f"{name}: {error.what}"))
        return [_open(doubt, error.what, run.timing) for doubt in doubts]
    return _record(run, created_once, doubts, findings)


def _bound_ids(bindings: Iterable[Binding], name: TrackerName) -> frozenset[str]:
    """Remote ids that are taken. Only those of objects that are created once: links have numbers of their own."""
    kinds = ((binding.object.kind, binding.remote.id) for binding in bindings)
    return frozenset(one for kind, one in kinds if kind.tracker is name and not kind.is_ensured)


def _bound_keys(bindings: Iterable[Binding], name: TrackerName) -> frozenset[str]:
    """Issue keys that are taken, which a probe need not read."""
    keys = ((binding.object.kind, binding.remote.key) for binding in bindings)
    return frozenset(key for kind, key in keys if key and kind.tracker is name)


def _open(doubt: Doubt, reason: str, timing: Timing) -> OpenDoubt:
    return OpenDoubt(object=doubt.object, reason=reason, decidable_at=decidable_at(doubt, timing))


def _record(run: Run, ids: Sequence[int], doubts: Sequence[Doubt], findings: Findings) -> Sequence[OpenDoubt]:
    still_open: list[OpenDoubt] = []
    with run.database.transaction() as connection:
        for entry_id, doubt in zip(ids, doubts, strict=True):
            match verdict(doubt, findings, run.timing):
                case Remote() as remote:
                    entries.mark_created(connection, entry_id, remote)
                    links = objects.planned_ids(connection, run.rollout, findings.also.get(doubt.object, ()))
                    entries.mark_all_created(connection, [(link, Remote(id=""), None) for link in links])
                case True:
                    entries.mark_planned(connection, [entry_id], "proved not to exist; may be sent again")
                case _:
                    reason = findings.ambiguous.get(doubt.object, "sent without an answer; not seen yet")
                    still_open.append(_open(doubt, reason, run.timing))
                    entries.note_doubt(connection, [entry_id], reason)
    return still_open


def take_rescued(database: Database, rescue: Rescue, rollout: RolloutId) -> int:
    """Move answers that a full disk kept out of the ledger into it; returns how many."""
    records = rescue.records()
    if not records:
        return 0
    with database.transaction() as connection:
        in_flight = {str(key): entry_id for entry_id, key in objects.keys(connection, rollout, State.INFLIGHT)}
        for record in records:
            remote = fields_from(to_json({"remote": record["remote"]}))["remote"]
            entry_id = in_flight.get(str(record["object"]))
            if entry_id is not None and isinstance(remote, Remote):
                entries.mark_created(connection, entry_id, remote)
    rescue.clear()
    return len(records)
