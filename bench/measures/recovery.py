"""What a SIGKILL in the middle costs: requests of both runs beyond those of a run that nobody interrupts.

The process is killed while requests are in flight that have been carried out and not been answered. One that never
arrived would have to wait until it can no longer take effect, and cost another look then.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench import agent, floor
from bench.agent import Prepared
from bench.context import Bench, asked, finished
from bench.table import Row
from rollout_sync.model.rollout import Home

_TIMES = 3
_BULK = "POST /jira/rest/api/3/issue/bulk"
_PATIENCE = 120.0
_LATENCY_MS = 700.0  # long enough to see that all requests in flight have arrived and none is answered
_STILL = 0.3  # seconds without a new request
_LOOK = 0.02
_HORIZON = 400.0  # seconds; longer than a request may take effect after its answer was lost


def rows(bench: Bench) -> Iterator[Row]:
    """The worst of three kills, against what its own gap allows."""
    size = 500 if bench.is_quick else 5_000
    prepared = bench.plan(Home.JIRA, size)
    bench.create(prepared)
    clean = asked(bench.box.counters())
    costs = [_cost(bench, prepared, clean) for _ in range(_TIMES)]
    extra, gap = max(costs, key=lambda cost: cost[0] - floor.probe(cost[1]))
    yield Row(
        measure=f"recovery after SIGKILL at half, Jira {size:,}",
        value=extra,
        bar=floor.probe(gap),
        unit="requests more",
        note=f"worst of {_TIMES}; gap of {gap} keys: ⌈{gap}/100⌉ + 2; gaps {', '.join(str(g) for _, g in costs)}",
    )


def _cost(bench: Bench, prepared: Prepared, clean: int) -> tuple[int, int]:
    """Extra requests, and how many keys lie behind the oldest mark of what was in flight."""
    ledger = prepared.fresh_ledger()
    bench.box.fresh(latency_ms=_LATENCY_MS)
    _kill_at_half(bench, prepared, ledger, clean)
    issues = bench.box.kept("jira.issue")
    top = max((issue["number"] for issue in issues if issue["key"].startswith("SEC-")), default=0)
    mark = _oldest_mark(ledger)
    bench.box.control("POST", "/latency", {"ms": 0})
    run = agent.carry_out(bench.box.url, prepared, ledger)
    if not run.applied.is_finished:
        bench.box.control("POST", "/clock", {"advance": _HORIZON})
        run = agent.carry_out(bench.box.url, prepared, ledger)
    finished(run)
    return asked(bench.box.counters()) - clean, top - mark if mark is not None else 0


def _kill_at_half(bench: Bench, prepared: Prepared, ledger: Path, clean: int) -> None:
    command = [sys.executable, "-m", "bench.worker", "plain", bench.box.url, prepared.service.value]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*command, str(prepared.size), str(prepared.file), str(ledger)], stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + _PATIENCE
    before, still = 0, 0.0
    while still < _STILL:
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise RuntimeError(f"the run that was to be killed ended by itself or is stuck: {process.returncode}")
        time.sleep(_LOOK)
        count = bench.box.counters().requests.get(_BULK, 0)
        still = still + _LOOK if count == before and count >= clean // 2 else 0.0
        before = count
    process.kill()
    process.wait()


def _oldest_mark(ledger: Path) -> int | None:
    """Largest key known before the oldest request in flight; None where nothing was in flight."""
    with closing(sqlite3.connect(ledger)) as connection:
        found = connection.execute("SELECT min(high_water) FROM entry WHERE state = 'INFLIGHT'").fetchone()[0]
    return int(found) if found is not None else None
