"""Strong reads of issues: by id, by key range, and what may be concluded from an issue that does not show up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice
from typing import TypeVar
from urllib.parse import quote

from rollout_sync.errors import AccessDenied, NotFound, UnexpectedResponse
from rollout_sync.model.objects import Marker, ObjectKey, Remote
from rollout_sync.model.operations import Doubt, Findings
from rollout_sync.trackers.jira.client import JiraClient
from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.jql import newest_of
from rollout_sync.trackers.jira.mapping import PROPERTY, folded_links, identity_of, key_number, remote_of
from rollout_sync.trackers.jira.shapes import Json, inner, inner_text, objects
from rollout_sync.transport import Reply

PAGE = 100
_CONTROLS = 3
_MOST_PROBES = 2_000
_BROWSE = "BROWSE_PROJECTS"


_T = TypeVar("_T")


def pages(things: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """`things` in portions that one bulk read takes."""
    for first in range(0, len(things), PAGE):
        yield things[first : first + PAGE]


def bulk_read(client: JiraClient, ids: Sequence[str], fields: Sequence[str]) -> tuple[Sequence[Json], Reply]:
    """At most 100 issues by id or key, with our property; missing and invisible ones are silently absent.

    Strong: unlike search it does not lag behind writes.
    """
    if not 0 < len(ids) <= PAGE:
        raise ValueError(f"bulkfetch takes 1 to {PAGE} issues, not {len(ids)}")
    route = "/issue/bulkfetch"
    body = {"issueIdsOrKeys": list(ids), "fields": list(fields), "properties": [PROPERTY]}
    seen, reply = client.read_by_post(route, body, route=route, what="Issues cannot be read")
    return objects(seen, "issues", f"POST {route}"), reply


def newest(client: JiraClient, project: str, count: int) -> tuple[Sequence[Json], Reply]:
    """The `count` newest issues that search knows of in the project, with our property; it may lag by minutes."""
    body = {"jql": newest_of(project), "maxResults": count, "fields": ["issuelinks"], "properties": [PROPERTY]}
    seen, reply = client.read_by_post("/search/jql", body, route="/search/jql", what="The project cannot be searched")
    return objects(seen, "issues", "POST /search/jql"), reply


def can_browse(client: JiraClient, project: str) -> bool:
    """Whether the project is there and its issues are visible to us, so that absence means something."""
    return not hidden_because(client, project)


def hidden_because(client: JiraClient, project: str) -> str:
    """Why nothing can be concluded from an issue of the project that does not show up; empty where something can."""
    try:
        path = f"/project/{quote(project, safe='')}"
        seen = client.read(path, route="/project/{key}", what="The project cannot be read")
        if seen.get("archived") is True:
            return f"the project {project} is archived"
        if client.permissions((_BROWSE,), project)[_BROWSE]:
            return ""
    except (NotFound, AccessDenied):
        pass
    return f"the project {project} is not there any more, or not visible to this account"


@dataclass(slots=True)
class _Evidence:
    """Issues that carry a wanted marker, by marker and id."""

    wanted: Mapping[Marker, Doubt]
    hits: dict[Marker, dict[str, Json]] = field(default_factory=dict)
    left: set[Marker] = field(default_factory=set)

    @property
    def is_complete(self) -> bool:
        """Everything was seen; with keys read in rising order the first that bears a marker is the oldest."""
        return not self.left

    def look(self, issues: Sequence[Json]) -> None:
        for issue in issues:
            identity = identity_of(issue)
            if identity is not None and identity.marker in self.wanted:
                self.hits.setdefault(identity.marker, {})[inner_text(issue, "id")] = issue
                self.left.discard(identity.marker)


def resolve(
    client: JiraClient, destination: Destination, doubts: Sequence[Doubt], known: frozenset[str]
) -> tuple[Findings, int]:
    """Which doubtful creates exist, by reading every key that they could have got; and the largest key number seen.

    The project's newest issues come from search and count as positive evidence only. Then all keys after the lowest
    high-water mark are read, in hundreds, until a page is empty that lies past the newest known key, or nothing is
    looked for any more. Keys in `known` are left out: Jira gives no number twice, so a doubtful create cannot have one
    that is bound already.
    """
    evidence = _Evidence(wanted={doubt.marker: doubt for doubt in doubts})
    recent, reply = newest(client, destination.project_key, PAGE)
    evidence.look(recent)
    evidence.left = set(evidence.wanted)  # search alone does not end the sweep: it may know a copy and not the first
    top = _top(recent, destination)
    start = min((doubt.high_water for doubt in doubts), default=top) + 1
    controls = sorted((i for i in known if i.isdecimal()), key=int, reverse=True)[:_CONTROLS]
    numbers = (n for n in count(start) if f"{destination.project_key}-{n}" not in known)
    complete, visible, top = _sweep(client, destination, evidence, numbers=numbers, top=top, controls=controls)
    is_strong = complete and (visible or can_browse(client, destination.project_key))
    return _findings(evidence, destination, known, asked_at=reply.at, is_strong=is_strong), top


def _sweep(
    client: JiraClient,
    destination: Destination,
    evidence: _Evidence,
    *,
    numbers: Iterator[int],
    top: int,
    controls: Sequence[str],
) -> tuple[bool, bool, int]:
    """Read key after key: whether the end was reached, whether a control issue was visible, the largest number."""
    visible = False
    for _ in range(_MOST_PROBES):
        page = list(islice(numbers, PAGE - len(controls)))
        asked = [*(f"{destination.project_key}-{number}" for number in page), *controls]
        issues, _reply = bulk_read(client, asked, ["issuelinks"])
        visible = visible or any(inner_text(issue, "id") in controls for issue in issues)
        fresh = [issue for issue in issues if inner_text(issue, "id") not in controls]
        evidence.look(fresh)
        top = max(top, _top(fresh, destination))
        if evidence.is_complete or (not fresh and page[-1] >= top):
            return True, visible, top
        controls = ()
    return False, visible, top


def _top(issues: Sequence[Json], destination: Destination) -> int:
    return max((key_number(inner_text(issue, "key"), destination.project_key) for issue in issues), default=0)


def _findings(
    evidence: _Evidence, destination: Destination, known: frozenset[str], *, asked_at: datetime, is_strong: bool
) -> Findings:
    found: dict[ObjectKey, Remote] = {}
    also: dict[ObjectKey, tuple[ObjectKey, ...]] = {}
    ambiguous: dict[ObjectKey, str] = {}
    for marker, issues in evidence.hits.items():
        key = evidence.wanted[marker].object
        free = sorted((i for i in issues if i not in known), key=_by_number)
        if free:
            found[key] = remote_of(issues[free[0]], destination)  # the lowest id: a copy comes later
            also[key] = tuple(_links_made(evidence.wanted[marker], issues[free[0]], destination))
        else:
            ambiguous[key] = f"its marker is on {', '.join(sorted(issues))}, which belong to other items"
    return Findings(found=found, asked_at=asked_at, is_strong=is_strong, ambiguous=ambiguous, also=also)


def _links_made(doubt: Doubt, issue: Json, destination: Destination) -> Iterator[ObjectKey]:
    """Links of the doubtful create that the issue shows; others may have had no target when it was sent."""
    shown = inner(issue, "fields", "issuelinks")
    links = [link for link in shown if isinstance(link, Mapping)] if isinstance(shown, list) else []
    blockers = {
        inner_text(link, "inwardIssue", "id")
        for link in links
        if inner_text(link, "type", "id") == destination.link_type
    }
    for key, source in folded_links(doubt.fields, destination):
        if key is not None and source.id in blockers:
            yield key


def _by_number(issue_id: str) -> int:
    if not issue_id.isdecimal():
        raise UnexpectedResponse(
            "an issue id is no number", where="POST /issue/bulkfetch", hint="Jira has changed: please report this."
        )
    return int(issue_id)
