"""Our fields to Jira's JSON and back. Pure; the only place that knows how a value looks on Jira's side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollout_sync.model.objects import (
    HELD_LABEL,
    PRODUCT_LABEL,
    Fields,
    Marker,
    ObjectKey,
    ObjectKind,
    Ref,
    Remote,
    Value,
)
from rollout_sync.model.operations import Create
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.jira.adf import from_adf, to_adf
from rollout_sync.trackers.jira.destination import Destination, TypeFacts
from rollout_sync.trackers.jira.jql import rollout_label
from rollout_sync.trackers.jira.shapes import Json, inner, inner_text

PROPERTY = "rollout-sync"
"""Key of the issue property that carries identity; invisible to people, moves with the issue."""

BLOCKED_LABEL = "blocked"
"""People put it on work that cannot go on."""

CONDITIONS_LABEL = "approved-with-conditions"
DECISION_LABELS = frozenset({"approved", CONDITIONS_LABEL, "not-yet", "rejected"})
"""With one of these an approver decides on an approval's issue."""

_PROPERTY_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the issue property says: whose it is, which object, which attempt; and the labels the template set."""

    rollout: RolloutId
    object: ObjectKey
    marker: Marker
    attempt: int
    labels: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """The property's value."""
        return {
            "v": _PROPERTY_VERSION,
            "rollout": self.rollout,
            "item": str(self.object),
            "marker": self.marker,
            "attempt": self.attempt,
            "labels": list(self.labels),
        }


def identity_of(issue: Json) -> Identity | None:
    """What an issue's property says; None where it has none, or one we cannot read."""
    value = inner(issue, "properties", PROPERTY)
    if not isinstance(value, Mapping):
        return None
    marker, attempt, labels = value.get("marker"), value.get("attempt"), value.get("labels")
    if not isinstance(marker, str) or not marker:
        return None
    try:
        key = ObjectKey.parse(inner_text(value, "item"))
    except ValueError:
        return None
    return Identity(
        rollout=RolloutId(inner_text(value, "rollout")),
        object=key,
        marker=Marker(marker),
        attempt=attempt if isinstance(attempt, int) else 0,
        labels=tuple(label for label in labels if isinstance(label, str)) if isinstance(labels, list) else (),
    )


def issue_update(create: Create, rollout: RolloutId, destination: Destination) -> Json:
    """One element of a bulk create: fields, folded links, identity, and the transition of held work."""
    kind = destination.type_for(create.object.kind)
    labels = _strings(create.fields.get("labels"))
    held = create.fields.get("held") is True
    identity = Identity(
        rollout=rollout, object=create.object, marker=create.marker, attempt=create.attempt, labels=labels
    )
    body: dict[str, object] = {
        "fields": {
            "project": {"id": destination.project_id},
            "issuetype": {"id": kind.id},
            **kind.extra,
            **_set_fields(create.fields, kind),
            **({kind.epic_name: create.fields.get("title")} if kind.epic_name else {}),
            "labels": sorted({*labels, *own_labels(rollout, held=held)}),
        },
        "properties": [{"key": PROPERTY, "value": identity.to_json()}],
    }
    links = folded_links(create.fields, destination)
    if links:
        body["update"] = {"issuelinks": [{"add": _link_to(source, destination)} for _, source in links]}
    if held and kind.hold:
        body["transition"] = {"id": kind.hold}
    return body


def own_labels(rollout: RolloutId, *, held: bool) -> frozenset[str]:
    """Labels that are ours on every issue of a rollout."""
    return frozenset({PRODUCT_LABEL, rollout_label(rollout), *([HELD_LABEL] if held else [])})


def folded_links(fields: Fields, destination: Destination) -> Sequence[tuple[ObjectKey | None, Remote]]:
    """Links that go into the create: the link's own key and the issue that blocks; failed sources are left out."""
    links = fields.get("links")
    if not destination.folds_links or not isinstance(links, Sequence) or isinstance(links, str):
        return ()
    pairs = ((link.get("link"), link.get("source")) for link in links if isinstance(link, Mapping))
    return tuple((_link_key(name), source) for name, source in pairs if isinstance(source, Remote))


