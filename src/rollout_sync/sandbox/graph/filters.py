"""The part of OData's `$filter` that the directory and the mailbox are asked with.

Comparisons (`eq`, `ne`, `ge`, `gt`, `le`, `lt`) of a member with a text, number or date, `startswith`, `in`,
`collection/any(x:x eq 'v')`, `and`, `or`, `not` and parentheses; names and values may nest with `/`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, Final

from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.store import Document

Test = Callable[[Document], bool]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[(),:])|(?P<word>[A-Za-z_@$0-9][\w.@$/+\-]*(?::\d\d[\d:.]*Z?)?))"
)
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}
_LITERALS: Final[dict[str, object]] = {"true": True, "false": False, "null": None}
_LONGEST: Final = 4000


def parse(text: str) -> Test:
    """A test for documents.

    Raises:
        GraphError: not understood.
    """
    if len(text) > _LONGEST:
        raise _bad(text)
    return _Parser(text).whole()


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self._source = text
        self._tokens: list[str] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise _bad(text)
            self._tokens.append(found[0].strip())
            place = found.end()
        self._next = 0

    def whole(self) -> Test:
        test = self._either()
        if self._peek():
            raise _bad(self._source)
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._peek() == "or":
            self._take()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda d: any(test(d) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._peek() == "and":
            self._take()
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda d: all(test(d) for test in tests)

    def _one(self) -> Test:
        match self._take():
            case "not":
                inner = self._one()
                return lambda d: not inner(d)
            case "(":
                inner = self._either()
                self._expect(")")
                return inner
            case "startswith":
                return self._startswith()
            case name if name.lower().endswith("/any"):
                return self._any(name[: -len("/any")])
            case name:
                return self._comparison(name)

    def _startswith(self) -> Test:
        self._expect("(")
        name = self._take()
        self._expect(",")
        start = _fold(self._literal(self._take()))
        self._expect(")")
        return lambda d: str(_fold(_member(d, name)) or "").startswith(str(start))

    def _any(self, name: str) -> Test:
        self._expect("(")
        variable = self._take()
        self._expect(":")
        inner = self._either()
        self._expect(")")
        return lambda d: any(inner({variable: entry}) for entry in _member(d, name) or ())

    def _comparison(self, name: str) -> Test:
        verb = self._take()
        if verb == "in":
            self._expect("(")
            wanted = [_fold(self._literal(self._take()))]
            while self._peek() == ",":
                self._take()
                wanted.append(_fold(self._literal(self._take())))
            self._expect(")")
            return lambda d: _fold(_member(d, name)) in wanted
        compare = _COMPARE.get(verb)
        if compare is None:
            raise _bad(self._source)
        value = _fold(self._literal(self._take()))
        return lambda d: _safely(compare, _fold(_member(d, name)), value)

    def _literal(self, token: str) -> object:
        if token.startswith("'") and token.endswith("'") and len(token) > 1:
            return token[1:-1].replace("''", "'")
        if token in _LITERALS:
            return _LITERALS[token]
        if token in {"", "(", ")", ",", ":"}:
            raise _bad(self._source)
        return int(token) if token.isdigit() else token

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._next += 1
        return token

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise _bad(self._source)


def _member(document: Document, name: str) -> Any:  # noqa: ANN401 - any JSON value
    value: Any = document
    for part in name.split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _fold(value: object) -> object:
    """The directory compares texts without regard to case."""
    return value.casefold() if isinstance(value, str) else value


def _safely(compare: Callable[[Any, Any], bool], left: object, right: object) -> bool:
    try:
        return bool(compare(left, right))
    except TypeError:  # an absent member is neither smaller nor greater
        return False


def _bad(text: str) -> GraphError:
    return GraphError(400, f"Invalid filter clause: {text[:120]}", "BadRequest")
