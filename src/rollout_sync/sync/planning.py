"""Makes a plan: reads both services, compares, writes nothing anywhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from rollout_sync.errors import PlanError
from rollout_sync.ledger import objects, rollouts
from rollout_sync.ledger.objects import Entry
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.objects import Binding, Intent, ObjectKey, ObjectKind, Observation, Remote, Sighting
from rollout_sync.model.operations import Finding, Operation, OperationState, Verb
from rollout_sync.model.rollout import Home, Rollout, TrackerName
from rollout_sync.model.schedule import Schedule
from rollout_sync.reconcile import diff, guard, keys, limits
from rollout_sync.reconcile.desired import desired
from rollout_sync.reconcile.guard import Thresholds
from rollout_sync.reconcile.plan import Plan, Write
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from rollout_sync.sync import findings, foreign, release, remembering
from rollout_sync.trackers.base import Facts, Inspection, Tracker
from rollout_sync.transport.clock import Clock

State = OperationState
_LINKS = frozenset({ObjectKind.LINK, ObjectKind.REMOTE_LINK})
LOOKED_AT = {
    name: frozenset(kind for kind in ObjectKind if kind.tracker is name and kind not in _LINKS) for name in TrackerName
}
"""Kinds that are read back. Links are not: they are written once, and a person who removes one means it."""
_TO_MAKE = frozenset({State.PLANNED, State.FAILED, State.SKIPPED, State.INFLIGHT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a coordinator asks for: an expanded rollout, what was found while expanding it, and where it came from."""

    rollout: Rollout
    source: Mapping[str, object]
    findings: tuple[Finding, ...] = ()
    force: bool = False


@dataclass(frozen=True, slots=True)
class _Compared:
    intents: tuple[Intent, ...]
    writes: tuple[Write, ...]
    agreed: tuple[Write, ...]
    operations: tuple[Operation, ...]
    orphans: tuple[ObjectKey, ...]

    @property
    def wanted(self) -> frozenset[ObjectKey]:
        """What is to be made."""
        return frozenset(intent.object for intent in self.intents)


def make(
    wish: Wish, *, database: Database, trackers: Mapping[TrackerName, Tracker], clock: Clock, thresholds: Thresholds
) -> Plan:
    """Compare what the template wants, what was last written and what the services say.

    Raises:
        ForeignRollout: the rollout's work exists remotely, but not in this ledger.
        UnsafePlan: thresholds are exceeded and `wish.force` is not set.
        TrackerError: a service could not be read.
    """
    rollout = wish.rollout
    with database.reading() as connection:
        known = rollouts.load(connection, rollout.id)
        kept = tuple(objects.entries(connection, rollout.id))
        bound = objects.bindings(connection, rollout.id)
        concluded = remembering.conclusions(connection, rollout.id)
    _check_name(rollout, known)
    inspections = inspect(rollout, trackers, known.facts if known else {})
    foreign.check(rollout, known, kept, inspections)
    start = date.fromisoformat(str(known.source["planned_from"])) if known else clock.now().date()
    schedule = plan_dates(rollout, WorkCalendar.of(rollout.calendar), start)
    people = {name: one.people for name, one in inspections.items()}
    released = release.of(rollout, schedule, concluded)
    intents = desired(rollout, schedule, release.destination(released, concluded, people))
    sighting = _observe(trackers, bound)
    compared = _compare(intents, [one for one in kept if _is_in_reach(one, trackers)], sighting, rollout.owns)
    if not wish.force:
        guard.check(compared.operations, len(bound), len(sighting.gone), thresholds, owned=rollout.owns)
    return Plan(
        id=secrets.token_hex(8),
        rollout=rollout.id,
        name=rollout.name,
        ledger=database.uuid,
        revision=known.revision if known else 0,
        fingerprint=rollout.fingerprint,
        made_at=clock.now(),
        source={
            **_carried(known),
            **wish.source,
            **_remembered(start, schedule.go_live, people),
            **release.written(released, rollout, schedule),
        },
        facts={name.value: one.facts for name, one in inspections.items()},
        baseline={key: (slot.start.isoformat(), slot.finish.isoformat()) for key, slot in schedule.slots.items()},
        intents=compared.intents,
        writes=compared.writes,
        agreed=compared.agreed,
        gone=sighting.gone,
        pending=sum(_is_pending(entry, compared.wanted) for entry in kept),
        operations=compared.operations,
        findings=(
            *_of_wish(wish, inspections, known, schedule),
            *limits.check(intents),
            *findings.of_sighting(sighting),
            *findings.of_orphans(compared.orphans),
            *findings.of_adoption(known.source if known else {}, len(compared.intents)),
        ),
        schedule=schedule,
        titles={item.key: item.title for item in rollout.items},
    )


