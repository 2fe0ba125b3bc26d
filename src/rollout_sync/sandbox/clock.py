"""The sandbox's own time: the machine's clock moved by an offset, or frozen; it survives a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from rollout_sync.sandbox.store import Document, Store

_COLLECTION, _KEY = "_world", "clock"


class SandboxClock:
    """Tells the time that both services believe in.

    Args:
        store: keeps offset and frozen instant.
        real: the machine's clock, aware UTC; replaced in tests of the clock itself.
    """

    def __init__(self, store: Store, real: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._real = real
        self._pinned: datetime | None = None

    def now(self) -> datetime:
        """Aware UTC."""
        if self._pinned is not None:
            return self._pinned
        kept = self._kept()
        if kept["frozen"] is not None:
            return datetime.fromisoformat(kept["frozen"])
        return self._real() + timedelta(seconds=kept["offset"])

    def advance(self, seconds: float) -> datetime:
        """Move forward (or back, for tests of skewed clocks) and return the new time."""
        kept = self._kept()
        if kept["frozen"] is not None:
            kept["frozen"] = (datetime.fromisoformat(kept["frozen"]) + timedelta(seconds=seconds)).isoformat()
        else:
            kept["offset"] += seconds
        self._store.put(_COLLECTION, _KEY, kept)
        return self.now()

    def freeze(self, at: datetime) -> None:
        """Stand still at an aware instant; only `advance` moves from there."""
        self._store.put(_COLLECTION, _KEY, {"frozen": at.astimezone(UTC).isoformat(), "offset": 0.0})

    def run(self) -> None:
        """Run again, from the frozen instant on."""
        offset = (self.now() - self._real()).total_seconds()
        self._store.put(_COLLECTION, _KEY, {"frozen": None, "offset": offset})

    @contextmanager
    def pinned(self, at: datetime) -> Iterator[None]:
        """Within the block it is `at`: late requests happen when they were due, not when they were noticed."""
        before, self._pinned = self._pinned, at
        try:
            yield
        finally:
            self._pinned = before

    def as_json(self) -> Document:
        """What `GET /_sandbox/clock` answers."""
        kept = self._kept()
        return {"now": self.now().isoformat(), "frozen": kept["frozen"] is not None, "offset": kept["offset"]}

    def _kept(self) -> Document:
        return self._store.get(_COLLECTION, _KEY) or {"frozen": None, "offset": 0.0}
