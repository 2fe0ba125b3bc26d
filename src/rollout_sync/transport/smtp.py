"""SMTP with honest outcomes: what was surely not sent, what was accepted, and what nobody knows.

Everything before the dot that ends a message is without effect (RFC 5321, 4.1.1.4): a failure there is a refusal. A
lost answer to the dot is a doubt. Nothing is repeated here, but for a connection that went stale between two mails.
"""

from __future__ import annotations

import base64
import contextlib
import platform
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from rollout_sync.model.mail import Channel, ChannelShut, Parcel
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Outcome, Refused
from rollout_sync.transport.redaction import SECRETS
from rollout_sync.transport.reply import Phase
from rollout_sync.transport.smtp_words import (
    ADDRESS_HINT,
    Failed,
    Patience,
    Said,
    after_the_dot,
    at_data,
    at_login,
    at_mail,
    at_recipient,
    no_answer,
    no_connection,
    not_offered,
    refused_at_start,
    too_large,
)

OnSmtpPhase = Callable[[Phase], None]
"""Told before connecting, before the dot, after it, and after its answer; for crash tests and tracing."""

_ADDRESS = re.compile(r"[^\s<>(),;:\"\[\]\\@\x00-\x1f\x7f]+@[^\s<>(),;:\"\[\]\\@\x00-\x1f\x7f]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_START_DATA = 354
_READY = 220
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
        context: what TLS is checked against; the authorities that the system trusts where None.
        deadline: seconds that signing in, and then each mail, may take.
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
    """An SMTP server behind `trackers.post.Post`. One connection for all mails; to be used by one thread."""

    def __init__(self, access: SmtpAccess, *, on_phase: OnSmtpPhase = lambda _phase: None) -> None:
        self._access = access
        self._on_phase = on_phase
        self._smtp: smtplib.SMTP | None = None
        SECRETS.register(access.password, user=access.user)
        SECRETS.register(f"\0{access.user}\0{access.password}" if access.password else "")

    @property
    def channel(self) -> Channel:
        """Mails."""
        return Channel.MAIL

    @property
    def drafts(self) -> None:
        """SMTP shows nobody what it sent."""
        return

    def send(self, parcel: Parcel) -> Outcome:
        """Hand one message over; a refusal says whether the same mail may succeed later."""
        if not (_ADDRESS.fullmatch(parcel.sender) and _ADDRESS.fullmatch(parcel.to)):
            return Refused(reason="an address has characters that cannot be sent", hint=ADDRESS_HINT)
        may_be_stale = self._smtp is not None
        try:
            return self._handed_over(parcel)
        except Failed as failed:
            self._drop()
            if not (may_be_stale and failed.again_at_once):
                return failed.outcome
        try:
            return self._handed_over(parcel)
        except Failed as failed:
            self._drop()
            return failed.outcome

    def refusal(self) -> Refused | None:
        """Connect, sign in and say good-bye, without any mail: what hindered, or None."""
        try:
            self._smtp = self._connected()
        except Failed as failed:
            if isinstance(failed.outcome, Refused):
                return failed.outcome
            raise
        self.close()
        return None

    def close(self) -> None:
        """Say good-bye and let go of the connection."""
        if self._smtp is not None:
            with contextlib.suppress(OSError):
                self._smtp.docmd("QUIT")
        self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    def _handed_over(self, parcel: Parcel) -> Outcome:
        if self._smtp is None:
            self._smtp = self._connected()
        smtp = self._smtp
        with Patience(self._access.deadline).watching(smtp.sock) as patience:
            with _translated(patience):
                _give_envelope(smtp, parcel, self._access)
                smtp.send(_stuffed(parcel.content))
            self._on_phase(Phase.BEFORE_SEND)
            try:
                smtp.send(b".\r\n")
                self._on_phase(Phase.AFTER_SEND)
                said = Said.of(smtp.getreply())
            except OSError as error:
                raise Failed(InDoubt(reason=no_answer(error, patience))) from None
        self._on_phase(Phase.AFTER_BODY)
        outcome = after_the_dot(said)
        if isinstance(outcome, InDoubt | ChannelShut):
            raise Failed(outcome)
        return outcome if outcome is not None else Done(remote=Remote(id=parcel.message_id))

    def _connected(self) -> smtplib.SMTP:
        """A connection that is protected and signed in as configured."""
        access = self._access
        self._on_phase(Phase.BEFORE_CONNECT)
        # No name of ours is looked up: smtplib's own way can wait for a DNS server that is away.
        smtp = smtplib.SMTP(local_hostname=_greeting_name())
        patience = Patience(access.deadline)
        try:
            smtp.sock = socket.create_connection((access.host, access.port), timeout=access.connect_timeout)
            smtp.sock.settimeout(access.deadline)
            with patience.watching(smtp.sock), _translated(patience, connecting=access.host):
                self._sign_in(smtp, patience)
        except (OSError, UnicodeError) as error:  # a host name that cannot exist is a UnicodeError
            smtp.close()
            raise Failed(no_connection(error, patience, access.host), again_at_once=True) from None
        except Failed:
            smtp.close()
            raise
        return smtp

    def _sign_in(self, smtp: smtplib.SMTP, patience: Patience) -> None:
        access = self._access
        if access.security is SmtpSecurity.TLS:
            _protect(smtp, access, patience)
        greeted = Said.of(smtp.getreply())
        if greeted.code != _READY:
            raise Failed(refused_at_start(greeted), again_at_once=True)
        smtp.ehlo_or_helo_if_needed()
        if access.security is SmtpSecurity.STARTTLS:
            if not smtp.has_extn("starttls"):
                raise Failed(not_offered("STARTTLS", 'set security = "tls" (port 465), or ask who runs the server'))
            started = Said.of(smtp.docmd("STARTTLS"))
            if started.code != _READY:
                raise Failed(refused_at_start(started), again_at_once=True)
            _protect(smtp, access, patience)
            _forget_what_was_said_unprotected(smtp)
            smtp.ehlo_or_helo_if_needed()
        if access.user:
            _log_in(smtp, access)


@contextlib.contextmanager
def _translated(patience: Patience, *, connecting: str = "") -> Iterator[None]:
    """Failures of the wire before the dot: surely nothing was sent."""
    try:
        yield
    except OSError as error:  # smtplib's own errors are OSErrors, too
        raise Failed(no_connection(error, patience, connecting), again_at_once=not patience.is_over) from None


def _protect(smtp: smtplib.SMTP, access: SmtpAccess, patience: Patience) -> None:
    context = access.context or ssl.create_default_context()
    smtp.sock = context.wrap_socket(_socket(smtp), server_hostname=access.host)
    smtp.file = None
    patience.watch(smtp.sock)


def _forget_what_was_said_unprotected(smtp: smtplib.SMTP) -> None:
    """RFC 3207, 4.2: what the server offered before STARTTLS does not count."""
    smtp.helo_resp = smtp.ehlo_resp = None
    smtp.esmtp_features = {}
    smtp.does_esmtp = False


def _log_in(smtp: smtplib.SMTP, access: SmtpAccess) -> None:
    """Sign in; with PLAIN where it is offered, because smtplib's own way fails for passwords beyond ASCII."""
    offered = str(smtp.esmtp_features.get("auth", "")).upper().split()
    if "PLAIN" in offered:
        proof = base64.b64encode(f"\0{access.user}\0{access.password}".encode()).decode("ascii")
        said = Said.of(smtp.docmd("AUTH", f"PLAIN {proof}"))
        if said.code not in _AUTHENTICATED:
            raise Failed(at_login(said))
        return
    try:
        smtp.login(access.user, access.password)
    except smtplib.SMTPResponseException as error:
        raise Failed(at_login(Said.of((error.smtp_code, error.smtp_error)))) from None
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPException:
        raise Failed(not_offered("a way to sign in", "leave [mail] user out, or use the port for submission")) from None
    except UnicodeError:
        hint = "choose a password of plain ASCII characters"
        raise Failed(not_offered("a way to sign in with this password", hint)) from None


def _give_envelope(smtp: smtplib.SMTP, parcel: Parcel, access: SmtpAccess) -> None:
    """MAIL, RCPT and DATA up to the server's go-ahead."""
    sender, to, options = _options(smtp, parcel)
    size = int(smtp.esmtp_features.get("size") or 0)
    if 0 < size < len(parcel.content):
        raise Failed(too_large(len(parcel.content), size))
    said = Said.of(smtp.mail(sender, options))
    if not said.is_yes:
        raise Failed(at_mail(said, access.user), again_at_once=said.is_temporary)
    said = Said.of(smtp.rcpt(to))
    if not said.is_yes:
        raise Failed(at_recipient(said))
    said = Said.of(smtp.docmd("DATA"))
    if said.code != _START_DATA:
        raise Failed(at_data(said))


def _options(smtp: smtplib.SMTP, parcel: Parcel) -> tuple[str, str, list[str]]:
    """Addresses as this server takes them, and what has to be said of the message."""
    options = [f"SIZE={len(parcel.content)}"] if smtp.has_extn("size") else []
    if not parcel.content.isascii():
        if not smtp.has_extn("8bitmime"):
            raise Failed(not_offered("8BITMIME, which this mail needs", "use another server", shut=False))
        options.append("BODY=8BITMIME")
    head = parcel.content.partition(b"\r\n\r\n")[0]
    sender, to = parcel.sender, parcel.to
    if sender.isascii() and to.isascii() and head.isascii():
        return sender, to, options
    if smtp.has_extn("smtputf8"):
        return sender, to, [*options, "SMTPUTF8"]
    sender, to = _in_ascii(sender), _in_ascii(to)
    if not (sender.isascii() and to.isascii() and head.isascii()):
        raise Failed(not_offered("SMTPUTF8, which this address needs", ADDRESS_HINT, shut=False))
    return sender, to, options


def _in_ascii(address: str) -> str:
    """The address with its domain in the form of the DNS, where it has one."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def _stuffed(content: bytes) -> bytes:
    """The message on the wire without its final dot: CRLF everywhere, leading dots doubled (RFC 5321, 4.5.2)."""
    lines = _LEADING_DOT.sub(b"..", _LINE_END.sub(b"\n", content)).rstrip(b"\n")
    return lines.replace(b"\n", b"\r\n") + b"\r\n"


def _greeting_name() -> str:
    name = platform.node()
    return name if "." in name and name.isascii() and " " not in name else "[127.0.0.1]"


def _socket(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is closed")
    return smtp.sock
