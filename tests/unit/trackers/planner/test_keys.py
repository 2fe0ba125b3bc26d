"""Keys and hints as Planner spells them."""

from __future__ import annotations

import string
from uuid import NAMESPACE_URL, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.trackers.planner.keys import (
    category,
    decode_reference,
    encode_reference,
    hint_after,
    hint_at,
    is_checklist_key,
)


def test_reference_keys_are_spelt_as_recorded():
    assert encode_reference("https://jira.example.com/browse/CHG-41") == "https%3A//jira%2Eexample%2Ecom/browse/CHG-41"


def test_the_percent_sign_is_escaped_first_and_only_five_characters_are():
    assert encode_reference("http://a.b/c d?x=1&y=%20@#") == "http%3A//a%2Eb/c d?x=1&y=%2520%40%23"


@given(st.text(string.printable + "ä€%25%2E", max_size=60))
def test_reference_keys_round_trip(url):
    assert decode_reference(encode_reference(url)) == url


def test_our_checklist_lines_are_told_from_peoples():
    assert is_checklist_key(str(uuid5(NAMESPACE_URL, "prepare/a Room")))
    assert not is_checklist_key(str(uuid4()))
    assert not is_checklist_key("1234")


def test_a_plan_has_25_labels():
    assert category(0) == "category1"
    assert category(24) == "category25"
    with pytest.raises(ValueError, match="25 labels"):
        category(25)


def test_hints_have_the_documented_form():
    assert hint_after("") == " !"
    assert hint_after(hint_after("")) == " ! !"
    before, after = hint_at(3).removesuffix("!").split(" ")
    assert before < after


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_hints_sort_as_their_numbers(one, other):
    if one < other:
        assert hint_at(one).removesuffix("!").split(" ")[1] <= hint_at(other).split(" ")[0]
