"""Asking a person at the terminal: for what a rollout still needs, and for its template's parameters.

Nothing is asked with `--no-input`, or where nobody sits at the terminal; then the error says what to pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import RolloutRequest
from rollout_sync.cli.symbols import clean
from rollout_sync.errors import Problem, TemplateError

if TYPE_CHECKING:
    from rollout_sync.template.document import TemplateDocument
    from rollout_sync.template.parameters import Question

Check = Callable[[str], str]
"""Says what is wrong with an answer; empty when it can be used."""


def ask(label: str, *, default: str | None = None, check: Check | None = None) -> str:
    """One line from the person, asked again until `check` is content. The question goes to stderr."""
    while True:
        text = str(click.prompt(clean(label), default=default, err=True, type=str)).strip()
        complaint = check(text) if check else ""
        if not complaint:
            return text
        click.echo(f"  {clean(complaint)}", err=True)


def ask_one_of(label: str, options: tuple[str, ...], default: str) -> str:
    """One of the options."""
    return ask(
        f"{label} ({', '.join(options)})",
        default=default,
        check=lambda text: "" if text in options else f"Please answer one of: {', '.join(options)}",
    )


def ask_yes(label: str, *, default: bool = False) -> bool:
    """Yes or no."""
    return click.confirm(clean(label), default=default, err=True)


def ask_secret(label: str) -> str:
    """A secret, not shown while it is typed; empty to leave it for later."""
    return str(click.prompt(clean(label), default="", hide_input=True, show_default=False, err=True)).strip()


def complete(request: RolloutRequest, invocation: Invocation, people: Path | None) -> RolloutRequest:
    """The request with a name, a date and a people list: as given, from the configuration (`people`), or asked for.

    Raises:
        TemplateError: something is missing and nobody may be asked; its problems name the options.
    """
    request = replace(request, people=request.people or people)
    missing = [option for option, is_there in _needs(request) if not is_there]
    if missing and not may_ask(request, invocation):
        raise _missing(missing)
    if not request.name:
        request = replace(
            request, name=ask("Name of the rollout", check=lambda text: "" if text else "Please type a name")
        )
    if not (request.go_live or request.start):
        request = replace(request, go_live=date.fromisoformat(ask("Go-live day, YYYY-MM-DD", check=_day_complaint)))
    if not request.people:
        request = replace(request, people=Path(ask("People list, CSV or XLSX", check=_file_complaint)))
    return request


def answer_questions(document: TemplateDocument, request: RolloutRequest, invocation: Invocation) -> Mapping[str, str]:
    """The given answers, and those that a person gives to the questions that have no default.

    Where nobody may be asked the given answers come back as they are: `template.parameters.resolve` then says what
    is missing.
    """
    from rollout_sync.template.parameters import questions  # noqa: PLC0415 - pydantic is slow to load

    answers = dict(request.given)
    if may_ask(request, invocation):
        for question in questions(document):
            if question.default is None and question.name not in answers:
                answers[question.name] = ask(_label(question), check=_checker(document, question))
    return answers


def may_ask(request: RolloutRequest, invocation: Invocation) -> bool:
    """Whether somebody is there to answer."""
    return request.may_ask and invocation.can_ask


def _label(question: Question) -> str:
    notes = [note for note in (", ".join(question.options), question.limits, _FORMS.get(question.type, "")) if note]
    return question.ask + (f" ({'; '.join(notes)})" if notes else "")


_FORMS = {"yes-no": "yes or no", "date": "YYYY-MM-DD", "list": "with commas between"}


def _checker(document: TemplateDocument, question: Question) -> Check:
    from rollout_sync.template.parameters import Unusable, read_answer  # noqa: PLC0415 - pydantic is slow to load

    def check(text: str) -> str:
        try:
            read_answer(question.name, document.parameters[question.name], text)
        except Unusable as error:
            return error.message + (f" ({error.hint})" if error.hint else "")
        return ""

    return check


def _needs(request: RolloutRequest) -> tuple[tuple[str, bool], ...]:
    return (
        ("--name", bool(request.name)),
        ("--go-live or --start-date", bool(request.go_live or request.start)),
        ("--people", bool(request.people)),
    )


def _missing(options: list[str]) -> TemplateError:
    problems = tuple(
        Problem(file=f"option {option}", line=0, column=0, message="is missing, and nobody can be asked")
        for option in options
    )
    return TemplateError("The rollout is not fully described.", problems, hint="Pass " + ", ".join(options) + ".")


def _day_complaint(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        return "Please write the day like 2027-03-01"
    return ""


def _file_complaint(text: str) -> str:
    return "" if Path(text).expanduser().is_file() else "There is no such file"
