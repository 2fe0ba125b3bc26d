"""Takes over a rollout whose ledger was lost: binds every remote object that carries its markers.

What was last written cannot be read back, so the base of an adopted object is empty, and the next plan treats every
difference as a person's edit. New work is refused until a second look, after everything that could still be hidden
has had time to appear, finds the same objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_sync.errors import NotFound, PlanError
from rollout_sync.ledger import entries, objects, rollouts
from rollout_sync.ledger.lease import held
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.codec import fingerprint, instant_from, instant_text
from rollout_sync.model.objects import Marked, ObjectKey, ObjectKind
from rollout_sync.model.operations import OperationState, Severity
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.reconcile.keys import PLAN
from rollout_sync.sync.run import Timing
from rollout_sync.template.slugs import slug_or_mark
from rollout_sync.trackers.base import Facts, Inspection, Trace, Tracker
from rollout_sync.transport.clock import Clock

State = OperationState


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What one look found.

    Attributes:
        bound: objects that this look added to the ledger.
        known: objects that the ledger had already.
        copies: objects that people copied from ours; left alone.
        rivals: several remote objects for one of ours; the oldest is bound, all are named.
        agrees: a second look, late enough, found the same: new work may be created again.
        look_again_at: from when on a second look counts (remote clock); None once it agreed.
    """

    rollout: RolloutId
    name: str
    bound: int
    known: int
    copies: tuple[Marked, ...] = ()
    rivals: Mapping[ObjectKey, tuple[Marked, ...]]
    agrees: bool
    look_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Look:
    chosen: dict[ObjectKey, Marked]
    rivals: dict[ObjectKey, tuple[Marked, ...]]
    copies: tuple[Marked, ...]
    at: datetime


def adopt(
    rollout: RolloutId,
    *,
    database: Database,
    trackers: Mapping[TrackerName, Tracker],
    clock: Clock,
    timing: Timing,
    index_lag: float,
) -> Adopted:
    """Bind what carries the rollout's markers; run again after `look_again_at` to confirm.

    Raises:
        NotFound: neither service has anything of this rollout.
        PlanError: a destination cannot be used, so that nothing can be said about it.
        LedgerBusy: another run works on the rollout.
    """
    inspections = _inspect(rollout, trackers)
    facts = {name.value: one.facts for name, one in inspections.items()}
    with held(database, rollout, clock):
        look = _look(rollout, trackers, inspections)
        with database.reading() as connection:
            known = rollouts.load(connection, rollout)
            bound = {one.object for one in objects.entries(connection, rollout, State.CREATED, State.GONE)}
        if not look.chosen and known is None:
            raise NotFound(
                f"nothing in the configured services belongs to {rollout}",
                where=f"rollout {rollout}",
                hint="check the name (`rollout-sync adopt` takes the rollout's short name) and the configuration",
            )
        new = [marked for key, marked in look.chosen.items() if key not in bound]
        row, agrees, due = _row(rollout, known, look, facts, timing.horizon + index_lag)
        with database.transaction() as connection:
            rollouts.save(connection, row)
            for marked in new:
                entries.adopt(connection, rollout, marked)
            detail = {"bound": len(new), "known": len(bound), "agrees": agrees}
            rollouts.record(connection, rollout, clock.now(), "adopted", detail)
    return Adopted(
        rollout=rollout,
        name=row.name,
        bound=len(new),
        known=len(bound),
        copies=look.copies,
        rivals=look.rivals,
        agrees=agrees,
        look_again_at=None if agrees else due,
    )


def _inspect(rollout: RolloutId, trackers: Mapping[TrackerName, Tracker]) -> dict[TrackerName, Inspection]:
    with ThreadPoolExecutor(max_workers=len(TrackerName)) as executor:
        futures = {name: executor.submit(tracker.inspect, rollout, ()) for name, tracker in trackers.items()}
        seen = {name: future.result() for name, future in futures.items()}
    for name, tracker in trackers.items():
        if not seen[name].facts:
            raise _unusable(name, seen[name])
        tracker.use(seen[name].facts)
    return seen


