"""Logging is set up here and nowhere else: to stderr, as text or as one JSON object a line, without secrets."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

from rollout_sync.cli.invocation import LogForm

ROOT = "rollout_sync"
_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}


def set_up_logs(stream: TextIO, form: LogForm, verbosity: int) -> None:
    """Send log records to `stream`; verbosity -1: errors, 0: warnings, 1: every request, 2: every detail."""
    from rollout_sync.transport.redaction import guard_logging  # noqa: PLC0415 - only when a command runs

    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        _JsonLines() if form is LogForm.JSON else logging.Formatter("%(levelname)s %(name)s %(message)s")
    )
    guard_logging([handler])
    root = logging.getLogger(ROOT)
    root.handlers = [handler]
    root.propagate = False
    root.setLevel(_LEVELS.get(max(verbosity, -1), logging.DEBUG))


class _JsonLines(logging.Formatter):
    """Time, level, logger and message of a record; the redaction filter has seen all of them."""

    def format(self, record: logging.LogRecord) -> str:
        shown = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            shown["traceback"] = record.exc_text
        return json.dumps(shown, ensure_ascii=False)
