"""Real HTTP/1.1 over loopback: keep-alive, no delay, and connections that can be cut in the middle.

The standard library's threaded server with a small WSGI handler of our own: Werkzeug's development server closes every
connection after one answer, and production servers give no access to the socket.
"""

from __future__ import annotations

import contextlib
import io
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote

from flask import Flask

from rollout_sync.sandbox.app import create_app
from rollout_sync.sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_BODY = 8 * 1024 * 1024
"""Bytes; twice what Graph takes. Larger requests are refused without being read."""


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: SandboxServer

    def setup(self) -> None:
        super().setup()
        self.server.connected()

    def serve(self) -> None:
        """One request: read it whole, run the application, send the answer."""
        body = self._body()
        if body is None:
            self.close_connection = True
            self._send("413 Payload Too Large", [("Content-Length", "0"), ("Connection", "close")], b"")
            return
        sent: dict[str, Any] = {}

        def start_response(
            status: str, headers: list[tuple[str, str]], _failed: object = None
        ) -> Callable[..., object]:
            sent.update(status=status, headers=headers)
            return io.BytesIO().write

        try:
            chunks = self.server.app(self._environ(body), start_response)
            answer = b"".join(chunks)
        except ConnectionError:
            self.close_connection = True
            return
        self._send(sent["status"], sent["headers"], answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing is printed per request; the counters have it."""

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response_only(int(code), phrase)
        promised = len(body)
        for name, value in headers:
            self.send_header(name, value)
            if name.lower() == "content-length":
                promised = int(value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            if promised > len(body):
                self.close_connection = True

    def _body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunked()
        length = int(self.headers.get("Content-Length") or 0)
        return None if length > MAX_BODY else self.rfile.read(length)

    def _chunked(self) -> bytes | None:
        whole = bytearray()
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline(8)
            if len(whole) > MAX_BODY:
                return None
        while self.rfile.readline(1024).strip():
            pass
        return bytes(whole)

    def _environ(self, body: bytes) -> WSGIEnvironment:
        path, _, query = self.path.partition("?")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "RAW_URI": self.path,
            "REQUEST_URI": self.path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "sandbox.drop": self._drop,
            "sandbox.reset": self._reset,
        }
        for name, value in self.headers.items():
            if name.lower() == "transfer-encoding":
                continue  # the body was put together already
            environ.setdefault("HTTP_" + name.upper().replace("-", "_"), value)
        return environ

    def _drop(self) -> NoReturn:
        """End of the connection without an answer."""
        self.connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("dropped on order")

    def _reset(self) -> NoReturn:
        """A TCP reset: closing with a linger time of zero."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionResetError("reset on order")

    def finish(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client went away first, or we cut it
            super().finish()
        linger = self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        if struct.unpack("ii", linger)[0]:
            # Closing at once, without the base class's shutdown, is what makes the kernel send a reset.
            self.rfile.close()
            self.connection.close()


class SandboxServer(ThreadingHTTPServer):
    """Serves one application on 127.0.0.1 until `shutdown`."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, app: Flask, world: World, port: int) -> None:
        self.app = app
        self._world = world
        super().__init__(("127.0.0.1", port), _Conversation)

    @property
    def url(self) -> str:
        """Base URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def connected(self) -> None:
        """Count one more connection."""
        with self._world.lock:
            self._world.counters.connections += 1

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news; anything else is shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError, ValueError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # as handed in


def start(world: World, port: int = 0) -> SandboxServer:
    """Serve in a background thread and return at once; stop with `shutdown()` and `server_close()`."""
    server = SandboxServer(create_app(world), world, port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="sandbox").start()
    return server


def run(port: int, state: Path | None, seed: int) -> None:
    """Serve until SIGTERM or SIGINT; prints one line with the address."""
    world = World.open(state, seed=seed)
    server = SandboxServer(create_app(world), world, port)

    def stop(_signal: int, _frame: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sys.stdout.write(f"sandbox listening on {server.url}\n")
    sys.stdout.flush()
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()
        with world.lock:
            world.store.close()
