"""The Gantt chart: phases, items, gates and today. Shapes and patterns tell what something is, not colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox, TransformedBbox

from rollout_sync.model.snapshot import Decision
from rollout_sync.report.items import Look, by_phase, reach, rows_of
from rollout_sync.report.pictures.axes import (
    PAPER_BEHIND,
    POINT,
    SMALL_TYPE,
    TYPE,
    Margins,
    days_below,
    framed,
    today_and_agreed,
)
from rollout_sync.report.pictures.canvas import Form, Ink, Picture
from rollout_sync.report.pictures.gantt_rows import Diamond, Line, Shape, lines_of
from rollout_sync.report.view import RolloutView, day_of
from rollout_sync.report.words import clipped, count, day, short_day

MOST_LINES = {Form.WIDE: 110, Form.NARROW: 24}
"""Beyond these a chart cannot be read; fewer lines are shown then."""
_LABEL = 316
_LETTERS = {Form.WIDE: 42, Form.NARROW: 26}
_HEIGHT = {Form.WIDE: 21, Form.NARROW: 42}
_PHASE_HEIGHT = {Form.WIDE: 30, Form.NARROW: 42}
_MARGINS = {
    Form.WIDE: Margins(left=_LABEL, right=16, top=76, bottom=40),
    Form.NARROW: Margins(left=8, right=8, top=84, bottom=40),
}
_BAR = 11
_NOTE, _NOTE_LETTERS = 112, 14
"""Room for the note of a phase beside its name, in pixels and in letters."""
_LATE = (0, (1.2, 0.8))
_LOOKS = {"done": Look.DONE, "in progress": Look.STARTED, "to do": Look.OPEN, "held": Look.HELD}
_GATES = {"gate: open": Decision.APPROVED, "gate: shut": Decision.WAITING}


def gantt_picture(view: RolloutView, form: Form) -> Picture | None:
    """The chart, or nothing where a rollout has no items that still exist."""
    rows = [row for row in rows_of(view.case) if row.look is not Look.GONE]
    lines = lines_of(by_phase(view.case.rollout.phases, rows), _most(form, len(rows)))
    if not lines:
        return None
    today = day_of(view.case.now)
    first, last = reach(rows, today)
    agreed = view.review.dates.agreed
    days = _Days(first=min(first, agreed), last=max(last, agreed), today=today, agreed=agreed)
    margins = _MARGINS[form]
    return Picture(
        name=f"gantt-{form}",
        title="Plan by phase: what is done, in progress, late and held, and the gates",
        description=description(lines, view),
        caption=f"{_summary(lines)}. Agreed go-live is {day(agreed)}. All items with their dates are listed below.",
        width=form.width,
        height=round(sum(_height(line, form) for line in lines) + margins.top + margins.bottom),
        draw=lambda figure: _draw(figure, lines, form, days),
    )


def _most(form: Form, items: int) -> int:
    """A telephone shows phases alone, unless all there is fits."""
    return MOST_LINES[form] if form is Form.WIDE or items <= MOST_LINES[form] else 0


def description(lines: Sequence[Line], view: RolloutView) -> str:
    """The chart in words: each phase with its days and how far it is. Items are listed in the tables of the page."""
    phases = [line for line in lines if line.shape is Shape.PHASE]
    told = "; ".join(
        f"{clipped(one.label, 60)}, {short_day(one.first)} to {short_day(one.last)}, {one.note}"
        + (", all that is open is held" if one.look is Look.HELD else "")
        for one in phases
    )
    return f"{_summary(lines)}, agreed go-live {day(view.review.dates.agreed)}. {told}."


def _summary(lines: Sequence[Line]) -> str:
    phases = sum(line.shape is Shape.PHASE for line in lines)
    shown = f" with {count(len(lines) - phases, 'item')}" if len(lines) > phases else ""
    return f"{count(phases, 'phase')}{shown}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """The days that a chart is about."""

    first: date
    last: date
    today: date
    agreed: date


def _height(line: Line, form: Form) -> float:
    return (_PHASE_HEIGHT if line.shape is Shape.PHASE else _HEIGHT)[form]


def _draw(figure: Figure, lines: Sequence[Line], form: Form, days: _Days) -> None:
    axes = framed(figure, _MARGINS[form])
    total = sum(_height(line, form) for line in lines)
    axes.set_ylim(total, 0)
    days_below(axes, days.first, days.last, 9 if form is Form.WIDE else 4, above=form is Form.WIDE)
    today_and_agreed(axes, days.today, days.agreed, form.width, _MARGINS[form])
    top = 0.0
    for line in lines:
        _draw_line(axes, line, top, form, days)
        top += _height(line, form)
    _draw_legend(figure, form)


def _draw_line(axes: Axes, line: Line, top: float, form: Form, days: _Days) -> None:
    height = _height(line, form)
    middle = top + (height / 2 if form is Form.WIDE else height * 0.7)
    if line.shape is Shape.PHASE:
        axes.axhline(top, color=Ink.GRID, linewidth=1 * POINT, zorder=0, clip_on=False)
    _draw_tail(axes, line, middle, days.today)
    _draw_shape(axes, line, middle)
    _draw_label(axes, line, top, form)


def _draw_shape(axes: Axes, line: Line, middle: float) -> None:
    match line.shape:
        case Shape.PHASE:
            _draw_summary(axes, line, middle)
        case Shape.BAR:
            _draw_bar(axes, line, middle)
        case Shape.MILESTONE:
            _mark(axes, line.last, middle, "^", Ink.DONE if line.look is Look.DONE else Ink.PAPER)
        case Shape.GATE:
            pass  # its diamond is all there is
    for diamond in line.diamonds:
        _draw_diamond(axes, diamond, middle)


def _draw_bar(axes: Axes, line: Line, middle: float) -> None:
    left, width = line.first.toordinal(), (line.last - line.first).days + 1
    if line.look is Look.HELD:
        axes.barh(middle, width, _BAR, left, align="center", color=Ink.HELD_AREA, edgecolor=Ink.HELD, hatch="//////",
                  linewidth=1 * POINT, zorder=3)  # fmt: skip
        return
    axes.barh(middle, width, _BAR, left, color=Ink.PAPER, edgecolor=Ink.DONE if line.progress else Ink.OPEN_EDGE,
              linewidth=1.2 * POINT, zorder=3)  # fmt: skip
    if line.progress:
        axes.barh(middle, width * line.progress, _BAR, left, color=Ink.DONE, linewidth=0, zorder=4)


def _draw_summary(axes: Axes, line: Line, middle: float) -> None:
    """A phase: a thin bar over all its days, filled as far as its items are done."""
    left, width = line.first.toordinal(), (line.last - line.first).days + 1
    is_held = line.look is Look.HELD
    axes.barh(middle, width, _BAR - 3, left, color=Ink.HELD_AREA if is_held else Ink.OPEN, linewidth=0, zorder=3,
              edgecolor=Ink.HELD, hatch="//////" if is_held else None)  # fmt: skip
    if line.progress:
        axes.barh(middle, width * line.progress, _BAR - 3, left, color=Ink.DONE, linewidth=0, zorder=4)


def _draw_tail(axes: Axes, line: Line, middle: float, today: date) -> None:
    """From the day that something was due to today."""
    if line.overdue:
        end = line.last.toordinal() + (1 if line.shape is Shape.BAR else 0)
        axes.plot([end, today.toordinal()], [middle, middle], color=Ink.LATE, linewidth=3 * POINT,
                  linestyle=_LATE, zorder=3, solid_capstyle="butt")  # fmt: skip
        axes.annotate(
            f"{line.overdue} d late", (today.toordinal(), middle), (5 * POINT, 0), textcoords="offset points",
            ha="left", va="center", color=Ink.LATE, fontsize=SMALL_TYPE * POINT, weight="bold", zorder=6,
        )  # fmt: skip


def _draw_diamond(axes: Axes, diamond: Diamond, middle: float) -> None:
    if diamond.decision is Decision.REJECTED:
        _mark(axes, diamond.day, middle, "X", Ink.LATE, edge=Ink.LATE)
    elif diamond.decision.opens:
        _mark(axes, diamond.day, middle, "D", Ink.DONE, edge=Ink.PAPER)
    else:
        _mark(axes, diamond.day, middle, "D", Ink.PAPER, edge=Ink.LATE if diamond.is_late else Ink.TEXT)


def _mark(axes: Axes, at: date, middle: float, marker: str, fill: Ink, *, edge: Ink = Ink.TEXT) -> None:
    size = 11 if edge is Ink.PAPER else 8.6  # an edge of paper makes a mark look smaller
    axes.plot([at.toordinal() + 0.5], [middle], marker=marker, markersize=size * POINT, markerfacecolor=fill,
              markeredgecolor=edge, markeredgewidth=1.6 * POINT, linestyle="none", zorder=5)  # fmt: skip


def _draw_label(axes: Axes, line: Line, top: float, form: Form) -> None:
    """The name of a line: left of the chart, or above the bar where there is no room beside it."""
    is_phase, is_wide = line.shape is Shape.PHASE, form is Form.WIDE
    middle = top + (_height(line, form) / 2 if is_wide else 13)
    indent = 0 if is_phase else 14
    behind = None if is_wide else PAPER_BEHIND
    text = axes.annotate(
        clipped(line.label, _LETTERS[form] - (_NOTE_LETTERS if is_phase and is_wide else 0)), (0, middle),
        ((indent - _LABEL + 4 if is_wide else indent) * POINT, 0), xycoords=("axes fraction", "data"),
        textcoords="offset points", ha="left", va="center", color=Ink.TEXT, fontsize=TYPE * POINT,
        weight="bold" if is_phase else "normal", annotation_clip=False, bbox=behind,
    )  # fmt: skip
    if is_wide:
        _cut(text, (_LABEL - (_NOTE if is_phase else 6)) / form.width)
    if is_phase:
        axes.annotate(
            line.note, (0 if is_wide else 1, middle), (-8 * POINT if is_wide else 0, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", va="center", color=Ink.SOFT,
            fontsize=SMALL_TYPE * POINT, annotation_clip=False, bbox=behind,
        )  # fmt: skip


def _cut(text: Text, edge: float) -> None:
    """Letters of some scripts are wide: none is drawn beyond this share of the picture's width."""
    figure = text.get_figure(root=True)
    if figure is not None:
        text.set_clip_on(True)
        text.set_clip_box(TransformedBbox(Bbox.from_extents(0, 0, edge, 1), figure.transFigure))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One word of the legend with a line of the chart as its sample; `place` is left and top in pixels."""

    word: str
    place: tuple[float, float]

    def sample(self) -> Line:
        """A line that begins at the entry's place."""
        first = date(1, 1, 1) + timedelta(days=round(self.place[0]))
        is_gate = self.word in _GATES
        day = first + timedelta(days=12)
        return Line(
            shape=Shape.GATE if is_gate else Shape.MILESTONE if self.word == "milestone" else Shape.BAR,
            label="",
            first=first,
            last=day if self.word == "milestone" else first + timedelta(days=20),
            look=_LOOKS.get(self.word, Look.OPEN),
            progress={"done": 1.0, "in progress": 0.5}.get(self.word, 0.0),
            diamonds=(Diamond(day=day, decision=_GATES[self.word], is_late=False),) if is_gate else (),
        )


