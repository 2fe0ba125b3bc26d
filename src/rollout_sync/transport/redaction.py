"""Keeps secrets out of logs: those registered at start-up, and whatever looks like a credential."""

from __future__ import annotations

import base64
import logging
import re
import threading
from collections.abc import Iterable
from urllib.parse import quote

MASK = "[secret]"
_SHORTEST = 6
_LOUD = ("urllib3", "jira", "msal", "requests_oauthlib", "oauthlib")
_PATTERNS = (
    re.compile(r"(?i)(\bauthorization\b['\"]?\s*[:=]\s*['\"]?)((?:basic|bearer|digest|negotiate)\s+)?[^\s'\",;]+"),
    re.compile(r"(?i)(\b(?:set-)?cookie\b['\"]?\s*[:=]\s*)[^\r\n]+"),
    re.compile(r"(?i)(\b(?:basic|bearer)\s+)[A-Za-z0-9+/=._~-]{8,}"),
    re.compile(
        r"(?i)(\b(?:access_token|refresh_token|id_token|client_secret|client_assertion|api_token|password|device_code)"
        r"\b['\"]?\s*[:=]\s*['\"]?)[^\s'\"&,;}]+"
    ),
    re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@]+(?=@)"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
)


class Secrets:
    """The secrets of this process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()

    def register(self, secret: str, *, user: str = "") -> None:
        """Never show `secret` again, nor its URL-quoted or Basic form (with `user`); very short ones are ignored."""
        if len(secret) < _SHORTEST:
            return
        basic = base64.b64encode(f"{user}:{secret}".encode()).decode()
        forms = {secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode(), basic}
        with self._lock:
            self._forms = tuple(sorted({*self._forms, *forms}, key=len, reverse=True))

    def scrub(self, text: str) -> str:
        """`text` with every registered secret and everything that looks like a credential masked."""
        for form in self._forms:
            text = text.replace(form, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\g<1>{MASK}", text)
        return text


SECRETS = Secrets()
"""Shared by configuration, which registers, and logging, which scrubs."""


class RedactionFilter(logging.Filter):
    """Scrubs message, arguments, traceback and stack of every record; put it on handlers, so that none slips by."""

    def __init__(self, secrets: Secrets = SECRETS) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place and let it pass."""
        record.msg = self._secrets.scrub(_message(record))
        record.args = None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        if record.exc_text:
            record.exc_text = self._secrets.scrub(record.exc_text)
        if record.stack_info:
            record.stack_info = self._secrets.scrub(record.stack_info)
        return True


def guard_logging(handlers: Iterable[logging.Handler]) -> None:
    """Put the filter on `handlers` and quiet the libraries that log URLs with queries, headers or bodies."""
    for handler in handlers:
        handler.addFilter(RedactionFilter())
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.ERROR)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} (its arguments do not fit)"
