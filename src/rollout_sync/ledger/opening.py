"""Opens the ledger file: checks it, migrates it, keeps backups, and turns SQLite's failures into our errors.

Settings follow the protocol: WAL with `synchronous=FULL`, because an intent must be on disk before its request leaves.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from rollout_sync.errors import LedgerBusy, LedgerError, LedgerTooNew, LedgerUnwritable
from rollout_sync.ledger import tables

HEAD = "0004"
"""The newest schema: the name of the last file in `migrations/versions`."""
BACKUPS_KEPT = 3
_BUSY_MS = 5_000
_MAGIC = b"SQLite format 3\x00"
_NETWORK_FILESYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p"})

Transaction = Connection
"""What the functions of this room take: a connection inside `Database.transaction` or `Database.reading`."""

CommitObserver = Callable[[str], None]
"""Called with `before-commit` and `after-commit`; crash tests stop the process there."""


class Database:
    """One SQLite file with its connection; every write goes through `transaction`.

    Args:
        path: the file; its folder is made with mode 0700, the file with 0600.
        read_only: open without migrating or writing anything.
        on_commit: see `CommitObserver`.
    """

    def __init__(self, path: Path, *, read_only: bool = False, on_commit: CommitObserver | None = None) -> None:
        self.path = path
        self.read_only = read_only
        self._on_commit = on_commit or (lambda _phase: None)
        with translated(path):
            if not read_only:
                _prepare_file(path)
            self._engine = _engine(path, read_only=read_only)
            with contextlib.ExitStack() as stack:
                stack.callback(self._engine.dispose)  # a file that cannot be used is let go of
                self.connection: Connection = stack.enter_context(self._engine.connect())
                self._check()
                _migrate(self.connection, path, read_only=read_only)
                self.uuid = _identity(self.connection, read_only=read_only)
                stack.pop_all()

    def _check(self) -> None:
        answer = self.connection.exec_driver_sql("PRAGMA quick_check").scalar()
        self.connection.rollback()
        if answer != "ok":
            raise _damaged(self.path, str(answer))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Everything inside is committed together or not at all.

        Raises:
            LedgerUnwritable: disk full, read-only or damaged file; nothing of this transaction was kept.
            LedgerBusy: another program holds the file longer than five seconds.
        """
        with translated(self.path):
            try:
                yield self.connection
                self._on_commit("before-commit")
                self.connection.commit()
            except BaseException:
                self.connection.rollback()
                raise
        self._on_commit("after-commit")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view for queries."""
        with translated(self.path):
            try:
                yield self.connection
            finally:
                self.connection.rollback()

    def back_up(self) -> Path:
        """Copy the whole ledger beside itself, keeping the newest `BACKUPS_KEPT` copies."""
        newest = self.path.with_name(f"{self.path.name}.backup-1")
        with translated(self.path):
            for age in range(BACKUPS_KEPT - 1, 0, -1):
                older = self.path.with_name(f"{self.path.name}.backup-{age}")
                if older.exists():
                    older.replace(self.path.with_name(f"{self.path.name}.backup-{age + 1}"))
            raw = self.connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)  # noqa: S101 -- the only driver this room opens
            raw.execute("VACUUM INTO ?", (str(newest),))
            newest.chmod(stat.S_IRUSR | stat.S_IWUSR)
        return newest

    def close(self) -> None:
        """Release the file."""
        self.connection.close()
        self._engine.dispose()


def _prepare_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if kind := _network_filesystem(path.parent):
        raise LedgerError(
            f"the ledger would lie on a network file system ({kind}), where SQLite's locks cannot be trusted",
            where=str(path),
            hint="set [ledger] path to a folder on a local disk",
        )
    if path.is_file() and _is_foreign(path):
        raise _damaged(path, "it is no SQLite file")
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    elif os.name == "posix" and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise LedgerError("the ledger may be written by other users", where=str(path), hint=f"run: chmod 600 {path}")


def _is_foreign(path: Path) -> bool:
    """Whether a file holds something else; SQLite itself would take a very short one for empty."""
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    return start not in {b"", _MAGIC}


def _network_filesystem(folder: Path) -> str:
    """The network file system that holds `folder`, or "" (also where the platform does not tell)."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return ""
    best, kind = "", ""
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        _device, point, filesystem, *_rest = line.split(" ")
        if folder.resolve().is_relative_to(point) and len(point) >= len(best):
            best, kind = point, filesystem
    return kind if kind in _NETWORK_FILESYSTEMS else ""


