"""Links between issues, and from issues to things outside: making them twice makes them once."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, cast

from rollout_sync.sandbox.jira.answers import BAD_PAYLOAD, refused, typed
from rollout_sync.sandbox.jira.documents import LINKS, REMOTE_LINKS, Issue, Json, Link, RemoteLink
from rollout_sync.sandbox.jira.history import link_item, remote_item
from rollout_sync.sandbox.jira.site import FIRST_ID, Site

MAX_LINKS: Final = 2000
GLOBAL_ID_LIMIT: Final = 255


def add_link(site: Site, author: str, kind: str, ends: tuple[Issue, Issue]) -> Link:
    """Link source to target, or return the link that is there already.

    Raises:
        Refusal: 413, an issue has as many links as it may have.
    """
    source, target = ends
    for link in site.links(source):
        if link["type"] == kind and (link["source"], link["target"]) == (source["id"], target["id"]):
            return link
    if max(len(site.links(source)), len(site.links(target))) >= MAX_LINKS:
        raise refused(
            f"The issue has reached its limit of {MAX_LINKS} links.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        )
    link = Link(
        id=str(site.store.next_number("jira.link", FIRST_ID)), type=kind, source=source["id"], target=target["id"]
    )
    site.store.put(LINKS, link["id"], cast("Json", link))
    _note(site, author, link, is_added=True)
    return link


def link_by_id(site: Site, number: str) -> Link | None:
    """A link, or None."""
    return cast("Link | None", site.store.get(LINKS, number))


def remove_link(site: Site, author: str, link: Link) -> None:
    """Delete a link."""
    site.store.delete(LINKS, link["id"])
    _note(site, author, link, is_added=False)


def put_remote_link(site: Site, author: str, issue: Issue, body: Json) -> tuple[RemoteLink, bool]:
    """Add a remote link, or replace the one with the same `globalId`: members left out become null.

    Returns:
        The link, and whether it is new.

    Raises:
        Refusal: 400, title or URL missing, or a globalId that is too long.
    """
    wanted = checked_remote_link(body)
    same = [link for link in site.remote_links(issue) if wanted["globalId"] and link["globalId"] == wanted["globalId"]]
    number = same[0]["id"] if same else site.store.next_number("jira.remotelink", FIRST_ID)
    link = cast("RemoteLink", {"id": number, "issue": issue["id"], **wanted})
    site.store.put(REMOTE_LINKS, str(number), cast("Json", link))
    if not same:
        _note_remote(site, author, issue, link, is_added=True)
    return link, not same


def replace_remote_link(site: Site, link: RemoteLink, body: Json) -> None:
    """Write a remote link over.

    Raises:
        Refusal: as for a new one.
    """
    changed = {"id": link["id"], "issue": link["issue"], **checked_remote_link(body)}
    site.store.put(REMOTE_LINKS, str(link["id"]), changed)


def remove_remote_link(site: Site, author: str, issue: Issue, link: RemoteLink) -> None:
    """Delete a remote link."""
    site.store.delete(REMOTE_LINKS, str(link["id"]))
    _note_remote(site, author, issue, link, is_added=False)


def checked_remote_link(body: Json) -> Json:
    """What is kept of a remote link's body.

    Raises:
        Refusal: 400, title or URL missing, or a globalId that is too long.
    """
    thing = body.get("object")
    if not isinstance(thing, dict):
        raise refused(BAD_PAYLOAD)
    missing = {name: f"'{name}' is required." for name in ("title", "url") if not thing.get(name)}
    if missing:
        raise refused(*missing.values())
    global_id = body.get("globalId")
    if global_id is not None and len(typed(global_id, str)) > GLOBAL_ID_LIMIT:
        raise refused(f"globalId exceeds the maximum length of {GLOBAL_ID_LIMIT} characters.")
    return {
        "globalId": global_id or None,
        "application": body.get("application"),
        "relationship": body.get("relationship"),
        "object": {name: thing.get(name) for name in ("url", "title", "summary", "icon", "status")},
    }


def _note(site: Site, author: str, link: Link, *, is_added: bool) -> None:
    source, target = site.by_id(link["source"]), site.by_id(link["target"])
    for issue, other in ((source, target), (target, source)):
        item = link_item(other, link["type"], is_source=issue is source, is_added=is_added)
        _record(site, author, issue, item)


def _note_remote(site: Site, author: str, issue: Issue, link: RemoteLink, *, is_added: bool) -> None:
    _record(site, author, issue, remote_item(str(link["object"]["title"]), is_added=is_added))


def _record(site: Site, author: str, issue: Issue, item: Json) -> None:
    before = issue["updated"]
    site.record(issue, author, [item])
    if not site.world.switches.is_on("jira_link_bumps_updated"):
        issue["updated"] = before
        site.save(issue)
