"""Makes the planned objects: intents on disk, then one request a chunk, then the answer on disk.

The order of these three is the whole protection against duplicates; see docs/architecture.md, "How a create is sent".
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from types import MappingProxyType

from rollout_sync.errors import LedgerError, OutcomeUnknown, Stopped, TrackerError
from rollout_sync.ledger import entries, objects
from rollout_sync.ledger.objects import Node
from rollout_sync.ledger.opening import Transaction
from rollout_sync.model.codec import plain
from rollout_sync.model.objects import Fields, ObjectKey, Remote
from rollout_sync.model.operations import Create, Done, InDoubt, OperationState, Outcome, Refused
from rollout_sync.model.rollout import TrackerName
from rollout_sync.sync.frontier import Chunk, Frontier
from rollout_sync.sync.run import Run, Step
from rollout_sync.trackers.base import Tracker

State = OperationState
_MARGIN = 30.0  # seconds of lease that must remain beyond a request's deadline
_UNAUTHORIZED = 401
_LONGEST_PAUSE = 120.0  # seconds; a longer wait is left to the next run
_GROW_AFTER = 20  # clean answers in a row
_TRIES = 5  # refusals "for now" of one tracker in a row before this run leaves it alone

_NOTHING_AHEAD: Mapping[TrackerName, Future[int]] = MappingProxyType({})


@dataclass(slots=True)
class _Line:
    """The way to one tracker: how far its keys are known, and whether and when it may be asked.

    `width` is how many chunks may be in flight. It grows as the transport's own concurrency does, so that no chunk is
    marked as sent while it still waits for its turn: after a crash it would be in doubt for nothing.
    """

    tracker: Tracker
    ahead: Future[int] | None = None
    high_water: int | None = None
    is_open: bool = True
    refusals: int = 0
    not_before: float = 0.0
    reason: str = ""
    busy: int = 0
    width: int = 4
    clean: int = 0

    def went_well(self, most: int) -> None:
        """After enough clean answers in a row there may be one more request in flight."""
        self.refusals = 0
        self.clean += 1
        if self.clean >= _GROW_AFTER:
            self.clean = 0
            self.width = min(self.width + 1, most)

    def went_badly(self, *, is_refused: bool) -> None:
        """A service that refuses for now gets fewer requests at once."""
        self.refusals += 1
        self.clean = 0
        if is_refused:
            self.width = max(self.width // 2, 1)


@dataclass(frozen=True, slots=True)
class _Sent:
    line: _Line
    chunk: Chunk
    creates: tuple[Create, ...]


@dataclass(slots=True)
class Creating:
    """One pass over everything that is planned; `carry_out` ends when nothing more can be sent."""

    run: Run
    nodes: dict[int, Node]
    frontier: Frontier
    stopped: dict[TrackerName, str] = field(default_factory=dict)
    _lines: dict[TrackerName, _Line] = field(default_factory=dict)
    _in_flight: dict[Future[Sequence[Outcome]], _Sent] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run, ahead: Mapping[TrackerName, Future[int]] = _NOTHING_AHEAD) -> Creating:
        """Load the rollout's graph; `ahead` holds high-water marks that are being read already."""
        with run.database.reading() as connection:
            nodes = objects.graph(connection, run.rollout)
        creating = cls(run, nodes, Frontier(nodes))
        creating._lines = {
            name: _Line(tracker, ahead.get(name), width=run.connections) for name, tracker in run.trackers.items()
        }
        return creating

    def carry_out(self) -> None:
        """Send what can be sent, until only doubts, refusals and closed trackers are left."""
        try:
            while self._dispatch() or self._in_flight:
                if self._in_flight:
                    self._take_answers()
                else:
                    self._pause()
        finally:
            self._drain()
        self.stopped = {name: line.reason for name, line in self._lines.items() if not line.is_open}

    # Sending

    def _dispatch(self) -> bool:
        """Send all that may leave now; True when something was sent or will be after a pause."""
        is_waiting = False
        for name, line in self._lines.items():
            while line.is_open and line.busy < line.width:
                if line.not_before > self.run.clock.monotonic():
                    is_waiting = is_waiting or self.frontier.has_ready(name)
                    break
                if not self._prepare(name, line):
                    break
                chunk = self.frontier.next_chunk(name, line.tracker.capacity)
                if chunk is None:
                    break
                self._send(line, chunk)
        return is_waiting or bool(self._in_flight)

    def _prepare(self, name: TrackerName, line: _Line) -> bool:
        """Before the first create: learn the newest key and the remote clock."""
        if line.high_water is not None:
            return True
        if not self.frontier.has_ready(name):
            return False
        try:
            line.high_water = line.ahead.result() if line.ahead is not None else line.tracker.high_water()
        except TrackerError as error:
            self._close(line, error.what)
            return False
        return True

    def _send(self, line: _Line, chunk: Chunk) -> None:
        run = self.run
        with run.database.transaction() as connection:
            if run.lease.seconds_left < run.timing.deadline + _MARGIN:
                run.lease.renew(connection)
            entries.mark_inflight(
                connection,
                chunk.entry_ids,
                sent_at=line.tracker.remote_now(),
                high_water=line.high_water or 0,
                fence=run.lease.fence,
            )
            creates = objects.creates(connection, run.rollout, chunk.entry_ids)
        future = run.executor.submit(line.tracker.send, run.rollout, creates)
        line.busy += 1
        self._in_flight[future] = _Sent(line, chunk, creates)

    def _pause(self) -> None:
        """Nothing is under way: wait for the tracker that may be asked first."""
        now = self.run.clock.monotonic()
        waits = [line.not_before - now for line in self._lines.values() if line.is_open and line.not_before > now]
        if waits:
            self.run.on_step(Step(note=f"asked to slow down: waiting {min(waits):.0f} s"))
            self.run.clock.sleep(min(waits))

    # Answers

    def _take_answers(self) -> None:
        finished, _open = wait(self._in_flight, return_when=FIRST_COMPLETED)
        for future in finished:
            self._answer(self._in_flight.pop(future), future)

    def _drain(self) -> None:
        """Record what comes back even when the run ends on an error, so that as little as possible is in doubt."""
        while self._in_flight:
            # The first one is on its way up already; ids that the ledger does not take are in the rescue file.
            with contextlib.suppress(LedgerError, Stopped):
                self._take_answers()

    def _answer(self, sent: _Sent, future: Future[Sequence[Outcome]]) -> None:
        sent.line.busy -= 1
        self.frontier.answered(sent.chunk)
        try:
            outcomes = future.result()
        except OutcomeUnknown as error:
            outcomes = [InDoubt(reason=error.what)] * len(sent.creates)
        except TrackerError as error:
            outcomes = [
                Refused(reason=error.what, again=True, status=error.status, retry_after=error.retry_after)
            ] * len(sent.creates)
        if len(outcomes) != len(sent.creates):
            raise AssertionError(f"{len(outcomes)} outcomes for {len(sent.creates)} creates")  # a bug in a tracker
        new = self._record(sent, outcomes)
        self._pace(sent.line, outcomes)
        made, total = self.frontier.tally(sent.chunk.kind)
        self.run.on_step(Step(kind=sent.chunk.kind, made=made, total=total, new=new))

    def _record(self, sent: _Sent, outcomes: Sequence[Outcome]) -> int:
        """Put the answer on disk; returns how many objects exist by it, links included."""
        settled: list[tuple[int, State]] = []
        try:
            with self.run.database.transaction() as connection:
                settled += self._record_made(connection, sent, outcomes)
                for entry_id, outcome in zip(sent.chunk.entry_ids, outcomes, strict=True):
                    if not isinstance(outcome, Done):
                        state = _record_other(connection, entry_id, outcome, is_ensured=sent.chunk.kind.is_ensured)
                        settled.append((entry_id, state))
        except LedgerError:
            self._rescue(sent, outcomes)
            raise
        for entry_id, state in settled:
            self.frontier.settle(entry_id, state)
        keys = [outcome.remote.key for outcome in outcomes if isinstance(outcome, Done)]
        sent.line.high_water = max([sent.line.high_water or 0, *(_number(key) for key in keys)])
        return sum(state is State.CREATED for _entry_id, state in settled)

    def _record_made(
        self, connection: Transaction, sent: _Sent, outcomes: Sequence[Outcome]
    ) -> list[tuple[int, State]]:
        """What exists now; first the links that went along, so that they do not become ready to be sent."""
        made: list[tuple[int, Remote, Fields | None]] = []
        also: list[ObjectKey] = []
        for entry_id, create, outcome in zip(sent.chunk.entry_ids, sent.creates, outcomes, strict=True):
            if isinstance(outcome, Done):
                made.append((entry_id, outcome.remote, create.fields))
                also += outcome.also
        ids = objects.entry_ids(connection, self.run.rollout, also)
        made = [(ids[key], Remote(id=""), None) for key in also] + made
        entries.mark_all_created(connection, made)
        return [(entry_id, State.CREATED) for entry_id, _remote, _sent in made]

    def _rescue(self, sent: _Sent, outcomes: Sequence[Outcome]) -> None:
        for create, outcome in zip(sent.creates, outcomes, strict=True):
            if isinstance(outcome, Done):
                self.run.rescue.keep(
                    {
                        "object": str(create.object),
                        "marker": create.marker,
                        "remote": plain(outcome.remote),
                        "also": [str(key) for key in outcome.also],
                    }
                )

    def _pace(self, line: _Line, outcomes: Sequence[Outcome]) -> None:
        """Slow down or close a tracker that refuses for now."""
        refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused) and outcome.again]
        doubts = [outcome for outcome in outcomes if isinstance(outcome, InDoubt)]
        if not refusals and not doubts:
            line.went_well(self.run.most_connections)
            return
        line.went_badly(is_refused=bool(refusals))
        waits = [outcome.retry_after for outcome in refusals if outcome.retry_after is not None]
        pause = max(waits) if waits else min(2.0**line.refusals, 30.0)
        line.not_before = self.run.clock.monotonic() + pause
        reason = (refusals or doubts)[0].reason
        if pause > _LONGEST_PAUSE:
            self._close(line, f"{reason} (asked to wait {pause:.0f} s)")
        elif line.refusals >= _TRIES or any(outcome.status == _UNAUTHORIZED for outcome in refusals):
            self._close(line, reason)

    def _close(self, line: _Line, reason: str) -> None:
        line.is_open = False
        line.reason = reason
        self.run.on_step(Step(note=f"{line.tracker.name}: {reason}"))


def _record_other(connection: Transaction, entry_id: int, outcome: Refused | InDoubt, *, is_ensured: bool) -> State:
    match outcome:
        case Refused(again=False, reason=reason):
            entries.mark_failed(connection, entry_id, reason)
            return State.FAILED
        case InDoubt(reason=reason) if not is_ensured:
            entries.note_doubt(connection, [entry_id], reason)
            return State.INFLIGHT
        case _:  # surely not done; or in doubt, where sending it again leaves one object
            entries.mark_planned(connection, [entry_id], outcome.reason)
            return State.PLANNED


def _number(key: str) -> int:
    tail = key.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0