def _legend(form: Form) -> tuple[_Entry, ...]:
    found: list[_Entry] = []
    left, top = 4.0, 16.0
    for word in (*_LOOKS, *_GATES, "milestone", "late", "agreed day"):
        width = 42 + 6.6 * len(word)
        if left + width > form.width:
            left, top = 4.0, top + 21
        found.append(_Entry(word=word, place=(left, top)))
        left += width
    return tuple(found)


def _draw_legend(figure: Figure, form: Form) -> None:
    """What shapes and patterns mean, in the room above the chart."""
    width, height = (float(one) * figure.dpi for one in figure.get_size_inches())
    room = _MARGINS[form].top
    axes = figure.add_axes((0, 1 - room / height, 1, room / height))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(room, 0)
    for entry in _legend(form):
        left, top = entry.place
        if entry.word == "late":
            axes.plot([left, left + 21], [top, top], color=Ink.LATE, linewidth=3 * POINT, linestyle=_LATE)
        elif entry.word == "agreed day":
            axes.plot([left + 12] * 2, [top - 8, top + 8], color=Ink.TEXT, linewidth=1.2 * POINT, linestyle=(0, (4, 3)))
        else:
            _draw_shape(axes, entry.sample(), top)
        axes.text(left + 27, top, entry.word, va="center", color=Ink.SOFT, fontsize=SMALL_TYPE * POINT)
