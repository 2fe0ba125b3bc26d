"""The burn-up: work that is finished against all the work there is, and against what the baseline wanted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rollout_sync.report.pictures.axes import (
    PAPER_BEHIND,
    POINT,
    TYPE,
    Margins,
    apart,
    days_below,
    framed,
    today_and_agreed,
)
from rollout_sync.report.pictures.canvas import Form, Ink, Picture
from rollout_sync.report.view import BurnPoint, RolloutView, day_of
from rollout_sync.report.words import count, day

HEIGHT = {Form.WIDE: 320, Form.NARROW: 290}
_MARGINS = {
    Form.WIDE: Margins(left=40, right=110, top=28, bottom=42),
    Form.NARROW: Margins(left=30, right=88, top=28, bottom=42),
}


def burnup_picture(view: RolloutView, form: Form) -> Picture | None:
    """The chart, or nothing where there is no item or no baseline."""
    points = view.history.burn
    if not points or points[-1].planned == 0:
        return None
    agreed = view.review.dates.agreed
    today = day_of(view.case.now)
    return Picture(
        name=f"burn-up-{form}",
        title="Finished work against all work and against the plan",
        description=description(points),
        width=form.width,
        height=HEIGHT[form],
        draw=lambda figure: _draw(figure, points, form, today, agreed),
    )


def newest(points: Sequence[BurnPoint]) -> BurnPoint:
    """The last point that is not in the future."""
    return [one for one in points if one.done is not None][-1]


def description(points: Sequence[BurnPoint]) -> str:
    """The chart in words."""
    now, first = newest(points), points[0]
    grown = (now.total or 0) - (first.total or 0)
    change = f", {count(abs(grown), 'item')} {'more' if grown > 0 else 'fewer'} than at the start" if grown else ""
    return (
        f"On {day(now.day)}, {now.done} of {count(now.total or 0, 'item')} are finished{change}. "
        f"The baseline wanted {now.planned} by then, and all {points[-1].planned} by {day(points[-1].day)}."
    )


def _draw(figure: Figure, points: Sequence[BurnPoint], form: Form, today: date, agreed: date) -> None:
    axes = framed(figure, _MARGINS[form])
    first, last = points[0].day, max(points[-1].day, agreed + timedelta(days=2))
    days_below(axes, first, last, 9 if form is Form.WIDE else 4)
    highest = max(max(one.planned, one.total or 0) for one in points)
    axes.set_ylim(0, highest * 1.06)
    _counts_at_left(axes, highest)
    _draw_lines(axes, points, last)
    today_and_agreed(axes, today, agreed, form.width, _MARGINS[form])
    _draw_labels(axes, points, HEIGHT[form] - _MARGINS[form].top - _MARGINS[form].bottom)


def _counts_at_left(axes: Axes, highest: int) -> None:
    step = next((one for one in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1_000) if highest / one <= 5), highest)  # noqa: PLR2004 - lines
    for level in range(0, highest + 1, step):
        axes.axhline(level, color=Ink.GRID, linewidth=1 * POINT, zorder=0)
        axes.annotate(
            f"{level}", (0, level), (-7 * POINT, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", va="center", color=Ink.SOFT, fontsize=TYPE * POINT, annotation_clip=False,
        )  # fmt: skip


def _draw_lines(axes: Axes, points: Sequence[BurnPoint], last: date) -> None:
    at = [one.day.toordinal() for one in points]
    past = [one for one in points if one.done is not None]
    past_at = [one.day.toordinal() for one in past]
    done = [one.done or 0 for one in past]
    axes.plot([*at, last.toordinal()], [*(one.planned for one in points), points[-1].planned], color=Ink.SOFT,
              linewidth=1.6 * POINT, linestyle=(0, (1, 1.6)), drawstyle="steps-post", zorder=2)  # fmt: skip
    axes.fill_between(past_at, done, step="post", color=Ink.DONE_AREA, linewidth=0, zorder=1)
    axes.plot(past_at, done, color=Ink.DONE, linewidth=2.6 * POINT, drawstyle="steps-post", zorder=4)
    axes.plot(past_at, [one.total or 0 for one in past], color=Ink.FORECAST, linewidth=1.8 * POINT,
              linestyle=(0, (6, 2)), drawstyle="steps-post", zorder=3)  # fmt: skip
    axes.plot(past_at[-1:], done[-1:], marker="o", markersize=7 * POINT, color=Ink.DONE, zorder=5)


def _draw_labels(axes: Axes, points: Sequence[BurnPoint], pixels: float) -> None:
    """At the right edge what there is in the end; beside today what is done, and what should be."""
    now, last = newest(points), points[-1]
    low, high = axes.get_ylim()
    pixel = (high - low) / pixels
    ends = ((now.total or 0, f"{now.total} in all", Ink.FORECAST), (last.planned, f"{last.planned} planned", Ink.SOFT))
    for (_, words, ink), place in zip(ends, apart([one[0] for one in ends], pixel * (TYPE + 3)), strict=True):
        axes.annotate(
            words, (1, place), (7 * POINT, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="left", va="center", color=ink, fontsize=TYPE * POINT, weight="bold", annotation_clip=False,
        )  # fmt: skip
    is_early = now.day - points[0].day < (last.day - now.day) * 2
    here = ((f"{now.done} done", Ink.DONE, "bold"), (f"{now.planned} planned by now", Ink.SOFT, "normal"))
    level = max((now.done or 0) - 14 * pixel, 24 * pixel)
    for number, (words, ink, weight) in enumerate(here):
        axes.annotate(
            words, (now.day.toordinal(), level - number * pixel * (TYPE + 4)), ((10 if is_early else -10) * POINT, 0),
            textcoords="offset points", ha="left" if is_early else "right", va="center", color=ink,
            fontsize=TYPE * POINT, weight=weight, zorder=6, bbox=PAPER_BEHIND,
        )  # fmt: skip
