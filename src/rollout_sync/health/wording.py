"""Drivers in words: each sentence says what, by how much, and which items; lengths are working days."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout_sync.health import evidence
from rollout_sync.health.pace import EIGHTY, Pace
from rollout_sync.health.situation import Standing
from rollout_sync.health.waits import Waits

_NEVER = 0.005

AS_PLANNED = {
    "pace": "If the rest goes at the planned pace",
    "starts": "Had everything begun and ended as planned",
    "blockers": "If every blocker were gone now",
    "approvals": "If every decision takes only its planned time",
    "scope": "Without what was added",
}
"""What a cause would be worth if it went as planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What sentences are made from: hours of a day, how often each activity drives, and the order they rank in."""

    day: float
    criticality: Mapping[str, float]

    def days(self, hours: float) -> str:
        """`2.5 d`."""
        return days(hours / self.day)

    def drives(self, one: Standing) -> str:
        """How often it is on the driving path."""
        share = self.criticality.get(one.key, 0.0)
        return f"on the driving path in {share:.0%} of runs" if share >= _NEVER else "not on the driving path"


def days(number: float) -> str:
    """Working days with one digit where it tells something."""
    return f"{round(number, 1) + 0.0:.1f}".removesuffix(".0") + " d"


def lead(share: float) -> str:
    """What a sentence opens with: the days a cause adds or saves."""
    return f"{round(share, 1) + 0.0:+.1f} d: "


def plan(scene: Scene, hours: float) -> str:
    """The plan against the target."""
    if round(hours / scene.day, 1) > 0:
        return f"the plan itself ends {scene.days(hours)} after the target"
    if round(hours / scene.day, 1) < 0:
        return f"the plan itself ends {scene.days(-hours)} before the target"
    return "the plan ends on the target"


def pace(belief: Pace, rollouts: int) -> str:
    """How fast work goes; where nothing is finished yet, how fast earlier rollouts went."""
    interval = f"80 % sure of {belief.low:.2f} to {belief.high:.2f}"
    if belief.finished:
        return f"finished work suggests {belief.factor:.2f} x plan ({count(belief.finished, 'item')}, {interval})"
    return f"earlier rollouts suggest {belief.factor:.2f} x plan ({count(rollouts, 'rollout')}, {interval})"


def starts(scene: Scene, share: float, standings: Sequence[Standing]) -> str:
    """Delays and head starts."""
    if share < 0:
        early = evidence.ranked(standings, evidence.ahead, scene.criticality)
        if early:
            return f"work began ahead of plan: {name(early[0])} by {scene.days(evidence.ahead(early[0]))}{more(early)}"
        return "more is done than the plan wanted by now"
    late = evidence.ranked(standings, evidence.behind, scene.criticality)
    if late:
        first = f"{name(late[0])} ({scene.days(evidence.behind(late[0]))} behind, {scene.drives(late[0])})"
        if len(late) == 1:
            return f"one open item is behind its plan: {first}"
        return f"{len(late)} open items are behind their plan, most of all {first}"
    ended = evidence.ranked(standings, evidence.ended_late, scene.criticality)
    if ended:
        return f"{name(ended[0])} ended {scene.days(evidence.ended_late(ended[0]))} late{more(ended)}"
    return "less is done than the plan wanted by now"


def blockers(scene: Scene, standings: Sequence[Standing]) -> str:
    """What is blocked, since when."""
    found = evidence.ranked(standings, evidence.blocked, scene.criticality)
    age = scene.days(evidence.blocked(found[0]))
    return f"{name(found[0])} has been blocked for {age}, {scene.drives(found[0])}{more(found)}"


def approvals(scene: Scene, standings: Sequence[Standing], waits: Waits) -> str:
    """Decisions that are waited for, else those that are still to be asked for."""
    pending = evidence.ranked(standings, evidence.waiting, scene.criticality)
    if pending:
        ages = (
            f"{scene.days(evidence.waiting(pending[0]))} (typical {scene.days(waits.median(pending[0].typical_wait))})"
        )
        return f"{name(pending[0])} has been waiting for {ages}, {scene.drives(pending[0])}{more(pending)}"
    coming = evidence.ranked(standings, evidence.to_come, scene.criticality)
    usual = waits.median(coming[0].typical_wait)
    tenth = scene.days(usual * math.exp(EIGHTY * waits.spread))
    lasts = f"usually {scene.days(usual)}, one in ten more than {tenth}"
    if len(coming) == 1:
        return f"{name(coming[0])} is still to be asked for: {lasts}; {scene.drives(coming[0])}"
    return f"{len(coming)} decisions are still to be asked for: {lasts}; {name(coming[0])} is {scene.drives(coming[0])}"


def scope(scene: Scene, standings: Sequence[Standing]) -> str:
    """What was added."""
    found = evidence.ranked(standings, evidence.added, scene.criticality)
    work = scene.days(sum(one.length for one in found))
    verb = "was" if len(found) == 1 else "were"
    return f"{count(len(found), 'item')} ({work} of work) {verb} added to the agreed plan, most of all {name(found[0])}"


def spread(scene: Scene, share: float, standings: Sequence[Standing]) -> str:
    """What no plan says: the longest of many paths, wide estimates, surprises."""
    wide = evidence.ranked(standings, evidence.scatter, scene.criticality)
    cause = "several paths have to end in time, and plans leave things out" if share >= 0 else "paths leave some room"
    if not wide:
        return cause
    three = wide[0].activity.estimate
    width = f"{scene.days(three.low)} to {scene.days(three.high)}, " if three else ""
    return f"{cause}; {name(wide[0])} matters most ({width}{scene.drives(wide[0])})"


def if_done(cause: str, number: int) -> str:
    """What finishing `number` overdue items or pending decisions today would be worth."""
    what = "decision" if cause == "approvals" else "overdue item"
    if number == 1:
        return f"If the {what} came today" if cause == "approvals" else f"If the {what} were finished today"
    return f"If all {number} {what}s {'came' if cause == 'approvals' else 'were finished'} today"


def name(one: Standing) -> str:
    """Its title in quotation marks."""
    return f"'{one.activity.name}'"


def more(found: Sequence[Standing]) -> str:
    """How many others there are."""
    return f", and {len(found) - 1} more" if len(found) > 1 else ""


def count(number: int, noun: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
