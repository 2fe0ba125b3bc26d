"""The sandbox's memory: JSON documents in named collections, kept in dicts and written through to SQLite.

Reads never touch the file. Writes are collected and stored by `commit`, once per request, so the state survives a
restart or a killed process; a power cut may cost the last requests, which a sandbox may do.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]
"""One JSON object. What `get` and `scan` return is the stored object itself: change it, then `put` it."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (collection, key)
);
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class _Index:
    """Keys of a collection by the value of one field; remembers the value each key was filed under."""

    def __init__(self, field: str, documents: Iterable[tuple[str, Document]]) -> None:
        self._field = field
        self._keys: dict[object, dict[str, None]] = {}
        self._filed: dict[str, object] = {}
        for key, document in documents:
            self.file(key, document)

    def file(self, key: str, document: Document | None) -> None:
        """File a key under its document's value, or take it out when the document is gone."""
        value = None if document is None else document.get(self._field)
        if key in self._filed:
            if document is not None and self._filed[key] == value:
                return
            del self._keys[self._filed.pop(key)][key]
        if document is not None:
            self._keys.setdefault(value, {})[key] = None
            self._filed[key] = value

    def keys(self, value: object) -> Collection[str]:
        """Keys whose document holds this value, oldest filing first."""
        return self._keys.get(value, {})


class Store:
    """Documents in collections. Not thread-safe by itself: `World.lock` serialises the requests.

    Args:
        path: SQLite file, made when missing; None keeps everything in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(_SCHEMA)
        self._durable = path is not None
        self._collections: dict[str, dict[str, Document]] = {}
        self._numbers: dict[str, int] = dict(self._db.execute("SELECT name, value FROM numbers"))
        self._indexes: dict[tuple[str, str], _Index] = {}
        self._dirty: dict[tuple[str, str], None] = {}
        self._dirty_numbers: set[str] = set()
        for collection, key, body in self._db.execute("SELECT collection, key, body FROM documents ORDER BY rowid"):
            self._collections.setdefault(collection, {})[key] = json.loads(body)

    def get(self, collection: str, key: str) -> Document | None:
        """The document, or None."""
        return self._collections.get(collection, {}).get(key)

    def put(self, collection: str, key: str, document: Document) -> None:
        """Add or replace a document."""
        self._collections.setdefault(collection, {})[key] = document
        self._touch(collection, key, document)

    def delete(self, collection: str, key: str) -> Document | None:
        """Take a document out and return it; None when it was not there."""
        document = self._collections.get(collection, {}).pop(key, None)
        if document is not None:
            self._touch(collection, key, None)
        return document

    def scan(self, collection: str) -> list[Document]:
        """All documents of a collection, oldest first."""
        return list(self._collections.get(collection, {}).values())

    def keys(self, collection: str) -> list[str]:
        """All keys of a collection, oldest first."""
        return list(self._collections.get(collection, {}))

    def count(self, collection: str) -> int:
        """Number of documents in a collection."""
        return len(self._collections.get(collection, {}))

    def where(self, collection: str, field: str, value: object) -> list[Document]:
        """Documents whose top-level `field` equals `value` (hashable); indexed from the first call on."""
        documents = self._collections.get(collection, {})
        return [documents[key] for key in self._index(collection, field).keys(value)]

    def count_where(self, collection: str, field: str, value: object) -> int:
        """How many documents `where` would return."""
        return len(self._index(collection, field).keys(value))

    def next_number(self, name: str, first: int = 1) -> int:
        """The next number of a series: `first`, then one more each time; never used twice, not even after deletes."""
        value = self._numbers.get(name, first - 1) + 1
        self._numbers[name] = value
        self._dirty_numbers.add(name)
        return value

    def reset(self) -> None:
        """Forget everything, in memory and in the file."""
        self._collections.clear()
        self._numbers.clear()
        self._indexes.clear()
        self._dirty.clear()
        self._dirty_numbers.clear()
        self._db.executescript("DELETE FROM documents; DELETE FROM numbers;")

    def commit(self) -> None:
        """Write what changed since the last commit, in one transaction."""
        if not (self._durable and (self._dirty or self._dirty_numbers)):
            return
        stored, gone = self._changes()
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body",
            stored,
        )
        self._db.executemany("DELETE FROM documents WHERE collection = ? AND key = ?", gone)
        self._db.executemany(
            "INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [(name, self._numbers[name]) for name in sorted(self._dirty_numbers)],
        )
        self._db.execute("COMMIT")
        self._dirty.clear()
        self._dirty_numbers.clear()

    def close(self) -> None:
        """Commit and close the file."""
        self.commit()
        self._db.close()

    def dump(self) -> dict[str, dict[str, Document]]:
        """All collections but the inner ones, whose names start with an underscore."""
        return {name: dict(kept) for name, kept in sorted(self._collections.items()) if not name.startswith("_")}

    def _changes(self) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
        stored: list[tuple[str, str, str]] = []
        gone: list[tuple[str, str]] = []
        for collection, key in self._dirty:
            document = self._collections[collection].get(key)
            if document is None:
                gone.append((collection, key))
            else:
                stored.append((collection, key, json.dumps(document, separators=(",", ":"))))
        return stored, gone

    def _index(self, collection: str, field: str) -> _Index:
        index = self._indexes.get((collection, field))
        if index is None:
            index = _Index(field, self._collections.get(collection, {}).items())
            self._indexes[collection, field] = index
        return index

    def _touch(self, collection: str, key: str, document: Document | None) -> None:
        if self._durable:
            self._dirty[collection, key] = None
        for (name, _), index in self._indexes.items():
            if name == collection:
                index.file(key, document)
