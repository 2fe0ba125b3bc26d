"""`rollout-sync override ROLLOUT COLOUR`: a person knows better, says why, and for how long."""

from __future__ import annotations

import getpass
from datetime import date, timedelta

import click

from rollout_sync.cli.answer import Answer
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import read_day, rollout_argument
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.render_odds import day
from rollout_sync.cli.screen import Screen
from rollout_sync.model.snapshot import Override

_WEEK = timedelta(days=7)


@click.command(
    cls=Command,
    example='rollout-sync override "MFA 2027" amber --reason "The supplier promised the tokens for Friday"\n'
    'rollout-sync override "MFA 2027" --clear',
)
@rollout_argument
@click.argument("colour", metavar="[green|amber|red]", type=click.Choice(["green", "amber", "red"]), required=False)
@click.option("--reason", metavar="TEXT", default="", help="Why; it is shown beside the colour.")
@click.option(
    "--until",
    type=read_day,
    metavar="YYYY-MM-DD",
    help="Last day that it holds; default: in a week, at most two weeks.",
)
@click.option("--by", metavar="TEXT", help="Who says so; default: the configured account.")
@click.option("--clear", is_flag=True, help="Go back to the computed colour.")
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    rollout: str,
    colour: str | None,
    reason: str,
    until: date | None,
    by: str | None,
    clear: bool,
) -> Answer[Override | None]:
    """Set a rollout's colour by hand, with a reason and a last day.

    Every view then shows who set it and what was computed. It ends by itself.
    """
    from rollout_sync.health.review import Colour  # noqa: PLC0415 - numpy is slow to load
    from rollout_sync.sync import overriding  # noqa: PLC0415 - SQLAlchemy is slow to load
    from rollout_sync.template.expand import rollout_id  # noqa: PLC0415 - pydantic is slow to load

    if (colour is None) is not clear:
        raise click.UsageError("Name a colour, or say --clear.")
    app = app_of(invocation)
    now = app.clock.now()
    account = app.settings.jira.email if app.settings.jira is not None else None
    wanted = (
        overriding.checked(
            Colour(colour), reason, by or account or getpass.getuser(), until or now.date() + _WEEK, now.date()
        )
        if colour is not None
        else None
    )
    with app.ledger() as database:
        overriding.override(database, rollout_id(rollout), wanted, now)
    return Answer(result=wanted, text=_write)


def _write(wanted: Override | None, screen: Screen) -> None:
    if wanted is None:
        screen.line("the computed colour is shown again")
    else:
        screen.line(f"{wanted.colour} is shown until {day(wanted.until)}, as set by {wanted.by}")
