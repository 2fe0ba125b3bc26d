"""One carrying out of a plan file in a process of its own: to trace its memory, or to be killed."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

from bench import agent
from bench.agent import Prepared
from rollout_sync.model.rollout import Home


def main(arguments: Sequence[str]) -> None:
    """Carry the plan file out, `traced` or `plain`."""
    mode, url, service, size, file, ledger = arguments
    prepared = Prepared(service=Home(service), size=int(size), file=Path(file), ledger=Path(ledger), seconds=0.0)
    if mode == "traced":
        sys.stdout.write(json.dumps(_traced(url, prepared)) + "\n")
    else:
        agent.carry_out(url, prepared, prepared.ledger)


def _traced(url: str, prepared: Prepared) -> dict[str, object]:
    agent.load_everything(url, prepared)
    resident = _resident("VmRSS")
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    run = agent.carry_out(url, prepared, prepared.ledger)
    _, peak = tracemalloc.get_traced_memory()
    return {
        "peak": peak - before,
        "rss": _resident("VmHWM") - resident,
        "made": sum(run.applied.made.values()),
        "finished": run.applied.is_finished,
    }


def _resident(name: str) -> int:
    """Bytes of a line of /proc/self/status; 0 where the platform has none."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    lines = status.read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main(sys.argv[1:])
