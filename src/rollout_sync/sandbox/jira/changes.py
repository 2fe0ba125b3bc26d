"""Changing issues that exist: edit, assign, transition, move, clone, archive, delete."""

from __future__ import annotations

from typing import Any, cast

from rollout_sync.sandbox.jira.answers import View, refused
from rollout_sync.sandbox.jira.creation import add_comments
from rollout_sync.sandbox.jira.documents import ALIASES, Issue, Json
from rollout_sync.sandbox.jira.drafts import Draft, read_draft
from rollout_sync.sandbox.jira.fields import FIELDS
from rollout_sync.sandbox.jira.history import field_item, moved_items, parent_item, plain_item
from rollout_sync.sandbox.jira.links import add_link
from rollout_sync.sandbox.jira.scheme import CLONERS, ISSUE_TYPES, PROJECTS, Project, first_status
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.values import Target
from rollout_sync.sandbox.jira.workflow import chosen, move_to, status_in

_RESOLUTION_FIELDS = frozenset({"resolution"})


def edit(site: Site, view: View, issue: Issue, body: Json) -> None:
    """Edit an issue. Screens are not checked on Cloud any more, permissions are.

    Raises:
        Refusal: 400 with all complaints.
    """
    if not site.may(view.account, "EDIT_ISSUES", issue["project"]):
        raise refused("You do not have permission to edit issues in this project.")
    draft = _draft(site, view, issue, body, FIELDS.keys())
    draft.check()
    _write(site, view, issue, draft, [])


def transition(site: Site, view: View, issue: Issue, body: Json) -> None:
    """Take a transition, with the fields that come with it.

    Raises:
        Refusal: 400, not on offer, or a field is not on the (empty) transition screen.
    """
    move = chosen(site, issue, view.account, body.get("transition"))
    draft = _draft(site, view, issue, body, _RESOLUTION_FIELDS)
    draft.check()
    resolution = {"resolution": draft.values.pop("resolution")} if "resolution" in draft.values else {}
    _write(site, view, issue, draft, move_to(site, issue, move.status, resolution))


def set_field(site: Site, view: View, issue: Issue, name: str, value: object) -> None:
    """Write one checked value."""
    _write(site, view, issue, Draft(values={name: value}), [])


def set_status(site: Site, account: str, issue: Issue, status: str) -> None:
    """Put an issue into a status."""
    site.record(issue, account, move_to(site, issue, status))


def move(site: Site, account: str, issue: Issue, project: Project) -> None:
    """Move an issue to another project: the id stays, the key changes, and the old key leads to it.

    A parent that the new project cannot have is dropped, and the status becomes the nearest one there.
    """
    before, category = issue["key"], site.status(issue["status"]).category
    level = ISSUE_TYPES[issue["type"]].level
    kind = next(t for t in project.types if ISSUE_TYPES[t].level == level)
    number = site.store.next_number(f"jira.key.{project.key}")
    key = f"{project.key}-{number}"
    items = moved_items(issue, key, (project.id, project.name), PROJECTS[issue["project"]].name)
    old_kind = ISSUE_TYPES[issue["type"]]
    items.append(plain_item("issuetype", (old_kind.id, old_kind.name), (kind, ISSUE_TYPES[kind].name)))
    issue["key"], issue["number"], issue["project"], issue["type"] = key, number, project.id, kind
    items += move_to(site, issue, status_in(site, issue, category) or first_status(project))
    if issue["parent"]:
        items.append(parent_item(site, issue, site.by_id(issue["parent"]), None))
        issue["parent"] = None
    site.store.put(ALIASES, before, {"key": before, "issue": issue["id"]})
    site.record(issue, account, items)


def clone(site: Site, account: str, issue: Issue) -> Issue:
    """Clone an issue as the Clone action does: fields and labels come along, properties do not."""
    project = site.project(issue)
    issue_id, key, number = site.new_identity(project)
    now = site.now
    copies = site.world.switches.is_on("jira_clone_copies_properties")
    changed: dict[str, Any] = {
        "id": issue_id,
        "key": key,
        "number": number,
        "summary": f"CLONE - {issue['summary']}",
        "status": first_status(project),
        "resolution": None,
        "resolved": None,
        "reporter": account,
        "creator": account,
        "labels": list(issue["labels"]),
        "custom": dict(issue["custom"]),
        "created": now,
        "updated": now,
        "category_since": now,
        "archived": False,
        "properties": dict(issue["properties"]) if copies else {},
        "watchers": [account],
    }
    copy = cast("Issue", {**issue, **changed})
    site.save(copy)
    add_link(site, account, CLONERS, (copy, issue))
    return copy


def archive(site: Site, account: str, issue: Issue, *, is_archived: bool) -> None:
    """Archive an issue: search forgets it, reading by id goes on; or bring it back."""
    items = [plain_item("Archived", (None, None), (None, "true" if is_archived else "false"))]
    issue["archived"] = is_archived
    site.record(issue, account, items)


def _draft(site: Site, view: View, issue: Issue, body: Json, allowed: Any) -> Draft:  # noqa: ANN401 - keys of a mapping
    target = Target(site=site, view=view, project=site.project(issue), kind=ISSUE_TYPES[issue["type"]], issue=issue)
    return read_draft(target, body, allowed)


def _write(site: Site, view: View, issue: Issue, draft: Draft, items: list[Json]) -> None:
    for name, value in draft.values.items():
        item = _change(site, issue, name, value)
        items += [item] if item else []
    site.record(issue, view.account, items)
    for link in draft.links:
        other = site.by_id(link.other)
        add_link(site, view.account, link.type, (issue, other) if link.is_source else (other, issue))
    add_comments(site, view.account, issue, draft.comments)
    if draft.properties:
        write_properties(site, issue, draft.properties)


def write_properties(site: Site, issue: Issue, properties: Json) -> None:
    """Replace properties by key."""
    issue["properties"] = issue["properties"] | properties
    if site.world.switches.is_on("jira_property_bumps_updated"):
        site.touch(issue)
    else:
        site.save(issue)


def _change(site: Site, issue: Issue, name: str, value: Any) -> Json | None:  # noqa: ANN401 - as its reader made it
    if name == "parent":
        return _change_parent(site, issue, value)
    if name == "issuetype":
        before, issue["type"] = ISSUE_TYPES[issue["type"]], value
        after = ISSUE_TYPES[value]
        same = before.id == after.id
        return None if same else plain_item("issuetype", (before.id, before.name), (after.id, after.name))
    if FIELDS[name].is_custom:
        item = field_item(site, name, issue["custom"].get(name), value)
        issue["custom"] = {**issue["custom"], name: value}
        return item
    kept = cast("Json", issue)
    item = field_item(site, name, kept[name], value)
    kept[name] = value
    if name == "resolution" and item:
        issue["resolved"] = site.now if value else None
    return item


def _change_parent(site: Site, issue: Issue, value: str | None) -> Json | None:
    if issue["parent"] == value:
        return None
    before = site.by_id(issue["parent"]) if issue["parent"] else None
    after = site.by_id(value) if value else None
    issue["parent"] = value
    return parent_item(site, issue, before, after)
