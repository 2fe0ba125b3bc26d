"""Pulls what changed in Jira: one search for all rollouts of a site, and strong reads of what it points at.

Search lags, so it only says where to look: an issue of ours that seems changed is read again by its id before it is
delivered, one request for a hundred of them; a pull that finds no change costs the search alone. What is bound and was
never seen is read by id without waiting for search. The cursor goes out with the last portion only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from rollout_sync.errors import Rejected
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.base import Known, Pulled, Watch
from rollout_sync.trackers.jira import jql, reading
from rollout_sync.trackers.jira.absence import Doubts, verdict
from rollout_sync.trackers.jira.chronicle import StatusBook
from rollout_sync.trackers.jira.client import JiraClient
from rollout_sync.trackers.jira.delivery import Delivery
from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.mapping import PROPERTY, moment, observed_names
from rollout_sync.trackers.jira.muster import count_of, muster
from rollout_sync.trackers.jira.rows import (
    Row,
    is_under_ours,
    ours_among,
    parent_of,
    row_of_ours,
    rows_of_newcomers,
)
from rollout_sync.trackers.jira.shapes import Json, inner_text
from rollout_sync.trackers.jira.window import OVERLAP, Cursor, earliest, read_cursor, since, written
from rollout_sync.transport import Reply

_PAGE = 1000
"""Rows asked for at once; Jira sends fewer where fields are asked for. A portion's histories then fit one request."""

_ID_PAGE = 5000
_SAMPLE = 3
_WHAT = "Changes cannot be searched"


def pull(
    client: JiraClient, place: Destination, statuses: StatusBook, watch: Watch, now: Callable[[], datetime]
) -> Iterator[Pulled]:
    """Portions of what changed since the last complete pull.

    Requests: one search for a pull that finds nothing new. With changes also a strong read for each hundred changed
    issues, a read of histories for each page of the search, and a read of comments for each issue that was approved
    with conditions. A full look adds a search of ids for each 5000 issues, a strong read for each hundred that do not
    show up there or that people added, and two questions about a project in which something is absent.

    Args:
        client: signed in.
        place: the project; all rollouts of a site share it.
        statuses: kept for as long as the tracker lives.
        watch: what to look at.
        now: upper bound of Jira's clock, asked where a refusal shows none.

    Raises:
        TrackerError: Jira cannot be read.
    """
    yield from _Pull(client, place, statuses, watch, now).portions()


@dataclass(slots=True)
class _Batch:
    """What one portion will hold."""

    at: datetime
    rows: list[Row] = field(default_factory=list)
    left: dict[RolloutId, tuple[str, ...]] = field(default_factory=dict)


