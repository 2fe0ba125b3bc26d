"""A sandbox in a process of its own, with its state in memory, and the controls that measures need."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

_STARTED = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")


_LEAVE = 120.0
"""Seconds; a sandbox full of work takes a while to let go of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What the sandbox was asked for since it was last reset, without its own controls.

    Attributes:
        requests: by method and route.
        inner: inner requests of batches, by method and route.
        connections: TCP connections that were opened, the controls' own left out.
    """

    requests: Mapping[str, int]
    inner: Mapping[str, int]
    connections: int

    def of(self, service: str) -> int:
        """Requests to `jira`, `graph` or `login`."""
        return sum(count for route, count in self.requests.items() if route.split(" ", 1)[1].startswith(f"/{service}"))

    @property
    def inner_total(self) -> int:
        """All inner requests."""
        return sum(self.inner.values())

    @property
    def writes(self) -> int:
        """Requests and inner requests that change something; searches, bulk reads, batches and sign-ins do not."""
        outer = sum(count for route, count in self.requests.items() if not _is_read(route))
        return outer + sum(count for route, count in self.inner.items() if not route.startswith("GET "))


_READS = re.compile(r"(?:GET|HEAD) |POST (?:/jira\S*/(?:search/jql|issue/bulkfetch)|/graph\S*/\$batch|/login/)")


def _is_read(route: str) -> bool:
    return _READS.match(route) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A running sandbox at `url`."""

    url: str
    _pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=1), repr=False)

    def fresh(self, *, latency_ms: float = 0.0) -> None:
        """Forget everything; answers then take at least `latency_ms`."""
        self.control("POST", "/reset")
        self.control("POST", "/latency", {"ms": latency_ms})
        self.control("POST", "/counters/reset")

    def counters(self) -> Counters:
        """What was asked for since the last reset."""
        seen = self.control("GET", "/counters")
        requests = {route: n for route, n in seen["requests"].items() if not route.split(" ", 1)[1].startswith("/_")}
        return Counters(requests=requests, inner=seen["inner"], connections=seen["connections"])

    def forget_counters(self) -> None:
        """Start counting from zero."""
        self.control("POST", "/counters/reset")

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self.url.rpartition(":")[2])

    def everything(self) -> dict[str, dict[str, dict[str, Any]]]:
        """All documents by collection and key."""
        found: dict[str, dict[str, dict[str, Any]]] = self.control("GET", "/state")["collections"]
        return found

    def kept(self, collection: str) -> list[dict[str, Any]]:
        """All documents of one of the sandbox's collections, `jira.issue` or `graph.tasks`."""
        return list(self.everything().get(collection, {}).values())

    def control(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """A call of `/_sandbox`; RuntimeError where it refuses."""
        answer = self._pool.request(method, f"{self.url}/_sandbox{path}", json=body)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's own range
            raise RuntimeError(f"the sandbox answered {method} {path} with {answer.status}: {answer.data[:300]!r}")
        return json.loads(answer.data)


@contextlib.contextmanager
def running(state: Path | None = None, port: int = 0) -> Iterator[Sandbox]:
    """A sandbox on a free port or on this one, in memory or with a state file; stopped at the end."""
    command = [sys.executable, "-m", "rollout_sync.sandbox", "--port", str(port)]
    command += ["--state", str(state)] if state is not None else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        found = _STARTED.search(line)
        if found is None:
            raise RuntimeError(f"the sandbox did not start; it said {line!r}")
        yield Sandbox(url=found[1])
    finally:
        process.terminate()
        process.wait(_LEAVE)
