"""`rollout-sync adopt ROLLOUT`: rebuild a lost ledger from the markers that every object carries."""

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
    from rollout_sync.sync.adopting import Adopted


@click.command(cls=Command, example='rollout-sync adopt "MFA 2027"')
@rollout_argument
@click.pass_obj
def command(invocation: Invocation, *, rollout: str) -> Answer[Adopted]:
    """Take over a rollout whose ledger was lost or restored from an old copy.

    Reads both services and binds every object that carries the rollout's marker; writes nothing there. New work stays
    locked until a second look, some minutes later, has found the same.
    """
    from rollout_sync.sync.adopting import adopt  # noqa: PLC0415 - SQLAlchemy is slow to load
    from rollout_sync.template.expand import rollout_id  # noqa: PLC0415 - pydantic is slow to load

    app = app_of(invocation)
    with app.ledger() as database:
        adopted = adopt(
            rollout_id(rollout),
            database=database,
            trackers=app.trackers(),
            clock=app.clock,
            timing=app.timing(),
            index_lag=app.settings.timing.index_lag,
        )
    return Answer(result=adopted, text=_write, status=Status.DONE if adopted.agrees else Status.UNFINISHED)


def _write(adopted: Adopted, screen: Screen) -> None:
    screen.heading(f"{adopted.name}: {adopted.bound} objects taken over, {adopted.known} known before")
    for key, group in adopted.rivals.items():
        others = ", ".join(one.remote.key or one.remote.id for one in group[1:])
        screen.line(f"  ! {key} exists {len(group)} times; the oldest is bound, not bound: {others}")
    for copy in adopted.copies:
        screen.line(f"  i {copy.remote.key or copy.remote.id} is a copy that somebody made; it is left alone")
    if adopted.look_again_at is None:
        screen.line("  confirmed: a second look found the same. The rollout can go on.")
    else:
        screen.line(
            f"  run this once more after {adopted.look_again_at:%d %b %H:%M:%S} UTC; until then nothing new is made"
        )
