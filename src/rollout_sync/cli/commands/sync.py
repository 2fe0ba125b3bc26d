"""`rollout-sync sync [ROLLOUT]`: one tick, by hand or by a scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import optional_rollout_argument
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.render_sync import write_tick
from rollout_sync.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rollout_sync.app import App
    from rollout_sync.ledger.opening import Database
    from rollout_sync.model.rollout import RolloutId
    from rollout_sync.sync.syncing import Tick


@click.command(
    cls=Command,
    example='rollout-sync sync "MFA 2027"\nrollout-sync sync --all-due\nrollout-sync sync "MFA 2027" --full',
)
@optional_rollout_argument
@click.option("--all-due", is_flag=True, help="All rollouts that were not read for a while; for schedulers.")
@click.option("--full", "is_full", is_flag=True, help="Read everything, and not only what changed.")
@click.option(
    "--deleted-on-purpose",
    "is_gone",
    is_flag=True,
    help="Believe that what is missing was deleted, even where it is a large part of the rollout.",
)
@click.pass_obj
def command(
    invocation: Invocation, *, rollout: str | None, all_due: bool, is_full: bool, is_gone: bool
) -> Answer[Tick]:
    """Bring status back from Jira and Planner, decide gates, release work that may go on, and review health.

    Reads only what changed since the last time, and once a day everything. A service that does not answer makes its
    half stale, and is read by the next run; the answer then ends with 4. People's edits are never written over.
    """
    from rollout_sync.sync import syncing  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load

    if (rollout is None) is not all_due:
        raise click.UsageError("Name a rollout, or say --all-due.")
    if is_gone and all_due:
        raise click.UsageError("--deleted-on-purpose is said of one rollout.")
    app = app_of(invocation)
    with app.ledger() as database:
        wanted = _wanted(rollout, app, database)
        tick = syncing.sync(wanted, app.office(database, is_full=is_full, is_gone=is_gone))
    return Answer(result=tick, text=write_tick, status=Status.DONE if tick.is_finished else Status.UNFINISHED)


def _wanted(rollout: str | None, app: App, database: Database) -> Sequence[RolloutId]:
    from rollout_sync.ledger import rollouts  # noqa: PLC0415 - SQLAlchemy is slow to load
    from rollout_sync.sync import syncing  # noqa: PLC0415 - the same
    from rollout_sync.template.expand import rollout_id  # noqa: PLC0415 - pydantic is slow to load

    if rollout is None:
        return syncing.due(database, app.clock.now(), app.settings.sync.every)
    wanted = rollout_id(rollout)
    with database.reading() as connection:
        if rollouts.load(connection, wanted) is None:
            raise ConfigError(
                f"the ledger does not know {wanted}", hint="`rollout-sync status` lists the rollouts it knows"
            )
    return (wanted,)
