"""Gates: when an approver is asked, what the votes come to, and when a change has to be approved again. Pure.

A gate is open only while the votes stand that its quorum asks for. Whatever takes one of them away - the tick is
removed, the approver changes, what was approved changes - shuts it again; work that has begun is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from rollout_sync.model.rollout import Approval, Dependency, Item, ItemKey, LinkType, Quorum, Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.model.snapshot import Decision, GateState, ItemState, ItemStatus, Vote
from rollout_sync.reconcile import texts
from rollout_sync.reconcile.ballots import conditions_of, votes
from rollout_sync.schedule.calendar import WorkCalendar

__all__ = ["asked_at", "condition_words", "conditions_of", "decide", "in_order", "version_of", "votes"]

_END_OF_DAY = time(17, tzinfo=UTC)
_CONDITION_LENGTH = 1_000  # it goes into the text of everything behind the gate
_ON_FINISH = frozenset({LinkType.FINISH_START, LinkType.FINISH_FINISH})
"""A decision is a moment: it cannot be before the end of what it ends with, nor of what it follows."""

_CAUTIOUS = (Decision.REJECTED, Decision.NOT_YET)


def in_order(rollout: Rollout) -> tuple[Item, ...]:
    """The approvals of a rollout, each after those that it waits for itself."""
    gates = [item for item in rollout.items if item.approval is not None]
    return tuple(sorted(gates, key=_depth))


def _depth(gate: Item) -> tuple[int, bool]:
    """What is further down is held by more gates; an emergency approval holds nothing and comes before its equals."""
    return len(gate.held_by), texts.approval_of(gate).emergency_hours is None


def version_of(gate: Item, rollout: Rollout, schedule: Schedule) -> str:
    """Fingerprint of what is approved: the same that the approval's text names (`texts.approval_fingerprint`)."""
    items = {item.key: item for item in rollout.items}
    return texts.approval_fingerprint(texts.held_items(gate.key, items), schedule)


# When it is asked ---------------------------------------------------------------------------------------------------


def asked_at(
    gate: Item, rollout: Rollout, states: Mapping[ItemKey, ItemState], accepted_at: datetime
) -> datetime | None:
    """When everything that a gate waits for was there; None while it is not.

    Links on an end (FS, FF) wait for the end of the other item, links on a start (SS, SF) for its start; lags are
    working days. A lead is counted from the other item's due date once it has begun. What people deleted is waited for
    no more; what it waited for itself takes its place. An emergency change is decided on at once.

    The moment may lie in the future, after a lag; `decide` takes it as not yet asked then.

    Args:
        gate: the approval.
        rollout: with all items.
        states: how far they are.
        accepted_at: when the rollout was started; nobody is asked before.
    """
    if texts.approval_of(gate).emergency_hours is not None:
        return accepted_at
    items, calendar = {item.key: item for item in rollout.items}, WorkCalendar.of(rollout.calendar)
    moments = [accepted_at]
    for wait in _waits(gate, items, states):
        moment = _reached(wait, states.get(wait.item, ItemState(item=wait.item)), accepted_at, calendar)
        if moment is None:
            return None
        moments.append(moment)
    return max(moments)


def _waits(item: Item, items: Mapping[ItemKey, Item], states: Mapping[ItemKey, ItemState]) -> Iterator[Dependency]:
    """What an item waits for, each once, with deleted items replaced by what those wait for."""
    seen: set[Dependency] = set()
    open_waits = list(item.after)
    while open_waits:
        wait = open_waits.pop(0)
        if wait in seen:
            continue
        seen.add(wait)
        state = states.get(wait.item)
        if state is not None and state.status is ItemStatus.GONE:
            open_waits += items[wait.item].after
        else:
            yield wait


def _reached(wait: Dependency, state: ItemState, accepted_at: datetime, calendar: WorkCalendar) -> datetime | None:
    is_begun = state.status in (ItemStatus.STARTED, ItemStatus.DONE)
    if wait.link in _ON_FINISH:
        if state.status is ItemStatus.DONE:
            return _later(state.finished_at or accepted_at, wait.lag, calendar)
        if wait.lag < 0 and is_begun and state.due is not None:
            return datetime.combine(calendar.shift(state.due, wait.lag), time(tzinfo=UTC))
        return None
    return _later(state.started_at or accepted_at, wait.lag, calendar) if is_begun else None


def _later(moment: datetime, days: int, calendar: WorkCalendar) -> datetime:
    if not days:
        return moment
    moment = moment.astimezone(UTC)
    return datetime.combine(calendar.shift(moment.date(), days), moment.timetz())


# What was decided ---------------------------------------------------------------------------------------------------


