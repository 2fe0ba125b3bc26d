"""The forecast fan: what was forecast at each review, how wide it was, and the dates that were agreed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rollout_sync.health.forecast import LEVELS, Basis, Forecast
from rollout_sync.report.pictures.axes import POINT, SMALL_TYPE, TYPE, Margins, apart, days_below, framed, ticks
from rollout_sync.report.pictures.canvas import Form, Ink, Picture
from rollout_sync.report.view import RolloutView, day_of
from rollout_sync.report.words import count, day, share, short_day

HEIGHT = {Form.WIDE: 350, Form.NARROW: 330}
_MARGINS = {
    Form.WIDE: Margins(left=64, right=146, top=16, bottom=42),
    Form.NARROW: Margins(left=50, right=122, top=14, bottom=42),
}
_LEAST_SPAN = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class FanPoint:
    """What one review forecast."""

    at: date
    low: date
    middle: date
    high: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A go-live date that was agreed, from one day to another."""

    go_live: date
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """All that the chart shows.

    Attributes:
        points: oldest first, the newest is that of today where there is a forecast.
        deciles: days of today's forecast from 10 to 90 %; empty without one.
        agreed: the dates agreed on, the original first.
    """

    points: tuple[FanPoint, ...]
    deciles: tuple[date, ...]
    agreed: tuple[Step, ...]
    today: date


