"""The horizon: agreed days and forecasts of all rollouts on one line of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rollout_sync.report.pictures.axes import (
    PAPER_BEHIND,
    POINT,
    SMALL_TYPE,
    TYPE,
    Margins,
    days_below,
    framed,
    marked_day,
)
from rollout_sync.report.pictures.canvas import Form, Ink, Picture
from rollout_sync.report.words import clipped, count, day

MOST_STRIPS = 60
_STRIP = {Form.WIDE: 30, Form.NARROW: 44}
_MARGINS = {
    Form.WIDE: Margins(left=300, right=30, top=50, bottom=40),
    Form.NARROW: Margins(left=10, right=14, top=72, bottom=40),
}
_LETTERS = 38


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One rollout; the forecast's days are None where there is none."""

    name: str
    agreed: date
    even: date | None
    sure: date | None


def horizon_picture(strips: Sequence[Strip], today: date, form: Form) -> Picture | None:
    """The chart of the first rollouts, or nothing where there are none."""
    shown = strips[:MOST_STRIPS]
    if not shown:
        return None
    margins = _MARGINS[form]
    return Picture(
        name=f"horizon-{form}",
        title="Agreed go-live days and forecasts of all rollouts",
        description=description(shown),
        caption=f"{count(len(shown), 'rollout')}; the line runs from even odds to 80 % sure, the diamond is agreed.",
        width=form.width,
        height=round(len(shown) * _STRIP[form] + margins.top + margins.bottom),
        draw=lambda figure: _draw(figure, shown, today, form),
    )


def description(strips: Sequence[Strip]) -> str:
    """The chart in words."""
    told = (
        f"{clipped(one.name, 60)}: agreed {day(one.agreed)}, "
        + (f"forecast {day(one.even)}, 80 % sure by {day(one.sure)}" if one.even else "no forecast")
        for one in strips
    )
    return "; ".join(told) + "."


def _draw(figure: Figure, strips: Sequence[Strip], today: date, form: Form) -> None:
    axes = framed(figure, _MARGINS[form])
    height = _STRIP[form]
    axes.set_ylim(len(strips) * height, 0)
    days = [today, *(each for one in strips for each in (one.agreed, one.even, one.sure) if each is not None)]
    room = timedelta(days=max((max(days) - min(days)).days // 30, 3))
    days_below(axes, min(days) - room, max(days) + room, 9 if form is Form.WIDE else 4)
    marked_day(axes, today, "Today")
    for number, strip in enumerate(strips):
        _draw_strip(axes, strip, number * height, form)
    _draw_legend(figure, form)


def _draw_strip(axes: Axes, strip: Strip, top: float, form: Form) -> None:
    middle = top + _STRIP[form] * (0.5 if form is Form.WIDE else 0.68)
    axes.axhline(top, color=Ink.GRID, linewidth=1 * POINT, zorder=0)
    if strip.even is not None and strip.sure is not None:
        axes.plot([strip.even.toordinal(), strip.sure.toordinal()], [middle] * 2, color=Ink.CORE, linewidth=8 * POINT,
                  solid_capstyle="butt", zorder=3)  # fmt: skip
        axes.plot([strip.even.toordinal()], [middle], marker="o", markersize=9 * POINT, color=Ink.FORECAST, zorder=4)
    axes.plot([strip.agreed.toordinal()], [middle], marker="D", markersize=8 * POINT, markerfacecolor=Ink.PAPER,
              markeredgecolor=Ink.TEXT, markeredgewidth=1.6 * POINT, zorder=5)  # fmt: skip
    is_wide = form is Form.WIDE
    axes.annotate(
        clipped(strip.name, _LETTERS), (0, middle if is_wide else top + 13),
        ((4 - _MARGINS[form].left) * POINT if is_wide else 0, 0), xycoords=("axes fraction", "data"),
        textcoords="offset points", ha="left", va="center", color=Ink.TEXT, fontsize=TYPE * POINT,
        annotation_clip=False, bbox=None if is_wide else PAPER_BEHIND,
    )  # fmt: skip


def _draw_legend(figure: Figure, form: Form) -> None:
    width, height = (float(one) * figure.dpi for one in figure.get_size_inches())
    room = _MARGINS[form].top
    axes = figure.add_axes((0, 1 - room / height, 1, room / height))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(room, 0)
    second = (200, 16) if form is Form.WIDE else (0, 37)
    axes.plot([8, 26], [16, 16], color=Ink.CORE, linewidth=8 * POINT, solid_capstyle="butt")
    axes.plot([8], [16], marker="o", markersize=9 * POINT, color=Ink.FORECAST)
    axes.plot([second[0] + 12], [second[1]], marker="D", markersize=8 * POINT, markerfacecolor=Ink.PAPER,
              markeredgecolor=Ink.TEXT, markeredgewidth=1.6 * POINT)  # fmt: skip
    for left, top, word in ((34, 16, "even odds to 80 % sure"), (second[0] + 26, second[1], "agreed day")):
        axes.text(left, top, word, va="center", color=Ink.SOFT, fontsize=SMALL_TYPE * POINT)
