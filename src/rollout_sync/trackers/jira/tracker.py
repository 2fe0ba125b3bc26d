"""The Jira side of the tracker port."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from rollout_sync.errors import TrackerError, Unavailable
from rollout_sync.model.objects import Binding, Marked, Marker, ObjectKey, ObjectKind, Observation, Sighting
from rollout_sync.model.operations import Change, Create, Doubt, Findings, Outcome
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.trackers.base import Facts, Inspection, Pulled, Watch
from rollout_sync.trackers.jira import copies, outcomes, pulling, reading
from rollout_sync.trackers.jira.changing import change_issue
from rollout_sync.trackers.jira.chronicle import StatusBook
from rollout_sync.trackers.jira.client import JiraAccess, JiraClient
from rollout_sync.trackers.jira.commenting import JiraComments
from rollout_sync.trackers.jira.destination import Destination, destination_of
from rollout_sync.trackers.jira.inspect import inspect_project, inspection
from rollout_sync.trackers.jira.linking import change_remote_link, send_link, send_remote_link
from rollout_sync.trackers.jira.mapping import (
    identity_of,
    issue_update,
    key_number,
    observed,
    observed_names,
    remote_of,
)
from rollout_sync.trackers.jira.shapes import Json, inner_text
from rollout_sync.transport import Repeat, Transport

_BULK = "/issue/bulk"
_ISSUES = (ObjectKind.EPIC, ObjectKind.ISSUE)
_CAPACITY = MappingProxyType({ObjectKind.EPIC: 50, ObjectKind.ISSUE: 50, ObjectKind.LINK: 1, ObjectKind.REMOTE_LINK: 1})
_NOT_READ = "links are written and never read back"
_ALL_HIDDEN = "none of the issues that were asked for is visible to this account"


class JiraTracker:
    """Epics, issues, links and remote links in one project of Jira Cloud. Thread-safe."""

    def __init__(self, access: JiraAccess, transport: Transport) -> None:
        self._access = access
        self._transport = transport
        self._client = JiraClient(access, transport)
        self._destination: Destination | None = None
        self._statuses = StatusBook()
        self._top_key = 0
        self._lock = threading.Lock()

    @property
    def name(self) -> TrackerName:
        """Which service."""
        return TrackerName.JIRA

    @property
    def capacity(self) -> Mapping[ObjectKind, int]:
        """How many objects of a kind one `send` takes (`issue/bulk` takes 50)."""
        return _CAPACITY

    def inspect(self, rollout: RolloutId, emails: Sequence[str]) -> Inspection:
        """Read the project: permissions, types, screens, people, traces of this rollout. Writes nothing."""
        look = inspect_project(self._client, self._access)
        if look.destination is None:
            return inspection(self._client, self._access, emails, look, marked=())
        marked = copies.marked_issues(self._client, look.destination, rollout)
        return inspection(self._client, self._access, emails, look, marked=marked)

    def use(self, facts: Facts) -> None:
        """Take the facts of an earlier `inspect`.

        Raises:
            StalePlan: they were written by another version.
        """
        self._destination = destination_of(facts)
        self._client = JiraClient(self._access, self._transport, cloud_id=self._destination.cloud_id)

    def high_water(self) -> int:
        """Largest key number of the project that search or our own answers showed. Asks only where none is known yet.

        Search may lag; a value that is too small is safe, it only makes a later probe longer.
        """
        if not self._top_key:
            issues, _ = reading.newest(self._client, self._place.project_key, 1)
            self._saw(issues)
        return self._top_key

    def remote_now(self) -> datetime:
        """Upper bound of Jira's clock now.

        Raises:
            Unavailable: Jira has not answered yet, so its clock is not known.
        """
        try:
            return self._transport.remote_now(self._client.api_base)
        except LookupError as error:
            raise Unavailable("Jira's clock is not known before its first answer", where="Date header") from error

    def send(self, rollout: RolloutId, chunk: Sequence[Create]) -> Sequence[Outcome]:
        """Make the objects of `chunk`, all of one kind, with one request.

        When Jira made some and refused others, the made ones are read back, since the order of its answer is not
        documented.
        """
        kinds = {create.object.kind for create in chunk}
        if len(kinds) != 1 or len(chunk) > _CAPACITY.get(next(iter(kinds)), 0):
            raise ValueError(f"a chunk holds one kind of object within its capacity, not {len(chunk)} of {kinds}")
        match next(iter(kinds)):
            case ObjectKind.LINK:
                return [send_link(self._client, self._place, chunk[0])]
            case ObjectKind.REMOTE_LINK:
                return [send_remote_link(self._client, rollout, chunk[0])]
            case _:
                return self._send_issues(rollout, chunk)

    def find(self, rollout: RolloutId, doubts: Sequence[Doubt], known: frozenset[str]) -> Findings:
        """Strong read of every key that doubtful creates could have got. Links need none: sending again is harmless."""
        del rollout  # markers are unique over all rollouts
        issues = [doubt for doubt in doubts if doubt.object.kind in _ISSUES]
        findings, top = reading.resolve(self._client, self._place, issues, known)
        with self._lock:
            self._top_key = max(self._top_key, top)
        return findings

    def observe(self, bound: Sequence[Binding]) -> Sighting:
        """Read bound issues by id. Absent ones are gone only where the project and its issues are visible to us."""
        issues = [binding for binding in bound if binding.object.kind in _ISSUES]
        seen: list[Observation] = []
        absent: list[ObjectKey] = []
        for page in reading.pages(issues):
            observations = self._observe_page(page)
            seen += observations
            visible = {observation.object for observation in observations}
            absent += [binding.object for binding in page if binding.object not in visible]
        unseen = {b.object: _NOT_READ for b in bound if b.object.kind not in _ISSUES}
        if absent and not reading.can_browse(self._client, self._place.project_key):
            return Sighting(observations=tuple(seen), unseen={**unseen, **dict.fromkeys(absent, _ALL_HIDDEN)})
        return Sighting(observations=tuple(seen), gone=tuple(absent), unseen=unseen)

    def change(self, rollout: RolloutId, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Write changed fields; one PUT each, and a transition where work is held or released. Answers in order."""
        currents = self._identities([c.remote.id for c in changes if "labels" in c.fields])
        return [self._change_one(rollout, change, currents) for change in changes]

    def pull(self, watch: Watch) -> Iterator[Pulled]:
        """What changed since the cursors; see `pulling.pull` for what it costs."""
        return pulling.pull(self._client, self._place, self._statuses, watch, self.remote_now)

    def discover(self, rollout: RolloutId) -> Sequence[Marked]:
        """Every issue that carries the rollout's label and our property; people's copies are marked as such."""
        return copies.marked_issues(self._client, self._place, rollout)

    @property
    def comments(self) -> JiraComments:
        """Comments on the epics of the site; to be asked for anew after each `use`."""
        return JiraComments(self._client)

    @property
    def _place(self) -> Destination:
        if self._destination is None:
            raise RuntimeError("JiraTracker.use(facts) must be called first")
        return self._destination

    def _send_issues(self, rollout: RolloutId, chunk: Sequence[Create]) -> Sequence[Outcome]:
        body = {"issueUpdates": [issue_update(create, rollout, self._place) for create in chunk]}
        try:
            reply = self._client.ask("POST", _BULK, route=_BULK, repeat=Repeat.ONCE, json=body)
        except TrackerError as error:
            return [outcomes.of_error(error)] * len(chunk)
        answer = outcomes.taken_apart(reply, len(chunk))
        if answer is None:
            unknown = outcomes.shapeless()
            return [unknown] * len(chunk)
        self._saw(answer.created)
        if not outcomes.needs_reading_back(answer):
            return outcomes.by_position(chunk, answer, self._place)
        return outcomes.by_marker(chunk, answer, self._read_back(answer.created), self._place)

    def _read_back(self, created: Sequence[Json]) -> Mapping[Marker, Json]:
        try:
            issues, _ = reading.bulk_read(self._client, [inner_text(i, "id") for i in created], ["labels"])
        except TrackerError:
            return {}  # then the made ones stay in doubt, and are found by their markers later
        identities = ((identity_of(issue), issue) for issue in issues)
        return {identity.marker: issue for identity, issue in identities if identity is not None}

    def _observe_page(self, page: Sequence[Binding]) -> list[Observation]:
        place = self._place
        by_id = {binding.remote.id: binding for binding in page}
        issues, reply = reading.bulk_read(self._client, list(by_id), observed_names(place))
        self._saw(issues)
        return [
            Observation(
                object=by_id[inner_text(issue, "id")].object,
                remote=remote_of(issue, place),
                fields=observed(issue, place, by_id[inner_text(issue, "id")].object.kind),
                asked_at=reply.at,
            )
            for issue in issues
            if inner_text(issue, "id") in by_id
        ]

    def _identities(self, ids: Sequence[str]) -> Mapping[str, Json]:
        currents: dict[str, Json] = {}
        for page in reading.pages(list(dict.fromkeys(ids))):
            issues, _ = reading.bulk_read(self._client, page, ["labels"])
            currents |= {inner_text(issue, "id"): issue for issue in issues}
        return currents

    def _change_one(self, rollout: RolloutId, change: Change, currents: Mapping[str, Json]) -> Outcome:
        if change.object.kind in _ISSUES:
            issue = currents.get(change.remote.id)
            return change_issue(self._client, self._place, change, identity_of(issue) if issue else None)
        if change.object.kind is ObjectKind.REMOTE_LINK:
            return change_remote_link(self._client, rollout, change)
        return outcomes.unchangeable(change.object)

    def _saw(self, issues: Sequence[Json]) -> None:
        top = max((key_number(inner_text(issue, "key"), self._place.project_key) for issue in issues), default=0)
        with self._lock:
            self._top_key = max(self._top_key, top)
