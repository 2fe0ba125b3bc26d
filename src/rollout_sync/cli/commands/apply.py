"""`rollout-sync apply FILE`: carry out a plan that was reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rollout_sync.cli.answer import Answer
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import settle_option
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.render_applied import errors_of_run, progress, status_of_run, write_applied

if TYPE_CHECKING:
    from rollout_sync.sync.applying import Applied


@click.command(cls=Command, example="rollout-sync apply mfa.plan\nrollout-sync apply mfa.plan --settle 400")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@settle_option
@click.pass_obj
def command(invocation: Invocation, *, file: Path, settle: float | None) -> Answer[Applied]:
    """Carry out the plan in FILE, exactly as it was reviewed.

    Refused when the rollout moved on since the plan was made, or when the plan is older than a day. After an
    interruption the same command goes on where it stopped.
    """
    from rollout_sync.reconcile import planfile  # noqa: PLC0415 - only this command reads plan files
    from rollout_sync.sync.applying import apply  # noqa: PLC0415 - SQLAlchemy is slow to load

    plan = planfile.read(file)
    app = app_of(invocation)
    with app.ledger() as database, progress(invocation.screen, len(plan.intents)) as on_step:
        applied = apply(plan, app.world(database, on_step, settle))
    return Answer(result=applied, text=write_applied, status=status_of_run(applied), errors=errors_of_run(applied))
