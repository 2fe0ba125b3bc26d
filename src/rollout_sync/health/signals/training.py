"""The training signal: sessions that were held, or will likely be held by the wave day of their department."""

from __future__ import annotations

from collections.abc import Sequence

from rollout_sync.health import phrases
from rollout_sync.health.activities import CLOSES, moment_at
from rollout_sync.health.colours import LIKELY, from_share
from rollout_sync.health.review import Colour, Signal, SignalName
from rollout_sync.health.view import View
from rollout_sync.model.rollout import Item, ItemKind

READY = 0.95
"""Share of sessions held or likely to be held in time from which training is green."""
NOT_READY = 0.85
"""Below this share it is red."""
IN_SIGHT = 15
"""Working days before a session from which it counts."""
FEWEST = 5
"""Below so many sessions in sight there are no shares, only counts."""
_SHOWN = 5


def training(view: View) -> Signal:
    """Sessions in sight, of which those count as ready that are done or that have good odds to be in time."""
    sessions = [item for item in view.items if item.kind is ItemKind.TRAINING]
    if not sessions:
        return _grey("no training is planned")
    near = [item for item in sessions if not view.is_open(item.key) or _days_to(view, item) <= IN_SIGHT]
    if not near:
        first = min(view.planned[item.key].first for item in sessions)
        return _grey(f"the first session is on {phrases.on(first, view.today)}")
    unsure = sorted(
        (item for item in near if not _is_ready(view, item)), key=lambda item: (view.needed_by(item), item.key)
    )
    return Signal(
        name=SignalName.TRAINING,
        colour=_colour(view, near, unsure),
        sentence=_sentence(view, near, unsure),
        score=round(100 * (1 - len(unsure) / len(near)), 1),
        items=tuple(item.key for item in unsure)[:_SHOWN],
    )


def _grey(sentence: str) -> Signal:
    return Signal(name=SignalName.TRAINING, colour=Colour.GREY, sentence=sentence, counts=False)


def _days_to(view: View, item: Item) -> int:
    return view.case.calendar.between(view.today, view.planned[item.key].first)


def _is_ready(view: View, item: Item) -> bool:
    """Done, or likely to be; without a simulation of it, not over its day yet."""
    if not view.is_open(item.key):
        return True
    end = view.ends.get(item.key)
    return not _is_missed(view, item) if end is None else end.chance >= LIKELY


def _is_missed(view: View, item: Item) -> bool:
    return moment_at(view.needed_by(item), CLOSES) < view.case.now


def _colour(view: View, near: Sequence[Item], unsure: Sequence[Item]) -> Colour:
    if len(near) >= FEWEST:
        return from_share(round(1 - len(unsure) / len(near), 4), READY, NOT_READY)
    if any(_is_missed(view, item) for item in unsure):
        return Colour.RED
    return Colour.AMBER if unsure else Colour.GREEN


def _sentence(view: View, near: Sequence[Item], unsure: Sequence[Item]) -> str:
    sessions = phrases.count(len(near), "session")
    if not unsure:
        return _all_well(view, near, sessions)
    first = unsure[0]
    day = phrases.on(view.needed_by(first), view.today)
    why = "was not held by" if _is_missed(view, first) else "is unlikely to be held by"
    ready = len(near) - len(unsure)
    share = f" ({phrases.percent(ready / len(near))})" if len(near) >= FEWEST else ""
    name = phrases.title(view.titles[first.key])
    return f"{ready} of {sessions} {phrases.are(ready)} held or likely in time{share}; {name} {why} {day}"


def _all_well(view: View, near: Sequence[Item], sessions: str) -> str:
    held = sum(not view.is_open(item.key) for item in near)
    if held < len(near):
        return f"{held} of {sessions} {phrases.are(held)} held, the others are likely in time"
    return f"all {sessions} are held" if held > 1 else "the one session in sight was held"
