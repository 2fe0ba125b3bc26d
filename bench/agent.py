"""The program itself, used as a library: plans made-up rollouts and carries out plan files, one ledger a run."""

from __future__ import annotations

import itertools
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.rollouts import made_up
from rollout_sync import config
from rollout_sync.app import App, Edges
from rollout_sync.config.settings import Settings
from rollout_sync.model.rollout import Home
from rollout_sync.reconcile import planfile
from rollout_sync.reconcile.guard import Thresholds
from rollout_sync.sync import planning
from rollout_sync.sync.applying import Applied, apply
from rollout_sync.sync.planning import Wish

NO_THRESHOLDS = Thresholds(max_share=1.0, min_count=10, max_create=1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan file, and the empty ledger that it was made with; each run takes a copy."""

    service: Home
    size: int
    file: Path
    ledger: Path
    seconds: float
    _runs: itertools.count[int] = field(default_factory=itertools.count, repr=False)

    def fresh_ledger(self) -> Path:
        """A copy of the ledger as it was when the plan was made."""
        copy = self.ledger.with_name(f"{self.ledger.stem}-{next(self._runs)}.sqlite")
        return Path(shutil.copy(self.ledger, copy))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One carrying out of a plan file, from reading it to the closed ledger.

    Attributes:
        seconds: wall time.
        cpu: processor time of this process, all threads.
        commits: of the ledger.
    """

    applied: Applied
    seconds: float
    cpu: float
    commits: int


class _NoKeystore:
    """A machine without a key store: the sandbox's secrets are published."""

    def get(self, account: str) -> str | None:  # noqa: ARG002 - the port's signature
        """Nothing is kept."""
        return None

    def put(self, account: str, text: str) -> None:  # noqa: ARG002 - the port's signature
        """Nothing is kept."""
        raise RuntimeError(f"nothing stores {account} here")

    def describe(self) -> str:
        """No name."""
        return ""


def app_for(url: str, ledger: Path, service: Home = Home.BOTH, edges: Edges | None = None) -> App:
    """The program with one service of the sandbox, or both, and a ledger."""
    return App(settings=_settings(url, ledger, service), environ={}, keystore=_NoKeystore(), edges=edges or Edges())


def _settings(url: str, ledger: Path, service: Home) -> Settings:
    found = config.for_sandbox(url, {})
    planner = found.planner
    if planner is None:
        raise RuntimeError("the sandbox's settings have no Planner")
    return replace(
        found,
        ledger=replace(found.ledger, path=ledger),
        jira=found.jira if service is not Home.PLANNER else None,
        planner=replace(planner, token_cache=ledger.with_suffix(".sign-in.json")) if service is not Home.JIRA else None,
    )


def prepare(url: str, folder: Path, size: int, service: Home, *, ledger: Path | None = None) -> Prepared:
    """Plan a rollout of `size` items against the sandbox, with a new ledger or this one; writes nothing there."""
    name = f"{service.value}-{size}-{time.monotonic_ns()}"
    ledger, file = ledger or folder / f"{name}.sqlite", folder / f"{name}.plan"
    app = app_for(url, ledger, service)
    rollout = made_up(size, service)
    began = time.perf_counter()
    with app.ledger() as database:
        plan = planning.make(
            Wish(rollout=rollout, source={"template": rollout.template}),
            database=database,
            trackers=app.trackers(),
            clock=app.clock,
            thresholds=NO_THRESHOLDS,
        )
        seconds = time.perf_counter() - began
        planfile.write(plan, file)
    if plan.blockers:
        raise RuntimeError(f"the made-up rollout cannot be carried out: {plan.blockers}")
    return Prepared(service=service, size=size, file=file, ledger=ledger, seconds=seconds)


def carry_out(url: str, prepared: Prepared, ledger: Path) -> Run:
    """Carry the plan file out with this ledger."""
    commits: Counter[str] = Counter()

    def count(phase: str) -> None:
        commits[phase] += 1

    began, cpu = time.perf_counter(), time.process_time()
    plan = planfile.read(prepared.file)
    app = app_for(url, ledger, prepared.service, Edges(on_commit=count))
    with app.ledger() as database:
        applied = apply(plan, app.world(database, lambda _step: None, 0.0))
    return Run(
        applied=applied,
        seconds=time.perf_counter() - began,
        cpu=time.process_time() - cpu,
        commits=commits["after-commit"],
    )


def load_everything(url: str, prepared: Prepared) -> None:
    """Import what a run needs and open a ledger once, so that a measurement of memory has no code in it."""
    with app_for(url, prepared.ledger.with_suffix(".warm.sqlite"), prepared.service).ledger():
        pass
