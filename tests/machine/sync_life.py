"""One process that syncs: the tick of the real engine, with everything that can befall it on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from machine.life import ROLLOUT, Deck, Life, Result, _Inline, one_thread
from machine.sync_drafts import wish_of
from rollout_sync.app import App
from rollout_sync.ledger.opening import Database
from rollout_sync.sync import syncing
from rollout_sync.sync.syncing import Office, Tick
from rollout_sync.trackers.planner import listing


@dataclass(slots=True)
class SyncResult(Result):
    """What a tick left behind."""

    tick: Tick | None = None

    @property
    def is_clean(self) -> bool:
        """The tick ran to its end, and says that nothing is left."""
        return self.tick is not None and self.error is None and not self.killed and self.tick.is_finished


@dataclass
class SyncLife(Life):
    """A process that may also run `sync`; `on_moment` is called at every request, with its number."""

    on_moment: Callable[[int], None] = lambda _number: None
    _requests: int = field(default=0, repr=False)

    def sync(self, *, full: bool = False) -> SyncResult:
        """One tick; `full` as `sync --full`."""

        def work(result: Result, app: App, database: Database) -> None:
            assert isinstance(result, SyncResult)
            office = self._office(app, database, full=full)
            self._counting = True
            result.tick = syncing.sync([ROLLOUT], office)

        return self._tick(work)

    def _office(self, app: App, database: Database, *, full: bool) -> Office:
        office = app.office(database, is_full=full)
        world = replace(office.world, executor=lambda: Deck(self.mishaps.order))
        return replace(office, world=world, wish_of=wish_of)

    def _tick(self, work: Callable[[Result, App, Database], None]) -> SyncResult:
        made = SyncResult()
        left = self._live(lambda _result, app, database: work(made, app, database))
        made.error, made.killed, made.writes = left.error, left.killed, left.writes
        return made

    def _moment(self, *, can_act: bool) -> None:
        if self._counting and can_act and self.heir is None:
            self._requests += 1
            self.on_moment(self._requests)
        super()._moment(can_act=can_act)


@contextmanager
def one_thread_of_sync(patch: Any) -> Iterator[None]:
    """As `one_thread`, for the rooms that only a tick enters."""
    patch.setattr(listing, "ThreadPoolExecutor", _Inline)
    with one_thread(patch):
        yield
