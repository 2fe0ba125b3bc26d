"""A case with everything that signals ask of it, worked out once: progress, planned days, network, forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from rollout_sync.health.activities import CLOSES, Progress, moment_at, working_time
from rollout_sync.health.ends import End, ends_of
from rollout_sync.health.forecast import Basis, Forecast, Played, played
from rollout_sync.health.network import ActivityNetwork, Status, counted
from rollout_sync.health.review import Case
from rollout_sync.health.running import Days, agreed_day, network_of_case, planned_days, progress_of, span
from rollout_sync.health.worktime import WorkHours
from rollout_sync.model.rollout import AnchorEvent, Item, ItemKey, ItemKind
from rollout_sync.model.snapshot import GateState
from rollout_sync.schedule.network import duration_of


@dataclass(frozen=True, kw_only=True)
class View:
    """A case and its look-ups. Deleted items are in none of them."""

    case: Case

    @cached_property
    def hours(self) -> WorkHours:
        """Working time."""
        return working_time(self.case.calendar)

    @cached_property
    def today(self) -> date:
        """The day of `now`, in UTC like all planned days."""
        return self.case.now.astimezone(UTC).date()

    @cached_property
    def agreed(self) -> date:
        """The go-live day that holds."""
        return agreed_day(self.case)

    @cached_property
    def progress(self) -> Mapping[ItemKey, Progress]:
        """How far each item is."""
        return progress_of(self.case)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Items of the template that exist."""
        return tuple(item for item in self.case.rollout.items if item.key in self.progress)

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """What people call each item; the board's words where it was renamed there."""
        states = self.case.snapshot.items
        return {
            item.key: (states[item.key].title if item.key in states else "") or item.title
            for item in self.case.rollout.items
        }

    @cached_property
    def planned(self) -> Mapping[ItemKey, Days]:
        """Days as they are planned now."""
        return planned_days(self.case, self.progress)

    @cached_property
    def network(self) -> ActivityNetwork | None:
        """All of it as activities."""
        return network_of_case(self.case)

    @cached_property
    def counting(self) -> frozenset[str]:
        """Keys of what go-live waits for."""
        return frozenset() if self.network is None else counted(self.network)

    @cached_property
    def played(self) -> Played | None:
        """The forecast with its trials."""
        return None if self.network is None else played(self.network, self.hours, prior=self.case.prior)

    @property
    def forecast(self) -> Forecast | None:
        """When everything before go-live will be finished."""
        return None if self.played is None else self.played.forecast

    @cached_property
    def deadlines(self) -> Mapping[str, datetime]:
        """By when open decisions and trainings are needed, see `needed_by`."""
        found: dict[str, datetime] = {}
        for item in self.items:
            if self.is_open(item.key) and item.kind in {ItemKind.APPROVAL, ItemKind.TRAINING}:
                found[item.key] = moment_at(self.needed_by(item), CLOSES)
        return found

    def needed_by(self, item: Item) -> date:
        """The wave day of the item's department, else the agreed day; later only where the plan itself is later."""
        wave = self.case.schedule.wave_days.get(item.wave or "", self.agreed)
        planned = self.case.baseline.get(item.key)
        return max(wave, planned[1]) if planned else wave

    @cached_property
    def ends(self) -> Mapping[str, End]:
        """When open decisions and trainings may end; without those that go-live does not wait for."""
        return {} if self.played is None else ends_of(self.played, self.hours, self.deadlines)

    def is_open(self, key: ItemKey) -> bool:
        """Whether it is still to be done."""
        return self.progress[key].status is not Status.DONE

    def gate(self, key: ItemKey) -> GateState:
        """The state of an approval; not asked for where nothing is known."""
        return self.case.snapshot.gates.get(key) or GateState(gate=key)

    def shut(self, item: Item) -> tuple[ItemKey, ...]:
        """Gates that hold the item and are not open; those of emergency changes hold nothing."""
        return tuple(key for key in item.held_by if key in self.gated and not self.gate(key).decision.opens)

    @cached_property
    def gated(self) -> Mapping[ItemKey, Item]:
        """Approvals that hold work until they are given."""
        return {
            item.key: item
            for item in self.items
            if item.kind is ItemKind.APPROVAL and (item.approval is None or item.approval.emergency_hours is None)
        }

    def late(self, key: ItemKey, last: date) -> int:
        """Working days by which an item missed its last day: so far where it is open, for good where it is done."""
        done = self.progress[key]
        if done.status is not Status.DONE:
            return max(self.case.calendar.between(last, self.today), 0)
        if done.finished_at is None:
            return 0
        return max(self.case.calendar.between(last, done.finished_at.astimezone(UTC).date()), 0)

    @cached_property
    def weights(self) -> Mapping[ItemKey, int]:
        """Work: working days of the frozen dates. Instants have none, and what was never frozen has none."""
        frozen = self.case.baseline
        return {
            item.key: span(self.case.calendar, *frozen[item.key]) if item.key in frozen and duration_of(item) else 0
            for item in self.items
        }

    def working_days(self, since: datetime, until: datetime) -> float:
        """Working days between two moments, with fractions."""
        begin, end = self.hours.hours([since, until]).tolist()
        return float(end - begin) / self.hours.hours_per_day

    @cached_property
    def is_anchored(self) -> bool:
        """Whether go-live happens on the agreed day and not as soon as all is done."""
        return self.case.rollout.go_live is not None or any(
            item.anchor is not None and item.anchor.event is AnchorEvent.GO_LIVE for item in self.items
        )

    def shown(self, moment: datetime) -> date:
        """A forecast moment as people are told it, see `told`."""
        return self.told(moment.date())

    def told(self, day: date) -> date:
        """A forecast day as people are told it: not before an agreed day that is fixed."""
        return max(day, self.agreed) if self.is_anchored else day

    @cached_property
    def live_on(self) -> date | None:
        """The go-live day once everything before it is done; it may lie ahead where the day is fixed."""
        return None if self.finished_on is None else self.told(self.finished_on)

    @cached_property
    def finished_on(self) -> date | None:
        """The day of the last finish before go-live; None while something is open. No decile: those say "evening"."""
        if self.network is None or self.forecast is None or self.forecast.basis is not Basis.FINISHED:
            return None
        goals = [one for one in self.network.activities if one.key in self.network.goals]
        ends = (one.finished_at or min(one.planned_finish or self.case.now, self.case.now) for one in goals)
        return max(ends).astimezone(UTC).date()

    @property
    def is_live(self) -> bool:
        """Whether it went live."""
        return self.live_on is not None and self.live_on <= self.today
