"""Shared options, and what is asked when one is missing."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from importlib import import_module
from pathlib import Path

import click
import pytest

from rollout_sync.cli import group
from rollout_sync.cli.answer import Answer
from rollout_sync.cli.command import Command
from rollout_sync.cli.options import RolloutRequest, rollout_options, template_argument
from rollout_sync.cli.questions import answer_questions, complete
from rollout_sync.errors import TemplateError
from rollout_sync.template.parameters import resolve
from rollout_sync.template.shipped import load

TEMPLATE = """\
template: mine
version: 1
title: Mine
parameters:
  company: {type: text, ask: Company name}
  sites: {type: number, ask: How many sites, min: 1, max: 9}
  tool: {type: choice, options: [Red, Blue], ask: Which tool}
  council: {type: yes-no, default: no, ask: Works council}
roles: {it: {}}
phases:
  - {key: one, items: [{key: first, title: "First at {{ company }}", owner: it, days: 1}]}
"""
FULL = ["--name", "N", "--go-live", "2027-03-01", "--people", "people.csv"]
ANSWERS = ["--set", "company=Example", "--set", "sites=2", "--set", "tool=Red"]


@pytest.fixture
def asked(call, home, monkeypatch):
    """A command that takes the shared options, and says what it got."""
    (home / "mine.yaml").write_text(TEMPLATE, encoding="utf-8")
    (home / "people.csv").touch()

    @click.command("asked", cls=Command, example="rollout-sync asked mine.yaml")
    @template_argument
    @rollout_options
    @click.pass_obj
    def command(invocation, *, template, request):
        document = load(template).document
        request = complete(request, invocation, None)
        answers = resolve(document, answer_questions(document, request, invocation))
        return Answer(
            result={"request": request, "answers": answers}, text=lambda result, screen: screen.line(str(result))
        )

    module = type("Module", (), {"command": command})
    monkeypatch.setitem(group.COMMANDS, "asked", ("pretended", "Pretended."))
    monkeypatch.setattr(group, "import_module", lambda path: module if path == "pretended" else import_module(path))
    return lambda *arguments, typed=None: call("asked", "mine.yaml", *arguments, typed=typed)


def test_everything_given_asks_nothing(asked):
    done = asked(*FULL, *ANSWERS, "--department", "Sales", "--department", "HR", "--no-input")
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    assert "departments=('Sales', 'HR')" in done.stdout
    assert "go_live=datetime.date(2027, 3, 1)" in done.stdout
    assert "'sites': 2" in done.stdout
    assert "'council': False" in done.stdout


def test_a_person_is_asked_for_what_is_missing_and_again_when_it_is_wrong(asked):
    answers = [
        "MFA 2027",
        "1.3.2027",
        "2027-03-01",
        "nowhere.csv",
        "people.csv",
        "Example",
        "many",
        "12",
        "3",
        "Green",
        "blue",
    ]
    done = asked(typed="".join(f"{answer}\n" for answer in answers))
    assert done.exit_code == 0, done.output
    for word in (
        "Please write the day like",
        "no such file",
        "Company name",
        "from 1 to 9",
        "is no number",
        "out of range",
    ):
        assert word in done.stderr
    assert "Works council" not in done.stderr
    assert "'tool': 'Blue'" in done.stdout
    assert done.stdout.startswith("{")


@pytest.mark.parametrize("arguments", [[], ["--no-input"]])
def test_where_nobody_is_asked_the_options_are_named(asked, arguments):
    typed = "x\n" * 20 if arguments else None
    done = asked(*arguments, *ANSWERS, typed=typed)
    assert done.exit_code == 2
    for option in ("--name", "--go-live or --start-date", "--people"):
        assert f"  option {option}: is missing" in done.stderr


def test_missing_answers_are_all_named_with_how_to_pass_them(asked):
    done = asked(*FULL, "--set", "compnay=Example")
    assert done.exit_code == 2
    for name in ("compnay", "company", "sites", "tool"):
        assert f"parameter {name}" in done.stderr
    assert "--set NAME=VALUE" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--go-live", "2027-03-01", "--start-date", "2027-01-01"], "either --go-live or --start-date"),
        (["--go-live", "1.3.2027"], "write it like 2027-03-01"),
        (["--go-live", "2027-02-30"], "is no day"),
        (["--set", "company"], "write it like company=Example"),
        (["--set", "=x"], "write it like company=Example"),
        (["--set", "a=1", "--set", "a=2"], "--set a is given twice"),
        (["--people", "."], "is a directory"),
    ],
)
def test_options_that_cannot_be_read(asked, arguments, complaint):
    done = asked(*arguments)
    assert done.exit_code == 2
    assert complaint in done.stderr


def test_a_value_may_hold_equals_signs_and_blanks(asked):
    done = asked(*FULL, *ANSWERS[2:], "--set", "company = A = B ")
    assert "'company': 'A = B'" in done.stdout


def test_the_list_of_the_configuration_is_taken_when_none_is_named(call):
    request = RolloutRequest(name="N", start=date(2027, 1, 4))
    assert complete(request, None, Path("people.csv")) == replace(request, people=Path("people.csv"))
    named = replace(request, people=Path("other.csv"))
    assert asdict(complete(named, None, Path("people.csv"))) == asdict(named)


def test_a_request_that_may_not_ask_never_does():
    with pytest.raises(TemplateError) as caught:
        complete(RolloutRequest(may_ask=False), None, None)
    assert caught.value.hint == "Pass --name, --go-live or --start-date, --people."
