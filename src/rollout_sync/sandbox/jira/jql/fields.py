"""The fields that queries may name: how each is read, what it is compared with, and which operators it takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeAlias

from rollout_sync.sandbox.jira.jql.entry import Entry, Surroundings
from rollout_sync.sandbox.jira.jql.lexer import JqlError

_EQUALITY = frozenset({"=", "!=", "in", "not in", "is", "is not"})
_ORDERED = frozenset({"<", "<=", ">", ">="})
SortValue: TypeAlias = "str | int | tuple[str, int] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A field with named values; `resolve` turns a written value into the stored ones.

    Exactly one of `value` and `values` is set.
    """

    value: Callable[[Entry], str | None] | None = None
    values: Callable[[Entry], frozenset[str]] | None = None
    sort: Callable[[Entry], SortValue]
    resolve: Callable[[str, Surroundings, str], frozenset[str]]
    operators: frozenset[str] = _EQUALITY
    is_never_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A field that names issues by id or key; `strict` fields refuse keys of no issue."""

    read: Callable[[Entry], int | None]
    sort: Callable[[Entry], SortValue]
    strict: bool = True
    operators: frozenset[str] = _EQUALITY | _ORDERED
    is_never_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment in epoch milliseconds."""

    read: Callable[[Entry], int]
    sort: Callable[[Entry], SortValue]
    operators: frozenset[str] = _EQUALITY | _ORDERED
    is_never_empty: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar day `YYYY-MM-DD`, or nothing."""

    read: Callable[[Entry], str | None]
    sort: Callable[[Entry], SortValue]
    operators: frozenset[str] = _EQUALITY | _ORDERED
    is_never_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words, found with `~`."""

    read: Callable[[Entry], str]
    sort: Callable[[Entry], SortValue]
    operators: frozenset[str] = frozenset({"~", "!~", "is", "is not"})
    is_never_empty: bool = False


Field: TypeAlias = Choice | Identity | Instant | Day | Text


def field_named(name: str) -> Field:
    """The field that a query calls `name`.

    Raises:
        JqlError: there is none.
    """
    folded = name.lower()
    custom = re.fullmatch(r"cf\[(\d+)\]|customfield_(\d+)", folded)
    if custom:
        folded = f"customfield_{custom[1] or custom[2]}"
    field = _FIELDS.get(folded)
    if field is None:
        raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
    return field


def _known(table: str) -> Callable[[str, Surroundings, str], frozenset[str]]:
    def resolve(text: str, site: Surroundings, field: str) -> frozenset[str]:
        found: frozenset[str] | None = getattr(site, table).get(text.lower())
        if found is None:
            raise JqlError(f"The value '{text}' does not exist for the field '{field}'.")
        return found

    return resolve


def _label(text: str, _site: Surroundings, _field: str) -> frozenset[str]:
    return frozenset({text.lower()})


def _choice(table: str, name: str) -> Choice:
    read: Callable[[Entry], str | None] = attrgetter(name)
    return Choice(value=read, resolve=_known(table), sort=read)


_PARENT = Identity(read=lambda e: e.parent, sort=lambda e: e.parent, operators=_EQUALITY)
_START = Day(read=attrgetter("start"), sort=attrgetter("start"))
_DUE = Day(read=attrgetter("due"), sort=attrgetter("due"))
_CREATED = Instant(read=attrgetter("created"), sort=attrgetter("created"))
_UPDATED = Instant(read=attrgetter("updated"), sort=attrgetter("updated"))
_KEY = Identity(read=attrgetter("id"), sort=attrgetter("project", "number"), is_never_empty=True)
_TYPE = _choice("types", "type")

_FIELDS: dict[str, Field] = {
    "project": _choice("projects", "project"),
    "key": _KEY,
    "issuekey": _KEY,
    "issue": _KEY,
    "id": Identity(read=attrgetter("id"), sort=attrgetter("id"), strict=False, is_never_empty=True),
    "labels": Choice(
        values=attrgetter("labels"), resolve=_label, sort=lambda e: " ".join(e.label_names) if e.label_names else None
    ),
    "parent": _PARENT,
    "parentepic": _PARENT,
    "epic link": _PARENT,
    "customfield_10014": _PARENT,
    "status": _choice("statuses", "status"),
    "statuscategory": _choice("categories", "category"),
    "issuetype": _TYPE,
    "type": _TYPE,
    "priority": _choice("priorities", "priority"),
    "resolution": _choice("resolutions", "resolution"),
    "assignee": _choice("people", "assignee"),
    "reporter": _choice("people", "reporter"),
    "created": _CREATED,
    "createddate": _CREATED,
    "updated": _UPDATED,
    "updateddate": _UPDATED,
    "due": _DUE,
    "duedate": _DUE,
    "start date": _START,
    "startdate": _START,
    "customfield_10015": _START,
    "summary": Text(read=lambda e: e.summary, sort=lambda e: e.summary.lower()),
    "description": Text(read=lambda e: e.text, sort=lambda e: e.text.lower() or None),
    "text": Text(read=lambda e: f"{e.summary}\n{e.text}", sort=lambda e: e.summary.lower()),
}
