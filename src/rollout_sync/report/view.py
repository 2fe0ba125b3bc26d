"""What a report shows of one rollout: the case, its review, and how work and scope grew until now."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from rollout_sync.health.review import Case, PastReview, Review
from rollout_sync.model.snapshot import ItemStatus

MOST_POINTS = 400
"""Points of a burn-up; a longer rollout is shown with fewer points than days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnPoint:
    """The end of one day.

    Attributes:
        done: finished items, with those that people added; None for days to come.
        total: items that exist, with those that people added; None for days to come.
        planned: items that the frozen baseline wants finished by then.
    """

    day: date
    planned: int
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How it came to be: growth of work day by day, and the reviews before this one, oldest first."""

    burn: tuple[BurnPoint, ...] = ()
    trend: tuple[PastReview, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView:
    """Everything that a page shows."""

    case: Case
    review: Review
    history: History


def view_of(case: Case, review: Review) -> RolloutView:
    """The view of a case and the review of that same case."""
    return RolloutView(case=case, review=review, history=history_of(case))


def history_of(case: Case) -> History:
    """Growth of work, and the earlier reviews up to the case's own moment."""
    trend = tuple(one for one in case.earlier if one.at <= case.now)
    return History(burn=tuple(_burn(case)), trend=trend)


def day_of(moment: datetime) -> date:
    """The day of a moment. Plans speak of days in UTC, as the forecast's working time does."""
    return moment.astimezone(UTC).date()


def _burn(case: Case) -> Iterator[BurnPoint]:
    today = day_of(case.now)
    planned = sorted(finish for _, finish in case.baseline.values())
    done, grown, shrunk = sorted(_done(case, today)), sorted(_grown(case, today)), sorted(_shrunk(case, today))
    if not case.rollout.items:
        return
    for when in _days(_first_day(case, done, today), max([today, *planned[-1:]]), today):
        is_past = when <= today
        total = len(case.rollout.items) + bisect_right(grown, when) - bisect_right(shrunk, when)
        yield BurnPoint(
            day=when,
            planned=bisect_right(planned, when),
            done=bisect_right(done, when) if is_past else None,
            total=total if is_past else None,
        )


def _done(case: Case, today: date) -> Iterator[date]:
    """Days on which something was finished; what was done when it was first seen counts from the day it was seen."""
    for state in case.snapshot.items.values():
        if state.status is ItemStatus.DONE:
            yield _known(state.finished_at or state.seen_at, today)
    for added in case.snapshot.added:
        if added.status is ItemStatus.DONE:
            yield _known(added.finished_at, today)


def _grown(case: Case, today: date) -> Iterator[date]:
    for added in case.snapshot.added:
        if added.status is not ItemStatus.GONE:
            yield _known(added.created_at, today)


def _shrunk(case: Case, today: date) -> Iterator[date]:
    """Days on which items went; the day they were last seen, as no service tells when something was deleted."""
    for state in case.snapshot.items.values():
        if state.status is ItemStatus.GONE:
            yield _known(state.seen_at, today)


def _known(moment: datetime | None, today: date) -> date:
    return today if moment is None else min(day_of(moment), today)


def _first_day(case: Case, done: Sequence[date], today: date) -> date:
    """The day before anything was planned to begin, or was finished: the curves begin with nothing done."""
    starts: Iterable[date] = (start for start, _ in case.baseline.values())
    return min([*starts, *done[:1], today]) - timedelta(days=1)


def _days(first: date, last: date, today: date) -> list[date]:
    """From the first day to the last; the last and today are always among them."""
    length = (last - first).days
    step = length // MOST_POINTS + 1
    kept = {first + timedelta(days=number) for number in range(0, length, step)}
    return sorted(kept | {today, last})
