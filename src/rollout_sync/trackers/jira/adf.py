"""Plain text to the Atlassian Document Format and back. Pure; nodes are built, never pasted together from text.

Plain text: a blank line ends a paragraph, lines that begin with "- " are bullets (a line after one belongs to it),
web addresses become links. `from_adf(to_adf(t)) == normal(t)` for every text: a blank line between a paragraph and a
list is kept as a line break at the paragraph's end, which nobody sees.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from rollout_sync.trackers.jira.shapes import Json

_URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}'*]")
_BULLET = "- "
_BREAK: Json = {"type": "hardBreak"}
_DEEPEST = 40
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Unicode's categories Cc, Cs, Zl and Zp, without tab and line feed."""


def normal(text: str) -> str:
    """The one spelling of a text that survives the round trip.

    No control characters, no spaces at line ends, no more than one blank line in a row, none at either end.
    """
    kept = _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = [line.rstrip() for line in kept.replace("\t", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def to_adf(text: str) -> Json:
    """The document for a plain text."""
    shown = normal(text)
    blocks = [block.split("\n") for block in shown.split("\n\n")] if shown else []
    content: list[Json] = []
    for number, lines in enumerate(blocks):
        following = blocks[number + 1] if number + 1 < len(blocks) else [""]
        content += _block(lines, before_list=following[0].startswith(_BULLET))
    return {"type": "doc", "version": 1, "content": content}


def from_adf(document: object) -> str:
    """The plain text of a document that we or people wrote; kinds of nodes without a plain form give their text."""
    if document is None:
        return ""
    if isinstance(document, str):
        return normal(document)
    blocks = _children(document)
    parts = [_block_text(node, 0) for node in blocks]
    joined = parts[0] if parts else ""
    for (node, following), part in zip(pairwise(blocks), parts[1:], strict=True):
        joined += _gap(node, following) + part
    return normal(joined)


def _block(lines: Sequence[str], *, before_list: bool) -> list[Json]:
    first_bullet = next((n for n, line in enumerate(lines) if line.startswith(_BULLET)), len(lines))
    nodes: list[Json] = []
    if first_bullet:
        ends = [_BREAK] if before_list and first_bullet == len(lines) else []
        nodes.append({"type": "paragraph", "content": [*_inline(lines[:first_bullet]), *ends]})
    if first_bullet < len(lines):
        nodes.append({"type": "bulletList", "content": _bullets(lines[first_bullet:])})
    return nodes


def _bullets(lines: Sequence[str]) -> list[Json]:
    items: list[list[str]] = []
    for line in lines:
        if line.startswith(_BULLET):
            items.append([line.removeprefix(_BULLET)])
        else:
            items[-1].append(line)
    return [{"type": "listItem", "content": [{"type": "paragraph", "content": _inline(item)}]} for item in items]


def _inline(lines: Sequence[str]) -> list[Json]:
    nodes: list[Json] = []
    for number, line in enumerate(lines):
        if number:
            nodes.append(_BREAK)
        nodes += _runs(line)
    return nodes


def _runs(line: str) -> list[Json]:
    if "://" not in line:
        return _plain(line)
    nodes: list[Json] = []
    end = 0
    for match in _URL.finditer(line):
        nodes += _plain(line[end : match.start()])
        link = {"type": "link", "attrs": {"href": match.group()}}
        nodes.append({"type": "text", "text": match.group(), "marks": [link]})
        end = match.end()
    return nodes + _plain(line[end:])


def _plain(text: str) -> list[Json]:
    return [{"type": "text", "text": text}] if text else []


def _gap(node: Json, following: Json) -> str:
    if node.get("type") == "paragraph" and following.get("type") == "bulletList":
        inline = _children(node)
        return "\n\n" if inline and inline[-1].get("type") == "hardBreak" else "\n"
    return "\n\n"


def _block_text(node: Json, depth: int) -> str:
    if depth > _DEEPEST:
        return ""
    special = _BLOCKS.get(str(node.get("type")))
    if special is not None:
        return special(node, depth)
    children = _children(node)
    if any(child.get("type") in _INLINE for child in children):
        return "".join(_inline_text(child) for child in children).rstrip("\n")
    return "\n".join(filter(None, (_block_text(child, depth + 1) for child in children)))


def _bullet_list(node: Json, depth: int) -> str:
    return "\n".join(_BULLET + _block_text(item, depth + 1) for item in _children(node))


def _ordered_list(node: Json, depth: int) -> str:
    return "\n".join(f"{n}. {_block_text(item, depth + 1)}" for n, item in enumerate(_children(node), start=1))


def _table_row(node: Json, depth: int) -> str:
    return " | ".join(_block_text(cell, depth + 1) for cell in _children(node))


def _rule(node: Json, depth: int) -> str:
    del node, depth
    return "---"


def _card(node: Json, depth: int) -> str:
    del depth
    return _attribute(node, ("url",))


_BLOCKS: Mapping[str, Callable[[Json, int], str]] = {
    "bulletList": _bullet_list,
    "orderedList": _ordered_list,
    "tableRow": _table_row,
    "rule": _rule,
    "blockCard": _card,
    "embedCard": _card,
}
_INLINE = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"})


def _inline_text(node: Json) -> str:
    match node.get("type"):
        case "text":
            return _linked(node)
        case "hardBreak":
            return "\n"
        case _:
            return _attribute(node, ("text", "shortName", "url", "timestamp"))


def _linked(node: Json) -> str:
    shown = str(node.get("text", ""))
    marks = node.get("marks")
    for mark in marks if isinstance(marks, list) else ():
        if isinstance(mark, Mapping) and mark.get("type") == "link":
            target = _attribute(mark, ("href",))
            return shown if target in ("", shown) else f"{shown} ({target})"
    return shown


def _attribute(node: Json, names: Iterable[str]) -> str:
    attributes = node.get("attrs")
    if not isinstance(attributes, Mapping):
        return ""
    return next((str(attributes[name]) for name in names if attributes.get(name)), "")


def _children(node: object) -> list[Json]:
    content = node.get("content") if isinstance(node, Mapping) else None
    return [child for child in content if isinstance(child, Mapping)] if isinstance(content, list) else []
