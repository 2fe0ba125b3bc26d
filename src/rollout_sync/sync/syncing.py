"""One tick: pull, conclude, carry mirrored items over, release what gates let go, review health, tell people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from rollout_sync.errors import (
    LedgerBusy,
    LedgerError,
    RolloutSyncError,
    Stopped,
    TrackerError,
    Unavailable,
    UnsafePlan,
)
from rollout_sync.ledger import chronicle, objects, rollouts, sightings
from rollout_sync.ledger.lease import held
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.ledger.sightings import Marks
from rollout_sync.model.objects import Binding, Fields, ObjectKey, Observation
from rollout_sync.model.operations import Change, Done, Finding, InDoubt, Outcome, Refused
from rollout_sync.model.rollout import ItemKey, RolloutId
from rollout_sync.model.snapshot import Decision, GateState
from rollout_sync.reconcile.guard import Thresholds
from rollout_sync.reconcile.mirrors import Pair
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from rollout_sync.sync import planning, pulling, release, remembering, reviewing, wishing
from rollout_sync.sync.announcing import Announced, Herald, announce
from rollout_sync.sync.applying import Applied, World, apply
from rollout_sync.sync.concluding import Concluded, conclude, evidence_of
from rollout_sync.sync.planning import Wish
from rollout_sync.sync.pulling import Catch, Depth
from rollout_sync.sync.remembering import Conclusions
from rollout_sync.sync.reviewing import Reviewed, WishOf
from rollout_sync.sync.showing import Showing

if TYPE_CHECKING:
    from rollout_sync.health.review import Colour
    from rollout_sync.sync.inviting import Invited

REVIEW_EVERY = timedelta(hours=20)
"""A rollout of which there is no news is looked at once a day all the same: time alone changes how it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """One rollout that was looked at.

    Attributes:
        news: what changed, in words: gates, items, work that people added.
        released: what was written because gates opened or shut; None where nothing had to be.
        carried: sides of mirrored items that were made to follow.
        colour, was, sentence: of the review; empty where there is none.
        invited: to training sessions, and their answers; None where nobody is invited.
        shown: the summary, board by board.
        findings: what a person should know.
        problem: why it is not finished; empty when it is.
        is_busy: another run is working on it, and does what this one would have done.
    """

    rollout: RolloutId
    name: str
    news: tuple[str, ...] = ()
    released: Applied | None = None
    carried: int = 0
    colour: Colour | None = None
    was: Colour | None = None
    sentence: str = ""
    invited: Invited | None = None
    shown: tuple[Showing, ...] = ()
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    is_busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one run of `sync` did.

    Attributes:
        rollouts: those with news, or that were due for a look.
        quiet: how many had neither.
    """

    catch: Catch = field(default_factory=Catch)
    rollouts: tuple[Synced, ...] = ()
    quiet: int = 0

    @property
    def is_finished(self) -> bool:
        """Both services answered for everything, and nothing is left to be done by the next run."""
        return not (self.is_partly_read or any(one.problem for one in self.rollouts))

    @property
    def is_partly_read(self) -> bool:
        """A service did not answer for everything."""
        return bool(self.catch.stale or self.catch.failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The edges of a tick, from the composition root."""

    world: World
    thresholds: Thresholds
    depth: Depth = pulling.USUAL
    herald: Herald = field(default_factory=Herald)
    wish_of: WishOf = wishing.again
    on_rollout: Callable[[RolloutId], None] = lambda _rollout: None

    @property
    def database(self) -> Database:
        """The ledger."""
        return self.world.database

    def now(self) -> datetime:
        """Our own clock."""
        return self.world.clock.now()

    def there(self) -> datetime:
        """The services' clock as far as it is known, else our own."""
        known = [self.now()]
        for tracker in self.world.trackers.values():
            try:
                known.append(tracker.remote_now())
            except Unavailable:  # it has not answered in this run
                continue
        return known[-1]


def sync(wanted: Sequence[RolloutId], office: Office) -> Tick:
    """Bring these rollouts up to date.

    Raises:
        LedgerError: the ledger cannot be read or written; what was stored before stays.
    """
    catch = pulling.pull(
        wanted,
        database=office.database,
        trackers=office.world.trackers,
        clock=office.world.clock,
        depth=office.depth,
    )
    to_see = _to_see(wanted, office)
    seen = tuple(_look_at(rollout, office) for rollout in to_see)
    return Tick(catch=catch, rollouts=seen, quiet=len(wanted) - len(to_see))


def due(database: Database, now: datetime, every: timedelta) -> tuple[RolloutId, ...]:
    """Rollouts whose last reading is older than `every`; finished ones are read once a day."""
    with database.reading() as connection:
        finished = chronicle.last_lines(connection, chronicle.LESSON)
        read = sightings.read_at(connection)
        names = [rollout for rollout, _name in rollouts.names(connection)]
    return tuple(
        one
        for one in names
        if one not in read or read[one] <= now - (max(every, REVIEW_EVERY) if one in finished else every)
    )


