"""What the services do wrong while a process is being killed: rules for the sandbox, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rule = Mapping[str, Any]

_BULK = "/jira/rest/api/3/issue/bulk"
_PLANS = "/graph/v1.0/planner/plans"
_BATCH = "/graph/v1.0/$batch"

LATE = 200.0
"""Seconds after which a late request takes effect: the client is dead by then, and the horizon (300 s) not over."""
BEYOND = 400.0
"""Seconds after which absence proves something: horizon, deadline and a margin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One way in which both services misbehave.

    Attributes:
        rules: in the form of `POST /_sandbox/faults`.
        pauses: seconds by which the sandbox's clock moves between runs; the last one repeats.
        hits: kinds of objects that are refused or in doubt for a while.
        index_lag: seconds until Jira's search sees a change.
        refuses: some creates are refused for good, so that only a new plan finishes the work.
    """

    name: str
    rules: Sequence[Rule] = ()
    hits: frozenset[str] = frozenset()
    pauses: Sequence[float] = (0.0, BEYOND)
    index_lag: float = 0.0
    refuses: bool = False


def _rules(fault: Rule, bulk: Sequence[int], plan: Sequence[int], batch: Sequence[int]) -> Sequence[Rule]:
    """The fault at the n-th request to each of the three routes that create."""
    routes = ((_BULK, bulk), (_PLANS, plan), (_BATCH, batch))
    return [{**fault, "method": "POST", "route": route, "nth": list(nth)} for route, nth in routes if nth]


_STAGES: Mapping[str, tuple[tuple[Sequence[int], Sequence[int], Sequence[int]], frozenset[str]]] = {
    "first": (([1], [1], []), frozenset({"epic", "plan"})),
    "then": (([2, 4], [], [1, 2, 3, 4, 5]), frozenset({"issue", "bucket"})),
    "last": (([3], [], [4, 6]), frozenset({"issue", "task"})),
}
"""Which requests go wrong: by route, and the kinds that they make. Batches read and change, too, and are repeated."""


def _staged(name: str, fault: Rule, **settings: Any) -> Iterator[Script]:
    for stage, (nth, hits) in _STAGES.items():
        yield Script(name=f"{name}-{stage}", rules=_rules(fault, *nth), hits=hits, **settings)


def _inner(bulk: Rule, inner: Rule) -> Sequence[Rule]:
    """Single requests inside a batch go wrong; Jira's bulk create as a whole."""
    return [
        {**bulk, "method": "POST", "route": _BULK, "nth": [1, 3]},
        {**inner, "inner": "POST /planner/buckets", "nth": [2]},
        {**inner, "inner": "POST /planner/tasks", "nth": [1, 4, 6]},
    ]


_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "dropped-after": {"kind": "drop_after"},
    "dropped-before": {"kind": "drop_before"},
    "truncated": {"kind": "truncate"},
    "html-503-after": {"kind": "html", "when": "after"},
    "html-503-before": {"kind": "html"},
    "reset-after": {"kind": "rst"},
}

QUIET = Script(name="quiet")
SCRIPTS: tuple[Script, ...] = (
    QUIET,
    *(script for name, fault in _FAULTS.items() for script in _staged(name, fault)),
    *_staged("late", {"kind": "late", "seconds": LATE}, pauses=(0.0, 100.0, BEYOND)),
    Script(
        name="dropped-after-lagging-index",
        rules=_rules({"kind": "drop_after"}, [1, 2], [1], [2, 3, 4]),
        hits=frozenset({"epic", "issue", "plan"}),
        index_lag=600.0,
    ),
    Script(
        name="partial",
        rules=[
            *_rules({"kind": "partial"}, [1, 3], [], [1, 2, 3, 4]),
            {"kind": "forbidden", "inner": "POST /planner/tasks", "nth": [1, 4]},
        ],
        hits=frozenset({"epic", "issue", "bucket", "task"}),
        refuses=True,
    ),
    Script(
        name="inner-429",
        rules=_inner({"kind": "429", "retry_after": "3"}, {"kind": "429", "retry_after": "2"}),
        hits=frozenset({"bucket", "task"}),  # Jira's 429 is sat out within the request
    ),
    Script(
        name="inner-503-after",
        rules=_inner({"kind": "503", "when": "after"}, {"kind": "503", "when": "after"}),
        hits=frozenset({"epic", "issue", "bucket", "task"}),
    ),
)
BY_NAME: Mapping[str, Script] = {script.name: script for script in SCRIPTS}
