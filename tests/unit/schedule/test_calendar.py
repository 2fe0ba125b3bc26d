"""Working days by tables: weekends, public holidays, blackouts; and the laws that counting obeys."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import ConfigError
from rollout_sync.model.rollout import Blackout, CalendarSpec
from rollout_sync.schedule.calendar import WorkCalendar, nearest_countries

PLAIN = WorkCalendar.of(CalendarSpec())
BAVARIA = WorkCalendar.of(
    CalendarSpec(
        country="DE-BY", blackouts=(Blackout(first=date(2026, 12, 28), last=date(2027, 1, 8), reason="year end"),)
    )
)
SHIFTS = WorkCalendar.of(CalendarSpec(working_days=(6, 7), country="US"))


@pytest.mark.parametrize(
    ("calendar", "day", "expected"),
    [
        (PLAIN, date(2027, 3, 1), True),
        (PLAIN, date(2027, 2, 27), False),
        (PLAIN, date(2027, 2, 28), False),
        (PLAIN, date(2027, 1, 1), True),  # no country, no public holidays
        (BAVARIA, date(2027, 1, 6), False),
        (BAVARIA, date(2027, 5, 27), False),  # Corpus Christi is a holiday in Bavaria ...
        (BAVARIA, date(2026, 12, 28), False),  # both ends of a blackout
        (BAVARIA, date(2027, 1, 8), False),
        (BAVARIA, date(2027, 1, 11), True),
        (SHIFTS, date(2027, 2, 27), True),
        (SHIFTS, date(2027, 3, 1), False),
        (SHIFTS, date(2027, 7, 4), False),
    ],
)
def test_knows_working_days(calendar, day, expected):
    assert calendar.is_working(day) is expected


def test_a_subdivision_has_holidays_that_its_country_has_not():
    germany = WorkCalendar.of(CalendarSpec(country="DE"))  # ... and not in all of Germany
    assert germany.is_working(date(2027, 5, 27))
    assert not germany.is_working(date(2027, 5, 6))


def test_countries_are_read_in_any_case_and_by_name():
    assert WorkCalendar.of(CalendarSpec(country="de-by")).is_working(date(2027, 5, 27)) is False
    assert WorkCalendar.of(CalendarSpec(country="Germany")).is_working(date(2027, 5, 6)) is False
    assert WorkCalendar.of(CalendarSpec(country="gb-scotland")).is_working(date(2026, 11, 30)) is False
    assert WorkCalendar.of(CalendarSpec(country="de-augsburg")).is_working(date(2028, 8, 8)) is False  # peace festival


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2027, 3, 1), 0, date(2027, 3, 1)),
        (date(2027, 3, 1), 5, date(2027, 3, 8)),
        (date(2027, 3, 1), -1, date(2027, 2, 26)),
        (date(2027, 2, 27), 0, date(2027, 3, 1)),  # a Saturday counts as the next Monday
        (date(2027, 2, 27), 1, date(2027, 3, 2)),
        (date(2027, 2, 27), -1, date(2027, 2, 26)),
        (date(2026, 12, 31), 1, date(2027, 1, 1)),
        (date(2027, 1, 1), -1, date(2026, 12, 31)),
    ],
)
def test_shifts_by_working_days(day, n, expected):
    assert PLAIN.shift(day, n) == expected


def test_shifts_over_holidays_and_blackouts():
    assert BAVARIA.shift(date(2026, 12, 23), 2) == date(2027, 1, 11)
    assert BAVARIA.between(date(2026, 12, 23), date(2027, 1, 11)) == 2
    assert BAVARIA.between(date(2027, 1, 11), date(2026, 12, 23)) == -2


def test_a_blackout_may_swallow_whole_years():
    spec = CalendarSpec(blackouts=(Blackout(first=date(2027, 1, 1), last=date(2029, 12, 31)),))
    assert WorkCalendar.of(spec).shift(date(2026, 12, 31), 1) == date(2030, 1, 1)
    assert WorkCalendar.of(spec).between(date(2026, 12, 31), date(2030, 1, 2)) == 2


calendars = st.sampled_from([PLAIN, BAVARIA, SHIFTS])
dates = st.dates(date(2000, 1, 1), date(2060, 1, 1))
steps = st.integers(-600, 600)


@given(calendars, dates, dates)
def test_between_counts_the_days_that_are_working(calendar, a, b):
    first, last = min(a, b), min(max(a, b), min(a, b) + timedelta(days=800))
    counted = sum(calendar.is_working(first + timedelta(days=n)) for n in range((last - first).days))
    assert calendar.between(first, last) == counted
    assert calendar.between(last, first) == -counted


@given(calendars, dates, steps, steps)
def test_shifts_add_up_and_between_undoes_them(calendar, day, a, b):
    there = calendar.shift(day, a)
    assert calendar.is_working(there)
    assert calendar.shift(there, b) == calendar.shift(day, a + b)
    assert calendar.between(day, there) == a


@pytest.mark.parametrize(
    ("code", "nearest"),
    [("DE-BX", "DE-BY"), ("Germny", "DE"), ("de-augsburgg", "DE-Augsburg"), ("GB-SCOT", "GB-SCT")],
)
def test_an_unknown_country_is_refused_with_the_nearest_codes(code, nearest):
    with pytest.raises(ConfigError) as caught:
        WorkCalendar.of(CalendarSpec(country=code))
    assert repr(code) in caught.value.what
    assert nearest in nearest_countries(code)
    assert nearest in caught.value.hint


@pytest.mark.parametrize("code", ["DE-", "-", "-BY", "§§§§"])
def test_nonsense_is_refused_with_an_example(code):
    with pytest.raises(ConfigError) as caught:
        WorkCalendar.of(CalendarSpec(country=code))
    assert caught.value.hint


@pytest.mark.parametrize("days", [(), (0,), (1, 8)])
def test_impossible_weekdays_are_refused(days):
    with pytest.raises(ConfigError, match="weekday numbers"):
        WorkCalendar.of(CalendarSpec(working_days=days))


def test_a_blackout_must_not_end_before_it_starts():
    blackout = Blackout(first=date(2027, 1, 8), last=date(2027, 1, 1), reason="audit")
    with pytest.raises(ConfigError, match="'audit' ends on 2027-01-01"):
        WorkCalendar.of(CalendarSpec(blackouts=(blackout,)))


def test_a_calendar_without_any_working_day_ends_instead_of_searching_for_ever():
    never = WorkCalendar.of(CalendarSpec(blackouts=(Blackout(first=date.min, last=date.max),)))
    with pytest.raises(ConfigError, match="2200"):
        never.shift(date(2027, 1, 1), 0)
    with pytest.raises(ConfigError, match="1969"):
        never.shift(date(2027, 1, 1), -1)
