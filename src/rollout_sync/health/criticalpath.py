"""The critical path method in working hours: earliest and latest times of every activity, exact for all link types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout_sync.health.network import ActivityNetwork, Link, ordered
from rollout_sync.model.rollout import LinkType

FROM_FINISH = frozenset({LinkType.FINISH_START, LinkType.FINISH_FINISH})
"""Link types that count from the source's finish; the others count from its start."""
TO_FINISH = frozenset({LinkType.FINISH_FINISH, LinkType.START_FINISH})
"""Link types that limit the target's finish; the others limit its start."""

_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Of one activity, in working hours from the project's start; `slack` is total float."""

    early_start: float
    early_finish: float
    late_start: float
    late_finish: float

    @property
    def slack(self) -> float:
        """How much it may slip before the last activity does."""
        return self.late_start - self.early_start

    @property
    def is_critical(self) -> bool:
        """Whether any slip moves the end."""
        return self.slack <= _TOLERANCE


def critical_path(network: ActivityNetwork, *, floors: Mapping[str, float] | None = None) -> Mapping[str, Times]:
    """Forward and backward pass over planned lengths (`duration`, 0 when there is none).

    Args:
        network: statuses and dates are not looked at.
        floors: hours before which an activity does not start; 0 where nothing is said.
    """
    lengths = {one.key: one.duration or 0.0 for one in network.activities}
    order = ordered(network)
    starts = earliest(order, lengths, network.links, floors or {})
    end = max((starts[key] + lengths[key] for key in order), default=0.0)
    latest = _latest(order, lengths, network.links, end)
    return {
        key: Times(
            early_start=starts[key],
            early_finish=starts[key] + lengths[key],
            late_start=latest[key],
            late_finish=latest[key] + lengths[key],
        )
        for key in order
    }


def earliest(
    order: Sequence[str], lengths: Mapping[str, float], links: Sequence[Link], floors: Mapping[str, float]
) -> dict[str, float]:
    """Earliest starts, predecessors first: the largest of the floor and what each incoming link allows."""
    incoming: dict[str, list[Link]] = {key: [] for key in order}
    for link in links:
        incoming[link.target].append(link)
    starts: dict[str, float] = {}
    for key in order:
        allowed = [starts[link.source] + distance(link, lengths) for link in incoming[key]]
        starts[key] = max([floors.get(key, 0.0), *allowed])
    return starts


def _latest(
    order: Sequence[str], lengths: Mapping[str, float], links: Sequence[Link], end: float
) -> Mapping[str, float]:
    outgoing: dict[str, list[Link]] = {key: [] for key in order}
    for link in links:
        outgoing[link.source].append(link)
    starts: dict[str, float] = {}
    for key in reversed(order):
        allowed = [starts[link.target] - distance(link, lengths) for link in outgoing[key]]
        starts[key] = min([end - lengths[key], *allowed])
    return starts


def distance(link: Link, lengths: Mapping[str, float]) -> float:
    """Least hours between the starts of the two linked activities."""
    before = lengths[link.source] if link.type in FROM_FINISH else 0.0
    after = lengths[link.target] if link.type in TO_FINISH else 0.0
    return link.lag + before - after
