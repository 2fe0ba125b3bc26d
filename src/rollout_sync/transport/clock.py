"""Time as a value to be handed in: the system's clock, or a test's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the program knows of time."""

    def now(self) -> datetime:
        """Local wall clock as aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backward, from an arbitrary zero."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Local wall clock as aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary zero."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait `seconds`; nothing below zero."""
        time.sleep(max(seconds, 0.0))


class ShiftedClock(SystemClock):
    """The machine's clock moved by a fixed time, for a sandbox that lives on another day."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        """The wall clock of that day, as aware UTC."""
        return super().now() + self._by
