"""A real SMTP server on loopback that keeps what it accepted and misbehaves on order; and a certificate for it."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
EVENT = "X-Rollout-Sync-Event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A self-made certificate for 127.0.0.1 and localhost: its files, and contexts for both ends."""

    pem: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem)
        return context

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.pem))


def make_certificate(folder: Path) -> Certificate:
    """Valid for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mailroom")])
    now = dt.datetime.now(dt.UTC)
    places = [x509.IPAddress(ipaddress.ip_address(HOST)), x509.DNSName("localhost")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "mailroom.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return Certificate(pem=pem)


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong with one message; each is used up by it.

    Attributes:
        at: "MAIL", "RCPT" or "DATA" (the answer to the dot).
        answer: what is said instead of yes; "drop" cuts the connection, "truncate" sends two bytes and cuts it.
        keeps: whether the message is accepted all the same.
        seconds: how long the answer takes.
    """

    at: str = "DATA"
    answer: str = ""
    keeps: bool = False
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class Kept:
    """An accepted message with its envelope."""

    sender: str
    to: tuple[str, ...]
    content: bytes
    options: tuple[str, ...]

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


@dataclass(slots=True, kw_only=True)
class Desk:
    """aiosmtpd's handler: follows `faults`, one after the other, and keeps the rest."""

    faults: list[Fault] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    sessions: int = 0
    on_message: Callable[[bytes], None] = lambda _content: None

    def _fault(self, at: str) -> Fault | None:
        return self.faults.pop(0) if self.faults and self.faults[0].at == at else None

    async def _say(self, server: SMTP, fault: Fault | None, yes: str) -> str:
        if fault is None:
            return yes
        await asyncio.sleep(fault.seconds)
        if fault.answer in {"drop", "truncate"}:
            assert server.transport is not None
            if fault.answer == "truncate":
                server.transport.write(b"25")
            server.transport.close()
            raise asyncio.CancelledError
        return fault.answer or yes

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Any, _envelope: Any, name: str, said: list[str]
    ) -> list[str]:
        self.sessions += 1
        session.host_name = name
        return said

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        answer = await self._say(server, self._fault("MAIL"), "250 OK")
        if answer.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        answer = await self._say(server, self._fault("RCPT"), "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Any, envelope: Any
    ) -> str:
        fault = self._fault("DATA")
        self.on_message(envelope.content)
        if fault is None or fault.keeps or not fault.answer:
            self.kept.append(
                Kept(
                    sender=envelope.mail_from,
                    to=tuple(envelope.rcpt_tos),
                    content=envelope.content,
                    options=tuple(envelope.mail_options),
                )
            )
        return await self._say(server, fault, "250 OK queued")


class Mailroom:
    """The server, in a thread of its own.

    Args:
        certificate: where TLS is offered; `is_tls` speaks it from the first byte, otherwise after STARTTLS.
        account: user and password that are asked for.
    """

    def __init__(
        self,
        desk: Desk | None = None,
        *,
        certificate: Certificate | None = None,
        is_tls: bool = False,
        account: tuple[str, str] | None = None,
        **settings: Any,
    ) -> None:
        self.desk = desk or Desk()
        self.tried: list[bytes | None] = []
        context = certificate.server() if certificate else None
        if account:
            # aiosmtpd takes only STARTTLS for protection, and warns where it may do without.
            settings |= {"authenticator": self._check, "auth_require_tls": bool(context and not is_tls)}
            settings["auth_required"] = settings["auth_require_tls"]
        if context and not is_tls:
            settings |= {"tls_context": context, "require_starttls": True}
        self._account = account
        port = settings.pop("port", 0)
        self._controller = _Controller(
            self.desk, hostname=HOST, port=port, ssl_context=context if is_tls else None, **settings
        )

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def _check(self, _server: SMTP, _session: Any, _envelope: Any, mechanism: str, proof: Any) -> AuthResult:
        assert isinstance(proof, LoginPassword), mechanism
        self.tried.append(proof.password)
        assert self._account is not None
        good = tuple(part.encode() for part in self._account)
        return AuthResult(success=(proof.login, proof.password) == good, handled=False)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._controller.cut_all()
        self._controller.stop()

    @property
    def kept(self) -> Sequence[Kept]:
        return self.desk.kept


class _Controller(Controller):
    """Takes a free port where 0 is asked for."""

    def __init__(self, handler: Any, **settings: Any) -> None:
        super().__init__(handler, **settings)
        self._made: list[SMTP] = []

    def factory(self) -> SMTP:
        made = super().factory()
        self._made.append(made)
        return made

    def cut_all(self) -> None:
        """End all connections, and wait until they are ended."""
        asyncio.run_coroutine_threadsafe(self._cut_all(), self.loop).result(timeout=10)

    async def _cut_all(self) -> None:
        for one in self._made:
            if one.transport is not None:
                one.transport.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