def _unusable(name: TrackerName, seen: Inspection) -> PlanError:
    reasons = [finding for finding in seen.findings if finding.severity is Severity.ERROR]
    what = "; ".join(finding.message for finding in reasons) or "its destination cannot be used"
    return PlanError(
        f"{name.value.capitalize()} cannot be looked through: {what}",
        where=reasons[0].where if reasons else name.value,
        hint=reasons[0].hint if reasons else "run `rollout-sync doctor`",
    )


def _look(
    rollout: RolloutId, trackers: Mapping[TrackerName, Tracker], inspections: Mapping[TrackerName, Inspection]
) -> _Look:
    found = [marked for tracker in trackers.values() for marked in tracker.discover(rollout)]
    found += [_named(trace) for one in inspections.values() for trace in one.traces if _is_named(trace, rollout)]
    chosen, rivals = sort_out([marked for marked in found if not marked.is_copy])
    at = max(tracker.remote_now() for tracker in trackers.values())
    return _Look(chosen, rivals, tuple(marked for marked in found if marked.is_copy), at)


def _is_named(trace: Trace, rollout: RolloutId) -> bool:
    """Whether a plan of ours without any mark bears this rollout's name: it was left before its first notes."""
    return bool(trace.title.strip()) and slug_or_mark(trace.title) == rollout


def _named(trace: Trace) -> Marked:
    fields = {"title": trace.title}
    marker = entries.new_marker()
    return Marked(object=PLAN, marker=marker, remote=trace.remote, fields=fields, created_at=trace.created_at)


def sort_out(found: Sequence[Marked]) -> tuple[dict[ObjectKey, Marked], dict[ObjectKey, tuple[Marked, ...]]]:
    """One remote object for each of ours, and the cases where there are several.

    The oldest wins, by creation time and then by id: it is the one that people have seen longest. Pure.
    """
    by_key: dict[ObjectKey, list[Marked]] = {}
    for marked in found:
        by_key.setdefault(marked.object, []).append(marked)
    ordered = {key: sorted(group, key=_age) for key, group in by_key.items()}
    chosen = {key: group[0] for key, group in ordered.items()}
    return chosen, {key: tuple(group) for key, group in ordered.items() if len({one.remote.id for one in group}) > 1}


def _age(marked: Marked) -> tuple[str, int, str]:
    created = instant_text(marked.created_at) if marked.created_at else "9"
    return created, len(marked.remote.id), marked.remote.id


def _row(
    rollout: RolloutId, known: RolloutRow | None, look: _Look, facts: Mapping[str, Facts], wait: float
) -> tuple[RolloutRow, bool, datetime]:
    seen = fingerprint(sorted(f"{key}={marked.remote.id}" for key, marked in look.chosen.items()))
    before = known.source.get("adoption") if known else None
    due = look.at + timedelta(seconds=wait)
    agrees = False
    if isinstance(before, dict):
        due = instant_from(str(before["due"]))
        agrees = bool(before["agrees"]) or (before["seen"] == seen and look.at >= due)
        due = due if before["seen"] == seen else look.at + timedelta(seconds=wait)
    adoption = {"seen": seen, "due": instant_text(due), "agrees": agrees}
    oldest = min((one.created_at for one in look.chosen.values() if one.created_at), default=look.at)
    source = {**(known.source if known else {"template": "", "planned_from": oldest.date().isoformat()})}
    row = RolloutRow(
        id=rollout,
        name=known.name if known else _name(rollout, look),
        template=known.template if known else "",
        fingerprint=known.fingerprint if known else "",
        revision=(known.revision if known else 0) + 1,
        source={**source, "adoption": adoption},
        facts=facts,
        baseline=known.baseline if known else {},
        accepted_at=look.at,
    )
    return row, agrees, due


def _name(rollout: RolloutId, look: _Look) -> str:
    titles = [str(one.fields.get("title", "")) for key, one in look.chosen.items() if key.kind is ObjectKind.PLAN]
    return titles[0] if titles and titles[0] else rollout


def hindrance(source: Mapping[str, object]) -> datetime | None:
    """When new work may be created again after an adoption; None when nothing hinders it."""
    adoption = source.get("adoption")
    if not isinstance(adoption, dict) or adoption["agrees"]:
        return None
    return instant_from(str(adoption["due"]))
