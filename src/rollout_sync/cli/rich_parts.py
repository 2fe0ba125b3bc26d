"""The two things that rich draws for a person at a terminal: tables and progress bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from rollout_sync.cli.symbols import clean


def print_table(stream: TextIO, headings: Sequence[str], rows: Sequence[Sequence[str]], *, use_color: bool) -> None:
    """A table without frame, wrapped to the width of the terminal; cells are text, never markup."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(Text(clean(heading)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    _console(stream, use_color=use_color).print(table)


@contextmanager
def progress_bar(stream: TextIO, title: str, total: int, *, use_color: bool) -> Iterator[_Bar]:
    """A bar that goes away when it is full."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=_console(stream, use_color=use_color), transient=True) as progress:
        yield _Bar(progress=progress, task=progress.add_task(clean(title), total=total, note=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """One task of a rich progress display."""

    progress: Progress
    task: TaskID

    def advance(self, count: int = 1, note: str = "") -> None:
        """So many more are done."""
        self.progress.update(self.task, advance=count, note=clean(note))


def _console(stream: TextIO, *, use_color: bool) -> Console:
    return Console(file=stream, no_color=not use_color, highlight=False, markup=False, emoji=False)
