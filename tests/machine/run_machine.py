"""The state machine: people, services and the program's own processes get in each other's way in every order.

Each rule is something that can happen between two moments of quiet; a run of the program is one rule with mishaps drawn
inside it. After each rule and at the end the invariants of the write protocol are checked (I1 to I15).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from machine import truth
from machine.drafts import POOL, Draft
from machine.life import CALM, LEDGER, Mishaps, Result
from machine.run_lives import KINDS, LAG, PERMISSIONS, Fault, RunLives
from machine.wire import rows
from rollout_sync.errors import ForeignRollout, TrackerError
from rollout_sync.model.rollout import Home
from rollout_sync.sync.applying import Applied

DAY = 86_400.0
HAPPENINGS = ("time", "time", "clock", "people", "people", "people", "others", "index", "permission")
never = st.just(0)
moments = st.one_of(never, never, st.integers(1, 36))
mishaps = st.builds(
    Mishaps,
    kill=moments,
    rival=st.one_of(never, never, never, st.integers(1, 14)),
    full=st.one_of(never, never, never, never, st.integers(1, 14)),
    order=st.integers(0, 11),
    settle=st.sampled_from((0.0, 0.0, 0.0, None)),
    meanwhile=st.one_of(never, never, st.integers(1, 40)),
)
Change = tuple[str, str]
faults = st.lists(
    st.tuples(st.integers(0, len(KINDS) - 1), st.integers(0, 9), st.integers(1, 4), st.integers(1, 6)), max_size=2
)
changes = st.none() | st.tuples(st.sampled_from(("wording", "dates", "lines", "item", "item")), st.sampled_from(POOL))


class RunMachine(RunLives):
    """Both services, and items that live in one or the other or both."""

    # What happens

    @initialize(slugs=st.sets(st.sampled_from(POOL), min_size=1, max_size=4), dense=st.booleans())
    def begin(self, slugs: set[str], dense: bool) -> None:
        self.draft = Draft(slugs=tuple(slug for slug in POOL if slug in slugs), home=self.home)
        self._others_work(3 if dense else 0, gap=False)

    @rule(what=mishaps, faults=faults, change=changes)
    def run(self, what: Mishaps, faults: list[Fault], change: Change | None) -> None:
        if change is not None:
            self._change(*change)
        self._order(faults)
        result = self._start(what)
        self._note(result, what)
        self._check()

    @rule(what=mishaps, faults=faults)
    @precondition(lambda self: self.last is not None and self.last.plan is not None)
    def run_the_same_plan(self, what: Mishaps, faults: list[Fault]) -> None:
        assert self.last is not None
        self._order(faults)
        result = self._start(what, old=self.last.plan)
        self._note(result, what)
        self._check()

    @rule(what=st.sampled_from(HAPPENINGS), number=st.integers(0, 240))
    def something_happens(self, what: str, number: int) -> None:
        event(f"world: {what}")
        match what:
            case "time":
                self.stage.advance((1.0, 30.0, 200.0, 365.0, 365.0, 700.0, DAY)[number % 7])
            case "clock":
                self.stage.clock.skew = 3600.0 * (-26, -1, 0, 3, 26)[number % 5]
            case "people":
                self._person_acts(number)
            case "others":
                self._others_work(1 + number % 3, gap=number % 2 == 0)
            case "index":
                self.stage.world.index_lag = LAG * (number % 2)
            case _:
                self._permission_changes(PERMISSIONS[number % len(PERMISSIONS)], revoke=number % 3 > 0)
        self._check()

    @rule(what=mishaps, faults=faults, change=changes)
    @precondition(lambda self: self.last is not None)
    def old_copy_of_the_ledger_is_put_back(self, what: Mishaps, faults: list[Fault], change: Change | None) -> None:
        """A restored backup is as good as no ledger: a day later the program must see that by itself."""
        kept = self.root / f"kept-{self.book.requests}"
        _copy(self.folder, kept)
        self.run(what, faults, change)
        self._quiet(DAY)
        self.folder = self._fresh_folder()
        _copy(kept, self.folder)
        self._other_ledger()
        self.run(CALM, [], None)
        event("ledger: put back")

    @rule()
    @precondition(lambda self: self._is_recognisable())
    def ledger_is_lost(self) -> None:
        self._quiet(DAY)
        before = {row.object: row for row in rows(self.folder / LEDGER)}
        self.folder = self._fresh_folder()
        self._other_ledger()
        self._adopt()
        self._compare(before)
        self._check()
        event("ledger: lost")

    @rule()
    @precondition(lambda self: self._is_visible())
    def rival_with_an_empty_ledger(self) -> None:
        result = self._life(CALM, folder=self._fresh_folder()).look(self.draft)
        allowed = isinstance(result.error, (ForeignRollout, TrackerError))
        blocked = result.plan is not None and bool(result.plan.blockers)
        self.require(allowed or blocked, "I1", f"a second ledger was let in: {result}")
        event("ledger: rival")

    # The end

    def teardown(self) -> None:
        try:
            if not self._is_over():
                self._settle_down()
        finally:
            self.logger.removeHandler(self.words)
            self.logger.level, self.logger.propagate = self.level, self.propagates
            shutil.rmtree(self.root, ignore_errors=True)

    def _is_over(self) -> bool:
        """Whether an invariant failed already: then the end says nothing."""
        import sys  # noqa: PLC0415

        return sys.exc_info()[0] is not None

    def _settle_down(self) -> None:
        """Faults off, time passes, runs until nothing is left: then everything stands exactly once, and stays."""
        self._quiet(DAY / 2)
        self._check()
        result = Result()
        for _ in range(9):
            in_doubt, stood = self._doubtful(), self._standing()
            result = self._life(Mishaps()).run(self.draft, force=True)
            self._note(result, CALM)
            self._check()
            if isinstance(result.error, ForeignRollout):
                self._quiet(DAY)
                self._adopt()
                self._clear_away_leftovers()
            elif _is_through(result.applied, found=bool(in_doubt), joined=stood):
                break
            self.stage.advance(400.0)
        kept = rows(self.folder / LEDGER)
        excused = self._doubtful() if self.disturbed else []
        self.require(result.error is None or bool(excused), "I2", f"never finished: {result.error!r}")
        truth.nothing_lost(self.stage, kept, excused, self.require)
        if not excused:
            self._nothing_more()
        if self.changes % 2:
            self._verify()
        words = [*self.words.lines, *_texts(result)]
        truth.no_secret(self.root, words, self.require)

    def _verify(self) -> None:
        """The program's own check agrees that all is well."""
        result = self._life(CALM).verify()
        self.require(result.error is None, "I1", f"verify failed: {result.error!r}")
        found = result.verified
        self.require(found is not None and not found.duplicates, "I1", f"verify reports {found and found.duplicates}")

    def _doubtful(self) -> list[str]:
        return [row.object for row in rows(self.folder / LEDGER) if row.state == "INFLIGHT"]

    def _standing(self) -> bool:
        return any(row.state == "CREATED" for row in rows(self.folder / LEDGER))

    def _nothing_more(self) -> None:
        """I7: once more writes nothing, and the next plan is empty."""
        again = self._life(CALM).run(self.draft, force=True)
        self.require(again.error is None, "I7", f"once more failed: {again.error!r}")
        self.require(again.writes == 0, "I7", f"once more wrote {self.book.last_writes[-again.writes :]}")
        plan = again.plan
        left = plan is not None and (plan.intents or plan.writes or plan.pending)
        self.require(not left, "I7", f"the next plan is not empty: {left}")


def _is_through(applied: Applied | None, *, found: bool, joined: bool) -> bool:
    """Whether the next run has nothing to do.

    What was found of an older template is brought up to date by the run after the one that found it. And what stood
    already gets its reference to what was refused before by the run after the one that made that.
    """
    return applied is not None and applied.is_finished and not found and not (joined and applied.made)


class JiraMachine(RunMachine):
    """Everything lives in Jira."""

    services = "jira"
    home = Home.JIRA


class PlannerMachine(RunMachine):
    """Everything lives in Planner."""

    services = "planner"
    home = Home.PLANNER


def _copy(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for file in source.iterdir():
        if not file.name.endswith(("-shm", ".lock")):
            shutil.copy(file, target)


def _texts(result: Result) -> list[str]:
    error = result.error
    return [] if error is None else [str(error), error.where, error.hint]
