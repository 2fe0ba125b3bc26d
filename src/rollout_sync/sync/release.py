"""Which gates stand open for what the template asks now, and what was asked for in return. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollout_sync.model.rollout import Item, ItemKey, ItemKind, Rollout, TrackerName
from rollout_sync.model.schedule import Schedule
from rollout_sync.model.snapshot import GateState
from rollout_sync.reconcile import gates
from rollout_sync.reconcile.desired import Destination
from rollout_sync.sync.remembering import Conclusions


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Gates that are open, and the conditions that the work behind them has to meet."""

    open_gates: frozenset[ItemKey] = frozenset()
    conditions: Mapping[ItemKey, str] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        """As JSON values."""
        return {"open": sorted(self.open_gates), "conditions": dict(sorted(self.conditions.items()))}


def of(rollout: Rollout, schedule: Schedule, concluded: Conclusions) -> Released:
    """What was decided so far, as far as it was decided on what is wanted now."""
    standing = [
        (item, concluded.gates[item.key])
        for item in rollout.items
        if item.kind is ItemKind.APPROVAL and item.key in concluded.gates
    ]
    opened = [(item, gate) for item, gate in standing if _holds_still(item, gate, rollout, schedule)]
    words = {item.key: gates.condition_words(item, gate) for item, gate in opened}
    return Released(
        open_gates=frozenset(item.key for item, _gate in opened),
        conditions={key: said for key, said in words.items() if said},
    )


def written(released: Released, rollout: Rollout, schedule: Schedule) -> dict[str, object]:
    """What a plan carries of its gates: which are open, and what each asks for, by fingerprint."""
    asked = {item.key: gates.version_of(item, rollout, schedule) for item in rollout.items if item.approval is not None}
    return {"gates": released.plain(), "asked": asked}


def _holds_still(item: Item, gate: GateState, rollout: Rollout, schedule: Schedule) -> bool:
    return gate.decision.opens and gate.version == gates.version_of(item, rollout, schedule)


def destination(
    released: Released, concluded: Conclusions, people: Mapping[TrackerName, Mapping[str, str]]
) -> Destination:
    """What desired objects depend on, with the gates as they stand; `people` also names the services in use."""
    return Destination(
        trackers=frozenset(people),
        people=people,
        open_gates=released.open_gates,
        once_open=frozenset(key for key, gate in concluded.gates.items() if gate.version),
        begun=concluded.begun,
        conditions=released.conditions,
    )
