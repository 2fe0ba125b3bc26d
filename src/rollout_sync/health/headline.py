"""The one sentence of a review: the colour, why, and the date, in at most 25 words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from rollout_sync.health import phrases
from rollout_sync.health.review import Colour, Dates, PastReview, Signal, SignalName
from rollout_sync.health.view import View
from rollout_sync.model.snapshot import Override

WORDS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The colours of a review.

    Attributes:
        shown: what views show.
        computed: by the rules, after hysteresis; the last known one where data cannot be trusted.
        now: by the signals alone, before hysteresis.
        is_stale: data are too old; `is_lost`: they are too old or too thin to tell a colour.
        override: the colour that a person set, where it holds.
    """

    shown: Colour
    computed: Colour
    now: Colour
    is_stale: bool = False
    is_lost: bool = False
    override: Override | None = None


def sentence(
    view: View,
    verdict: Verdict,
    signals: Sequence[Signal],
    *,
    drag: SignalName | None,
    dates: Dates,
    known: PastReview | None,
) -> str:
    """In the order: colour, signal and its reason, date and chance."""
    word = verdict.shown.value.capitalize()
    by_name = {one.name: one for one in signals}
    if verdict.override is not None and verdict.shown.value == verdict.override.colour:
        return _set_by_hand(view, verdict, verdict.override)
    if verdict.is_lost:
        return _lost(view, verdict, by_name[SignalName.DATA], known)
    if drag is None and verdict.shown is Colour.GREEN:
        return _green(view, by_name[SignalName.FORECAST], dates)
    if verdict.shown is not verdict.now:
        return _not_yet_better(view, verdict, dates)
    blamed = by_name[drag or SignalName.FORECAST]
    ending = _ending(view, dates, blamed.name)
    return phrases.capped(f"{word} because {_name(blamed)}:", _first(blamed), ending, WORDS)


def _first(signal: Signal) -> str:
    return signal.sentence.partition("; ")[0]


def _name(signal: Signal) -> str:
    return "go-live" if signal.name is SignalName.FORECAST else signal.name.value


def _ending(view: View, dates: Dates, blamed: SignalName | None = None) -> str:
    """The date; where the forecast itself is to blame, when it is rather."""
    if view.live_on is not None:
        day = phrases.on(view.live_on, view.today)
        is_told = blamed is SignalName.FORECAST
        return "" if is_told else f"live since {day}" if view.is_live else f"ready for go-live on {day}"
    if dates.p_target is None or dates.p80 is None:
        return f"go-live agreed for {phrases.on(dates.agreed, view.today)}"
    if blamed is SignalName.FORECAST:
        return f"80 % likely by {phrases.on(dates.p80, view.today)}"
    return f"go-live {phrases.on(dates.agreed, view.today)} {phrases.chance(dates.p_target)} likely"


def _green(view: View, forecast: Signal, dates: Dates) -> str:
    done = sum(not view.is_open(item.key) for item in view.items)
    progress = f"{done} of {phrases.count(len(view.items), 'item')} {phrases.are(done)} done"
    if view.live_on is not None:
        return phrases.capped("Green:", _first(forecast), progress, WORDS)
    return phrases.capped("Green:", progress, _ending(view, dates), WORDS)


def _not_yet_better(view: View, verdict: Verdict, dates: Dates) -> str:
    word, now = verdict.shown.value.capitalize(), verdict.now.value
    return phrases.capped(f"{word} until the next review", f"confirms {now}", _ending(view, dates), WORDS)


def _lost(view: View, verdict: Verdict, data: Signal, known: PastReview | None) -> str:
    word = verdict.shown.value.capitalize()
    if known is None:
        return phrases.capped(f"{word} because data:", _first(data), "no colour was known before", WORDS)
    day = phrases.on(known.at.astimezone(UTC).date(), view.today)
    return phrases.capped(
        f"{word} because data:", _first(data), f"{known.computed.value} when last known, {day}", WORDS
    )


def _set_by_hand(view: View, verdict: Verdict, override: Override) -> str:
    word, until = verdict.shown.value.capitalize(), phrases.on(override.until, view.today)
    reason = phrases.plain(override.reason)
    ending = f"computed: {verdict.computed.value}"
    return phrases.capped(f"{word}, set by {phrases.plain(override.by)} until {until}:", reason, ending, WORDS)
