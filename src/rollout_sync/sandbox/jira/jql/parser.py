"""Reads JQL into a tree by recursive descent; the complaints are worded as Jira words them."""

from __future__ import annotations

from rollout_sync.sandbox.jira.jql.lexer import JqlError, Kind, Token, position, tokens
from rollout_sync.sandbox.jira.jql.tree import (
    AllOf,
    AnyOf,
    Call,
    Clause,
    Empty,
    Literal,
    Node,
    Not,
    Operand,
    Order,
    Query,
)

MAX_ORDER_FIELDS = 7
"""The search operation's own limit (API reference, `jql` parameter)."""

_HISTORY_OPERATORS = frozenset({"was", "changed"})


def parse(source: str) -> Query:
    """Read a query.

    A query of nothing but words and strings is a text search, as on Cloud.

    Raises:
        JqlError: the query cannot be read.
    """
    return _Parser(source).query()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._at = 0

    def query(self) -> Query:
        where = None
        if self._token.kind is not Kind.END and not self._is_word("order"):
            where = self._bare_words() or self._any()
        order = self._order()
        if self._token.kind is not Kind.END:
            raise self._complaint("either 'OR' or 'AND'")
        return Query(where=where, order=order)

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._token
        if token.kind is not Kind.END:
            self._at += 1
        return token

    def _is_word(self, word: str) -> bool:
        return self._token.kind is Kind.WORD and self._token.text.lower() == word

    def _is_mark(self, mark: str) -> bool:
        return self._token.kind is Kind.MARK and self._token.text == mark

    def _accept(self, *words: str) -> bool:
        joined = self._token.kind in {Kind.WORD, Kind.OPERATOR} and self._token.text.lower() in words
        if joined:
            self._at += 1
        return joined

    def _complaint(self, what: str) -> JqlError:
        token = self._token
        got = f"but got '{token.text}'" if token.kind is not Kind.END else "before the end of the query"
        return JqlError(f"Error in the JQL Query: Expecting {what} {got}. {position(self._source, token.at)}")

    def _bare_words(self) -> Node | None:
        end = next((i for i, t in enumerate(self._tokens) if t.kind is Kind.WORD and t.text.lower() == "order"), None)
        words = self._tokens[: end if end is not None else -1]
        plain = all(t.kind in {Kind.WORD, Kind.TEXT} for t in words)
        if not plain or any(t.text.lower() in _STRUCTURE for t in words if t.kind is Kind.WORD):
            return None
        self._at = len(words)
        text = " ".join(t.text for t in words)
        return Clause(field="text", operator="~", operands=(Literal(text=text, quoted=True),))

    def _any(self) -> Node:
        parts = [self._all()]
        while self._accept("or", "||", "|"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts))

    def _all(self) -> Node:
        parts = [self._part()]
        while self._accept("and", "&&", "&"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts))

    def _part(self) -> Node:
        if self._accept("not", "!"):
            return Not(part=self._part())
        if self._is_mark("("):
            self._at += 1
            inner = self._any()
            if not self._is_mark(")"):
                raise self._complaint("')'")
            self._at += 1
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        if self._token.kind not in {Kind.WORD, Kind.TEXT}:
            raise self._complaint("a field name")
        field = self._take().text
        operator = self._operator()
        if operator in {"in", "not in"}:
            return Clause(field=field, operator=operator, operands=self._list(), is_list=True)
        return Clause(field=field, operator=operator, operands=(self._operand(),))

    def _operator(self) -> str:
        token = self._token
        if token.kind is Kind.OPERATOR and token.text not in {"!", "&&", "||"}:
            self._at += 1
            return token.text
        word = token.text.lower() if token.kind is Kind.WORD else ""
        if word in _HISTORY_OPERATORS:
            raise JqlError(f"Error in the JQL Query: the operator '{word}' is not offered by this sandbox.")
        if word in {"in", "is"}:
            self._at += 1
            return "is not" if word == "is" and self._accept("not") else word
        if word == "not":
            self._at += 1
            if self._accept("in"):
                return "not in"
        raise self._complaint("operator")

    def _list(self) -> tuple[Operand, ...]:
        if not self._is_mark("("):
            operand = self._operand()
            if isinstance(operand, Call):
                return (operand,)
            self._at -= 1
            raise self._complaint("'('")
        self._at += 1
        found = [self._operand()]
        while self._is_mark(","):
            self._at += 1
            found.append(self._operand())
        if not self._is_mark(")"):
            raise self._complaint("either ')' or ','")
        self._at += 1
        return tuple(found)

    def _operand(self) -> Operand:
        token = self._token
        if token.kind is Kind.TEXT:
            self._at += 1
            return Literal(text=token.text, quoted=True)
        if token.kind is not Kind.WORD or token.text.lower() in _RESERVED_WORDS:
            raise self._complaint("either a value, list or function")
        self._at += 1
        if token.text.lower() in {"empty", "null"}:
            return Empty()
        if self._is_mark("("):
            return Call(name=token.text, arguments=self._arguments())
        return Literal(text=token.text, quoted=False)

    def _arguments(self) -> tuple[str, ...]:
        self._at += 1
        found: list[str] = []
        while not self._is_mark(")"):
            if self._token.kind not in {Kind.WORD, Kind.TEXT}:
                raise self._complaint("')'")
            found.append(self._take().text)
            if self._is_mark(","):
                self._at += 1
        self._at += 1
        return tuple(found)

    def _order(self) -> tuple[Order, ...]:
        if not self._is_word("order"):
            return ()
        self._at += 1
        if not self._accept("by"):
            raise self._complaint("'by'")
        found = [self._order_field()]
        while self._is_mark(","):
            self._at += 1
            found.append(self._order_field())
        if len(found) > MAX_ORDER_FIELDS:
            raise JqlError(f"Number of fields used in order by clause exceeded the limit of {MAX_ORDER_FIELDS}.")
        return tuple(found)

    def _order_field(self) -> Order:
        if self._token.kind not in {Kind.WORD, Kind.TEXT}:
            raise self._complaint("a field name")
        name = self._take().text
        descending = self._accept("desc")
        if not descending:
            self._accept("asc")
        return Order(field=name, descending=descending)


_STRUCTURE = frozenset({"and", "or", "not", "in", "is", "empty", "null", "was", "changed", "by", "asc", "desc"})
_RESERVED_WORDS = frozenset({"and", "or", "not", "in", "is", "order", "by", "was", "changed", "asc", "desc"})
