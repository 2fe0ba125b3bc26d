"""What system tests would work out again in each command, worked out once for each process that runs tests.

A template that was read and checked before is the same value again, and a ledger that does not exist yet begins as a
copy of one that the migrations made a moment ago. Files that exist are opened and migrated as always, and the tests of
the ledger, of the templates and of crashes use none of this.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from functools import cache
from pathlib import Path

import pytest

from rollout_sync.ledger import opening
from rollout_sync.sync import wishing
from rollout_sync.template import shipped
from rollout_sync.template.reading import read_template

_READ = cache(read_template)  # frozen values; a template with problems raises, and is read again
_PREPARE = opening._prepare_file


def put_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the end of the test."""
    monkeypatch.setattr(shipped, "read_template", _READ)
    monkeypatch.setattr(wishing, "read_template", _READ)
    monkeypatch.setattr(opening, "_prepare_file", _prepare_file)


def _prepare_file(path: Path) -> None:
    is_new = not path.exists()
    _PREPARE(path)
    if is_new:
        try:
            path.write_bytes(_blank())
        except OSError:
            path.write_bytes(b"")  # half a file would be a damaged one; the migrations leave an empty one behind
            raise


@cache
def _blank() -> bytes:
    """A ledger of the newest schema without an identity; each that begins with it gets its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        _PREPARE(path)
        with pytest.MonkeyPatch.context() as real:
            real.setattr(opening, "_prepare_file", _PREPARE)
            opening.Database(path).close()
        with contextlib.closing(sqlite3.connect(path)) as raw:
            raw.execute("DELETE FROM meta WHERE key = 'uuid'")
            raw.commit()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()
