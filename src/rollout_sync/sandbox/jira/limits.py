"""Jira Cloud's own rate limits, off unless a switch asks for them: per issue on writes, and bursts per endpoint."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC
from http import HTTPStatus
from typing import Final

from rollout_sync.sandbox.jira.answers import Refusal, Reply, envelope, timestamp
from rollout_sync.sandbox.jira.site import Site

PER_ISSUE: Final = ((20, 2_000), (100, 30_000))
"""Writes to one issue, and the milliseconds they are counted over (vendor's page on rate limiting)."""


class WriteLimits:
    """Counts requests; the site has one instance, shared by all routes."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._writes: dict[str, deque[int]] = {}
        self._bursts: dict[str, deque[int]] = {}

    def clear(self) -> None:
        """Forget what was counted."""
        self._writes.clear()
        self._bursts.clear()

    def check(self, method: str, path: str, values: Mapping[str, str]) -> None:
        """Count a request, or refuse it.

        Raises:
            Refusal: 429 with the family of headers that names the limit.
        """
        burst = int(self._site.world.switches["jira_burst_limit"])
        if burst:
            kept = self._bursts.setdefault(f"{method} {path}", deque())
            self._count(kept, ((burst, 1_000),), "jira-burst-based")
        name = values.get("issue", "")
        if method == "GET" or not name or not self._site.world.switches.is_on("jira_issue_write_limit"):
            return
        issue = self._site.issue(name)
        if issue is not None:
            kept = self._writes.setdefault(issue["id"], deque())
            self._count(kept, PER_ISSUE, "jira-per-issue-on-write")

    def _count(self, moments: deque[int], limits: tuple[tuple[int, int], ...], reason: str) -> None:
        now = self._site.now
        while moments and now - moments[0] >= max(span for _, span in limits):
            moments.popleft()
        for most, span in limits:
            within = [moment for moment in moments if now - moment < span]
            if len(within) >= most:
                raise _throttled(self._site, most, (within[0] + span - now) / 1000, reason)
        moments.append(now)


def _throttled(site: Site, most: int, seconds: float, reason: str) -> Refusal:
    wait = max(1, int(seconds + 0.999))
    reset = timestamp(site.now + wait * 1000, UTC)
    return Refusal(
        Reply(
            status=HTTPStatus.TOO_MANY_REQUESTS,
            body=envelope(messages=["Rate limit exceeded."]),
            headers={
                "Retry-After": str(wait),
                "X-RateLimit-Limit": str(most),
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": f"{reset[:19]}Z",
                "RateLimit-Reason": reason,
            },
        )
    )
