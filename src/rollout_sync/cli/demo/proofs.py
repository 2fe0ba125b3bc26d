"""What the demonstration claims, and the values that decide whether each claim holds. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from rollout_sync.cli.demo.boards import Boards
from rollout_sync.model.objects import ObjectKind

READING_POSTS = frozenset(
    {
        "POST /jira/rest/api/3/search/jql",
        "POST /jira/rest/api/3/issue/bulkfetch",
        "POST /jira/rest/api/3/changelog/bulkfetch",
        "POST /graph/v1.0/$batch",
        "POST /login/{tenant}/oauth2/v2.0/token",
    }
)
"""POST requests that change nothing on a board. What a batch holds is counted one by one, as inner requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One claim, whether it holds, and what was seen."""

    claim: str
    holds: bool
    seen: str


def writes(counters: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Requests that may have changed something, out of the sandbox's counters; an unknown request counts as one."""
    asked = [*counters["requests"].items(), *counters["inner"].items()]
    return {route: count for route, count in asked if not route.startswith("GET ") and route not in READING_POSTS}


def content_print(collections: Mapping[str, object]) -> str:
    """A fingerprint of all that the two services hold; tokens and the sandbox's own notes are left out."""
    held = {name: rows for name, rows in collections.items() if not name.startswith("_")}
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


def wrote_nothing(claim: str, sent: Mapping[str, int], before: str, after: str) -> Proof:
    """No writing request arrived, and nothing in either service is different."""
    seen = ", ".join(f"{count} {route}" for route, count in sent.items()) or "0 writes"
    seen += "; both services are as before" if before == after else "; the services' content changed"
    return Proof(claim=claim, holds=not sent and before == after, seen=seen)


def all_there(claim: str, promised: Mapping[str, int], boards: Boards) -> Proof:
    """The boards hold what the plan promised, object for object, and nothing twice.

    `promised` are counts by kind, as `plan --json` gives them.
    """
    wanted = {kind: promised.get(kind.value, 0) for kind in boards.counts}
    found = boards.counts
    wrong = [f"{found[kind]} {kind.value} instead of {n}" for kind, n in wanted.items() if found[kind] != n]
    wrong += [f"{name} twice" for name in boards.doubles]
    marked = sum(wanted[kind] for kind in (ObjectKind.EPIC, ObjectKind.ISSUE, ObjectKind.TASK))
    if len(set(boards.marks)) != marked:
        wrong.append(f"{len(set(boards.marks))} different markers instead of {marked}")
    seen = "; ".join(wrong) or f"{sum(wanted.values())} objects, each exactly once"
    return Proof(claim=claim, holds=not wrong and marked > 0, seen=seen)


def was_cut(made: int, promised: int, code: int) -> Proof:
    """The run was really killed, and really in the middle."""
    holds = 0 < made < promised and code != 0
    return Proof(claim="the second rollout was killed in the middle", holds=holds, seen=f"{made} of {promised} made")
