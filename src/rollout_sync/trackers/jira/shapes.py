"""Reads members of Jira's JSON by name and type; what is missing or of another type is named in the error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from rollout_sync.errors import UnexpectedResponse

Json: TypeAlias = Mapping[str, object]


def as_object(value: object, where: str) -> Json:
    """`value`, if it is a JSON object; UnexpectedResponse otherwise."""
    if isinstance(value, Mapping):
        return value
    raise _unexpected("an object", where)


def text(source: Json, name: str, where: str) -> str:
    """The string member `name`; UnexpectedResponse when it is missing or no string."""
    value = source.get(name)
    if isinstance(value, str):
        return value
    raise _unexpected(f"the string {name!r}", where)


def objects(source: Json, name: str, where: str) -> Sequence[Json]:
    """The member `name`, a list of objects; UnexpectedResponse otherwise."""
    value = source.get(name)
    if isinstance(value, list) and all(isinstance(element, Mapping) for element in value):
        return value
    raise _unexpected(f"a list of objects {name!r}", where)


def inner(source: object, *names: str) -> object:
    """What lies at the end of a path of members; None when the path ends early."""
    for name in names:
        if not isinstance(source, Mapping):
            return None
        source = source.get(name)
    return source


def inner_text(source: object, *names: str) -> str:
    """The string at the end of a path; empty when there is none."""
    value = inner(source, *names)
    return value if isinstance(value, str) else ""


def _unexpected(what: str, where: str) -> UnexpectedResponse:
    return UnexpectedResponse(
        f"the answer lacks {what}",
        where=where,
        hint="Check the base URL; if it is right, Jira has changed: please report this with the line above.",
    )
