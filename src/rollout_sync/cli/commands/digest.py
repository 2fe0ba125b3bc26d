"""`rollout-sync digest`: the mails and cards that are due, each once; or a look at them; or what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.planning import app_of
from rollout_sync.cli.render_digest import (
    Previewed,
    Sent,
    ShownPost,
    Standing,
    write_previews,
    write_sent,
    write_standing,
)
from rollout_sync.cli.screen import Screen
from rollout_sync.errors import LedgerBusy

if TYPE_CHECKING:
    from collections.abc import Callable

    from rollout_sync.app import App
    from rollout_sync.ledger.opening import Database
    from rollout_sync.sync.digesting import Desk, Planned
    from rollout_sync.sync.sending import Delivery

_NO_CHANNEL = (
    'nothing is sent: no channel for mails or cards is configured ([mail] channel = "graph" or "smtp"); '
    "to look at the mails: rollout-sync digest --preview DIR"
)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A mail that a person decided on."""

    event: str
    word: str


@click.command(
    cls=Command,
    example="rollout-sync digest --preview mails\nrollout-sync digest --due\nrollout-sync digest",
)
@click.option("--due", "is_due", is_flag=True, help="Send what is due now; for schedulers, after `sync --all-due`.")
@click.option(
    "--preview", type=_FOLDER, metavar="DIR", help="Write a mail for every reader as .eml and .html; send nothing."
)
@click.option("--resend", metavar="EVENT", help="Send a mail again of which nobody knows whether it went out.")
@click.option("--dismiss", metavar="EVENT", help="Stop showing a mail of which nobody knows whether it went out.")
@click.pass_obj
def command(
    invocation: Invocation, *, is_due: bool, preview: Path | None, resend: str | None, dismiss: str | None
) -> Answer[Standing] | Answer[Sent] | Answer[Previewed] | Answer[Settled]:
    """Send the short mails that managers read; each once.

    A digest tells a reader only of their rollouts and departments: decisions that they owe, what changed, dates with
    odds, reasons, the next seven days. When nothing changed and nothing is owed, nothing is sent. Reminders of gates
    go out as mails of their own, and so do invitations that wait. A chat hears of each rollout once a day at most.
    Without an option: who is told next, and mails whose end nobody knows.
    """
    if sum((is_due, preview is not None, resend is not None, dismiss is not None)) > 1:
        raise click.UsageError("--due, --preview, --resend and --dismiss exclude each other.")
    app = app_of(invocation)
    with app.ledger() as database:
        desk = _desk(app, database)
        if preview is not None:
            return Answer(result=_previewed(desk, preview), text=write_previews)
        if resend is not None or dismiss is not None:
            return Answer(result=_settled(app, database, resend, dismiss), text=_write_settled)
        if is_due:
            sent = _sent(app, database, desk)
            return Answer(result=sent, text=write_sent, status=_status(sent))
        return Answer(result=_standing(desk, database), text=write_standing)


def _desk(app: App, database: Database) -> Desk:
    from rollout_sync.config import MailChannel, Webhook  # noqa: PLC0415 - settings come with their own libraries
    from rollout_sync.report.cards import Chat  # noqa: PLC0415 - Jinja2 and numpy are slow to load
    from rollout_sync.sync.digesting import Desk  # noqa: PLC0415 - the same

    settings = app.settings
    return Desk(
        database=database,
        settings=settings.digest,
        sender=settings.mail,
        now=app.clock.now(),
        has_mail=settings.mail.channel is not MailChannel.NONE,
        chat=None if settings.digest.webhook is Webhook.NONE else Chat(settings.digest.webhook.value),
    )


def _previewed(desk: Desk, folder: Path) -> Previewed:
    from rollout_sync.report.mail import as_message, preview_html  # noqa: PLC0415 - Jinja2 is slow to load
    from rollout_sync.report.writing import write, write_bytes  # noqa: PLC0415 - the same
    from rollout_sync.sync.digesting import compose  # noqa: PLC0415 - the same

    composed = compose(desk, everybody=True)
    files: list[Path] = []
    for mail in composed.mails:
        name = f"{mail.kind.value}-{mail.to.replace('@', '-at-')}-{mail.event[:8]}"
        files.append(write(folder / f"{name}.html", preview_html(mail)))
        files.append(write_bytes(folder / f"{name}.eml", as_message(mail, desk.sender, desk.now).as_bytes()))
    for card in composed.cards:
        name = f"card-{card.parcel.to}-{card.rollouts[0]}"
        files.append(write_bytes(folder / f"{name}.json", card.parcel.content))
    return Previewed(files=tuple(files), silent=composed.silent, untold=composed.untold)


def _sent(app: App, database: Database, desk: Desk) -> Sent:
    """Plan everything that is due in one commit, then send it channel by channel."""
    from rollout_sync.sync import digesting, sending  # noqa: PLC0415 - Jinja2 and numpy are slow to load

    posts = [post for post in (app.post(), app.chat()) if post is not None]
    if not posts:
        return Sent(note=_NO_CHANNEL)  # the scheduled job runs it all the same
    planned: list[Planned] = []
    prepare: Callable[[], object] = lambda: planned.append(digesting.plan(desk))  # noqa: E731 - it is passed on
    made: list[Delivery] = []
    try:
        for post in posts:
            made.append(
                sending.deliver(
                    (),
                    post=post,
                    database=database,
                    clock=app.clock,
                    rules=app.mail_rules(),
                    between=app.edges.between,
                    prepare=prepare if not made else lambda: None,
                )
            )
    except LedgerBusy:
        return Sent.of(made, planned, note="another run is sending at this moment")
    return Sent.of(made, planned)


def _status(sent: Sent) -> Status:
    """Refused for good is failed; what another run can do, or a person has to decide, is not finished."""
    if sent.failed:
        return Status.FAILED
    return Status.DONE if sent.is_finished else Status.UNFINISHED


def _settled(app: App, database: Database, resend: str | None, dismiss: str | None) -> Settled:
    from rollout_sync.sync import sending  # noqa: PLC0415 - SQLAlchemy is slow to load

    if resend is not None:
        letter = sending.again(resend, database=database, clock=app.clock)
        return Settled(event=letter.event, word="will be sent again by the next `digest --due`")
    letter = sending.let_be(dismiss or "", database=database, clock=app.clock)
    return Settled(event=letter.event, word="is not shown any more")


def _write_settled(settled: Settled, screen: Screen) -> None:
    screen.line(f"{settled.event} {settled.word}")


def _standing(desk: Desk, database: Database) -> Standing:
    from rollout_sync.ledger import outbox  # noqa: PLC0415 - SQLAlchemy is slow to load
    from rollout_sync.ledger.outbox import State  # noqa: PLC0415 - the same
    from rollout_sync.sync.digesting import turns  # noqa: PLC0415 - Jinja2 and numpy are slow to load

    with database.reading() as connection:
        open_ones = outbox.letters(connection, State.SENDING, State.UNCONFIRMED, State.FAILED, State.PLANNED)
    return Standing(turns=turns(desk), open=ShownPost.of(open_ones))
