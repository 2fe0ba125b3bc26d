"""One process of the program, from its start to its end or its death, with everything that can befall it on the way."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import requests
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from machine.drafts import Draft
from machine.stage import CHANCE, Stage
from machine.wire import Book, is_write
from rollout_sync.app import App, Edges
from rollout_sync.config import Settings, for_sandbox
from rollout_sync.config.settings import LedgerSettings
from rollout_sync.errors import RolloutSyncError
from rollout_sync.ledger import entries, lease, opening
from rollout_sync.ledger.opening import Database
from rollout_sync.model.rollout import RolloutId
from rollout_sync.reconcile.plan import Plan
from rollout_sync.sync import adopting, applying, creating, planning
from rollout_sync.sync.adopting import Adopted
from rollout_sync.sync.applying import Applied
from rollout_sync.sync.verifying import Verification, verify
from rollout_sync.trackers.planner import client
from rollout_sync.transport import Phase, adapter, exchange
from support.inprocess import InProcessAdapter

ROLLOUT = RolloutId("mfa-2027")
LEDGER = "ledger.sqlite"


class Killed(BaseException):
    """The process died here."""


@dataclass(frozen=True, slots=True)
class Mishaps:
    """What befalls one run. Moments are counted over commits and requests, from 1; 0 means never.

    Attributes:
        kill: dies there.
        rival: another process starts the same there.
        full: from there on the disk is full.
        order: decides which of several requests under way is carried out first.
        settle: how long doubts are waited for; None: until they can be settled.
        meanwhile: people do something between the plan and its carrying out.
    """

    kill: int = 0
    rival: int = 0
    full: int = 0
    order: int = 0
    settle: float | None = 0.0
    meanwhile: int = 0


CALM = Mishaps()


@dataclass(slots=True)
class Result:
    """What a process left behind."""

    plan: Plan | None = None
    applied: Applied | None = None
    adopted: Adopted | None = None
    verified: Verification | None = None
    error: RolloutSyncError | None = None
    killed: bool = False
    writes: int = 0


class Task(Future):
    """A request under way that nobody has carried yet."""

    def __init__(self, work: Callable[[], Any], chance: random.Random) -> None:
        super().__init__()
        self._work = work
        self.chance = chance

    def result(self, timeout: float | None = None) -> Any:
        """Whoever asks for the result waits until it is there."""
        if not self.done():
            self.carry()
        return super().result(timeout)

    def carry(self) -> None:
        try:
            found = self._work()
        except Exception as error:  # noqa: BLE001 -- as every executor does: the caller sees it; a death passes through
            self.set_exception(error)
        else:
            self.set_result(found)


class Deck(Executor):
    """An executor without threads: some requests leave at once, the others when somebody waits, in a drawn order."""

    def __init__(self, order: int) -> None:
        self._chance = random.Random(order)
        self._eager = order % 3

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Task:
        task = Task(lambda: fn(*args, **kwargs), self._chance)
        if self._eager == 0 or (self._eager == 1 and self._chance.random() < 0.5):
            task.carry()
        return task


def wait(tasks: Collection[Task], timeout: float | None = None, return_when: str = "") -> tuple[list[Task], list[Task]]:
    """As `concurrent.futures.wait` for the first: carries one out where none is done.

    In a drawn order, because that of a set depends on where in memory its members lie.
    """
    open_ = [task for task in tasks if not task.done()]
    if len(open_) == len(tasks):
        chosen = open_.pop(open_[0].chance.randrange(len(open_)))
        chosen.carry()
    done = [task for task in tasks if task.done()]
    done[0].chance.shuffle(done)
    return done, [task for task in tasks if not task.done()]


class _NoKeystore:
    def get(self, account: str) -> str | None:
        return None

    def put(self, account: str, text: str) -> None:
        raise AssertionError("nothing is stored")

    def describe(self) -> str:
        return "none"


@lru_cache
def empty_ledger() -> bytes:
    """A new ledger's file, with its tables and without its name: whoever opens it first gives it one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / LEDGER
        Database(path).close()
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("DELETE FROM meta WHERE key = 'uuid'")
        raw.execute("PRAGMA journal_mode=DELETE")
        raw.close()
        return path.read_bytes()


