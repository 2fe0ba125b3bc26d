"""Where words go: answers to stdout, everything else to stderr; rich only when a person is looking."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TextIO

from rollout_sync.cli.symbols import Symbols, clean, symbols_for, width_of

_TYPEWRITERS = frozenset({"dumb", "unknown"})
"""Values of TERM by which terminals say that they can only write line after line."""


class Progress(Protocol):
    """A running count."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """So many more are done; `note` says what is being done now."""
        ...


@dataclass(slots=True, kw_only=True)
class Screen:
    """The two streams of this call.

    Attributes:
        use_color: whether signs and headings may be coloured, where the stream is a terminal.
        is_quiet: leaves out progress and notes.
        can_draw: whether a terminal can move its cursor, and so show a bar.
        log: takes what else would go to stderr, where that is a log with one object a line.
    """

    stdout: TextIO
    stderr: TextIO
    use_color: bool = True
    is_quiet: bool = False
    can_draw: bool = True
    log: logging.Logger | None = None

    @classmethod
    def of_process(cls, environ: Mapping[str, str] | None = None) -> Screen:
        """The process's own streams; `NO_COLOR` and `TERM=dumb` switch colour off."""
        known = os.environ if environ is None else environ
        return cls(
            stdout=sys.stdout,
            stderr=sys.stderr,
            use_color=not known.get("NO_COLOR") and known.get("TERM") != "dumb",
            can_draw=known.get("TERM") not in _TYPEWRITERS,
        )

    @property
    def symbols(self) -> Symbols:
        """Signs that stdout can show."""
        return symbols_for(self.stdout.encoding)

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads stdout directly."""
        return self.stdout.isatty()

    def line(self, text: str = "") -> None:
        """One line, or several, of the answer."""
        _write(self.stdout, clean(text) + "\n")

    def raw(self, text: str) -> None:
        """Text of the answer exactly as it is: a file's source, JSON."""
        _write(self.stdout, text if text.endswith("\n") else text + "\n")

    def heading(self, text: str) -> None:
        """A line that opens a part of the answer; bold for a person."""
        if self.use_color and self.is_terminal:
            _write(self.stdout, f"\x1b[1m{clean(text)}\x1b[0m\n")
        else:
            self.line(text)

    def note(self, text: str) -> None:
        """One line for the person who waits; not part of the answer."""
        if self.is_quiet:
            return
        if self.log is not None:
            self.log.info(text, extra={"event": "note"})
        else:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Error text on stderr; never left out."""
        if self.log is not None:
            self.log.error(text, extra={"event": "message"})
            return
        _write(self.stderr, clean(text) + "\n")

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns: a rich table for a person, padded plain lines for a pipe."""
        if self.is_terminal:
            from rollout_sync.cli.rich_parts import print_table  # noqa: PLC0415 - rich is slow to load

            print_table(self.stdout, headings, rows, use_color=self.use_color)
            return
        for text in plain_table(headings, rows):
            self.line(text)

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[Progress]:
        """Count up to `total` on stderr: a bar for a person, a line at every tenth for a log."""
        if self.is_quiet or not self.can_draw or not self.stderr.isatty():
            yield _Tenths(screen=self, title=title, total=total)
            return
        from rollout_sync.cli.rich_parts import progress_bar  # noqa: PLC0415 - rich is slow to load

        with progress_bar(self.stderr, title, total, use_color=self.use_color) as bar:
            yield bar


@dataclass(slots=True, kw_only=True)
class _Tenths:
    """Progress without a terminal: at most ten lines."""

    screen: Screen
    title: str
    total: int
    done: int = 0

    def advance(self, count: int = 1, note: str = "") -> None:
        """Write a line when another tenth is done."""
        before, self.done = self.done, self.done + count
        if self.total and before * 10 // self.total != self.done * 10 // self.total:
            self.screen.note(f"{self.title}: {self.done} of {self.total}" + (f" ({note})" if note else ""))


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Lines with columns two blanks apart; the last column is not padded."""
    table = [[clean(cell).replace("\n", " ") for cell in row] for row in (headings, *rows)]
    widths = [max(map(width_of, column)) for column in zip(*table, strict=True)]
    return tuple(_padded(row, widths) for row in table)


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell + " " * (width - width_of(cell)) for cell, width in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
