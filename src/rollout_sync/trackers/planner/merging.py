"""Conditional writes: send what differs; where somebody was faster, read again and merge, at most three times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rollout_sync.errors import TrackerError
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, Outcome, Refused
from rollout_sync.trackers.planner.batch import BATCH_SIZE, Inner, InnerReply
from rollout_sync.trackers.planner.client import GraphClient
from rollout_sync.trackers.planner.mapping import Json, version_of
from rollout_sync.trackers.planner.outcomes import CONFLICTS, NOT_FOUND, failed, refused, written
from rollout_sync.transport.reply import Repeat

_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One object to write.

    Attributes:
        path: where it is read and written.
        remote: as it is known; with `trust` its version goes into the first write without a read before.
        patch: the members to write, from the object's current JSON; nothing where all is well.
        made: its new whereabouts, from its JSON.
        trust: whether `patch` can do without the current JSON.
        is_fresh: it was made a moment ago, so that a 404 means "not visible yet".
    """

    path: str
    remote: Remote
    patch: Callable[[Json], dict[str, object]]
    made: Callable[[Json], Remote]
    trust: bool = False
    is_fresh: bool = False


def write_all(client: GraphClient, targets: Sequence[Target]) -> list[Outcome]:
    """Write up to 20 objects: one batch to read where needed, one to write, more only after conflicts."""
    if len(targets) > BATCH_SIZE:
        raise ValueError(f"{len(targets)} objects are more than one batch holds")
    round_ = _Round(client, targets)
    for _ in range(_TRIES):
        if not round_.left:
            break
        round_.run()
    return [round_.outcomes.get(number) or _conflict() for number in range(len(targets))]


class _Round:
    """What is settled, what is left, and the current JSON of what is left."""

    def __init__(self, client: GraphClient, targets: Sequence[Target]) -> None:
        self._client = client
        self._targets = targets
        self.outcomes: dict[int, Outcome] = {}
        self.left = set(range(len(targets)))
        self._current: dict[int, Json] = {
            number: {"@odata.etag": target.remote.version}
            for number, target in enumerate(targets)
            if target.trust and target.remote.version
        }

    def run(self) -> None:
        """Read what is not known, write what differs. A failure of a whole request is everybody's outcome."""
        try:
            self._read()
            self._write()
        except TrackerError as error:
            for number in sorted(self.left):
                self._settle(number, failed(error))

    def _read(self) -> None:
        numbers = [number for number in sorted(self.left) if number not in self._current]
        gathered = self._client.collect([self._targets[number].path for number in numbers]) if numbers else {}
        for number in numbers:
            target = self._targets[number]
            found = gathered[target.path]
            if found.failure is None and found.rows:
                self._current[number] = found.rows[0]
                continue
            self._settle(number, _unread(found.failure, is_fresh=target.is_fresh))

    def _write(self) -> None:
        bodies: dict[int, dict[str, object]] = {}
        for number in sorted(self.left):
            body = self._targets[number].patch(self._current[number])
            if body:
                bodies[number] = body
            else:
                self._settle(number, Done(remote=self._targets[number].made(self._current[number])))
        inner = [self._inner(number, body) for number, body in bodies.items()]
        replies = self._client.batch(inner, repeat=Repeat.SAFE).replies if inner else {}
        for number in bodies:
            reply = replies.get(str(number))
            if reply is not None and reply.status in CONFLICTS:
                del self._current[number]
            else:
                target = self._targets[number]
                self._settle(number, written(reply, target.remote, target.made))

    def _inner(self, number: int, body: dict[str, object]) -> Inner:
        headers = {"If-Match": version_of(self._current[number]), "Prefer": "return=representation"}
        return Inner(id=str(number), method="PATCH", url=self._targets[number].path, body=body, headers=headers)

    def _settle(self, number: int, outcome: Outcome) -> None:
        self.outcomes[number] = outcome
        self.left.discard(number)


def _unread(failure: InnerReply | None, *, is_fresh: bool) -> Refused:
    """The object could not be read, so nothing was written; later it may work, unless it is refused for good."""
    if failure is None:
        return Refused(reason="Graph answered without the object", again=True)
    later = failure.is_transient or not failure.status or (is_fresh and failure.status == NOT_FOUND)
    return replace(refused(failure), again=later or refused(failure).again)


def _conflict() -> Refused:
    return Refused(
        reason=f"somebody changed it at the same moment, {_TRIES} times in a row",
        again=True,
        status=CONFLICTS[0],
        hint="run the same command again",
    )
