"""The outside reader of every request of a tick: after each write it looks who is responsible for what changed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from machine.sync_watch import Watch
from machine.wire import Book

_TRAVEL = 1.0
"""Seconds that a request takes: answers are dated by the second, and no two ticks fit into one."""


@dataclass
class SyncBook(Book):
    """As `Book`, and keeps a list of what was answered since it was last cleared.

    A token that ran out is not counted: the sign-in goes by the machine's clock, and the sandbox by its own.
    """

    watch: Watch | None = None
    asked: list[str] = field(default_factory=list)

    def on(self, path: Callable[[], Path]) -> Callable[..., Iterable[bytes]]:
        """A WSGI application for one process with its ledger."""
        inner = super().on(path)

        def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = environ["wsgi.input"].read(length)
            environ["wsgi.input"] = io.BytesIO(body)

            def begin(status: str, headers: list[tuple[str, str]], exc: object = None) -> Callable[[bytes], None]:
                if not environ["PATH_INFO"].startswith("/login") and not status.startswith("401"):
                    self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {body.decode()}")
                return start(status, headers, exc)

            self.stage.clock.sleep(_TRAVEL)
            before = self.writes
            try:
                return inner(environ, begin)
            finally:
                if self.writes != before and self.watch is not None:
                    self.watch.ours()

        return app
