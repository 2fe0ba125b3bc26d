"""Frozen values to plain JSON and back, by their type hints: for what the ledger keeps and plan files carry.

Supported are dataclasses of strings, numbers, dates, moments, enums, object keys, tuples, mappings and optional
members. Members that equal their default are left out, so that a value stays short, and one that gains a member can
still be read from what an earlier version wrote.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from rollout_sync.model.codec import instant_from, instant_text
from rollout_sync.model.objects import ObjectKey

_T = TypeVar("_T")


def record(value: object) -> Any:  # noqa: ANN401 - JSON is any of its types
    """The value as JSON values; TypeError for what has no place in a record."""
    if isinstance(value, Mapping):
        return {str(record(key)): record(member) for key, member in value.items()}
    if isinstance(value, (tuple, list)):
        return [record(member) for member in value]
    if is_dataclass(value) and not isinstance(value, ObjectKey):
        return _members(value)
    return _scalar(value)


def _members(value: Any) -> dict[str, object]:  # noqa: ANN401 - any dataclass
    """Members that differ from their default."""
    members = ((one, getattr(value, one.name)) for one in fields(value))
    return {one.name: record(member) for one, member in members if member != _default(one)}


def _scalar(value: object) -> object:
    match value:
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case ObjectKey():
            return str(value)
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a record")


def read_record(kind: Callable[..., _T], stored: Mapping[str, object]) -> _T:
    """The dataclass value that `record` wrote; members it does not know are ignored.

    Raises:
        KeyError: a member without default is missing.
        ValueError: a member cannot be read.
    """
    hints = _hints(kind)
    return kind(**{name: _read(hints[name], member) for name, member in stored.items() if name in hints})


@cache
def _hints(kind: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any dataclass
    return get_type_hints(kind)


def _default(one: Field[Any]) -> object:
    if one.default_factory is not MISSING:
        return one.default_factory()
    return one.default


def _read(hint: Any, stored: Any) -> Any:  # noqa: ANN401 - any type, any JSON
    hint = getattr(hint, "__supertype__", hint)  # a NewType reads as what it stands for
    inner = get_args(hint)
    match get_origin(hint):
        case None:
            return _read_one(hint, stored)
        case origin if origin in (types.UnionType, Union):
            return None if stored is None else _read(next(one for one in inner if one is not type(None)), stored)
        case origin if origin is tuple:
            return tuple(_read(inner[0], member) for member in stored)
        case _:
            return {_read(inner[0], key): _read(inner[1], member) for key, member in stored.items()}


def _read_one(kind: Any, stored: Any) -> Any:  # noqa: ANN401 - the same
    if kind in _READERS:
        return _READERS[kind](stored)
    if isinstance(kind, type) and is_dataclass(kind):
        return read_record(kind, stored)
    return kind(stored) if isinstance(kind, type) and issubclass(kind, Enum) else stored


_READERS: Mapping[Any, Callable[[str], object]] = {
    datetime: instant_from,
    date: date.fromisoformat,
    ObjectKey: ObjectKey.parse,
}
