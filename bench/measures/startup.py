"""How long `rollout-sync --help` takes, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

from bench.context import Bench
from bench.table import Row

_TIMES = 7
_MOST = 0.3


def rows(_bench: Bench) -> Iterator[Row]:
    """The median, with the interpreter's own start in it."""
    seconds = [_once() for _ in range(_TIMES)]
    yield Row(
        measure="rollout-sync --help",
        value=median(seconds),
        bar=_MOST,
        unit="s",
        note=f"median of {_TIMES} processes, {min(seconds):.2f} to {max(seconds):.2f} s",
    )


def _once() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "rollout_sync.cli", "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
