"""Any result value as JSON, by the types of its parts: the other half of the renderer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from rollout_sync.model.objects import ObjectKey

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"


def jsonable(value: object) -> Json:
    """The value as JSON: dates in ISO 8601, durations in seconds, enums by value, sets in order.

    Raises:
        TypeError: a type that results must not contain (it would show more than it should).
    """
    match value:
        case Enum():
            return jsonable(value.value)
        case None | bool() | int() | float() | str():
            return value
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Path() | ObjectKey():
            return str(value)
        case _:
            return _compound(value)


def to_text(value: object) -> str:
    """The value as indented JSON text."""
    return json.dumps(jsonable(value), indent=2, ensure_ascii=False, allow_nan=False)


def _compound(value: object) -> Json:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(jsonable(key)): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, AbstractSet):
        return [jsonable(inner) for inner in sorted(value, key=str)]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [jsonable(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} is no part of a result")
