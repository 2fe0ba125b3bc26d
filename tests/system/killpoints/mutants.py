"""Protocols that are broken on purpose. If the harness does not catch them, it proves nothing about the real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rollout_sync.ledger import entries, objects, outbox
from rollout_sync.sync import creating, sending, settling

Patch = Callable[[], None]


class Blind:
    """A tracker whose strong read is done and not listened to."""

    def __init__(self, tracker: Any) -> None:
        self._tracker = tracker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracker, name)

    def find(self, rollout, doubts, known):
        findings = self._tracker.find(rollout, doubts, known)
        return replace(findings, found={}, ambiguous={}, is_strong=True)


def conclude_at_once() -> None:
    """Horizon and deadline are taken for zero: what is not seen now is believed never to have happened."""
    settling.decidable_at = lambda _doubt, _timing: datetime.min.replace(tzinfo=UTC)


def record_afterwards() -> None:
    """Intents reach the ledger together with the answer, as in a tool that stores what it got."""
    answer = creating.Creating._answer

    def send(self, line, chunk):
        with self.run.database.reading() as connection:
            creates = objects.creates(connection, self.run.rollout, chunk.entry_ids)
        future = self.run.executor.submit(line.tracker.send, self.run.rollout, creates)
        line.busy += 1
        self._in_flight[future] = creating._Sent(line, chunk, creates)

    def answered(self, sent, future):
        with self.run.database.transaction() as connection:
            now, fence = sent.line.tracker.remote_now(), self.run.lease.fence
            entries.mark_inflight(connection, sent.chunk.entry_ids, sent_at=now, high_water=0, fence=fence)
        answer(self, sent, future)

    creating.Creating._send = send
    creating.Creating._answer = answered


def mark_mails_afterwards() -> None:
    """A mail is written down as being sent together with what came of it."""

    def attempt(self, one, _trail):
        with self.database.reading() as connection:
            parcel = outbox.parcel_of(connection, one.event)
        outcome = self.post.send(parcel)
        with self.database.transaction() as connection:
            outbox.mark_sending(connection, one.event, self.clock.now(), outbox.Way.DIRECT)
            sending._settle(connection, one.event, outcome)
        return outcome

    sending._Run._attempt = attempt


def take_silence_for_failure() -> None:
    """What an earlier run left being sent is sent again, as in a tool that retries what it has no answer for."""

    def take_over(self):
        for one in self._letters(outbox.State.SENDING):
            with self.database.transaction() as connection:
                outbox.put_back(connection, one.event, "no answer")

    sending._Run._take_over = take_over


PATCHES: Mapping[str, Patch] = {
    "": lambda: None,
    "blind": lambda: None,
    "conclude-at-once": conclude_at_once,
    "record-afterwards": record_afterwards,
    "mark-mails-afterwards": mark_mails_afterwards,
    "silence-is-failure": take_silence_for_failure,
}


def trackers_of(mutant: str, trackers: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The trackers as this protocol sees them."""
    return {name: Blind(tracker) for name, tracker in trackers.items()} if mutant == "blind" else trackers
