"""The calendar of a rollout out of its template: weekday numbers, a country, blackouts with real dates."""

from __future__ import annotations

from collections.abc import Iterator

from rollout_sync.model.rollout import Blackout, CalendarSpec
from rollout_sync.template.dates import country_problem, read_day
from rollout_sync.template.document import CalendarDocument, Weekday
from rollout_sync.template.filling import Filling
from rollout_sync.template.rendering import Context


def calendar_of(calendar: CalendarDocument, filling: Filling, context: Context) -> CalendarSpec:
    """The calendar with its names filled in; what cannot be read goes to the filling's problems."""
    country = filling.text(("calendar", "holidays"), calendar.holidays, context)
    if complaint := country_problem(country):
        filling.complain(("calendar", "holidays"), complaint, "DE, or with a region DE-BY")
        country = ""
    numbers = {day: number for number, day in enumerate(Weekday, start=1)}
    return CalendarSpec(
        working_days=tuple(sorted({numbers[day] for day in calendar.working_days})),
        country=country,
        blackouts=tuple(_blackouts(calendar, filling, context)),
    )


def _blackouts(calendar: CalendarDocument, filling: Filling, context: Context) -> Iterator[Blackout]:
    """Blackouts; one whose dates are both left empty by their parameters is left out."""
    for i, blackout in enumerate(calendar.blackouts):
        path = ("calendar", "blackouts", i)
        texts = [
            (word, filling.text((*path, word), text, context))
            for word, text in (("from", blackout.first), ("to", blackout.last))
        ]
        if not any(text for _, text in texts):
            continue
        days = []
        for word, text in texts:
            day = read_day(text)
            if day is None:
                filling.complain((*path, word), f"{text!r} is no date", "YYYY-MM-DD")
            else:
                days.append(day)
        if len(days) < len(texts):
            continue
        first, last = days
        if last < first:
            filling.complain((*path, "to"), f"the blackout ends on {last}, before it begins on {first}")
            continue
        yield Blackout(first=first, last=last, reason=filling.text((*path, "reason"), blackout.reason, context))
