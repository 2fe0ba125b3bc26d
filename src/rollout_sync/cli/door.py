"""The one error door: every way a command can end becomes an exit code, and lines on stderr or a JSON envelope."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import click

from rollout_sync.cli.answer import FORMAT, INTERRUPTED, Answer, status_of
from rollout_sync.cli.invocation import Invocation, Output
from rollout_sync.cli.jsonable import to_text
from rollout_sync.errors import ConfigError, PeopleError, Problem, RolloutSyncError, Stopped, TemplateError

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_ISSUES = "Run it again with -v, and report it with what is above; secrets are masked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One error as it is shown: in text by lines, in JSON as an object."""

    code: str
    what: str
    where: str = ""
    hint: str = ""


def pass_through(call: Callable[[], object], invocation: Invocation, arguments: Sequence[str]) -> int:
    """Run the command line and show how it ended.

    Returns:
        The exit code: the answer's, the error's class's, 2 for usage, 130 for Ctrl-C, 4 for another signal, 1 for a
        bug.
    """
    try:
        return _run(call, invocation, arguments)
    except BrokenPipeError:
        _forget_stdout()
        return 1


def _run(call: Callable[[], object], invocation: Invocation, arguments: Sequence[str]) -> int:
    try:
        return _shown(call(), invocation)
    except BrokenPipeError:
        raise
    except RolloutSyncError as error:
        if invocation.stop.was_heeded:
            return _end(invocation, arguments, *_interrupted(invocation))
        return _end(invocation, arguments, error.exit_code, complaints_of(error))
    except (click.Abort, KeyboardInterrupt) as stop:
        return _end(invocation, arguments, *_stopped(stop, invocation))
    except click.ClickException as error:
        return _end(invocation, arguments, error.exit_code, (_usage(error),), command=_command_of(error))
    except Exception as error:  # noqa: BLE001 - the one place where a bug is met; its traceback is kept
        return _bug(invocation, arguments, error)


def complain(invocation: Invocation, error: RolloutSyncError) -> None:
    """Show an error beside how the run ended."""
    _lines(invocation, complaints_of(error))


def code_of(kind: type[RolloutSyncError]) -> str:
    """The name of an error in JSON: `ledger-busy`."""
    return _CAPITAL.sub("-", kind.__name__).lower()


def complaints_of(error: RolloutSyncError) -> tuple[Complaint, ...]:
    """The error, then each of its problems."""
    code = code_of(type(error))
    first = Complaint(code=code, what=error.what, where=error.where, hint=error.hint)
    return first, *(_problem(code, problem) for problem in _problems(error))


def _problems(error: RolloutSyncError) -> tuple[Problem, ...]:
    return error.problems if isinstance(error, TemplateError | PeopleError | ConfigError) else ()


def _problem(code: str, problem: Problem) -> Complaint:
    place = ":".join([problem.file, *(str(n) for n in (problem.line, problem.column) if n)])
    return Complaint(code=f"{code}-problem", what=problem.message, where=place, hint=problem.hint)


def _shown(outcome: object, invocation: Invocation) -> int:
    """Print an answer; click gives a number instead where `--help` or `--version` ended the call."""
    return _show(outcome, invocation) if isinstance(outcome, Answer) else outcome if isinstance(outcome, int) else 0


def _show(answer: Answer[object], invocation: Invocation) -> int:
    complaints = tuple(complaint for error in answer.errors for complaint in complaints_of(error))
    code = answer.status.code
    if invocation.stop.was_heeded:  # what it did until then is told, and that there is more to do
        code, complaints = _interrupted(invocation)
    if invocation.output is Output.JSON:
        _envelope(invocation, invocation.command, code, complaints, answer.result)
    else:
        answer.write(invocation.screen)
        _lines(invocation, complaints)
    return code


def _end(
    invocation: Invocation,
    arguments: Sequence[str],
    code: int,
    complaints: Sequence[Complaint],
    command: str | None = None,
) -> int:
    if invocation.output is Output.JSON or _wants_json(arguments):
        _envelope(invocation, command or invocation.command, code, complaints, None)
    else:
        _lines(invocation, complaints)
    return code


def _lines(invocation: Invocation, complaints: Sequence[Complaint]) -> None:
    screen = invocation.screen
    if screen.log is not None:
        for complaint in complaints:
            facts = {"where": complaint.where, "hint": complaint.hint}
            screen.log.error(complaint.what, extra={"event": complaint.code, "facts": facts})
        return
    for complaint in complaints:
        if complaint.code.endswith("-problem"):
            hint = f" ({complaint.hint})" if complaint.hint else ""
            screen.complain(f"  {complaint.where}: {complaint.what}{hint}")
            continue
        screen.complain(f"error: {complaint.what}")
        if complaint.where:
            screen.complain(f"where: {complaint.where}")
        if complaint.hint:
            screen.complain(f"hint: {complaint.hint}")


def _envelope(invocation: Invocation, command: str, code: int, complaints: Sequence[Complaint], result: object) -> None:
    body = {
        "format": FORMAT,
        "command": command,
        "status": status_of(code),
        "exit_code": code,
        "result": result,
        "errors": complaints,
    }
    invocation.screen.raw(to_text(body))


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether JSON was asked for, when the arguments could not be read to their end."""
    return bool({"--output=json", "--json"} & {*arguments}) or ("--output", "json") in pairwise(arguments)


def _stopped(stop: BaseException, invocation: Invocation) -> tuple[int, tuple[Complaint, ...]]:
    # click's prompts hide the cause, but Python keeps what was being handled as the context.
    if isinstance(stop.__cause__ or stop.__context__, EOFError):
        what = "The input ended before all questions were answered."
        return 2, (Complaint(code="no-input", what=what, hint="Give the answers as options, or run it in a terminal."),)
    return _interrupted(invocation)


def _interrupted(invocation: Invocation) -> tuple[int, tuple[Complaint, ...]]:
    """A run that was asked to end: 130 where a person pressed Ctrl-C, as shells expect; else unfinished."""
    what = "Stopped safely: run the same command again."
    is_by_key = invocation.stop.is_by_key or not invocation.stop.signal
    code = INTERRUPTED if is_by_key else Stopped.exit_code
    return code, (Complaint(code="interrupted", what=what, hint="Nothing is done twice."),)


def _usage(error: click.ClickException) -> Complaint:
    context = error.ctx if isinstance(error, click.UsageError) else None
    place = context.command_path if context else ""
    return Complaint(
        code="usage", what=error.format_message(), where=place, hint=f"See: {place} --help" if place else ""
    )


def _command_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return command_name(context) if context else ""


def command_name(context: click.Context) -> str:
    """The command of a context without the program's name: `templates show`."""
    return " ".join(context.command_path.split()[1:])


def _bug(invocation: Invocation, arguments: Sequence[str], error: Exception) -> int:
    from rollout_sync.transport.redaction import SECRETS  # noqa: PLC0415 - only when it is needed

    invocation.screen.complain(SECRETS.scrub("".join(traceback.format_exception(error))).rstrip())
    what = SECRETS.scrub(f"{type(error).__name__}: {error}")
    complaint = Complaint(code="internal-error", what=f"This is a bug in rollout-sync. {what}", hint=_ISSUES)
    return _end(invocation, arguments, 1, (complaint,))


def _forget_stdout() -> None:
    # The reader went away; without this Python complains once more when it flushes at its end.
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, sys.stdout.fileno())
    os.close(descriptor)
