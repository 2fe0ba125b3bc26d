"""What every date is made from: how far items reach from the project's start and from go-live, and the axis of days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from rollout_sync.schedule.anchors import Window
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.network import Days, Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Longest ways through the network, in its order; all in working days.

    Attributes:
        windows: when items may start, counted from go-live.
        from_start: earliest starts counted from the project's first day, as links alone allow.
        from_go_live: earliest starts counted from go-live, as anchors and links behind them allow; None where an
            item is behind no anchor.
    """

    windows: tuple[Window, ...]
    from_start: Sequence[int]
    from_go_live: Sequence[Days]

    @classmethod
    def of(cls, network: Network, windows: tuple[Window, ...]) -> Reach:
        """Both longest ways; two passes over the network."""
        from_start = network.earliest([0] * len(windows))
        return cls(
            windows=windows,
            from_start=[start for start in from_start if start is not None],  # every item has a floor, none is lost
            from_go_live=network.earliest([window.first for window in windows]),
        )

    @property
    def driven(self) -> tuple[int, int] | None:
        """Need and place of the item that makes go-live as late as it is; None when no item has to meet a window."""
        return worst((self.need_of(place), place) for place in range(len(self.windows)))

    @property
    def need(self) -> int:
        """Working days between the project's first day and go-live; negative when all work comes after it."""
        return self.driven[0] if self.driven else 0

    @property
    def wish(self) -> int:
        """Like `need`, but enough for every item with a window to come on the window's first day."""
        firsts = [
            start - w.first for start, w in zip(self.from_start, self.windows, strict=True) if w.first is not None
        ]
        return max([self.need, *firsts])

    def need_of(self, place: int) -> Days:
        """Working days that go-live must lie behind the first day for this item to meet its window."""
        last = self.windows[place].last
        return None if last is None else self.from_start[place] - last

    def overlap_of(self, place: int) -> Days:
        """Working days by which anchors before this item push it out of its own window; 0 or less when it fits."""
        last, reached = self.windows[place].last, self.from_go_live[place]
        return None if last is None or reached is None else reached - last


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Whole numbers as working days: 0 is `origin`, or the next working day where it is none.

    `today`, `start` (the project's first day) and `go_live` are places on it.
    """

    calendar: WorkCalendar
    origin: date
    today: int
    start: int
    go_live: int

    def day(self, place: int) -> date:
        """The working day at a place."""
        return self.calendar.shift(self.origin, place)


def worst(amounts: Iterable[tuple[Days, int]]) -> tuple[int, int] | None:
    """The largest amount and its place; among equals the last place, so that a chain is followed to its end."""
    return max(((amount, place) for amount, place in amounts if amount is not None), default=None)
