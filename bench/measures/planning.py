"""How long it takes to plan: dates, desired objects, a look at the service, the comparison."""

from __future__ import annotations

from collections.abc import Iterator

from bench.context import Bench
from bench.table import Row
from rollout_sync.model.rollout import Home


def rows(bench: Bench) -> Iterator[Row]:
    """For information."""
    size = 500 if bench.is_quick else 5_000
    yield Row(
        measure=f"planning, Jira {size:,}",
        value=bench.plan(Home.JIRA, size).seconds,
        unit="s",
        note="new rollout, no latency; for information",
    )