def decide(
    gate: Item,
    *,
    counted: Sequence[Vote],
    ignored: Sequence[Vote],
    conditions: str,
    asked: datetime | None,
    earlier: GateState | None,
    version: str,
    calendar: WorkCalendar,
    at: datetime,
) -> GateState:
    """What the votes come to.

    A rejection weighs most, then "not yet", whoever of the approvers said it; then the quorum must be complete. A vote
    from before the question counts: an approver may decide early. A vote from before a change of what is asked does
    not: the approver saw something else. It is given anew by taking the tick or label off and setting it again.

    An approver's own word stands above a deputy's. A deputy named by an approver in the people list speaks for that
    approver only; other deputies stand in for one unheard approver each.

    Args:
        gate: the approval.
        counted: votes of those who may decide, as `votes` gives them.
        ignored: votes of others.
        conditions: as `conditions_of` gives them.
        asked: when everything before it was there (`asked_at`).
        earlier: the gate as it stood before; None the first time.
        version: of what is asked now (`version_of`).
        calendar: to count the days for the decision.
        at: now, by the services' clock.
    """
    approval, was = texts.approval_of(gate), earlier or GateState(gate=gate.key)
    before = was.asked_version or was.version
    is_changed = bool(before) and before != version
    counts_from = at if is_changed else was.counts_from
    heard = _heard(approval, [vote for vote in counted if counts_from is None or vote.at > counts_from])
    verdict = _verdict(approval, heard.values())
    reopened = at if is_changed and was.decision.opens else was.reopened_at
    opens = verdict is not None and verdict.opens
    asked = asked if asked is not None and asked <= at else None
    state = GateState(
        gate=gate.key,
        decision=verdict or (Decision.WAITING if asked or reopened else Decision.NOT_ASKED),
        asked_at=asked,
        due_at=_due(approval, max(filter(None, (asked, reopened)), default=None), calendar),
        decided_at=_decided_at(approval, verdict, heard.values()),
        votes=tuple(sorted(set(heard.values()), key=lambda vote: (vote.at, vote.by))),
        ignored=tuple(ignored),
        version=version if opens else was.version,
        reopened_at=None if opens else reopened,
        asked_version=version,
        counts_from=counts_from,
    )
    return replace(state, conditions=_kept_conditions(conditions, state, was))


def _kept_conditions(told: str, state: GateState, was: GateState) -> str:
    """Conditions hold on when they vanish from the board while the decision stands: our own text may replace them."""
    if state.decision is not Decision.CONDITIONS:
        return ""
    return told or (was.conditions if was.decided_at == state.decided_at else "")


def _heard(approval: Approval, counted: Sequence[Vote]) -> dict[str, Vote]:
    """Approver to the vote that counts for him: his own, his deputy's, or one of somebody who stands in for anybody."""
    by = {vote.by.lower(): vote for vote in counted}
    deputies = {person.email.lower() for person in approval.deputies}
    named = {person.email.lower(): (person.deputy or "").lower() for person in approval.approvers}
    heard: dict[str, Vote] = {}
    for approver, deputy in named.items():
        vote = by.get(approver) or (by.get(deputy) if deputy in deputies else None)
        if vote is not None:
            heard[approver] = vote
    spare = deputies - set(named.values()) - set(named)
    standing_in = sorted((vote for voter, vote in by.items() if voter in spare), key=_most_cautious)
    unheard = [approver for approver in named if approver not in heard]
    return heard | dict(zip(unheard, standing_in, strict=False))


def _most_cautious(vote: Vote) -> tuple[bool, datetime, str]:
    return vote.decision not in _CAUTIOUS, vote.at, vote.by


def _verdict(approval: Approval, heard: Iterable[Vote]) -> Decision | None:
    """What was decided; None while it is not. Nobody to decide means nothing is decided."""
    decisions = [vote.decision for vote in heard]
    for refusal in _CAUTIOUS:
        if refusal in decisions:
            return refusal
    everybody = len({person.email.lower() for person in approval.approvers})
    needed = everybody if approval.quorum is Quorum.ALL else 1
    if not everybody or len(decisions) < needed:
        return None
    return Decision.CONDITIONS if Decision.CONDITIONS in decisions else Decision.APPROVED


def _decided_at(approval: Approval, verdict: Decision | None, heard: Iterable[Vote]) -> datetime | None:
    """With the first word that settles it: a refusal, or one approval of any; else with the last that was needed."""
    if verdict is None:
        return None
    if verdict.opens and approval.quorum is Quorum.ALL:
        return max(vote.at for vote in heard)
    return min(vote.at for vote in heard if verdict.opens or vote.decision is verdict)


def _due(approval: Approval, start: datetime | None, calendar: WorkCalendar) -> datetime | None:
    if start is None:
        return None
    if approval.emergency_hours is not None:
        return start + timedelta(hours=approval.emergency_hours)
    day = calendar.shift(start.astimezone(UTC).date(), approval.within_days)
    return datetime.combine(day, _END_OF_DAY)


def condition_words(gate: Item, state: GateState) -> str:
    """The paragraph that the work behind a gate shows; empty where nothing was asked for."""
    if state.decision is not Decision.CONDITIONS or not state.conditions:
        return ""
    approval = texts.approval_of(gate)
    known = {person.email.lower(): person.name for person in (*approval.approvers, *approval.deputies)}
    names = [known.get(vote.by.lower(), vote.by) for vote in state.votes if vote.decision is Decision.CONDITIONS]
    said = state.conditions
    said = said if len(said) <= _CONDITION_LENGTH else f"{said[: _CONDITION_LENGTH - 1]}…"
    return texts.one_line(f"{texts.CONDITION}{' and '.join(names)} ({gate.title}): {said}")
