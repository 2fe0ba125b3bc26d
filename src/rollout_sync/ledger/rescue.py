"""Where an answer goes when the ledger cannot take it: a file beside it, with room reserved before the run.

A full disk after a create was answered must not lose the id. The room is written at the start of a run, so the
line still fits when nothing else does; the next opening moves it into the ledger.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from rollout_sync.ledger.opening import translated
from rollout_sync.model.rollout import RolloutId

_ROOM = 256 * 1024
_BLANK = b"\n"


class Rescue:
    """The reserved file of one rollout; use as a context manager around a run."""

    def __init__(self, ledger_path: Path, rollout: RolloutId) -> None:
        self._path = ledger_path.with_name(f"{ledger_path.name}.{rollout}.rescue.jsonl")
        self._position = 0

    def __enter__(self) -> Self:
        with translated(self._path), contextlib.ExitStack() as stack:
            used = _used(self._path.read_bytes()) if self._path.exists() else b""
            self._position = len(used)
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)
            self._file: BinaryIO = stack.enter_context(os.fdopen(descriptor, "r+b", buffering=0))
            self._write(_BLANK * (_ROOM - self._position), self._position)
            stack.pop_all()
        return self

    def _write(self, content: bytes, position: int) -> None:
        self._file.seek(position)
        left = memoryview(content)
        while left:  # a disk that is nearly full takes a part, and refuses the next one
            left = left[self._file.write(left) :]
        os.fsync(self._file.fileno())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if not _used(self._path.read_bytes()):
            self._path.unlink()

    def keep(self, record: Mapping[str, object]) -> None:
        """Write one record into the reserved room and onto the disk."""
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        self._write(line, self._position)
        self._position += len(line)

    def records(self) -> Sequence[Mapping[str, object]]:
        """What an earlier run had to put here; empty as a rule."""
        if not self._path.exists():
            return ()
        lines = _used(self._path.read_bytes()).splitlines()
        return tuple(record for line in lines if (record := _record(line)) is not None)

    def clear(self) -> None:
        """Forget the records, once the ledger has them."""
        self._position = 0
        self._write(_BLANK * _ROOM, 0)


def _record(line: bytes) -> Mapping[str, object] | None:
    """One record; None for a line that a crash cut off, whose object is then in doubt like any other."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _used(content: bytes) -> bytes:
    stripped = content.rstrip(_BLANK)
    return stripped + b"\n" if stripped else b""