def _to_see(wanted: Sequence[RolloutId], office: Office) -> list[RolloutId]:
    with office.database.reading() as connection:
        touched = sightings.touched_rollouts(connection)
        last = chronicle.last_lines(connection, remembering.REVIEW)
    old = office.now() - REVIEW_EVERY
    return [one for one in wanted if one in touched or one not in last or last[one] <= old]


def _look_at(rollout: RolloutId, office: Office) -> Synced:
    office.on_rollout(rollout)
    with office.database.reading() as connection:
        row = rollouts.load(connection, rollout)
    if row is None:
        raise LookupError(rollout)  # it was named out of the ledger just now
    try:
        return _brought_up(row, office)
    except LedgerBusy as error:
        return Synced(rollout=rollout, name=row.name, problem=error.what, is_busy=True)
    except (LedgerError, Stopped):
        raise
    except RolloutSyncError as error:  # one rollout that cannot be looked at must not keep the others from it
        return Synced(rollout=rollout, name=row.name, problem=_in_words(error))


def _brought_up(row: RolloutRow, office: Office) -> Synced:
    rollout, wish = row.id, office.wish_of(row)
    if wish is None:
        return Synced(rollout=rollout, name=row.name, problem=_ADOPTED.format(name=row.name))
    with held(office.database, rollout, office.world.clock):
        found, carried, problem, marks = _conclude(row, wish, office)
    made, hindrance = _release(row, wish, office)
    told = announce(_review(rollout, office), office.world, office.herald, lambda: _review(rollout, office))
    reviewing.keep(office.database, told.made)
    problem = "; ".join(one for one in (problem, hindrance, told.problem) if one)
    _settle(rollout, marks, office, is_finished=not problem)
    return _synced(told, found, carried, made, problem)


def _in_words(error: RolloutSyncError) -> str:
    """What happened, where, and what to do next, in one line."""
    problems = "; ".join(str(one) for one in getattr(error, "problems", ()))
    return "; ".join(one for one in (error.what, problems or error.where, error.hint) if one)


def _review(rollout: RolloutId, office: Office) -> Reviewed:
    """As the ledger has it now, without the causes of delay, which take long."""
    return reviewing.reviewed(rollout, office.database, office.now(), wish_of=office.wish_of, with_drivers=False)


def _synced(told: Announced, found: tuple[str, ...], carried: int, released: Applied | None, problem: str) -> Synced:
    review = told.made.review
    return Synced(
        rollout=told.made.case.rollout.id,
        name=told.made.name,
        news=found,
        released=released,
        carried=carried,
        colour=review.colour,
        was=review.was,
        sentence=review.sentence,
        invited=told.invited,
        shown=told.shown,
        findings=(*review.findings, *told.findings),
        problem=problem,
    )


_ADOPTED = 'it was adopted; run `rollout-sync start TEMPLATE --name "{name}"` once, so that its template is known'


def _conclude(row: RolloutRow, wish: Wish, office: Office) -> tuple[tuple[str, ...], int, str, Marks]:
    """Draw and keep all conclusions: what is new, how many sides were carried over, what hindered, and what from."""
    database, rollout = office.database, row.id
    with database.reading() as connection:
        marks = sightings.marks(connection, rollout)
        earlier = remembering.conclusions(connection, rollout)
        entries = tuple(objects.entries(connection, rollout))
        seen = tuple(sightings.observations(connection, rollout))
        evidence = evidence_of(
            entries,
            seen,
            (one for _tracker, one in sightings.newcomers(connection, rollout)),
            source=row.source,
            facts=row.facts,
            accepted_at=rollouts.first_accepted(connection, rollout) or row.accepted_at,
        )
    schedule = plan_dates(
        wish.rollout, WorkCalendar.of(wish.rollout.calendar), date.fromisoformat(str(row.source["planned_from"]))
    )
    found = conclude(wish.rollout, schedule, evidence, earlier, office.there())
    bound = {one.object: one for one in _bindings(entries, evidence.seen)}
    pairs, carried, problem = _carry_over(rollout, found, bound, office)
    known = replace(found.known, pairs={**earlier.pairs, **pairs})
    bodies = {**dict.fromkeys(earlier.bodies()), **known.bodies()}
    with database.transaction() as connection:
        chronicle.note(connection, rollout, office.now(), bodies)
    return news(wish, earlier, known), carried, problem, marks


def _settle(rollout: RolloutId, marks: Marks, office: Office, *, is_finished: bool) -> None:
    """Only now is nothing left to do: whoever dies before, or is overtaken by another pull, comes back to it."""
    with office.database.transaction() as connection:
        if not is_finished:
            sightings.touch(connection, [rollout])
        elif marks == sightings.marks(connection, rollout):
            sightings.settle(connection, rollout)


def _bindings(entries: Sequence[objects.Entry], seen: Mapping[ObjectKey, Observation]) -> Iterator[Binding]:
    """What exists, each at the version in which it was last seen."""
    for one in entries:
        if one.state is objects.State.CREATED and one.remote is not None:
            remote = seen[one.object].remote if one.object in seen and seen[one.object].remote.id else one.remote
            yield Binding(object=one.object, marker=one.marker, remote=remote, item=one.item)