def link_body(source: Remote, target: Remote, destination: Destination) -> Json:
    """`POST /issueLink`: the inward issue is the one that blocks. Never with a comment, which would be repeated."""
    return {
        "type": {"id": destination.link_type},
        "inwardIssue": _issue(source),
        "outwardIssue": _issue(target),
    }


def global_id(rollout: RolloutId, key: ObjectKey) -> str:
    """Identity of a remote link on its issue; writing it again replaces it.

    It follows from the object's key, not from its marker, so that it is the same after a ledger was lost. A hash keeps
    it within Jira's 255 characters.
    """
    digest = hashlib.sha256(f"{rollout}|{key}".encode()).hexdigest()
    return f"{PROPERTY}:{digest[:32]}"


def remote_link_body(identity: str, *, url: str, title: str, relationship: str) -> Json:
    """`POST /issue/{id}/remotelink`, always complete: what is left out would be emptied."""
    return {
        "globalId": identity,
        "application": {"type": "com.microsoft.planner", "name": "Microsoft Planner"},
        "relationship": relationship,
        "object": {"url": url, "title": title},
    }


def edit_body(
    fields: Fields, kind: ObjectKind, destination: Destination, current: Identity | None
) -> Mapping[str, object]:
    """`PUT /issue/{id}` for the fields that change; empty where none of them lives in the issue itself.

    Labels are added and removed one by one, so that people's stay: only those the template set before are removed.
    """
    type_facts = destination.type_for(kind)
    setting = dict(_set_fields(fields, type_facts, empty_too=True))
    if type_facts.epic_name and "title" in fields:
        setting[type_facts.epic_name] = fields["title"]
    update: dict[str, object] = {}
    if "parent" in fields and fields["parent"] is None:
        update["parent"] = [{"set": {"none": True}}]
    verbs = _label_verbs(fields, current)
    if verbs:
        update["labels"] = verbs
    body: dict[str, object] = {**({"fields": setting} if setting else {}), **({"update": update} if update else {})}
    if "labels" in fields and current is not None:
        renewed = {**current.to_json(), "labels": list(_strings(fields["labels"]))}
        body["properties"] = [{"key": PROPERTY, "value": renewed}]
    return body


def observed_names(destination: Destination) -> list[str]:
    """Ids of the Jira fields that `observed` reads."""
    starts = {destination.epic.start, destination.issue.start} - {""}
    return [*_OBSERVED, *sorted(starts)]


def observed(issue: Json, destination: Destination, kind: ObjectKind) -> Fields:
    """An issue in the shared vocabulary; a field that the answer does not have is left out."""
    raw = issue.get("fields")
    fields = raw if isinstance(raw, Mapping) else {}
    seen: dict[str, Value] = {}
    for name, (source, read) in _READERS.items():
        if source in fields:
            seen[name] = read(fields[source])
    start = destination.type_for(kind).start
    if start and start in fields:
        seen["start"] = _date(fields[start])
    if "labels" in fields:
        labels = _strings(fields["labels"])
        seen["labels"] = [label for label in labels if not is_own_label(label)]
        seen["held"] = HELD_LABEL in labels
    return seen


def category_of(status: object) -> str:
    """How far a status is: "new", "indeterminate" or "done". Names differ by language and workflow; this does not."""
    key = inner_text(status, "statusCategory", "key")
    return key if key in ("indeterminate", "done") else "new"


def is_own_label(label: str) -> bool:
    """Whether we set this label for our own use; people's labels and the template's are not."""
    return label in (PRODUCT_LABEL, HELD_LABEL) or label.startswith("rs-")


def remote_of(issue: Json, destination: Destination) -> Remote:
    """Where an issue is."""
    key = inner_text(issue, "key")
    return Remote(id=inner_text(issue, "id"), key=key, url=f"{destination.site}/browse/{key}")


