"""The state machine of what comes back: people work and decide, ticks are disturbed, and the truth is in the sandbox.

Each rule is something that happens between two moments of quiet. Whatever is wrong is noticed by the watch at the next
write or look; at the end of an example everything calms down, and then the ledger has to say what the boards show.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from machine import truth
from machine.life import CALM, LEDGER, Mishaps, Result, empty_ledger
from machine.run_lives import BATCH
from machine.stage import Stage
from machine.sync_drafts import GATE_J, GATE_P, HELD, HOMES, GateDraft
from machine.sync_ledger import Comparison, Kept, cursor_is_safe, kept
from machine.sync_life import SyncLife, SyncResult
from machine.sync_people import COMMON, DECISIONS, LIVELY, People
from machine.sync_watch import Watch
from machine.sync_wire import SyncBook
from machine.wire import Broken, rows
from rollout_sync.errors import ConfigError, LedgerBusy, PlanError, StalePlan, TrackerError, UnsafePlan

STAGE = Stage()
EXAMPLES: Counter[str] = Counter()
"""How many examples of each machine this process has really run."""

SEARCH, BULK = "/jira/rest/api/3/search/jql", "/jira/rest/api/3/issue/bulkfetch"
ROUTES = (SEARCH, BULK, "/jira/rest/api/3/changelog/bulkfetch", BATCH, BATCH, "/jira/**", "/graph/**", "/login/**")
KINDS: tuple[dict[str, Any], ...] = (
    *({"kind": kind} for kind in ("drop_after", "drop_before", "truncate", "html", "html200", "rst", "500", "502")),
    {"kind": "503", "when": "after"},
    {"kind": "503", "retry_after": "5"},
    *({"kind": "429", "retry_after": form} for form in ("1", "date:3", "none", "400")),
    {"kind": "token_expired"},
    {"kind": "forbidden"},
    {"kind": "inner_429", "positions": [0]},
    {"kind": "inner_503_after", "positions": [0, 2]},
    {"kind": "slow", "seconds": 70},
)
DAY = 86_400.0
LAG = 120.0
PAUSES = (1.0, 30.0, 200.0, 700.0, 700.0, 4_000.0, DAY)
PERMISSIONS = ("BROWSE_PROJECTS", "EDIT_ISSUES", "TRANSITION_ISSUES")
COORDINATOR = "cora.coordinator@example.com"
never = st.just(0)
mishaps = st.builds(
    Mishaps,
    kill=st.one_of(never, never, st.integers(1, 24)),
    rival=st.one_of(never, never, never, st.integers(1, 10)),
    order=st.integers(0, 11),
)
Fault = tuple[int, int, int, int]
Act = tuple[str, int]
faults = st.lists(
    st.tuples(st.integers(0, len(KINDS) - 1), st.integers(0, len(ROUTES) - 1), st.integers(1, 4), st.integers(1, 6)),
    max_size=2,
)
some_faults = st.one_of(st.just([]), st.just([]), faults)
numbers = st.integers(0, 240)
acts = st.lists(st.tuples(st.sampled_from(COMMON), numbers), min_size=1, max_size=4)
words = st.lists(st.tuples(st.sampled_from(DECISIONS), numbers), min_size=1, max_size=3)
lively = st.none() | st.tuples(st.integers(1, 8), st.sampled_from(LIVELY), numbers)
Lively = tuple[int, str, int] | None


class SyncMachine(RuleBasedStateMachine):
    """Both services, two gates, three mirrored items."""

    kinds: tuple[dict[str, Any], ...] = KINDS
    watched: frozenset[str] | None = None
    """Invariants that are looked at; None for all."""
    is_deadly = False
    """Whether every tick dies somewhere on its way, except at the end."""
    has_lag = False
    """Whether search lags behind all the time, except at the end."""
    only = ""
    """What people do in place of everything else; empty for all that they can do."""

    def __init__(self) -> None:
        super().__init__()
        STAGE.reset()
        self.stage = STAGE
        self.root = Path(tempfile.mkdtemp(prefix="machine-", dir=_memory()))
        self.folder = Path(tempfile.mkdtemp(dir=self.root))
        (self.folder / LEDGER).write_bytes(empty_ledger())
        (self.folder / LEDGER).chmod(0o600)
        self.draft = GateDraft()
        self.watch = Watch(self.stage, self.draft, self.require, on_doubt=self._learn)
        self.people = People(self.watch)
        self.book = SyncBook(self.stage, self.require, watch=self.watch)
        self.began = self.stage.world.clock.now()
        self.is_login_faulty = False
        self.is_through = True
        """Whether the last start that the ledger accepted came to its end."""
        EXAMPLES[type(self).__name__] += 1

    def require(self, holds: bool, name: str, words: str) -> None:
        if not holds and (self.watched is None or name in self.watched):
            raise Broken(f"{name}: {words}")

    # What happens

    @initialize(waits=st.booleans(), any_=st.booleans(), looked=st.booleans())
    def begin(self, waits: bool, any_: bool, looked: bool) -> None:
        self.stage.world.index_lag = LAG if self.has_lag else 0.0
        quorum = {GATE_P: "all", GATE_J: "any"} if any_ else {GATE_P: "any", GATE_J: "all"}
        self.draft = GateDraft(waits=waits, quorum=quorum)
        self.watch.draft = self.draft
        for gate in self.watch.gates.values():
            gate.draft = self.draft
        result = self._life(CALM).run(self.draft, force=True)
        self.require(result.error is None, "errors", f"the first start failed: {result.error!r}")
        self._after(result)
        if looked:
            self.tick(CALM, [], None, full=False)

    @rule(what=mishaps, faults=some_faults, meanwhile=lively, full=st.sampled_from((False, False, False, True)))
    def tick(self, what: Mishaps, faults: list[Fault], meanwhile: Lively, full: bool) -> None:
        self._order(faults)
        if self.is_deadly:
            what = replace(what, kill=what.kill or 4 + what.order)
        result = self._sync(what, meanwhile, full=full)
        self._note(result)
        self._after(result)
        is_undisturbed = result.is_clean and not what.rival and self.watch.acts == self._acts_before
        if is_undisturbed and not self.stage.world.index_lag:
            self.watch.note_settled()

    @rule(acts=acts, pause=st.sampled_from(PAUSES))
    def people_act(self, acts: list[Act], pause: float) -> None:
        self._act(acts)
        self.stage.advance(pause)

    @rule(acts=acts, what=mishaps, pause=st.sampled_from(PAUSES))
    def people_act_and_it_syncs(self, acts: list[Act], what: Mishaps, pause: float) -> None:
        self._act(acts)
        self.stage.advance(pause)
        self.tick(what, [], None, full=False)

    @rule(words=words, pause=st.sampled_from(PAUSES))
    def people_decide_and_it_syncs(self, words: list[Act], pause: float) -> None:
        self._act(words)
        self.stage.advance(pause)
        self.tick(CALM, [], None, full=False)

    @rule(what=mishaps, slug=st.none() | st.sampled_from((*HELD, *HOMES)), later=st.sampled_from((0, 0, 0, 1)))
    def started_again(self, what: Mishaps, slug: str | None, later: int) -> None:
        """The template may have changed; `start` is run again."""
        if slug is not None:
            self.draft = self.draft.reworded(slug)
            event("template: wording")
        self.draft = replace(self.draft, later=self.draft.later + later)
        self._order([])
        self._run(what)

    @rule(pause=st.sampled_from(PAUSES), lag=st.sampled_from((0.0, LAG)), permission=st.integers(0, 8))
    def something_happens(self, pause: float, lag: float, permission: int) -> None:
        self.stage.world.index_lag = LAG if self.has_lag else lag
        if permission < 2 * len(PERMISSIONS):
            self._permission(PERMISSIONS[permission // 2], revoke=permission % 2 == 0)
        self.stage.advance(pause)

    # How it happens

    def _act(self, acts: Sequence[Act]) -> None:
        for drawn, number in acts:
            what = self.only or drawn
            self.people.act(what, number)
            event(f"person: {what}")

    def _permission(self, permission: str, *, revoke: bool) -> None:
        who = {"from": COORDINATOR} if revoke else {"to": COORDINATOR}
        self.stage.act("jira", "revoke" if revoke else "grant", permission=permission, **who)

    def _order(self, faults: list[Fault]) -> None:
        orders = [
            {
                **self.kinds[kind % len(self.kinds)],
                "route": ROUTES[where],
                "nth": list(range(nth, nth + times)),
            }
            for kind, where, nth, times in faults
        ]
        self.is_login_faulty = any(one["route"].startswith("/login") for one in orders)
        self.stage.order(orders)
        for one in orders:
            event(f"fault {one['kind']}")

    def _life(self, what: Mishaps, meanwhile: Lively = None) -> SyncLife:
        def on_moment(number: int) -> None:
            if meanwhile is not None and number == meanwhile[0]:
                self._act([meanwhile[1:]])

        return SyncLife(
            stage=self.stage,
            book=self.book,
            folder=self.folder,
            services="jira planner",
            mishaps=what,
            on_rival=self._rival,
            on_moment=on_moment,
        )

    def _sync(self, what: Mishaps, meanwhile: Lively = None, *, full: bool = False) -> SyncResult:
        self.began, self._acts_before = self.stage.world.clock.now(), self.watch.acts
        life = self._life(what, meanwhile)
        result = life.sync(full=full)
        self.folder = life.heir or self.folder
        event(f"sync: {_ending(result)}")
        return result

    def _run(self, what: Mishaps) -> Result:
        self.began = self.stage.world.clock.now()
        life = self._life(what)
        result = life.run(self.draft, force=True)
        self.folder = life.heir or self.folder
        if kept(self.folder / LEDGER).draft == self.draft:
            self.is_through = result.applied is not None and result.applied.is_carried_out
        event(f"start: {_ending(result)}")
        self._note(result)
        self._after(result)
        return result

    def _rival(self) -> None:
        """A second window, which syncs as well."""
        result = self._life(CALM).sync()
        self._note(result)
        event("rival")

    def _note(self, result: Result) -> None:
        """Which errors are right for what befell the run."""
        error = result.error
        allowed = (TrackerError, StalePlan, UnsafePlan, PlanError, LedgerBusy)
        fits = error is None or isinstance(error, allowed) or (self.is_login_faulty and isinstance(error, ConfigError))
        self.require(fits, "errors", f"{error!r}")

    def _learn(self) -> Kept:
        """Bring the gates' questions up to date with what the ledger holds."""
        found = kept(self.folder / LEDGER)
        if found.draft is not None:
            self.watch.draft = found.draft
            for name, gate in self.watch.gates.items():
                gate.accepted(found.draft, self.began)
                gate.concluded(found.gates.get(name, {}).get("asked_version", ""), self.stage.world.clock.now())
        return found

    def _after(self, result: Result) -> None:
        self.stage.catch_up()
        self.watch.ours()
        found = self._learn()
        for name, gate in self.watch.gates.items():
            gate.look()
            told = found.gates.get(name, {}).get("decision", "")
            right = not told.startswith("approved") or gate.noticed.was_open
            self.require(
                right, "gate", f"{name} is said to be {told!r}, and was never decided so: {found.gates.get(name)}"
            )
        cursor_is_safe(found, self.watch.board, self.require)
        self._stands_once()
        del result

    def _stands_once(self) -> None:
        """I1 and I6: each item exists once, and what people deleted is not made again."""
        ours = [("jira", slug) for slug, _one in self.watch.board.issues()]
        ours += [("planner", slug) for slug, _one in self.watch.board.tasks()]
        twice = {key: count for key, count in Counter(ours).items() if count > 1}
        self.require(not twice, "I1", f"made more than once: {twice}")
        buckets = Counter(one["fields"]["name"] for one in self.stage.buckets())
        self.require(all(count == 1 for count in buckets.values()), "I1", f"buckets: {buckets}")
        self.require(not self.watch.made_again, "I6", f"people deleted {self.watch.made_again}, and it was made again")

    # The end

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self._settle_down()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    def _settle_down(self) -> None:
        """Everything calms down: two ticks bring the truth, a full one all of it, and the next has nothing to do."""
        self._order([])
        self.stage.world.index_lag = 0.0
        for permission in PERMISSIONS:
            self._permission(permission, revoke=False)
        self.stage.advance(700.0)
        self._finish_starts()
        for _ in range(2):
            self._calm_tick()
            self.stage.advance(700.0)
        self._compare(is_full=False)
        for _ in range(2):
            self._calm_tick(full=True)
            self.stage.advance(700.0)
        self._compare(is_full=True)
        self._nothing_new()
        self._nothing_more()

    def _finish_starts(self) -> None:
        """Whoever was interrupted runs the same command again."""
        for _ in range(9):
            made = all(row.state not in ("PLANNED", "INFLIGHT", "FAILED") for row in rows(self.folder / LEDGER))
            if made and not self._is_left_to_people():
                return
            self._run(CALM)
            self.stage.advance(400.0)

    def _is_left_to_people(self) -> bool:
        """A tick that releases finishes what was interrupted, but says so where that is a third of the rollout."""
        if self.is_through:
            return False
        result = self._sync(CALM)
        self._note(result)
        self._after(result)
        return result.tick is not None and any("start` again" in one.problem for one in result.tick.rollouts)

    def _calm_tick(self, *, full: bool = False) -> SyncResult:
        result = self._sync(CALM, full=full)
        told = [one.problem for one in result.tick.rollouts] if result.tick else []
        self.require(result.is_clean, "calm", f"a calm tick did not finish: {result.error!r} {told} {result.tick}")
        self._after(result)
        self.watch.note_settled()
        return result

    def _compare(self, *, is_full: bool) -> None:
        Comparison(kept(self.folder / LEDGER), self.watch, is_full=is_full).check()

    def _nothing_new(self) -> None:
        """A tick without news: no write, one search, one batch with the one page of the one plan.

        What a tick wrote is news to the next one. A better colour is confirmed by a second review, so that the summary
        may be written once more after both full looks, and once more at midnight; but then it is quiet.
        """
        quiet = any(self._calm_tick().writes == 0 for _ in range(3))
        self.require(quiet, "floor", f"never came to rest: {self.book.last_writes[-3:]}")
        self.book.asked.clear()
        result = self._calm_tick()
        self.require(result.writes == 0, "floor", f"wrote {self.book.last_writes[-result.writes :]}")
        jira = [one for one in self.book.asked if " /jira" in one]
        graph = [one for one in self.book.asked if " /graph" in one]
        right = len(jira) == 1 and SEARCH in jira[0] and len(graph) == 1 and BATCH in graph[0]
        self.require(right, "floor", f"asked {[one[:200] for one in self.book.asked]}")

    def _nothing_more(self) -> None:
        """I7: `start` finishes what was interrupted, and once more it writes nothing."""
        self._run(CALM)
        result = self._run(CALM)
        self.require(result.writes == 0, "I7", f"wrote {self.book.last_writes[-result.writes :]}")
        truth.no_secret(self.root, [], self.require)


def _ending(result: Result) -> str:
    return "killed" if result.killed else type(result.error).__name__


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
