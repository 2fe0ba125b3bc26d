"""The training signal: sessions that were held, or will likely be held by the wave day of their department.

Where people were invited through a calendar, their answers count too: a session that many decline is at risk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollout_sync.health import phrases
from rollout_sync.health.activities import CLOSES, moment_at
from rollout_sync.health.colours import LIKELY, from_share, worst
from rollout_sync.health.review import Colour, Signal, SignalName
from rollout_sync.health.view import View
from rollout_sync.model.rollout import Item, ItemKind
from rollout_sync.model.sessions import Answer, SessionState, Stage, Way

READY = 0.95
"""Share of sessions held or likely to be held in time from which training is green."""
NOT_READY = 0.85
"""Below this share it is red."""
IN_SIGHT = 15
"""Working days before a session from which it counts."""
FEWEST = 5
"""Below so many sessions in sight there are no shares, only counts. The same goes for people who were invited."""
DECLINED = 0.30
"""Above this share of the invited who declined, training is amber at least."""
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
    asked = tuple(_invited(view, near))
    return Signal(
        name=SignalName.TRAINING,
        colour=worst([_colour(view, near, unsure), _colour_of_answers(asked)]),
        sentence="; ".join(part for part in (_sentence(view, near, unsure), _answers(asked)) if part),
        score=round(100 * (1 - len(unsure) / len(near)), 1),
        items=tuple(dict.fromkeys([*(item.key for item in unsure), *_declined(asked)]))[:_SHOWN],
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


def _invited(view: View, near: Sequence[Item]) -> Iterator[SessionState]:
    """Open sessions of which a calendar knows who comes."""
    for item in near:
        state = view.case.snapshot.sessions.get(item.key)
        if state is None or not view.is_open(item.key):
            continue
        if state.way is Way.CALENDAR and state.stage is Stage.INVITED and state.invited:
            yield state


def _share(asked: Sequence[SessionState]) -> float:
    """Of all who were invited, those who declined."""
    return _count(asked, Answer.DECLINED) / max(sum(len(one.invited) for one in asked), 1)


def _count(asked: Sequence[SessionState], answer: Answer) -> int:
    return sum(one.count(answer) for one in asked)


def _colour_of_answers(asked: Sequence[SessionState]) -> Colour:
    """Amber where many declined, of all or of one session; otherwise green, for silence is no refusal."""
    groups = [asked, *((one,) for one in asked)]
    many = [one for one in groups if sum(len(each.invited) for each in one) >= FEWEST and _share(one) > DECLINED]
    return Colour.AMBER if many else Colour.GREEN


def _declined(asked: Sequence[SessionState]) -> Iterator[str]:
    """Sessions that many declined."""
    return (one.item for one in asked if _colour_of_answers((one,)) is Colour.AMBER)


def _answers(asked: Sequence[SessionState]) -> str:
    """What those who were invited said; nothing before anybody was."""
    invited = sum(len(one.invited) for one in asked)
    if not invited:
        return ""
    accepted, declined = _count(asked, Answer.ACCEPTED), _count(asked, Answer.DECLINED)
    share = f" ({phrases.percent(accepted / invited)})" if invited >= FEWEST else ""
    refused = f", {declined} declined" if declined else ""
    return f"{accepted} of {invited} invited accepted{share}{refused}"
