"""Memory of carrying out a plan file of 10,000 issues, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from bench.context import Bench
from bench.table import Row
from rollout_sync.model.rollout import Home

_SIZE = 10_000
_MOST_MB = 10.0
_MB = 1e6


def rows(bench: Bench) -> Iterator[Row]:
    """Peak of Python's own allocations above what was there before; left out when quick."""
    if bench.is_quick:
        return
    prepared = bench.plan(Home.JIRA, _SIZE)
    bench.box.fresh()
    command = [sys.executable, "-m", "bench.worker", "traced", bench.box.url, Home.JIRA.value, str(_SIZE)]
    done = subprocess.run(  # noqa: S603 - our own program
        [*command, str(prepared.file), str(prepared.fresh_ledger())], capture_output=True, check=True, text=True
    )
    seen = json.loads(done.stdout)
    if not seen["finished"]:
        raise RuntimeError(f"the traced run was left unfinished: {seen}")
    yield Row(
        measure="memory per 10,000 issues",
        value=seen["peak"] / _MB,
        bar=_MOST_MB,
        unit="MB",
        note=f"tracemalloc peak delta; {seen['made']:,} objects made, links among them",
    )
    yield Row(
        measure="resident memory, the same run",
        value=seen["rss"] / _MB,
        unit="MB",
        note="growth of the peak resident set, with tracemalloc's own tables; for information",
    )
