"""Splits JQL into tokens and says, in Jira's words, where a query cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RESERVED = frozenset("{}*/%$#@;?|^&+")
"""Characters that JQL keeps for itself outside quotes (`!`, `=`, `<`, `>`, `~`, `(`, `)`, `,`, `[`, `]` have uses)."""

_OPERATOR_PAIRS = ("!=", "!~", "<=", ">=", "&&", "||")
_OPERATOR_CHARS = "=<>~!"
_PUNCTUATION = "(),"
_ENDS_WORD = frozenset(" \t\r\n\"'" + _OPERATOR_CHARS + _PUNCTUATION + "&|")


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    TEXT = "text"
    OPERATOR = "operator"
    MARK = "mark"
    END = "end"


class JqlError(Exception):
    """A query that Jira answers with 400; the message is the one shown to the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token; `at` is its 0-based offset. For TEXT, `text` is the unquoted value."""

    kind: Kind
    text: str
    at: int


def position(source: str, at: int) -> str:
    """Write an offset the way Jira's parser does: 1-based line and character."""
    before = source[:at]
    line = before.count("\n") + 1
    return f"(line {line}, character {at - (before.rfind(chr(10)) + 1) + 1})"


def tokens(source: str) -> list[Token]:
    """Split a query; the last token has kind END.

    Raises:
        JqlError: an unfinished string or a reserved character outside quotes.
    """
    found: list[Token] = []
    at = 0
    while at < len(source):
        if source[at].isspace():
            at += 1
            continue
        token, at = _next(source, at)
        found.append(token)
    found.append(Token(kind=Kind.END, text="", at=len(source)))
    return found


def _next(source: str, at: int) -> tuple[Token, int]:
    char = source[at]
    if char in "\"'":
        return _quoted(source, at)
    if char in _PUNCTUATION:
        return Token(kind=Kind.MARK, text=char, at=at), at + 1
    pair = source[at : at + 2]
    if pair in _OPERATOR_PAIRS:
        return Token(kind=Kind.OPERATOR, text=pair, at=at), at + 2
    if char in _OPERATOR_CHARS:
        return Token(kind=Kind.OPERATOR, text=char, at=at), at + 1
    return _word(source, at)


def _quoted(source: str, start: int) -> tuple[Token, int]:
    quote = source[start]
    value: list[str] = []
    at = start + 1
    while at < len(source):
        char = source[at]
        if char == "\\" and at + 1 < len(source):
            value.append(_escaped(source[at + 1]))
            at += 2
            continue
        if char == quote:
            return Token(kind=Kind.TEXT, text="".join(value), at=start), at + 1
        value.append(char)
        at += 1
    raise JqlError(
        f"Error in the JQL Query: The quoted string '{source[start + 1 :]}' has not been completed. "
        f"{position(source, start)}"
    )


def _escaped(char: str) -> str:
    return {"n": "\n", "t": "\t", "r": "\r"}.get(char, char)


def _word(source: str, start: int) -> tuple[Token, int]:
    at = start
    while at < len(source) and source[at] not in _ENDS_WORD:
        if source[at] in RESERVED:
            raise JqlError(
                f"Error in the JQL Query: The character '{source[at]}' is a reserved JQL character. You must enclose "
                f"it in a string or use the escape '\\u{ord(source[at]):04x}' instead. {position(source, at)}"
            )
        at += 1
    if at == start:
        raise JqlError(
            f"Error in the JQL Query: The character '{source[at]}' is a reserved JQL character. You must enclose it in "
            f"a string or use the escape '\\u{ord(source[at]):04x}' instead. {position(source, at)}"
        )
    return Token(kind=Kind.WORD, text=source[start:at], at=start), at