def _remembered(start: date, go_live: date, people: Mapping[TrackerName, Mapping[str, str]]) -> dict[str, object]:
    """What later runs need to know of this plan: its days, and which account is whose."""
    return {
        "planned_from": start.isoformat(),
        "go_live_day": go_live.isoformat(),
        "accounts": {name.value: dict(found) for name, found in people.items()},
    }


def _of_wish(
    wish: Wish, inspections: Mapping[TrackerName, Inspection], known: RolloutRow | None, schedule: Schedule
) -> Iterator[Finding]:
    """What is to be said of the rollout itself and its destinations."""
    rollout = wish.rollout
    yield from wish.findings
    yield from findings.of_inspections(rollout, inspections)
    yield from findings.of_homes(rollout, frozenset(inspections))
    if known is None:
        yield from findings.of_titles(rollout, {name: one.titles for name, one in inspections.items()})
    yield from findings.of_schedule(schedule, rollout)


def inspect(
    rollout: Rollout, trackers: Mapping[TrackerName, Tracker], earlier: Mapping[str, Facts]
) -> dict[TrackerName, Inspection]:
    """Look at all destinations side by side, and let each tracker use what it learned.

    A destination that cannot be used has no facts, and findings that say why; what is there already is then read with
    the `earlier` facts.
    """
    with ThreadPoolExecutor(max_workers=len(TrackerName)) as executor:
        futures = {
            name: executor.submit(tracker.inspect, rollout.id, _emails(rollout, name))
            for name, tracker in trackers.items()
        }
        inspections = {name: future.result() for name, future in futures.items()}
    for name, tracker in trackers.items():
        if facts := inspections[name].facts or earlier.get(name.value):
            tracker.use(facts)
    return inspections


def _emails(rollout: Rollout, name: TrackerName) -> list[str]:
    """Addresses of everybody whose account a service has to know."""
    here = [item for item in rollout.items if item.home is Home.BOTH or item.home.value == name.value]
    deputies = [person for item in here if item.approval is not None for person in item.approval.deputies]
    people = [person for item in here for person in findings.involved(item)]
    return sorted({person.email.lower() for person in [*people, *deputies]})


def _check_name(rollout: Rollout, known: RolloutRow | None) -> None:
    if known is not None and known.template not in ("", rollout.template):  # "" after an adoption
        raise PlanError(
            f"{rollout.name!r} is already running from the template {known.template!r}, not {rollout.template!r}",
            where=f"rollout {rollout.id}",
            hint="choose another --name, or the same template",
        )


def _observe(trackers: Mapping[TrackerName, Tracker], bound: Sequence[Binding]) -> Sighting:
    sightings = [
        tracker.observe(mine)
        for name, tracker in trackers.items()
        if (mine := [binding for binding in bound if binding.object.kind in LOOKED_AT[name]])
    ]
    return Sighting(
        observations=tuple(one for sighting in sightings for one in sighting.observations),
        gone=tuple(key for sighting in sightings for key in sighting.gone),
        unseen={key: reason for sighting in sightings for key, reason in sighting.unseen.items()},
    )


