"""Numbers that bound what the transport does, in one place, so that tests and clusters can set them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds; times in seconds. Defaults stay well under the services' published limits.

    Attributes:
        attempts: most sends of one request, the first included.
        deadline: total time of one request with all its waits, where the caller gives none.
        connect_timeout: for a TCP or TLS connection.
        read_timeout: longest silence of the service.
        longest_wait: a wait the service asks for beyond this is reported, not sat out.
        backoff_base: first back-off is drawn from 0 to this.
        backoff_cap: no back-off is drawn above this.
        retry_share: retries allowed per request made, on top of `retry_floor`.
        retry_floor: retries that are always allowed, per host.
        start_concurrency: requests in flight to one host at the beginning.
        most_concurrency: and at most.
        grow_after: clean answers in a row that earn one more.
        breaker_after: failures in a row after which a host counts as down.
        breaker_rest: how long it is then left alone.
        idle: pooled connections idle for longer are not used again.
        body_bytes: largest answer that is read.
        redirects: most redirects of one read.
    """

    attempts: int = 5
    deadline: float = 60.0
    connect_timeout: float = 5.0
    read_timeout: float = 60.0
    longest_wait: float = 120.0
    backoff_base: float = 0.5
    backoff_cap: float = 8.0
    retry_share: float = 0.1
    retry_floor: int = 10
    start_concurrency: int = 4
    most_concurrency: int = 8
    grow_after: int = 20
    breaker_after: int = 5
    breaker_rest: float = 30.0
    idle: float = 15.0
    body_bytes: int = 32 * 1024 * 1024
    redirects: int = 5
