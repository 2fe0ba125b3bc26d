"""Days and moments between our fields and Graph's timestamps; the one place that knows the hour we write. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

_HOUR = "T10:00:00Z"
"""Planner shows a timestamp in the reader's zone. At ten o'clock UTC it is the same day from UTC-10 to UTC+13."""

_FRACTION = 6


def day_out(day: object) -> str | None:
    """The timestamp to write for a day "YYYY-MM-DD"; None clears the date. ValueError for anything else."""
    if day is None:
        return None
    return date.fromisoformat(str(day)).isoformat() + _HOUR


def day_in(timestamp: object) -> str | None:
    """The day of a timestamp as Graph gives it; None where it has none."""
    moment = moment_in(timestamp)
    return None if moment is None else moment.date().isoformat()


def moment_in(timestamp: object) -> datetime | None:
    """A Graph timestamp (up to seven digits of fractions) as aware UTC; None where it is none."""
    if not isinstance(timestamp, str):
        return None
    text = timestamp.removesuffix("Z")
    whole, point, fraction = text.partition(".")
    try:
        moment = datetime.fromisoformat(f"{whole}{point}{fraction[:_FRACTION].ljust(_FRACTION, '0') if point else ''}")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def iso(timestamp: object) -> str | None:
    """A Graph timestamp in the one form that the rest of the program reads; None where it is none."""
    moment = moment_in(timestamp)
    return None if moment is None else moment.isoformat()
