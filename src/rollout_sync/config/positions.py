"""The lines of keys in a TOML text, and limits that are checked before the text is parsed.

`tomllib` gives no positions and has no limits: a dotted key of some thousand parts takes seconds, deep arrays end in
a RecursionError. One pass over the tokens, linear in the length of the text, answers both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rollout_sync.errors import ConfigError

MAX_BYTES = 1024 * 1024
MAX_LINE = 8 * 1024
MAX_PARTS = 8
MAX_NESTING = 16

# Every alternative matches on its first try (unterminated texts run to their end), so that no input makes it slow.
_TOKENS = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<long>\"\"\"(?:\\.?|[^\\])*?(?:\"\"\"|\Z) | '''.*?(?:'''|\Z))
    | (?P<text>"(?:\\.|[^"\\\n])*"? | '[^'\n]*'?)
    | (?P<bare>[A-Za-z0-9_+:-]+)
    | (?P<newline>\n)
    | (?P<space>[ \t\r]+)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)

KeyPath = tuple[str, ...]


@dataclass(slots=True)
class _Scan:
    """State of the pass: the table that is open, the parts of the key that is being read, brackets, repeated tables."""

    table: KeyPath = ()
    repeats: dict[KeyPath, int] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    nesting: int = 0
    dots: int = 0
    at_start: bool = True
    in_header: bool = False
    is_repeated: bool = False
    in_value: bool = False


def check_limits(text: str, where: str) -> None:
    """ConfigError when a line, a dotted key or a nesting is longer or deeper than any real configuration."""
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE:
            raise _too_much(f"A line is longer than {MAX_LINE} characters.", where, number)
    for number, scan in _steps(text):
        if scan.dots >= MAX_PARTS:
            raise _too_much(f"A key has more than {MAX_PARTS} parts.", where, number)
        if scan.nesting > MAX_NESTING:
            raise _too_much(f"Values are nested deeper than {MAX_NESTING} levels.", where, number)


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """1-based line of every table header and key outside of inline tables; the first line where one is repeated.

    The n-th of the tables `[[a.b]]` is also there as (a, b, n), n from 1, and its keys only so.
    """
    lines: dict[KeyPath, int] = {}
    for number, scan in _steps(text):
        if scan.parts and not scan.in_value:
            path = tuple(scan.parts) if scan.in_header else (*scan.table, *scan.parts)
            lines.setdefault(path, number)
            if scan.in_header and scan.is_repeated:
                lines.setdefault(_numbered(scan, path), number)
    return lines


def _steps(text: str) -> Iterator[tuple[int, _Scan]]:
    scan, number = _Scan(), 1
    for token in _TOKENS.finditer(text):
        kind, word = token.lastgroup or "", token.group()
        if kind == "newline":
            _end_line(scan)
        elif kind == "mark":
            _mark(scan, word)
        elif kind in {"bare", "text", "long"}:
            _word(scan, word if kind == "bare" else word.strip("\"'"))
        yield number, scan
        number += word.count("\n")


def _end_line(scan: _Scan) -> None:
    scan.dots = 0
    if scan.in_header:
        _open_table(scan)
    if scan.nesting == 0 or scan.in_header:
        scan.parts, scan.at_start, scan.in_header, scan.in_value, scan.nesting = [], True, False, False, 0
        scan.is_repeated = False


def _open_table(scan: _Scan) -> None:
    path = scan.table = tuple(scan.parts)
    if scan.is_repeated:
        scan.table = _numbered(scan, path)
        scan.repeats[path] = scan.repeats.get(path, 0) + 1


def _numbered(scan: _Scan, path: KeyPath) -> KeyPath:
    return (*path, str(scan.repeats.get(path, 0) + 1))


def _mark(scan: _Scan, mark: str) -> None:
    scan.dots = scan.dots + 1 if mark == "." else 0
    if mark == "[" and scan.at_start:
        scan.in_header, scan.at_start = True, False
    elif mark == "[" and scan.in_header and not scan.parts:
        scan.is_repeated = True
    elif mark in "[{" and not scan.in_header:
        scan.nesting += 1
    elif mark in "]}" and not scan.in_header:
        scan.nesting = max(scan.nesting - 1, 0)
    elif mark == "=":
        scan.in_value = True


def _word(scan: _Scan, word: str) -> None:
    scan.at_start = False
    if not scan.in_value and len(scan.parts) <= MAX_PARTS:
        scan.parts.append(word)


def _too_much(what: str, where: str, line: int) -> ConfigError:
    return ConfigError(what, where=f"{where}:{line}", hint="Compare the file with config.example.toml.")
