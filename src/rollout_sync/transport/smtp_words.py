"""What an SMTP server's replies and failures mean for a mail, as outcomes, and how long the server may take.

Decisions are pure; only `Patience` acts: it cuts a connection when its time is over.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rollout_sync.model.mail import ChannelShut
from rollout_sync.model.operations import InDoubt, Outcome, Refused
from rollout_sync.transport.redaction import SECRETS
from rollout_sync.transport.words import clean

ADDRESS_HINT = "correct the address in the people list or the configuration"
_SERVICE_CLOSES = 421
_TOO_LARGE = 552
_DOWN_HINT = "check [mail] host, port and security, then run the same command again"


class Failed(Exception):
    """The mail was not accepted: its outcome, and whether a fresh connection may do better at once."""

    def __init__(self, outcome: Outcome, *, again_at_once: bool = False) -> None:
        super().__init__()
        self.outcome = outcome
        self.again_at_once = again_at_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One reply of the server; `words` are one clean line."""

    code: int
    words: str

    @classmethod
    def of(cls, reply: tuple[int, bytes | str]) -> Said:
        """A reply as smtplib gives it."""
        code, words = reply
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        return cls(code=code, words=f"{code} {clean(SECRETS.scrub(text))}".strip())

    @property
    def is_yes(self) -> bool:
        """2xx."""
        return 200 <= self.code < 300  # noqa: PLR2004 - SMTP's own ranges

    @property
    def is_temporary(self) -> bool:
        """4xx: the same may succeed later."""
        return 400 <= self.code < 500  # noqa: PLR2004 - SMTP's own ranges

    @property
    def is_no(self) -> bool:
        """5xx: the same will not succeed."""
        return 500 <= self.code < 600  # noqa: PLR2004 - SMTP's own ranges


class Patience:
    """Cuts a connection when its time is over, even if the server keeps dripping bytes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._socket: socket.socket | None = None

    @contextmanager
    def watching(self, connection: socket.socket | None) -> Iterator[Patience]:
        """Count from now on, for as long as the block lasts."""
        self._socket = connection
        timer = threading.Timer(self.seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield self
        finally:
            timer.cancel()

    def watch(self, connection: socket.socket) -> None:
        """The connection goes on as another socket, inside TLS."""
        self._socket = connection

    def _cut(self) -> None:
        self.is_over = True
        if self._socket is None:
            return
        try:
            # Not the TLS socket's own way: that ends the protection before the connection.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            return  # closed already: the attempt ended by itself


def no_connection(error: OSError | UnicodeError, patience: Patience, host: str = "") -> ChannelShut:
    """A failure before the dot."""
    who = f"the mail server {host}" if host else "the mail server"
    hint = _DOWN_HINT
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = "have the server's authority trusted by this system, or use the name that its certificate is for"
    return ChannelShut(reason=f"{who} cannot be used: {no_answer(error, patience)}", hint=hint)


def no_answer(error: OSError | UnicodeError, patience: Patience) -> str:
    """One sentence for a failure of the wire."""
    cause = error.__context__  # smtplib says "disconnected" of whatever broke while it waited
    if patience.is_over or isinstance(error, TimeoutError) or isinstance(cause, TimeoutError):
        return "no answer within the time limit"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({clean(error.verify_message)})"
    if isinstance(error, ssl.SSLError):
        return f"the secure connection failed ({clean(error.reason or type(error).__name__)})"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, socket.gaierror | UnicodeError):
        return "the name could not be resolved"
    return "the connection broke"


def refused_at_start(said: Said) -> ChannelShut:
    """The greeting, or STARTTLS, was no yes."""
    return ChannelShut(reason=f"the mail server does not take connections: {said.words}", hint=_DOWN_HINT)


def not_offered(what: str, hint: str, *, shut: bool = True) -> Refused:
    """The server lacks something."""
    reason = f"the mail server does not offer {what}"
    return ChannelShut(reason=reason, hint=hint) if shut else Refused(reason=reason, hint=hint)


def at_login(said: Said) -> ChannelShut:
    """The sign-in was refused; trying it with every mail would lock the account."""
    return ChannelShut(
        reason=f"the mail server does not accept the sign-in: {said.words}",
        status=said.code,
        hint="check [mail] user, and store the password again with: rollout-sync init --secrets-only",
    )


def too_large(size: int, most: int) -> Refused:
    """SIZE says so (RFC 1870)."""
    hint = "leave pictures out, or ask who runs the server"
    return Refused(reason=f"the mail has {size:,} bytes; the mail server takes {most:,}", hint=hint)


def at_mail(said: Said, user: str) -> Refused:
    """MAIL was refused: it names the sender, so it says something of every mail, unless it is this one's size."""
    if said.code == _TOO_LARGE:
        return Refused(reason=f"the mail is too large: {said.words}", status=said.code)
    hint = "[mail] sender must be an address that this account may send as"
    if not user:
        hint = "the server may want a sign-in: set [mail] user, or ask who runs the relay to let this machine send"
    return ChannelShut(reason=f"the mail server refuses the sender: {said.words}", status=said.code, hint=hint)


def at_recipient(said: Said) -> Refused:
    """RCPT was refused."""
    if said.code == _SERVICE_CLOSES:
        return ChannelShut(reason=f"the mail server closes: {said.words}", status=said.code)
    reason = f"the mail server refuses the recipient: {said.words}"
    return Refused(
        reason=reason, again=not said.is_no, status=said.code, hint="" if said.is_temporary else ADDRESS_HINT
    )


def at_data(said: Said) -> Refused:
    """DATA was refused before anything of the message left."""
    if said.code == _SERVICE_CLOSES:
        return ChannelShut(reason=f"the mail server closes: {said.words}", status=said.code)
    return Refused(reason=f"the mail server refuses the mail: {said.words}", again=not said.is_no, status=said.code)


def after_the_dot(said: Said) -> Refused | InDoubt | None:
    """What the answer to the whole message means; None: accepted. An answer that is none leaves a doubt."""
    if said.is_yes:
        return None
    if said.is_temporary or said.is_no:
        return at_data(said)
    return InDoubt(reason=f"the mail server's answer cannot be understood: {said.words}")