@lru_cache
def settings_for(services: str) -> Settings:
    found = for_sandbox("http://127.0.0.1:8765", {})
    return replace(
        found,
        jira=found.jira if "jira" in services else None,
        planner=found.planner if "planner" in services else None,
    )


@dataclass
class Life:
    """A process with its own connections and its own view of the ledger in `folder`."""

    stage: Stage
    book: Book
    folder: Path
    services: str
    mishaps: Mishaps = CALM
    on_rival: Callable[[], None] = lambda: None
    on_meanwhile: Callable[[int], None] = lambda _which: None
    heir: Path | None = None
    moments: int = 0
    _counting: bool = False
    _database: Database | None = field(default=None, repr=False)

    @property
    def ledger(self) -> Path:
        return self.folder / LEDGER

    def app(self) -> App:
        found = settings_for(self.services)
        if found.planner is not None:
            found = replace(found, planner=replace(found.planner, token_cache=self.folder / "sign-in.json"))
        found = replace(found, ledger=LedgerSettings(path=self.ledger))
        edges = Edges(
            clock=self.stage.clock,
            inner=InProcessAdapter(self.book.on(lambda: self.ledger)),
            on_commit=lambda _phase: self._moment(can_act=False),
            on_phase=self._phase,
        )
        return App(settings=found, environ={}, keystore=_NoKeystore(), edges=edges)

    def run(self, draft: Draft, *, force: bool = False, old: Plan | None = None) -> Result:
        """Plan and apply, as `start` and `apply` do; with `old` carry that plan out again."""
        return self._live(lambda result, app, database: self._run(result, app, database, draft, force, old))

    def look(self, draft: Draft) -> Result:
        """Plan only."""

        def work(result: Result, app: App, database: Database) -> None:
            result.plan = self._plan(app, database, app.trackers(), draft, force=True)

        return self._live(work)

    def verify(self) -> Result:
        """Compare the ledger with what stands there."""

        def work(result: Result, app: App, database: Database) -> None:
            result.verified = verify(ROLLOUT, database=database, trackers=app.trackers())

        return self._live(work)

    def adopt(self) -> Result:
        def work(result: Result, app: App, database: Database) -> None:
            self._counting = True
            result.adopted = adopting.adopt(
                ROLLOUT,
                database=database,
                trackers=app.trackers(),
                clock=app.clock,
                timing=app.timing(),
                index_lag=app.settings.timing.index_lag,
            )

        return self._live(work)

    def _run(  # noqa: PLR0917 -- what one life is made of
        self, result: Result, app: App, database: Database, draft: Draft, force: bool, old: Plan | None
    ) -> None:
        trackers = app.trackers()
        plan = old or self._plan(app, database, trackers, draft, force=force)
        result.plan = plan
        if self.mishaps.meanwhile:
            self.on_meanwhile(self.mishaps.meanwhile)
        world = app.world(database, lambda _step: None, self.mishaps.settle, trackers)
        self._counting = True
        result.applied = applying.apply(plan, replace(world, executor=lambda: Deck(self.mishaps.order)))

    def _plan(self, app: App, database: Database, trackers: Any, draft: Draft, *, force: bool) -> Plan:
        wish = draft.wish(force=force)
        return planning.make(wish, database=database, trackers=trackers, clock=app.clock, thresholds=app.thresholds())

    def _live(self, work: Callable[[Result, App, Database], None]) -> Result:
        result, before = Result(), self.book.writes
        app = self.app()
        try:
            with app.ledger() as database:
                self._database = database
                work(result, app, database)
        except RolloutSyncError as error:
            result.error = error
        except Killed:
            result.killed = True
        result.writes = self.book.writes - before
        return result

    # Moments

    def _phase(self, phase: Phase, request: Any) -> None:
        if self.heir is not None:
            raise Killed
        if phase is Phase.BEFORE_SEND:
            signs_in = (
                "/oauth2/" in request.url or "/.well-known/" in request.url
            )  # under a lock that a rival waits for
            self._moment(can_act=not signs_in)
        elif phase is Phase.AFTER_SEND:
            body = request.body.encode() if isinstance(request.body, str) else request.body or b""
            if is_write(request.method, request.url.partition("?")[0], body):
                self._moment(can_act=False)

    def _moment(self, *, can_act: bool) -> None:
        if self.heir is not None:
            raise Killed
        if not self._counting:
            return
        self.moments += 1
        if self.mishaps.full and self.moments >= self.mishaps.full and can_act:
            self._fill_disk()
        if self.mishaps.rival and self.moments >= self.mishaps.rival and can_act:
            self.mishaps = replace(self.mishaps, rival=0)
            self.on_rival()
        if self.mishaps.kill and self.moments >= self.mishaps.kill:
            self._die()

    def _die(self) -> None:
        """All that a dead process leaves is its files, as they are now."""
        heir = self.folder.with_name(f"{self.folder.name}+")
        heir.mkdir(mode=0o700)
        for file in self.folder.iterdir():
            if not file.name.endswith(("-shm", ".lock")):
                shutil.copy(file, heir)
        self.heir = heir
        raise Killed

    def _fill_disk(self) -> None:
        """The file cannot grow by one page more."""
        assert self._database is not None
        raw = self._database.connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        if not raw.in_transaction:
            raw.execute("PRAGMA max_page_count=1")


