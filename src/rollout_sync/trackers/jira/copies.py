"""Finds all issues of a rollout by its label, and tells ours from the copies that people made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rollout_sync.model.objects import Marked
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.jira.client import JiraClient
from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.jql import of_rollout
from rollout_sync.trackers.jira.mapping import (
    PROPERTY,
    Identity,
    identity_of,
    moment,
    observed,
    observed_names,
    remote_of,
)
from rollout_sync.trackers.jira.shapes import Json, inner, inner_text

_PAGE = 100
_CLONERS = "cloners"


def marked_issues(client: JiraClient, destination: Destination, rollout: RolloutId) -> tuple[Marked, ...]:
    """Every issue that carries the rollout's label and identity, in the order of their ids.

    Search lags, so an issue may be missing that was made minutes ago. Copies are made by people: they are linked as a
    clone of one of ours, or bear the marker of an issue that another account made. Two issues with one marker from the
    same account, without such a link, are no copies: we made them twice. Other issues with the label are people's own.
    """
    query = {
        "jql": of_rollout(rollout),
        "maxResults": _PAGE,
        "fields": [*observed_names(destination), "issuelinks"],
        "properties": [PROPERTY],
    }
    issues = [issue for issue, _ in client.search(query, what="The rollout's issues cannot be searched")]
    ordered = sorted(issues, key=lambda issue: (len(inner_text(issue, "id")), inner_text(issue, "id")))
    return tuple(_marked(ordered, destination, rollout))


def _marked(issues: Sequence[Json], destination: Destination, rollout: RolloutId) -> Iterator[Marked]:
    identities = {inner_text(issue, "id"): identity_of(issue) for issue in issues}
    originals: dict[str, Json] = {}
    for issue in issues:
        own = identities[inner_text(issue, "id")]
        identity = own or _cloned_from(issue, identities)
        if identity is None or identity.rollout != rollout:
            continue
        if own is not None:
            originals.setdefault(own.marker, issue)
        yield Marked(
            object=identity.object,
            marker=identity.marker,
            remote=remote_of(issue, destination),
            fields=observed(issue, destination, identity.object.kind),
            created_at=moment(inner(issue, "fields", "created")),
            is_copy=own is None or _is_copy(issue, originals[own.marker]),
        )


def _is_copy(issue: Json, original: Json) -> bool:
    if issue is original:
        return False
    return any(True for _ in _clone_links(issue)) or _creator(issue) != _creator(original)


def _creator(issue: Json) -> str:
    return inner_text(issue, "fields", "creator", "accountId")


def _cloned_from(issue: Json, identities: Mapping[str, Identity | None]) -> Identity | None:
    originals = (identities.get(issue_id) for issue_id in _clone_links(issue))
    return next((identity for identity in originals if identity is not None), None)


def _clone_links(issue: Json) -> Iterator[str]:
    """Ids of the issues that this one was cloned from."""
    links = inner(issue, "fields", "issuelinks")
    for link in links if isinstance(links, list) else ():
        original = inner_text(link, "outwardIssue", "id")
        if original and inner_text(link, "type", "name").casefold() == _CLONERS:
            yield original
