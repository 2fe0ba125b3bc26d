"""What the services do wrong while a process is being killed: rules for the sandbox, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        index_lag: seconds until Jira's search sees a change.
        refuses: some creates are refused for good, so that only a new plan finishes the work.
    """

    name: str
    rules: Sequence[Rule] = ()
    pauses: Sequence[float] = (0.0, BEYOND)
    index_lag: float = 0.0
    refuses: bool = False


def _first(**fault: Any) -> Sequence[Rule]:
    """The first create of each service goes wrong: the epics, the plan."""
    return [{**fault, "method": "POST", "route": route, "nth": [1]} for route in (_BULK, _PLANS)]


def _later(**fault: Any) -> Sequence[Rule]:
    """Creates of issues, buckets and tasks go wrong (and what else is in a batch at that time)."""
    return [
        {**fault, "method": "POST", "route": _BULK, "nth": [2, 4]},
        {**fault, "method": "POST", "route": _BATCH, "nth": [1, 2, 3, 4, 5]},
    ]


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
LATE_SCRIPTS = tuple(
    Script(name=f"late-{name}", rules=rules(kind="late", seconds=LATE), pauses=(0.0, 100.0, BEYOND))
    for name, rules in (("first", _first), ("later", _later))
)
SCRIPTS: tuple[Script, ...] = (
    QUIET,
    *(
        Script(name=f"{name}-{when}", rules=rules(**fault))
        for name, fault in _FAULTS.items()
        for when, rules in (("first", _first), ("later", _later))
    ),
    *LATE_SCRIPTS,
    Script(name="dropped-after-lagging-index", rules=_later(kind="drop_after"), index_lag=600.0),
    Script(
        name="partial",
        rules=[
            {"kind": "partial", "method": "POST", "route": _BULK, "nth": [1, 3]},
            {"kind": "partial", "method": "POST", "route": _BATCH, "nth": [1, 2, 3, 4]},
        ],
        refuses=True,
    ),
    Script(name="inner-429", rules=_inner({"kind": "429", "retry_after": "3"}, {"kind": "429", "retry_after": "2"})),
    Script(name="inner-503-after", rules=_inner({"kind": "503", "when": "after"}, {"kind": "503", "when": "after"})),
)
BY_NAME: Mapping[str, Script] = {script.name: script for script in SCRIPTS}
