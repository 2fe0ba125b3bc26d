"""How the odds of a plan look: the wished date, a likely one, why, and what beginning earlier is worth."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rollout_sync.cli.screen import Screen

if TYPE_CHECKING:
    from rollout_sync.sync.forecasting import Prospect

WIDTH = 100
"""Columns that sentences are wrapped to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReason:
    """One cause that pushes the finish back; `days` are working days."""

    cause: str
    days: float
    items: tuple[str, ...]
    sentence: str
    what_if: str
    p_then: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEarlier:
    """The chance to keep the wished go-live if everything began `days` working days earlier."""

    days: int
    start: date
    go_live: date
    p_target: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOdds:
    """The odds for people and programs; chances are from 0 to 1.

    Attributes:
        p_grace: chance to be live by the target and the rollout's days of grace.
        past_rollouts: finished rollouts in the ledger that these odds learn from.
        fingerprint: of everything that the odds were computed from; equal ones mean equal odds.
    """

    target: date
    p_target: float
    p_grace: float
    p50: date
    p80: date
    reasons: tuple[ShownReason, ...]
    earlier: ShownEarlier | None
    past_rollouts: int
    fingerprint: str


def shown_odds(prospect: Prospect) -> ShownOdds:
    """What to show of the odds."""
    found, then = prospect.odds, prospect.earlier
    return ShownOdds(
        target=found.target,
        p_target=found.p_target,
        p_grace=found.p_grace,
        p50=found.p50,
        p80=found.p80,
        reasons=tuple(
            ShownReason(
                cause=one.cause.value,
                days=one.days,
                items=one.items,
                sentence=one.sentence,
                what_if=one.what_if,
                p_then=one.p_then,
            )
            for one in found.reasons
        ),
        earlier=None
        if then is None
        else ShownEarlier(days=then.days, start=then.start, go_live=then.go_live, p_target=then.p_target),
        past_rollouts=prospect.past_rollouts,
        fingerprint=found.forecast.fingerprint,
    )


def write_odds(odds: ShownOdds, screen: Screen) -> None:
    """The odds in a few lines."""
    later = f" {screen.symbols.dot} 80 % likely by {day(odds.p80)}" if odds.p80 > odds.target else ""
    screen.line(f"  go-live {day(odds.target)}: {likely(odds.p_target)}{later}")
    if (then := odds.earlier) is not None:
        words = f"{then.days} working day{'' if then.days == 1 else 's'} earlier"
        screen.line(f"  begun {words} ({day(then.start)}, planned for {day(then.go_live)}): {likely(then.p_target)}")
    if odds.past_rollouts:
        words = "1 finished rollout" if odds.past_rollouts == 1 else f"{odds.past_rollouts} finished rollouts"
        screen.line(f"  learnt from {words} of yours")
    if odds.reasons:
        screen.line("  what pushes it back, in working days:")
    for reason in odds.reasons:
        for line in textwrap.wrap(reason.sentence, WIDTH, initial_indent="    ", subsequent_indent="      "):
            screen.line(line)


_SURELY = 0.005
"""What would round to 0 or 100 % is said in words: nothing is certain."""


def likely(chance: float) -> str:
    """`61 % likely`."""
    if chance < _SURELY:
        return "less than 1 % likely"
    if chance > 1 - _SURELY:
        return "more than 99 % likely"
    return f"{100 * chance:.0f} % likely"


def day(when: date) -> str:
    """`Mon 1 Mar 2027`, without the platform's own formats."""
    return f"{when:%a} {when.day} {when:%b %Y}"
