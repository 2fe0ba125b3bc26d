"""Items that live in Jira and in Planner: what one side says is carried over to the other. Pure.

| since they were last settled | what happens |
|---|---|
| only the leading side changed | the other follows, forward and back |
| only the other side went further | the leading side follows: done here is done there |
| only the other side went back | both stay as they are; the leading side counts, and the difference is told |
| both went further | the one that is further wins |
| both went back | the leading side wins |
| one went further, one back | the leading side wins; told as a conflict |

Nothing new gives no write and no second report: `Pair` remembers where both sides were settled, and by what they were
seen. What was read before a write is no answer to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from rollout_sync.model.objects import Fields, ObjectKey, Observation
from rollout_sync.model.rollout import Item, TrackerName
from rollout_sync.model.snapshot import GateState, ItemState, ItemStatus
from rollout_sync.reconcile import keys
from rollout_sync.reconcile.sides import Category, category_of, moment, read, words

_SHOWN = {Category.NEW: "not started", Category.BEGUN: "in progress", Category.DONE: "done"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Where the two sides of an item were settled.

    Attributes:
        issue, task: how far each side was, as seen or as written.
        issue_at, task_at: moment of the observation that this rests on; None where the side was never seen.
    """

    issue: Category = Category.NEW
    task: Category = Category.NEW
    issue_at: datetime | None = None
    task_at: datetime | None = None

    def plain(self) -> dict[str, str | None]:
        """As JSON values."""
        return {
            "issue": self.issue.value,
            "task": self.task.value,
            "issue_at": self.issue_at.isoformat() if self.issue_at else None,
            "task_at": self.task_at.isoformat() if self.task_at else None,
        }

    @classmethod
    def of(cls, plain: Mapping[str, str | None]) -> Pair:
        """Read what `plain` wrote; ValueError for a category that does not exist."""
        return cls(
            issue=Category(plain.get("issue") or Category.NEW),
            task=Category(plain.get("task") or Category.NEW),
            issue_at=moment(plain.get("issue_at")),
            task_at=moment(plain.get("task_at")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorStep:
    """What to do for one pair.

    Attributes:
        state: the item, both sides taken together. Its `conflict` stays for as long as the sides differ.
        writes: `{"progress": category}` for the issue, `{"percent": 0 | 50 | 100}` for the task; usually empty.
        pair: to be kept once the writes are done. Where a write failed the old one is kept, and the step comes again.
        conflict: a sentence to report now; empty when it was reported before.
    """

    state: ItemState
    writes: Mapping[ObjectKey, Fields] = field(default_factory=dict)
    pair: Pair
    conflict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One side: where it was settled, where it is now, and what was seen of it."""

    tracker: TrackerName
    was: Category
    now: Category
    seen: Observation | None
    is_gone: bool

    @property
    def step(self) -> int:
        return self.now.rank - self.was.rank

    @property
    def says(self) -> str:
        return f'{words(self.tracker)} says "{_SHOWN[self.now]}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """Where the leading and the other side are to be; `told` is what a person should know of it."""

    leading: Category
    other: Category
    told: str = ""
    is_new: bool = False


def follow(
    item: Item,
    issue: Observation | None,
    task: Observation | None,
    *,
    pair: Pair | None = None,
    earlier: ItemState | None = None,
    gone: AbstractSet[ObjectKey] = frozenset(),
    gate: GateState | None = None,
    waiting: str = "",
) -> MirrorStep:
    """Bring both sides of a mirrored item together.

    Args:
        item: one that lives in both services.
        issue: what was last seen of the Jira side; None where nothing was.
        task: the same of the Planner side.
        pair: of the last step whose writes are done; None before the first.
        earlier: the item as it was known before.
        gone: objects that people deleted. Of a pair with one side left, that side counts.
        gate: for an approval: a side is done when the gate opens, and is otherwise left alone. Which votes there are
            is read from both sides, so nothing has to be carried over before.
        waiting: remote id of the bucket in which held tasks lie.
    """
    known, was = pair or Pair(), earlier or ItemState(item=item.key)
    sides = {
        TrackerName.JIRA: _side(
            TrackerName.JIRA, issue, known.issue, known.issue_at, is_gone=keys.issue(item.key) in gone
        ),
        TrackerName.PLANNER: _side(
            TrackerName.PLANNER, task, known.task, known.task_at, is_gone=keys.task(item.key) in gone
        ),
    }
    leads, follows = sides.pop(item.leads), next(iter(sides.values()))
    if leads.is_gone or follows.is_gone:
        return _of_rest(leads, follows, was, known, waiting)
    settled = _settled_by(gate, leads, follows) if item.approval is not None else _settle(leads, follows)
    state = _merged(leads, follows, settled.leading, was, waiting)
    state = replace(state, conflict=settled.told)
    if leads.seen is None or follows.seen is None:
        return MirrorStep(state=state, pair=known)
    return MirrorStep(
        state=state,
        writes=_writes(item, leads, settled.leading) | _writes(item, follows, settled.other),
        pair=_pair({leads.tracker: (leads, settled.leading), follows.tracker: (follows, settled.other)}),
        conflict=settled.told if settled.is_new else "",
    )


def _side(
    tracker: TrackerName,
    seen: Observation | None,
    settled: Category,
    settled_at: datetime | None,
    *,
    is_gone: bool,
) -> _Side:
    is_news = seen is not None and (settled_at is None or seen.asked_at > settled_at)
    now = (category_of(seen.fields) or settled) if seen is not None and is_news else settled
    return _Side(tracker=tracker, was=settled, now=now, seen=seen, is_gone=is_gone)


def _settle(leads: _Side, follows: _Side) -> _Settled:
    """The table of this module."""
    if leads.now is follows.now:
        return _Settled(leading=leads.now, other=follows.now)
    if not leads.step and (follows.step <= 0 or follows.now.rank < leads.now.rank):
        told = f"{follows.says}, but {leads.says} and leads; both are left as they are"
        return _Settled(leading=leads.now, other=follows.now, told=told, is_new=bool(follows.step))
    if leads.step >= 0 and follows.step > 0:
        furthest = max(leads.now, follows.now, key=lambda one: one.rank)
        return _Settled(leading=furthest, other=furthest)
    told = ""
    if leads.step * follows.step < 0:
        told = f"changed on both sides: {leads.says}, {follows.says}; {words(leads.tracker)} leads and was followed"
    return _Settled(leading=leads.now, other=leads.now, told=told, is_new=bool(told))


def _settled_by(gate: GateState | None, leads: _Side, follows: _Side) -> _Settled:
    """The sides of an approval: done once the gate is open, except where a person took that back."""
    if gate is None or not gate.decision.opens:
        return _Settled(leading=leads.now, other=follows.now)
    return _Settled(leading=Category.DONE, other=Category.DONE)


def _writes(item: Item, side: _Side, wanted: Category) -> dict[ObjectKey, Fields]:
    """Nothing for a side that is there, or was brought there before and taken back by a person."""
    if side.now is wanted or (item.approval is not None and side.was is wanted):
        return {}
    if side.tracker is TrackerName.JIRA:
        return {keys.issue(item.key): {"progress": wanted.value}}
    return {keys.task(item.key): {"percent": wanted.percent}}


def _pair(settled: Mapping[TrackerName, tuple[_Side, Category]]) -> Pair:
    (jira, issue), (planner, task) = settled[TrackerName.JIRA], settled[TrackerName.PLANNER]
    return Pair(
        issue=issue,
        task=task,
        issue_at=jira.seen.asked_at if jira.seen else None,
        task_at=planner.seen.asked_at if planner.seen else None,
    )


def _merged(leads: _Side, follows: _Side, category: Category, was: ItemState, waiting: str) -> ItemState:
    """One item out of what is seen of its sides: words and dates of the leading one, times of the earlier one."""
    shown = [(side, read(side.seen, was, waiting=waiting)) for side in (leads, follows) if side.seen is not None]
    if not shown:
        return was
    states = {side.tracker: state for side, state in shown}
    telling = next((state for side, state in shown if side.now is category), shown[0][1])
    main, jira, planner = shown[0][1], states.get(TrackerName.JIRA), states.get(TrackerName.PLANNER)
    started, finished = _times(category, tuple(states.values()), was)
    return replace(
        main,
        status=category.status,
        shown=telling.shown,
        started_at=started,
        finished_at=finished,
        blocked_since=jira.blocked_since if jira else was.blocked_since,
        percent=planner.percent if planner else was.percent,
        owners=main.owners or shown[-1][1].owners,
        held=any(state.held for state in states.values()),
        key=jira.key if jira else was.key,
        seen_at=min(state.seen_at for state in states.values() if state.seen_at is not None),
    )


def _times(
    category: Category, states: tuple[ItemState, ...], was: ItemState
) -> tuple[datetime | None, datetime | None]:
    """Work began when it began on one side, and ended when it ended on one side."""
    if category is Category.NEW:
        return None, None
    begun = [state.started_at for state in states if state.started_at is not None]
    started = min(begun, default=was.started_at)
    if category is Category.BEGUN:
        return started or max(state.seen_at for state in states if state.seen_at is not None), None
    ended = [state.finished_at for state in states if state.finished_at is not None]
    return started, min(ended, default=was.finished_at)


def _of_rest(leads: _Side, follows: _Side, was: ItemState, pair: Pair, waiting: str) -> MirrorStep:
    """People deleted one side, or both."""
    if leads.is_gone and follows.is_gone:
        return MirrorStep(state=replace(was, status=ItemStatus.GONE, conflict=""), pair=pair)
    lost, left = (leads, follows) if leads.is_gone else (follows, leads)
    told = f"deleted in {words(lost.tracker)}; what {words(left.tracker)} says counts alone"
    state = read(left.seen, was, waiting=waiting) if left.seen is not None else was
    is_new = was.conflict != told
    return MirrorStep(state=replace(state, conflict=told), pair=pair, conflict=told if is_new else "")
