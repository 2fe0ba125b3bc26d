"""What was asked of the sandbox: requests and inner batch operations by route, connections, and the latest requests."""

from __future__ import annotations

from collections import Counter, deque

from rollout_sync.sandbox.store import Document

LOG_LENGTH = 5000


class Counters:
    """Counts since the start or the last reset; never holds a body, a header or a query."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.inner: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.connections = 0
        self.log: deque[Document] = deque(maxlen=LOG_LENGTH)

    def reset(self) -> None:
        """Start again from zero."""
        self.requests.clear()
        self.inner.clear()
        self.faults.clear()
        self.connections = 0
        self.log.clear()

    def as_json(self) -> Document:
        """What `GET /_sandbox/counters` answers."""
        return {
            "requests": dict(sorted(self.requests.items())),
            "inner": dict(sorted(self.inner.items())),
            "faults": dict(sorted(self.faults.items())),
            "total": self.requests.total(),
            "inner_total": self.inner.total(),
            "connections": self.connections,
            "log": list(self.log),
        }
