"""`rollout-sync sync [ROLLOUT]`: one tick, by hand or by a scheduler."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation, LogForm
from rollout_sync.cli.options import optional_rollout_argument
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.render_sync import write_tick
from rollout_sync.cli.screen import Screen
from rollout_sync.errors import ConfigError, LedgerBusy
from rollout_sync.model.rollout import RolloutId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rollout_sync.app import App
    from rollout_sync.ledger.opening import Database
    from rollout_sync.sync.syncing import Tick

_LOG = logging.getLogger(__name__)
_ALL_DUE = RolloutId(".all-due")
"""Name of the lease of a scheduled run; no rollout has a dot in its name."""
_EARLY = timedelta(seconds=60)
"""A scheduler starts a run some seconds early or late; a rollout that is due within this time is due now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """This scheduled run had nothing to do, because another one is under way."""

    note: str


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
) -> Answer[Tick] | Answer[Covered]:
    """Bring status back from Jira and Planner, decide gates, release work that may go on, and review health.

    Reads only what changed since the last time, and once a day everything. A service that does not answer makes its
    half stale, and is read by the next run; the answer then ends with 4. People's edits are never written over.
    Runs with --all-due may overlap: one of them works, the other says so and ends with 0.
    """
    if (rollout is None) is not all_due:
        raise click.UsageError("Name a rollout, or say --all-due.")
    if is_gone and all_due:
        raise click.UsageError("--deleted-on-purpose is said of one rollout.")
    app = app_of(invocation)
    with app.ledger() as database:
        if rollout is not None:
            tick = _tick([_known(rollout, database)], app, database, invocation, is_full=is_full, is_gone=is_gone)
            return _answer(tick, is_done=tick.is_finished)
        return _all_due(app, database, invocation, is_full=is_full)


def _all_due(app: App, database: Database, invocation: Invocation, *, is_full: bool) -> Answer[Tick] | Answer[Covered]:
    from rollout_sync.ledger.lease import held  # noqa: PLC0415 - SQLAlchemy is slow to load
    from rollout_sync.sync import syncing  # noqa: PLC0415 - the same

    every = app.settings.sync.every
    with ExitStack() as stack:
        try:
            stack.enter_context(held(database, _ALL_DUE, app.clock))
        except LedgerBusy:
            covered = Covered(note="another run is at work; it covers what is due")
            return Answer(result=covered, text=_write_covered)
        wanted = syncing.due(database, app.clock.now(), every - min(_EARLY, every / 2))
        tick = _tick(wanted, app, database, invocation, is_full=is_full)
    return _answer(tick, is_done=_is_covered(tick))


def _tick(
    wanted: Sequence[RolloutId],
    app: App,
    database: Database,
    invocation: Invocation,
    *,
    is_full: bool,
    is_gone: bool = False,
) -> Tick:
    from rollout_sync.sync import syncing  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load

    def begin(rollout: RolloutId) -> None:
        invocation.about.rollout = rollout

    try:
        tick = syncing.sync(wanted, app.office(database, is_full=is_full, is_gone=is_gone, on_rollout=begin))
    finally:
        invocation.about.rollout = ""
    if invocation.log is LogForm.JSON:
        _log(tick)
    return tick


def _answer(tick: Tick, *, is_done: bool) -> Answer[Tick]:
    return Answer(result=tick, text=write_tick, status=Status.DONE if is_done else Status.UNFINISHED)


def _is_covered(tick: Tick) -> bool:
    """All is done, or is being done by other runs: scheduled ones meet others every day."""
    return not tick.is_partly_read and all(one.is_busy or not one.problem for one in tick.rollouts)


def _log(tick: Tick) -> None:
    """What the answer says, for programs that read the log."""
    catch = tick.catch
    facts: dict[str, object] = {"seen": catch.seen, "added": catch.added, "gone": catch.gone, "quiet": tick.quiet}
    _LOG.info("read", extra={"event": "read", "facts": facts})
    for service, reason in catch.stale.items():
        _LOG.warning(reason, extra={"event": "stale", "facts": {"service": service.value}})
    for (rollout, service), reason in catch.failed.items():
        _LOG.warning(reason, extra={"event": "stale", "facts": {"rollout": rollout, "service": service.value}})
    for one in tick.rollouts:
        colour = {} if one.colour is None else {"colour": one.colour.value}
        facts = {"rollout": one.rollout, **colour, "news": len(one.news), "findings": len(one.findings)}
        _LOG.info(one.sentence or "looked at", extra={"event": "synced", "facts": facts})
        if one.problem:
            event = "busy" if one.is_busy else "unfinished"
            _LOG.warning(one.problem, extra={"event": event, "facts": {"rollout": one.rollout}})


def _write_covered(covered: Covered, screen: Screen) -> None:
    screen.line(covered.note)


def _known(name: str, database: Database) -> RolloutId:
    from rollout_sync.ledger import rollouts  # noqa: PLC0415 - SQLAlchemy is slow to load
    from rollout_sync.template.expand import rollout_id  # noqa: PLC0415 - pydantic is slow to load

    wanted = rollout_id(name)
    with database.reading() as connection:
        if rollouts.load(connection, wanted) is None:
            raise ConfigError(
                f"the ledger does not know {wanted}", hint="`rollout-sync status` lists the rollouts it knows"
            )
    return wanted