class _Pull:
    """One pull under way."""

    def __init__(
        self,
        client: JiraClient,
        place: Destination,
        statuses: StatusBook,
        watch: Watch,
        now: Callable[[], datetime],
    ) -> None:
        self._client, self._place, self._watch, self._now = client, place, watch, now
        self._names = observed_names(place)
        self._muster = muster(watch)
        self._fresh = self._muster.fresh_ids
        self._cursor = read_cursor(place, watch.cursors)
        self._delivery = Delivery(client, place, statuses)
        self._doubts = Doubts(client, place)
        self._began: datetime | None = None
        self._misses_witnesses = bool(self._muster.witnesses)
        self._blind = ""
        self._absent: dict[RolloutId, dict[str, Known]] = {}
        self._listed: tuple[str, ...] = ()
        self._failed: dict[RolloutId, str] = {}
        self._brought: dict[str, str] = {}
        self._added: Mapping[str, tuple[RolloutId, ...]] | None = None

    def portions(self) -> Iterator[Pulled]:
        """All of them, in order."""
        looks = self._looks(self._muster.fresh)
        ahead: list[_Batch] = []
        for batch in looks:  # as far as one of them shows how old they are
            ahead.append(batch)
            if batch.rows:
                break
        for batch in chain(self._searched(self._bound(ahead)), ahead, looks):
            if batch.rows or batch.left:
                yield self._delivery.portion(batch.rows, batch.left, batch.at)
        if not self._blind:
            if self._watch.is_full:
                yield from self._full_look()
            yield from self._conclusions()
        yield self._last()

    def _bound(self, ahead: Sequence[_Batch]) -> datetime | None:
        return since(
            self._cursor.at,
            oldest=self._muster.oldest,
            first_seen=earliest(row.fields.get("created_at") for batch in ahead for row in batch.rows),
            is_full=self._watch.is_full,
        )

    def _searched(self, bound: datetime | None) -> Iterator[_Batch]:
        """What search points at. Where it shows nothing of ours at all, `_blind` says afterwards whether it can."""
        for page, reply in self._pages(bound):
            self._began = self._began or reply.at
            yield self._sorted_out(page, reply.at)
        if self._misses_witnesses and not self._blind:
            self._blind = self._doubts.hidden(self._place.project_key)

    def _pages(self, bound: datetime | None) -> Iterator[tuple[Sequence[Json], Reply]]:
        """The search. A site that refuses ids of deleted issues is asked again without witnesses."""
        witnesses = self._muster.witnesses
        while True:
            pages = self._client.search_pages(self._query(bound, witnesses), what=_WHAT)
            try:
                first = next(pages)
            except Rejected:
                if not witnesses:
                    self._blind = self._doubts.hidden(self._place.project_key)
                    if not self._blind:
                        raise
                    return
                witnesses = ()
                self._misses_witnesses = False
            else:
                yield from chain((first,), pages)
                return

    def _query(self, bound: datetime | None, witnesses: tuple[str, ...]) -> Json:
        return {
            "jql": jql.changed_since(self._place.project_key, bound, witnesses),
            "maxResults": _PAGE,
            "fields": self._names,
            "properties": [PROPERTY],
        }

    def _sorted_out(self, page: Sequence[Json], at: datetime) -> _Batch:
        ids = {inner_text(issue, "id") for issue in page}
        ours = self._ours_of(ids | {parent_of(issue) for issue in page})
        self._misses_witnesses = self._misses_witnesses and ids.isdisjoint(ours)
        mine = [(issue, ours[inner_text(issue, "id")]) for issue in page if inner_text(issue, "id") in ours]
        changed = [
            known
            for issue, known in mine
            if inner_text(issue, "id") not in self._fresh and row_of_ours(issue, known, self._place, at) is not None
        ]
        batch = _Batch(at=at, rows=[row for look in self._looks(changed) for row in look.rows])
        newcomers = rows_of_newcomers(page, ours, self._place, at)
        batch.rows += [row for row in newcomers if self._is_news(row)]
        self._note_left(batch, [issue for issue in page if inner_text(issue, "id") not in ours], ours)
        return batch

    def _ours_of(self, ids: set[str]) -> Mapping[str, Known]:
        """Our issues among these ids, of any rollout: one question to the ledger."""
        wanted = sorted(ids - {""})
        return ours_among(self._watch.shelf.by_id(wanted)) if wanted else {}

    def _looks(self, wanted: Sequence[Known]) -> Iterator[_Batch]:
        """Strong reads of our issues, in hundreds; each gives those that are new or changed."""
        for page in reading.pages(wanted):
            by_id = {known.binding.remote.id: known for known in page}
            issues, reply = reading.bulk_read(self._client, list(by_id), self._names)
            shown = {inner_text(issue, "id"): issue for issue in issues if inner_text(issue, "id") in by_id}
            if shown:
                self._doubts.saw()
            for name in by_id.keys() - shown.keys():
                self._absent.setdefault(by_id[name].rollout, {})[name] = by_id[name]
            rows = [row_of_ours(issue, by_id[name], self._place, reply.at) for name, issue in shown.items()]
            yield _Batch(at=reply.at, rows=[row for row in rows if row is not None])

    def _is_news(self, row: Row) -> bool:
        """Whether the pull before did not bring this newcomer just so; notes it for the next one."""
        updated = moment(row.fields.get("updated_at"))
        if self._began is not None and updated is not None and updated > self._began - 2 * OVERLAP:
            self._brought[row.id] = row.fingerprint
        return self._cursor.newcomers.get(row.id) != row.fingerprint

    def _note_left(self, batch: _Batch, strangers: Sequence[Json], ours: Mapping[str, Known]) -> None:
        """Newcomers that do not hang under the rollout any more that knows them."""
        for issue in strangers:
            name = inner_text(issue, "id")
            for rollout in self._newcomers().get(name, ()):
                if not is_under_ours(issue, ours, self._place, rollout):
                    batch.left[rollout] = (*batch.left.get(rollout, ()), name)

    def _newcomers(self) -> Mapping[str, tuple[RolloutId, ...]]:
        if self._added is None:
            added: dict[str, tuple[RolloutId, ...]] = {}
            for rollout in self._watch.rollouts:
                for name in self._watch.shelf.newcomers(rollout):
                    added[name] = (*added.get(name, ()), rollout)
            self._added = added
        return self._added

    def _full_look(self) -> Iterator[Pulled]:
        """Everything that search does not list is read by its id."""
        query = {"jql": jql.of_all_rollouts(), "maxResults": _ID_PAGE, "fields": ["id"]}
        listed = {inner_text(issue, "id") for issue, _ in self._client.search(query, what=_WHAT)}
        self._listed = tuple(sorted(listed)[:_SAMPLE])
        read = listed | self._fresh
        for rollout in self._watch.rollouts:
            issues = ours_among(self._watch.shelf.of_rollout(rollout))
            missing = [known for name, known in issues.items() if name not in read]
            for batch in self._looks(missing):
                if batch.rows:
                    yield self._delivery.portion(batch.rows, {}, batch.at)
            yield from self._strays(rollout)

    def _strays(self, rollout: RolloutId) -> Iterator[Pulled]:
        """Newcomers that were deleted, or do not hang under one of ours any more."""
        for page in reading.pages(sorted(self._watch.shelf.newcomers(rollout))):
            issues, reply = reading.bulk_read(self._client, page, self._names)
            ours = self._ours_of({parent_of(issue) for issue in issues})
            shown = {inner_text(issue, "id"): issue for issue in issues}
            left = [
                name for name in page if name in shown and not is_under_ours(shown[name], ours, self._place, rollout)
            ]
            absent = [name for name in page if name not in shown]
            if absent and not self._doubts.reason(self._place.project_key, tuple(shown) or self._listed):
                left += absent
            if left:
                yield Pulled(asked_at=reply.at, left={rollout: tuple(left)})

    def _conclusions(self) -> Iterator[Pulled]:
        """What became of our issues that were absent from strong reads, judged by rollout and all at once."""
        for rollout, absent in self._absent.items():
            known, count = list(absent.values()), count_of(self._watch, rollout)
            reasons = self._doubts.reasons(known, self._listed)
            judged = verdict(known, count, reasons, self._place, self._watch.most_gone)
            if len(judged.unseen) == count:
                self._failed[rollout] = next(iter(judged.unseen.values()))
            yield Pulled(
                asked_at=self._asked_at(),
                gone={rollout: judged.gone} if judged.gone else {},
                unseen={rollout: judged.unseen} if judged.unseen else {},
            )

    def _last(self) -> Pulled:
        """The cursor, and what is complete. A pull that saw nothing leaves the cursor where it was."""
        if self._blind:
            return Pulled(asked_at=self._asked_at(), failed=dict.fromkeys(self._watch.rollouts, self._blind))
        return Pulled(
            asked_at=self._asked_at(),
            cursors=written(self._place, Cursor(at=self._began, newcomers=self._brought)),
            complete=tuple(rollout for rollout in self._watch.rollouts if rollout not in self._failed),
            failed=self._failed,
        )

    def _asked_at(self) -> datetime:
        return self._began or self._now()
