"""What the crashing process does with mails: three readers, one run over the outbox, by Graph or SMTP."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import requests

from rollout_sync.app import App
from rollout_sync.config import MailChannel, MailMode, MailSecurity
from rollout_sync.ledger.outbox import Wish
from rollout_sync.model.mail import MailKind, Parcel
from rollout_sync.model.rollout import RolloutId
from rollout_sync.sync import sending
from rollout_sync.transport import Phase
from support.mailroom import EVENT, HOST

READERS = ("sam.seller@example.com", "frida.figures@example.com", "tara.trainer@example.com")
EVENTS = tuple(f"event-{number}" for number in range(len(READERS)))
_SENDER = "cora.coordinator@example.com"


class Later:
    """A clock some seconds ahead of another."""

    def __init__(self, clock: Any, ahead: float) -> None:
        self._clock = clock
        self._ahead = timedelta(seconds=ahead)

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


def deliver(app: App, ledger: Path, journal: Path, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """One run. `options`: post (graph, drafts, smtp), mode, port of the SMTP server, seconds to be ahead."""
    app = _set_up(app, ledger, journal, options)
    post = app.post()
    assert post is not None
    with app.ledger() as database:
        told = sending.deliver(_wishes(), post=post, database=database, clock=app.clock, rules=app.mail_rules())
    return {
        "finished": told.is_finished,
        **{name: [one.event for one in getattr(told, name)] for name in ("sent", "unconfirmed", "failed", "again")},
        "stopped": told.stopped.reason if told.stopped else "",
    }


def _set_up(app: App, ledger: Path, journal: Path, options: Mapping[str, Any]) -> App:
    mail = replace(app.settings.mail, mode=MailMode(options["mode"]), drafts=options["post"] == "drafts")
    if options["post"] == "smtp":
        mail = replace(mail, channel=MailChannel.SMTP, host=HOST, port=options["port"], security=MailSecurity.NONE)
    witness = _Witness(ledger, journal)
    edges = replace(
        app.edges,
        clock=Later(app.edges.clock, options["ahead"]),
        on_phase=witness.on_phase(app.edges.on_phase),
        on_smtp_phase=witness.on_smtp_phase(app.edges.on_commit),
    )
    return replace(app, settings=replace(app.settings, mail=mail), edges=edges)


def _wishes() -> list[Wish]:
    return [
        Wish(
            parcel=_parcel(event, reader),
            kind=MailKind.DIGEST,
            rollouts=(RolloutId("crash-test"),),
            period="2027-W10",
            content_hash=event,
            subject=f"Crash test: {event}",
        )
        for event, reader in zip(EVENTS, READERS, strict=True)
    ]


def _parcel(event: str, reader: str) -> Parcel:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = _SENDER, reader, f"Crash test: {event}"
    message["Message-ID"], message[EVENT] = f"<{event}@example.com>", event
    message.set_content("How it stands.\n")
    return Parcel(event=event, sender=_SENDER, to=reader, message_id=f"{event}@example.com", content=message.as_bytes())


class _Witness:
    """Looks with a connection of its own, before anything is sent, whether the ledger's file says so."""

    def __init__(self, ledger: Path, journal: Path) -> None:
        self._ledger = ledger
        self._journal = os.open(journal, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def on_phase(
        self, inner: Callable[[Phase, requests.PreparedRequest], None] | None
    ) -> Callable[[Phase, requests.PreparedRequest], None]:
        def observed(phase: Phase, request: requests.PreparedRequest) -> None:
            path = str(request.path_url).partition("?")[0]
            if phase is Phase.BEFORE_SEND and path.endswith(("/sendMail", "/send")):
                self._look(drafts=path.endswith("/send"))
            assert inner is not None
            inner(phase, request)

        return observed

    def on_smtp_phase(self, inner: Callable[[str], None] | None) -> Callable[[Phase], None]:
        def observed(phase: Phase) -> None:
            if phase is Phase.BEFORE_SEND:
                self._look(drafts=False)
            assert inner is not None
            inner(phase.value)

        return observed

    def _look(self, *, drafts: bool) -> None:
        reader = sqlite3.connect(f"{self._ledger.as_uri()}?mode=ro", uri=True)
        try:
            rows = reader.execute("SELECT event, draft_id FROM outbox WHERE state = 'SENDING'").fetchall()
        finally:
            reader.close()
        known = [event for event, draft_id in rows if draft_id or not drafts]
        os.write(self._journal, json.dumps({"leaving": known}).encode() + b"\n")
