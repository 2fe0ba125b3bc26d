"""The outside reader of every request of a tick: after each write it looks who is responsible for what changed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from machine.sync_watch import Watch
from machine.wire import Book


@dataclass
class SyncBook(Book):
    """As `Book`, and keeps a list of what was asked since it was last cleared."""

    watch: Watch | None = None
    asked: list[str] = field(default_factory=list)

    def on(self, path: Callable[[], Path]) -> Callable[..., Iterable[bytes]]:
        """A WSGI application for one process with its ledger."""
        inner = super().on(path)

        def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = environ["wsgi.input"].read(length)
            environ["wsgi.input"] = io.BytesIO(body)
            if not environ["PATH_INFO"].startswith("/login"):
                self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {body.decode()}")
            before = self.writes
            try:
                return inner(environ, start)
            finally:
                if self.writes != before and self.watch is not None:
                    self.watch.ours()

        return app
