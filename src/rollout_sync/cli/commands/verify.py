"""`rollout-sync verify ROLLOUT`: does everything exist exactly once, and what did people change?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import rollout_argument
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.screen import Screen

if TYPE_CHECKING:
    from rollout_sync.sync.verifying import Verification

_LISTED = 40


@click.command(cls=Command, example='rollout-sync verify "MFA 2027"')
@rollout_argument
@click.pass_obj
def command(invocation: Invocation, *, rollout: str) -> Answer[Verification]:
    """Compare a rollout with what stands in Jira and Planner; write nothing.

    Finds duplicates, copies, objects the ledger does not know, deletions, and fields that people changed. Ends with
    1 when something exists twice, is unknown or is not made yet, with 4 when something could not be read.
    """
    from rollout_sync.sync.verifying import verify  # noqa: PLC0415 - SQLAlchemy is slow to load
    from rollout_sync.template.expand import rollout_id  # noqa: PLC0415 - pydantic is slow to load

    app = app_of(invocation)
    with app.ledger() as database:
        found = verify(rollout_id(rollout), database=database, trackers=app.trackers())
    return Answer(result=found, text=_write, status=_status(found))


def _status(found: Verification) -> Status:
    if not found.is_sound:
        return Status.FAILED
    return Status.DONE if found.is_complete else Status.UNFINISHED


def _write(found: Verification, screen: Screen) -> None:
    signs = {Status.DONE: screen.symbols.ok, Status.UNFINISHED: screen.symbols.warn}
    sign = signs.get(_status(found), screen.symbols.fail)
    screen.heading(f"{sign} {found.rollout}: {found.checked} objects checked, {len(found.duplicates)} duplicates")
    for key, group in found.duplicates.items():
        screen.line(
            f"  x {key} exists {len(group)} times: {', '.join(one.remote.key or one.remote.id for one in group)}"
        )
    for stranger in found.strangers:
        screen.line(
            f"  x {stranger.remote.key or stranger.remote.id} has our marker, but is unknown here: {stranger.object}"
        )
    for key, state, reason in found.open[:_LISTED]:
        screen.line(f"  x {key} is {state.value.lower()}: {reason or 'not sent yet'}")
    for key in found.gone:
        screen.line(f"  ! {key} was deleted")
    for key, reason in found.unseen.items():
        screen.line(f"  ! {key} could not be read: {reason}")
    for copy in found.copies:
        screen.line(f"  i {copy.remote.key or copy.remote.id} is a copy of {copy.object}")
    for one in found.drift[:_LISTED]:
        screen.line(
            f"  i {one.remote.key or one.object}: changed by people: {', '.join(change.name for change in one.fields)}"
        )
