"""What one run of `apply` works with, and what it tells: settings, progress, the report of doubts and refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field

from rollout_sync.ledger.lease import Lease
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.rescue import Rescue
from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.trackers.base import Tracker
from rollout_sync.transport.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds that the protocol waits.

    Attributes:
        deadline: a request's total time.
        horizon: how long a service may still act on a request that the client gave up on (Z); at least 2 x deadline.
        settle: how long one run waits for doubts to be settled; None means until the horizon has passed.
    """

    deadline: float = 60.0
    horizon: float = 300.0
    settle: float | None = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Progress: `made` of `total` objects of a kind exist, `new` of all kinds by this answer; `note` says what else."""

    kind: ObjectKind | None = None
    made: int = 0
    total: int = 0
    new: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything a run needs, handed from the composition root."""

    database: Database
    rescue: Rescue
    lease: Lease
    rollout: RolloutId
    trackers: Mapping[TrackerName, Tracker]
    clock: Clock
    executor: Executor
    timing: Timing = field(default_factory=Timing)
    connections: int = 4
    most_connections: int = 8
    on_step: Callable[[Step], None] = lambda _step: None
