"""The label names of plans, read once per plan and process: tasks carry slots, people and templates speak of names."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from rollout_sync.trackers.planner.batch import InnerReply
from rollout_sync.trackers.planner.client import GraphClient, segment
from rollout_sync.trackers.planner.mapping import Names, label_names


class LabelBook:
    """Remembers label names by plan id. Safe to use from several threads."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client
        self._names: dict[str, Names] = {}
        self._lock = threading.Lock()

    def note(self, plan: str, names: Names) -> None:
        """Remember names that were just read or written."""
        with self._lock:
            self._names[plan] = tuple(names)

    def known(self, plan: str) -> Names | None:
        """The names if they are known, without asking."""
        with self._lock:
            return self._names.get(plan)

    def learn(self, plans: Iterable[str]) -> Mapping[str, InnerReply]:
        """Read the names of plans that are not known yet; returns the refusals by plan.

        Raises:
            TrackerError: where the reading as a whole fails.
        """
        paths = {plan: details_path(plan) for plan in dict.fromkeys(plans) if self.known(plan) is None}
        gathered = self._client.collect(tuple(paths.values())) if paths else {}
        refusals: dict[str, InnerReply] = {}
        for plan, path in paths.items():
            failure, rows = gathered[path].failure, gathered[path].rows
            if failure is not None:
                refusals[plan] = failure
            else:
                self.note(plan, label_names(rows[0] if rows else {}))
        return refusals


def details_path(plan: str) -> str:
    """Where a plan's labels are read and written."""
    return f"/planner/plans/{segment(plan)}/details"