def _carry_over(
    rollout: RolloutId, found: Concluded, bound: Mapping[ObjectKey, Binding], office: Office
) -> tuple[dict[ItemKey, Pair], int, str]:
    """Let sides of mirrored items follow. A pair counts as settled once all its writes are done."""
    wanted = [(item, key, fields) for item, step in found.steps.items() for key, fields in step.writes.items()]
    failed: dict[ItemKey, str] = {}
    for kind, group in groupby(sorted(wanted, key=lambda one: one[1]), key=lambda one: one[1].kind):
        part = list(group)
        outcomes = _written(rollout, [(key, fields) for _item, key, fields in part], bound, office)
        for (item, key, _fields), outcome in zip(part, outcomes, strict=True):
            if not isinstance(outcome, Done):
                failed[item] = f"{kind} {key.name}: {_why(outcome)}"
    pairs = {item: step.pair for item, step in found.steps.items() if item not in failed}
    return pairs, len(wanted) - len(failed), "; ".join(failed.values())


def _why(outcome: Outcome | str) -> str:
    """Why a write was not done."""
    match outcome:
        case Refused():
            return f"{outcome.reason} ({outcome.hint})" if outcome.hint else outcome.reason
        case InDoubt():
            return f"no answer: {outcome.reason}"
        case _:
            return str(outcome)


def _written(
    rollout: RolloutId, wanted: Sequence[tuple[ObjectKey, Fields]], bound: Mapping[ObjectKey, Binding], office: Office
) -> Sequence[Outcome | str]:
    tracker = office.world.trackers.get(wanted[0][0].kind.tracker)
    missing = [key for key, _fields in wanted if key not in bound]
    if tracker is None or missing:
        return ["its service is not configured" if tracker is None else "it does not exist"] * len(wanted)
    changes = [
        Change(object=key, marker=bound[key].marker, remote=bound[key].remote, fields=fields) for key, fields in wanted
    ]
    try:
        return tracker.change(rollout, changes)
    except TrackerError as error:
        return [error.what] * len(wanted)


MOST_REASONS = 3
_AGAIN = "; if that is wanted, or what an interrupted run has left, run `rollout-sync start` again with --force"
"""A run without a person does not change so much by itself."""


def _release(row: RolloutRow, wish: Wish, office: Office) -> tuple[Applied | None, str]:
    """Bring both services to what the gates say now; nothing is asked where they say what was carried out already."""
    with office.database.reading() as connection:
        known = remembering.conclusions(connection, row.id)
    schedule = plan_dates(
        wish.rollout, WorkCalendar.of(wish.rollout.calendar), date.fromisoformat(str(row.source["planned_from"]))
    )
    if row.source.get("gates", release.Released().plain()) == release.of(wish.rollout, schedule, known).plain():
        return None, ""
    world = office.world
    try:
        plan = planning.make(
            wish,
            database=world.database,
            trackers=world.trackers,
            clock=world.clock,
            thresholds=office.thresholds,
        )
        made = apply(plan, world)
    except (LedgerError, Stopped):
        raise
    except UnsafePlan as error:
        return None, f"held work was not released: {error.what}{_AGAIN}"
    except RolloutSyncError as error:
        return None, f"held work was not released: {_in_words(error)}"
    return made, _left_of(made)


def _left_of(made: Applied) -> str:
    """What of a release is left to be done, and why; empty where nothing is."""
    if made.is_carried_out:
        return ""
    reasons = [*made.stopped.values(), *(f"{key}: {reason}" for key, reason in made.changed.left)]
    more = f" and {len(reasons) - MOST_REASONS} more" if len(reasons) > MOST_REASONS else ""
    return f"held work is not all released yet: {'; '.join(reasons[:MOST_REASONS])}{more}".rstrip(": ")


def news(wish: Wish, before: Conclusions, after: Conclusions) -> tuple[str, ...]:
    """What changed between two looks, in words: decisions first, then items, then added work. Pure."""
    titles = {item.key: item.title for item in wish.rollout.items}
    found = [
        f"{titles[key]}: {_decision(gate)}"
        for key, gate in after.gates.items()
        if key in titles and gate.decision is not _decision_before(before, key)
    ]
    counted: dict[str, int] = {}
    for key, state in after.items.items():
        was = before.items[key].status if key in before.items else None
        if was is not None and state.status is not was and key not in after.gates:
            counted[state.status.value] = counted.get(state.status.value, 0) + 1
    found += [f"{number} now {status}" for status, number in counted.items()]
    fresh = {(one.tracker, one.id) for one in after.added} - {(one.tracker, one.id) for one in before.added}
    if fresh:
        found.append(f"{len(fresh)} added by people")
    return tuple(found)


def _decision_before(before: Conclusions, key: ItemKey) -> Decision:
    return before.gates[key].decision if key in before.gates else Decision.NOT_ASKED


def _decision(gate: GateState) -> str:
    by = f" by {', '.join(vote.by for vote in gate.votes)}" if gate.votes else ""
    return f"{gate.decision.value}{by}"
