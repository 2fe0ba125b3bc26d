"""Reads what lies beside an issue's fields: change histories, categories of statuses, comments."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from rollout_sync.errors import UnexpectedResponse
from rollout_sync.model.objects import Value
from rollout_sync.trackers.jira.adf import from_adf
from rollout_sync.trackers.jira.client import JiraClient, accepted
from rollout_sync.trackers.jira.history import LABELS, STATUS, Changes, changes_of
from rollout_sync.trackers.jira.mapping import category_of, moment
from rollout_sync.trackers.jira.shapes import Json, inner_text, objects
from rollout_sync.transport import Repeat

MOST_ISSUES = 1000
_MOST_CHANGES = 5_000
"""Changes of one answer; Jira allows 10,000, which may be more than an answer should weigh."""

_MOST_PAGES = 1_000
_COMMENTS = "20"


class StatusBook:
    """Status id to category. Read once for a tracker, when a history is read first. Thread-safe."""

    def __init__(self) -> None:
        self._read: Mapping[str, str] | None = None
        self._lock = threading.Lock()

    def categories(self, client: JiraClient) -> Mapping[str, str]:
        """All statuses of active workflows."""
        with self._lock:
            if self._read is None:
                self._read = _statuses(client)
            return self._read


def read_changes(client: JiraClient, ids: Sequence[str]) -> Mapping[str, Changes]:
    """Status and label changes by issue id; issues without any are left out. One request for up to 1000 issues."""
    found: dict[str, Changes] = {}
    for first in range(0, len(ids), MOST_ISSUES):
        for page in _pages(client, ids[first : first + MOST_ISSUES]):
            for log in objects(page, "issueChangeLogs", "POST /changelog/bulkfetch"):
                issue_id = inner_text(log, "issueId")
                changes = changes_of(objects(log, "changeHistories", "POST /changelog/bulkfetch"))
                found[issue_id] = found.get(issue_id, Changes()) + changes
    return found


def read_notes(client: JiraClient, issue_id: str) -> Value:
    """The latest 20 comments of an issue, oldest first."""
    seen = client.read(
        f"/issue/{quote(issue_id, safe='')}/comment",
        route="/issue/{id}/comment",
        what="An issue's comments cannot be read",
        params={"orderBy": "-created", "maxResults": _COMMENTS},
    )
    return [_note(comment) for comment in reversed(objects(seen, "comments", "GET /issue/{id}/comment"))]


def _pages(client: JiraClient, ids: Sequence[str]) -> Iterator[Json]:
    route, token, tokens = "/changelog/bulkfetch", "", set[str]()
    asked = {"issueIdsOrKeys": list(ids), "fieldIds": [STATUS, LABELS], "maxResults": _MOST_CHANGES}
    for _ in range(_MOST_PAGES):
        body = {**asked, **({"nextPageToken": token} if token else {})}
        page, _reply = client.read_by_post(route, body, route=route, what="Change histories cannot be read")
        yield page
        token = inner_text(page, "nextPageToken")
        if not token or token in tokens:
            return
        tokens.add(token)
    raise UnexpectedResponse("the change history has no end", where=f"POST {route}", hint="Please report this.")


def _statuses(client: JiraClient) -> Mapping[str, str]:
    route = "/status"
    reply = client.ask("GET", route, route=route, repeat=Repeat.SAFE)
    body = accepted(reply, what="The statuses cannot be read", where=f"GET {route}").body
    statuses = objects({"statuses": body}, "statuses", f"GET {route}")
    return {inner_text(status, "id"): category_of(status) for status in statuses}


def _note(comment: Json) -> Value:
    at = moment(comment.get("created"))
    return {
        "by": inner_text(comment, "author", "accountId") or None,
        "at": None if at is None else at.isoformat(),
        "text": from_adf(comment.get("body")),
    }
