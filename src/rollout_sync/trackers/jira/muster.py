"""What the ledger knows of the watched rollouts, drawn together before a pull; issues seen before are not kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.base import Known, Watch
from rollout_sync.trackers.jira.rows import ours_among
from rollout_sync.trackers.jira.window import earliest

_WITNESSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Muster:
    """The watched rollouts at a glance.

    Attributes:
        fresh: bound issues that were never seen, oldest first.
        oldest: creation of the oldest issue that was seen; None where none was.
        witnesses: ids of a few issues that were seen. They are searched for in any case, so that an answer without any
            row means that this account sees nothing any more, and not that nothing changed.
    """

    fresh: tuple[Known, ...]
    oldest: datetime | None
    witnesses: tuple[str, ...]

    @property
    def fresh_ids(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(known.binding.remote.id for known in self.fresh)


def muster(watch: Watch) -> Muster:
    """Look through the watched rollouts, one after the other; the witnesses come from different ones."""
    fresh: list[Known] = []
    witnesses: list[str] = []
    created: list[object] = []
    for rollout in watch.rollouts:
        issues = ours_among(watch.shelf.of_rollout(rollout))
        fresh += [known for known in issues.values() if known.seen is None]
        if len(witnesses) < _WITNESSES:
            witnesses += _oldest_seen(issues)
        created += [known.seen.fields.get("created_at") for known in issues.values() if known.seen is not None]
    return Muster(
        fresh=tuple(sorted(fresh, key=lambda known: by_number(known.binding.remote.id))),
        oldest=earliest(created),
        witnesses=tuple(witnesses),
    )


def count_of(watch: Watch, rollout: RolloutId) -> int:
    """How many issues of a rollout exist as far as the ledger knows."""
    return len(ours_among(watch.shelf.of_rollout(rollout)))


def by_number(issue_id: str) -> tuple[int, str]:
    """Sorts ids as numbers; Jira gives rising ones."""
    return (len(issue_id), issue_id)


def _oldest_seen(issues: Mapping[str, Known]) -> list[str]:
    seen = (name for name, known in issues.items() if known.seen is not None and name.isdecimal())
    return sorted(seen, key=by_number)[:1]
