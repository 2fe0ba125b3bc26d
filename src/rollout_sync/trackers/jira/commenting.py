"""The summary as one comment of an epic: marked by a comment property, found by it, and written over in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from rollout_sync.errors import TrackerError, UnexpectedResponse
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Outcome
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.boards import Shown, Summary
from rollout_sync.trackers.jira.adf import normal
from rollout_sync.trackers.jira.client import JiraClient, accepted
from rollout_sync.trackers.jira.outcomes import of_error, of_lost_change, of_refusal
from rollout_sync.trackers.jira.shapes import Json, inner, inner_text, objects
from rollout_sync.transport import Repeat

PROPERTY = "rollout-sync"
KIND = "summary"
MOST_LETTERS = 1_000
"""Of one line. Jira takes 32,767 characters in all, and counts the document's own ones."""
_PAGE = 1_000
"""Ids in one look at properties, as documented."""
_MOST_PAGES = 50
_LIST = "/issue/{id}/comment"
_ONE = "/issue/{id}/comment/{id}"
_BY_ID = "/comment/list"


class JiraComments:
    """Jira Cloud behind `trackers.boards.Comments`."""

    def __init__(self, client: JiraClient) -> None:
        self._client = client

    def find(self, rollout: RolloutId, issue: str) -> tuple[Shown, ...]:
        """List the comments, then read their properties: the list itself does not show them."""
        found = [shown for ids in self._ids(issue) for shown in self._marked(rollout, ids)]
        return tuple(sorted(found, key=lambda one: (len(one.id), one.id)))

    def add(self, rollout: RolloutId, issue: str, summary: Summary) -> Outcome:
        """POST, once."""
        body = _body(rollout, summary)
        try:
            reply = self._client.ask("POST", _path(issue), route=_LIST, repeat=Repeat.ONCE, json=body)
        except TrackerError as error:
            return of_error(error)
        if not reply.ok:
            return of_refusal(reply, what="the summary cannot be written as a comment", where=f"POST {_LIST}")
        made = inner_text(reply.body, "id")
        return Done(remote=Remote(id=made)) if made else InDoubt(reason="the answer does not name the comment")

    def edit(self, rollout: RolloutId, issue: str, comment: str, summary: Summary) -> Outcome:
        """PUT; watchers are not told of it, where Jira lets us choose."""
        body = _body(rollout, summary)
        try:
            reply = self._client.ask(
                "PUT",
                _path(issue, comment),
                route=_ONE,
                repeat=Repeat.SAFE,
                json=body,
                params={"notifyUsers": "false"},
            )
        except TrackerError as error:
            return of_lost_change(error)
        if not reply.ok:
            return of_refusal(reply, what="the summary's comment cannot be written over", where=f"PUT {_ONE}")
        return Done(remote=Remote(id=comment))

    def _ids(self, issue: str) -> Iterator[list[int]]:
        """Ids of all comments, page by page; what is added meanwhile moves nothing, for the oldest come first."""
        start, route = 0, f"GET {_LIST}"
        for _ in range(_MOST_PAGES):
            page = self._client.read(
                _path(issue),
                route=_LIST,
                what="An epic's comments cannot be read",
                params={"startAt": str(start), "maxResults": str(_PAGE), "orderBy": "created"},
            )
            rows = objects(page, "comments", route)
            total = page.get("total")
            if not isinstance(total, int):
                raise UnexpectedResponse("a list of comments does not say how many there are", where=route)
            if rows:
                yield [int(number) for row in rows if (number := inner_text(row, "id")).isdigit()]
            start += len(rows)
            if not rows or start >= total:
                return
        raise UnexpectedResponse("the list of comments has no end", where=route, hint="Please report this.")

    def _marked(self, rollout: RolloutId, ids: Sequence[int]) -> Iterator[Shown]:
        what = "Comments cannot be looked through"
        reply = self._client.ask(
            "POST", _BY_ID, route=_BY_ID, repeat=Repeat.SAFE, json={"ids": list(ids)}, params={"expand": "properties"}
        )
        page = accepted(reply, what=what, where=f"POST {_BY_ID}").body
        rows = objects(page if isinstance(page, Mapping) else {}, "values", f"POST {_BY_ID}")
        for row in rows:
            mark = _mark_of(row)
            if mark.get("kind") == KIND and mark.get("rollout") == rollout:
                yield Shown(id=inner_text(row, "id"), content=str(mark.get("content", "")))


def document(summary: Summary) -> Json:
    """The summary as a document: bold, plain, bullets, small print."""
    blocks = [_paragraph(summary.headline, "strong"), _paragraph(summary.dates)]
    listed = [{"type": "listItem", "content": [found]} for one in summary.bullets if (found := _paragraph(one))]
    blocks += [{"type": "bulletList", "content": listed}] if listed else []
    blocks.append(_paragraph(summary.as_of, "em"))
    return {"type": "doc", "version": 1, "content": [block for block in blocks if block]}


def _paragraph(text: str, *marks: str) -> Json:
    """One line; nothing where there is no text, for empty text nodes are refused."""
    line = " ".join(normal(text).split())[:MOST_LETTERS]
    if not line:
        return {}
    node: Json = {"type": "text", "text": line, **({"marks": [{"type": one} for one in marks]} if marks else {})}
    return {"type": "paragraph", "content": [node]}


def _body(rollout: RolloutId, summary: Summary) -> Json:
    mark = {"kind": KIND, "rollout": rollout, "content": summary.content}
    return {"body": document(summary), "properties": [{"key": PROPERTY, "value": mark}]}


def _mark_of(comment: Json) -> Json:
    properties = inner(comment, "properties")
    for one in properties if isinstance(properties, list) else ():
        if inner_text(one, "key") == PROPERTY and isinstance(value := inner(one, "value"), Mapping):
            return value
    return {}


def _path(issue: str, comment: str = "") -> str:
    path = f"/issue/{quote(issue, safe='')}/comment"
    return f"{path}/{quote(comment, safe='')}" if comment else path
