"""Days, ages and chances as people say them; texts and addresses that are safe to show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.report import words

NOW = datetime(2027, 5, 12, 9, 5, tzinfo=UTC)


def test_days_and_moments():
    assert words.day(date(2027, 5, 12)) == "12 May 2027"
    assert words.short_day(date(2027, 5, 2)) == "2 May"
    assert words.moment(NOW) == "12 May 2027, 09:05 UTC"
    assert words.day(None) == words.moment(None) == words.NOTHING


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2027, 5, 12), date(2027, 5, 14), "12\u201314 May 2027"),
        (date(2027, 4, 28), date(2027, 5, 2), "28 Apr \u2013 2 May 2027"),
        (date(2026, 12, 28), date(2027, 1, 2), "28 Dec 2026 \u2013 2 Jan 2027"),
        (date(2027, 5, 12), date(2027, 5, 12), "12 May 2027"),
        (None, date(2027, 5, 12), "12 May 2027"),
        (date(2027, 5, 12), None, "12 May 2027"),
        (None, None, "\u2013"),
    ],
)
def test_spans(first, last, said):
    assert words.span(first, last) == said


@pytest.mark.parametrize(
    ("chance", "said"),
    [(None, "\u2013"), (0.0, "0 %"), (0.0001, "1 %"), (0.616, "62 %"), (0.9999, "99 %"), (1.0, "100 %")],
)
def test_what_is_not_certain_is_never_said_to_be(chance, said):
    assert words.share(chance).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(4.13, "+4.1 days"), (-1.0, "\u22121 day"), (0.04, "0 days"), (-0.04, "0 days"), (12.0, "+12 days")],
)
def test_signed_days(number, said):
    assert words.signed_days(number) == said


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(minutes=59), "less than an hour"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_ages(age, said):
    assert words.age(NOW - age, NOW) == said
    assert words.age(None, NOW) == "never"


def test_sentences_begin_large_and_end():
    assert words.sentence("no pulse was taken yet") == "No pulse was taken yet."
    assert words.sentence("If it came today: 47% chance.") == "If it came today: 47\u00a0% chance."
    assert words.sentence("80 % sure") == "80\u00a0% sure."
    assert words.sentence("") == ""


def test_moves():
    assert [words.moved(times) for times in (0, 1, 3)] == ["never moved", "moved once", "moved 3 times"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\tand  spaces ", "two lines and spaces"),
        ("\u202eevil\u202c \u2066txt\u2069", "evil txt"),
        ("nul\x00 bell\x07 \x1b[31mred", "nul bell [31mred"),
        ("half \ud83d", "half \ufffd"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
        ("\U0001f468\u200d\U0001f4bb", "\U0001f468\u200d\U0001f4bb"),
        ("<b>&amp;", "<b>&amp;"),
    ],
)
def test_plain_text(text, shown):
    assert words.plain(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60))
def test_plain_text_is_one_line_that_can_be_written(text):
    shown = words.plain(text)
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert len(shown.splitlines()) <= 1
    assert words.plain(shown) == shown


@given(st.text(max_size=60), st.integers(2, 40))
def test_clipped_text_fits(text, letters):
    shown = words.clipped(text, letters)
    assert len(shown) <= letters
    assert shown == words.plain(text) or shown.endswith("\u2026")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/browse/SEC-1?a=b&c=d#e",
        "http://127.0.0.1:8765/boards/jira/SEC",
        "http://localhost:8765/boards",
    ],
)
def test_harmless_addresses_stay(address):
    assert words.safe_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://example.com",
        "java\nscript:alert(1)",
        " https://example.com",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "http://example.com/plain",
        "http://127.0.0.1.example.com/",
        "https://user:secret@example.com/",
        "https:///nowhere",
        "//example.com/",
        "file:///etc/passwd",
        "https://[broken",
        "https://example.com\\@evil.example",
        "/relative",
    ],
)
def test_other_addresses_are_dropped(address):
    assert words.safe_address(address) == ""
