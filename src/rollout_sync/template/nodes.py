"""YAML 1.2 text as a tree that knows the line and column of every key and value.

The parser's events are read one by one into the tree, so that every cap (nesting, number of values, copies made by
aliases) bites while reading, and duplicate keys and tags are seen before a dictionary or an object can hide them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from rollout_sync.errors import Problem
from rollout_sync.template.spelling import shown

MAX_BYTES: Final = 256 * 1024
"""A template of 45 items with full texts takes 60 KiB; more than this takes the pure parser over a second."""

MAX_LINE: Final = 8 * 1024
MAX_LINES: Final = 20_000
MAX_DEPTH: Final = 24
MAX_NODES: Final = 10_000
MAX_ALIASES: Final = 100
_MAX_DIGITS: Final = 18

Plain: TypeAlias = "None | bool | int | float | str | list[Plain] | dict[str, Plain]"
Path: TypeAlias = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A text, number, truth value or nothing; `style` is the quote or block sign it was written with."""

    value: None | bool | float | str
    line: int
    column: int
    style: str = ""
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """A mapping as written: its keys, with their places, in order."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int
    size: int

    def get(self, key: str) -> tuple[Scalar, Node] | None:
        """Key and value, or None."""
        return next(((k, v) for k, v in self.pairs if k.value == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A sequence."""

    members: tuple[Node, ...]
    line: int
    column: int
    size: int


Node: TypeAlias = Scalar | Entries | Listing


class Unreadable(Exception):
    """The text is no YAML that can be read on; carries the problem that ended it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not been seen yet."""

    is_mapping: bool
    line: int
    column: int
    anchor: str | None
    children: list[Node]


