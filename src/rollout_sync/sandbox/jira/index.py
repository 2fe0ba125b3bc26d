"""The search index: what search knows, which is what the site knew `index_lag` seconds ago."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rollout_sync.sandbox.jira.jql.entry import Entry
from rollout_sync.sandbox.world import World

_YOUNG_MS: Final = 600_000
_VANISHING: Final = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    at: int
    id: int
    entry: Entry | None


class SearchIndex:
    """Entries by issue id, and changes that have not arrived yet."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._entries: dict[int, Entry] = {}
        self._pending: list[_Pending] = []

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._pending.clear()

    def note(self, at: int, issue: int, entry: Entry | None) -> None:
        """The issue changed at epoch millisecond `at`; None: it left the index."""
        if self._world.index_lag > 0 or self._pending:
            self._pending.append(_Pending(at=at, id=issue, entry=entry))
        else:
            self._apply(issue, entry)

    def entries(self, now: int) -> Iterable[Entry]:
        """What search knows at epoch millisecond `now`."""
        self._settle(now)
        if not self._world.switches.is_on("index_flaps"):
            return self._entries.values()
        chance = self._world.random
        return [e for e in self._entries.values() if now - e.created > _YOUNG_MS or chance.random() >= _VANISHING]

    def _settle(self, now: int) -> None:
        if not self._pending:
            return
        lag = self._world.index_lag * 1000
        flaps = self._world.switches.is_on("index_flaps")
        waiting: list[_Pending] = []
        blocked: set[int] = set()
        for change in self._pending:
            due = change.at + lag * (_fraction(change.id) if flaps else 1.0)
            if change.id in blocked or due > now:
                blocked.add(change.id)
                waiting.append(change)
            else:
                self._apply(change.id, change.entry)
        self._pending = waiting

    def _apply(self, issue: int, entry: Entry | None) -> None:
        if entry is None:
            self._entries.pop(issue, None)
        else:
            self._entries[issue] = entry


def _fraction(issue: int) -> float:
    """A share of the lag that is the issue's own, and the same in every run."""
    return (zlib.crc32(str(issue).encode()) % 1000) / 1000