class _Inline(Executor):
    """Runs at once, where only the result counts."""

    def __init__(self, *_sizes: int, **_options: Any) -> None:
        super().__init__()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        task = Task(lambda: fn(*args, **kwargs), random.Random(0))
        task.carry()
        return task


@contextmanager
def one_thread(patch: Any) -> Iterator[None]:
    """No threads, no chance of its own, nothing loaded twice: the same draws give the same history, and quickly.

    And the same seed gives the same draws. Hypothesis also tries numbers that it finds in the source of all modules
    that are loaded; with those, any edit anywhere and any test that ran before would change what a seed means.
    """
    patch.setattr(providers.HypothesisProvider, "_local_constants", Constants())
    patch.setattr(providers, "CONSTANTS_CACHE", LRUCache(1_024))
    for room in (planning, adopting, client):
        patch.setattr(room, "ThreadPoolExecutor", _Inline)
    patch.setattr(creating, "wait", wait)
    patch.setattr(exchange, "random", SimpleNamespace(Random=lambda: random.Random(7)))
    drawn = SimpleNamespace(token_hex=lambda count: CHANCE.randbytes(count).hex())
    for room in (planning, entries, lease):  # how full a page of the file is depends on what stands in it
        patch.setattr(room, "secrets", drawn)
    patch.setattr(lease, "os", SimpleNamespace(getpid=lambda: 4711))
    patch.setattr(opening, "uuid", SimpleNamespace(uuid4=lambda: UUID(int=CHANCE.getrandbits(128))))
    patch.setattr(adapter, "Watchdog", lambda _trace, _left: nullcontext())
    patch.setattr(requests.sessions, "get_environ_proxies", lambda _url, no_proxy=None: {})
    patch.setattr(opening, "_engine", _thrifty(opening._engine))
    yield


def _thrifty(make: Callable[..., Any]) -> Callable[..., Any]:
    """Engines that share what they learned of SQL, which is the same for every file."""
    first: list[Any] = []

    def made(path: Path, *, read_only: bool) -> Any:
        engine = make(path, read_only=read_only)
        first.append(engine) if not first else None
        engine.dialect, engine._compiled_cache = first[0].dialect, first[0]._compiled_cache
        return engine

    return made
