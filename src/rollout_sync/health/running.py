"""A rollout that is under way as an activity network: what the boards say of every item, and what people added.

Deleted items drop out, and what waited for them waits for their predecessors. Moments of the services are never taken
to lie after our own clock, so that a clock that runs a little ahead does not undo finished work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime

from rollout_sync.health.activities import CLOSES, HOURS_A_DAY, Progress, activity_of, before_go_live, links_of
from rollout_sync.health.activities import moment_at as at
from rollout_sync.health.addedwork import Extra, added_work
from rollout_sync.health.criticalpath import FROM_FINISH, TO_FINISH
from rollout_sync.health.network import Activity, ActivityNetwork, Link, Status, ThreePoint, counted
from rollout_sync.health.review import Case
from rollout_sync.model.rollout import Item, ItemKey, LinkType
from rollout_sync.model.schedule import Slot
from rollout_sync.model.snapshot import GateState, ItemState, ItemStatus
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.network import duration_of

_STATUS = {ItemStatus.STARTED: Status.STARTED, ItemStatus.DONE: Status.DONE}
_ALL = 100
_TYPES = {(kind in FROM_FINISH, kind in TO_FINISH): kind for kind in LinkType}


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """When an item is planned now: first and last day, and how many times its planned length people gave it."""

    first: date
    last: date
    stretch: float = 1.0


def agreed_day(case: Case) -> date:
    """The go-live day that holds: the one agreed on last, else the schedule's."""
    return case.snapshot.agreed[-1].go_live if case.snapshot.agreed else case.schedule.go_live


def progress_of(case: Case) -> Mapping[ItemKey, Progress]:
    """How far every item is that was not deleted; what was never seen was not touched. Gates decide for approvals."""
    found: dict[ItemKey, Progress] = {}
    for item in case.rollout.items:
        state = case.snapshot.items.get(item.key) or ItemState(item=item.key)
        if state.status is not ItemStatus.GONE:
            found[item.key] = _progress(state, case.snapshot.gates.get(item.key), case.now)
    return found


def _progress(state: ItemState, gate: GateState | None, now: datetime) -> Progress:
    status, finished = _STATUS.get(state.status, Status.TODO), state.finished_at
    if gate is not None:
        is_open = not gate.decision.opens
        status = Status.DONE if not is_open else Status.STARTED if gate.asked_at else Status.TODO
        finished = gate.decided_at or finished
    finished = _by(now, finished) if status is Status.DONE else None
    return Progress(
        status=status,
        started_at=_by(finished or now, state.started_at) if status is not Status.TODO else None,
        finished_at=finished,
        percent=float(state.percent) if state.percent and state.percent < _ALL else None,
        blocked_since=_by(now, state.blocked_since) if status is not Status.DONE else None,
        asked_at=_by(now, gate.asked_at) if gate is not None else None,
    )


def _by(limit: datetime, moment: datetime | None) -> datetime | None:
    return None if moment is None else min(moment, limit)


def planned_days(case: Case, progress: Mapping[ItemKey, Progress]) -> Mapping[ItemKey, Days]:
    """Planned days as they hold now.

    What is done keeps its frozen days. What is open has those of the schedule, or those on its board where a person
    moved them: who moves a due date tells a new plan.
    """
    items = {item.key: item for item in case.rollout.items}
    return {key: _days(case, items[key], some) for key, some in progress.items()}


def _days(case: Case, item: Item, progress: Progress) -> Days:
    slot = case.schedule.slots[item.key]
    first, last = case.baseline.get(item.key, (slot.start, slot.finish))
    if progress.status is Status.DONE:
        return Days(first=first, last=max(first, last))
    state = case.snapshot.items.get(item.key)
    moved = None if state is None else _moved(state, (first, last), case.calendar)
    if moved is None:
        return Days(first=slot.start, last=slot.finish)
    return moved if duration_of(item) else Days(first=moved.last, last=moved.last)


def _moved(state: ItemState, base: tuple[date, date], calendar: WorkCalendar) -> Days | None:
    """Days on the board, where they are not the frozen ones; without a start the item keeps its length."""
    due = state.due
    if due is None or (due == base[1] and state.start in (None, base[0])):
        return None
    usual = span(calendar, *base)
    if state.start is None:
        return Days(first=min(calendar.shift(due, 1 - usual), due), last=due)
    first = min(state.start, due)
    return Days(first=first, last=due, stretch=span(calendar, first, due) / usual)


def span(calendar: WorkCalendar, first: date, last: date) -> int:
    """Working days of both days and all between; at least one."""
    return max(calendar.between(first, last) + calendar.is_working(last), 1)


def network_of_case(case: Case) -> ActivityNetwork | None:
    """Everything as it stands; None where nothing is left that go-live waits for."""
    progress = progress_of(case)
    goals = tuple(key for key in before_go_live(case.rollout) or _keys(case) if key in progress)
    if not goals:
        return None
    days = planned_days(case, progress)
    ours = ActivityNetwork(
        activities=tuple(
            _activity(item, days[item.key], progress[item.key]) for item in case.rollout.items if item.key in progress
        ),
        links=bridged(links_of(case.rollout), frozenset(_keys(case)) - progress.keys()),
        now=case.now,
        target=at(agreed_day(case), CLOSES),
        grace=case.rollout.grace_days * HOURS_A_DAY,
        goals=goals,
    )
    extra = added_work(case, ours, counted(ours))
    return _with(ours, extra) if extra.activities else ours


def _keys(case: Case) -> tuple[ItemKey, ...]:
    return tuple(item.key for item in case.rollout.items)


def _with(network: ActivityNetwork, extra: Extra) -> ActivityNetwork:
    return replace(
        network,
        activities=(*network.activities, *extra.activities),
        links=(*network.links, *extra.links),
        goals=(*network.goals, *extra.goals),
    )


def _activity(item: Item, days: Days, progress: Progress) -> Activity:
    made = activity_of(item, Slot(start=days.first, finish=days.last, slack=0), progress)
    if days.stretch == 1 or made.duration is None:
        return made
    longer = _scaled(made.estimate, days.stretch) if made.estimate else None
    return replace(made, duration=made.duration * days.stretch, estimate=longer)


def _scaled(three: ThreePoint, by: float) -> ThreePoint:
    return ThreePoint(low=three.low * by, likely=three.likely * by, high=three.high * by)


def bridged(links: Iterable[Link], gone: AbstractSet[str]) -> tuple[Link, ...]:
    """Links without deleted items: what waited for one waits for what that one waited for, as if it took no time."""
    kept = list(links)
    for key in sorted(gone):
        before = [link for link in kept if link.target == key]
        behind = [link for link in kept if link.source == key]
        kept = [link for link in kept if key not in {link.source, link.target}]
        kept += [_joined(one, two) for one in before for two in behind]
    return _tightest(kept)


def _joined(one: Link, two: Link) -> Link:
    kind = _TYPES[one.type in FROM_FINISH, two.type in TO_FINISH]
    return Link(source=one.source, target=two.target, type=kind, lag=one.lag + two.lag)


def _tightest(links: Iterable[Link]) -> tuple[Link, ...]:
    """Of several links of a kind between two items only the longest matters."""
    found: dict[tuple[str, str, LinkType], Link] = {}
    for link in links:
        ends = (link.source, link.target, link.type)
        if ends not in found or link.lag > found[ends].lag:
            found[ends] = link
    return tuple(found.values())
