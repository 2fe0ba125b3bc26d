"""Field values to JSON text and back: Refs and Remotes have a form of their own, order is canonical."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from rollout_sync.model.objects import Fields, ObjectKey, Ref, Remote, Value


def to_json(value: object) -> str:
    """Canonical JSON: sorted keys, no spaces, so that equal values have equal texts."""
    return _ENCODER.encode(value)


def plain(value: object) -> object:
    """The value with Refs and Remotes written as tagged JSON objects."""
    match value:
        case Ref():
            return {"$ref": str(value.to)}
        case Remote():
            return {"$remote": [value.id, value.key, value.version, value.url]}
        case str() | None | bool() | int() | float():
            return value
        case Mapping():
            return {str(key): plain(member) for key, member in value.items()}
        case list() | tuple():
            return [plain(member) for member in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a field")


def _untagged(value: object) -> object:
    """What the encoder does not know: our two values, and mappings that are no dict."""
    match value:
        case Ref() | Remote():
            return plain(value)
        case Mapping():
            return dict(value.items())
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a field")


def _tagged(mapping: dict[str, object]) -> object:
    if len(mapping) == 1:
        if isinstance(reference := mapping.get("$ref"), str):
            return Ref(ObjectKey.parse(reference))
        if isinstance(parts := mapping.get("$remote"), list):
            return Remote(id=parts[0], key=parts[1], version=parts[2], url=parts[3])
    return mapping


# Made once: the functions of `json` make a new one for each call that has options.
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_untagged)
_DECODER = json.JSONDecoder(object_hook=_tagged)


def fields_from(text: str) -> Fields:
    """Read what `to_json` wrote of a mapping."""
    value: dict[str, Value] = _DECODER.decode(text)
    return value


def fingerprint(value: object) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return fingerprint_of(to_json(value))


def fingerprint_of(text: str) -> str:
    """The fingerprint of a value that `to_json` wrote already."""
    return hashlib.sha256(text.encode()).hexdigest()


def instant_text(moment: datetime) -> str:
    """UTC instant as sortable text with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_from(text: str) -> datetime:
    """Read what `instant_text` wrote."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
