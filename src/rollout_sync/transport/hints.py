"""Reads what response headers say of time: the service's clock and how long it asks us to wait. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_REQUEST_ID_HEADERS = ("request-id", "x-arequestid", "atl-traceid", "x-request-id")
_ID_LENGTH = 80


def http_date(text: str) -> datetime | None:
    """Read an HTTP date as aware UTC; None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return _as_utc(moment)


def server_date(headers: Mapping[str, str]) -> datetime | None:
    """The service's clock when it answered; None without a usable `Date` header."""
    return http_date(headers.get("Date", ""))


def wait_hint(headers: Mapping[str, str], local_now: datetime) -> float | None:
    """Seconds the service asks us to wait, never negative; None where it does not say.

    Order: `Retry-After` and `Beta-Retry-After` (seconds, fractions or HTTP dates), then
    `X-RateLimit-Reset` (ISO). Dates are measured against the answer's own `Date`, so that a wrong local clock does
    not matter; `local_now` stands in when the answer has none.
    """
    now = server_date(headers) or local_now
    for name in ("Retry-After", "Beta-Retry-After"):
        waited = _seconds(headers.get(name, "").strip(), now)
        if waited is not None:
            return waited
    reset = _iso(headers.get("X-RateLimit-Reset", "").strip())
    return None if reset is None else max((reset - now).total_seconds(), 0.0)


def request_id(headers: Mapping[str, str]) -> str:
    """The service's id of a request, for its support; empty when it gives none."""
    for name in _REQUEST_ID_HEADERS:
        value = headers.get(name, "")
        if value:
            return "".join(c for c in value if c.isascii() and c.isprintable())[:_ID_LENGTH]
    return ""


def _seconds(text: str, now: datetime) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        moment = http_date(text)
        return None if moment is None else max((moment - now).total_seconds(), 0.0)
    return max(number, 0.0) if math.isfinite(number) else None


def _iso(text: str) -> datetime | None:
    try:
        return _as_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _as_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
