"""Decisions that a person owes: gates that wait for them, or for somebody whom they stand in for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from rollout_sync.health.drivers import Cause
from rollout_sync.health.review import Case, Review
from rollout_sync.model.rollout import Approval, Item, ItemKey
from rollout_sync.model.snapshot import Decision, GateState, ItemStatus
from rollout_sync.reconcile import texts
from rollout_sync.reconcile.gate_notices import closed_without_line, unheard
from rollout_sync.report.view import day_of

Rank: TypeAlias = "tuple[bool, bool, float, str]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One decision.

    Attributes:
        url: where it is decided; empty where that is not known.
        asks: what is to be confirmed.
        due: end of the time to decide; None without one.
        late_days: working days since; 0 while there is time.
        deputy_for: names of those whom the reader may decide for; empty for an approver.
        waits: items that wait for it; `waits_from` is the day on which the first of them is planned to begin.
        escalates_to: who hears of it when the time is over.
        is_emergency: work went first, and the decision follows.
        is_closed: the task was completed without a tick at what was decided, so that nothing is.
        chance_then: chance to be in time, with grace, if it were decided today; None where nobody can tell.
    """

    gate: ItemKey
    title: str
    url: str
    asks: tuple[str, ...] = ()
    due: datetime | None = None
    late_days: int = 0
    deputy_for: tuple[str, ...] = ()
    waits: int = 0
    waits_from: date | None = None
    escalates_to: tuple[str, ...] = ()
    is_emergency: bool = False
    is_closed: bool = False
    chance_then: float | None = None

    @property
    def rank(self) -> Rank:
        """The most urgent sort first."""
        return not self.is_emergency, bool(self.deputy_for), self.due.timestamp() if self.due else 1e12, self.gate


def decisions_of(email: str, case: Case, review: Review) -> tuple[Owed, ...]:
    """What a person owes in a rollout, the most urgent first, what they owe themselves before what they may do."""
    owed = (
        owed_of(item, gate, case, review, deputy_for=stands_for)
        for item in case.rollout.items
        if item.approval is not None and (gate := waiting(item, case)) is not None
        if (stands_for := standing_for(email, item.approval, gate)) is not None
    )
    return tuple(sorted(owed, key=lambda one: one.rank))


def waiting(item: Item, case: Case) -> GateState | None:
    """The gate of an approval that waits for an answer now."""
    gate = case.snapshot.gates.get(item.key)
    state = case.snapshot.items.get(item.key)
    if gate is None or gate.decision is not Decision.WAITING:
        return None
    return None if state is not None and state.status is ItemStatus.GONE else gate


def standing_for(email: str, approval: Approval, gate: GateState) -> tuple[str, ...] | None:
    """Whose decision a person owes: empty for their own, names where they are a deputy, None for nobody's."""
    open_ones = unheard(approval, gate)
    if email in {one.email.lower() for one in open_ones}:
        return ()
    mine = tuple(one.name for one in open_ones if (one.deputy or "").lower() == email)
    if mine:
        return mine
    is_general = email in {one.email.lower() for one in approval.deputies} and not any(
        (one.deputy or "").lower() == email for one in approval.approvers
    )
    return tuple(one.name for one in open_ones) or None if is_general else None


def owed_of(item: Item, gate: GateState, case: Case, review: Review, *, deputy_for: tuple[str, ...] = ()) -> Owed:
    """What there is to say of a gate that waits; ValueError for an item that is no approval."""
    approval = texts.approval_of(item)
    state = case.snapshot.items.get(item.key)
    held = texts.held_items(item.key, {one.key: one for one in case.rollout.items})
    starts = [case.schedule.slots[one.key].start for one in held if one.key in case.schedule.slots]
    return Owed(
        gate=item.key,
        title=(state.title if state else "") or item.title,
        url=state.url if state else "",
        asks=approval.asks,
        due=gate.due_at,
        late_days=_late(gate, case),
        deputy_for=deputy_for,
        waits=len(held),
        waits_from=min(starts, default=None),
        escalates_to=tuple(dict.fromkeys(one.name for one in approval.escalate_to)),
        is_emergency=approval.emergency_hours is not None,
        is_closed=state is not None and closed_without_line(gate, state),
        chance_then=_chance_then(item.key, review),
    )


def _late(gate: GateState, case: Case) -> int:
    if gate.due_at is None or case.now <= gate.due_at:
        return 0
    return max(case.calendar.between(day_of(gate.due_at), day_of(case.now)), 1)


def _chance_then(gate: ItemKey, review: Review) -> float | None:
    """Only where it is the one decision that the date waits for: the chance is that of all of them together."""
    found = (one.p_then for one in review.drivers if one.cause is Cause.APPROVALS and one.items == (gate,))
    return next(found, None)
