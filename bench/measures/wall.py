"""Wall time of carrying a plan file out against the null client: same sandbox process, turn and turn about."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from bench import null_client
from bench.context import LATENCY_MS, Bench
from bench.table import Row
from rollout_sync.model.rollout import Home

_MOST = 1.25
_SIZES = ((Home.JIRA, 500, 7), (Home.JIRA, 5_000, 5), (Home.PLANNER, 500, 5), (Home.PLANNER, 2_000, 3))
_SMALL = 500
_CLIENTS = {Home.JIRA: null_client.jira, Home.PLANNER: null_client.planner}


def rows(bench: Bench) -> Iterator[Row]:
    """The median of the ratios of pairs, one pair after the other."""
    for service, size, times in _SIZES:
        if size <= _SMALL or not bench.is_quick:
            yield from _of(bench, service, size, times)


def _of(bench: Bench, service: Home, size: int, times: int) -> Iterator[Row]:
    prepared = bench.plan(service, size)
    bench.create(prepared)  # so that neither side pays for imports and compiled statements
    pairs: list[tuple[float, float]] = []
    cpu: list[float] = []
    for _ in range(times):
        bench.box.fresh(latency_ms=LATENCY_MS)
        null = _CLIENTS[service](bench.box.url, prepared)
        run = bench.create(prepared, latency_ms=LATENCY_MS)
        pairs.append((run.seconds, null))
        cpu.append(run.cpu)
    ours, theirs = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    what = f"{service.value.title()} {size:,}"
    yield Row(
        measure=f"wall / null client, {what}",
        value=median(one / other for one, other in pairs),
        bar=_MOST,
        note=f"median of {times} pairs at {LATENCY_MS:.0f} ms; medians {ours:.2f} s / {theirs:.2f} s",
    )
    yield Row(
        measure=f"processor time, {what}",
        value=median(cpu) / size * 1000,
        unit="s per 1,000",
        note="all threads of the program, during the same runs",
    )
