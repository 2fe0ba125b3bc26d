"""`rollout-sync report [ROLLOUT]`: the whole picture as one HTML file, or an index of all rollouts."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rollout_sync.cli.answer import Answer
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import as_of_option, optional_rollout_argument, refuse_future
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.screen import Screen
from rollout_sync.errors import LedgerError, RolloutSyncError
from rollout_sync.model.rollout import RolloutId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rollout_sync.ledger.opening import Database
    from rollout_sync.sync.reviewing import Reviewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files that were written, the first of them the one to open; and rollouts without a page, with the reason."""

    files: tuple[Path, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


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
    refuse_future(as_of, app.clock.now())
    with app.ledger() as database:
        if rollout is not None:
            wanted = rollout_id(rollout)
            written = Written(files=(out or Path(f"{wanted}.html"),))
            _one(wanted, database, app.clock.now(), as_of, written.files[0])
        else:
            written = _all(database, app.clock.now(), as_of, out or Path("reports"))
    if show:
        webbrowser.open(written.files[0].resolve().as_uri())
    return Answer(result=written, text=_write)


def _one(rollout: RolloutId, database: Database, now: datetime, as_of: date | None, path: Path) -> Reviewed:
    from rollout_sync.report.page import page  # noqa: PLC0415 - Jinja2 and matplotlib are slow to load
    from rollout_sync.report.view import view_of  # noqa: PLC0415 - the same
    from rollout_sync.report.writing import write  # noqa: PLC0415 - the same
    from rollout_sync.sync import reviewing  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load

    made = reviewing.reviewed(rollout, database, now, as_of=as_of)
    write(path, page(view_of(made.case, made.review)))
    return made


def _all(database: Database, now: datetime, as_of: date | None, folder: Path) -> Written:
    from rollout_sync.report.portfolio import PortfolioRow, portfolio  # noqa: PLC0415 - Jinja2 and matplotlib are slow
    from rollout_sync.report.writing import write  # noqa: PLC0415 - the same
    from rollout_sync.sync import reviewing  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load

    rows: list[PortfolioRow] = []
    left_out: dict[str, str] = {}
    for known in reviewing.portfolio(database):
        if known.last is None:
            continue
        page = f"{known.id}.html"
        try:
            one = _one(known.id, database, now, as_of, folder / page)
        except LedgerError:
            raise
        except RolloutSyncError as error:  # one that cannot be shown must not keep the others from it
            left_out[known.name] = error.what
        else:
            rows.append(PortfolioRow(name=one.name, review=one.review, page=page, earlier=one.case.earlier))
    index = write(folder / "index.html", portfolio(rows))
    return Written(files=(index, *(folder / row.page for row in rows)), left_out=left_out)


def _write(written: Written, screen: Screen) -> None:
    for file in written.files:
        screen.line(str(file))
    for name, reason in written.left_out.items():
        screen.line(f"! {name}: {reason}")
