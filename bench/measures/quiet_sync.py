"""What a tick of `sync` costs when there is no news, with many rollouts of 100 items in one ledger.

How such a ledger and such a sandbox are made without creating everything by HTTP is told in `bench/many.py`. The
rollouts have no template that could be read again: their `wish_of` makes the expanded rollout anew each time.
"""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import agent, floor, many, sandbox
from bench.context import Bench, asked
from bench.many import Many
from bench.rollouts import PER_PHASE
from bench.sandbox import Counters, Sandbox
from bench.table import Row
from rollout_sync.app import Edges
from rollout_sync.ledger import objects
from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.rollout import Home
from rollout_sync.sync.syncing import Tick, sync

_MANY, _FEW = 1_000, 50
_MOST = 1.0
_MOST_MB = 10.0
_MB = 1e6
_CHANGED = 10
_EVERY = 900.0
_PER_MEASURE = 10_000
_CORA = "cora.coordinator@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One tick in its own program, from the opened ledger to the closed one.

    Attributes:
        seconds, cpu: wall and processor time, all threads.
        commits: of the ledger.
        peak: bytes that Python allocated above what was there before; 0 where that was not traced.
    """

    tick: Tick
    seen: Counters
    seconds: float
    cpu: float
    commits: int
    peak: int


def rows(bench: Bench) -> Iterator[Row]:
    """A full look, a tick without news, the same traced, and one with a few changes."""
    number = _FEW if bench.is_quick else _MANY
    with TemporaryDirectory(prefix="rollout-sync-bench-", dir=_memory_folder(bench.folder)) as folder:
        began = time.perf_counter()
        made = many.made(Path(folder), number)
        with sandbox.running(made.state, made.port) as box:
            seconds = time.perf_counter() - began
            what = f"{number:,} x {PER_PHASE}"
            note = "two started over HTTP, the others copied, one of them compared; for information"
            yield Row(measure=f"making {what} in ledger and sandbox", value=seconds, unit="s", note=note)
            yield from _ticks(box, made, what)


def _ticks(box: Sandbox, made: Many, what: str) -> Iterator[Row]:
    pages = len(made.rollouts)  # 40 tasks a plan: one page each
    least = floor.quiet_sync(sites=1, pages=pages)
    yield from _full(_run(box, made, is_full=True), what)
    box.control("POST", "/clock", {"advance": _EVERY})
    yield from _quiet(_run(box, made), least, what)
    if pages == _MANY:  # with few rollouts all of them are in memory at once, and the share of an item says nothing
        box.control("POST", "/clock", {"advance": _EVERY})
        yield _memory(_without_news(_run(box, made, is_traced=True)), what)
    _work_a_little(box, made)
    box.control("POST", "/clock", {"advance": _EVERY})
    yield from _some(_run(box, made), least, what)


def _full(run: _Run, what: str) -> Iterator[Row]:
    _without_news(run)
    note = f"{asked(run.seen):,} requests, {run.cpu:.1f} s of it processor time; everything read, nothing new"
    yield Row(measure=f"full look, {what}", value=run.seconds, unit="s", note=note)


def _quiet(run: _Run, least: floor.Floor, what: str) -> Iterator[Row]:
    _without_news(run)
    count = asked(run.seen)
    note = f"{count} / {least.requests} ({least.sum}); sign-in: {run.seen.of('login')} requests"
    yield Row(measure=f"requests / floor, no news, {what}", value=count / least.requests, bar=_MOST, note=note)
    yield Row(measure=f"writes, no news, {what}", value=run.seen.writes, bar=0, note="requests that change something")
    note = f"{run.cpu:.2f} s of processor time; {run.commits} commits of the ledger"
    yield Row(measure=f"tick without news, {what}", value=run.seconds, unit="s", note=note)


def _memory(run: _Run, what: str) -> Row:
    items = _MANY * PER_PHASE
    return Row(
        measure=f"memory per {_PER_MEASURE:,} items, no news, {what}",
        value=run.peak / _MB / (items / _PER_MEASURE),
        bar=_MOST_MB,
        unit="MB",
        note=f"tracemalloc peak delta {run.peak / _MB:.1f} MB for {items:,} items",
    )


def _some(run: _Run, least: floor.Floor, what: str) -> Iterator[Row]:
    if not run.tick.is_finished or run.tick.catch.seen < _CHANGED or len(run.tick.rollouts) != _CHANGED:
        raise RuntimeError(f"{_CHANGED} changes were made, and this was found: {run.tick}")
    more = asked(run.seen) - least.requests
    note = f"{more} requests above the floor; {run.cpu:.2f} s of processor time with {_CHANGED} forecasts in it"
    measure = f"tick with {_CHANGED} items changed, {what}"
    yield Row(measure=measure, value=run.seconds, unit="s", note=f"{note}; {run.commits} commits")


def _run(box: Sandbox, made: Many, *, is_full: bool = False, is_traced: bool = False) -> _Run:
    commits: Counter[str] = Counter()

    def count(phase: str) -> None:
        commits[phase] += 1

    box.forget_counters()
    app = agent.app_for(box.url, made.ledger, Home.BOTH, Edges(on_commit=count))
    with app.ledger() as database:
        office = many.office(app, database, is_full=is_full)
        if is_traced:
            tracemalloc.start()
        began, cpu = time.perf_counter(), time.process_time()
        tick = sync(made.rollouts, office)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        peak = tracemalloc.get_traced_memory()[1] if is_traced else 0
        tracemalloc.stop()
    seen = box.counters()
    return _Run(tick=tick, seen=seen, seconds=seconds, cpu=cpu, commits=commits["after-commit"], peak=peak)


def _without_news(run: _Run) -> _Run:
    """The run, if it read everything and found nothing: otherwise no number would mean anything."""
    catch = run.tick.catch
    if not run.tick.is_finished or catch.seen or catch.added or catch.gone or run.tick.rollouts:
        raise RuntimeError(f"nothing had changed, and this was found: {catch}, {run.tick.rollouts[:2]}")
    return run


def _work_a_little(box: Sandbox, made: Many) -> None:
    """Somebody finishes one item in each of ten rollouts, in one service and the other in turn."""
    with agent.app_for(box.url, made.ledger).ledger() as database, database.reading() as connection:
        for place, rollout in enumerate(made.rollouts[-_CHANGED:]):
            kind, service, name = _WORK[place % len(_WORK)]
            chosen = next(one for one in objects.bindings(connection, rollout) if one.object.kind is kind)
            work = {"service": service, "do": "complete", "who": _CORA, name: chosen.remote.key or chosen.remote.id}
            box.control("POST", "/act", work)


_WORK = ((ObjectKind.ISSUE, "jira", "issue"), (ObjectKind.TASK, "planner", "task"))


def _memory_folder(folder: Path) -> Path:
    """A file system in memory where there is one, so that the disk's speed is not measured."""
    shared = Path("/dev/shm")  # noqa: S108 - only where to put a folder that is made safely
    return shared if shared.is_dir() else folder
