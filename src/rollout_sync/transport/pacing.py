"""How fast, and whether at all, a host is spoken to: concurrency, breaker, retry budget, waits it asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rollout_sync.transport.limits import Limits

_BURST = "jira-burst-based"
_PER_ISSUE = "jira-per-issue-on-write"


class Gate:
    """Requests in flight to one host: additive increase, multiplicative decrease. Thread-safe."""

    def __init__(self, *, start: int, most: int, grow_after: int) -> None:
        self._free = threading.Condition()
        self._limit = start
        self._most = most
        self._grow_after = grow_after
        self._streak = 0
        self._inside = 0

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return self._limit

    @contextmanager
    def entered(self, patience: float) -> Iterator[bool]:
        """Hold a place; yields False when none came free within `patience` seconds."""
        with self._free:
            got = self._free.wait_for(lambda: self._inside < self._limit, timeout=max(patience, 0.0))
            self._inside += got
        try:
            yield got
        finally:
            with self._free:
                self._inside -= got
                self._free.notify_all()

    def clean(self) -> None:
        """A clean answer came: after enough in a row there is room for one more."""
        with self._free:
            self._streak += 1
            if self._streak >= self._grow_after:
                self._streak = 0
                self._limit = min(self._most, self._limit + 1)
                self._free.notify_all()

    def halve(self) -> None:
        """The host feels loaded."""
        with self._free:
            self._streak = 0
            self._limit = max(1, self._limit // 2)


class Breaker:
    """Leaves a host alone that failed several times in a row, then lets one request try. Thread-safe."""

    def __init__(self, *, after: int, rest: float) -> None:
        self._lock = threading.Lock()
        self._after = after
        self._rest = rest
        self._failures = 0
        self._closed_until = 0.0
        self._trying = False

    def admits(self, now: float) -> bool:
        """Whether a new request may start at monotonic `now`; while half open, the first that asks."""
        with self._lock:
            if self._failures < self._after:
                return True
            if now < self._closed_until or self._trying:
                return False
            self._trying = True
            return True

    def release(self) -> None:
        """A request that was admitted is over, whether or not it made an attempt; another may try."""
        with self._lock:
            self._trying = False

    def record(self, *, failed: bool, now: float) -> None:
        """An attempt ended."""
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= self._after:
                self._closed_until = now + self._rest


class Budget:
    """Retries may be a small share of requests only, so that a bad hour does not become a storm. Thread-safe."""

    def __init__(self, *, share: float, floor: int) -> None:
        self._lock = threading.Lock()
        self._share = share
        self._left = float(floor)

    def made_request(self) -> None:
        """A first attempt was made: it earns a share of a retry."""
        with self._lock:
            self._left += self._share

    def take(self) -> bool:
        """Take one retry; False when none is left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


class NotBefore:
    """Waits a host asked for, by the scope it named. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def hold(self, scope: str, until: float) -> None:
        """Nothing in `scope` starts before monotonic `until`; an earlier, longer wait stands."""
        with self._lock:
            self._until[scope] = max(until, self._until.get(scope, 0.0))

    def delay(self, scopes: tuple[str, ...], now: float) -> float:
        """Seconds to wait from `now` before a request in all of `scopes` may start."""
        with self._lock:
            for scope in [s for s, until in self._until.items() if until <= now]:
                del self._until[scope]
            return max((self._until[s] - now for s in scopes if s in self._until), default=0.0)


EVERYTHING = "*"


def scope_of(reason: str, endpoint: str, path: str) -> str:
    """What a 429 slows down (`RateLimit-Reason`): the endpoint, the one issue, or the whole host."""
    if reason == _BURST:
        return endpoint
    if reason == _PER_ISSUE:
        return path
    return EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """All of one host's pacing."""

    gate: Gate
    breaker: Breaker
    budget: Budget
    not_before: NotBefore


def fresh_pace(limits: Limits) -> Pace:
    """The pacing of a host that was not spoken to yet."""
    return Pace(
        gate=Gate(start=limits.start_concurrency, most=limits.most_concurrency, grow_after=limits.grow_after),
        breaker=Breaker(after=limits.breaker_after, rest=limits.breaker_rest),
        budget=Budget(share=limits.retry_share, floor=limits.retry_floor),
        not_before=NotBefore(),
    )
