"""Plain text to ADF and back, and JQL literals."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import ConfigError
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.jira.adf import from_adf, normal, to_adf
from rollout_sync.trackers.jira.jql import newest_of_type, of_rollout, project_key, quoted, rollout_label

LINE = st.text(alphabet=st.sampled_from("ab -*.,é€\t\r\x00(") | st.characters(codec="utf-8"), max_size=12)
URLS = st.sampled_from(["https://a.example.com/x?y=1#z", "see http://b.example.com.", "- https://c.example.com, too"])
TEXT = st.lists(LINE | URLS | st.just("") | st.just("- a"), max_size=12).map("\n".join)


@given(TEXT)
def test_a_text_survives_the_round_trip(text):
    assert from_adf(to_adf(text)) == normal(text)


@given(TEXT)
def test_normal_is_settled(text):
    assert normal(normal(text)) == normal(text)


@given(TEXT)
def test_documents_hold_no_empty_or_broken_text_nodes(text):
    def walk(node):
        if node.get("type") == "text":
            assert node["text"]
            assert "\n" not in node["text"]
        for child in node.get("content", ()):
            walk(child)

    walk(to_adf(text))


@pytest.mark.parametrize(
    "text", ["", "a", "a\nb", "a\n\nb", "a\n- b", "a\n\n- b", "- a\n- b", "- a\n\n- b", "- a\nb\n\nc"]
)
def test_usual_texts_stay_as_they_are(text):
    assert from_adf(to_adf(text)) == text


def test_a_list_is_a_list_and_an_address_a_link():
    document = to_adf("Read https://a.example.com/x, then:\n- one\n- two")
    paragraph, bullets = document["content"]
    assert [node["text"] for node in paragraph["content"]] == ["Read ", "https://a.example.com/x", ", then:"]
    assert paragraph["content"][1]["marks"] == [{"type": "link", "attrs": {"href": "https://a.example.com/x"}}]
    assert bullets["type"] == "bulletList"
    assert len(bullets["content"]) == 2


def test_what_people_write_is_read_as_text():
    document = {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Goal"}]},
            {"type": "paragraph", "content": [
                {"type": "mention", "attrs": {"id": "1", "text": "@Erin"}}, {"type": "text", "text": " look at "},
                {"type": "inlineCard", "attrs": {"url": "https://a.example.com"}},
                {"type": "text", "text": "here", "marks": [{"type": "link", "attrs": {"href": "https://b.example.com"}}]},
            ]},
            {"type": "orderedList", "content": [
                {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "one"}]}]},
            ]},
            {"type": "rule"},
            {"type": "table", "content": [{"type": "tableRow", "content": [
                {"type": "tableCell", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x"}]}]},
                {"type": "tableCell", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "y"}]}]},
            ]}]},
            {"type": "novelty", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "new"}]}]},
        ],
    }  # fmt: skip
    assert from_adf(document) == (
        "Goal\n\n@Erin look at https://a.example.comhere (https://b.example.com)\n\n1. one\n\n---\n\nx | y\n\nnew"
    )


@pytest.mark.parametrize("document", [None, {}, {"content": 3}, [], 7, {"type": "doc", "content": [None, 1]}])
def test_broken_documents_are_empty(document):
    assert from_adf(document) == ""


def test_depth_is_bounded():
    node = {"type": "paragraph", "content": [{"type": "text", "text": "deep"}]}
    for _ in range(500):
        node = {"type": "panel", "content": [node]}
    assert from_adf({"type": "doc", "content": [node]}) == ""


@given(st.text())
def test_a_quoted_value_is_one_literal(value):
    try:
        literal = quoted(value)
    except ValueError:
        assert any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in value)
        return
    match = re.fullmatch(r'"((?:[^"\\]|\\["\\])*)"', literal)
    assert match
    assert re.sub(r"\\(.)", r"\1", match.group(1)) == value


def test_queries():
    assert of_rollout(RolloutId("mfa-2027")) == 'labels = "rs-mfa-2027" ORDER BY created ASC'
    with pytest.raises(ValueError, match="label"):
        rollout_label(RolloutId("a b"))
    with pytest.raises(ValueError, match="invalid literal"):
        newest_of_type("SEC", "1 OR 1=1")


@pytest.mark.parametrize("text", ["", "sec", "S", "SEC-1", 'SEC" OR', "SEC\n", "É1"])
def test_project_keys_are_checked(text):
    with pytest.raises(ConfigError) as caught:
        project_key(text)
    assert caught.value.where == "jira.project"
