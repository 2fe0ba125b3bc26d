"""What a coordinator should know of the gates of a running rollout. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Approval, Item, Person
from rollout_sync.model.snapshot import Decision, GateState, ItemState, ItemStatus, Vote
from rollout_sync.reconcile import texts
from rollout_sync.reconcile.wording import View, conjoined, day, either, held_count, note, warning, when

_DONE_PERCENT = 100
_REFUSALS = (Decision.NOT_YET, Decision.REJECTED)


def of_gate(view: View, item: Item, gate: GateState) -> Iterator[Finding]:
    """Everything there is to say of one approval."""
    approval = texts.approval_of(item)
    if gate.ignored:
        yield _not_entitled(view, item, approval, gate)
    if gate.decision.opens:
        yield from _without_conditions(item, gate)
        return
    if view.state(item.key).status is ItemStatus.GONE:
        return  # told as deleted, with what follows from it
    if gate.decision in _REFUSALS:
        yield _refused(view, item, gate)
    elif gate.decision is Decision.WAITING:
        yield from _changed(item, gate)
        yield from _late(view, item, approval, gate)
    if closed_without_line(gate, view.state(item.key)):
        yield warning(
            "decided-without-line",
            f'"{item.title}" was completed, but no line of its checklist is ticked, so nothing is decided',
            f"ask {either(approval.approvers)} to tick what was decided: {', '.join(texts.DECISIONS)}",
            item.key,
        )


def closed_without_line(gate: GateState, state: ItemState) -> bool:
    """Whether its task was completed although nobody ticked what was decided."""
    return not gate.votes and not gate.ignored and state.percent == _DONE_PERCENT


def unheard(approval: Approval, gate: GateState) -> tuple[Person, ...]:
    """Approvers for whom neither they nor their deputy have spoken."""
    heard = {vote.by.lower() for vote in gate.votes}
    return tuple(
        person
        for person in approval.approvers
        if person.email.lower() not in heard and (person.deputy or "").lower() not in heard
    )


def _not_entitled(view: View, item: Item, approval: Approval, gate: GateState) -> Finding:
    told = ", ".join(f"{view.name(vote.by)} ({_said(vote)})" for vote in gate.ignored)
    return warning(
        "not-entitled",
        f'"{item.title}": the decision of {told} does not count',
        f"only {either((*approval.approvers, *approval.deputies))} can decide; if that has changed, change the people"
        " list and plan again",
        item.key,
    )


def _without_conditions(item: Item, gate: GateState) -> Iterator[Finding]:
    if gate.decision is Decision.CONDITIONS and not gate.conditions:
        yield warning(
            "conditions-missing",
            f'"{item.title}" was approved with conditions, but none is written down',
            "ask for them to be written as checklist lines or into the notes in Planner, or into a comment in Jira",
            item.key,
        )


def _refused(view: View, item: Item, gate: GateState) -> Finding:
    who = [view.name(vote.by) for vote in gate.votes if vote.decision is gate.decision]
    rejected = gate.decision is Decision.REJECTED
    words = "rejected" if rejected else 'answered with "Not yet"'
    since = f" on {day(gate.decided_at)}" if gate.decided_at else ""
    hint = (
        "talk with them about what would have to change, change the rollout and ask again, or end it"
        if rejected
        else "ask what is missing, put it right, and ask for the line to be ticked anew"
    )
    code = "gate-rejected" if rejected else "gate-not-yet"
    message = f'"{item.title}" was {words} by {conjoined(who)}{since}; {held_count(view, item)} waits'
    return warning(code, message, hint, item.key)


def _changed(item: Item, gate: GateState) -> Iterator[Finding]:
    """What was approved changed, or the approval was taken back, or only the question changed."""
    again = "by taking the tick or label off and setting it again"
    if gate.reopened_at is not None:
        yield warning(
            "gate-reopened",
            f'what was approved in "{item.title}" (version {gate.version}) changed on {day(gate.reopened_at)}; work'
            " that has not begun is held again",
            f"ask for the new version {gate.asked_version} to be approved, {again}",
            item.key,
        )
    elif gate.version:
        yield warning(
            "decision-withdrawn",
            f'"{item.title}" was approved, but the approval does not stand any more; work that has not begun is held'
            " again",
            "ask the approver whether the tick or label was taken off on purpose, and look whether the approver is"
            " still the right one",
            item.key,
        )
    elif gate.counts_from is not None:
        yield note(
            "gate-changed",
            f'what "{item.title}" asks for changed on {day(gate.counts_from)}; earlier answers do not count',
            f"whoever had answered answers once more, {again}",
            item.key,
        )


def _late(view: View, item: Item, approval: Approval, gate: GateState) -> Iterator[Finding]:
    if gate.due_at is None:
        return
    waiting = either(unheard(approval, gate)) or "nobody"
    if view.now > gate.due_at:
        yield _overdue(view, item, approval, gate, waiting)
    elif _is_half_over(view, approval, gate):
        yield note(
            "gate-reminder",
            f'"{item.title}" waits for {waiting}; half of the time is over, it ends {when(gate.due_at)}',
            f"remind {waiting}; {held_count(view, item)} waits for the answer",
            item.key,
        )


def _overdue(view: View, item: Item, approval: Approval, gate: GateState, waiting: str) -> Finding:
    told = either(approval.escalate_to)
    escalate = f"escalate to {told}" if told else "nobody is named to escalate to; decide who asks"
    if approval.emergency_hours is not None:
        return Finding(
            severity=Severity.ERROR,
            code="emergency-overdue",
            message=f'the emergency approval "{item.title}" had to be decided by {when(gate.due_at)} and is not; the'
            " work went first",
            hint=f"{waiting} must decide now; {escalate}",
            where=item.key,
        )
    return warning(
        "gate-overdue",
        f'"{item.title}" had to be decided by {when(gate.due_at)} and waits for {waiting}; {held_count(view, item)}'
        " waits",
        escalate,
        item.key,
    )


def _is_half_over(view: View, approval: Approval, gate: GateState) -> bool:
    """Working days for a normal gate, hours for an emergency."""
    start = max(filter(None, (gate.asked_at, gate.reopened_at)), default=None)
    if start is None or gate.due_at is None:
        return False
    if approval.emergency_hours is not None:
        return view.now >= start + (gate.due_at - start) / 2
    passed = view.calendar.between(start.astimezone(UTC).date(), view.now.astimezone(UTC).date())
    return passed * 2 >= approval.within_days


def _said(vote: Vote) -> str:
    return f"{vote.decision.value}, {day(vote.at)}"
