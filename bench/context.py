"""What every measure works with: one sandbox, a folder, and plan files that are made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bench import agent
from bench.agent import Prepared, Run
from bench.sandbox import Counters, Sandbox
from rollout_sync.model.rollout import Home

LATENCY_MS = 120.0
"""A far-away service, as the request and wall bars assume it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The bench.

    Attributes:
        is_quick: only the small sizes.
    """

    box: Sandbox
    folder: Path
    is_quick: bool
    _plans: dict[tuple[Home, int], Prepared] = field(default_factory=dict)

    def plan(self, service: Home, size: int) -> Prepared:
        """The plan file of a made-up rollout, from the first call on the same one."""
        if (service, size) not in self._plans:
            self.box.fresh()
            self._plans[service, size] = agent.prepare(self.box.url, self.folder, size, service)
        return self._plans[service, size]

    def create(self, prepared: Prepared, *, latency_ms: float = 0.0, ledger: Path | None = None) -> Run:
        """Carry a plan file out on an empty sandbox.

        Raises:
            RuntimeError: something was left undone, so that no number would mean anything.
        """
        self.box.fresh(latency_ms=latency_ms)
        run = agent.carry_out(self.box.url, prepared, ledger or prepared.fresh_ledger())
        finished(run)
        return run


def finished(run: Run) -> Run:
    """The run, if it did everything."""
    if not run.applied.is_finished or run.applied.failed or run.applied.stopped:
        raise RuntimeError(f"a run was left unfinished: {run.applied}")
    return run


def asked(counters: Counters) -> int:
    """Requests to the two services, the sign-in left out."""
    return counters.of("jira") + counters.of("graph")
