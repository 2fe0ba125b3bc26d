"""What moved since the last review of another day, in words, the largest change first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date

from rollout_sync.health import phrases
from rollout_sync.health.review import Colour, Dates, PastReview, Signal, SignalName, Tally
from rollout_sync.health.view import View

FACTS = 3
_A_DAY = 5.0
"""A working day of P50 weighs as much as five points of a score."""
_A_COLOUR = 25.0
_LEAST = 1.0


def of_another_day(earlier: Sequence[PastReview], today: date) -> PastReview | None:
    """The newest review that was not made today."""
    return next((past for past in reversed(earlier) if past.at.astimezone(UTC).date() < today), None)


def moved(
    view: View, past: PastReview | None, dates: Dates, signals: Sequence[Signal], tally: Tally
) -> tuple[str, ...]:
    """Up to three facts: the chance, the date with even odds, signals, and how much is done."""
    if past is None:
        return ()
    facts = [*_chance(view, past, dates), *_p50(view, past, dates), *_done(past, tally)]
    is_told = bool(facts) and past.p_grace is not None and dates.p_grace is not None
    facts += [
        fact
        for signal in signals
        if signal.name is not SignalName.FORECAST or not is_told
        for fact in _signal(past, signal)
    ]
    ranked = sorted((fact for fact in facts if fact[0] >= _LEAST), key=lambda fact: -fact[0])
    return tuple(sentence for _, sentence in ranked[:FACTS])


def _chance(view: View, past: PastReview, dates: Dates) -> Iterator[tuple[float, str]]:
    if past.p_grace is None or dates.p_grace is None:
        return
    verb = "rose" if dates.p_grace > past.p_grace else "fell"
    day = phrases.on(dates.agreed, view.today)
    yield (
        100 * abs(dates.p_grace - past.p_grace),
        f"the chance of {day} with grace {verb} from {phrases.chance(past.p_grace)} to {phrases.chance(dates.p_grace)}",
    )


def _p50(view: View, past: PastReview, dates: Dates) -> Iterator[tuple[float, str]]:
    """Earlier reviews are kept as computed; here they are told as dates are told now."""
    if past.p50 is None or dates.p50 is None:
        return
    before = view.told(past.p50)
    slip = view.case.calendar.between(before, dates.p50)
    if slip:
        old, new = phrases.on(before, view.today), phrases.on(dates.p50, view.today)
        size = f"{phrases.days(abs(slip))} {'later' if slip > 0 else 'earlier'}"
        yield _A_DAY * abs(slip), f"even odds moved from {old} to {new}, {size}"


def _done(past: PastReview, tally: Tally) -> Iterator[tuple[float, str]]:
    more = tally.done - past.done
    if not more or not tally.total:
        return
    noun = phrases.count(abs(more), "more item" if more > 0 else "item")
    verb = "done" if more > 0 else "no longer done"
    yield 100 * abs(more) / tally.total, f"{noun} {phrases.are(abs(more))} {verb}: {tally.done} of {tally.total}"


def _signal(past: PastReview, signal: Signal) -> Iterator[tuple[float, str]]:
    was, before = past.signals.get(signal.name, Colour.GREY), past.scores.get(signal.name)
    size = abs(signal.score - before) if signal.score is not None and before is not None else 0.0
    name = signal.name.value
    if was is not signal.colour and Colour.GREY not in {was, signal.colour}:
        yield size + _A_COLOUR, f"{name} went from {was.value} to {signal.colour.value}"
    elif size and signal.score is not None and before is not None:
        verb = "rose" if signal.score > before else "fell"
        yield size, f"{name} {verb} from {before:.0f} to {signal.score:.0f} points"
