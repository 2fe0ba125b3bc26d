"""Working time: exact on weekends, holidays, blackouts and breaks; the same there and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import ConfigError, PlanError
from rollout_sync.health.worktime import EveryHour, WorkHours
from rollout_sync.model.rollout import Blackout, CalendarSpec
from rollout_sync.schedule.calendar import WorkCalendar
from unit.health.made_up import at

PLAIN = WorkHours(calendar=WorkCalendar.of(CalendarSpec()))
BAVARIA = WorkHours(
    calendar=WorkCalendar.of(
        CalendarSpec(country="DE-BY", blackouts=(Blackout(first=date(2026, 12, 28), last=date(2027, 1, 8)),))
    )
)
BREAK = WorkHours(calendar=WorkCalendar.of(CalendarSpec()), spans=((time(8), time(12)), (time(13), time(17, 30))))


def hours_between(worktime, a, b):
    first, last = worktime.hours([a, b])
    return last - first


@pytest.mark.parametrize(
    ("worktime", "a", "b", "expected"),
    [
        (PLAIN, at("2027-03-01 09:00"), at("2027-03-01 17:00"), 8),
        (PLAIN, at("2027-03-01 10:30"), at("2027-03-02 09:30"), 7),
        (PLAIN, at("2027-03-05 17:00"), at("2027-03-08 09:00"), 0),  # over the weekend
        (PLAIN, at("2027-03-06 12:00"), at("2027-03-07 23:00"), 0),  # inside it
        (PLAIN, at("2027-03-01 03:00"), at("2027-03-01 23:00"), 8),  # before work and after it
        (PLAIN, at("2027-03-08 09:00"), at("2027-03-01 09:00"), -40),
        (BAVARIA, at("2026-12-23 09:00"), at("2027-01-11 09:00"), 16),  # 23 and 24 December, then nothing
        (BAVARIA, at("2027-05-26 09:00"), at("2027-05-31 09:00"), 16),  # Corpus Christi between
        (BREAK, at("2027-03-01 08:00"), at("2027-03-02 08:00"), 8.5),
        (BREAK, at("2027-03-01 11:00"), at("2027-03-01 13:30"), 1.5),
        (BREAK, at("2027-03-01 12:10"), at("2027-03-01 12:50"), 0),
        (EveryHour(), at("2027-03-06 12:00"), at("2027-03-07 13:00"), 25),
    ],
)
def test_counts_hours(worktime, a, b, expected):
    assert hours_between(worktime, a, b) == pytest.approx(expected, abs=1e-9)


def test_a_finish_is_in_the_evening_and_not_on_the_next_morning():
    begin = float(PLAIN.hours([at("2027-03-01 09:00")])[0])
    assert PLAIN.moments([begin + 8, begin + 8.5, begin + 40, begin + 40.25]) == (
        at("2027-03-01 17:00"),
        at("2027-03-02 09:30"),
        at("2027-03-05 17:00"),
        at("2027-03-08 09:15"),
    )
    begin = float(BREAK.hours([at("2027-03-01 08:00")])[0])
    assert BREAK.moments([begin + 4, begin + 4.5]) == (at("2027-03-01 12:00"), at("2027-03-01 13:30"))


moments = st.datetimes(at("1990-01-01 00:00"), at("2060-01-01 00:00")).map(
    lambda one: one.replace(second=0, microsecond=0)
)
worktimes = st.sampled_from([PLAIN, BAVARIA, BREAK, EveryHour()])


@given(worktimes, moments)
def test_there_and_back_ends_at_the_same_hour(worktime, moment):
    there = float(worktime.hours([moment])[0])
    back = worktime.moments([there])[0]
    assert back <= moment or worktime.hours([back])[0] == pytest.approx(there, abs=1e-6)
    assert float(worktime.hours([back])[0]) == pytest.approx(there, abs=1e-6)


@given(worktimes, st.lists(moments, min_size=2, max_size=8))
def test_hours_never_run_backward_and_do_not_depend_on_company(worktime, some):
    some = sorted(some)
    together = worktime.hours(some)
    assert all(together[n] <= together[n + 1] for n in range(len(some) - 1))
    assert together.tolist() == [float(worktime.hours([one])[0]) for one in some]


@given(moments, st.integers(0, 40))
def test_hours_agree_with_counting_days(moment, days):
    later = moment + timedelta(days=days)
    counted = PLAIN.calendar.between(moment.date(), later.date())
    morning, evening = (datetime.combine(one.date(), time(9)) for one in (moment, later))
    assert hours_between(PLAIN, morning, evening) == 8 * counted


def test_zones_are_respected():
    worktime = WorkHours(calendar=WorkCalendar.of(CalendarSpec()), zone=timezone(timedelta(hours=5)))
    a, b = worktime.hours([at("2027-03-01 04:00+00:00"), at("2027-03-01 06:00+00:00")])
    assert b - a == 2
    assert worktime.moments([float(b)])[0] == at("2027-03-01 06:00+00:00")
    with pytest.raises(PlanError, match="time zone"):
        worktime.hours([at("2027-03-01 00:00")])
    always = EveryHour(zone=UTC)
    a, b = always.hours([at("2027-03-01 04:00+00:00"), at("2027-03-01 06:00+01:00")])
    assert b - a == 1
    assert always.moments([float(b)])[0] == at("2027-03-01 05:00+00:00")
    for naive in (PLAIN, EveryHour()):
        with pytest.raises(PlanError, match="time zone"):
            naive.hours([at("2027-03-01 00:00+00:00")])


@pytest.mark.parametrize(
    "spans", [(), ((time(9), time(9)),), ((time(9), time(12)), (time(11), time(17))), ((time(17), time(9)),)]
)
def test_impossible_hours_are_refused(spans):
    with pytest.raises(PlanError, match="spans"):
        WorkHours(calendar=PLAIN.calendar, spans=spans)


def test_dates_outside_the_calendar_are_refused():
    with pytest.raises(ConfigError, match="1969"):
        PLAIN.hours([at("1969-01-01 00:00")])
    assert len(PLAIN.hours([])) == 0