def _compare(intents: Sequence[Intent], kept: Sequence[Entry], sighting: Sighting, owns: Sequence[str]) -> _Compared:
    wanted = {intent.object: intent for intent in intents}
    by_key = {entry.object: entry for entry in kept}
    seen = {observation.object: observation for observation in sighting.observations}
    places = {str(entry.object): entry.remote for entry in kept if entry.remote is not None}
    orphans = _orphans(intents, kept, sighting)
    fresh = [intent for intent in intents if intent.object not in orphans and _is_to_make(by_key.get(intent.object))]
    operations = [_pending(by_key.get(intent.object), diff.created(intent)) for intent in fresh]
    writes: list[Write] = []
    agreed: list[Write] = []
    for entry in kept:
        if entry.state is not State.CREATED or entry.object in sighting.gone or entry.remote is None:
            continue
        known = diff.Known(object=entry.object, base=entry.base or {}, remote=entry.remote, item=entry.item)
        if entry.object not in wanted:
            operations += [] if keys.is_apart(entry.object) else [diff.retired(known)]
            continue
        if entry.object in sighting.unseen:
            continue
        found = diff.compare(wanted[entry.object], known, seen.get(entry.object), places, owns)
        if found.operation is not None:
            operations.append(found.operation)
        if found.write:
            writes.append(_write(known, found, seen.get(entry.object), places))
        elif found.base != known.base:
            agreed.append(Write(object=entry.object, fields={}, base=found.base))
    return _Compared(tuple(fresh), tuple(writes), tuple(agreed), tuple(operations), tuple(orphans))


def _orphans(intents: Sequence[Intent], kept: Sequence[Entry], sighting: Sighting) -> dict[ObjectKey, None]:
    """What cannot be made, and was not made before, because people deleted what it belongs to."""
    gone = {entry.object for entry in kept if entry.state is State.GONE} | set(sighting.gone)
    standing = {entry.object for entry in kept if entry.state is State.CREATED} | gone
    found: dict[ObjectKey, None] = {}
    for intent in intents:  # parents come before children
        if intent.object not in standing and any(other in gone or other in found for other in intent.needs):
            found[intent.object] = None
    return found


def _is_pending(entry: Entry, wanted: frozenset[ObjectKey]) -> bool:
    """Whether a run has something to do for it; what failed or was left out counts while it is still wanted."""
    if entry.state in (State.FAILED, State.SKIPPED):
        return entry.object in wanted
    return entry.state in _TO_MAKE


def _is_in_reach(entry: Entry, trackers: Mapping[TrackerName, Tracker]) -> bool:
    """Whether the entry's services are configured; nothing is concluded about the others."""
    kind = entry.object.kind
    return kind.tracker in trackers and (kind is not ObjectKind.REMOTE_LINK or TrackerName.PLANNER in trackers)


def _carried(known: RolloutRow | None) -> dict[str, object]:
    """What outlives a new plan: whether an adoption was confirmed."""
    return {name: value for name, value in known.source.items() if name == "adoption"} if known else {}


def _is_to_make(entry: Entry | None) -> bool:
    return entry is None or entry.state in _TO_MAKE


def _pending(entry: Entry | None, operation: Operation) -> Operation:
    if entry is None:
        return operation
    reasons = {
        State.PLANNED: "accepted earlier, not made yet",
        State.INFLIGHT: f"in doubt: {entry.last_error or 'sent, no answer'}",
        State.FAILED: f"refused before: {entry.last_error}",
        State.SKIPPED: f"left out before: {entry.last_error}",
    }
    return Operation(
        verb=operation.verb,
        object=operation.object,
        item=operation.item,
        title=operation.title,
        reason=reasons.get(entry.state, operation.reason),
    )


def _write(
    known: diff.Known, found: diff.Difference, observation: Observation | None, places: Mapping[str, Remote]
) -> Write:
    shown = observation.fields if observation is not None else known.base
    return Write(
        object=known.object,
        fields=found.write,
        base=found.base,
        seen={name: diff.comparable(name, shown.get(name, known.base.get(name)), places) for name in found.write},
        previous={name: known.base[name] for name in found.write if name in known.base},
    )


def shows_changes(plan: Plan) -> bool:
    """Whether carrying the plan out would send anything (for `plan --exit-code`)."""
    return not plan.is_empty or any(operation.verb is Verb.UPDATE for operation in plan.operations)


def describe(key: ObjectKey) -> str:
    """An object's kind and name for people."""
    return f"{key.kind.value.replace('-', ' ')} {key.name}"
