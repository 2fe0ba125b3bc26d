"""The summary as the notes of the Status task: made once by the protocol of all work, then written over with news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rollout_sync.ledger import chronicle, entries, objects
from rollout_sync.ledger.objects import Entry
from rollout_sync.model.objects import Fields, ObjectKey, ObjectKind
from rollout_sync.model.operations import Change, Done, OperationState, Refused
from rollout_sync.model.rollout import TrackerName
from rollout_sync.reconcile import keys, status
from rollout_sync.sync import settling
from rollout_sync.sync.creating import Creating
from rollout_sync.sync.run import Run
from rollout_sync.sync.showing import Act, Showing, of_outcome
from rollout_sync.trackers.boards import Summary

SUBJECT = "summary:planner"
_PLANNER = TrackerName.PLANNER
_NOT_FOUND = 404
State = OperationState
_OWN = frozenset({keys.STATUS_TASK, keys.STATUS_DETAILS})
_OPEN = frozenset({State.PLANNED, State.INFLIGHT})


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTask:
    """The Status task of one rollout, inside a run that holds the rollout's lease."""

    run: Run

    def show(self, known: Sequence[Entry], summary: Summary) -> Showing:
        """Bring the notes to this summary.

        Raises:
            TrackerError: Planner could not be asked.
        """
        by_key = {one.object: one for one in known}
        task, notes = by_key.get(keys.STATUS_TASK), by_key.get(keys.STATUS_DETAILS)
        if State.GONE in {one.state for one in (task, notes, by_key.get(keys.PLAN)) if one is not None}:
            return Showing(board=_PLANNER, act=Act.LEFT, why="people deleted it")
        if notes is not None and notes.state is State.CREATED:
            return self._written_over(notes, summary)
        return self._made(by_key, summary)

    def _written_over(self, notes: Entry, summary: Summary) -> Showing:
        if self._shown() == summary.content or notes.remote is None:
            return Showing(board=_PLANNER, act=Act.UNCHANGED)
        change = Change(object=notes.object, marker=notes.marker, remote=notes.remote, fields={"text": summary.plain()})
        (outcome,) = self.run.trackers[_PLANNER].change(self.run.rollout, [change])
        if isinstance(outcome, Done):
            base: Fields = {**(notes.base or notes.fields), "text": summary.plain()}
            # Its version is that of the task's notes; the ledger keeps the one it was bound with, as for all notes.
            where = replace(notes.remote, version=outcome.remote.version)
            with self.run.database.transaction() as connection:
                entries.advance_base(connection, self.run.rollout, notes.object, base, where)
                chronicle.note(connection, self.run.rollout, self.run.clock.now(), self._body(summary))
        if isinstance(outcome, Refused) and outcome.status == _NOT_FOUND:
            return Showing(board=_PLANNER, act=Act.LEFT, why="it is not there any more; the next full look tells")
        return of_outcome(_PLANNER, outcome)

    def _made(self, known: Mapping[ObjectKey, Entry], summary: Summary) -> Showing:
        """Accept both objects and make them; what an earlier run left in doubt is settled first."""
        bucket = _bucket(known)
        if bucket is None:
            return Showing(board=_PLANNER, act=Act.LEFT, why="there is no plan, or no bucket in it")
        if any(one.state in _OPEN and one.object not in _OWN for one in known.values()):
            return Showing(board=_PLANNER, act=Act.LATER, why="the rollout's own work is not all made yet")
        settling.settle(self.run)
        with self.run.database.transaction() as connection:
            entries.accept(connection, self.run.rollout, status.intents(bucket, summary.plain()))
        creating = Creating.of(self.run)
        creating.carry_out()
        return self._after(summary, creating.stopped.get(_PLANNER, ""))

    def _after(self, summary: Summary, stopped: str) -> Showing:
        run = self.run
        with run.database.reading() as connection:
            made = {one.object: one for one in objects.of_kinds(connection, run.rollout, ObjectKind.DETAILS)}
            failed = [
                one.last_error
                for one in objects.entries(connection, run.rollout, State.FAILED, State.SKIPPED)
                if one.object in _OWN
            ]
        if keys.STATUS_DETAILS not in made:
            act = Act.REFUSED if failed else Act.LATER
            return Showing(board=_PLANNER, act=act, why=next(iter(failed), "") or stopped or "in doubt")
        with run.database.transaction() as connection:
            chronicle.note(connection, run.rollout, run.clock.now(), self._body(summary))
        return Showing(board=_PLANNER, act=Act.WRITTEN)

    def _shown(self) -> str:
        with self.run.database.reading() as connection:
            body = chronicle.newest_of(connection, self.run.rollout, SUBJECT)
        return str(body["content"]) if body is not None else ""

    def _body(self, summary: Summary) -> dict[str, chronicle.Body | None]:
        return {SUBJECT: {"content": summary.content}}


def _bucket(known: Mapping[ObjectKey, Entry]) -> ObjectKey | None:
    """The first phase's bucket; the one for waiting work only where there is no other."""
    made = [key for key, one in known.items() if key.kind is ObjectKind.BUCKET and one.state is State.CREATED]
    return next((key for key in made if key != keys.WAITING), made[0] if made else None)
