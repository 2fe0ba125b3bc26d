"""Makes portions out of rows: reads the histories and comments that their observations need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rollout_sync.model.objects import Fields
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.base import Pulled
from rollout_sync.trackers.jira.chronicle import StatusBook, read_changes, read_notes
from rollout_sync.trackers.jira.client import JiraClient
from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.history import Changes, needs_history, story, untold
from rollout_sync.trackers.jira.mapping import CONDITIONS_LABEL, category_of
from rollout_sync.trackers.jira.rows import Row
from rollout_sync.trackers.jira.shapes import inner, inner_text


class Delivery:
    """Completes rows; one read of histories for all rows of a portion."""

    def __init__(self, client: JiraClient, place: Destination, statuses: StatusBook) -> None:
        self._client = client
        self._place = place
        self._statuses = statuses

    def portion(self, rows: Sequence[Row], left: Mapping[RolloutId, tuple[str, ...]], at: datetime) -> Pulled:
        """The rows with all that belongs to them, and the newcomers that are no more."""
        asked = {row.id for row in rows if needs_history(row.fields, row.before)}
        changes = read_changes(self._client, sorted(asked)) if asked else {}
        categories = {**self._statuses.categories(self._client), **_shown(rows)} if asked else {}
        done = [
            (row, self._told(row, changes.get(row.id, Changes()) if row.id in asked else None, categories))
            for row in rows
        ]
        return Pulled(
            asked_at=at,
            seen=tuple(row.seen(fields, self._place) for row, fields in done if not row.is_newcomer),
            newcomers=tuple(row.newcomer(fields, self._place) for row, fields in done if row.is_newcomer),
            left=dict(left),
        )

    def _told(self, row: Row, changes: Changes | None, categories: Mapping[str, str]) -> Fields:
        """The row's fields with its history, and with comments where an approval has conditions."""
        if changes is None:
            return {**row.fields, **untold(row.before)}
        status = inner_text(row.issue, "fields", "status", "id")
        fields: Fields = {**row.fields, **story(row.fields, status, changes, categories)}
        labels = row.fields.get("labels")
        if row.is_newcomer or not isinstance(labels, Sequence) or CONDITIONS_LABEL not in labels:
            return fields
        return {**fields, "notes": read_notes(self._client, row.id)}


def _shown(rows: Sequence[Row]) -> Mapping[str, str]:
    """Categories of the statuses that rows are in: they may be newer than the list of all statuses."""
    statuses = [inner(row.issue, "fields", "status") for row in rows]
    return {inner_text(status, "id"): category_of(status) for status in statuses}
