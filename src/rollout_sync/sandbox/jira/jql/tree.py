"""The values that a parsed query consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value as written; `quoted` tells `"5"` from `5`, which matters for dates given as epoch milliseconds."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function such as `currentUser()`."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """`EMPTY` or `NULL`."""


Operand: TypeAlias = Literal | Call | Empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """`field operator operands`; more than one operand only with `in` and `not in`."""

    field: str
    operator: str
    operands: tuple[Operand, ...]
    is_list: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Parts joined by AND."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Parts joined by OR."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """A negated part."""

    part: Node


Node: TypeAlias = "Clause | AllOf | AnyOf | Not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One ORDER BY field."""

    field: str
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole query; `where` is None when there is no restriction."""

    where: Node | None
    order: tuple[Order, ...]
