"""Safety thresholds: a plan that touches too much of what exists is refused, in the manner of octoDNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rollout_sync.errors import UnsafePlan
from rollout_sync.model.operations import Operation, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Refuse when more than `max_share` of at least `min_count` existing objects would change, or too many are new."""

    max_share: float = 0.30
    min_count: int = 10
    max_create: int = 5_000


def check(operations: Sequence[Operation], existing: int, gone: int, thresholds: Thresholds) -> None:
    """Refuse an unsafe plan.

    Args:
        operations: the plan's.
        existing: objects bound in the ledger.
        gone: bound objects that the trackers no longer have.
        thresholds: limits in force.

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
        (sum(1 for operation in operations if operation.verb is Verb.UPDATE), "be updated"),
        (sum(1 for operation in operations if operation.verb is Verb.RETIRE), "be dropped from the rollout"),
        (gone, "be marked as gone"),
    ):
        if count / existing > thresholds.max_share:
            raise UnsafePlan(
                f"{count} of {existing} existing objects ({count / existing:.0%}) would {words};"
                f" the limit is {thresholds.max_share:.0%}",
                hint="if that is what you want, pass --force; if not, check the template and your permissions",
            )
