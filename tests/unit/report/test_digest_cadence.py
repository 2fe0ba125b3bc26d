"""When readers are told: a simulated fortnight against a list made by hand, summer time, holidays, long sleep."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.config.settings import Cadence
from rollout_sync.model.rollout import Blackout, CalendarSpec
from rollout_sync.report.cadence import MailDays, due_slot, may_remind, moment_of, next_due
from rollout_sync.report.readers import Reader
from rollout_sync.schedule.calendar import WorkCalendar

GERMANY = MailDays.of([WorkCalendar.of(CalendarSpec(country="DE"))])
BERLIN, NEW_YORK, SYDNEY = "Europe/Berlin", "America/New_York", "Australia/Sydney"


def reads(every: Cadence = Cadence.WEEKLY, *, weekday: int = 0, at: time = time(8), zone: str = BERLIN) -> Reader:
    return Reader(email="r@example.com", name="R", seats=(), every=every, weekday=weekday, time=at, zone=zone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def run(who: Reader, first: str, last: str, *, asleep: tuple[str, str] | None = None, days=GERMANY):
    """What a job that runs every half hour sends: period and moment of each mail."""
    now, told, sent = utc(first), utc(first), []
    while now <= utc(last):
        if asleep is None or not utc(asleep[0]) <= now < utc(asleep[1]):
            slot = due_slot(who, told, now, days)
            if slot is not None:
                sent.append((slot.period, f"{now:%a %d %b %H:%M}"))
                told = now
        now += timedelta(minutes=30)
    return sent


# Good Friday is 26 March 2027, Easter Monday the 29th, and on Sunday the 28th Europe goes over to summer time.
FROM, UNTIL = "2027-03-21T12:00", "2027-04-03T12:00"


def test_a_daily_reader_around_easter():
    assert run(reads(Cadence.DAILY), FROM, UNTIL) == [
        ("2027-03-22", "Mon 22 Mar 07:00"),
        ("2027-03-23", "Tue 23 Mar 07:00"),
        ("2027-03-24", "Wed 24 Mar 07:00"),
        ("2027-03-25", "Thu 25 Mar 07:00"),
        ("2027-03-30", "Tue 30 Mar 06:00"),
        ("2027-03-31", "Wed 31 Mar 06:00"),
        ("2027-04-01", "Thu 01 Apr 06:00"),
        ("2027-04-02", "Fri 02 Apr 06:00"),
    ]


def test_a_weekly_reader_around_easter():
    assert run(reads(weekday=0), FROM, UNTIL) == [
        ("2027-W12", "Mon 22 Mar 07:00"),
        ("2027-W13", "Tue 30 Mar 06:00"),
    ]


def test_a_reader_of_fridays_is_told_after_the_holidays_and_again_on_friday():
    assert run(reads(weekday=4), FROM, UNTIL) == [
        ("2027-W12", "Tue 30 Mar 06:00"),
        ("2027-W13", "Fri 02 Apr 06:00"),
    ]


def test_a_monthly_reader_is_told_on_the_first_working_day():
    assert run(reads(Cadence.MONTHLY), FROM, UNTIL) == [("2027-04", "Thu 01 Apr 06:00")]
    assert run(reads(Cadence.MONTHLY), "2027-04-25T00:00", "2027-05-10T00:00") == [("2027-05", "Mon 03 May 06:00")]


def test_readers_far_away_are_told_at_their_own_hour():
    assert run(reads(weekday=0, zone=NEW_YORK), FROM, UNTIL) == [
        ("2027-W12", "Mon 22 Mar 12:00"),
        ("2027-W13", "Tue 30 Mar 12:00"),
    ]
    assert run(reads(weekday=0, zone=SYDNEY), FROM, UNTIL) == [
        ("2027-W12", "Sun 21 Mar 21:00"),
        ("2027-W13", "Mon 29 Mar 21:00"),
    ]


def test_who_is_never_told_is_never_due():
    who = reads(Cadence.NEVER)
    assert run(who, FROM, UNTIL) == []
    assert next_due(who, utc(FROM), GERMANY) is None


@pytest.mark.parametrize(
    ("who", "mails"),
    [
        (
            reads(Cadence.DAILY),
            [
                ("2027-03-22", "Mon 22 Mar 07:00"),
                ("2027-04-01", "Thu 01 Apr 15:30"),
                ("2027-04-02", "Fri 02 Apr 06:00"),
            ],
        ),
        (reads(weekday=1), [("2027-W13", "Thu 01 Apr 15:30")]),
        (reads(Cadence.MONTHLY), [("2027-04", "Thu 01 Apr 15:30")]),
    ],
    ids=["daily", "weekly", "monthly"],
)
def test_a_machine_that_slept_sends_one_mail_and_not_three(who, mails):
    assert run(who, FROM, UNTIL, asleep=("2027-03-22T09:00", "2027-04-01T15:30")) == mails


def test_a_time_that_spring_leaves_out_moves_forward_and_one_of_autumn_comes_once():
    assert moment_of(date(2027, 3, 28), time(2, 30), BERLIN) == utc("2027-03-28T01:30")
    assert moment_of(date(2027, 10, 31), time(2, 30), BERLIN) == utc("2027-10-31T00:30")
    every_day = MailDays.of([])
    night = reads(Cadence.DAILY, at=time(2, 30))
    assert run(night, "2027-10-30T12:00", "2027-11-01T12:00", days=every_day) == [
        ("2027-10-31", "Sun 31 Oct 00:30"),
        ("2027-11-01", "Mon 01 Nov 01:30"),
    ]
    assert run(night, "2027-03-27T12:00", "2027-03-29T12:00", days=every_day) == [
        ("2027-03-28", "Sun 28 Mar 01:30"),
        ("2027-03-29", "Mon 29 Mar 00:30"),
    ]


def test_weeks_at_the_turn_of_the_year_have_their_iso_numbers():
    assert run(reads(weekday=0), "2026-12-20T00:00", "2027-01-12T00:00") == [
        ("2026-W52", "Mon 21 Dec 07:00"),
        ("2026-W53", "Mon 28 Dec 07:00"),
        ("2027-W01", "Mon 04 Jan 07:00"),
        ("2027-W02", "Mon 11 Jan 07:00"),
    ]


def test_a_new_reader_waits_for_the_next_slot_and_an_unknown_past_is_made_up_for():
    thursday = utc("2027-03-18T10:00")
    assert due_slot(reads(), thursday, thursday, GERMANY) is None
    slot = next_due(reads(), thursday, GERMANY)
    assert slot is not None
    assert (slot.period, slot.at) == ("2027-W12", utc("2027-03-22T07:00"))
    assert due_slot(reads(), None, thursday, GERMANY) is not None


def test_blackouts_are_no_days_off_and_any_calendar_of_a_reader_counts():
    frozen = CalendarSpec(country="DE", blackouts=(Blackout(first=date(2027, 3, 22), last=date(2027, 3, 24)),))
    days = MailDays.of([WorkCalendar.of(frozen)])
    assert days.is_working(date(2027, 3, 22))
    assert not days.is_working(date(2027, 3, 26))
    both = MailDays.of([WorkCalendar.of(frozen), WorkCalendar.of(CalendarSpec())])
    assert both.is_working(date(2027, 3, 26))
    assert not both.is_working(date(2027, 3, 27))


def test_a_calendar_of_a_long_rest_still_finds_the_slot_before_it():
    class Closed:
        def is_working(self, day: date) -> bool:
            return not date(2027, 7, 1) <= day <= date(2027, 8, 31) and day.weekday() < 5

    assert run(reads(weekday=2), "2027-06-29T00:00", "2027-09-03T00:00", days=Closed()) == [
        ("2027-W26", "Wed 30 Jun 06:00"),
        ("2027-W35", "Wed 01 Sep 06:00"),
    ]


@pytest.mark.parametrize(
    ("now", "may"),
    [
        ("2027-03-25T07:00", True),
        ("2027-03-25T06:59", False),
        ("2027-03-25T17:59", True),
        ("2027-03-25T18:00", False),
        ("2027-03-26T10:00", False),
        ("2027-03-28T10:00", False),
        ("2027-03-30T06:00", True),
    ],
)
def test_reminders_that_can_wait_go_in_working_hours(now, may):
    assert may_remind(BERLIN, time(8), utc(now), GERMANY) is may


def test_who_starts_late_is_reminded_late():
    assert may_remind("UTC", time(20), utc("2027-03-25T21:00"), GERMANY)


@given(
    every=st.sampled_from([Cadence.DAILY, Cadence.WEEKLY, Cadence.MONTHLY]),
    weekday=st.integers(0, 6),
    hour=st.integers(0, 23),
    zone=st.sampled_from([BERLIN, NEW_YORK, SYDNEY, "Asia/Kolkata", "UTC", "Pacific/Chatham"]),
    now=st.datetimes(utc("2026-01-01").replace(tzinfo=None), utc("2029-01-01").replace(tzinfo=None)),
)
def test_the_next_slot_is_due_from_its_moment_on_and_not_before(every, weekday, hour, zone, now):
    who = reads(every, weekday=weekday, at=time(hour, 30), zone=zone)
    now = now.replace(tzinfo=UTC)
    slot = next_due(who, now, GERMANY)
    assert slot is not None
    assert now < slot.at <= now + timedelta(days=45)
    assert due_slot(who, now, slot.at, GERMANY) == slot
    assert due_slot(who, now, slot.at - timedelta(seconds=1), GERMANY) is None
    assert due_slot(who, slot.at, slot.at, GERMANY) is None
