"""Who decided what at a gate, and on which conditions, as the two boards show it. Pure.

Only the approvers' and their deputies' own acts count. In Planner an act is a ticked line of the decision checklist:
who ticked it matters, not who completed the task. In Jira it is one of four labels, or moving the issue to a done
status, which counts as approved unless a label says otherwise; the resolution is not looked at.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from rollout_sync.model.objects import Fields, ObjectKey, Observation
from rollout_sync.model.rollout import Home, Item, TrackerName
from rollout_sync.model.snapshot import Decision, GateState, Vote
from rollout_sync.reconcile import keys, texts
from rollout_sync.reconcile.desired import checklist_key
from rollout_sync.reconcile.sides import Category, moment, rows

Accounts = Mapping[TrackerName, Mapping[str, str]]
"""Per service, e-mail address to remote user id."""

Observations = Mapping[ObjectKey, Observation]

BY_LINE = dict(
    zip(texts.DECISIONS, (Decision.APPROVED, Decision.CONDITIONS, Decision.NOT_YET, Decision.REJECTED), strict=True)
)
BY_LABEL = {line.casefold().replace(" ", "-"): decision for line, decision in BY_LINE.items()}
_CAUTION = {Decision.REJECTED: 3, Decision.NOT_YET: 2, Decision.CONDITIONS: 1}
"""Which of two decisions of one moment counts: the more cautious."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """One decision as a board shows it; `by` is a remote user id, "" where the service does not name anybody."""

    tracker: TrackerName
    by: str
    decision: Decision
    at: datetime


@dataclass(frozen=True, slots=True)
class _Roll:
    """Who may decide, and whose accounts are whose."""

    entitled: frozenset[str]
    emails: Mapping[tuple[TrackerName, str], str]
    own: frozenset[str]
    earlier: tuple[Vote, ...]

    def voter(self, act: _Act) -> str:
        """E-mail address, or the remote id of somebody nobody knows.

        An account that is not known any more keeps the vote that it gave while it was: people leave, and what they
        decided stands. Such a vote is recognised by its moment.
        """
        known = self.emails.get((act.tracker, act.by.casefold()))
        if known is None and act.by:
            same = (vote.by for vote in self.earlier if (vote.decision, vote.at) == (act.decision, act.at))
            known = next((by for by in same if by.lower() in self.entitled), None)
        return known or act.by

    def may(self, voter: str) -> bool:
        return voter.lower() in self.entitled

    def is_ours(self, act: _Act) -> bool:
        return bool(act.by) and act.by.casefold() in self.own


def votes(
    gate: Item,
    observations: Observations,
    accounts: Accounts,
    *,
    own: AbstractSet[str] = frozenset(),
    earlier: GateState | None = None,
) -> tuple[tuple[Vote, ...], tuple[Vote, ...]]:
    """The newest decision of each person: of those who may decide here, and of all others.

    A line of the checklist is read as it is worded now: that is what the person ticked. A line whose wording is none
    of ours decides nothing.

    Args:
        gate: the approval.
        observations: newest ones; of the gate its issue, and its task's details.
        accounts: of the people on the list.
        own: remote ids of the accounts that rollout-sync works with; what they did is nobody's decision.
        earlier: the gate as it stood before. Its votes hold on where the board was not seen.

    Raises:
        ValueError: the item is no approval.
    """
    roll = _roll(gate, accounts, own, earlier)
    acts = [act for act in (*_ticks(gate, observations), *_labels(gate, observations)) if not roll.is_ours(act)]
    acts += [act for act in _move(gate, observations, acts, roll) if not roll.is_ours(act)]
    cast = [Vote(by=roll.voter(act), decision=act.decision, at=act.at) for act in acts]
    if earlier is not None and not _is_all_seen(gate, observations):
        cast += [*earlier.votes, *earlier.ignored]
    newest = _newest(cast)
    return (
        tuple(vote for vote in newest if roll.may(vote.by)),
        tuple(vote for vote in newest if not roll.may(vote.by)),
    )


def conditions_of(
    gate: Item,
    observations: Observations,
    counted: Sequence[Vote],
    accounts: Accounts,
    *,
    base: str | None,
) -> str:
    """What was asked for with an approval, in the approver's words, joined with semicolons; empty where nobody asked.

    In Planner: lines that people added to the checklist, and what they wrote into the notes. In Jira: the latest
    comment of everybody who approved with conditions.

    Args:
        gate: the approval.
        observations: newest ones.
        counted: the votes that count.
        accounts: of the people on the list.
        base: notes of the task as we last wrote them; None where that is not known, then notes are not looked at.
    """
    asking = [vote.by.lower() for vote in counted if vote.decision is Decision.CONDITIONS]
    if not asking:
        return ""
    found: list[str] = []
    if details := observations.get(keys.details(gate.key)):
        found += _added_lines(gate, details.fields)
        found += _added_text(base, str(details.fields.get("text", ""))) if base is not None else ()
    if issue := observations.get(keys.issue(gate.key)):
        jira = {email.lower(): account.casefold() for email, account in accounts.get(TrackerName.JIRA, {}).items()}
        found += (_latest_comment(issue.fields, jira.get(email, "")) for email in asking)
    return "; ".join(dict.fromkeys(line for line in map(texts.one_line, found) if line))


def _roll(gate: Item, accounts: Accounts, own: AbstractSet[str], earlier: GateState | None) -> _Roll:
    approval = texts.approval_of(gate)
    return _Roll(
        entitled=frozenset(person.email.lower() for person in (*approval.approvers, *approval.deputies)),
        emails={(name, account.casefold()): email for name, one in accounts.items() for email, account in one.items()},
        own=frozenset(account.casefold() for account in own),
        earlier=earlier.votes if earlier is not None else (),
    )


def _is_all_seen(gate: Item, observations: Observations) -> bool:
    """Whether everything was seen that can carry a decision."""
    carriers = {
        Home.JIRA: (keys.issue(gate.key),),
        Home.PLANNER: (keys.details(gate.key),),
        Home.BOTH: (keys.issue(gate.key), keys.details(gate.key)),
    }
    return all(carrier in observations for carrier in carriers[gate.home])


def _newest(cast: Iterable[Vote]) -> tuple[Vote, ...]:
    """Of each person the last decision, in order of time."""
    last: dict[str, Vote] = {}
    for vote in sorted(cast, key=lambda vote: (vote.at, _CAUTION.get(vote.decision, 0))):
        last[vote.by.lower()] = vote
    return tuple(sorted(last.values(), key=lambda vote: (vote.at, vote.by)))


def _ticks(gate: Item, observations: Observations) -> Iterator[_Act]:
    details = observations.get(keys.details(gate.key))
    if details is None:
        return
    ours = {checklist_key(gate.key, line): line for line in texts.DECISIONS}
    titles = {str(row.get("key", "")): str(row.get("title", "")) for row in rows(details.fields, "checklist")}
    by_words = {line.casefold(): decision for line, decision in BY_LINE.items()}
    for tick in rows(details.fields, "ticked"):
        key, at = str(tick.get("key", "")), moment(tick.get("at"))
        if key in ours and at is not None:
            decision = by_words.get(texts.one_line(titles.get(key, ours[key])).casefold())
            if decision is not None:
                yield _Act(tracker=TrackerName.PLANNER, by=str(tick.get("by") or ""), decision=decision, at=at)


def _labels(gate: Item, observations: Observations) -> Iterator[_Act]:
    issue = observations.get(keys.issue(gate.key))
    for mark in rows(issue.fields, "labelled") if issue is not None else ():
        decision, at = BY_LABEL.get(str(mark.get("label", "")).casefold()), moment(mark.get("at"))
        if decision is not None and at is not None:
            yield _Act(tracker=TrackerName.JIRA, by=str(mark.get("by") or ""), decision=decision, at=at)


def _move(gate: Item, observations: Observations, acts: Sequence[_Act], roll: _Roll) -> Iterator[_Act]:
    """Moving the issue to done, where that is a decision.

    It is none where a label of the same person says what was decided, where somebody else's label contradicts it, or
    where a decision stands already and another person only tidies up.
    """
    issue = observations.get(keys.issue(gate.key))
    if issue is None or issue.fields.get("category") != Category.DONE.value:
        return
    at = moment(issue.fields.get("moved_at"))
    if at is None:
        return
    by = str(issue.fields.get("moved_by") or "")
    move = _Act(tracker=TrackerName.JIRA, by=by, decision=Decision.APPROVED, at=at)
    labels = [act for act in acts if act.tracker is TrackerName.JIRA]
    if roll.may(roll.voter(move)):
        is_settled = any(
            act.by.casefold() == by.casefold()
            or (act.decision is not Decision.APPROVED and not roll.may(roll.voter(act)))
            for act in labels
        )
    else:
        is_settled = any(roll.may(roll.voter(act)) for act in acts)
    if not is_settled:
        yield move


def _added_lines(gate: Item, fields: Fields) -> Iterator[str]:
    ours = {checklist_key(gate.key, line) for line in texts.DECISIONS}
    for row in rows(fields, "checklist"):
        title = str(row.get("title", ""))
        if str(row.get("key", "")) not in ours and title not in texts.DECISIONS:
            yield title


def _added_text(base: str, seen: str) -> Iterator[str]:
    """Lines that were written into the notes; a line of ours that somebody wrote on counts as a whole."""
    ours, theirs = ([line.strip() for line in text.splitlines() if line.strip()] for text in (base, seen))
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, _first, _last, start, end in matcher.get_opcodes():
        if tag in ("insert", "replace"):
            yield from (line.removeprefix("- ") for line in theirs[start:end])


def _latest_comment(fields: Fields, account: str) -> str:
    mine = [note for note in rows(fields, "notes") if account and str(note.get("by") or "").casefold() == account]
    latest = max(mine, key=lambda note: str(note.get("at") or ""), default=None)
    return str(latest.get("text", "")) if latest is not None else ""
