"""Logging is set up here and nowhere else: to stderr, as text or as one JSON object a line, without secrets.

A record may carry `event`, a word for programs, and `facts`, a mapping of words and numbers; text shows neither.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from rollout_sync.cli.invocation import About, LogForm

ROOT = "rollout_sync"
_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}


def set_up_logs(stream: TextIO, form: LogForm, verbosity: int, about: About | None = None) -> None:
    """Send log records to `stream`; verbosity -1: errors, 0: warnings, 1: every request, 2: every detail."""
    from rollout_sync.transport.redaction import guard_logging  # noqa: PLC0415 - only when a command runs

    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        _JsonLines(about or About())
        if form is LogForm.JSON
        else logging.Formatter("%(levelname)s %(name)s %(message)s")
    )
    guard_logging([handler])
    root = logging.getLogger(ROOT)
    root.handlers = [handler]
    root.propagate = False
    root.setLevel(_LEVELS.get(max(verbosity, -1), logging.DEBUG))


class _JsonLines(logging.Formatter):
    """Time, level, event, rollout and message of a record, then its facts; all of them without secrets."""

    def __init__(self, about: About) -> None:
        super().__init__()
        self._about = about

    def format(self, record: logging.LogRecord) -> str:
        shown: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "message"),
            "rollout": self._about.rollout,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_text:
            shown["traceback"] = record.exc_text
        facts = getattr(record, "facts", {})
        shown |= facts if isinstance(facts, Mapping) else {}
        return json.dumps({name: _safe(value) for name, value in shown.items() if value != ""}, ensure_ascii=False)


def _safe(value: object) -> object:
    """The filter saw the message only; facts are words of services, too."""
    from rollout_sync.transport.redaction import SECRETS  # noqa: PLC0415 - loaded when logs were set up

    return value if isinstance(value, bool | int | float) or value is None else SECRETS.scrub(str(value))
