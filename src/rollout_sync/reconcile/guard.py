"""Safety thresholds: a plan that touches too much of what exists is refused, in the manner of octoDNS.

Holding and releasing is what gates are for: one decision may touch a whole department's work, and does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rollout_sync.errors import UnsafePlan
from rollout_sync.model.operations import FieldChange, Operation, Verb
from rollout_sync.reconcile.texts import without_conditions

_BY_GATES = frozenset({"held", "bucket"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Refuse when more than `max_share` of at least `min_count` existing objects would change, or too many are new."""

    max_share: float = 0.30
    min_count: int = 10
    max_create: int = 5_000


def check(
    operations: Sequence[Operation],
    existing: int,
    gone: int,
    thresholds: Thresholds,
    owned: Collection[str] = (),
) -> None:
    """Refuse an unsafe plan.

    Args:
        operations: the plan's.
        existing: objects bound in the ledger.
        gone: bound objects that the trackers no longer have.
        thresholds: limits in force.
        owned: fields that the template writes over people's edits; such a write counts.

    Raises:
        UnsafePlan: says the share, the limit, the counts and the option that overrides.
    """
    new = sum(1 for operation in operations if operation.verb is Verb.CREATE)
    if new > thresholds.max_create:
        raise UnsafePlan(
            f"the plan would create {new} objects, more than [safety] max_create = {thresholds.max_create}",
            hint="check the template and its departments, or pass --force",
        )
    if existing < thresholds.min_count:
        return
    for count, words in (
        (sum(1 for one in operations if one.verb is Verb.UPDATE and not _is_by_gate(one, owned)), "be updated"),
        (sum(1 for operation in operations if operation.verb is Verb.RETIRE), "be dropped from the rollout"),
        (gone, "be marked as gone"),
    ):
        if count / existing > thresholds.max_share:
            raise UnsafePlan(
                f"{count} of {existing} existing objects ({count / existing:.0%}) would {words};"
                f" the limit is {thresholds.max_share:.0%}",
                hint="if that is what you want, pass --force; if not, check the template and your permissions",
            )


def _is_by_gate(operation: Operation, owned: Collection[str]) -> bool:
    """Whether nothing but holding or releasing is written; edits that people made beside it are only kept."""
    written = [change for change in operation.changes if change.base != change.desired or change.name in owned]
    others = [change for change in written if not _is_gates_own(change)]
    return not others and any(_is_gates_own(change) for change in operation.changes)


def _is_gates_own(change: FieldChange) -> bool:
    """Where work lies, and the paragraph in its text that says on which condition it may go on."""
    if change.name in _BY_GATES:
        return True
    is_text = change.name == "text" and change.base != change.desired
    return is_text and without_conditions(str(change.base or "")) == without_conditions(str(change.desired or ""))
