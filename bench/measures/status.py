"""How long `status` of a rollout of 500 items takes in a process of its own, from its start to the printed answer.

The rollout is started and synced by the same commands, from a template that is made up here, because `status` reads the
template anew each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.context import Bench
from bench.rollouts import template_text
from bench.table import Row
from rollout_sync.sandbox.seed import PEOPLE

_ITEMS = 500
_TIMES = 5
_MOST = 1.0
_NAME = "Bench status"
_HEADS = tuple((name, email) for name, email, _title in PEOPLE[-10:])
_PEOPLE = "\n".join(
    [
        "name,email,role,department,deputy",
        "Ivan Itwork,ivan.itwork@example.com,it,,",
        *(f"{name},{email},head,Department {place}," for place, (name, email) in enumerate(_HEADS)),
    ]
)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Wall and processor time of one process."""

    seconds: float
    cpu: float


def rows(bench: Bench) -> Iterator[Row]:
    """The median of several; the report is for information."""
    folder = bench.folder / "status"
    folder.mkdir()
    (folder / "bench.yaml").write_text(template_text(_ITEMS // len(_HEADS)), encoding="utf-8")
    (folder / "people.csv").write_text(_PEOPLE, encoding="utf-8")
    bench.box.fresh()
    start = ("bench.yaml", "--name", _NAME, "--go-live", "2027-06-01", "--people", "people.csv", "--no-input")
    _taken(bench, folder, "start", *start, "--yes", "--settle", "0")
    yield _row("first sync", [_taken(bench, folder, "sync", _NAME)])
    yield _row("status", [_taken(bench, folder, "status", _NAME) for _ in range(_TIMES)], _MOST)
    yield _row("report", [_taken(bench, folder, "report", _NAME) for _ in range(_TIMES)])


def _row(what: str, taken: list[_Taken], bar: float | None = None) -> Row:
    seconds, cpu = [one.seconds for one in taken], [one.cpu for one in taken]
    spread = f"median of {len(taken)} processes, {min(seconds):.2f} to {max(seconds):.2f} s"
    note = f"{spread}; {min(cpu):.2f} s of processor time{'' if bar is not None else '; for information'}"
    return Row(measure=f"{what}, {_ITEMS} items", value=median(seconds), bar=bar, unit="s", note=note)


def _taken(bench: Bench, folder: Path, *words: str) -> _Taken:
    """What one command takes.

    Raises:
        RuntimeError: it failed.
    """
    environ = {**os.environ, "ROLLOUT_SYNC_LEDGER_PATH": str(folder / "status.sqlite")}
    command = [sys.executable, "-m", "rollout_sync.cli", "--quiet", "--sandbox", bench.box.url, *words]
    began, cpu = time.perf_counter(), _cpu_of_children()
    done = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, check=False, cwd=folder, env=environ, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{words} ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}")
    return _Taken(seconds=time.perf_counter() - began, cpu=_cpu_of_children() - cpu)


def _cpu_of_children() -> float:
    """Processor time of all processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system
