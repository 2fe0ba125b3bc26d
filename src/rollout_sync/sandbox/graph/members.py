"""Reading the members of a request body: types, lengths, ranges, unknown names, open types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rollout_sync.sandbox.graph.errors import invalid, missing, schema
from rollout_sync.sandbox.graph.ids import parse_instant
from rollout_sync.sandbox.store import Document

Reader = Callable[[str, object], object]
"""Takes the member's name and its JSON value, returns what is stored; raises `GraphError`."""

CATEGORIES: Final = tuple(f"category{n}" for n in range(1, 26))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What a type accepts: readers by member, and members that only the service sets (taken and ignored)."""

    name: str
    type_name: str
    readers: Mapping[str, Reader]
    computed: frozenset[str] = frozenset()


def read(kind: Entity, body: Document) -> Document:
    """The members of a body that count, converted.

    Raises:
        GraphError: 400 for an unknown member or an unfit value.
    """
    out: Document = {}
    for name, value in body.items():
        if "@odata." in name or name in kind.computed:
            continue
        reader = kind.readers.get(name)
        if reader is None:
            raise unknown(name, kind.type_name)
        out[name] = reader(name, value)
    return out


def unknown(name: str, type_name: str) -> Exception:
    """The 400 for a member that a closed type does not have."""
    return invalid(
        f"The property '{name}' does not exist on type '{type_name}'. Make sure to only use property names that are "
        "defined by the type."
    )


def text(entity: str, longest: int, *, nullable: bool = False) -> Reader:
    """A string of at most `longest` characters; without `nullable` it must not be empty either."""

    def reader(name: str, value: object) -> object:
        if value is None and nullable:
            return None
        if value is None or (not nullable and isinstance(value, str) and not value.strip()):
            raise missing(_pascal(name), entity)
        if not isinstance(value, str):
            raise _unconvertible(name, value, "Edm.String")
        if len(value) > longest:
            raise schema(_pascal(name), entity, f"The value must not be longer than {longest} characters.")
        return value

    return reader


def integer(entity: str, low: int, high: int) -> Reader:
    """A whole number between two bounds, both included."""

    def reader(name: str, value: object) -> object:
        if value is None:
            raise missing(_pascal(name), entity)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _unconvertible(name, value, "Edm.Int32")
        if not low <= value <= high:
            raise schema(_pascal(name), entity, f"The value must be between {low} and {high}.")
        return value

    return reader


def boolean(name: str, value: object) -> object:
    """True or false."""
    if not isinstance(value, bool):
        raise _unconvertible(name, value, "Edm.Boolean")
    return value


def instant(name: str, value: object) -> object:
    """A date-time with zone, or null to clear it."""
    return parse_instant(name, value)


def one_of(*choices: str) -> Reader:
    """A member of an enumeration."""

    def reader(name: str, value: object) -> object:
        if value not in choices:
            raise _unconvertible(name, value, "an enumeration of " + ", ".join(choices))
        return value

    return reader


def any_string(name: str, value: object) -> object:
    """A string as it is (identifiers and order hints are checked where they are used)."""
    if value is not None and not isinstance(value, str):
        raise _unconvertible(name, value, "Edm.String")
    return value


def categories(type_name: str, value_reader: Reader) -> Reader:
    """An object with members category1 to category25."""

    def reader(name: str, value: object) -> object:
        entries = open_type(name, value)
        for key in entries:
            if key not in CATEGORIES and not key.startswith("@"):
                raise unknown(key, type_name)
        return {key: value_reader(key, entry) for key, entry in entries.items() if not key.startswith("@")}

    return reader


def open_type(name: str, value: object) -> Document:
    """The object of an open type; its values are merged one by one.

    Raises:
        GraphError: not an object.
    """
    if not isinstance(value, dict):
        raise _unconvertible(name, value, "a complex value")
    return value


def complex_value(name: str, key: str, value: object, type_name: str) -> Document:
    """One complex value inside an open type; it has to name its type.

    Raises:
        GraphError: not an object, or no `@odata.type`, or a wrong one.
    """
    if not isinstance(value, dict):
        raise _unconvertible(f"{name}/{key}", value, type_name)
    stated = str(value.get("@odata.type", "")).removeprefix("#")
    if stated != type_name:
        raise invalid(
            f"The value of '{name}/{key}' needs the annotation '@odata.type' with '#{type_name}', found '{stated}'."
        )
    return value


def _unconvertible(name: str, value: object, type_name: str) -> Exception:
    return invalid(f"Cannot convert the value '{str(value)[:60]}' of '{name}' to the expected type '{type_name}'.")


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]
