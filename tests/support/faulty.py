"""A raw loopback server that misbehaves on order, and a clock that only moves when somebody sleeps."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


@dataclass
class StepClock:
    """Sleeping is instant and remembered."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.at - 1000.0)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Step = Callable[[socket.socket, Seen], bool]
"""Answers one request; False closes the connection."""


class FaultServer:
    """Answers the n-th request with the n-th step, and every later one with the last."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.seen: list[Seen] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def close(self) -> None:
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(conn)
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn: socket.socket) -> None:
        with contextlib.suppress(OSError), conn, conn.makefile("rb") as reader:
            while (seen := _read(reader)) is not None:
                self.seen.append(seen)
                step = self.steps[min(len(self.seen), len(self.steps)) - 1]
                if not step(conn, seen):
                    return


def _read(reader) -> Seen | None:
    first = reader.readline().decode("latin-1")
    if first.count(" ") < 2 or "HTTP/1." not in first:
        return None  # the end, or something that is no HTTP, such as a TLS greeting
    method, path, _ = first.split(" ", 2)
    headers = {}
    while line := reader.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Seen(method, path, headers, reader.read(int(headers.get("content-length", 0))))


def reply(status: int = 200, body: object = None, *, raw: bytes | None = None, length: int | None = None, **headers):
    """A complete answer; `length` lies about the size."""
    payload = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    lines = {"Date": DATE, "Content-Type": "application/json", "Content-Length": str(length or len(payload))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items() if v is not None) + "\r\n"

    def step(conn: socket.socket, seen: Seen) -> bool:
        conn.sendall(head.encode() + payload)
        return length is None

    return step


def drop(conn: socket.socket, seen: Seen) -> bool:
    conn.shutdown(socket.SHUT_RDWR)
    return False


def reset(conn: socket.socket, seen: Seen) -> bool:
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()
    return False


def silent(conn: socket.socket, seen: Seen) -> bool:
    time.sleep(5)
    return False


def dripping(head: bytes) -> Step:
    """Sends `head`, then one byte every 50 ms, for ever."""

    def step(conn: socket.socket, seen: Seen) -> bool:
        conn.sendall(head)
        while True:
            conn.sendall(b"x")
            time.sleep(0.05)

    return step


def html(status: int) -> Step:
    return reply(status, raw=b"<html>Sign in</html>", Content_Type="text/html; charset=utf-8")
