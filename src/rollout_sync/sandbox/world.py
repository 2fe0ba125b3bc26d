"""Everything the two services share: memory, time, chance, faults, counters, switches and people."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from rollout_sync.sandbox.clock import SandboxClock
from rollout_sync.sandbox.counters import Counters
from rollout_sync.sandbox.faults import Faults
from rollout_sync.sandbox.people import People
from rollout_sync.sandbox.store import Store
from rollout_sync.sandbox.switches import Switches

Seeder = Callable[["World"], None]


@dataclass(slots=True, kw_only=True)
class World:
    """One sandbox. `lock` is held while a request is carried out, never while it is slowed down.

    Attributes:
        random: seeded; every choice that a real service would leave open comes from it.
        latency_ms: how long every answer of a service takes at least, counted from the request's arrival.
        index_lag: seconds, on the sandbox's clock, until Jira's search sees a change.
        sleep: waits in real time; tests put in a recorder.
        frozen: where the clock stands after a reset; None: it runs.
    """

    store: Store
    clock: SandboxClock
    random: random.Random
    faults: Faults
    switches: Switches
    people: People
    seed: int = 1
    counters: Counters = field(default_factory=Counters)
    latency_ms: float = 0.0
    index_lag: float = 0.0
    sleep: Callable[[float], None] = time.sleep
    lock: threading.RLock = field(default_factory=threading.RLock)
    frozen: datetime | None = None
    _seeders: dict[str, Seeder] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path | None = None, *, seed: int = 1, frozen: datetime | None = None) -> Self:
        """A world with its state in `path` (None: in memory); `frozen` stops its clock at an aware instant."""
        store = Store(path)
        chance = random.Random(seed)  # noqa: S311 - repeatable on purpose; nothing here is secret
        world = cls(
            store=store,
            clock=SandboxClock(store),
            random=chance,
            faults=Faults(chance),
            switches=Switches(store),
            people=People(store),
            seed=seed,
            frozen=frozen,
        )
        if frozen is not None:
            world.clock.freeze(frozen)
        store.commit()
        return world

    def plant(self, name: str, seeder: Seeder) -> None:
        """Register what a service needs at the start; it runs now unless the state has it, and after every reset."""
        self._seeders[name] = seeder
        self._plant(name, seeder)
        self.store.commit()

    def reset(self) -> None:
        """Back to the first moment: documents, clock, faults, switches, counters, chance."""
        self.store.reset()
        self.faults.replace(())
        self.counters.reset()
        self.random.seed(self.seed)
        self.latency_ms = self.index_lag = 0.0
        if self.frozen is not None:
            self.clock.freeze(self.frozen)
        self.people.plant()
        for name, seeder in self._seeders.items():
            self._plant(name, seeder)
        self.store.commit()

    def _plant(self, name: str, seeder: Seeder) -> None:
        if self.store.get("_planted", name) is None:
            seeder(self)
            self.store.put("_planted", name, {})
