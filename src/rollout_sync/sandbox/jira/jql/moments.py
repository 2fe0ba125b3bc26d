"""Dates in JQL: to the minute, read in the searching account's own time zone; a bare number is epoch milliseconds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from rollout_sync.sandbox.jira.jql.lexer import JqlError
from rollout_sync.sandbox.jira.jql.tree import Call, Literal

_FORMATS = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
_SHAPE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}( \d{1,2}:\d{2})?")
_PERIOD = re.compile(r"(?P<sign>[-+]?)\s*(?P<parts>\d+\s*[wdhm](\s+\d+\s*[wdhm])*)")
_PART = re.compile(r"(\d+)\s*([wdhm])")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_INCREMENT = re.compile(r"(?P<sign>[-+]?)(?P<count>\d+)(?P<unit>[yMwdhm]?)")
_DAY_NAMES = ("day", "week", "month", "year")
_MILLISECONDS = 1000


def moment(literal: Literal, *, field: str, now: datetime, zone: tzinfo) -> int:
    """Epoch milliseconds that a date literal means.

    Raises:
        JqlError: the text is none of the formats that Jira names.
    """
    text = literal.text.strip()
    if not literal.quoted and re.fullmatch(r"-?\d{5,}", text):
        return int(text)
    local = _absolute(text, zone) or _relative(text, now)
    if local is None:
        raise JqlError(
            f"Date value '{literal.text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )
    return _epoch(local)


def called(call: Call, *, now: datetime, zone: tzinfo) -> int:
    """Epoch milliseconds of `now()`, `startOfDay("-1d")` and their kin.

    Raises:
        JqlError: an unknown function or increment.
    """
    name = call.name.lower()
    if name == "now":
        return _epoch(now)
    edge, unit = ("start", name[7:]) if name.startswith("startof") else ("end", name[5:])
    if not name.startswith(("startof", "endof")) or unit not in _DAY_NAMES:
        raise JqlError(f"Unable to find JQL function '{call.name}({', '.join(call.arguments)})'.")
    start = _floor(now.astimezone(zone), unit)
    if call.arguments:
        start = _shifted(start, call, unit)
    return _epoch(start if edge == "start" else _floor(_after(start, unit, 1), unit) - timedelta(milliseconds=1))


def _absolute(text: str, zone: tzinfo) -> datetime | None:
    if not _SHAPE.fullmatch(text):
        return None
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    return None


def _relative(text: str, now: datetime) -> datetime | None:
    found = _PERIOD.fullmatch(text)
    if found is None:
        return None
    span = timedelta()
    for count, unit in _PART.findall(found["parts"]):
        span += timedelta(**{_UNITS[unit]: int(count)})
    return now - span if found["sign"] == "-" else now + span


def _shifted(start: datetime, call: Call, unit: str) -> datetime:
    found = _INCREMENT.fullmatch(call.arguments[0].strip())
    if found is None:
        raise JqlError(f"The increment '{call.arguments[0]}' of function '{call.name}' is invalid.")
    count = int(found["count"]) * (-1 if found["sign"] == "-" else 1)
    letter = found["unit"] or {"day": "d", "week": "w", "month": "M", "year": "y"}[unit]
    if letter in _UNITS:
        return start + timedelta(**{_UNITS[letter]: count})
    return _after(start, "month" if letter == "M" else "year", count)


def _floor(local: datetime, unit: str) -> datetime:
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _after(start: datetime, unit: str, count: int) -> datetime:
    if unit == "year":
        return start.replace(year=start.year + count)
    if unit == "month":
        months = start.year * 12 + start.month - 1 + count
        return start.replace(year=months // 12, month=months % 12 + 1, day=1)
    return start + timedelta(days=count * (7 if unit == "week" else 1))


def _epoch(when: datetime) -> int:
    return round(when.timestamp() * _MILLISECONDS)