def fan_of(view: RolloutView) -> Fan | None:
    """The fan, or nothing where neither today nor an earlier review has a forecast."""
    today = day_of(view.case.now)
    deciles = _deciles(view.review.forecast)
    points = [one for one in _past(view) if one.at < today or not deciles]
    if deciles:
        points.append(FanPoint(at=today, low=deciles[0], middle=deciles[len(deciles) // 2], high=deciles[-1]))
    if not points or (len(points) == 1 and not deciles):
        return None
    return Fan(points=tuple(points), deciles=deciles, agreed=_agreed(view, points[0].at, today), today=today)


def _deciles(forecast: Forecast | None) -> tuple[date, ...]:
    if forecast is None or forecast.basis is Basis.FINISHED:
        return ()
    return tuple(one.date() for one in forecast.deciles)


def _past(view: RolloutView) -> Iterator[FanPoint]:
    """One for each day, the last of the day."""
    by_day = {}
    for one in view.history.trend:
        if one.p10 is not None and one.p50 is not None and one.p90 is not None:
            by_day[day_of(one.at)] = FanPoint(at=day_of(one.at), low=one.p10, middle=one.p50, high=one.p90)
    yield from by_day.values()


def _agreed(view: RolloutView, first: date, today: date) -> tuple[Step, ...]:
    known = view.case.snapshot.agreed
    if not known:
        return (Step(go_live=view.review.dates.agreed, first=first, last=today),)
    ends = [*(day_of(one.since) for one in known[1:]), today]
    return tuple(
        Step(go_live=one.go_live, first=max(first, min(day_of(one.since), end)), last=max(first, end))
        for one, end in zip(known, ends, strict=True)
    )


def fan_picture(view: RolloutView, form: Form) -> Picture | None:
    """The chart, or nothing where there is no forecast."""
    fan = fan_of(view)
    if fan is None:
        return None
    return Picture(
        name=f"fan-{form}",
        title="Forecast of the go-live date over time",
        description=description(fan, view.review.dates.p_grace),
        width=form.width,
        height=HEIGHT[form],
        draw=lambda figure: _draw(figure, fan, form),
    )


def description(fan: Fan, chance: float | None) -> str:
    """The chart in words."""
    first, last = fan.points[0], fan.points[-1]
    between = f"a day between {day(last.low)} and {day(last.high)} in eight of ten cases"
    sentences = [f"On {day(last.at)} the forecast says {day(last.middle)} with even odds, and {between}."]
    if len(fan.points) > 1:
        reviews = count(len(fan.points) - 1, "earlier review")
        said = f"on {day(first.at)} it said {day(first.middle)}, between {day(first.low)} and {day(first.high)}"
        sentences.append(f"{reviews}: {said}.")
    original, agreed = fan.agreed[0].go_live, fan.agreed[-1].go_live
    was = f"; the first date was {day(original)}" if original != agreed else ""
    sentences.append(f"Agreed is {day(agreed)}{was}.")
    if chance is not None:
        sentences.append(f"The chance to be live in time, with the days of grace, is {share(chance)}.")
    return " ".join(sentences)


def _draw(figure: Figure, fan: Fan, form: Form) -> None:
    axes = framed(figure, _MARGINS[form])
    first = min(fan.points[0].at, fan.today - _LEAST_SPAN)
    last = fan.today + max((fan.today - first) / 14, timedelta(days=1))
    days_below(axes, first, last, 8 if form is Form.WIDE else 3, grid=False)
    _days_at_left(axes, fan)
    _draw_past(axes, fan.points)
    if fan.deciles:
        _draw_today(axes, fan, (last - fan.today).days * 0.55)
    _draw_agreed(axes, fan.agreed, last)
    _draw_labels(axes, _labels(fan, form), HEIGHT[form] - _MARGINS[form].top - _MARGINS[form].bottom)


def _days_at_left(axes: Axes, fan: Fan) -> None:
    shown = [edge for one in fan.points for edge in (one.low, one.high)] + [step.go_live for step in fan.agreed]
    low, high = min(shown), max(shown)
    room = max((high - low).days, 10) * 0.06
    axes.set_ylim(low.toordinal() - room, high.toordinal() + room)
    for tick in ticks(low, high, 7):
        at = tick.day.toordinal()
        axes.axhline(at, color=Ink.GRID, linewidth=1 * POINT, zorder=0)
        axes.annotate(
            tick.label.partition("\n")[0], (0, at), (-8 * POINT, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center", color=Ink.SOFT, fontsize=SMALL_TYPE * POINT,
            annotation_clip=False,
        )  # fmt: skip


def _draw_past(axes: Axes, points: Sequence[FanPoint]) -> None:
    if len(points) < 2:  # noqa: PLR2004 - a band needs two ends
        return
    at = [one.at.toordinal() for one in points]
    low, high = [one.low.toordinal() for one in points], [one.high.toordinal() for one in points]
    middle = [one.middle.toordinal() for one in points]
    axes.fill_between(at, low, high, color=Ink.WIDE, linewidth=0, zorder=1)
    for edge in (low, high):
        axes.plot(at, edge, color=Ink.CORE, linewidth=1 * POINT, zorder=2)
    axes.plot(
        at, middle, color=Ink.FORECAST, linewidth=2.4 * POINT, marker="o", markersize=5 * POINT,
        solid_capstyle="round", zorder=4,
    )  # fmt: skip


def _draw_today(axes: Axes, fan: Fan, width: float) -> None:
    """Today's deciles, nested: the darker, the likelier."""
    at = fan.today.toordinal()
    for number, ink in enumerate((Ink.WIDE, Ink.MIDDLE, Ink.CORE)):
        low, high = fan.deciles[number].toordinal(), fan.deciles[-1 - number].toordinal()
        axes.bar(at, high - low, width, low, align="edge", color=ink, edgecolor=Ink.PAPER, linewidth=0.8, zorder=3)
    middle = fan.deciles[len(fan.deciles) // 2].toordinal()
    axes.plot([at, at + width], [middle, middle], color=Ink.FORECAST, linewidth=3 * POINT, zorder=5)


def _draw_agreed(axes: Axes, steps: Sequence[Step], last: date) -> None:
    original = steps[0].go_live.toordinal()
    if steps[-1].go_live != steps[0].go_live:
        axes.axhline(original, color=Ink.SOFT, linewidth=1.4 * POINT, linestyle=(0, (1, 2)), zorder=4)
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        end = last if after is None else step.last
        level = step.go_live.toordinal()
        dashes = (0, (5, 3))
        axes.plot([step.first.toordinal(), end.toordinal()], [level, level], color=Ink.TEXT, linewidth=1.6 * POINT,
                  linestyle=dashes, zorder=5)  # fmt: skip
        if after is not None:
            axes.plot([end.toordinal()] * 2, [level, after.go_live.toordinal()], color=Ink.TEXT, linewidth=1.6 * POINT,
                      linestyle=dashes, zorder=5)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Label:
    at: date
    words: str
    ink: Ink
    bold: bool = False


def _labels(fan: Fan, form: Form) -> tuple[_Label, ...]:
    original, agreed = fan.agreed[0].go_live, fan.agreed[-1].go_live
    found = [_Label(at=agreed, words=f"Agreed {short_day(agreed)}", ink=Ink.TEXT, bold=True)]
    if original != agreed:
        found.append(
            _Label(
                at=original, words=f"{'Original' if form is Form.WIDE else 'First'} {short_day(original)}", ink=Ink.SOFT
            )
        )
    known = dict(zip(LEVELS, fan.deciles, strict=False)) if fan.deciles else {0.5: fan.points[-1].middle}
    for level in (0.1, 0.5, 0.8, 0.9):
        if level in known:
            chance = "even odds" if level == 0.5 else f"{level:.0%}".replace("%", " %")  # noqa: PLR2004 - the median
            words = (
                f"{chance}: {short_day(known[level])}"
                if form is Form.WIDE
                else f"{chance.removesuffix(' odds')} {short_day(known[level])}"
            )
            found.append(_Label(at=known[level], words=words, ink=Ink.FORECAST, bold=level == 0.5))  # noqa: PLR2004
    return tuple(found)


def _draw_labels(axes: Axes, labels: Sequence[_Label], pixels: float) -> None:
    """At the right edge, beside what they name, and never over each other."""
    low, high = axes.get_ylim()
    gap = (high - low) / pixels * (TYPE + 4)
    places = apart([one.at.toordinal() for one in labels], gap)
    for label, place in zip(labels, places, strict=True):
        axes.annotate(
            label.words, (1, place), (7 * POINT, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="left", va="center", color=label.ink, fontsize=TYPE * POINT,
            weight="bold" if label.bold else "normal", annotation_clip=False,
        )  # fmt: skip
