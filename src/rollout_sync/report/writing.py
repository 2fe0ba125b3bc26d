"""Putting a page on disk: the whole page or the one that was there before, never half of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rollout_sync.errors import RolloutSyncError


def write(path: Path, html: str) -> Path:
    """Write a page and return its absolute path; see `write_bytes`."""
    return write_bytes(path, html.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file and return its absolute path. Folders that are missing are made.

    The file is readable by whoever may read new files of this user.

    Raises:
        RolloutSyncError: the folder or the file cannot be written; a file that was there is untouched.
    """
    target = path.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, content)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RolloutSyncError(
            f"{path.name} cannot be written: {reason}",
            where=str(path),
            hint="name another file with --out, or free some space and check the rights of the folder",
        ) from None
    return target


def _replace(target: Path, content: bytes) -> None:
    number, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(_usual_rights(target))
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _usual_rights(target: Path) -> int:
    """Of the page that is replaced, else of a new file: `mkstemp` would leave it unreadable for everybody else."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
