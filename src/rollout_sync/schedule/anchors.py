"""What ties items to days: the wave days, and the window in which each item may start, counted from go-live.

Everything here is relative to go-live in working days, because forward planning does not know the day yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rollout_sync.model.rollout import AnchorEvent, Item, Rollout, WaveDay
from rollout_sync.schedule.network import Days, Network


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Event:
    """Go-live (`department` is "") or a department's wave day, `day` working days from go-live (0 or before)."""

    day: int
    department: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When an item may start, in working days from go-live, both ends included; `event` is what the end counts from."""

    first: Days
    last: Days
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveDays:
    """Wave days relative to go-live: the last wave of every stage is go-live, the others lie before it."""

    by_stage: Mapping[tuple[str, str], int]
    by_department: Mapping[str, int]

    @classmethod
    def of(cls, waves: tuple[WaveDay, ...]) -> WaveDays:
        """Count back from the last wave; a department with several staged phases is live with the last of them."""
        last: dict[str, int] = {}
        for wave in waves:
            last[wave.stage] = max(last.get(wave.stage, wave.index), wave.index)
        by_stage = {(wave.stage, wave.department): (wave.index - last[wave.stage]) * wave.every_days for wave in waves}
        by_department: dict[str, int] = {}
        for (_, department), day in by_stage.items():
            by_department[department] = max(by_department.get(department, day), day)
        return cls(by_stage=by_stage, by_department=by_department)

    def event_of(self, stage: str, department: str | None) -> Event:
        """The wave day that an item counts from: its stage's, else its department's, else go-live."""
        if department is None or department not in self.by_department:
            return Event(day=0)
        day = self.by_stage.get((stage, department), self.by_department[department])
        return Event(day=day, department=department)


def windows_of(rollout: Rollout, network: Network, waves: WaveDays) -> tuple[Window, ...]:
    """The window of every item, in the network's order.

    An anchored item stays within its anchor: on the day, or, with `latest`, wholly within the days `offset` to
    `latest`. An item without anchor that waits for something on or after its event has no window: it comes when its
    turn comes. Every other item has to be finished on its wave day, or on go-live, at the latest.
    """
    stages = {phase.key: phase.stage for phase in rollout.phases}
    started = [n for n, item in enumerate(network.items) if item.anchor is not None and item.anchor.offset >= 0]
    free = network.downstream(started)
    return tuple(
        _window(
            item, network.durations[n], waves.event_of(stages.get(item.phase, item.phase), item.wave), free=n in free
        )
        for n, item in enumerate(network.items)
    )


def _window(item: Item, duration: int, own: Event, *, free: bool) -> Window:
    beyond_first_day = max(duration - 1, 0)
    anchor = item.anchor
    if anchor is None:
        return Window(first=None, last=None if free else own.day - beyond_first_day, event=own)
    event = own if anchor.event is AnchorEvent.WAVE_DAY else Event(day=0)
    first = event.day + anchor.offset
    last = first if anchor.latest is None else event.day + anchor.latest - beyond_first_day
    return Window(first=first, last=last, event=event)
