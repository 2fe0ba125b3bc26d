"""The summary as one comment of the main epic: never two, found again after a lost answer, and people's deletion heard.

The main epic is that of the first phase. A comment cannot be made conditionally, so the intent is on disk before it is
sent; an answer that is lost is looked for by the comment's mark, and sent again only once absence proves something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rollout_sync.ledger import chronicle
from rollout_sync.ledger.objects import Entry
from rollout_sync.ledger.opening import Database
from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.operations import Done, OperationState, Refused
from rollout_sync.model.records import read_record, record
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.sync.run import Timing
from rollout_sync.sync.showing import Act, Showing, of_outcome
from rollout_sync.trackers.base import Tracker
from rollout_sync.trackers.boards import Comments, Summary
from rollout_sync.transport.clock import Clock

SUBJECT = "summary:jira"
_JIRA = TrackerName.JIRA
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentState:
    """What is known of the comment.

    Attributes:
        issue: id of the epic; `comment` its comment, empty before it was confirmed.
        content: fingerprint of the summary that it shows.
        asked_at: by Jira's clock, when one was sent whose answer is still missing.
    """

    issue: str
    comment: str = ""
    content: str = ""
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpicComment:
    """The comment of one rollout, with the edges that keeping it takes. Call `show` inside the rollout's lease."""

    rollout: RolloutId
    database: Database
    clock: Clock
    timing: Timing
    tracker: Tracker
    comments: Comments

    def show(self, entries: Sequence[Entry], summary: Summary) -> Showing:
        """Bring the comment to this summary.

        Raises:
            TrackerError: Jira could not be read; nothing was concluded.
        """
        epics = [one for one in entries if one.object.kind is ObjectKind.EPIC]
        epic = next((one.remote for one in epics if one.state is OperationState.CREATED and one.remote), None)
        if epic is None:
            return Showing(board=_JIRA, act=Act.LEFT, why="there is no epic to comment on")
        known = self._known() or CommentState(issue=epic.id)
        if known.issue != epic.id:
            known = CommentState(issue=epic.id)
        return self._kept(known, summary) if known.comment else self._first(known, summary)

    def _kept(self, known: CommentState, summary: Summary) -> Showing:
        """A comment that was confirmed: written over where there is news; one that people deleted comes back then."""
        if known.content == summary.content:
            return Showing(board=_JIRA, act=Act.UNCHANGED)
        return self._written_over(known, summary)

    def _written_over(self, known: CommentState, summary: Summary) -> Showing:
        outcome = self.comments.edit(self.rollout, known.issue, known.comment, summary)
        if isinstance(outcome, Refused) and outcome.status == _NOT_FOUND:
            return self._add(replace(known, comment=""), summary)
        if isinstance(outcome, Done):
            self._keep(replace(known, content=summary.content, asked_at=None))
        return of_outcome(_JIRA, outcome)

    def _first(self, known: CommentState, summary: Summary) -> Showing:
        """None that we know of: look for one that an earlier run, or a lost ledger, left."""
        found = self.comments.find(self.rollout, known.issue)
        if found:
            known = replace(known, comment=found[0].id, content=found[0].content, asked_at=None)
            self._keep(known)
            if known.content == summary.content:
                return Showing(board=_JIRA, act=Act.UNCHANGED)
            return self._written_over(known, summary)
        if known.asked_at is not None and self.tracker.remote_now() < self._decidable(known.asked_at):
            return Showing(board=_JIRA, act=Act.LATER, why="sent without an answer, and not seen yet")
        return self._add(known, summary)

    def _add(self, known: CommentState, summary: Summary) -> Showing:
        """The intent is on disk before the request leaves; a refusal takes it back."""
        before = known
        asked = replace(known, asked_at=self.tracker.remote_now())
        self._keep(asked)
        outcome = self.comments.add(self.rollout, asked.issue, summary)
        if isinstance(outcome, Done):
            self._keep(replace(asked, comment=outcome.remote.id, content=summary.content, asked_at=None))
        elif isinstance(outcome, Refused):
            self._keep(replace(before, asked_at=None))
        return of_outcome(_JIRA, outcome)

    def _decidable(self, asked_at: datetime) -> datetime:
        """From when on absence proves that the comment was never made."""
        return asked_at + timedelta(seconds=self.timing.deadline + self.timing.horizon + 1)

    def _known(self) -> CommentState | None:
        with self.database.reading() as connection:
            body = chronicle.newest_of(connection, self.rollout, SUBJECT)
        return read_record(CommentState, body) if body is not None else None

    def _keep(self, known: CommentState) -> None:
        with self.database.transaction() as connection:
            chronicle.note(connection, self.rollout, self.clock.now(), {SUBJECT: record(known)})
