"""What the answer to a write means for each object that was in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import NoneType

from rollout_sync.errors import OutcomeUnknown, RateLimited, TrackerError, Unavailable
from rollout_sync.model.objects import Marker, ObjectKey, Remote
from rollout_sync.model.operations import Create, Done, InDoubt, Outcome, Refused
from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.mapping import folded_links
from rollout_sync.trackers.jira.shapes import Json, inner, inner_text
from rollout_sync.transport import Reply
from rollout_sync.transport.words import refusal, server_words

_AGAIN = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})
_LIMIT_HINT = "A limit of Jira is reached; remove what is no longer needed, or use another project."


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAnswer:
    """A bulk create's answer, taken apart.

    Attributes:
        created: issues in the order of the answer.
        failed: element number to what Jira says of it.
        is_whole: whether every element is accounted for, once.
    """

    created: tuple[Json, ...]
    failed: Mapping[int, Outcome]
    is_whole: bool


def of_error(error: TrackerError) -> Outcome:
    """The outcome of a create, or of a write that may be repeated, that got no reply."""
    if isinstance(error, OutcomeUnknown):
        return InDoubt(reason=error.what)
    again = isinstance(error, (Unavailable, RateLimited))
    return Refused(
        reason=error.what,
        again=again,
        status=error.status,
        code=error.code,
        hint=error.hint,
        retry_after=error.retry_after,
    )


def of_lost_change(error: TrackerError) -> Outcome:
    """As `of_error`, for edits: one that failed after it was sent may have taken effect, so it is read before use."""
    return InDoubt(reason=error.what) if isinstance(error, Unavailable) else of_error(error)


def of_refusal(reply: Reply, *, what: str, where: str) -> Refused:
    """The outcome for a 4xx of a single write."""
    error = refusal(reply, what=what, where=where)
    return Refused(
        reason=error.what,
        again=reply.status in _AGAIN,
        status=reply.status,
        code=error.code,
        hint=error.hint,
    )


def taken_apart(reply: Reply, count: int) -> BulkAnswer | None:
    """A bulk create's answer; None when it has not the documented shape, so that nothing is known.

    A rejection of the whole request has no `issues`: then every element failed with the same words.
    """
    issues, errors = inner(reply.body, "issues"), inner(reply.body, "errors")
    if not reply.ok and not isinstance(issues, list):
        same = of_refusal(reply, what="Jira refused the whole request", where="POST /issue/bulk")
        return BulkAnswer(created=(), failed=dict.fromkeys(range(count), same), is_whole=True)
    if not isinstance(issues, list) or not isinstance(errors, (list, NoneType)):
        return None
    created = tuple(issue for issue in issues if inner_text(issue, "id") and inner_text(issue, "key"))
    failed = _failures(errors or [], count)
    if not reply.ok and not created:
        rest = of_refusal(reply, what="Jira refused it", where="POST /issue/bulk")
        failed = {**dict.fromkeys(range(count), rest), **failed}
    is_whole = len(created) == len(issues) and len(created) + len(failed) == count
    return BulkAnswer(created=created, failed=failed, is_whole=is_whole)


def needs_reading_back(answer: BulkAnswer) -> bool:
    """Whether the order of the created issues cannot be relied on: Jira documents none."""
    return bool(answer.created) and (bool(answer.failed) or not answer.is_whole)


def by_position(chunk: Sequence[Create], answer: BulkAnswer, destination: Destination) -> Sequence[Outcome]:
    """Outcomes when all elements were made, or all failed: created issues stand in the order of the request."""
    made = iter(answer.created)
    outcomes: list[Outcome] = []
    for number, create in enumerate(chunk):
        failed = answer.failed.get(number)
        issue = None if failed is not None else next(made, None)
        outcomes.append(failed or (done(create, issue, destination) if issue is not None else _UNTOLD))
    return outcomes


def by_marker(
    chunk: Sequence[Create], answer: BulkAnswer, seen: Mapping[Marker, Json], destination: Destination
) -> Sequence[Outcome]:
    """Outcomes after the created issues were read back: each issue belongs to the element whose marker it carries."""
    outcomes: list[Outcome] = []
    for number, create in enumerate(chunk):
        issue = seen.get(create.marker)
        if issue is not None:
            outcomes.append(done(create, issue, destination))
        else:
            outcomes.append(answer.failed.get(number, _UNTOLD))
    return outcomes


def done(create: Create, issue: Json, destination: Destination) -> Done:
    """The issue was made, and with it the links that were folded into the request."""
    key = inner_text(issue, "key")
    remote = Remote(id=inner_text(issue, "id"), key=key, url=f"{destination.site}/browse/{key}")
    also: tuple[ObjectKey, ...] = tuple(
        name for name, _ in folded_links(create.fields, destination) if name is not None
    )
    return Done(remote=remote, also=also)


_UNTOLD = InDoubt(reason="Jira's answer does not tell what became of this one")


def shapeless() -> InDoubt:
    """The outcome when a 2xx answer has not the documented shape."""
    return _UNTOLD


def unchangeable(key: ObjectKey) -> Refused:
    """The outcome for kinds that have nothing to change."""
    return Refused(reason=f"{key} has nothing that can be changed", hint="Plan again.")


def _failures(errors: Sequence[object], count: int) -> dict[int, Outcome]:
    failed: dict[int, Outcome] = {}
    for error in errors:
        number, status = inner(error, "failedElementNumber"), inner(error, "status")
        if isinstance(number, int) and 0 <= number < count:
            failed[number] = _element(status if isinstance(status, int) else 0, inner(error, "elementErrors"))
    return failed


def _element(status: int, errors: object) -> Outcome:
    said = server_words(errors) or f"Jira refused it ({status})"
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return InDoubt(reason=said)
    hint = _LIMIT_HINT if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else ""
    return Refused(reason=said, again=status in _AGAIN, status=status, hint=hint)
