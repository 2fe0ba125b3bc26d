"""The state machine: people, services and the program's own processes get in each other's way in every order.

Each rule is something that can happen between two moments of quiet; a run of the program is one rule with mishaps drawn
inside it. After each rule and at the end the invariants of the write protocol are checked (I1 to I15).
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from machine import truth
from machine.drafts import POOL, Draft, stem
from machine.life import CALM, LEDGER, Life, Mishaps, Result, empty_ledger
from machine.stage import OUR_MARK, Stage
from machine.truth import History
from machine.wire import Book, Broken, rows
from rollout_sync.errors import (
    ConfigError,
    ForeignRollout,
    LedgerBusy,
    LedgerUnwritable,
    NotFound,
    PlanError,
    RolloutSyncError,
    StalePlan,
    TrackerError,
    UnsafePlan,
)
from rollout_sync.model.rollout import Home
from rollout_sync.sync.applying import Applied

STAGE = Stage()
EXAMPLES: Counter[str] = Counter()
"""How many examples of each machine this process has really run."""

BULK, BATCH = "/jira/rest/api/3/issue/bulk", "/graph/v1.0/$batch"
ROUTES = {
    "jira": (BULK, BULK, "/jira/rest/api/3/issueLink", "/jira/rest/api/3/issue/*", "/jira/**"),
    "planner": (BATCH, BATCH, "/graph/v1.0/planner/plans", "/graph/**", "/login/**"),
}
KINDS = (
    *({"kind": kind} for kind in ("drop_after", "drop_before", "truncate", "html", "html200", "rst", "500", "502")),
    {"kind": "503", "when": "after"},
    {"kind": "503", "retry_after": "5"},
    {"kind": "html", "when": "after"},
    *({"kind": "late", "seconds": seconds} for seconds in (5, 90, 280)),
    *({"kind": "429", "retry_after": form} for form in ("1", "date:3", "beta:2", "reset:4", "none", "400")),
    {"kind": "token_expired"},
    {"kind": "forbidden"},
    {"kind": "partial"},
    {"kind": "partial", "positions": [1]},
    {"kind": "inner_429", "positions": [0]},
    {"kind": "inner_503_after", "positions": [0, 2]},
    {"kind": "slow", "seconds": 70},
)
DAY = 86_400.0
LAG = 120.0
PERMISSIONS = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "LINK_ISSUES")
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


Fault = tuple[int, int, int, int]
"""Which kind, on which route, from the how-many-th request on, how often."""
Change = tuple[str, str]
faults = st.lists(
    st.tuples(st.integers(0, len(KINDS) - 1), st.integers(0, 9), st.integers(1, 4), st.integers(1, 6)), max_size=2
)
changes = st.none() | st.tuples(st.sampled_from(("wording", "dates", "lines", "item", "item")), st.sampled_from(POOL))


class _Words(logging.Handler):
    """Keeps every log line as it was written, before any filter."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class RunMachine(RuleBasedStateMachine):
    """Both services, and items that live in one or the other or both."""

    services = "jira planner"
    home: Home | None = None
    kinds: tuple[dict[str, Any], ...] = KINDS
    watched: frozenset[str] | None = None
    """Invariants that are looked at; None for all."""

    def __init__(self) -> None:
        super().__init__()
        STAGE.reset()
        self.stage = STAGE
        self.root = Path(tempfile.mkdtemp(prefix="machine-", dir=_memory()))
        self.folder = self._fresh_folder()
        self.book = Book(self.stage, self.require)
        self.history = History()
        self.draft = Draft(slugs=POOL[:2], home=self.home)
        self.mine: dict[tuple[str, str, str], Any] = {}
        """What people wrote: service, id and field to the value that must stay."""
        self.buried: set[str] = set()
        """Items whose remote object a person deleted while the ledger knew it."""
        self.disturbed = False
        """People changed or deleted Planner tasks, so that a doubt may stay undecidable."""
        self.changes = 0
        self.last: Result | None = None
        self.is_foreign = False
        """The ledger is younger or older than what stands in the services."""
        self.is_login_faulty = False
        self.words = _Words()
        self.logger = logging.getLogger("rollout_sync")
        self.logger.addHandler(self.words)
        self.level, self.propagates = self.logger.level, self.logger.propagate
        self.logger.level, self.logger.propagate = logging.DEBUG, False
        EXAMPLES[type(self).__name__] += 1

    def require(self, holds: bool, name: str, words: str) -> None:
        if not holds and (self.watched is None or name in self.watched):
            raise Broken(f"{name}: {words}")

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

    # What that means

    def _others_work(self, count: int, *, gap: bool) -> None:
        """Other people's issues take keys between ours, and some are deleted again."""
        if "jira" not in self.services:
            return
        for _ in range(count):
            self.stage.act("jira", "create", fields={"title": "Something else"})
        if gap and self.stage.world.index_lag == 0:
            numbers = self.stage.world.store._numbers
            numbers["jira.key.SEC"] = numbers.get("jira.key.SEC", 0) + 40 * count

    def _permission_changes(self, permission: str, *, revoke: bool) -> None:
        if "jira" in self.services:
            who = {"from": _COORDINATOR} if revoke else {"to": _COORDINATOR}
            self.stage.act("jira", "revoke" if revoke else "grant", permission=permission, **who)

    # How it happens

    def _change(self, change: str, slug: str) -> None:
        """The template changes."""
        match change:
            case "wording":
                self.draft = self.draft.reworded(slug)
            case "item":
                self.draft = self.draft.toggled(slug)
            case "dates":
                self.draft = replace(self.draft, later=self.draft.later + 1)
            case _:
                self.draft = replace(self.draft, lines=1 + self.draft.lines % 3)
        event(f"template: {change}")

    def _order(self, faults: list[Fault]) -> None:
        """Replace the faults that wait for their request."""
        routes = [route for service in self.services.split() for route in ROUTES[service]]
        orders = [
            {
                **self.kinds[kind % len(self.kinds)],
                "route": routes[where % len(routes)],
                "nth": list(range(nth, nth + times)),
            }
            for kind, where, nth, times in faults
        ]
        self.is_login_faulty = any(one["route"].startswith("/login") for one in orders)
        self.stage.order(orders)
        for one in orders:
            event(f"fault {one['kind']}")

    def _start(self, what: Mishaps, old: Any = None) -> Result:
        life = self._life(what)
        result = life.run(self.draft, force=self.changes % 2 == 1, old=old)
        self.folder = life.heir or self.folder
        self.last = result
        event(f"run: {'killed' if result.killed else type(result.error).__name__}")
        return result

    def _life(self, what: Mishaps, folder: Path | None = None) -> Life:
        return Life(
            stage=self.stage,
            book=self.book,
            folder=folder or self.folder,
            services=self.services,
            mishaps=what,
            on_rival=self._rival,
            on_meanwhile=self._person_acts,
        )

    def _rival(self) -> None:
        """The same command in a second window, on the same ledger."""
        result = self._life(CALM).run(self.draft, force=True)
        self.require(result.applied is None, "I9", "two runs worked on one rollout at the same time")
        known = isinstance(result.error, (LedgerBusy, TrackerError, PlanError)) or self.is_login_faulty
        self.require(known, "I9", f"the second run ended with {result.error!r}")
        event("rival")

    def _note(self, result: Result, what: Mishaps) -> None:
        """Which errors are right for what befell the run."""
        error = result.error
        if error is None:
            return
        allowed: list[type[RolloutSyncError]] = [TrackerError, StalePlan, UnsafePlan, PlanError]
        if what.full:
            allowed.append(LedgerUnwritable)
        if self.is_login_faulty:
            allowed.append(ConfigError)
        self.require(isinstance(error, tuple(allowed)), "errors", f"{error!r} {error.where} {error.hint}")
        if isinstance(error, ForeignRollout):
            self.require(self.is_foreign, "I1", f"refused its own work: {error}")
        if isinstance(error, UnsafePlan):
            self.changes += 1

    def _check(self) -> None:
        self.stage.catch_up()
        truth.no_duplicate(self.stage, self.history, self.require)
        truth.truthful(self.stage, self.folder / LEDGER, self.history, self.require)
        self._check_people()

    def _check_people(self) -> None:
        """I6: what people wrote stands."""
        for (service, number, name), value in self.mine.items():
            now = self._field(service, number, name)
            self.require(now is None or value in now, "I6", f"{service} {number} {name}: {value!r} became {now!r}")
        revived = self.buried & {one["properties"][OUR_MARK]["item"] for one in self.stage.issues()}
        self.require(not revived, "I6", f"people deleted {revived}, and it was made again")

    def _field(self, service: str, number: str, name: str) -> str | None:
        """What stands there now; None where the object is gone."""
        store = self.stage.world.store
        if service == "jira":
            issue = store.get("jira.issue", number)
            return str(issue[name]) if issue else None
        task = store.get("graph.tasks", number)
        if task is None:
            return None
        return self.stage.notes(number) if name == "description" else str(task["fields"][name])

    # People

    def _person_acts(self, which: int) -> None:
        self._check_names()
        hands = self._hands()
        if hands:
            hands[which % len(hands)](which)

    def _hands(self) -> list[Any]:
        found: list[Any] = []
        if self.stage.issues():
            found += [self._edit_issue, self._edit_issue, self._label_issue, self._move_issue, self._clone_issue]
            found += [self._delete_issue, self._unassign_issue]
        if self.stage.tasks():
            found += [self._edit_task, self._edit_task, self._note_task, self._move_task, self._copy_task]
            found += [self._delete_task, self._complete_task]
        return found

    def _check_names(self) -> None:
        self.stage.catch_up()
        for task in self.stage.tasks():
            self.history.stem_of(task)

    def _edit_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        self.changes += 1
        if which % 2:
            words = f"Reworded by a person {self.changes}"
            self._by_hand("jira", "edit", issue=issue["id"], fields={"title": words})
            self.mine["jira", issue["id"], "summary"] = words
        else:
            day = f"2031-05-{1 + self.changes % 28:02d}"
            self._by_hand("jira", "edit", issue=issue["id"], fields={"due": day})
            self.mine["jira", issue["id"], "duedate"] = day

    def _label_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        self._by_hand("jira", "label", issue=issue["id"], label=f"people-{which}")
        self.mine["jira", issue["id"], "labels"] = f"people-{which}"

    def _unassign_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        self._by_hand("jira", "assign", issue=issue["id"], to="theo.tutor@example.com")
        self.mine["jira", issue["id"], "assignee"] = self.stage.world.people.by_email(
            "theo.tutor@example.com"
        ).account_id

    def _move_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        self._by_hand("jira", "move", issue=issue["id"], to="SEC" if issue["key"].startswith("REQ") else "REQ")

    def _clone_issue(self, which: int) -> None:
        self._by_hand("jira", "clone", issue=_pick(self.stage.issues(), which)["id"])

    def _delete_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        name = issue["properties"][OUR_MARK]["item"]
        seen = self.history.seen.get(name)
        self._by_hand("jira", "delete", issue=issue["id"])
        if seen is not None and seen.state == "CREATED" and seen.remote == issue["id"]:
            self.buried.add(name)
        else:
            self.disturbed = True

    def _edit_task(self, which: int) -> None:
        task = _pick(self.stage.tasks(), which)
        self.changes += 1
        self.disturbed = True
        words = f"{self.history.stem_of(task)} reworded by a person {self.changes}"
        day = f"2031-05-{1 + self.changes % 28:02d}"
        name, value = ("title", words) if which % 2 else ("dueDateTime", f"{day}T10:00:00Z")
        self._by_hand("planner", "edit", task=task["id"], fields={name: value})
        self.mine["planner", task["id"], name] = words if which % 2 else day

    def _note_task(self, which: int) -> None:
        task = _pick(self.stage.tasks(), which)
        words = f"Noted by a person {which}."
        notes = self.stage.notes(task["id"])
        self._by_hand("planner", "edit", task=task["id"], fields={"description": f"{words}\n{notes}"})
        self.mine["planner", task["id"], "description"] = words

    def _move_task(self, which: int) -> None:
        task = _pick(self.stage.tasks(), which)
        bucket = _pick(self.stage.buckets(), which)
        self.disturbed = True
        self._by_hand("planner", "move", task=task["id"], bucket=bucket["id"])

    def _copy_task(self, which: int) -> None:
        self._by_hand("planner", "copy", task=_pick(self.stage.tasks(), which)["id"])

    def _delete_task(self, which: int) -> None:
        self.disturbed = True
        self._by_hand("planner", "delete", task=_pick(self.stage.tasks(), which)["id"])

    def _complete_task(self, which: int) -> None:
        self._by_hand("planner", "complete", task=_pick(self.stage.tasks(), which)["id"])

    def _by_hand(self, service: str, do: str, **body: Any) -> None:
        self.stage.act(service, do, **body)
        event(f"person: {do}")

    # Ledgers that do not fit

    def _fresh_folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(dir=self.root))
        (folder / LEDGER).write_bytes(empty_ledger())
        (folder / LEDGER).chmod(0o600)
        return folder

    def _other_ledger(self) -> None:
        self.history.forget()
        self.buried.clear()
        self.book.fence = 0
        self.last = None
        self.is_foreign = True

    def _quiet(self, seconds: float) -> None:
        """No faults, all permissions, and everything that was under way has happened."""
        self._order([])
        self.stage.world.index_lag = 0.0
        self.stage.clock.skew = 0.0
        if "jira" in self.services:
            for permission in PERMISSIONS:
                self.stage.act("jira", "grant", permission=permission, to=_COORDINATOR)
        self.stage.advance(seconds)

    def _is_visible(self) -> bool:
        """Whether a stranger's look at the services shows this rollout for sure."""
        if self.stage.world.index_lag or not self.stage.world.store:
            return False
        return bool(self.stage.issues()) and not self.stage.world.faults.as_json()

    def _is_recognisable(self) -> bool:
        """Whether everything that was made bears a mark by which it can be found again."""
        self.stage.catch_up()
        noted = all(OUR_MARK in self.stage.notes(task["id"]) for task in self.stage.tasks())
        found = bool(self.stage.issues()) or bool(self.stage.tasks())
        late = bool(self.stage.world.store.scan("_late"))
        empty = bool(self.stage.plans()) and not self.stage.tasks()
        return found and noted and not late and not empty

    def _adopt(self) -> None:
        for pause in (0.0, 1000.0, 1000.0):
            self.stage.advance(pause)
            result = self._life(CALM).adopt()
            if isinstance(result.error, NotFound):
                return
            self.require(result.error is None, "I13", f"adopting failed: {result.error!r}")
        self.require(result.adopted is not None and result.adopted.agrees, "I13", "a later look does not agree")
        self.is_foreign = False

    def _compare(self, before: dict[str, Any]) -> None:
        """I13: the rebuilt ledger names the same objects."""
        after = {row.object: row for row in rows(self.folder / LEDGER)}
        standing = {one["id"] for one in (*self.stage.issues(), *self.stage.tasks(), *self.stage.plans())}
        for name, row in before.items():
            if row.state == "CREATED" and row.remote in standing and row.kind in ("epic", "issue", "task", "plan"):
                found = after[name].remote if name in after else None
                self.require(found == row.remote, "I13", f"{name} was {row.remote}, and is {found} after adopting")

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

    def _clear_away_leftovers(self) -> None:
        """After an adoption people delete what bears no mark and is no longer asked for.

        Nothing says what such a task is, so new ones are not made beside it: the program asks people to look.
        """
        bound = {row.remote for row in rows(self.folder / LEDGER)}
        wanted = {stem(slug) for slug in self.draft.slugs}
        for task in self.stage.tasks():
            if task["id"] not in bound and self.history.stem_of(task) not in wanted:
                self._by_hand("planner", "delete", task=task["id"])

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


_COORDINATOR = "cora.coordinator@example.com"


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _copy(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for file in source.iterdir():
        if not file.name.endswith(("-shm", ".lock")):
            shutil.copy(file, target)


def _pick(found: list[Any], which: int) -> Any:
    return found[which // 7 % len(found)]


def _texts(result: Result) -> list[str]:
    error = result.error
    return [] if error is None else [str(error), error.where, error.hint]