def key_number(key: str, project: str) -> int:
    """The number in an issue key of `project`; 0 for other projects' keys."""
    prefix, _, number = key.rpartition("-")
    return int(number) if prefix == project and number.isdecimal() and number.isascii() else 0


def moment(text: object) -> datetime | None:
    """Jira's time stamps (`2026-02-07T01:55:45.120+0100`), aware; None for what is none."""
    try:
        seen = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return seen if seen.tzinfo is not None else None


def _set_fields(fields: Fields, kind: TypeFacts, *, empty_too: bool = False) -> Mapping[str, object]:
    body: dict[str, object] = {}
    for name, value in fields.items():
        target = kind.start if name == "start" else _TARGETS.get(name, "")
        if not target or (value in (None, "") and not empty_too):
            continue
        if not empty_too and target not in (*_ALWAYS, *kind.settable):
            continue  # not on the create screen: `inspect` said so, and Jira would refuse the whole issue
        if name == "parent" and not isinstance(value, Remote):
            continue
        body[target] = _written(name, value)
    return body


def _written(name: str, value: Value) -> object:
    if value in (None, ""):
        return None
    if name == "text":
        return to_adf(str(value))
    if name == "owner":
        return {"accountId": value}
    if isinstance(value, Remote):
        return {"id": value.id} if value.id else {"key": value.key}
    return value


def _label_verbs(fields: Fields, current: Identity | None) -> list[Mapping[str, str]]:
    verbs: list[Mapping[str, str]] = []
    if "labels" in fields:
        wanted = _strings(fields["labels"])
        before = current.labels if current is not None else ()
        verbs += [{"add": label} for label in wanted]
        verbs += [{"remove": label} for label in before if label not in wanted and not is_own_label(label)]
    if "held" in fields:
        verbs.append({"add" if fields["held"] is True else "remove": HELD_LABEL})
    return verbs


def _link_to(source: Remote, destination: Destination) -> Json:
    """The new issue says the inward phrase, "is blocked by", of the issue it names as inward."""
    return {"type": {"name": destination.link_name}, "inwardIssue": _issue(source)}


def _issue(remote: Remote) -> Json:
    return {"key": remote.key} if remote.key else {"id": remote.id}


def _link_key(name: object) -> ObjectKey | None:
    if isinstance(name, Ref):
        return name.to
    return ObjectKey.parse(name) if isinstance(name, str) else None


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, Iterable) or isinstance(value, str):
        return ()
    return tuple(element for element in value if isinstance(element, str))


def _text(value: object) -> Value:
    return value if isinstance(value, str) else ""


def _date(value: object) -> Value:
    return value[:10] if isinstance(value, str) and value else None


def _account(value: object) -> Value:
    return inner_text(value, "accountId") or None


def _parent(value: object) -> Value:
    parent_id = inner_text(value, "id")
    return Remote(id=parent_id, key=inner_text(value, "key")) if parent_id else None


def _stamp(value: object) -> Value:
    seen = moment(value)
    return None if seen is None else seen.isoformat()


_ALWAYS = ("summary", "parent")
_TARGETS = {"title": "summary", "text": "description", "due": "duedate", "owner": "assignee", "parent": "parent"}
_READERS = {
    "title": ("summary", _text),
    "text": ("description", from_adf),
    "due": ("duedate", _date),
    "owner": ("assignee", _account),
    "parent": ("parent", _parent),
    "status": ("status", lambda value: inner_text(value, "name")),
    "category": ("status", category_of),
    "created_at": ("created", _stamp),
    "created_by": ("creator", _account),
    "updated_at": ("updated", _stamp),
    "project": ("project", lambda value: inner_text(value, "key")),
}
_OBSERVED = (
    "summary",
    "description",
    "duedate",
    "assignee",
    "parent",
    "status",
    "labels",
    "created",
    "creator",
    "updated",
    "project",
)
