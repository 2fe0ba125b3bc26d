"""A second apply: the same plan file once more, and a new plan of the same rollout. Neither may write anything."""

from __future__ import annotations

from collections.abc import Iterator

from bench import agent
from bench.context import Bench, asked, finished
from bench.table import Row
from rollout_sync.model.rollout import Home


def rows(bench: Bench) -> Iterator[Row]:
    """Writes that the sandbox counted, for both services."""
    for service in (Home.JIRA, Home.PLANNER):
        prepared = bench.plan(service, 500)
        ledger = prepared.fresh_ledger()
        bench.create(prepared, ledger=ledger)
        bench.box.forget_counters()
        finished(agent.carry_out(bench.box.url, prepared, ledger))
        yield _row(bench, f"second apply of the same file, {service.value.title()} 500")
        bench.box.forget_counters()
        anew = agent.prepare(bench.box.url, bench.folder, 500, service, ledger=ledger)
        finished(agent.carry_out(bench.box.url, anew, ledger))
        yield _row(bench, f"second plan and apply, {service.value.title()} 500")


def _row(bench: Bench, measure: str) -> Row:
    seen = bench.box.counters()
    return Row(measure=measure, value=seen.writes, bar=0, unit="writes", note=f"{asked(seen)} requests, all reads")
