"""`python -m bench`: measure, print one table, and end with 1 when a bar is missed."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bench import sandbox
from bench.context import Bench
from bench.measures import (
    again,
    faults,
    forecast,
    memory,
    planning,
    quiet_sync,
    recovery,
    requests,
    startup,
    status,
    wall,
)
from bench.table import Row, table

MEASURES: Mapping[str, Callable[[Bench], Iterator[Row]]] = {
    "requests": requests.rows,
    "wall": wall.rows,
    "memory": memory.rows,
    "again": again.rows,
    "recovery": recovery.rows,
    "faults": faults.rows,
    "startup": startup.rows,
    "planning": planning.rows,
    "forecast": forecast.rows,
    "quiet-sync": quiet_sync.rows,
    "status": status.rows,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; 1 when a bar is missed."""
    options = _options(arguments)
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="rollout-sync-bench-") as folder, sandbox.running() as box:
        bench = Bench(box=box, folder=Path(folder), is_quick=options.quick)
        for name in options.only or MEASURES:
            sys.stderr.write(f"measuring: {name} ...\n")
            found += MEASURES[name](bench)
    sys.stdout.write(f"{table(found)}\n\n{machine()}\n")
    return int(any(row.is_over for row in found))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only small sizes (500 items, 50 rollouts), no memory")
    parser.add_argument("--only", action="append", choices=list(MEASURES), metavar="NAME", help=", ".join(MEASURES))
    return parser.parse_args(arguments)


def machine() -> str:
    """What the numbers were measured on, in one line."""
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"Measured on {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.python_implementation()} {platform.python_version()}{load}."
    )


if __name__ == "__main__":
    sys.exit(main())
