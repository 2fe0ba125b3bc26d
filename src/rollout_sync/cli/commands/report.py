"""`rollout-sync report [ROLLOUT]`: the whole picture as one HTML file, or an index of all rollouts."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rollout_sync.cli.answer import Answer
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import as_of_option, optional_rollout_argument
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.screen import Screen
from rollout_sync.model.rollout import RolloutId

if TYPE_CHECKING:
    from datetime import datetime

    from rollout_sync.ledger.opening import Database
    from rollout_sync.sync.reviewing import Reviewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files that were written; the first is the one to open."""

    files: tuple[Path, ...]


@click.command(
    cls=Command,
    example='rollout-sync report "MFA 2027" --open\nrollout-sync report --all --out reports',
)
@optional_rollout_argument
@click.option("--all", "everything", is_flag=True, help="All rollouts, with an index of them.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="File to write, or folder with --all; default: NAME.html, or the folder reports.",
)
@as_of_option
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    rollout: str | None,
    everything: bool,
    out: Path | None,
    as_of: date | None,
    show: bool,
) -> Answer[Written]:
    """Write a rollout's whole picture as one HTML file.

    It has charts and needs nothing else: to open, print or send. With --all a folder: an index of all rollouts, and
    the report of each. Like `status` it asks no service.
    """
    if (rollout is None) is not everything:
        raise click.UsageError("Name a rollout, or say --all.")
    from rollout_sync.template.expand import rollout_id  # noqa: PLC0415 - pydantic is slow to load

    app = app_of(invocation)
    with app.ledger() as database:
        if rollout is not None:
            wanted = rollout_id(rollout)
            files: tuple[Path, ...] = (out or Path(f"{wanted}.html"),)
            _one(wanted, database, app.clock.now(), as_of, files[0])
        else:
            files = _all(database, app.clock.now(), as_of, out or Path("reports"))
    if show:
        webbrowser.open(files[0].resolve().as_uri())
    return Answer(result=Written(files=files), text=_write)


def _one(rollout: RolloutId, database: Database, now: datetime, as_of: date | None, path: Path) -> Reviewed:
    from rollout_sync.report.page import page  # noqa: PLC0415 - Jinja2 and matplotlib are slow to load
    from rollout_sync.report.view import view_of  # noqa: PLC0415 - the same
    from rollout_sync.report.writing import write  # noqa: PLC0415 - the same
    from rollout_sync.sync import reviewing  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load

    made = reviewing.reviewed(rollout, database, now, as_of=as_of)
    write(path, page(view_of(made.case, made.review)))
    return made


def _all(database: Database, now: datetime, as_of: date | None, folder: Path) -> tuple[Path, ...]:
    from rollout_sync.report.portfolio import PortfolioRow, portfolio  # noqa: PLC0415 - Jinja2 and matplotlib are slow
    from rollout_sync.report.writing import write  # noqa: PLC0415 - the same
    from rollout_sync.sync import reviewing  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load

    names = [f"{row.id}.html" for row in reviewing.portfolio(database) if row.last is not None]
    made = [_one(RolloutId(name.removesuffix(".html")), database, now, as_of, folder / name) for name in names]
    rows = [
        PortfolioRow(name=one.name, review=one.review, page=name, earlier=one.case.earlier)
        for one, name in zip(made, names, strict=True)
    ]
    index = write(folder / "index.html", portfolio(rows))
    return (index, *(folder / name for name in names))


def _write(written: Written, screen: Screen) -> None:
    for file in written.files:
        screen.line(str(file))
