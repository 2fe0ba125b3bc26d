"""Reads the body of a create, an edit or a transition into a draft: checked values, or all complaints at once."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from rollout_sync.sandbox.jira.answers import BAD_PAYLOAD, Refusal, Reply, envelope, refused, typed
from rollout_sync.sandbox.jira.documents import Issue, Json
from rollout_sync.sandbox.jira.fields import EPIC_LINK, FIELDS
from rollout_sync.sandbox.jira.scheme import LINK_TYPES, LinkType
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.values import READERS, FieldFault, Target, read_label, read_rich

PROPERTY_LIMIT: Final = 32_768
PROPERTY_KEY_LIMIT: Final = 255

_GUARDED: Final = {
    "duedate": "SCHEDULE_ISSUES",
    "reporter": "MODIFY_REPORTER",
    "assignee": "ASSIGN_ISSUES",
    "issuelinks": "LINK_ISSUES",
    "comment": "ADD_COMMENTS",
}
"""Fields that need a permission of their own; without it they behave as if they were not on the screen."""

_IGNORED: Final = frozenset({"status", "project"})
"""Fields that an edit takes and does nothing with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLink:
    """A link to be made; the written issue is its source or its target."""

    type: str
    other: str
    is_source: bool


@dataclass(slots=True, kw_only=True)
class Draft:
    """Checked values by field id, and what else the request asked for."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    links: list[PlannedLink] = field(default_factory=list)
    comments: list[Json] = field(default_factory=list)
    properties: Json = field(default_factory=dict)

    def check(self, status: int = HTTPStatus.BAD_REQUEST) -> None:
        """Refuse the request when there are complaints.

        Raises:
            Refusal: with all of them.
        """
        if self.errors or self.messages:
            raise Refusal(Reply(status=status, body=envelope(messages=self.messages, errors=self.errors)))


def read_draft(target: Target, body: Json, allowed: Collection[str]) -> Draft:
    """Read `fields`, `update` and `properties`.

    Args:
        target: the issue being written.
        body: the request.
        allowed: fields that may be set; others are refused as not on the screen.

    Raises:
        Refusal: 400, a member has the wrong JSON type.
    """
    draft = Draft()
    fields, update = typed(body.get("fields") or {}, dict), typed(body.get("update") or {}, dict)
    for name in sorted(set(fields) & set(update)):
        draft.messages.append(f"Field '{name}' cannot be set in both 'fields' and 'update'.")
    for name, raw in fields.items():
        if name in {"issuelinks", "comment"}:
            draft.errors[name] = f"Field does not support update '{name}'"
        elif _may_set(target, draft, name, allowed):
            _read(target, draft, name, raw)
    for name, verbs in update.items():
        if _may_set(target, draft, name, allowed):
            _read_update(target, draft, name, verbs)
    draft.properties = read_properties(body.get("properties"))
    return draft


def read_properties(raw: object) -> Json:
    """The `properties` of a create or an edit.

    Raises:
        Refusal: 400, too long, or not a list of key and value.
    """
    found: Json = {}
    for entry in typed(raw or [], list):
        if not isinstance(entry, dict) or "value" not in entry or not isinstance(entry.get("key"), str):
            raise refused(BAD_PAYLOAD)
        found[entry["key"]] = checked_property(entry["key"], entry["value"])
    return found


def checked_property(key: str, value: object) -> object:
    """A property's value.

    Raises:
        Refusal: 400, key or value too long.
    """
    if not key or len(key) > PROPERTY_KEY_LIMIT:
        raise refused(f"The property key length must be between 1 and {PROPERTY_KEY_LIMIT} characters.")
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) > PROPERTY_LIMIT:
        raise refused(f"The property value is too long. It must not exceed {PROPERTY_LIMIT} characters.")
    return value


def read_link(site: Site, account: str, raw: object) -> PlannedLink:
    """What `issuelinks[].add` asks for: the named end is the other issue's role.

    Naming the `outwardIssue` makes the written issue say the outward phrase, so it is the source.
    """
    if not isinstance(raw, dict):
        raise FieldFault("data was not an object")
    kind = link_type(raw.get("type"))
    if kind is None:
        raise FieldFault("No issue link type with that name or id was found.")
    is_source = "outwardIssue" in raw
    named = raw.get("outwardIssue" if is_source else "inwardIssue")
    other = issue_named(site, account, named)
    if other is None:
        raise FieldFault("Issue does not exist or you do not have permission to see it.")
    return PlannedLink(type=kind.id, other=other["id"], is_source=is_source)


def link_type(raw: object) -> LinkType | None:
    """A link type by id or name."""
    if not isinstance(raw, dict):
        return None
    if raw.get("id") is not None:
        return LINK_TYPES.get(str(raw["id"]))
    wanted = str(raw.get("name", "")).lower()
    return next((kind for kind in LINK_TYPES.values() if kind.name.lower() == wanted), None)


def issue_named(site: Site, account: str, raw: object) -> Issue | None:
    """A visible issue by `{"key": …}` or `{"id": …}`."""
    if not isinstance(raw, dict):
        return None
    found = site.issue(str(raw.get("key", raw.get("id", ""))))
    return found if found is not None and site.is_visible(found, account) else None


def _may_set(target: Target, draft: Draft, name: str, allowed: Collection[str]) -> bool:
    if target.issue is not None and name in _IGNORED:
        return False
    guard = _GUARDED.get(name)
    is_permitted = guard is None or target.site.may(target.view.account, guard, target.project.id)
    kind = FIELDS.get(name)
    is_known = kind is not None and kind.is_writable and (name in allowed or name == "comment")
    if not (is_permitted and is_known):
        draft.errors[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
    return is_permitted and is_known


def _read(target: Target, draft: Draft, name: str, raw: object) -> None:
    try:
        value = READERS[name](target, raw)
    except FieldFault as fault:
        _complain(draft, name, fault)
    else:
        draft.values["parent" if name == EPIC_LINK else name] = value


def _complain(draft: Draft, name: str, fault: FieldFault) -> None:
    if fault.message == "INVALID_INPUT":
        draft.messages.append(fault.message)
    else:
        draft.errors[fault.key or name] = fault.message


def _read_update(target: Target, draft: Draft, name: str, verbs: object) -> None:
    if not isinstance(verbs, list) or not all(isinstance(verb, dict) and len(verb) == 1 for verb in verbs):
        draft.errors[name] = "data was not an array"
        return
    for entry in verbs:
        (verb, raw), *_ = entry.items()
        if verb not in FIELDS[name].operations:
            draft.errors[name] = f"Field does not support update '{verb}'"
            continue
        try:
            _apply_verb(target, draft, (name, verb), raw)
        except FieldFault as fault:
            _complain(draft, name, fault)


def _apply_verb(target: Target, draft: Draft, named: tuple[str, str], raw: object) -> None:
    name, verb = named
    match name:
        case "issuelinks":
            draft.links.append(read_link(target.site, target.view.account, raw))
        case "comment":
            draft.comments.append(_comment(target, raw))
        case "labels" if verb != "set":
            before = draft.values.get("labels", target.issue["labels"] if target.issue else [])
            draft.values["labels"] = _relabelled(before, read_label(raw), is_added=verb == "add")
        case "parent" if isinstance(raw, dict) and raw.get("none") is True:
            draft.values["parent"] = None
        case _:
            draft.values["parent" if name == EPIC_LINK else name] = READERS[name](target, raw)


def _relabelled(before: list[str], label: str, *, is_added: bool) -> list[str]:
    if not is_added:
        return [known for known in before if known != label]
    return list(dict.fromkeys([*before, label]))


def _comment(target: Target, raw: object) -> Json:
    if not isinstance(raw, dict):
        raise FieldFault("data was not an object")
    body = read_rich(target, raw.get("body"))
    if body is None:
        raise FieldFault("Comment body can not be empty!")
    return {"body": body, "properties": read_properties(raw.get("properties"))}
