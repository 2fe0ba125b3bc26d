"""SMTP with honest outcomes: what was surely not sent, what was accepted, and what nobody knows.

Everything up to the dot that ends a message is without effect (RFC 5321, 4.1.1.4 and 6.1): a failure there is a
refusal. A lost answer after the dot is a doubt. Nothing is repeated here but a greeting on a connection that had gone
stale.
"""

from __future__ import annotations

import base64
import contextlib
import platform
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType

from rollout_sync.model.mail import Channel, ChannelShut, Parcel
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Outcome, Refused
from rollout_sync.transport.redaction import SECRETS
from rollout_sync.transport.reply import Phase
from rollout_sync.transport.words import clean

OnSmtpPhase = Callable[[Phase], None]
"""Told before connecting, before and after the dot, and after the answer to it; for crash tests and tracing."""

_ADDRESS = re.compile(r"[^\s<>(),;:\"\[\]\\@\x00-\x1f\x7f]+@[^\s<>(),;:\"\[\]\\@\x00-\x1f\x7f]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_START_DATA = 354
_SERVICE_CLOSES = 421
_TOO_LARGE = 552
_AUTHENTICATED = (235, 503)


class SmtpSecurity(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpAccess:
    """Where the server is and how to get in.

    Attributes:
        user: empty for a relay that asks for none.
        context: what TLS is checked against; the system's authorities where None.
        deadline: seconds that connecting, or one mail, may take.
        connect_timeout: seconds for the TCP connection.
    """

    host: str
    port: int
    security: SmtpSecurity
    user: str = ""
    password: str = field(default="", repr=False)
    context: ssl.SSLContext | None = None
    deadline: float = 60.0
    connect_timeout: float = 10.0


class SmtpPost:
    """An SMTP server behind `trackers.post.Post`; one connection, one thread."""

    drafts: None = None
    """SMTP shows nobody what it sent."""

    def __init__(self, access: SmtpAccess, *, on_phase: OnSmtpPhase = lambda _phase: None) -> None:
        self._access = access
        self._on_phase = on_phase
        self._open: smtplib.SMTP | None = None
        if access.password:
            SECRETS.register(access.password, user=access.user)
            SECRETS.register(f"\0{access.user}\0{access.password}")

    @property
    def channel(self) -> Channel:
        """Mails."""
        return Channel.MAIL

    def send(self, parcel: Parcel) -> Outcome:
        """Hand one message over. A refusal says whether the same mail may succeed later."""
        if not (_ADDRESS.fullmatch(parcel.sender) and _ADDRESS.fullmatch(parcel.to)):
            return Refused(reason="an address has characters that cannot be sent", hint="correct it in the people list")
        if self._open is not None:
            outcome = self._carried(self._open, parcel)
            if not isinstance(outcome, _Stale):
                return outcome.outcome if isinstance(outcome, _Stale) else outcome
        opened = self._connected()
        if isinstance(opened, ChannelShut):
            return opened
        outcome = self._carried(opened, parcel)
        return outcome.outcome if isinstance(outcome, _Stale) else outcome
