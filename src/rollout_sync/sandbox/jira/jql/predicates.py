"""Turns a parsed query into a predicate and a sort key over index entries."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import reduce
from typing import Any, TypeAlias, assert_never

from rollout_sync.sandbox.jira.jql.entry import Entry, Surroundings
from rollout_sync.sandbox.jira.jql.fields import Choice, Day, Field, Identity, Instant, Text, field_named
from rollout_sync.sandbox.jira.jql.lexer import JqlError
from rollout_sync.sandbox.jira.jql.moments import called, moment
from rollout_sync.sandbox.jira.jql.tree import AllOf, AnyOf, Call, Clause, Empty, Literal, Node, Not, Operand, Order

Predicate: TypeAlias = Callable[[Entry], bool]

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARE_TEXT: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_POSITIVE = frozenset({"=", "in", "is", "~"})
_MEMBERSHIP = frozenset({"=", "!=", "in", "not in", "is", "is not"})
_WORDS = re.compile(r"\w+\*?")


def predicate(node: Node, site: Surroundings) -> Predicate:
    """Compile a tree.

    Raises:
        JqlError: an unknown field, value or function, or an operator that the field does not take.
    """
    match node:
        case AllOf(parts=parts):
            first, *rest = [predicate(part, site) for part in parts]
            return reduce(_both, rest, first)
        case AnyOf(parts=parts):
            first, *rest = [predicate(part, site) for part in parts]
            return reduce(_either, rest, first)
        case Not(part=part):
            inner = predicate(part, site)
            return lambda entry: not inner(entry)
        case Clause():
            return _clause(node, site)
        case _:
            assert_never(node)


def _both(one: Predicate, other: Predicate) -> Predicate:
    return lambda entry: one(entry) and other(entry)


def _either(one: Predicate, other: Predicate) -> Predicate:
    return lambda entry: one(entry) or other(entry)


def sorted_by(entries: list[Entry], order: tuple[Order, ...]) -> list[Entry]:
    """Entries in the order asked for; newest id first where nothing was asked, and as the last tie-break.

    Raises:
        JqlError: a field that does not exist or cannot be sorted by.
    """
    ranked = sorted(entries, key=operator.attrgetter("id"), reverse=True)
    for part in reversed(order):
        ranked.sort(key=_sort_key(field_named(part.field)), reverse=part.descending)
    return ranked


def _sort_key(field: Field) -> Callable[[Entry], Any]:
    if field.is_never_empty:
        return field.sort

    def key(entry: Entry) -> tuple[bool, str | int | tuple[str, int]]:
        value = field.sort(entry)
        return (value is None, "" if value is None else value)

    return key


def _clause(clause: Clause, site: Surroundings) -> Predicate:
    field = field_named(clause.field)
    if clause.operator not in field.operators:
        raise JqlError(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
    if any(isinstance(operand, Empty) for operand in clause.operands):
        return _empty(clause, field, site)
    match field:
        case Choice():
            return _choice(clause, field, site)
        case Identity():
            return _identity(clause, field, site)
        case Instant():
            return _instant(clause, field, site)
        case Day():
            return _day(clause, field, site)
        case Text():
            return _text(clause, field)
        case _:
            assert_never(field)


def _empty(clause: Clause, field: Field, site: Surroundings) -> Predicate:
    if clause.operator not in _MEMBERSHIP:
        raise JqlError(f"The operator '{clause.operator}' does not take EMPTY for the field '{clause.field}'.")
    wanted = clause.operator in _POSITIVE
    others = tuple(operand for operand in clause.operands if not isinstance(operand, Empty))

    def is_empty(entry: Entry) -> bool:
        return field.sort(entry) is None

    if not others:
        return lambda entry: is_empty(entry) is wanted
    rest = _clause(Clause(field=clause.field, operator=clause.operator, operands=others, is_list=True), site)
    if wanted:
        return lambda entry: is_empty(entry) or rest(entry)
    return rest


def _choice(clause: Clause, field: Choice, site: Surroundings) -> Predicate:
    wanted: set[str] = set()
    for operand in clause.operands:
        wanted |= field.resolve(_choice_text(clause, operand, site), site, clause.field)
    is_positive = clause.operator in _POSITIVE
    # As in Jira, "is not this value" does not find issues that have no value at all.
    if field.values is not None:
        many = field.values
        if is_positive:
            return lambda entry: not wanted.isdisjoint(many(entry))
        return lambda entry: bool(many(entry)) and wanted.isdisjoint(many(entry))
    one = field.value or field.sort
    if is_positive:
        return lambda entry: one(entry) in wanted
    unwanted = wanted | {None}
    return lambda entry: one(entry) not in unwanted


def _choice_text(clause: Clause, operand: Operand, site: Surroundings) -> str:
    match operand:
        case Literal(text=text):
            return text
        case Call(name=name, arguments=()) if name.lower() == "currentuser":
            return site.account
        case Call(name=name, arguments=arguments):
            raise JqlError(f"Unable to find JQL function '{name}({', '.join(arguments)})'.")
        case Empty():
            raise JqlError(f"The value 'EMPTY' is not allowed in this place for field '{clause.field}'.")
        case _:
            assert_never(operand)


def _identity(clause: Clause, field: Identity, site: Surroundings) -> Predicate:
    targets = {_issue_id(clause, operand, site, strict=field.strict) for operand in clause.operands} - {None}
    read = field.read
    if clause.operator in {"=", "in"}:
        return lambda entry: read(entry) in targets
    if clause.operator in {"!=", "not in"}:
        return lambda entry: read(entry) is not None and read(entry) not in targets
    compare = _COMPARE[clause.operator]
    bound = next((target for target in targets if target is not None), None)

    def within(entry: Entry) -> bool:
        value = read(entry)
        return value is not None and bound is not None and compare(value, bound)

    return within


def _issue_id(clause: Clause, operand: Operand, site: Surroundings, *, strict: bool) -> int | None:
    text = _choice_text(clause, operand, site)
    if text.isdigit():
        return int(text)
    found = site.key_to_id(text.upper())
    if found is None and strict and site.unknown_key_is_error:
        raise JqlError(f"An issue with key '{text}' does not exist for field '{clause.field}'.")
    return found


def _instant(clause: Clause, field: Instant, site: Surroundings) -> Predicate:
    step = site.resolution_ms
    bounds = [_moment(clause, operand, site) // step for operand in clause.operands]
    read = field.read
    if clause.is_list:
        wanted = clause.operator == "in"
        return lambda entry: (read(entry) // step in bounds) is wanted
    compare, bound = _COMPARE[clause.operator], bounds[0]
    return lambda entry: compare(read(entry) // step, bound)


def _day(clause: Clause, field: Day, site: Surroundings) -> Predicate:
    days = [_local_day(_moment(clause, operand, site), site) for operand in clause.operands]
    read = field.read
    if clause.is_list:
        wanted = clause.operator == "in"
        return lambda entry: read(entry) is not None and (read(entry) in days) is wanted
    compare, bound = _COMPARE_TEXT[clause.operator], days[0]

    def within(entry: Entry) -> bool:
        value = read(entry)
        return value is not None and compare(value, bound)

    return within


def _local_day(epoch: int, site: Surroundings) -> str:
    return site.now.fromtimestamp(epoch / 1000, tz=site.zone).date().isoformat()


def _moment(clause: Clause, operand: Operand, site: Surroundings) -> int:
    match operand:
        case Literal():
            return moment(operand, field=clause.field, now=site.now, zone=site.zone)
        case Call():
            return called(operand, now=site.now, zone=site.zone)
        case Empty():
            raise JqlError(f"The value 'EMPTY' is not allowed in this place for field '{clause.field}'.")
        case _:
            assert_never(operand)


def _text(clause: Clause, field: Text) -> Predicate:
    operand = clause.operands[0]
    if not isinstance(operand, Literal):
        raise JqlError(f"The operator '{clause.operator}' of field '{clause.field}' takes a text.")
    wanted = clause.operator == "~"
    read = field.read
    phrase = operand.text.strip().lower()
    if phrase.startswith('"') and phrase.endswith('"') and phrase != '"':
        inner = phrase.strip('"')
        return lambda entry: (inner in read(entry).lower()) is wanted
    words = _WORDS.findall(phrase)
    patterns = [re.compile(r"\b" + re.escape(w.rstrip("*")) + (r"\w*" if w.endswith("*") else r"\b")) for w in words]
    if not patterns:
        return lambda _entry: not wanted
    return lambda entry: all(p.search(read(entry).lower()) for p in patterns) is wanted
