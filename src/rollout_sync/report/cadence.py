"""When a reader is told: working days, the reader's own time zone, one mail after a long sleep. Pure.

A slot is a moment from which on a digest is due. Only the newest slot counts, so that what was slept
through comes once. Days off are those of the calendar without its blackouts, on which people are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from rollout_sync.config.settings import Cadence
from rollout_sync.report.readers import Reader
from rollout_sync.schedule.calendar import WorkCalendar

CLOSES = time(19)
"""Reminders that can wait are not sent from then on, local time."""
_LONGEST_REST = 400
"""Days that a search for a working day goes on; a calendar without any working day would never end it."""
_DAY = timedelta(days=1)
_WEEK = 7


class WorkingDays(Protocol):
    """What is asked of a calendar."""

    def is_working(self, day: date) -> bool:
        """Whether people work on this day."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A moment from which on a digest is due.

    Attributes:
        period: what it is for: `2027-03-08`, `2027-W10` or `2027-03`; a reader gets one digest for each.
        at: in UTC.
    """

    period: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MailDays:
    """Days on which somebody works in at least one of several rollouts, blackouts or not; all days without any."""

    calendars: tuple[WorkCalendar, ...]

    @classmethod
    def of(cls, calendars: Iterable[WorkCalendar]) -> MailDays:
        """The days of a reader of these rollouts."""
        plain = (WorkCalendar(replace(one.spec, blackouts=())) for one in calendars)
        return cls(tuple(dict.fromkeys(plain)))

    def is_working(self, day: date) -> bool:
        """Whether mails go out on this day."""
        return not self.calendars or any(one.is_working(day) for one in self.calendars)


def due_slot(reader: Reader, last: datetime | None, now: datetime, calendar: WorkingDays) -> Slot | None:
    """The newest slot that came since `last`; None when nothing is due.

    Args:
        reader: how often and when.
        last: when a digest of this reader was last made, sent or not; for a new reader since when they are one. None:
            never, which is due at once where there ever was a slot.
        now: our clock.
        calendar: the reader's working days.
    """
    if reader.every is Cadence.NEVER:
        return None
    passed = [one for one in _around(reader, _local(now, reader), calendar) if one.at <= now]
    newest = max(passed, key=lambda one: (one.at, one.period), default=None)
    return newest if newest is not None and (last is None or last < newest.at) else None


def next_due(reader: Reader, after: datetime, calendar: WorkingDays) -> Slot | None:
    """The first slot after a moment; None for somebody who is never told."""
    if reader.every is Cadence.NEVER:
        return None
    coming = [one for one in _around(reader, _local(after, reader), calendar) if one.at > after]
    return min(coming, key=lambda one: (one.at, one.period), default=None)


def may_remind(zone: str, opens: time, now: datetime, calendar: WorkingDays) -> bool:
    """Whether a mail that can wait may go now: on a working day, from the hour of digests to the evening."""
    local = now.astimezone(ZoneInfo(zone))
    return calendar.is_working(local.date()) and opens <= local.time() < (CLOSES if opens < CLOSES else time.max)


def moment_of(day: date, clock: time, zone: str) -> datetime:
    """A local time in UTC: the first of two in autumn, and later by the missing hour where spring has none."""
    return datetime.combine(day, clock, ZoneInfo(zone)).replace(fold=0).astimezone(UTC)


def _local(moment: datetime, reader: Reader) -> date:
    return moment.astimezone(ZoneInfo(reader.zone)).date()


def _around(reader: Reader, today: date, calendar: WorkingDays) -> Iterator[Slot]:
    """Slots that may be the last before or the first after this day."""
    for period, day in sorted(set(_days(reader, today, calendar))):
        yield Slot(period=period, at=moment_of(day, reader.time, reader.zone))


def _days(reader: Reader, today: date, calendar: WorkingDays) -> Iterator[tuple[str, date]]:
    match reader.every:
        case Cadence.DAILY:
            days = (_working(today, calendar, -_DAY), _working(today, calendar, _DAY))
            more = (_working(days[0] - _DAY, calendar, -_DAY), _working(days[1] + _DAY, calendar, _DAY))
            yield from ((day.isoformat(), day) for day in (*days, *more))
        case Cadence.WEEKLY:
            monday = today - timedelta(days=today.weekday())
            weeks = (monday + timedelta(days=_WEEK * number) for number in range(-_weeks_back(today, calendar), 3))
            yield from (_weekly(week, reader.weekday, calendar) for week in weeks)
        case Cadence.MONTHLY:
            months = (_month(today, number) for number in (-2, -1, 0, 1, 2))
            yield from ((f"{first:%Y-%m}", _working(first, calendar, _DAY)) for first in months)
        case Cadence.NEVER:
            return


def _weeks_back(today: date, calendar: WorkingDays) -> int:
    """Enough weeks for the last slot, which may be before a long rest."""
    return (today - _working(today, calendar, -_DAY)).days // _WEEK + 2


def _weekly(monday: date, weekday: int, calendar: WorkingDays) -> tuple[str, date]:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}", _working(monday + timedelta(days=weekday), calendar, _DAY)


def _month(today: date, number: int) -> date:
    """The first of the month that is so many months away."""
    months = today.year * 12 + today.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)


def _working(day: date, calendar: WorkingDays, step: timedelta) -> date:
    """The day itself or the nearest working day in one direction; the day where a year has none."""
    days = (day + step * number for number in range(_LONGEST_REST))
    return next((one for one in days if calendar.is_working(one)), day)
