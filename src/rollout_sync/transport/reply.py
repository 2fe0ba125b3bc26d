"""What a caller says about a request and what comes back: repeatability, phases, the reply. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Repeat(StrEnum):
    """May this request be sent twice? SAFE: a read or an idempotent write. ONCE: it makes something each time."""

    SAFE = "safe"
    ONCE = "once"


class Phase(StrEnum):
    """Moments in the life of one attempt, in order; before BEFORE_SEND the service cannot have seen anything."""

    BEFORE_CONNECT = "before-connect"
    BEFORE_SEND = "before-send"
    AFTER_SEND = "after-send"
    AFTER_HEADERS = "after-headers"
    AFTER_BODY = "after-body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A trustworthy answer below 500.

    Attributes:
        status: HTTP status; 4xx are answers too.
        headers: names are looked up without regard to case.
        body: parsed JSON; None when the body was empty, or when a 4xx came without JSON.
        at: clock of the service when it answered (`Date` header; one-second steps, rounded down).
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: object = field(repr=False)
    at: datetime

    @property
    def ok(self) -> bool:
        """Whether the service did as asked (2xx)."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own ranges
