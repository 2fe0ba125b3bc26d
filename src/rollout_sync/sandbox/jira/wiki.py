"""Wiki markup, the text form of version 2 of the API: to and from Atlassian documents. Pure.

Understood both ways: headings, paragraphs, line breaks, bulleted and numbered lists, code blocks, rules, strong,
emphasis, monospaced, and links. Other nodes become their plain text.
"""

from __future__ import annotations

import re
from typing import Final

from rollout_sync.sandbox.jira.adf import text_of
from rollout_sync.sandbox.jira.documents import Json

_HEADING: Final = re.compile(r"h([1-6])\.\s+(.*)")
_ITEM: Final = re.compile(r"([*#-])\s+(.*)")
_CODE: Final = re.compile(r"\{code(?::[^}]*)?\}\n?(.*?)\n?\{code\}", re.DOTALL)
_INLINE: Final = re.compile(
    r"\[(?P<text>[^|\]\n]+)\|(?P<href>[^\]\n]+)\]|\[(?P<bare>https?://[^\]\s]+)\]|(?P<url>https?://[^\s\]]+)"
    r"|(?<!\w)\*(?P<strong>[^*\n]+)\*(?!\w)|(?<!\w)_(?P<em>[^_\n]+)_(?!\w)|\{\{(?P<code>[^}\n]+)\}\}"
)
_WRAPS: Final = {"strong": ("*", "*"), "em": ("_", "_"), "code": ("{{", "}}"), "strike": ("-", "-")}


def to_document(text: str) -> Json:
    """The document that wiki markup means."""
    content: list[Json] = []
    at = 0
    for found in _CODE.finditer(text):
        content += _blocks(text[at : found.start()])
        content.append({"type": "codeBlock", "content": _texts(found[1])})
        at = found.end()
    content += _blocks(text[at:])
    return {"type": "doc", "version": 1, "content": content}


def to_wiki(document: Json | None) -> str | None:
    """The wiki markup of a document; None stays None."""
    if document is None:
        return None
    return "\n\n".join(_block(node) for node in document["content"])


def _blocks(text: str) -> list[Json]:
    found: list[Json] = []
    lines: list[str] = []
    is_gap = True
    for line in text.replace("\r\n", "\n").split("\n"):
        heading, item = _HEADING.match(line), _ITEM.match(line)
        is_rule = line.strip() == "----"
        if heading or item or is_rule or not line.strip():
            _flush(lines, found)
        if heading:
            found.append({"type": "heading", "attrs": {"level": int(heading[1])}, "content": _inline(heading[2])})
        elif is_rule:
            found.append({"type": "rule"})
        elif item:
            _add_item("orderedList" if item[1] == "#" else "bulletList", item[2], found, is_new=is_gap)
        elif line.strip():
            lines.append(line)
        is_gap = not line.strip()
    _flush(lines, found)
    return found


def _add_item(kind: str, text: str, found: list[Json], *, is_new: bool) -> None:
    item = {"type": "listItem", "content": [{"type": "paragraph", "content": _inline(text)}]}
    if found and found[-1]["type"] == kind and not is_new:
        found[-1]["content"].append(item)
    else:
        found.append({"type": kind, "content": [item]})


def _flush(lines: list[str], found: list[Json]) -> None:
    if not lines:
        return
    content: list[Json] = []
    for number, line in enumerate(lines):
        if number:
            content.append({"type": "hardBreak"})
        content += _inline(line)
    found.append({"type": "paragraph", "content": content})
    lines.clear()


def _inline(text: str) -> list[Json]:
    nodes: list[Json] = []
    at = 0
    for found in _INLINE.finditer(text):
        nodes += _texts(text[at : found.start()])
        nodes.append(_marked(found))
        at = found.end()
    return nodes + _texts(text[at:])


def _marked(found: re.Match[str]) -> Json:
    for mark in ("strong", "em", "code"):
        if found[mark] is not None:
            return {"type": "text", "text": found[mark], "marks": [{"type": mark}]}
    href = found["href"] or found["bare"] or found["url"]
    return {"type": "text", "text": found["text"] or href, "marks": [{"type": "link", "attrs": {"href": href}}]}


def _texts(text: str) -> list[Json]:
    return [{"type": "text", "text": text}] if text else []


def _block(node: Json) -> str:
    kind, content = node["type"], node.get("content") or []
    match kind:
        case "paragraph":
            return _line(content)
        case "heading":
            return f"h{node['attrs']['level']}. {_line(content)}"
        case "bulletList" | "orderedList":
            return "\n".join(_items(node, "*" if kind == "bulletList" else "#"))
        case "codeBlock":
            return "{code}\n" + text_of(node) + "\n{code}"
        case "rule":
            return "----"
        case _:
            return text_of(node)


def _items(node: Json, bullets: str) -> list[str]:
    lines: list[str] = []
    for item in node["content"]:
        for child in item["content"]:
            if child["type"] in {"bulletList", "orderedList"}:
                lines += _items(child, bullets + ("*" if child["type"] == "bulletList" else "#"))
            else:
                lines.append(f"{bullets} {_block(child)}")
    return lines


def _line(content: list[Json]) -> str:
    return "".join("\n" if node["type"] == "hardBreak" else _run(node) for node in content)


def _run(node: Json) -> str:
    text = text_of(node)
    href = ""
    for mark in node.get("marks") or ():
        before, after = _WRAPS.get(mark["type"], ("", ""))
        text = f"{before}{text}{after}"
        if mark["type"] == "link":
            href = mark["attrs"]["href"]
    if not href:
        return text
    return href if href == text else f"[{text}|{href}]"