def _engine(path: Path, *, read_only: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
        raw = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000)
        raw.execute("PRAGMA foreign_keys=ON")
        if not read_only:
            raw.execute("PRAGMA journal_mode=WAL")
            raw.execute("PRAGMA synchronous=FULL")
        return raw

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.StaticPool)
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _migrate(connection: Connection, path: Path, *, read_only: bool) -> None:
    """Bring the file to the newest schema; Alembic is loaded only where there is something to do."""
    current = _revision(connection)
    if current == HEAD:
        return
    from rollout_sync.ledger import migrating  # noqa: PLC0415 - Alembic is slow to load

    if current is not None and current not in migrating.known():
        raise LedgerTooNew(
            f"the ledger has schema {current}, which this version does not know",
            where=str(path),
            hint="install the newest rollout-sync, or point [ledger] path to another file",
        )
    if read_only:
        raise LedgerUnwritable(
            "the ledger is older than this version and cannot be migrated read-only", where=str(path)
        )
    migrating.upgrade(connection)
    connection.commit()


def _revision(connection: Connection) -> str | None:
    """The file's schema as Alembic wrote it down; None in a new file."""
    is_there = connection.exec_driver_sql(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
    ).scalar()
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if is_there else None
    connection.rollback()
    return found


def _identity(connection: Connection, *, read_only: bool) -> str:
    row = connection.execute(sa.select(tables.meta.c.value).where(tables.meta.c.key == "uuid")).scalar()
    if row is None and not read_only:
        row = str(uuid.uuid4())
        connection.execute(tables.meta.insert().values(key="uuid", value=row))
        connection.commit()
    connection.rollback()
    return str(row)


def _damaged(path: Path, detail: str) -> LedgerUnwritable:
    return LedgerUnwritable(
        f"the ledger is damaged: {detail}",
        where=str(path),
        hint=f"copy the newest {path.name}.backup-N over it, then run `rollout-sync adopt ROLLOUT`",
    )


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's and the file system's errors into ledger errors with a next step."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        raise _translation(path, error) from error
    except OSError as error:
        if error.errno in _FULL:
            raise _full(path) from error
        raise LedgerUnwritable(
            f"the ledger cannot be used: {error.strerror or error}",
            where=str(path),
            hint="check the folder and its rights",
        ) from error


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def _full(path: Path) -> LedgerUnwritable:
    return LedgerUnwritable(
        "the disk is full", where=str(path), hint="free some space, then run the same command again"
    )


def _translation(path: Path, error: Exception) -> LedgerError:
    origin: Any = getattr(error, "orig", None) or error
    name = getattr(origin, "sqlite_errorname", "") or ""
    where = str(path)
    match name.split("_")[1] if name.startswith("SQLITE_") else "":
        case "FULL":
            return _full(path)
        case "READONLY" | "CANTOPEN" | "PERM":
            return LedgerUnwritable(
                "the ledger cannot be written", where=where, hint="check the file's owner and rights"
            )
        case "CORRUPT" | "NOTADB":
            return _damaged(path, str(origin))
        case "BUSY" | "LOCKED":
            return LedgerBusy("another program is using the ledger", where=where, hint="wait for it, then run again")
        case _:
            return LedgerError(f"the ledger failed: {origin}", where=where)
