"""Atlassian Document Format: what Jira accepts as a document, and its text. Pure."""

from __future__ import annotations

from typing import Final

from rollout_sync.sandbox.jira.documents import Json

_BLOCKS: Final = frozenset(
    [
        "blockquote",
        "bulletList",
        "codeBlock",
        "decisionList",
        "expand",
        "nestedExpand",
        "heading",
        "mediaGroup",
        "mediaSingle",
        "orderedList",
        "panel",
        "paragraph",
        "rule",
        "table",
        "taskList",
        "blockCard",
        "embedCard",
        "extension",
        "bodiedExtension",
        "layoutSection",
    ]
)
_INLINES: Final = frozenset(
    [
        "text",
        "hardBreak",
        "mention",
        "emoji",
        "inlineCard",
        "date",
        "status",
        "placeholder",
        "inlineExtension",
        "mediaInline",
    ]
)
_MARKS: Final = frozenset(
    [
        "strong",
        "em",
        "code",
        "strike",
        "underline",
        "link",
        "subsup",
        "textColor",
        "backgroundColor",
        "annotation",
        "border",
        "alignment",
        "indentation",
        "fragment",
        "breakout",
        "dataConsumer",
    ]
)
_CHILDREN: Final[dict[str, frozenset[str]]] = {
    "doc": _BLOCKS,
    "paragraph": _INLINES,
    "heading": _INLINES,
    "codeBlock": frozenset({"text"}),
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "taskList": frozenset({"taskItem", "taskList"}),
    "taskItem": _INLINES,
    "decisionList": frozenset({"decisionItem"}),
    "decisionItem": _INLINES,
    "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableCell", "tableHeader"}),
    "mediaGroup": frozenset({"media"}),
    "mediaSingle": frozenset({"media", "caption"}),
    "caption": _INLINES,
    "layoutSection": frozenset({"layoutColumn"}),
}
_ITEMS: Final = frozenset({"taskItem", "decisionItem"})
_ENDS_LINE: Final = _BLOCKS | _ITEMS
_LEAVES: Final = frozenset({"rule", "blockCard", "embedCard", "extension", "media"}) | (_INLINES - {"text"})
_NEEDS_CONTENT: Final = frozenset({"bulletList", "orderedList", "listItem", "table", "tableRow", "blockquote", "panel"})
_MAX_DEPTH: Final = 40
_MAX_HEADING: Final = 6


def is_document(value: object) -> bool:
    """Whether a value has the outer form of a document: an object of type doc."""
    return isinstance(value, dict) and value.get("type") == "doc"


def fault(document: Json) -> str | None:
    """Why a document is invalid, for people who debug; None when it is valid. Jira itself says INVALID_INPUT."""
    if document.get("version") != 1:
        return "version is not 1"
    if not isinstance(document.get("content"), list):
        return "content is not a list"
    return _content_fault("doc", document["content"], 0)


def text_of(document: Json | None) -> str:
    """The document's plain text, blocks on lines of their own."""
    if not document:
        return ""
    parts: list[str] = []
    _collect(document, parts)
    return "".join(parts).strip("\n")


def paragraphs(*texts: str) -> Json:
    """A document of plain paragraphs; empty texts become empty paragraphs."""
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": text}] if text else []} for text in texts
        ],
    }


def _content_fault(parent: str, content: list[object], depth: int) -> str | None:
    if depth > _MAX_DEPTH:
        return "nested too deeply"
    allowed = _CHILDREN.get(parent, _BLOCKS)
    for node in content:
        if not isinstance(node, dict):
            return f"a child of {parent} is not an object"
        if node.get("type") not in allowed:
            return f"{node.get('type')!r} may not stand in {parent}"
        found = _node_fault(node, depth)
        if found:
            return found
    return None


def _node_fault(node: Json, depth: int) -> str | None:
    kind = node["type"]
    if kind == "text":
        return _text_fault(node)
    if kind == "heading" and not _is_heading_level(node.get("attrs")):
        return "a heading has no level from 1 to 6"
    content = node.get("content")
    if kind in _LEAVES:
        return f"{kind} has content" if content else None
    if kind in _NEEDS_CONTENT and not content:
        return f"{kind} is empty"
    if not isinstance(content, list):
        return None if content is None else f"content of {kind} is not a list"
    return _content_fault(kind, content, depth + 1)


def _text_fault(node: Json) -> str | None:
    if not isinstance(node.get("text"), str) or not node["text"]:
        return "a text node is empty"
    marks = node.get("marks", [])
    if not isinstance(marks, list):
        return "marks is not a list"
    for mark in marks:
        if not isinstance(mark, dict) or mark.get("type") not in _MARKS:
            return "unknown mark"
        if mark["type"] == "link" and not isinstance((mark.get("attrs") or {}).get("href"), str):
            return "a link has no href"
    return None


def _is_heading_level(attrs: object) -> bool:
    return isinstance(attrs, dict) and attrs.get("level") in range(1, _MAX_HEADING + 1)


def _collect(node: Json, parts: list[str]) -> None:
    kind = node["type"]
    attrs = node.get("attrs") or {}
    if kind == "text":
        parts.append(node["text"])
    elif kind == "hardBreak":
        parts.append("\n")
    elif kind in {"mention", "emoji", "status"}:
        parts.append(str(attrs.get("text", "")))
    elif kind in {"inlineCard", "blockCard", "embedCard"}:
        parts.append(str(attrs.get("url", "")))
    for child in node.get("content") or ():
        _collect(child, parts)
    if kind in _ENDS_LINE:
        parts.append("\n")
