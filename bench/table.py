"""What a measure found, and how all of it is shown: one Markdown table that also reads well in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number.

    Attributes:
        measure: what was measured.
        value: the number that is held against the bar.
        bar: the most it may be; None for a number that is only told.
        unit: behind the number, "" for a ratio.
        note: what the number was computed from.
    """

    measure: str
    value: float
    bar: float | None = None
    unit: str = ""
    note: str = ""

    @property
    def is_over(self) -> bool:
        """Whether a bar is missed; a number that is not one (no measurement) misses it too."""
        return self.bar is not None and not self.value <= self.bar

    @property
    def cells(self) -> tuple[str, ...]:
        """As text, one cell a column."""
        verdict = "" if self.bar is None else "OVER" if self.is_over else "ok"
        bar = "" if self.bar is None else f"≤ {_number(self.bar)}{_unit(self.unit)}"
        return self.measure, f"{_number(self.value)}{_unit(self.unit)}", bar, verdict, self.note


_HEAD = ("measure", "value", "bar", "", "measured as")


def table(rows: Sequence[Row]) -> str:
    """All rows, in columns."""
    lines = [_HEAD, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD) - 1)]
    rule = [*("-" * width for width in widths), "-" * len(_HEAD[-1])]
    return "\n".join(_line(line, widths) for line in (_HEAD, rule, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return f"| {' | '.join([*padded, cells[-1]])} |"


def _number(value: float) -> str:
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"  # noqa: PLR2004 - three digits are enough to judge by


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""
