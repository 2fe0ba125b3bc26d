"""The forecast signal: the chance to be live by the agreed day, and what makes it red or amber whatever the chance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

from rollout_sync.health import phrases
from rollout_sync.health.activities import CLOSES, moment_at
from rollout_sync.health.colours import from_chance, worst
from rollout_sync.health.forecast import Basis, Forecast
from rollout_sync.health.hindsight import cover
from rollout_sync.health.network import Status
from rollout_sync.health.pace import SPREAD_WITHIN
from rollout_sync.health.review import Colour, PastReview, Signal, SignalName
from rollout_sync.health.view import View
from rollout_sync.model.rollout import Item, ItemKind
from rollout_sync.model.snapshot import Decision
from rollout_sync.schedule.network import duration_of

ENOUGH_FINISHED = 5
"""Below so many finished items the forecast has low confidence: it rests on the prior."""
GRACES = 2
"""P80 later than so many graces after the agreed day is amber at least; once live, so late is red."""
DRIVING = 0.5
"""Share of trials from which an open item counts as driving."""
OLD_AGE = 1.0364333894937898
"""Standard normal quantile of 0.85: older than that is what 85 of 100 items of this length and pace are not."""
_SHOWN = 5


def go_live(view: View, before: PastReview | None) -> Signal:
    """Colours of the chance with grace; at once red or at least amber where a rule says so."""
    found = view.forecast
    if found is None:
        return Signal(name=SignalName.FORECAST, colour=Colour.GREY, sentence="nothing is left that go-live waits for")
    if found.basis is Basis.FINISHED:
        return _live(view)
    return _coming(view, found, before)


def _live(view: View) -> Signal:
    """Everything before go-live is done: the real day against the agreed one."""
    live, agreed, grace = view.live_on or view.agreed, view.agreed, view.case.rollout.grace_days
    late = max(view.case.calendar.between(agreed, live), 0)
    colour = Colour.GREEN if late <= grace else Colour.AMBER if late <= GRACES * grace else Colour.RED
    day = phrases.on(live, view.today)
    if not view.is_live:
        sentence = f"everything before go-live is done, ready for {day}"
    elif late:
        sentence = f"live since {day}, {phrases.days(late)} after the agreed {phrases.on(agreed, view.today)}"
    else:
        sentence = f"live since {day}, as agreed" if live == agreed else f"live since {day}, before the agreed day"
    held = cover(view.case.earlier, view.finished_on) if view.finished_on else None
    if held is not None:
        sentence += f"; {phrases.percent(held)} of the earlier P10 to P90 intervals held the real day"
    score = {Colour.GREEN: 100.0, Colour.AMBER: 50.0}.get(colour, 0.0)
    return Signal(name=SignalName.FORECAST, colour=colour, sentence=sentence, score=score)


def _coming(view: View, found: Forecast, before: PastReview | None) -> Signal:
    chance = found.p_grace or 0.0
    thin = found.finished < ENOUGH_FINISHED
    was = Colour.GREY if before is None else before.signals.get(SignalName.FORECAST, Colour.GREY)
    by_chance = from_chance(chance, was, None if before is None else before.p_grace, thin=thin)
    red, amber = list(_red_at_once(view)), list(_at_least_amber(view, found))
    floor = Colour.RED if red else Colour.AMBER if amber else Colour.GREEN
    first = red or (amber if by_chance is Colour.GREEN else [])
    rules = list(dict.fromkeys([*first, *red, *amber]))
    parts = [sentence for sentence, _ in first]
    parts.append(_chances(view, found))
    parts += [sentence for sentence, _ in rules[len(first) :]]
    if thin:
        items = phrases.count(found.total, "item")
        parts.append(f"low confidence: {found.finished} of {items} {phrases.are(found.finished)} finished")
    drivers = sorted(found.criticality, key=lambda key: (-found.criticality[key], key))
    keys = dict.fromkeys([*(key for _, key in rules if key), *drivers])
    return Signal(
        name=SignalName.FORECAST,
        colour=worst([by_chance, floor]),
        sentence="; ".join(parts),
        score=round(100 * chance, 1),
        items=tuple(keys)[:_SHOWN],
    )


def _chances(view: View, found: Forecast) -> str:
    agreed = phrases.on(view.agreed, view.today)
    grace = view.case.rollout.grace_days
    with_grace = f", {phrases.chance(found.p_grace or 0.0)} with {phrases.days(grace)} of grace" if grace else ""
    return f"{phrases.chance(found.p_target or 0.0)} likely by {agreed}{with_grace}; {_deciles(view, found)}"


def _deciles(view: View, found: Forecast) -> str:
    p50, p80 = (phrases.on(view.shown(found.at(level)), view.today) for level in (0.5, 0.8))
    return f"even odds by {p50}, 80 % by {p80}"


def _red_at_once(view: View) -> Iterator[tuple[str, str]]:
    """Sentence and item of each rule that makes it red whatever the chance."""
    target = moment_at(view.agreed, CLOSES)
    if view.case.now > target:
        yield f"the agreed {phrases.on(view.agreed, view.today)} has passed and it is not live", ""
    for item in view.items:
        if item.key in view.counting and view.gate(item.key).decision is Decision.REJECTED and view.is_open(item.key):
            yield f"{phrases.title(view.titles[item.key])} was refused", item.key
    for item in view.items:
        end = view.ends.get(item.key)
        if end is not None and end.p10 > target and view.case.now <= target:
            yield (
                f"{phrases.title(view.titles[item.key])} cannot end before {phrases.on(view.agreed, view.today)}",
                item.key,
            )


def _at_least_amber(view: View, found: Forecast) -> Iterator[tuple[str, str]]:
    """Sentence and item of each rule that forbids green."""
    grace = GRACES * view.case.rollout.grace_days
    limit = moment_at(view.case.calendar.shift(view.agreed, grace), CLOSES)
    if found.at(0.8) > limit + timedelta(minutes=1):
        yield f"80 % odds come {f'more than {phrases.days(grace)} ' if grace else ''}after the agreed day", ""
    for item in view.items:
        if not view.is_open(item.key):
            continue
        if (blocked := _blocked(view, item)) > 0:
            yield (
                f"{phrases.title(view.titles[item.key])} has no slack and is blocked for {phrases.days(blocked)}",
                item.key,
            )
        elif (age := _aged(view, item, found)) > 0:
            yield (
                f"{phrases.title(view.titles[item.key])} drives the date and runs for {phrases.days(age)} already",
                item.key,
            )


def _blocked(view: View, item: Item) -> float:
    """Working days for which an item without slack is blocked, once they are more than its planned length."""
    since = view.progress[item.key].blocked_since
    if since is None or item.key not in view.counting or view.case.schedule.slots[item.key].slack > 0:
        return 0.0
    age = view.working_days(since, view.case.now)
    return age if age > duration_of(item) else 0.0


def _aged(view: View, item: Item, found: Forecast) -> float:
    """Working days for which a driving item runs, once 85 of 100 items of its length and pace would have ended."""
    progress = view.progress[item.key]
    is_driving = found.criticality.get(item.key, 0.0) >= DRIVING
    is_running = progress.status is Status.STARTED and item.kind is not ItemKind.APPROVAL
    if not (is_driving and is_running) or progress.started_at is None:
        return 0.0
    age = view.working_days(progress.started_at, view.case.now)
    return age if age > usual_limit(max(duration_of(item), 1), found) else 0.0


def usual_limit(days: float, found: Forecast) -> float:
    """Working days within which 85 of 100 items of this planned length end at this rollout's pace."""
    return days * found.pace.factor * math.exp(OLD_AGE * SPREAD_WITHIN)
