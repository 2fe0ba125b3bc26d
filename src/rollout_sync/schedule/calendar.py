"""Working calendars: which days count, and how to count them.

A calendar is a value: weekdays, the public holidays of a country or subdivision, and blackouts. Years are worked out
when they are first asked for and kept, so that counting over decades costs a few look-ups.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache, lru_cache

from rollout_sync.errors import ConfigError
from rollout_sync.model.rollout import Blackout, CalendarSpec

FIRST_YEAR = 1970
LAST_YEAR = 2199


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Working days, counted. Make one with `WorkCalendar.of`, which checks what it is made of.

    Days before 1970 or after 2199 raise `ConfigError`, and so does counting into them.
    """

    spec: CalendarSpec

    @classmethod
    def of(cls, spec: CalendarSpec) -> WorkCalendar:
        """The calendar of a rollout.

        Raises:
            ConfigError: no or impossible weekdays, an unknown country or subdivision (with the nearest codes), or a
                blackout that ends before it starts.
        """
        _check_weekdays(spec.working_days)
        _check_blackouts(spec.blackouts)
        if spec.country:
            _country(spec.country)
        return cls(spec)

    def is_working(self, day: date) -> bool:
        """Whether work is planned on this day."""
        days = self._days(day.year)
        ordinal = day.toordinal()
        place = bisect_left(days, ordinal)
        return place < len(days) and days[place] == ordinal

    def shift(self, day: date, n: int) -> date:
        """The `n`-th working day after `day`, or before it when `n` is negative; 0 is the day itself.

        A day off counts as the next working day: one working day after a Saturday is a Tuesday, one before it a
        Friday. So shifting by `a` and then by `b` is shifting by `a + b`.
        """
        year = day.year
        place = bisect_left(self._days(year), day.toordinal()) + n
        while place < 0:
            year -= 1
            place += len(self._days(year))
        while place >= len(self._days(year)):
            place -= len(self._days(year))
            year += 1
        return date.fromordinal(self._days(year)[place])

    def between(self, a: date, b: date) -> int:
        """Working days from `a` to `b`: those of [a, b), or minus those of [b, a) when `b` is earlier.

        For working days it undoes `shift`: `between(a, shift(a, n)) == n`.
        """
        return self._position(b, a.year) - self._position(a, a.year)

    def _position(self, day: date, base: int) -> int:
        """Working days from the first of January of `base` to `day`."""
        within = bisect_left(self._days(day.year), day.toordinal())
        if day.year >= base:
            return within + sum(len(self._days(year)) for year in range(base, day.year))
        return within - sum(len(self._days(year)) for year in range(day.year, base))

    def _days(self, year: int) -> tuple[int, ...]:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ConfigError(
                f"a date falls into the year {year}; the calendar ends at {FIRST_YEAR} and {LAST_YEAR}",
                where="calendar",
                hint="look at go-live or start, the lengths and lags of items, and the blackouts",
            )
        return _working_days(self.spec, year)


def nearest_countries(code: str) -> tuple[str, ...]:
    """Up to three known codes that look like `code`; of the same country where that is known, else by its name too."""
    country, dash, _ = code.upper().partition("-")
    if dash and country in _countries():
        known = {f"{country}-{region}": f"{country}-{spelled}" for region, spelled in _regions(country).items()}
    else:
        known = dict(_countries())
    close = get_close_matches(code.upper(), known, n=3, cutoff=0.5)
    return tuple(dict.fromkeys(known[name] for name in close))


@lru_cache(maxsize=1024)
def _working_days(spec: CalendarSpec, year: int) -> tuple[int, ...]:
    """Ordinals of the working days of one year, ascending."""
    off = _public_holidays(spec.country, year) | _blacked_out(spec.blackouts, year)
    return tuple(
        ordinal
        for ordinal in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
        if ordinal not in off and (ordinal - 1) % 7 + 1 in spec.working_days
    )


def _public_holidays(country: str, year: int) -> frozenset[int]:
    if not country:
        return frozenset()
    import holidays  # noqa: PLC0415 - slow to load, and many rollouts name no country

    code, region = _country(country)
    return frozenset(day.toordinal() for day in holidays.country_holidays(code, subdiv=region, years=year))


def _blacked_out(blackouts: tuple[Blackout, ...], year: int) -> frozenset[int]:
    def days() -> Iterator[int]:
        for blackout in blackouts:
            first = max(blackout.first, date(year, 1, 1)).toordinal()
            last = min(blackout.last, date(year, 12, 31)).toordinal()
            yield from range(first, last + 1)

    return frozenset(days())


@cache
def _countries() -> dict[str, str]:
    """Codes and English names in capitals, each with the two-letter code it stands for."""
    import holidays.registry  # noqa: PLC0415 - as above

    return {
        name.upper().replace("_", " "): codes[0]
        for module, (_, *codes) in holidays.registry.COUNTRIES.items()
        for name in (module, *codes)
    }


@cache
def _regions(country: str) -> dict[str, str]:
    """Subdivisions and their other names in capitals, each as the holidays package spells it."""
    import holidays  # noqa: PLC0415 - as above

    known = holidays.country_holidays(country)
    return {name.upper(): name for name in (*known.subdivisions, *known.subdivisions_aliases)}


def _country(code: str) -> tuple[str, str | None]:
    """`DE-BY` as country and subdivision, as the holidays package spells them; ConfigError when it has neither."""
    name, dash, region = code.upper().partition("-")
    country = _countries().get(name, "")
    if country and not dash:
        return country, None
    if country and region in _regions(country):
        return country, _regions(country)[region]
    nearest = nearest_countries(code)
    raise ConfigError(
        f"no public holidays are known for {code!r}",
        where="calendar.holidays",
        hint="nearest: " + ", ".join(nearest)
        if nearest
        else "use an ISO 3166 code such as DE or DE-BY, or leave it out",
    )


def _check_weekdays(days: tuple[int, ...]) -> None:
    wrong = [day for day in days if not 1 <= day <= 7]  # noqa: PLR2004 - ISO weekdays
    if wrong or not days:
        raise ConfigError(
            f"working days must be weekday numbers from 1 (Monday) to 7 (Sunday), not {list(days)}",
            where="calendar.working_days",
            hint="mon-fri is 1, 2, 3, 4, 5",
        )


def _check_blackouts(blackouts: tuple[Blackout, ...]) -> None:
    for blackout in blackouts:
        if blackout.last < blackout.first:
            raise ConfigError(
                f"the blackout {blackout.reason!r} ends on {blackout.last} before it starts on {blackout.first}",
                where="calendar.blackouts",
                hint="swap its two days",
            )
