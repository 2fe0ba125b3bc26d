"""The approvals signal: decisions that are waited for, refused, or overtaken by work that did not wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollout_sync.health import phrases
from rollout_sync.health.colours import from_ratio, worst
from rollout_sync.health.network import Status
from rollout_sync.health.review import Colour, Signal, SignalName
from rollout_sync.health.view import View
from rollout_sync.model.rollout import Item, ItemKey, ItemKind
from rollout_sync.model.snapshot import Decision, GateState
from rollout_sync.schedule.network import duration_of

IN_TIME = 1.0
"""Age by agreed time to decide below which a pending decision is green."""
OVERDUE = 2.0
"""Age by agreed time above which it is red."""
LITTLE_SLACK = 3
"""Working days to the first held item below which a pending decision is amber."""
_SHOWN = 5
_DECIDED = frozenset({Decision.APPROVED, Decision.CONDITIONS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A decision that was asked for and does not open its gate.

    Attributes:
        age: working days since it was asked for; `agreed` are those in which it should be decided.
        slack: working days until the first item that it holds is planned to start; None where it holds nothing open.
        is_overdue: an emergency change whose decision should have followed by now.
    """

    item: Item
    state: GateState
    age: float
    agreed: float
    slack: int | None
    is_overdue: bool

    @property
    def ratio(self) -> float:
        """Age by agreed time."""
        return self.age / max(self.agreed, 1.0)

    @property
    def colour(self) -> Colour:
        """Its own colour."""
        if self.state.decision is Decision.REJECTED or self.is_overdue:
            return Colour.RED
        found = from_ratio(round(self.ratio, 4), IN_TIME, OVERDUE)
        is_tight = self.slack is not None and self.slack < LITTLE_SLACK
        needs_care = is_tight or self.state.decision is Decision.NOT_YET
        return worst([found, Colour.AMBER]) if needs_care else found


def approvals(view: View) -> Signal:
    """The worst of all decisions that are waited for; red as soon as work runs ahead of its green light."""
    asked = [item for item in view.items if item.kind is ItemKind.APPROVAL and _was_asked(view.gate(item.key))]
    early = started_early(view)
    if not asked and not early:
        return Signal(
            name=SignalName.APPROVALS, colour=Colour.GREY, sentence="no green light was asked for yet", counts=False
        )
    waiting = sorted(_pending(view, asked), key=lambda one: (-_order(one), -one.ratio, one.item.key))
    if early:
        return _overtaken(view, early, waiting)
    if not waiting:
        return _all_given(len(asked))
    return Signal(
        name=SignalName.APPROVALS,
        colour=waiting[0].colour,
        sentence=_sentence(view, waiting),
        score=_score(waiting),
        items=tuple(one.item.key for one in waiting)[:_SHOWN],
    )


def started_early(view: View) -> tuple[ItemKey, ...]:
    """Items that were begun while a gate before them was shut; not those begun before what was approved changed."""
    return tuple(item.key for item in view.items if any(_overtook(view, item, gate) for gate in view.shut(item)))


def _overtook(view: View, item: Item, gate: ItemKey) -> bool:
    progress, reopened = view.progress[item.key], view.gate(gate).reopened_at
    if progress.status is Status.TODO:
        return False
    if reopened is None:
        return True
    began = progress.started_at or progress.finished_at
    return began is not None and began > reopened


def _was_asked(state: GateState) -> bool:
    return state.asked_at is not None or state.decision not in {Decision.NOT_ASKED, Decision.WAITING}


def _pending(view: View, asked: Sequence[Item]) -> Iterator[Pending]:
    for item in asked:
        state = view.gate(item.key)
        if state.decision in _DECIDED:
            continue
        since = min(max(filter(None, (state.asked_at, state.reopened_at)), default=view.case.now), view.case.now)
        emergency = item.approval is not None and item.approval.emergency_hours is not None
        yield Pending(
            item=item,
            state=state,
            age=view.working_days(since, view.case.now),
            agreed=float(item.approval.within_days if item.approval else duration_of(item)),
            slack=_slack(view, item.key),
            is_overdue=emergency and state.due_at is not None and state.due_at < view.case.now,
        )


def _slack(view: View, gate: ItemKey) -> int | None:
    starts = [
        view.planned[item.key].first
        for item in view.items
        if gate in item.held_by and view.progress[item.key].status is Status.TODO
    ]
    return view.case.calendar.between(view.today, min(starts)) if starts else None


def _order(one: Pending) -> int:
    return {Colour.RED: 2, Colour.AMBER: 1}.get(one.colour, 0) + 2 * (one.state.decision is Decision.REJECTED)


def _score(waiting: Sequence[Pending]) -> float:
    if any(one.is_overdue or one.state.decision is Decision.REJECTED for one in waiting):
        return 0.0
    return round(100 * max(1 - max(one.ratio for one in waiting) / OVERDUE, 0.0), 1)


def _overtaken(view: View, early: Sequence[ItemKey], waiting: Sequence[Pending]) -> Signal:
    names = phrases.named([view.titles[key] for key in early], 1)
    gates = tuple(one.item.key for one in waiting)
    return Signal(
        name=SignalName.APPROVALS,
        colour=Colour.RED,
        sentence=f"{names} began without a green light"
        + (f"; {phrases.count(len(waiting), 'decision')} {phrases.are(len(waiting))} pending" if waiting else ""),
        score=0.0,
        items=(*early, *gates)[:_SHOWN],
    )


def _all_given(number: int) -> Signal:
    words = "the green light that was asked for is given" if number == 1 else f"all {number} green lights are given"
    return Signal(name=SignalName.APPROVALS, colour=Colour.GREEN, sentence=words, score=100.0)


def _sentence(view: View, waiting: Sequence[Pending]) -> str:
    first = waiting[0]
    parts = [_waits(view, first)]
    if first.slack is not None and first.slack < LITTLE_SLACK and first.state.decision is not Decision.REJECTED:
        parts.append(
            "what it holds should have begun" if first.slack < 0 else f"{phrases.days(first.slack)} to what it holds"
        )
    if len(waiting) > 1:
        parts.append(f"{len(waiting) - 1} more {phrases.are(len(waiting) - 1)} pending")
    return "; ".join(parts)


def _waits(view: View, one: Pending) -> str:
    name = phrases.title(view.titles[one.item.key])
    if one.state.decision is Decision.REJECTED:
        return f"{name} was refused"
    if one.is_overdue:
        return f"{name} should have followed its emergency change by now"
    if one.state.decision is Decision.NOT_YET:
        return f"{name} was answered with not yet, asked {phrases.days(one.age)} ago ({one.agreed:g} agreed)"
    return f"{name} has been waiting {phrases.days(one.age)} ({one.agreed:g} agreed)"
