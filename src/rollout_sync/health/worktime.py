"""Working time as a number line: moments become working hours since an origin, and working hours become moments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rollout_sync.errors import PlanError
from rollout_sync.schedule.calendar import WorkCalendar

Hours: TypeAlias = NDArray[np.float64]

ORIGIN = date(2000, 1, 1)
_MINUTES = 60
_HOURS_A_DAY = 24.0


class WorkTime(Protocol):
    """What the forecast knows of time. Positions count from an origin of its own and never run backward."""

    @property
    def hours_per_day(self) -> float:
        """Working hours of one working day."""
        ...

    @property
    def fingerprint(self) -> str:
        """A text that differs when the numbers may differ."""
        ...

    def hours(self, moments: Sequence[datetime]) -> Hours:
        """Working hours from the origin to each moment; a moment off work counts as the next working one."""
        ...

    def moments(self, hours: Sequence[float]) -> tuple[datetime, ...]:
        """The first moment at which so many hours have been worked, to the minute: the evening, not the next morning.

        Aware where the implementation has a time zone, else naive.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryHour:
    """Each hour of each day counts: for histories without a calendar. `zone` None takes and gives naive moments."""

    zone: tzinfo | None = None

    @property
    def hours_per_day(self) -> float:
        """24."""
        return _HOURS_A_DAY

    @property
    def fingerprint(self) -> str:
        """The zone decides it."""
        return f"every hour, {self.zone}"

    def hours(self, moments: Sequence[datetime]) -> Hours:
        """Hours since the origin."""
        base = _origin(UTC if self.zone else None)
        return np.array([(_known(moment, self.zone) - base).total_seconds() / 3600 for moment in moments], np.float64)

    def moments(self, hours: Sequence[float]) -> tuple[datetime, ...]:
        """Moments so many hours after the origin."""
        base = _origin(UTC if self.zone else None)
        found = (base + timedelta(minutes=round(hour * _MINUTES)) for hour in hours)
        return tuple(moment.astimezone(self.zone) if self.zone else moment for moment in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkHours:
    """Working hours of a calendar, exact on weekends, holidays and blackouts.

    Attributes:
        calendar: which days count.
        spans: hours of a working day, ascending; (9-12, 13-18) has a break.
        zone: aware moments are read and given in it; None takes and gives naive ones.

    Raises:
        PlanError: spans are empty, overlap or run backward.
        ConfigError: moments leave the calendar's years.
    """

    calendar: WorkCalendar
    spans: tuple[tuple[time, time], ...] = ((time(9), time(17)),)
    zone: tzinfo | None = None

    def __post_init__(self) -> None:
        edges = [edge for span in self.spans for edge in span]
        if not edges or any(a >= b for a, b in self.spans) or edges != sorted(edges):
            raise PlanError(
                "the hours of a working day must be spans that follow each other: " + str(self.spans),
                hint="9 to 17 o'clock is ((time(9), time(17)),)",
            )

    @property
    def hours_per_day(self) -> float:
        """Length of all spans."""
        return sum(_clock(b) - _clock(a) for a, b in self.spans)

    @property
    def fingerprint(self) -> str:
        """Calendar, hours of day and zone."""
        return f"{self.calendar.spec}, {self.spans}, {self.zone}"

    def hours(self, moments: Sequence[datetime]) -> Hours:
        """Working hours from the first working moment of the origin's year."""
        if not moments:
            return np.empty(0, np.float64)
        local = [_local(moment, self.zone) for moment in moments]
        days = np.array([moment.toordinal() for moment in local], np.int64)
        first, last = min(local).year, max(local).year
        working, before = _working_days(self.calendar, first, last)
        place = np.searchsorted(working, days)
        works = working[np.minimum(place, len(working) - 1)] == days if len(working) else np.zeros(len(days), bool)
        clock = np.array([_clock(moment.time()) for moment in local], np.float64)
        whole = (before + place).astype(np.float64) * self.hours_per_day
        return np.add(whole, np.where(works, self._worked(clock), 0.0), dtype=np.float64)

    def moments(self, hours: Sequence[float]) -> tuple[datetime, ...]:
        """Evenings rather than mornings: 8 hours after Monday morning is Monday evening."""
        return tuple(self._moment(hour) for hour in hours)

    def _worked(self, clock: Hours) -> Hours:
        """Hours worked on a working day by each hour of the clock."""
        parts = [np.clip(clock - _clock(a), 0.0, _clock(b) - _clock(a)) for a, b in self.spans]
        found: Hours = np.sum(parts, axis=0)
        return found

    def _moment(self, hours: float) -> datetime:
        days = math.ceil(hours / self.hours_per_day - 1e-9) - 1
        left = hours - days * self.hours_per_day
        opens, closes = self.spans[-1]
        for opens, closes in self.spans:
            length = _clock(closes) - _clock(opens)
            if left <= length + 1e-9:
                break
            left -= length
        day = self.calendar.shift(ORIGIN, days)
        moment = datetime.combine(day, opens, self.zone) + timedelta(minutes=round(left * _MINUTES))
        return min(moment, datetime.combine(day, closes, self.zone))


@lru_cache(maxsize=64)
def _working_days(calendar: WorkCalendar, first: int, last: int) -> tuple[NDArray[np.int64], int]:
    """Ordinals of the working days of these years, and how many working days lie between the origin and them."""
    start = date(first, 1, 1)
    days = range(start.toordinal(), date(last, 12, 31).toordinal() + 1)
    working = [day for day in days if calendar.is_working(date.fromordinal(day))]
    return np.array(working, np.int64), calendar.between(ORIGIN, start)


def _origin(zone: tzinfo | None) -> datetime:
    return datetime.combine(ORIGIN, time(0), zone)


def _local(moment: datetime, zone: tzinfo | None) -> datetime:
    """Wall clock time in the zone, without it."""
    known = _known(moment, zone)
    return known if zone is None else known.astimezone(zone).replace(tzinfo=None)


def _known(moment: datetime, zone: tzinfo | None) -> datetime:
    if (moment.utcoffset() is None) != (zone is None):
        raise PlanError(
            f"{moment.isoformat()} does not fit working time {'without' if zone is None else 'with'} a time zone",
            hint="give the working time a zone when moments have one, and none when they have none",
        )
    return moment


def _clock(moment: time) -> float:
    """Hours since midnight."""
    return moment.hour + moment.minute / 60 + moment.second / 3600 + moment.microsecond / 3.6e9
