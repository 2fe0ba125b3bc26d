"""The page of all rollouts: which need somebody, why, and when each goes live; it links to their own pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rollout_sync.health.review import Colour, PastReview, Review
from rollout_sync.report.chart import Chart
from rollout_sync.report.layout import filled
from rollout_sync.report.pictures.horizon import Strip, horizon_picture
from rollout_sync.report.view import day_of
from rollout_sync.report.words import SIGNS, Sign, count, share

MOST_PAST = 12
"""Earlier colours that are shown."""
_ORDER = (Colour.RED, Colour.AMBER, Colour.GREY, Colour.GREEN)
_PAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioRow:
    """One rollout.

    Attributes:
        page: file name of its own page in the same folder; empty where it has none.
        earlier: past reviews, oldest first.
    """

    name: str
    review: Review
    page: str = ""
    earlier: tuple[PastReview, ...] = ()

    def __post_init__(self) -> None:
        if self.page and not _PAGE.fullmatch(self.page):
            raise ValueError(f"{self.page!r} is not the name of a page in the same folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tally:
    colour: Colour
    sign: Sign
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    name: str
    page: str
    review: Review
    sign: Sign
    work: str
    change: str
    past: tuple[Colour, ...] = field(default=())


def portfolio(rows: Sequence[PortfolioRow]) -> str:
    """The page as HTML, the worst rollouts first; equal rows give equal text."""
    ordered = sorted(rows, key=_weight)
    at = max((row.review.at for row in rows), default=None)
    values: dict[str, object] = {
        "at": at,
        "worst": (ordered[0].review.colour if ordered else Colour.GREY).value,
        "tallies": _tallies(ordered),
        "rows": [_line(row) for row in ordered],
        "horizon": _horizon(ordered),
    }
    return filled("portfolio.html", values)


def _weight(row: PortfolioRow) -> tuple[int, float, str]:
    """By colour, then by score, then by name."""
    return _ORDER.index(row.review.colour), row.review.score if row.review.score is not None else 0.0, row.name


def _tallies(rows: Sequence[PortfolioRow]) -> list[_Tally]:
    colours = [row.review.colour for row in rows]
    return [_Tally(colour=one, sign=SIGNS[one], number=colours.count(one)) for one in _ORDER if one in colours]


def _line(row: PortfolioRow) -> _Line:
    tally = row.review.tally
    past = tuple(one.colour for one in row.earlier[-MOST_PAST:])
    work = ", ".join(f"{number} {word}" for number, word in ((tally.late, "late"), (tally.held, "held")) if number)
    return _Line(
        name=row.name,
        page=row.page,
        review=row.review,
        sign=SIGNS[row.review.colour],
        work=work,
        change=_change(row),
        past=(*past, row.review.colour) if past else (),
    )


def _change(row: PortfolioRow) -> str:
    """The colour and the chance of the review before, in words."""
    if not row.earlier:
        return ""
    before = row.earlier[-1]
    chance = "" if before.p_grace is None else f", {share(before.p_grace)} in time"
    return f"{count(len(row.earlier), 'earlier review')}, the last {before.colour.value}{chance}"


def _horizon(rows: Sequence[PortfolioRow]) -> Chart:
    if not rows:
        return Chart.missing("There are no rollouts.")
    today = max(day_of(row.review.at) for row in rows)
    strips = [
        Strip(name=row.name, agreed=row.review.dates.agreed, even=row.review.dates.p50, sure=row.review.dates.p80)
        for row in sorted(rows, key=lambda row: (row.review.dates.agreed, row.name))
    ]
    return Chart.of(lambda form: horizon_picture(strips, today, form), "There are no rollouts.")
