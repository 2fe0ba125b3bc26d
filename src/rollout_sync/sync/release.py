"""Which gates stand open for what the template asks now, and what was asked for in return. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollout_sync.model.rollout import Item, ItemKey, ItemKind, Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.model.snapshot import Decision, GateState
from rollout_sync.reconcile import gates
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
    return Released(
        open_gates=frozenset(item.key for item, _gate in opened),
        conditions={
            item.key: gate.conditions
            for item, gate in opened
            if gate.decision is Decision.CONDITIONS and gate.conditions
        },
    )


def _holds_still(item: Item, gate: GateState, rollout: Rollout, schedule: Schedule) -> bool:
    return gate.decision.opens and gate.version == gates.version_of(item, rollout, schedule)
