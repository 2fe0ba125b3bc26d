"""What charts have in common: the frame, days along an axis, lines that mark a day, and labels that keep apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rollout_sync.report.pictures.canvas import Ink
from rollout_sync.report.words import MONTHS, short_day

POINT = 0.72
"""Points of type per pixel, at the dots per inch of the canvas."""
TYPE = 12.5
"""Size of ordinary letters in pixels."""
SMALL_TYPE = 11.5
_NAMES = 88
"""Pixels that the name of the agreed day needs."""
PAPER_BEHIND: Mapping[str, object] = {"facecolor": Ink.PAPER.value, "edgecolor": "none", "pad": 1.0}
"""For words that may stand on lines."""
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Pixels between the edge of a picture and its chart."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One labelled day of an axis."""

    day: date
    label: str


def framed(figure: Figure, margins: Margins) -> Axes:
    """An empty chart without spines and ticks."""
    width, height = (float(one) * figure.dpi for one in figure.get_size_inches())
    inner = (width - margins.left - margins.right) / width, (height - margins.top - margins.bottom) / height
    axes = figure.add_axes((margins.left / width, margins.bottom / height, *inner))
    axes.set_frame_on(False)
    axes.set_xticks([])
    axes.set_yticks([])
    return axes


def ticks(first: date, last: date, most: int) -> tuple[Tick, ...]:
    """At most so many days, on Mondays or on the first of months; the year is named once and when it changes."""
    for weeks in (1, 2):
        mondays = tuple(_mondays(first, last, weeks))
        if len(mondays) <= most:
            return tuple(_labelled(mondays, with_days=True))
    for months in _MONTH_STEPS:
        found = tuple(_month_starts(first, last, months))
        if len(found) <= most:
            return tuple(_labelled(found, with_days=False))
    return ()


def _mondays(first: date, last: date, weeks: int) -> Iterator[date]:
    when = first + timedelta(days=-first.weekday() % 7)
    while when <= last:
        yield when
        when += timedelta(weeks=weeks)


def _month_starts(first: date, last: date, step: int) -> Iterator[date]:
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        when = date(number // 12, number % 12 + 1, 1)
        if when >= first and number % step == 0:
            yield when


def _labelled(days: Sequence[date], *, with_days: bool) -> Iterator[Tick]:
    year = None
    for when in days:
        word = short_day(when) if with_days else MONTHS[when.month - 1]
        yield Tick(day=when, label=word if when.year == year else f"{word}\n{when.year}")
        year = when.year


def days_below(axes: Axes, first: date, last: date, most: int, *, grid: bool = True, above: bool = False) -> None:
    """Days along the lower edge, with the year; `above` names them along the upper edge too, over the marked days."""
    axes.set_xlim(first.toordinal(), last.toordinal())
    for tick in ticks(first, last, most):
        at = tick.day.toordinal()
        if grid:
            axes.axvline(at, color=Ink.GRID, linewidth=1 * POINT, zorder=0)
        name, _, year = tick.label.partition("\n")
        for word, edge, offset in ((name, 0, -16), (year, 0, -31), (name if above else "", 1, 22)):
            axes.annotate(
                word, (at, edge), (0, offset * POINT), xycoords=("data", "axes fraction"), textcoords="offset points",
                ha="center", va="baseline", color=Ink.SOFT, fontsize=SMALL_TYPE * POINT, annotation_clip=False,
            )  # fmt: skip


def marked_day(axes: Axes, when: date, label: str, *, dashed: bool = False, side: str = "center") -> None:
    """A line from top to bottom with its name above; `side` is the edge of the name that touches the line."""
    at = when.toordinal()
    axes.axvline(at, color=Ink.TEXT, linewidth=1.2 * POINT, linestyle=(0, (4, 3)) if dashed else "solid", zorder=2)
    axes.annotate(
        label, (at, 1), ({"left": -2, "right": 2}.get(side, 0) * POINT, 4 * POINT), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha=side, va="bottom", color=Ink.TEXT, fontsize=SMALL_TYPE * POINT, weight="bold",
        annotation_clip=False,
    )  # fmt: skip


def today_and_agreed(axes: Axes, today: date, agreed: date, width: float, margins: Margins) -> None:
    """Both days; their names stand away from each other where the days lie close together.

    The agreed day has no name where the picture, `width` pixels wide, has no room for it.
    """
    first, last = axes.get_xlim()
    pixel = (last - first) / (width - margins.left - margins.right)
    is_apart = abs((agreed - today).days) > _NAMES * pixel
    sides = ("center", "center") if is_apart else ("right", "left") if today <= agreed else ("left", "right")
    before, behind = (
        agreed.toordinal() - first + margins.left * pixel,
        last - agreed.toordinal() + margins.right * pixel,
    )
    room = before if sides[1] == "right" else behind if sides[1] == "left" else 2 * min(before, behind)
    marked_day(axes, today, "Today", side=sides[0])
    marked_day(
        axes,
        agreed,
        f"Agreed {short_day(agreed)}" if is_apart or room > _NAMES * pixel else "",
        dashed=True,
        side=sides[1],
    )


def apart(wanted: Sequence[float], gap: float) -> tuple[float, ...]:
    """Places as near as can be to those that are wanted, in the same order from low to high, `gap` between them.

    Neighbours that touch form a block that lies around the middle of what its members want.
    """
    blocks: list[list[int]] = []
    order = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
    for place in order:
        blocks.append([place])
        while len(blocks) > 1 and _lowest(blocks[-1], wanted, gap) < _lowest(blocks[-2], wanted, gap) + gap * len(
            blocks[-2]
        ):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    found = [0.0] * len(wanted)
    for block in blocks:
        low = _lowest(block, wanted, gap)
        for number, place in enumerate(block):
            found[place] = low + gap * number
    return tuple(found)


def _lowest(block: Sequence[int], wanted: Sequence[float], gap: float) -> float:
    return sum(wanted[place] - gap * number for number, place in enumerate(block)) / len(block)
