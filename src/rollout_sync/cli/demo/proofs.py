"""What the demonstration claims, and the values that decide whether each claim holds. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
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
SUMMARY_WRITES = frozenset({"PUT /jira/rest/api/3/issue/{issue}/comment/{id}", "PATCH /planner/tasks/{task}/details"})
"""How the summary on the boards is written over: days go by, and dates and colours move, also where nobody works."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """What one `sync` of the ten weeks did.

    Attributes:
        number: of the working day.
        sent: requests that may have changed something.
        is_idle: whether nobody had acted that day.
        is_untouched: whether both services were the same before and after; None where nobody looked.
        early_in: bucket of the work that was begun before its green light; None where nobody looked.
    """

    number: int
    is_finished: bool
    sent: Mapping[str, int]
    is_idle: bool = False
    is_untouched: bool | None = None
    early_in: str | None = None


def all_finished(evenings: Sequence[Evening]) -> Proof:
    """Every run read everything and left nothing for the next."""
    done = sum(one.is_finished for one in evenings)
    seen = f"{done} of {len(evenings)}"
    return Proof(claim="each evening's `sync` finished", holds=0 < done == len(evenings), seen=seen)


def quiet_when_quiet(evenings: Sequence[Evening]) -> Proof:
    """Where nobody had acted, nothing was written but the summary; and nothing changed where not even that was."""
    idle = [one for one in evenings if one.is_idle]
    wrong = [route for one in idle for route in one.sent if route not in SUMMARY_WRITES]
    silent = [one for one in idle if not one.sent]
    changed = sum(one.is_untouched is not True for one in silent)
    seen = f"{len(idle)} such days, on {len(idle) - len(silent)} of them the summary had news"
    seen += f"; also written: {', '.join(wrong)}" if wrong else ""
    seen += f"; {changed} changed without a write" if changed else ""
    return Proof(
        claim="on days on which nobody acts, only the summary is written",
        holds=bool(silent) and not wrong and not changed,
        seen=seen,
    )


def opened_by_the_right_one(evenings: Sequence[Evening], decided: int, waiting: str) -> Proof:
    """Held work stayed in the bucket `waiting` from the wrong person's tick until the day of the right person's own.

    The evenings on which somebody looked begin with the wrong person's tick; `decided` is the day of the other one.
    """
    looked = [(one.number, one.early_in) for one in evenings if one.early_in is not None]
    before = [bucket for number, bucket in looked if number < decided]
    after = [bucket for number, bucket in looked if number >= decided]
    holds = bool(before) and bool(after) and set(before) == {waiting} and waiting not in after
    seen = f"held on {before.count(waiting)} of {len(before)} evenings, then in “{after[0] if after else '?'}”"
    return Proof(claim="the wrong person's tick opens no gate, the right one's does", holds=holds, seen=seen)


def still_once(claim: str, promised: Mapping[str, int], boards: Boards, deleted: Sequence[str]) -> Proof:
    """Everything that was made is still there exactly once, but what people deleted, which was not made again."""
    marked = sum(promised.get(kind.value, 0) for kind in (ObjectKind.EPIC, ObjectKind.ISSUE, ObjectKind.TASK))
    wrong = [f"{name} twice" for name in boards.doubles]
    wrong += [f"{name} again" for name in deleted if name in boards.marks]
    if len(set(boards.marks)) != marked - len(deleted):
        wrong.append(f"{len(set(boards.marks))} different markers instead of {marked - len(deleted)}")
    seen = "; ".join(wrong) or f"{len(boards.marks)} objects, each exactly once; {len(deleted)} deleted, not made again"
    return Proof(claim=claim, holds=not wrong and marked > 0, seen=seen)


def summed_up(boards: Boards) -> Proof:
    """The summary stands once on each board, however often it was written over."""
    comments, tasks = boards.summaries
    seen = f"{comments} comment, {tasks} task"
    return Proof(claim="each board shows the summary once", holds=boards.summaries == (1, 1), seen=seen)


def known_to_people(added: int, gone: int, *, expected: tuple[int, int]) -> Proof:
    """Work that people put beside the template's and took away is counted."""
    seen = f"{added} added, {gone} deleted"
    return Proof(claim="work that people added or deleted is known", holds=(added, gone) == expected, seen=seen)
