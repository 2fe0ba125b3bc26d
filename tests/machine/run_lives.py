"""How the processes of an example run, what befalls them on the way, and ledgers that do not fit what stands there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import event

from machine.drafts import stem
from machine.life import CALM, LEDGER, Life, Mishaps, Result
from machine.run_ground import RunGround
from machine.stage import OUR_MARK
from machine.wire import rows
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
LAG = 120.0
PERMISSIONS = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "LINK_ISSUES")
_COORDINATOR = "cora.coordinator@example.com"

Fault = tuple[int, int, int, int]
"""Which kind, on which route, from the how-many-th request on, how often."""


class RunLives(RunGround):
    """One example whose processes run."""

    kinds: tuple[dict[str, Any], ...] = KINDS

    # How it happens

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

    # Ledgers that do not fit

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

    def _clear_away_leftovers(self) -> None:
        """After an adoption people delete what bears no mark and is no longer asked for.

        Nothing says what such a task is, so new ones are not made beside it: the program asks people to look.
        """
        bound = {row.remote for row in rows(self.folder / LEDGER)}
        wanted = {stem(slug) for slug in self.draft.slugs}
        for task in self.stage.tasks():
            if task["id"] not in bound and self.history.stem_of(task) not in wanted:
                self._by_hand("planner", "delete", task=task["id"])
