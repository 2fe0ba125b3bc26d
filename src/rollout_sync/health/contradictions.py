"""What does not fit together: green outside, red inside. Listed whatever the colour is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollout_sync.health import phrases
from rollout_sync.health.network import Status
from rollout_sync.health.review import Colour
from rollout_sync.health.signals.approvals import started_early
from rollout_sync.health.view import View
from rollout_sync.model.rollout import Item, ItemKey, ItemKind, LinkType
from rollout_sync.model.snapshot import Decision
from rollout_sync.schedule.network import duration_of

NEARLY_ALL = 0.9
HALF = 0.5
"""This share of the items is done, but less than that share of the work."""
FORGOTTEN_TIMES = 3
FORGOTTEN_DAYS = 10
"""Started so many times its planned length ago, and at least so many working days: nobody seems to work on it."""


def contradictions(view: View, shown: Colour) -> tuple[str, ...]:
    """One sentence each, the gravest kinds first."""
    return (
        *_late_but_green(view, shown),
        *_done_without_light(view),
        *_running_before_asked(view),
        *_out_of_order(view),
        *_small_things_first(view),
        *_due_after_go_live(view),
        *_moved_out_of_sight(view),
        *_forgotten(view),
    )


def _late_but_green(view: View, shown: Colour) -> Iterator[str]:
    found = view.forecast
    if shown is not Colour.GREEN or found is None or view.live_on is not None:
        return
    p80 = view.shown(found.at(0.8))
    if p80 > view.agreed:
        yield (
            f"it is green, but has 80 % odds only by {phrases.on(p80, view.today)}, "
            f"after the agreed {phrases.on(view.agreed, view.today)}"
        )


def _done_without_light(view: View) -> Iterator[str]:
    early = [key for key in started_early(view) if not view.is_open(key)]
    if early:
        yield f"{_named(view, early)} {phrases.are(len(early))} done without a green light"


def _running_before_asked(view: View) -> Iterator[str]:
    running = [
        item.key
        for item in view.items
        if view.progress[item.key].status is Status.STARTED
        and any(view.gate(gate).decision is Decision.NOT_ASKED for gate in view.shut(item))
    ]
    if running:
        verb = phrases.are(len(running))
        yield f"{_named(view, running)} {verb} being worked on before the green light was even asked for"


def _out_of_order(view: View) -> Iterator[str]:
    pairs = [(item, before) for item in view.items if not view.is_open(item.key) for before in _still_open(view, item)]
    if pairs:
        item, before = pairs[0]
        more = f", and {len(pairs) - 1} more like it" if len(pairs) > 1 else ""
        first, second = phrases.title(view.titles[item.key]), phrases.title(view.titles[before])
        yield f"{first} is done, but {second} before it is not{more}"


def _still_open(view: View, item: Item) -> list[ItemKey]:
    """Work that had to be finished before; open gates are told elsewhere."""
    return [
        wait.item
        for wait in item.after
        if wait.link is LinkType.FINISH_START
        and wait.lag >= 0
        and wait.item in view.progress
        and wait.item not in item.held_by
        and view.is_open(wait.item)
    ]


def _small_things_first(view: View) -> Iterator[str]:
    done = [item for item in view.items if not view.is_open(item.key)]
    work, whole = sum(view.weights[item.key] for item in done), sum(view.weights.values())
    if not view.items or not whole:
        return
    by_count, by_work = len(done) / len(view.items), work / whole
    if by_count >= NEARLY_ALL and by_work < HALF:
        yield f"{phrases.percent(by_count)} of the items are done, but only {phrases.percent(by_work)} of the work"


def _due_after_go_live(view: View) -> Iterator[str]:
    late = [
        item.key
        for item in view.items
        if item.key in view.counting and view.is_open(item.key) and view.planned[item.key].last > view.agreed
    ]
    if late:
        last = phrases.on(max(view.planned[key].last for key in late), view.today)
        yield f"go-live waits for {_named(view, late)}, due after it ({last} at the latest)"


def _moved_out_of_sight(view: View) -> Iterator[str]:
    """Late by the frozen dates, and not by those on the boards."""
    moved = [
        item.key
        for item in view.items
        if view.is_open(item.key)
        and (frozen := view.case.baseline.get(item.key)) is not None
        and frozen[1] < view.today <= view.planned[item.key].last
    ]
    if moved:
        verb = phrases.are(len(moved))
        yield f"{_named(view, moved)} {verb} late by the first plan, but on the boards the dates were moved"


def _forgotten(view: View) -> Iterator[str]:
    found = [(age, item) for item in view.items if (age := _running(view, item)) > _patience(item)]
    if found:
        age, item = max(found, key=lambda pair: (pair[0], pair[1].key))
        others = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
        length = phrases.days(duration_of(item))
        yield f"{phrases.title(view.titles[item.key])} was begun {phrases.days(age)} ago for {length} of work{others}"


def _patience(item: Item) -> float:
    return max(FORGOTTEN_TIMES * duration_of(item), FORGOTTEN_DAYS)


def _running(view: View, item: Item) -> float:
    progress = view.progress[item.key]
    if progress.status is not Status.STARTED or progress.started_at is None or item.kind is ItemKind.APPROVAL:
        return 0.0
    return view.working_days(progress.started_at, view.case.now)


def _named(view: View, keys: Sequence[ItemKey]) -> str:
    return phrases.named([view.titles[key] for key in keys])
