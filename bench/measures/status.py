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
from pathlib import Path
from statistics import median

from bench.context import Bench
from bench.rollouts import template_text
from bench.table import Row

_ITEMS = 500
_TIMES = 5
_MOST = 1.0
_NAME = "Bench status"
_PEOPLE = "name,email,role,department,deputy\nIvan Itwork,ivan.itwork@example.com,it,,\n"


def rows(bench: Bench) -> Iterator[Row]:
    """The median of several; the report is for information."""
    folder = bench.folder / "status"
    folder.mkdir()
    (folder / "bench.yaml").write_text(template_text(_ITEMS), encoding="utf-8")
    (folder / "people.csv").write_text(_PEOPLE, encoding="utf-8")
    bench.box.fresh()
    start = ("bench.yaml", "--name", _NAME, "--go-live", "2027-06-01", "--people", "people.csv", "--no-input")
    _seconds(bench, folder, "start", *start, "--yes", "--settle", "0")
    yield _row("first sync", [_seconds(bench, folder, "sync", _NAME)])
    yield _row("status", [_seconds(bench, folder, "status", _NAME) for _ in range(_TIMES)], _MOST)
    yield _row("report", [_seconds(bench, folder, "report", _NAME) for _ in range(_TIMES)])


def _row(what: str, seconds: list[float], bar: float | None = None) -> Row:
    spread = f"median of {len(seconds)} processes, {min(seconds):.2f} to {max(seconds):.2f} s"
    note = spread if bar is not None else f"{spread}; for information"
    return Row(measure=f"{what}, {_ITEMS} items", value=median(seconds), bar=bar, unit="s", note=note)


def _seconds(bench: Bench, folder: Path, *words: str) -> float:
    """Wall time of one command.

    Raises:
        RuntimeError: it failed.
    """
    environ = {**os.environ, "ROLLOUT_SYNC_LEDGER_PATH": str(folder / "status.sqlite")}
    command = [sys.executable, "-m", "rollout_sync.cli", "--quiet", "--sandbox", bench.box.url, *words]
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, check=False, cwd=folder, env=environ, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{words} ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}")
    return time.perf_counter() - began
