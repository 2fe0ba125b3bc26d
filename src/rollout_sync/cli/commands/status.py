"""`rollout-sync status [ROLLOUT]`: how it stands, by what the last sync brought; asks no service."""

from __future__ import annotations

from datetime import date

import click

from rollout_sync.cli.answer import Answer
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import as_of_option, optional_rollout_argument
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.render_status import (
    ShownRow,
    ShownStatus,
    shown_row,
    shown_status,
    write_portfolio,
    write_status,
)


@click.command(
    cls=Command,
    example='rollout-sync status\nrollout-sync status "MFA 2027"\nrollout-sync status "MFA 2027" --as-of 2027-02-01',
)
@optional_rollout_argument
@as_of_option
@click.pass_obj
def command(
    invocation: Invocation, *, rollout: str | None, as_of: date | None
) -> Answer[ShownStatus] | Answer[tuple[ShownRow, ...]]:
    """Show how a rollout stands, and why; all of them without a name.

    Colour and reason, dates with odds, signals, what is held, what to do. Without NAME, all rollouts in one table, as they were last reviewed. The answer comes from the ledger alone; `sync`
    brings the news. With --as-of the picture of an earlier day is drawn from history.
    """
    from rollout_sync.sync import reviewing  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load
    from rollout_sync.template.expand import rollout_id  # noqa: PLC0415 - pydantic is slow to load

    if rollout is None and as_of is not None:
        raise click.UsageError("--as-of needs the name of a rollout.")
    app = app_of(invocation)
    with app.ledger() as database:
        if rollout is None:
            rows = tuple(shown_row(row) for row in reviewing.portfolio(database))
            return Answer(result=rows, text=write_portfolio)
        made = reviewing.reviewed(rollout_id(rollout), database, app.clock.now(), as_of=as_of)
    return Answer(result=shown_status(made), text=write_status)
