"""Rich text: which documents are valid, and wiki markup to documents and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.sandbox.jira.adf import fault, is_document, paragraphs, text_of
from rollout_sync.sandbox.jira.wiki import to_document, to_wiki
from support.jira_desk import paragraph


def document(*content: object) -> dict:
    return {"type": "doc", "version": 1, "content": list(content)}


def test_a_document_with_lists_links_and_headings_is_valid():
    item = {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "one"}]}]}
    link = {"type": "text", "text": "x", "marks": [{"type": "link", "attrs": {"href": "https://a.example.com"}}]}
    heading = {"type": "heading", "attrs": {"level": 2}, "content": [link]}
    whole = document(heading, {"type": "bulletList", "content": [item]}, {"type": "rule"}, {"type": "paragraph"})

    assert is_document(whole)
    assert fault(whole) is None
    assert text_of(whole) == "x\none"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"type": "doc", "version": 2, "content": []}, "version"),
        ({"type": "doc", "version": 1}, "content"),
        (document({"type": "paragraph", "content": [{"type": "text", "text": ""}]}), "empty"),
        (document({"type": "text", "text": "loose"}), "may not stand in doc"),
        (document({"type": "bulletList", "content": []}), "empty"),
        (document({"type": "bulletList", "content": [{"type": "paragraph"}]}), "may not stand in bulletList"),
        (document({"type": "heading", "attrs": {"level": 9}}), "level"),
        (document({"type": "paragraph", "content": [{"type": "text", "text": "a", "marks": [{"type": "b"}]}]}), "mark"),
        (document({"type": "nonsense"}), "nonsense"),
        (document("text"), "not an object"),
    ],
)
def test_what_is_no_valid_document(broken, why):
    assert why in (fault(broken) or "")


def test_nesting_has_an_end():
    inner: dict = {"type": "paragraph"}
    for _ in range(60):
        inner = {"type": "blockquote", "content": [inner]}
    assert fault(document(inner)) == "nested too deeply"


@pytest.mark.parametrize(
    "text",
    [
        "Plain.",
        "h2. Goal\n\nOne line\nand another\n\n* a\n* b\n\n# first\n# second",
        "See [the plan|https://a.example.com/x] and https://b.example.com",
        "*strong* and _soft_ and {{code}}",
        "before\n\n{code}\nx = 1\n{code}\n\nafter",
        "----",
    ],
)
def test_wiki_markup_survives_the_way_through_a_document(text):
    whole = to_document(text)
    assert fault(whole) is None
    assert to_wiki(whole) == text


@given(st.text(max_size=200))
def test_any_text_becomes_a_valid_document(text):
    assert fault(to_document(text)) is None


def test_paragraphs_keep_their_text():
    assert text_of(paragraphs("a", "", "b")) == "a\n\nb"
    assert text_of(None) == ""
    assert to_wiki(None) is None
    assert text_of(paragraph("See runbook.")) == "See runbook."
