"""One carrying out of a plan file in a process of its own, traced: how much memory it takes at its peak."""

from __future__ import annotations

import itertools
import json
import sys
import tracemalloc
from pathlib import Path

from bench import agent
from rollout_sync.model.rollout import Home


def main(url: str, service: str, size: str, file: str, ledger: str) -> None:
    """Carry the plan file out and write what it took as one line of JSON."""
    prepared = agent.Prepared(service=Home(service), size=int(size), file=Path(file), ledger=Path(ledger), seconds=0.0)
    agent.load_everything(url, prepared)
    rss_before = _resident("VmRSS")
    tracemalloc.start()
    before, _peak = tracemalloc.get_traced_memory()
    run = agent.carry_out(url, prepared, Path(ledger))
    _now, peak = tracemalloc.get_traced_memory()
    found = {
        "peak": peak - before,
        "rss": _resident("VmHWM") - rss_before,
        "made": sum(run.applied.made.values()),
        "finished": run.applied.is_finished,
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _resident(name: str) -> int:
    """Bytes of a line of /proc/self/status; 0 where the platform has none."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    lines = status.read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main(*itertools.islice(sys.argv, 1, None))