class _Builder:
    """Events in, one tree out."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._aliases = 0
        self._nodes = 0

    def stop(self, message: str, line: int, column: int, hint: str = "") -> Unreadable:
        return Unreadable(Problem(file=self.file, line=line, column=column, message=message, hint=hint))

    def take(self, event: Event) -> None:
        """Digest one event of the parser."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, DocumentStartEvent) and self.root is not None:
            raise self.stop("a second document starts here", line, column, "keep one template per file")
        if isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            self._note_tag(event, line, column)
        if isinstance(event, ScalarEvent):
            self._close(self._scalar(event, line, column), event.anchor)
        elif isinstance(event, AliasEvent):
            self._close(self._alias(event, line, column), None)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._start(event, line, column)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            done = self._open.pop()
            self._close(self._finish(done), done.anchor)

    def _note_tag(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, line: int, column: int) -> None:
        if event.tag is not None and str(event.tag) != "!":
            self.problems.append(
                Problem(
                    file=self.file,
                    line=line,
                    column=column,
                    message=f"tags are not allowed: {shown(str(event.tag))}",
                    hint="write the plain value",
                )
            )

    def _start(self, event: MappingStartEvent | SequenceStartEvent, line: int, column: int) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise self.stop(f"nested deeper than {MAX_DEPTH} levels", line, column)
        self._open.append(_Open(isinstance(event, MappingStartEvent), line, column, event.anchor, []))

    def _alias(self, event: AliasEvent, line: int, column: int) -> Node:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self.stop(f"more than {MAX_ALIASES} aliases (*name)", line, column, "write the values out")
        target = self._anchors.get(event.anchor)
        if target is None:
            raise self.stop(f"alias *{event.anchor} comes before its anchor is complete", line, column)
        return target

    def _close(self, node: Node, anchor: str | None) -> None:
        """A value is complete: count it, remember its anchor, hang it where it belongs."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self.stop(f"more than {MAX_NODES:,} values", node.line, node.column, "split the template")
        if anchor is not None:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node

    def _finish(self, done: _Open) -> Node:
        size = 1 + sum(child.size for child in done.children)
        if size > MAX_NODES:
            raise self.stop(f"more than {MAX_NODES:,} values", done.line, done.column, "split the template")
        if not done.is_mapping:
            return Listing(members=tuple(done.children), line=done.line, column=done.column, size=size)
        pairs = tuple(self._pairs(done.children))
        return Entries(pairs=pairs, line=done.line, column=done.column, size=size)

    def _pairs(self, children: Sequence[Node]) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Scalar] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise self.stop(
                    "a key must be a plain word", key.line, key.column, "quote texts that begin with { or ["
                )
            name = _key_text(key)
            if name in seen:
                self._note_duplicate(name, key, seen[name])
                continue
            seen[name] = key
            yield Scalar(value=name, line=key.line, column=key.column), value

    def _note_duplicate(self, name: str, key: Scalar, first: Scalar) -> None:
        self.problems.append(
            Problem(
                file=self.file,
                line=key.line,
                column=key.column,
                message=f"key {shown(name)} stands here a second time",
                hint=f"it is first at {first.line}:{first.column}; keep one of them",
            )
        )

    def _scalar(self, event: ScalarEvent, line: int, column: int) -> Scalar:
        style = event.style or ""
        text = str(event.value)
        if style:
            return Scalar(value=text, line=line, column=column, style=style)
        if text in _WORDS:
            return Scalar(value=_WORDS[text], line=line, column=column)
        return Scalar(value=self._number(text, line, column), line=line, column=column)

    def _number(self, text: str, line: int, column: int) -> float | str:
        """The number that a plain text spells, else the text itself."""
        is_whole = _INT.match(text) is not None
        if not is_whole and _FLOAT.match(text) is None:
            return text
        if len(text) > _MAX_DIGITS:
            self.problems.append(
                Problem(
                    file=self.file,
                    line=line,
                    column=column,
                    message=f"number with more than {_MAX_DIGITS} digits",
                    hint="put it in quotes if it is a text",
                )
            )
            return text
        return int(text) if is_whole else float(text)


def _key_text(key: Scalar) -> str:
    """Keys are texts, also where YAML would read a number or a truth value."""
    if isinstance(key.value, str):
        return key.value
    if key.value is None or isinstance(key.value, bool):
        return {None: "null", True: "true", False: "false"}[key.value]
    return f"{key.value:g}"


def read_nodes(raw: bytes, file: str) -> tuple[Node, tuple[Problem, ...]]:
    """The tree of a YAML text, and problems that do not keep it from being read on.

    Raises:
        Unreadable: too large, no UTF-8, no YAML, or beyond a cap.
    """
    text = _decode(raw, file)
    builder = _Builder(file)
    _feed(builder.take, text, file)
    if builder.root is None:
        raise Unreadable(Problem(file=file, line=0, column=0, message="the file is empty"))
    return builder.root, tuple(builder.problems)


def _feed(take: Callable[[Event], None], text: str, file: str) -> None:
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            take(event)
    except MarkedYAMLError as error:
        raise Unreadable(_syntax_problem(error, file)) from None
    except YAMLError as error:
        first = str(error).strip().splitlines()[0]
        raise Unreadable(Problem(file=file, line=0, column=0, message=f"cannot be read as YAML: {first}")) from None
    except RecursionError:
        message = f"nested deeper than {MAX_DEPTH} levels"
        raise Unreadable(Problem(file=file, line=0, column=0, message=message)) from None


def _syntax_problem(error: MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    words = ", ".join(part for part in (error.context, error.problem) if part)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    hint = "quote texts that contain ': ' or begin with {, [, *, &, ! or %"
    return Problem(file=file, line=line, column=column, message=f"no valid YAML: {words}", hint=hint)


def _decode(raw: bytes, file: str) -> str:
    """Text of the file, with the caps that need no parser."""
    if len(raw) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024} KiB"
        raise Unreadable(Problem(file=file, line=0, column=0, message=message))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = "the file is not UTF-8"
        raise Unreadable(Problem(file=file, line=line, column=0, message=message, hint="save it as UTF-8")) from None
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        message = f"more than {MAX_LINES:,} lines"
        raise Unreadable(Problem(file=file, line=MAX_LINES + 1, column=0, message=message))
    for number, line_text in enumerate(lines, start=1):
        if len(line_text) > MAX_LINE:
            message = f"line longer than {MAX_LINE:,} characters"
            raise Unreadable(Problem(file=file, line=number, column=0, message=message))
    return text


def plain(node: Node) -> Plain:
    """The tree without places."""
    match node:
        case Scalar(value=value):
            return value
        case Listing(members=members):
            return [plain(member) for member in members]
        case Entries(pairs=pairs):
            return {str(key.value): plain(value) for key, value in pairs}


def locate(root: Node, path: Path, *, key: bool = False) -> tuple[Node, Path]:
    """The deepest node along `path` that exists, and the path to it.

    Steps that name nothing in the tree (the name of a union's member, say) are passed over.
    With `key`, the last step answers with the place of the key itself instead of its value.
    """
    node, found = root, list[str | int]()
    for number, step in enumerate(path):
        below: Node | None = None
        if isinstance(node, Entries) and (entry := node.get(str(step))):
            below = entry[0] if key and number == len(path) - 1 else entry[1]
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.members):
            below = node.members[step]
        if below is not None:
            node = below
            found.append(step)
    return node, tuple(found)


def scalars(node: Node, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Every scalar value below `node` with its path, in the order of the text."""
    match node:
        case Scalar():
            yield path, node
        case Listing(members=members):
            for index, member in enumerate(members):
                yield from scalars(member, (*path, index))
        case Entries(pairs=pairs):
            for key, value in pairs:
                yield from scalars(value, (*path, str(key.value)))
