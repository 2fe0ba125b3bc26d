"""Every error a user can meet, as one tree; each says what, where, and what to do next.

RolloutSyncError                exit code
├── ConfigError                 2   a key of config.toml, an environment variable, a secret
├── TemplateError               2   all problems of a template at once, each file:line:column
├── PeopleError                 2   all problems of a people list at once
├── PlanError                   1
│   ├── StalePlan               1   the ledger or the template moved since the plan was made
│   ├── UnsafePlan              5   more changes than the safety thresholds allow
│   └── ForeignRollout          5   the rollout exists remotely, but not in this ledger
├── LedgerError                 1
│   ├── LedgerBusy              4   another run holds the lease
│   ├── LedgerTooNew            1   written by a later version
│   └── LedgerUnwritable        1   full disk, read-only file, damaged file
├── TrackerError                1   tracker, operation, remote id and the server's own words
│   ├── Unavailable             4   nothing was sent, or a read failed for now
│   │   └── Stopped             4   the run was asked to end before this was sent
│   ├── RateLimited             4   told to wait longer than one run should
│   ├── OutcomeUnknown          4   sent, no trustworthy answer
│   ├── AccessDenied            1   401 after a refresh, or 403
│   ├── NotFound                1   404: gone, or hidden from this account
│   ├── Rejected                1   the server says the request is wrong
│   ├── VersionConflict         4   409 or 412
│   └── UnexpectedResponse      1   an answer of the wrong shape
└── NotFinished                 4   the run ended with work open or in doubt; run it again

Problem, the value that Template- and PeopleError carry, lives here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One complaint about a text that a person wrote.

    Attributes:
        file: path as the user gave it.
        line: 1-based; 0 when the problem belongs to the whole file.
        column: 1-based; 0 when the problem belongs to the whole line.
        message: what is wrong, with the offending value.
        hint: what to write instead; empty when there is nothing better to say.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class RolloutSyncError(Exception):
    """Root of all errors that are shown without a traceback.

    Args:
        what: what went wrong, with the values involved.
        where: file:line:column, config key, URL path or remote id.
        hint: the next step for the user.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint


class ConfigError(RolloutSyncError):
    """A setting is missing, misspelt or cannot be used; `problems` lists them where a file has several."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", hint: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(what, where=where, hint=hint)
        self.problems = tuple(sorted(problems))


class NotPlanned(ConfigError):
    """A rollout was adopted, and the ledger does not hold its template yet."""


class _ProblemsError(RolloutSyncError):
    """Several problems of one text, reported together."""

    exit_code = 2

    def __init__(self, what: str, problems: tuple[Problem, ...], *, hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.problems = tuple(sorted(problems))


class TemplateError(_ProblemsError):
    """A template, or the answers to its parameters, cannot be used."""


class PeopleError(_ProblemsError):
    """A people list cannot be read."""


class PlanError(RolloutSyncError):
    """A plan cannot be made or carried out."""


class StalePlan(PlanError):
    """The ledger, template or configuration moved since the plan was made."""


class UnsafePlan(PlanError):
    """The plan changes more than the safety thresholds allow."""

    exit_code = 5


class ForeignRollout(PlanError):
    """The rollout's work exists remotely, but this ledger does not know it."""

    exit_code = 5


class LedgerError(RolloutSyncError):
    """The ledger cannot be used."""


class LedgerBusy(LedgerError):
    """Another run holds the lease of this rollout."""

    exit_code = 4


class LedgerTooNew(LedgerError):
    """The ledger was written by a later version."""


class LedgerUnwritable(LedgerError):
    """The ledger cannot be written: disk full, read-only or damaged."""


class TrackerError(RolloutSyncError):
    """A remote service refused, failed or could not be reached.

    Args:
        what: the problem in our words, ending with the server's own.
        where: method and path template, or the remote id.
        hint: the next step.
        status: HTTP status, 0 when there was no answer.
        code: the service's own error code, empty when it has none.
        retry_after: seconds the server asked us to wait.
        request_id: the service's id of the request, for its support.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        hint: str = "",
        status: int = 0,
        code: str = "",
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.request_id = request_id


class Unavailable(TrackerError):
    """The request surely had no effect: never sent, or a read that failed for now."""

    exit_code = 4


class Stopped(Unavailable):
    """The run was asked to end (Ctrl-C, SIGTERM) before this request was sent; it surely had no effect."""


class RateLimited(TrackerError):
    """Refused for now with 429; the wait is longer than one run should take."""

    exit_code = 4


class OutcomeUnknown(TrackerError):
    """The request was sent and may or may not have taken effect."""

    exit_code = 4


class AccessDenied(TrackerError):
    """Not signed in, or not allowed."""


class NotFound(TrackerError):
    """Not there, or not visible to this account."""


class Rejected(TrackerError):
    """The server says the request itself is wrong."""


class VersionConflict(TrackerError):
    """The object changed since it was read."""

    exit_code = 4


class UnexpectedResponse(TrackerError):
    """An answer that does not have the documented shape."""


class NotFinished(RolloutSyncError):
    """Work is left open or in doubt; the same command finishes it."""

    exit_code = 4
