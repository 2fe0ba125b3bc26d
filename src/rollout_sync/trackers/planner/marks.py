"""The marker line: one short last line of a task's notes by which work is recognised without the ledger.

Everything else in the notes belongs to the people who write there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rollout_sync.model.objects import Marker, ObjectKey
from rollout_sync.model.rollout import RolloutId

_SIGN = "rollout-sync"
_LINE = re.compile(
    r"^[^\S\n]*rollout-sync[^\S\n]*·[^\S\n]*(?P<rollout>[a-z0-9][a-z0-9-]{0,39})[^\S\n]*·[^\S\n]*"
    r"(?P<object>[a-z-]+:[^\s·]+)[^\S\n]*·[^\S\n]*(?P<marker>[0-9a-f]{32})[^\S\n]*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a marker line says: whose task this is."""

    rollout: RolloutId
    object: ObjectKey
    marker: Marker

    def __str__(self) -> str:
        return f"{_SIGN} · {self.rollout} · {self.object} · {self.marker}"


def add_mark(text: str, mark: Mark) -> str:
    """The notes to send: the text, a blank line, the marker line."""
    return f"{text}\n\n{mark}" if text else str(mark)


def split_mark(notes: str) -> tuple[str, Mark | None]:
    """People's text and the mark (the last one, where copying left several).

    Line ends are normalised; text that people wrote below the marker line is kept in its place.
    """
    notes = notes.replace("\r\n", "\n").replace("\r", "\n")
    mark = None
    while (hit := _last_line(notes)) is not None:
        found = _read(hit)
        if found is None:
            break
        mark = mark or found
        notes = _cut(notes, hit)
    return notes, mark


def _last_line(notes: str) -> re.Match[str] | None:
    last = None
    for last in _LINE.finditer(notes):  # noqa: B007 (only the last match is wanted)
        pass
    return last


def _cut(notes: str, hit: re.Match[str]) -> str:
    """Take the line out together with the blank line that was put before it."""
    before, after = notes[: hit.start()], notes[hit.end() :]
    return before.removesuffix("\n").removesuffix("\n") + after


def _read(hit: re.Match[str]) -> Mark | None:
    try:
        key = ObjectKey.parse(hit["object"])
    except ValueError:
        return None  # a later version's kind of object: not ours to judge, so it stays part of the text
    return Mark(rollout=RolloutId(hit["rollout"]), object=key, marker=Marker(hit["marker"]))
