"""Requests, inner requests, ledger commits and connections of creating a rollout, against the floor."""

from __future__ import annotations

from collections.abc import Iterator

from bench import floor
from bench.context import Bench, asked
from bench.floor import Floor
from bench.rollouts import LONGEST_CHAIN, PER_PHASE
from bench.table import Row
from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.rollout import Home
from rollout_sync.sync.applying import Applied
from rollout_sync.transport.limits import Limits

_MOST = 1.05
_FIXED_COMMITS = 3  # lease taken, plan accepted, lease given back
_PER_CHUNK = 2  # the intents before the request, the answer after it
_SIZES = ((Home.JIRA, 500), (Home.PLANNER, 500), (Home.JIRA, 5_000), (Home.PLANNER, 2_000))
_SMALL = 500


def rows(bench: Bench) -> Iterator[Row]:
    """All sizes of both services."""
    for service, size in _SIZES:
        if size <= _SMALL or not bench.is_quick:
            yield from _of(bench, service, size)


def _of(bench: Bench, service: Home, size: int) -> Iterator[Row]:
    run = bench.create(bench.plan(service, size))
    seen, least = bench.box.counters(), _floor(service, size)
    what = f"{service.value.title()} {size:,}"
    count = asked(seen)
    note = f"{count} / {least.requests} ({least.sum})"
    yield Row(measure=f"requests / floor, {what}", value=count / least.requests, bar=_MOST, note=note)
    if least.inner:
        note = f"{seen.inner_total:,} / {least.inner:,} (2 + B + 3 x M); sign-in: {seen.of('login')} requests"
        yield Row(measure=f"inner requests / floor, {what}", value=seen.inner_total / least.inner, bar=_MOST, note=note)
    chunks = _chunks(run.applied)
    yield Row(
        measure=f"commits a chunk, {what}",
        value=(run.commits - _FIXED_COMMITS) / chunks,
        bar=_PER_CHUNK,
        note=f"({run.commits} - {_FIXED_COMMITS}) / {chunks}; fixed: lease taken, plan accepted, lease given back",
    )
    yield Row(
        measure=f"connections, {what}",
        value=seen.connections,
        bar=Limits().most_concurrency,
        note="TCP connections opened in the run; the bar is the concurrency of one host",
    )


def _floor(service: Home, size: int) -> Floor:
    phases = -(-size // PER_PHASE)
    if service is Home.JIRA:
        return floor.jira(epics=phases, issues=size, longest_chain=LONGEST_CHAIN)
    return floor.planner(buckets=phases, tasks=size)


def _chunks(applied: Applied) -> int:
    """Full chunks of what was made; folded links take none."""
    taken = {ObjectKind.EPIC: floor.BULK, ObjectKind.ISSUE: floor.BULK, ObjectKind.PLAN: 1, ObjectKind.LABELS: 1}
    counted = (kind for kind in applied.made if kind is not ObjectKind.LINK)
    return sum(-(-applied.made[kind] // taken.get(kind, floor.BATCH)) for kind in counted)
