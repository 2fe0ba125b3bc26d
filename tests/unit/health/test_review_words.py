"""The small words of reviews: days, dates, chances, names cut to size, and sentences of at most so many words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.health import phrases


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1 day"),
        (0, "0 days"),
        (6, "6 days"),
        (2.5, "2.5 days"),
        (1.04, "1 day"),
        (9.96, "10 days"),
        (12.4, "12 days"),
    ],
)
def test_days(number, words):
    assert phrases.days(number) == words


@pytest.mark.parametrize(
    ("number", "words"), [(0.2, "0 hours"), (1, "1 hour"), (47, "47 hours"), (48, "2 days"), (100, "4 days")]
)
def test_ages(number, words):
    assert phrases.hours(number) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0 %"), (0.004, "under 1 %"), (0.616, "62 %"), (0.996, "over 99 %"), (1.0, "100 %")],
)
def test_chances_are_no_certainties(share, words):
    assert phrases.chance(share) == words


def test_dates_name_another_year():
    assert phrases.on(date(2027, 5, 12), date(2027, 1, 1)) == "12 May"
    assert phrases.on(date(2028, 5, 2), date(2027, 1, 1)) == "2 May 2028"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Green light", "'Green light'"),
        ("one two three four five six seven eight", "'one two three four five six seven …'"),
        ("w" * 80, "'" + "w" * 59 + "…'"),
        ("two\nlines;\tand \u202emore\x00", "'two lines, and more'"),
    ],
)
def test_titles_are_cut_and_cleaned(text, shown):
    assert phrases.title(text) == shown


@pytest.mark.parametrize(
    ("titles", "shown"),
    [
        (["A"], "'A'"),
        (["A", "B"], "'A' and 'B'"),
        (["A", "B", "C"], "'A', 'B' and 'C'"),
        (["A", "B", "C", "D", "E"], "'A', 'B', 'C' and 2 more"),
    ],
)
def test_several_titles(titles, shown):
    assert phrases.named(titles) == shown


def test_the_middle_of_a_sentence_is_cut_first():
    long = "the quick brown fox jumps over the lazy dog"
    assert (
        phrases.capped("Red because x:", "it is late", "go-live 1 May", 12)
        == "Red because x: it is late; go-live 1 May."
    )
    assert (
        phrases.capped("Red because x:", long, "go-live 1 May", 10)
        == "Red because x: the quick brown …; go-live 1 May."
    )
    assert phrases.capped("Red because x:", long, "go-live 1 May", 5) == "Red because x:; go-live 1."
    assert phrases.capped("Red because x:", "late", "", 9) == "Red because x: late."


@given(st.text(max_size=90), st.text(max_size=200), st.text(max_size=90), st.integers(1, 40))
def test_no_sentence_has_more_words(opening, middle, ending, words):
    assert len(phrases.capped(opening, middle, ending, words).split()) <= words
