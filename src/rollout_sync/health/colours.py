"""From numbers to colours: borders, hysteresis, the worst of several, and colours that people set by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, timedelta

from rollout_sync.health.review import Colour, PastReview, SignalName
from rollout_sync.model.snapshot import Override
from rollout_sync.schedule.calendar import WorkCalendar

LIKELY = 0.70
"""From this chance on a date is green."""
UNLIKELY = 0.40
"""Below this chance a date is red; measured on 31 projects, nearly all of which were late by then."""
UNLIKELY_WHEN_THIN = 0.20
"""The same while fewer than five items are finished: a plan that starts as late as it can has even odds at best, and
the prior alone must not make every new rollout red."""
MARGIN = 0.05
"""By so much a chance has to pass a border at once; without that it has to stay beyond it for two reviews."""
CALM_DAYS = 2
"""An earlier evaluation that is so many working days old does not hold a better colour back."""
OVERRIDE_DAYS = 14
"""Longest time for which a colour may be set by hand."""

SEVERITY = {Colour.GREEN: 0, Colour.AMBER: 1, Colour.GREY: 2, Colour.RED: 3}
"""Grey hides green and amber, never red."""
_SET_BY_HAND = frozenset({Colour.GREEN.value, Colour.AMBER.value, Colour.RED.value})


def worst(colours: Iterable[Colour]) -> Colour:
    """The most severe of those that are not grey; green where there is none."""
    return max((one for one in colours if one is not Colour.GREY), key=SEVERITY.__getitem__, default=Colour.GREEN)


def best(*colours: Colour) -> Colour:
    """The least severe."""
    return min(colours, key=SEVERITY.__getitem__)


def from_share(share: float, green: float, amber: float) -> Colour:
    """A share of which more is better: green and amber from these borders on, the border itself included."""
    if share >= green:
        return Colour.GREEN
    return Colour.AMBER if share >= amber else Colour.RED


def from_ratio(ratio: float, green: float, amber: float) -> Colour:
    """A ratio of which less is better: green below the first border, amber up to the second, that included."""
    if ratio < green:
        return Colour.GREEN
    return Colour.AMBER if ratio <= amber else Colour.RED


def from_chance(chance: float, was: Colour = Colour.GREY, before: float | None = None, *, thin: bool = False) -> Colour:
    """The colour of a chance to be on time.

    A known colour is left once the border is passed by the margin, or for the second time: `was` is the colour and
    `before` the chance of the review before. `thin`: little is finished yet.
    """
    borders = (LIKELY, UNLIKELY_WHEN_THIN if thin else UNLIKELY)
    plain = from_share(chance, *borders)
    if was in {Colour.GREY, plain}:
        return plain
    stayed = was if before is None else from_share(before, *borders)
    if SEVERITY[plain] > SEVERITY[was]:
        beyond = from_share(round(chance + MARGIN, 6), *borders)
        return worst([was, beyond, best(plain, stayed)])
    beyond = from_share(round(chance - MARGIN, 6), *borders)
    return best(was, beyond, worst([plain, stayed]))


def is_known(past: PastReview) -> bool:
    """Whether the data of an earlier review could be trusted."""
    return past.signals.get(SignalName.DATA) is not Colour.RED


def measured(past: PastReview) -> Colour:
    """What the signals of an earlier review came to, before hysteresis; its colour where they were not kept."""
    return worst(past.signals.values()) if past.signals else past.computed


def settled(now: Colour, earlier: Sequence[PastReview], today: date, calendar: WorkCalendar) -> Colour:
    """Worsening shows at once; improving needs two evaluations in a row, or two working days.

    So it is the worse of this evaluation and of the one before, unless that is two working days old.
    """
    known = [past for past in earlier if is_known(past)]
    if not known or calendar.between(known[-1].at.astimezone(UTC).date(), today) >= CALM_DAYS:
        return now
    return worst([now, measured(known[-1])])


def last_known(earlier: Sequence[PastReview]) -> PastReview | None:
    """The newest earlier review whose data could be trusted."""
    return next((past for past in reversed(earlier) if is_known(past)), None)


def valid_override(override: Override | None, today: date) -> Override | None:
    """An override that holds today: not over, not meant for longer than allowed, and of a colour that can be set."""
    if override is None or override.colour not in _SET_BY_HAND:
        return None
    return override if today <= override.until <= today + timedelta(days=OVERRIDE_DAYS) else None
