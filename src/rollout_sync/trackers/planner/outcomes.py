"""What an answer means for one write: done, refused, or in doubt. Pure; the table of the write protocol for Graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rollout_sync.errors import (
    AccessDenied,
    NotFound,
    RateLimited,
    Rejected,
    TrackerError,
    Unavailable,
    VersionConflict,
)
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Outcome, Refused
from rollout_sync.trackers.planner.batch import THROTTLED, UNAUTHORIZED, InnerReply
from rollout_sync.trackers.planner.limits import is_limit, limit_hint
from rollout_sync.trackers.planner.mapping import Json

FORBIDDEN = 403
NOT_FOUND = 404
CONFLICTS = (409, 412)
_FAILED_DEPENDENCY = 424
_TIMEOUT = 408
_NOTHING_DONE = (Unavailable, RateLimited, AccessDenied, Rejected, NotFound, VersionConflict)
_HINTS: Mapping[int, str] = {
    UNAUTHORIZED: "the sign-in is not accepted; `rollout-sync doctor` says why",
    FORBIDDEN: "grant the app Tasks.ReadWrite.All, or make the signed-in person a member of the group",
    NOT_FOUND: "it was deleted, or this account may not see it",
    409: "somebody changed it at the same moment; run the same command again",
    412: "somebody changed it at the same moment; run the same command again",
}


def created(reply: InnerReply | None, made: Callable[[Json], Remote]) -> Outcome:
    """Outcome of a create. Only a success with an id is done; an answer that may hide a success is in doubt."""
    if reply is None:
        return InDoubt(reason="the batch's answer says nothing of it")
    if reply.ok:
        return _made(reply, made)
    if reply.status == _TIMEOUT or not 400 <= reply.status < 500:  # noqa: PLR2004 (HTTP's own ranges)
        return InDoubt(reason=f"{reply.status}: {reply.words}")
    return refused(reply)


def plan_created(reply: InnerReply, made: Callable[[Json], Remote]) -> Outcome:
    """Outcome of a plan's create: a 403 that names no limit may come after the plan was made."""
    if reply.status == FORBIDDEN and not is_limit(reply.code):
        return InDoubt(reason=f"403: {reply.words} The plan may have been made all the same.")
    return created(reply, made)


def written(reply: InnerReply | None, remote: Remote, made: Callable[[Json], Remote]) -> Outcome:
    """Outcome of a write to the known `remote`; without a representation its new version stays open."""
    if reply is not None and reply.ok and not reply.json.get("id"):
        return Done(remote=replace(remote, version=""))
    return created(reply, made)


def refused(reply: InnerReply) -> Refused:
    """A 4xx that surely did nothing."""
    return Refused(
        reason=reply.words,
        again=reply.status in (UNAUTHORIZED, THROTTLED, _FAILED_DEPENDENCY, *CONFLICTS),
        status=reply.status,
        code=reply.code,
        hint=limit_hint(reply.code) or _HINTS.get(reply.status, ""),
        retry_after=reply.retry_after,
    )


def failed(error: TrackerError) -> Outcome:
    """Outcome of a write whose whole request failed: nobody knows, unless the error says that nothing was done."""
    if not isinstance(error, _NOTHING_DONE):
        return InDoubt(reason=error.what)
    # A sign-in can be repaired and tried again; a permission that is missing is shown at once.
    later = isinstance(error, (Unavailable, RateLimited, AccessDenied)) and error.status != FORBIDDEN
    return Refused(
        reason=error.what,
        again=later,
        status=error.status,
        code=error.code,
        hint=error.hint,
        retry_after=error.retry_after,
    )


def _made(reply: InnerReply, made: Callable[[Json], Remote]) -> Outcome:
    if not reply.json.get("id"):
        return InDoubt(reason=f"{reply.status} without the new object's id")
    return Done(remote=made(reply.json))
