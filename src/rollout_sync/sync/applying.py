"""Carries a plan out: settle what is in doubt, accept, create, change, settle again. The only use-case that writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias

from rollout_sync.errors import PlanError, StalePlan
from rollout_sync.ledger import chronicle, entries, objects, rollouts
from rollout_sync.ledger.lease import held
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.rescue import Rescue
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.reconcile.plan import Plan
from rollout_sync.sync import changing, settling
from rollout_sync.sync.changing import ChangeReport
from rollout_sync.sync.creating import Creating
from rollout_sync.sync.recognising import recognise
from rollout_sync.sync.release import Released
from rollout_sync.sync.remembering import AGREED, note_questions
from rollout_sync.sync.run import Run, Step, Timing
from rollout_sync.sync.settling import OpenDoubt
from rollout_sync.trackers.base import Tracker
from rollout_sync.transport.clock import Clock

State = OperationState
Ahead: TypeAlias = Mapping[TrackerName, "Future[int]"]
_NOTHING_AHEAD: Ahead = MappingProxyType({})
PLAN_LIFE = timedelta(hours=24)
_LOOK_EVERY = 20.0  # seconds between looks at doubts while settling


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was made, for people: kind, title and address."""

    kind: ObjectKind
    title: str
    url: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The result of one run.

    Attributes:
        made: objects created by this run, by kind.
        existing: objects that exist now, by kind.
        changed: existing objects written over, and what was left alone with its reason.
        doubts: creates whose outcome is still unknown.
        failed: creates that were refused for good, with the tracker's reason.
        waiting: accepted objects that are not made yet.
        stopped: services that this run had to leave, with the reason.
        places: epics and the plan, to open.
    """

    rollout: RolloutId
    name: str
    made: Mapping[ObjectKind, int]
    existing: Mapping[ObjectKind, int]
    changed: ChangeReport = field(default_factory=ChangeReport)
    doubts: tuple[OpenDoubt, ...] = ()
    failed: tuple[tuple[ObjectKey, str], ...] = ()
    skipped: tuple[tuple[ObjectKey, str], ...] = ()
    waiting: int = 0
    stopped: Mapping[TrackerName, str] = field(default_factory=dict)
    places: tuple[Place, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Nothing is left to do or in doubt; refusals for good are finished too, but failed."""
        return not (self.doubts or self.waiting)

    @property
    def is_carried_out(self) -> bool:
        """Finished, and no change was left out either, so that both services show what the plan wants."""
        return self.is_finished and not (self.changed.left or self.stopped)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The edges that applying touches, from the composition root."""

    database: Database
    trackers: Mapping[TrackerName, Tracker]
    clock: Clock
    timing: Timing
    executor: Callable[[], Executor] = lambda: ThreadPoolExecutor(max_workers=16, thread_name_prefix="send")
    on_step: Callable[[Step], None] = lambda _step: None


def apply(plan: Plan, world: World) -> Applied:
    """Carry the plan out, exactly once, however often it is called.

    Raises:
        StalePlan: the ledger moved since the plan was made, or the plan is older than a day.
        PlanError: the plan has findings that forbid it.
        LedgerBusy: another run works on the rollout.
        LedgerUnwritable: the disk is full or the ledger cannot be written; nothing is lost.
    """
    if plan.blockers:
        raise PlanError(
            f"the plan cannot be carried out: {plan.blockers[0].message}"
            + (f" (and {len(plan.blockers) - 1} more)" if len(plan.blockers) > 1 else ""),
            where=plan.blockers[0].where,
            hint=plan.blockers[0].hint,
        )
    _use_facts(plan, world.trackers)
    with running(plan.rollout, world) as run:
        return _carry_out(plan, run)


@contextmanager
def running(rollout: RolloutId, world: World) -> Iterator[Run]:
    """A run that may write, for the block: it holds the lease, and has taken over what an earlier one could not keep.

    Raises:
        LedgerBusy: another run works on the rollout.
    """
    database = world.database
    # The lease first: whoever has to wait must not touch the rescue file of the run that holds it.
    with held(database, rollout, world.clock) as lease, Rescue(database.path, rollout) as rescue:
        settling.take_rescued(database, rescue, rollout)
        with world.executor() as executor:
            yield Run(
                database=database,
                rescue=rescue,
                lease=lease,
                rollout=rollout,
                trackers=world.trackers,
                clock=world.clock,
                executor=executor,
                timing=world.timing,
                on_step=world.on_step,
            )


def _use_facts(plan: Plan, trackers: Mapping[TrackerName, Tracker]) -> None:
    for name, tracker in trackers.items():
        if name.value in plan.facts:
            tracker.use(plan.facts[name.value])


def _carry_out(plan: Plan, run: Run) -> Applied:
    _check_fresh(plan, run)
    settling.settle(run)
    ahead = _accept(plan, run)
    recognise(plan, run)
    before = _made(run)  # what was only found does not count as made
    labels = [write for write in plan.writes if write.object.kind is ObjectKind.LABELS]
    others = [write for write in plan.writes if write.object.kind is not ObjectKind.LABELS]
    named = changing.carry_out(run, labels)  # first, because new tasks point to the names of new labels
    stopped = _create(run, ahead)
    changed = changing.joined(named, changing.carry_out(run, others))
    doubts = _settle_until(run)
    if _has_planned(run) and not stopped:  # a settled doubt may be sent again, or lets others go
        recognise(plan, run)
        stopped = _create(run)
        doubts = settling.settle(run)
    report = replace(_report(plan, run, before), changed=changed, doubts=doubts, stopped=stopped)
    if report.is_carried_out:
        _note_gates(plan, run)
    return report


def _note_gates(plan: Plan, run: Run) -> None:
    """Both services show what these gates say; until this stands in the ledger, every tick goes on with it."""
    with run.database.reading() as connection:
        known = rollouts.load(connection, plan.rollout)
    gates = plan.source.get("gates")
    if known is not None and gates is not None and known.source.get("gates") != gates:
        with run.database.transaction() as connection:
            rollouts.save(connection, replace(known, source={**known.source, "gates": gates}))


def _check_fresh(plan: Plan, run: Run) -> None:
    if plan.ledger != run.database.uuid:
        raise StalePlan(
            "the plan was made with another ledger", where=str(run.database.path), hint="plan again with this ledger"
        )
    with run.database.reading() as connection:
        known = rollouts.load(connection, plan.rollout)
    revision = known.revision if known else 0
    if known is not None and known.source.get("plan_id") == plan.id:
        return  # this very plan was accepted before: the run goes on where it was interrupted
    if revision != plan.revision:
        raise StalePlan(
            f"{plan.name!r} moved on since the plan was made (revision {plan.revision}, now {revision})",
            hint="plan again and review the new plan",
        )
    if run.clock.now() - plan.made_at > PLAN_LIFE:
        raise StalePlan(f"the plan is older than a day ({plan.made_at:%d %b %H:%M} UTC)", hint="plan again")


def _accept(plan: Plan, run: Run) -> Ahead:
    """One commit: from here on the plan's objects will be made, by this run or a later one.

    Returns the high-water marks that will be needed, being read while the ledger is busy.
    """
    with run.database.reading() as connection:
        known = rollouts.load(connection, plan.rollout)
    if known is not None and known.source.get("plan_id") == plan.id:
        return {}
    if known is not None and _brings_nothing(plan, known):
        return {}
    ahead = _read_ahead(plan, run)
    if known is not None and known.fingerprint != plan.fingerprint:
        run.database.back_up()  # what gates release, tick by tick, must not push out the copy from before a new plan
    with run.database.transaction() as connection:
        rollouts.save(connection, _row(plan, known, run.clock.now()))
        entries.drop_planned(connection, plan.rollout, (intent.object for intent in plan.intents))
        entries.accept(connection, plan.rollout, plan.intents)
        entries.mark_gone(connection, plan.rollout, plan.gone)
        for write in plan.agreed:
            entries.set_base(connection, plan.rollout, write.object, write.base)
        detail = {"plan": plan.id, "create": len(plan.intents), "change": len(plan.writes), "gone": len(plan.gone)}
        rollouts.record(connection, plan.rollout, run.clock.now(), "accepted", detail)
        if "go_live_day" in plan.source:
            agreed = {AGREED: {"go_live": plan.source["go_live_day"]}}
            chronicle.note(connection, plan.rollout, run.clock.now(), agreed)
        asked = plan.source.get("asked")
        if isinstance(asked, Mapping):
            note_questions(connection, plan.rollout, run.clock.now(), {str(k): str(v) for k, v in asked.items()})
    return ahead


def _brings_nothing(plan: Plan, known: RolloutRow) -> bool:
    """Whether the ledger says all of it already."""
    is_same = known.fingerprint == plan.fingerprint and known.source.get("gates") == plan.source.get("gates")
    return is_same and plan.is_empty and not (plan.agreed or plan.gone)


def _read_ahead(plan: Plan, run: Run) -> Ahead:
    """Ask each service that will get something new for its newest key and its clock; only reads."""
    asked: dict[TrackerName, Future[int]] = {}
    for intent in plan.intents:
        name = intent.object.kind.tracker
        if name in run.trackers and name not in asked:
            asked[name] = run.executor.submit(run.trackers[name].high_water)
        if len(asked) == len(run.trackers):
            break
    return asked


def _row(plan: Plan, known: RolloutRow | None, now: datetime) -> RolloutRow:
    """What is accepted. Which gates it follows is written down once that is done (`_note_gates`)."""
    gates = (known.source if known else {}).get("gates", Released().plain())
    return RolloutRow(
        id=plan.rollout,
        name=plan.name,
        template=str(plan.source["template"]),
        fingerprint=plan.fingerprint,
        revision=plan.revision + 1,
        source={**plan.source, "gates": gates, "plan_id": plan.id},
        facts=plan.facts,
        baseline=plan.baseline,
        accepted_at=now,
    )


def _create(run: Run, ahead: Ahead = _NOTHING_AHEAD) -> dict[TrackerName, str]:
    creating = Creating.of(run, ahead)
    creating.carry_out()
    if blocked := creating.frontier.blocked():
        with run.database.transaction() as connection:
            entries.mark_skipped(connection, blocked, "something it needs was refused or deleted")
    return creating.stopped


def _has_planned(run: Run) -> bool:
    with run.database.reading() as connection:
        return bool(objects.counts(connection, run.rollout).get(State.PLANNED))


def _settle_until(run: Run) -> tuple[OpenDoubt, ...]:
    """Look at the doubts until all are settled or the time for it is used up."""
    timing = run.timing
    limit = timing.deadline + timing.horizon + _LOOK_EVERY if timing.settle is None else timing.settle
    ends = run.clock.monotonic() + limit
    doubts = settling.settle(run)
    while doubts and (left := ends - run.clock.monotonic()) > 0:
        run.on_step(Step(note=f"{len(doubts)} in doubt; looking again for up to {left:.0f} s"))
        run.clock.sleep(min(_LOOK_EVERY, left))
        doubts = settling.settle(run)
    return doubts


def _made(run: Run) -> Counter[ObjectKind]:
    with run.database.reading() as connection:
        return objects.tally(connection, run.rollout)


def _report(plan: Plan, run: Run, before: Counter[ObjectKind]) -> Applied:
    after = _made(run)
    with run.database.reading() as connection:
        refused = {
            state: tuple((one.object, one.last_error) for one in objects.entries(connection, run.rollout, state))
            for state in (State.FAILED, State.SKIPPED)
        }
        counts = objects.counts(connection, run.rollout)
        places = tuple(
            Place(kind=one.object.kind, title=_title(one), url=one.remote.url, key=one.remote.key)
            for one in objects.of_kinds(connection, run.rollout, ObjectKind.EPIC, ObjectKind.PLAN)
            if one.remote is not None
        )
    return Applied(
        rollout=run.rollout,
        name=plan.name,
        made=after - before,
        existing=after,
        failed=refused[State.FAILED],
        skipped=refused[State.SKIPPED],
        waiting=counts.get(State.PLANNED, 0),
        places=places,
    )


def _title(entry: objects.Entry) -> str:
    """An adopted object that the template dropped has no fields of ours."""
    return str(entry.fields.get("title", entry.object.name))


def with_settle(timing: Timing, seconds: float | None) -> Timing:
    """The same timing, with another time to settle doubts."""
    return replace(timing, settle=seconds)
