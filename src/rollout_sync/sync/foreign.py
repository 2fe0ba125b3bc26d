"""Whether a ledger fits what stands in the services: a new or restored one must not make work a second time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rollout_sync.errors import ForeignRollout
from rollout_sync.ledger.objects import Entry
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import Rollout, TrackerName
from rollout_sync.trackers.base import Inspection, Trace

State = OperationState
_MADE = frozenset({State.CREATED, State.GONE})
_TRACED = frozenset({ObjectKind.PLAN, ObjectKind.TASK})
"""Kinds of traces that do not say which object they are."""


def check(
    rollout: Rollout,
    known: RolloutRow | None,
    kept: Sequence[Entry],
    inspections: Mapping[TrackerName, Inspection],
) -> None:
    """Refuse to plan where the services hold work of the rollout that the ledger does not know.

    Raises:
        ForeignRollout: the ledger is empty, or older than what stands there.
    """
    traces = {name: concerned(rollout, one.traces, kept) for name, one in inspections.items()}
    if known is None:
        existing = {name: one.existing or len(traces[name]) for name, one in inspections.items()}
        counts = {name: count for name, count in existing.items() if count}
        reason = "but this ledger does not know it"
    else:
        found = {name: unknown(some, kept) for name, some in traces.items()}
        if _was_adopted(known):  # what bears no mark of its own is recognised by its look before it is made again
            found = {name: [trace for trace in some if trace.object is not None] for name, some in found.items()}
        counts = {name: len(some) for name, some in found.items() if some}
        reason = "that this ledger does not know; it may be an older copy"
    if counts:
        words = ", ".join(f"{count} in {name.value}" for name, count in counts.items())
        raise ForeignRollout(
            f"work of {rollout.name!r} exists already ({words}), {reason}",
            where=f"rollout {rollout.id}",
            hint=f"run `rollout-sync adopt {rollout.id}` to take it over, or choose another --name",
        )


def concerned(rollout: Rollout, traces: Sequence[Trace], kept: Sequence[Entry]) -> list[Trace]:
    """Traces without those of containers that bear no mark and are another rollout's, by their title."""
    ours = {entry.remote.id for entry in kept if entry.remote is not None}
    ours |= {trace.remote.id for trace in traces if trace.title == rollout.name}
    return [trace for trace in traces if (trace.within in ours if trace.within else trace.title in ("", rollout.name))]


def unknown(traces: Sequence[Trace], kept: Sequence[Entry]) -> list[Trace]:
    """Traces that the ledger cannot explain.

    Explained are objects it has bound, creates it has in doubt, and second copies of what it has bound (`verify` tells
    of those).
    """
    bound = {entry.remote.id for entry in kept if entry.remote is not None}
    made = {entry.object for entry in kept if entry.state in _MADE}
    doubted = {entry.marker for entry in kept if entry.state is State.INFLIGHT}
    strange = [
        trace
        for trace in traces
        if trace.remote.id not in bound and trace.object not in made and trace.marker not in doubted
    ]
    nameless = [trace for trace in strange if trace.object is None]
    in_doubt = sum(entry.state is State.INFLIGHT and entry.object.kind in _TRACED for entry in kept)
    return strange if len(nameless) > in_doubt else [trace for trace in strange if trace.object is not None]


def _was_adopted(known: RolloutRow) -> bool:
    adoption = known.source.get("adoption")
    return isinstance(adoption, dict) and bool(adoption["agrees"])
