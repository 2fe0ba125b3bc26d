"""The marker line in a task's notes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.model.objects import Marker, ObjectKey, ObjectKind
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.planner.marks import Mark, add_mark, split_mark

MARK = Mark(
    rollout=RolloutId("mfa-2027"),
    object=ObjectKey(ObjectKind.DETAILS, "enforce/wave-finance/session"),
    marker=Marker("0123456789abcdef0123456789abcdef"),
)
TEXTS = st.text(st.characters(blacklist_characters="\r", blacklist_categories=("Cs",)), max_size=200)


def test_the_line_is_short_and_readable():
    assert (
        str(MARK) == "rollout-sync · mfa-2027 · details:enforce/wave-finance/session · 0123456789abcdef0123456789abcdef"
    )


@given(TEXTS)
def test_text_and_mark_round_trip(text):
    assert split_mark(add_mark(text, MARK)) == (text, MARK)


@given(TEXTS)
def test_text_without_a_mark_stays_as_it_is(text):
    assert split_mark(text) == (text, None)


def test_windows_line_ends_are_understood():
    assert split_mark(f"One\r\nTwo\r\n\r\n{MARK}\r\n") == ("One\nTwo\n", MARK)


def test_what_people_write_below_the_line_is_kept():
    assert split_mark(f"Ours\n\n{MARK}\nAsk Frida first.") == ("Ours\nAsk Frida first.", MARK)


def test_of_several_lines_the_last_counts_and_all_are_taken_off():
    older = Mark(rollout=MARK.rollout, object=MARK.object, marker=Marker("f" * 32))
    assert split_mark(f"Text\n\n{older}\n\n{MARK}") == ("Text", MARK)


@pytest.mark.parametrize(
    "line",
    [
        "rollout-sync · mfa-2027 · details:a/b · tooshort",
        "rollout-sync · mfa-2027 · nothing:a/b · 0123456789abcdef0123456789abcdef",
        "rollout-sync · MFA · details:a/b · 0123456789abcdef0123456789abcdef",
        "see rollout-sync · mfa-2027 · details:a/b · 0123456789abcdef0123456789abcdef",
    ],
)
def test_lines_that_only_look_similar_are_text(line):
    assert split_mark(f"Hello\n{line}") == (f"Hello\n{line}", None)
