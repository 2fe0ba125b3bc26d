"""What a command gives back: a result, how it reads as text, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from rollout_sync.cli.screen import Screen
from rollout_sync.errors import RolloutSyncError

FORMAT = "rollout-sync/1"
INTERRUPTED = 130

Result = TypeVar("Result")


class Status(StrEnum):
    """How a command ended, in words; `code` is the exit code."""

    DONE = "done"
    FAILED = "failed"
    PENDING = "pending"
    UNFINISHED = "unfinished"
    REFUSED = "refused"

    @property
    def code(self) -> int:
        """Exit code of the process."""
        return _CODES[self]


_CODES = {Status.DONE: 0, Status.FAILED: 1, Status.PENDING: 3, Status.UNFINISHED: 4, Status.REFUSED: 5}
_STATUSES = {**{code: status for status, code in _CODES.items()}, INTERRUPTED: Status.UNFINISHED}


def status_of(code: int) -> Status:
    """The word for an exit code; 2 (usage, configuration, template) counts as failed."""
    return _STATUSES.get(code, Status.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[Result]):
    """A command's return value; the frame prints it as text or JSON.

    Attributes:
        result: a value of dataclasses, enums, dates, mappings and sequences.
        text: writes the result to the screen for a person.
        status: decides the exit code.
        errors: what went wrong beside the result; shown on stderr, or in the envelope.
    """

    result: Result
    text: Callable[[Result, Screen], None]
    status: Status = Status.DONE
    errors: tuple[RolloutSyncError, ...] = ()

    def write(self, screen: Screen) -> None:
        """Print the result for a person."""
        self.text(self.result, screen)
