"""`rollout-sync status [ROLLOUT]`: how it stands, by what the last sync brought; asks no service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypeVar

import click

from rollout_sync.cli.answer import Answer
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import as_of_option, optional_rollout_argument, refuse_future
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.render_digest import open_mails
from rollout_sync.cli.render_status import (
    ShownRow,
    ShownStatus,
    shown_row,
    shown_status,
    silence,
    write_portfolio,
    write_status,
)
from rollout_sync.cli.screen import Screen

if TYPE_CHECKING:
    from rollout_sync.app import App
    from rollout_sync.ledger.opening import Database
    from rollout_sync.sync.reviewing import Row

Shown = TypeVar("Shown")


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

    Colour and reason, dates with odds, signals, what is held, what to do. Without NAME, all rollouts in one table, as
    they were last reviewed. The answer comes from the ledger alone; `sync` brings the news. With --as-of the picture of
    an earlier day is drawn from history. Where nothing was read for three intervals, it says so.
    """
    from rollout_sync.sync import reviewing  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load
    from rollout_sync.template.expand import rollout_id  # noqa: PLC0415 - pydantic is slow to load

    if rollout is None and as_of is not None:
        raise click.UsageError("--as-of needs the name of a rollout.")
    app = app_of(invocation)
    refuse_future(as_of, app.clock.now())
    with app.ledger() as database:
        rows = reviewing.portfolio(database)
        warnings = [] if as_of else _warnings(rows, app, database)
        if rollout is None:
            return Answer(result=tuple(map(shown_row, rows)), text=_with(warnings, write_portfolio))
        made = reviewing.reviewed(rollout_id(rollout), database, app.clock.now(), as_of=as_of)
    return Answer(result=shown_status(made, as_of), text=_with(warnings, write_status))


def _warnings(rows: Sequence[Row], app: App, database: Database) -> list[str]:
    """What is said of the agent itself: silence, and mails that wait for a person's word."""
    from rollout_sync.ledger import outbox  # noqa: PLC0415 - SQLAlchemy is slow to load
    from rollout_sync.ledger.outbox import State  # noqa: PLC0415 - the same

    with database.reading() as connection:
        waiting = outbox.letters(connection, State.UNCONFIRMED, State.FAILED)
    found = (silence(rows, app.clock.now(), app.settings.sync.every), open_mails(waiting))
    return [one for one in found if one]


def _with(warnings: Sequence[str], text: Callable[[Shown, Screen], None]) -> Callable[[Shown, Screen], None]:
    """The same text with warnings after it."""

    def write(result: Shown, screen: Screen) -> None:
        text(result, screen)
        for warning in warnings:
            screen.line(f"{screen.symbols.warn} {warning}")

    return write
