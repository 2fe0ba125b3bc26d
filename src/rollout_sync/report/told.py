"""What a digest told, in a form that can be kept, and what is different now: the bullets of the next one. Pure.

`record` and `read_record` of `model.records` turn `LastDigest` into JSON values and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rollout_sync.health.review import Colour, SignalName
from rollout_sync.model.operations import Finding
from rollout_sync.model.rollout import ItemKey, ItemKind, RolloutId
from rollout_sync.model.snapshot import Decision
from rollout_sync.report.ahead import Coming
from rollout_sync.report.items import Look
from rollout_sync.report.scope import Scope
from rollout_sync.report.words import SIGNAL_WORDS, clipped, count, share, short_day

WORSE = (Colour.GREEN, Colour.GREY, Colour.AMBER, Colour.RED)
"""From best to worst; what cannot be told is never better than green."""
LEAST_CHANCE = 0.05
LEAST_SHIFT = 2
"""Smaller steps of the forecast, in chance and in days, are not news. They add up: the last digest is compared with."""
_TITLE = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a reader knows of a rollout since the digest of `at`.

    Attributes:
        done, late, total: of the reader's own items.
        gates: decisions at the reader's gates.
        reached: milestones of theirs that were done.
        days: when what was announced for the following days was to happen.
        findings: code and place of each.
    """

    at: datetime
    colour: Colour
    agreed: date
    signals: Mapping[SignalName, Colour] = field(default_factory=dict)
    p50: date | None = None
    p_target: float | None = None
    done: int = 0
    late: int = 0
    total: int = 0
    gates: Mapping[ItemKey, Decision] = field(default_factory=dict)
    reached: tuple[ItemKey, ...] = ()
    days: Mapping[str, date] = field(default_factory=dict)
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDigest:
    """What is kept of a reader.

    Attributes:
        at: when a digest was last made, whether anything was sent or not; what is due is computed from it.
        period: the slot that was for.
        told: what they know of each rollout.
        references: message ids of their mails by thread, oldest first.
    """

    at: datetime
    period: str = ""
    told: Mapping[RolloutId, Told] = field(default_factory=dict)
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def silent(self, now: datetime, period: str) -> LastDigest:
        """After a look that found nothing to tell."""
        return replace(self, at=now, period=period)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is different.

    Attributes:
        weight: how bad, the highest first.
        topic: what it is about, without the numbers that another hour would change.
    """

    weight: int
    topic: str
    words: str


def told_of(scope: Scope, soon: tuple[Coming, ...], now: datetime) -> Told:
    """What a reader knows after this digest."""
    review, rows = scope.review, scope.rows
    return Told(
        at=now,
        colour=review.colour,
        agreed=review.dates.agreed,
        signals={one.name: one.colour for one in review.signals if one.counts},
        p50=review.dates.p50,
        p_target=review.dates.p_target,
        done=sum(row.look is Look.DONE for row in rows),
        late=sum(row.is_late for row in rows),
        total=sum(row.look is not Look.GONE for row in rows),
        gates={row.item.key: row.gate.decision for row in rows if row.gate is not None},
        reached=tuple(row.item.key for row in rows if row.item.kind is ItemKind.MILESTONE and row.look is Look.DONE),
        days={one.key: one.day for one in soon},
        findings=tuple(identity(one) for one in scope.findings),
    )


def identity(finding: Finding) -> str:
    """What makes it the same finding another day."""
    return f"{finding.code} {finding.where}"


def changes(before: Told, after: Told, scope: Scope, zone: str) -> tuple[Change, ...]:
    """What is different since the digest before, worst first; deadlines fall on days of `zone`, an IANA name."""
    found = [
        *_colours(before, after, scope),
        *_dates(before, after, scope),
        *_gates(before, after, scope, zone),
        *_work(before, after, scope),
    ]
    return tuple(sorted(found, key=lambda one: -one.weight))


def arrow(before: Colour | None, after: Colour) -> str:
    """`v` worse, `^` better, `=` the same; nothing for a first digest. Grey is no improvement."""
    if before is None:
        return ""
    step = WORSE.index(after) - WORSE.index(before)
    return "v" if step > 0 else "^" if step < 0 and after is not Colour.GREY else "="


def _colours(before: Told, after: Told, scope: Scope) -> Iterator[Change]:
    if before.colour is not after.colour:
        is_worse = arrow(before.colour, after.colour) == "v"
        words = f"The rollout is {after.colour.value} now, it was {before.colour.value}"
        yield Change(weight=100 if is_worse else 40, topic="colour", words=words)
    reasons = {one.name: scope.reason(one) for one in scope.review.signals}
    status = scope.status()
    for name, colour in after.signals.items():
        was = before.signals.get(name)
        if was is None or was is colour or (name is SignalName.FORECAST and _is_news(before, after)):
            continue  # the chances that moved say the same with numbers
        is_worse = arrow(was, colour) == "v"
        why = "" if reasons[name] in status else f": {reasons[name]}"
        words = f"{SIGNAL_WORDS[name]} turned {colour.value}, was {was.value}{why}"
        weight = (75 if colour is Colour.RED else 65) if is_worse else 30
        yield Change(weight=weight, topic=f"signal {name} {colour}", words=words)


def _dates(before: Told, after: Told, scope: Scope) -> Iterator[Change]:
    if before.agreed != after.agreed:
        reason = scope.case.snapshot.agreed[-1].reason if scope.case.snapshot.agreed else ""
        why = f": {clipped(reason, _TITLE)}" if reason else ""
        words = f"The agreed go-live moved from {short_day(before.agreed)} to {short_day(after.agreed)}{why}"
        yield Change(weight=95, topic=f"agreed {after.agreed}", words=words)
    if _is_news(before, after):
        yield _odds(before, after)


def _odds(before: Told, after: Told) -> Change:
    chance, shift = _chance_step(before, after), _shift(before, after)
    parts = []
    if chance:
        parts.append(f"{short_day(after.agreed)} is {share(after.p_target)} likely, was {share(before.p_target)}")
    if shift:
        parts.append(f"even odds by {short_day(after.p50)}, was {short_day(before.p50)}")
    is_worse = chance < 0 or (chance == 0 and shift > 0)
    weight = 70 if is_worse else 28
    return Change(weight=weight, topic="forecast", words=_capital("; ".join(parts)))


def _is_news(before: Told, after: Told) -> bool:
    return abs(_chance_step(before, after)) >= LEAST_CHANCE or abs(_shift(before, after)) >= LEAST_SHIFT


def _chance_step(before: Told, after: Told) -> float:
    known = before.p_target is not None and after.p_target is not None
    return (after.p_target or 0.0) - (before.p_target or 0.0) if known else 0.0


def _shift(before: Told, after: Told) -> int:
    return (after.p50 - before.p50).days if before.p50 and after.p50 else 0


_GATE_WEIGHTS = {
    Decision.REJECTED: 90,
    Decision.NOT_YET: 80,
    Decision.WAITING: 45,
    Decision.CONDITIONS: 27,
    Decision.APPROVED: 25,
    Decision.NOT_ASKED: 20,
}


def _gates(before: Told, after: Told, scope: Scope, zone: str) -> Iterator[Change]:
    for key, decision in after.gates.items():
        was = before.gates.get(key, Decision.NOT_ASKED)
        if was is decision or (decision is Decision.WAITING and scope.decides(scope.items[key])):
            continue  # what the reader is to decide stands above
        title = f'"{clipped(scope.title(key), _TITLE)}"'
        weight = 85 if was.opens and not decision.opens else _GATE_WEIGHTS[decision]
        words = f"{title} {_decided(key, was, decision, scope, zone)}"
        yield Change(weight=weight, topic=f"gate {key} {decision}", words=words)


def _decided(key: ItemKey, was: Decision, decision: Decision, scope: Scope, zone: str) -> str:
    gate = scope.case.snapshot.gates[key]
    if decision is Decision.WAITING:
        approval = scope.items[key].approval
        names = ", ".join(one.name for one in approval.approvers) if approval is not None else ""
        again = "has to be decided again" if was.opens else "is to be decided"
        due = f", due {short_day(gate.due_at.astimezone(ZoneInfo(zone)).date())}" if gate.due_at else ""
        return f"{again} by {clipped(names, _TITLE) or 'nobody yet'}{due}"
    if decision is Decision.NOT_ASKED:
        return "is not asked for any more"
    people = {one.email.lower(): one.name for one in scope.case.rollout.people}
    who = ", ".join(dict.fromkeys(people.get(one.by.lower(), "") for one in gate.votes if one.decision is decision))
    said = 'was answered with "not yet"' if decision is Decision.NOT_YET else f"is {decision.value}"
    return f"{said} by {clipped(who, _TITLE)}" if who.strip(", ") else said


def _work(before: Told, after: Told, scope: Scope) -> Iterator[Change]:
    late, done = after.late - before.late, after.done - before.done
    if late:
        now = f"{after.late} now" if after.late else "none is late now"
        word = f"{count(late, 'more item')} {_is(late)} late" if late > 0 else f"{count(-late, 'item')} fewer late"
        yield Change(weight=60 if late > 0 else 22, topic=f"late {after.late}", words=f"{word}: {now}")
    for key in after.reached:
        if key not in before.reached:
            words = f'Reached: "{clipped(scope.title(key), _TITLE)}"'
            yield Change(weight=35, topic=f"reached {key}", words=words)
    yield from _moves(before, scope)
    new = [one for one in after.findings if one not in before.findings]
    if new:
        words = f"{count(len(new), 'new finding')}, listed below"
        yield Change(weight=50, topic=f"findings {sorted(new)}", words=words)
    if done:
        word = f"{count(done, 'more item')} {_is(done)} done" if done > 0 else f"{count(-done, 'item')} reopened"
        words = f"{word}: {after.done} of {after.total}"
        yield Change(weight=10 if done > 0 else 55, topic=f"done {after.done}", words=words)


def _moves(before: Told, scope: Scope) -> Iterator[Change]:
    """What was announced for one day and is on another now."""
    now = {row.item.key: row for row in scope.all_rows}
    for key, day in before.days.items():
        row = now.get(ItemKey(key))
        if row is None or row.look in {Look.DONE, Look.GONE} or row.gate is not None:
            continue
        moved = row.start if row.item.kind is ItemKind.TRAINING else row.finish
        if moved != day:
            words = f'"{clipped(row.title, _TITLE)}" moved from {short_day(day)} to {short_day(moved)}'
            yield Change(weight=58, topic=f"moved {key} {moved}", words=words)


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
