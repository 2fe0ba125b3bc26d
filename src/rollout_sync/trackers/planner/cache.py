"""The file that keeps tokens between runs: private to its owner, replaced in one step, locked across processes.

It holds refresh tokens, so a file that others can read is refused rather than used.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rollout_sync.errors import ConfigError, Unavailable

_LOCK_SECONDS = 60.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_log = logging.getLogger(__name__)


class TokenFile:
    """Reads and writes the text of a token cache.

    Args:
        path: the file; its folder is made, readable by the owner only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out; Unavailable where one holds the lock for a minute."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(f"{self._path}.lock", timeout=_LOCK_SECONDS, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise Unavailable(
                "another run is signing in and holds the token cache",
                where=str(self._path),
                hint=f"run the same command again; if no other run exists, delete {self._path}.lock",
            ) from None
        try:
            yield
        finally:
            lock.release()

    def read(self) -> str | None:
        """The stored text; None where there is none. ConfigError where others could read it too."""
        try:
            with self._path.open(encoding="utf-8") as file:
                _refuse_shared(self._path, os.fstat(file.fileno()))
                return file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            _log.warning("the token cache %s cannot be read (%s); signing in afresh", self._path, type(error).__name__)
            return None

    def write(self, text: str) -> None:
        """Replace the text in one step, so that a crash leaves the old or the new one, never half of either.

        A folder that cannot be written costs a sign-in at the next run, not this one.
        """
        try:
            self._replace(text)
        except OSError as error:
            _log.warning("the token cache %s cannot be written (%s)", self._path, type(error).__name__)

    def _replace(self, text: str) -> None:
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")  # made with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _refuse_shared(path: Path, status: os.stat_result) -> None:
    if os.name == "posix" and status.st_mode & _OTHERS:
        raise ConfigError(
            "the token cache can be read by other users of this machine",
            where=str(path),
            hint=f"chmod 600 {path}, or delete it and sign in again",
        )
