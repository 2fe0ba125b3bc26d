"""How a tick looks: what is new of each rollout, how it stands, and what could not be read."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rollout_sync.cli.render_odds import WIDTH
from rollout_sync.cli.render_plan import write_findings
from rollout_sync.cli.screen import Screen
from rollout_sync.model.operations import Severity
from rollout_sync.sync.showing import Act

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rollout_sync.sync.syncing import Synced, Tick

_DONE = {"invite": "invited to", "change": "told of changes of", "cancel": "called off"}


def write_tick(tick: Tick, screen: Screen) -> None:
    """One part for each rollout with news; a line for all others."""
    for one in tick.rollouts:
        _write_rollout(one, screen)
    if tick.quiet:
        words = "1 rollout" if tick.quiet == 1 else f"{tick.quiet} rollouts"
        screen.line(f"nothing new of {words}")
    if not tick.rollouts and not tick.quiet:
        screen.line("no rollout is due")
    for name, reason in tick.catch.stale.items():
        screen.line(f"! {name.value.capitalize()} could not be read: {reason}; its half stays as it was")
    for (rollout, name), reason in tick.catch.failed.items():
        screen.line(f"! {rollout} could not be read in {name.value.capitalize()}: {reason}")


def _write_rollout(one: Synced, screen: Screen) -> None:
    colour = "" if one.colour is None else f": {one.colour.upper()}"
    was = f" (was {one.was})" if one.was not in (None, one.colour) else ""
    screen.heading(f"{one.name}{colour}{was}")
    for line in textwrap.wrap(one.sentence, WIDTH, initial_indent="  ", subsequent_indent="  "):
        screen.line(line)
    for words in one.news:
        screen.line(f"  {screen.symbols.bullet} {words}")
    if one.carried:
        screen.line(f"  {screen.symbols.bullet} {one.carried} carried over between Jira and Planner")
    if one.released is not None and (made := sum(one.released.made.values())) + one.released.changed.written:
        screen.line(f"  {screen.symbols.bullet} gates: {one.released.changed.written} changed, {made} made")
    for words in _told(one):
        screen.line(f"  {screen.symbols.bullet} {words}")
    write_findings([found for found in one.findings if found.severity is not Severity.NOTE], screen)
    if one.problem:
        screen.line(f"  ! {one.problem}")


def _told(one: Synced) -> Iterator[str]:
    """What people were told: sessions, and the summary where it was written."""
    if one.invited is not None:
        yield from (f"{_DONE[act.value]} {', '.join(titles)}" for act, titles in one.invited.done.items())
        if one.invited.answers:
            yield f"sessions with new answers: {one.invited.answers}"
        if one.invited.mails:
            yield f"invitations by mail: {one.invited.mails}, sent by `rollout-sync digest --due`"
    written = [shown.board.value.capitalize() for shown in one.shown if shown.act is Act.WRITTEN]
    if written:
        yield f"summary written in {' and '.join(written)}"
