"""The shapes of what Jira's side keeps in the store. Instants are epoch milliseconds, days `YYYY-MM-DD`."""

from __future__ import annotations

from typing import Any, Final, TypeAlias, TypedDict

Json: TypeAlias = dict[str, Any]
"""One JSON object."""

ISSUES: Final = "jira.issue"
ALIASES: Final = "jira.alias"
HISTORY: Final = "jira.history"
COMMENTS: Final = "jira.comment"
LINKS: Final = "jira.link"
REMOTE_LINKS: Final = "jira.remotelink"
REVOKED: Final = "jira.revoked"
GRANTED: Final = "jira.granted"


class Issue(TypedDict):
    """One issue, keyed by `id` in the store. People are account ids; `parent` is an issue id."""

    id: str
    key: str
    project: str
    number: int
    type: str
    summary: str
    description: Json | None
    environment: Json | None
    status: str
    priority: str
    resolution: str | None
    resolved: int | None
    parent: str | None
    assignee: str | None
    reporter: str | None
    creator: str
    labels: list[str]
    duedate: str | None
    custom: Json
    created: int
    updated: int
    category_since: int
    archived: bool
    properties: Json
    watchers: list[str]


class Change(TypedDict):
    """What one person changed at one moment; `items` have the members of the changelog, `from` included."""

    id: str
    issue: str
    author: str
    created: int
    items: list[Json]


class Comment(TypedDict):
    """One comment; `body` is an Atlassian document."""

    id: str
    issue: str
    author: str
    editor: str
    body: Json
    created: int
    updated: int
    properties: Json


class Link(TypedDict):
    """`source` says the type's outward phrase about `target`: source blocks target."""

    id: str
    type: str
    source: str
    target: str


class RemoteLink(TypedDict):
    """A link to something outside; `globalId` makes writing it repeatable."""

    id: int
    issue: str
    globalId: str | None
    application: Json | None
    relationship: str | None
    object: Json
