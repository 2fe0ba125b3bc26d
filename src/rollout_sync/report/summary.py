"""The summary that boards and chats show: the digest in a few lines, for everybody who sees the board. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollout_sync.health.forecast import Basis
from rollout_sync.health.review import Case, Colour, Review, Signal, Tally
from rollout_sync.model.rollout import Item
from rollout_sync.model.snapshot import GateState
from rollout_sync.reconcile.gate_notices import unheard
from rollout_sync.report.digest import Made
from rollout_sync.report.owing import waiting
from rollout_sync.report.words import SIGNAL_WORDS, SIGNS, age, clipped, count, day, moment, moved, sentence, share
from rollout_sync.trackers.boards import Summary

MOST_SIGNALS = 4
MOST_DECISIONS = 3
MOST_CONTRADICTIONS = 2
_TITLE = 80
_LINE = 300


def summary_of(made: Made) -> Summary:
    """What to show of a rollout. The same review gives the same summary."""
    case, review = made.case, made.review
    signals = tuple(_loud(review))[:MOST_SIGNALS]
    owed = _owed(case)
    bullets = [
        _tally(review.tally),
        *(_signal(one) for one in signals),
        *(_decision(item, gate, case) for item, gate in owed[:MOST_DECISIONS]),
        *(f"Does not fit together: {one}" for one in review.contradictions[:MOST_CONTRADICTIONS]),
    ]
    if (more := len(owed) - MOST_DECISIONS) > 0:
        bullets.append(f"{count(more, 'more decision')} {'is' if more == 1 else 'are'} waited for")
    return Summary(
        headline=clipped(sentence(review.sentence), _LINE),
        dates=_dates(review),
        bullets=tuple(clipped(sentence(one), _LINE) for one in bullets),
        as_of=f"As of {moment(review.at)}. This text is written over when something changes.",
        facts=tuple(_facts(review, [gate for _, gate in owed])),
    )


def _loud(review: Review) -> Iterator[Signal]:
    """What keeps it from green, the biggest drag first."""
    loud = [one for one in review.signals if one.counts and one.colour in {Colour.AMBER, Colour.RED}]
    return iter(sorted(loud, key=lambda one: one.name is not review.drag))


def _owed(case: Case) -> list[tuple[Item, GateState]]:
    """Decisions that are owed, the oldest first."""
    open_ones = [(item, gate) for item in case.rollout.items if (gate := waiting(item, case)) is not None]
    return sorted(open_ones, key=lambda one: (one[1].asked_at or case.now, one[1].gate))


def _tally(tally: Tally) -> str:
    parts = [f"{tally.done} of {count(tally.total, 'item')} done"]
    parts += [f"{number} {word}" for number, word in ((tally.late, "late"), (tally.held, "held")) if number]
    parts += [f"{tally.added} added by people"] if tally.added else []
    return ", ".join(parts)


def _signal(signal: Signal) -> str:
    return f"{SIGNAL_WORDS[signal.name]} is {SIGNS[signal.colour].word.lower()}: {signal.sentence}"


def _decision(item: Item, gate: GateState, case: Case) -> str:
    state = case.snapshot.items.get(item.key)
    title = clipped((state.title if state else "") or item.title, _TITLE)
    asked = unheard(item.approval, gate) if item.approval is not None else ()
    names = ", ".join(clipped(one.name, _TITLE) for one in asked)
    since = f", for {age(gate.asked_at, case.now)}" if gate.asked_at else ""
    return f"“{title}” waits for a decision{f' of {names}' if names else ''}{since}"


def _dates(review: Review) -> str:
    dates = review.dates
    parts = [f"Go-live: agreed {day(dates.agreed)}"]
    if dates.moves:
        parts.append(f"originally {day(dates.original)} ({moved(dates.moves)})")
    if review.forecast is not None and review.forecast.basis is Basis.FINISHED:
        return " · ".join([*parts, f"live since {day(dates.p50)}"])
    if dates.p50 is not None:
        parts += [f"even odds {day(dates.p50)}", f"80\u00a0% likely by {day(dates.p80)}"]
    if dates.p_target is not None:
        parts.append(f"{share(dates.p_target)} likely in time")
    return " · ".join(parts)


def _facts(review: Review, waiting_ones: Sequence[GateState]) -> Iterator[str]:
    """Without ages and exact chances, which every hour changes."""
    dates, tally = review.dates, review.tally
    yield review.colour.value
    yield from (f"{one.name} {one.colour}" for one in review.signals if one.counts)
    yield from (str(one) for one in (dates.original, dates.agreed, dates.p50, dates.p80))
    yield from (str(one) for one in (tally.total, tally.done, tally.late, tally.held, tally.added))
    yield from (one.gate for one in waiting_ones)
    yield str(len(review.contradictions))
    if review.override is not None:
        yield f"{review.override.colour} {review.override.until} {review.override.reason}"
