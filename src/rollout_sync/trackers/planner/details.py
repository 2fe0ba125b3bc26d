"""Task details: notes with the marker line, checklist, references. They merge with what people wrote. Pure.

Nothing that people added is removed, no tick is taken away, and text that a person wrote below the marker line is
read as theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from rollout_sync.model.objects import Fields, Remote, Value
from rollout_sync.trackers.planner.dates import iso
from rollout_sync.trackers.planner.identity import user_of
from rollout_sync.trackers.planner.keys import decode_reference, encode_reference, hint_after, is_checklist_key
from rollout_sync.trackers.planner.mapping import Json
from rollout_sync.trackers.planner.marks import Mark, add_mark, split_mark

_ITEM = "#microsoft.graph.plannerChecklistItem"
_REFERENCE = "#microsoft.graph.plannerExternalReference"


def first_patch(fields: Fields, current: Json, mark: Mark) -> dict[str, object]:
    """What a first write adds to the `current` details; nothing where an earlier attempt already did it all.

    Where our marker line is there already, the notes are left alone: people may have edited them since.
    """
    text, found = split_mark(_notes(current))
    body: dict[str, object] = {}
    if found != mark:
        wanted = fields.get("text")
        ours = wanted if isinstance(wanted, str) else ""
        body["description"] = add_mark(_joined(text if found is None else "", ours) or text, mark)
    return body | _entries(fields, current)


def _joined(theirs: str, ours: str) -> str:
    """People may have written notes before ours came: theirs stay on top."""
    return ours if theirs in ours else f"{theirs}\n\n{ours}".rstrip()


def later_patch(fields: Fields, current: Json, mark: Mark) -> dict[str, object]:
    """Changes of details against their `current` JSON: only what is in `fields` and really differs."""
    body: dict[str, object] = {}
    wanted = fields.get("text")
    if isinstance(wanted, str) and split_mark(_notes(current)) != (wanted, mark):
        body["description"] = add_mark(wanted, mark)
    body |= _entries(fields, current)
    dropped = _dropped(fields.get("checklist"), _open(current, "checklist"))
    if dropped:
        body["checklist"] = {**_json(body.get("checklist")), **dropped}
    return body


def details_fields(details: Json) -> Fields:
    """What Graph says of a task's details, the marker line taken off."""
    items = sorted(
        _open(details, "checklist").items(), key=lambda entry: (str(entry[1].get("orderHint", "")), entry[0])
    )
    references = sorted(_open(details, "references").items())
    return {
        "text": split_mark(_notes(details))[0],
        "checklist": [{"key": key, "title": str(item.get("title", ""))} for key, item in items],
        "references": [
            {"target": decode_reference(key), "alias": str(one.get("alias") or "")} for key, one in references
        ],
        "ticked": [_tick(key, item) for key, item in items if item.get("isChecked") is True],
    }


def mark_of(details: Json) -> Mark | None:
    """The marker line of a task, None without one."""
    return split_mark(_notes(details))[1]


def _entries(fields: Fields, current: Json) -> dict[str, object]:
    checklist = _checklist(fields.get("checklist"), _open(current, "checklist"))
    references = _references(fields.get("references"), _open(current, "references"))
    entries: dict[str, object] = {"checklist": checklist, "references": references}
    return {member: written for member, written in entries.items() if written}


def _checklist(wanted: Value, have: Mapping[str, Json]) -> dict[str, object]:
    """New entries below the existing ones in the given order; a changed title leaves the tick as it is."""
    hint = max((str(item.get("orderHint", "")) for item in have.values()), default="")
    written: dict[str, object] = {}
    for entry in _rows(wanted):
        key, title = str(entry.get("key", "")), str(entry.get("title", ""))
        if key not in have:
            hint = hint_after(hint)
            written[key] = {"@odata.type": _ITEM, "title": title, "isChecked": False, "orderHint": hint}
        elif have[key].get("title") != title:
            written[key] = {"@odata.type": _ITEM, "title": title}
    return written


def _dropped(wanted: Value, have: Mapping[str, Json]) -> dict[str, None]:
    """Lines of ours that are no longer wanted; a ticked one is somebody's work and stays."""
    if wanted is None:
        return {}
    keys = {str(entry.get("key", "")) for entry in _rows(wanted)}
    ours = {key for key, item in have.items() if is_checklist_key(key) and item.get("isChecked") is not True}
    return dict.fromkeys(sorted(ours - keys))


def _references(wanted: Value, have: Mapping[str, Json]) -> dict[str, object]:
    known = {decode_reference(key): key for key in have}
    hint = ""
    written: dict[str, object] = {}
    for entry in _rows(wanted):
        url, alias = address_of(entry.get("target")), str(entry.get("alias", ""))
        if url is None:
            continue
        if url not in known:
            hint = hint_after(hint)
            written[encode_reference(url)] = {
                "@odata.type": _REFERENCE,
                "alias": alias,
                "type": "Other",
                "previewPriority": hint,
            }
        elif (have[known[url]].get("alias") or "") != alias:
            written[known[url]] = {"@odata.type": _REFERENCE, "alias": alias}
    return written


def address_of(target: Value) -> str | None:
    """The URL that a reference shows; None where its object does not exist, has no page, or has a page Planner refuses.

    One address that Planner refuses (not http, or a host without a dot) would cost the whole write, notes included.
    """
    url = target.url if isinstance(target, Remote) else target
    if not isinstance(url, str):
        return None
    parts = urlsplit(url)
    return url if parts.scheme in ("http", "https") and "." in (parts.hostname or "") else None


def _tick(key: str, item: Json) -> Mapping[str, Value]:
    return {"key": key, "by": user_of(item.get("lastModifiedBy")), "at": iso(item.get("lastModifiedDateTime"))}


def _open(details: Json, member: str) -> Mapping[str, Json]:
    found = details.get(member)
    return {k: v for k, v in found.items() if isinstance(v, Mapping)} if isinstance(found, Mapping) else {}


def _json(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _rows(value: Value) -> list[Mapping[str, Value]]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [row for row in value if isinstance(row, Mapping)]


def _notes(details: Json) -> str:
    notes = details.get("description")
    return notes if isinstance(notes, str) else ""
