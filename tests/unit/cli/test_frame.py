"""The frame: global options, lazy commands, the error door, the envelope, text for every kind of console."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rollout_sync import errors
from rollout_sync.cli import group
from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.command import Command, Group
from rollout_sync.cli.door import complaints_of
from rollout_sync.cli.invocation import LogForm
from rollout_sync.cli.jsonable import jsonable
from rollout_sync.cli.logs import set_up_logs
from rollout_sync.cli.screen import Screen, plain_table
from rollout_sync.cli.symbols import FULL, PLAIN, clean, symbols_for
from rollout_sync.config import Secret
from rollout_sync.errors import ConfigError, NotFinished, Problem, TemplateError, UnsafePlan
from rollout_sync.model.objects import ObjectKey, ObjectKind

CANARY = "CANARY-9f3b2c7d1e"
HEAVY = (
    "jira",
    "msal",
    "sqlalchemy",
    "pydantic",
    "flask",
    "requests",
    "rich",
    "jinja2",
    "numpy",
    "openpyxl",
    "keyring",
)


def commands():
    """Every command with its path."""
    for name in group.COMMANDS:
        found = group.cli.get_command(click.Context(group.cli), name)
        yield (name,), found
        if isinstance(found, Group):
            yield from (((name, below), inner) for below, inner in found.commands.items())


@pytest.fixture
def pretend(monkeypatch):
    """Put a function in the place of a command's work."""

    def put(function, name="pretend"):
        class Module:
            command = click.command(name, cls=Command, example=f"rollout-sync {name}")(function)

        monkeypatch.setitem(group.COMMANDS, name, ("pretended", "A pretended command."))
        monkeypatch.setattr(group, "import_module", lambda path: Module if path == "pretended" else import_module(path))

    return put


def raising(error):
    def work():
        raise error

    return work


def leaves(kind):
    below = kind.__subclasses__()
    return [kind] if not below else [leaf for each in below for leaf in leaves(each)]


def made(kind):
    problems = (Problem(file="f.yaml", line=2, column=3, message="wrong", hint="right"),)
    if issubclass(kind, TemplateError | errors.PeopleError):
        return kind("What.", problems, hint="Next.")
    return kind("What.", where="where", hint="Next.")


class TestHelp:
    def test_help_lists_every_command_and_an_example(self, call):
        result = call("--help")
        assert result.exit_code == 0
        for name, (_, line) in group.COMMANDS.items():
            assert name in result.stdout
            assert line in " ".join(result.stdout.split())
        assert "Example" in result.stdout

    def test_no_command_shows_help(self, call):
        assert call().stdout == call("-h").stdout

    @pytest.mark.parametrize("path", [" ".join(path) for path, _ in commands()])
    def test_every_command_has_help_with_an_example_of_itself(self, call, path):
        result = call(*path.split(), "--help")
        assert result.exit_code == 0
        example = result.stdout.partition("Example:")[2]
        assert f"rollout-sync {path.split()[0]}" in example

    @pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
    def test_every_option_has_a_help_text(self, path):
        found = dict(commands())[path]
        assert [option.name for option in found.params if isinstance(option, click.Option) and not option.help] == []

    def test_the_table_says_what_the_command_says(self):
        for (name, *below), found in commands():
            if not below:
                assert found.get_short_help_str(200) == group.COMMANDS[name][1]

    def test_version(self, call):
        assert call("--version").stdout.startswith("rollout-sync ")


class TestLaziness:
    @pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
    def test_help_imports_nothing_heavy(self, arguments):
        code = "import sys; from rollout_sync.cli import main; sys.argv = ['rollout-sync', *sys.argv[1:]]; main()"
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
        assert "click" in imported
        assert sorted(imported & set(HEAVY)) == []
        assert not [line for line in done.stderr.splitlines() if "rollout_sync.cli.commands." in line]


class TestDoor:
    @pytest.mark.parametrize("kind", leaves(errors.RolloutSyncError), ids=lambda kind: kind.__name__)
    def test_every_error_ends_with_its_code_and_three_lines(self, call, pretend, kind):
        pretend(raising(made(kind)))
        result = call("pretend")
        assert result.exit_code == kind.exit_code
        assert result.stdout == ""
        assert "error: What.\n" in result.stderr
        assert "hint: Next.\n" in result.stderr
        assert "Traceback" not in result.stderr

    def test_all_problems_are_lines(self, call, pretend):
        problems = tuple(Problem(file="f.yaml", line=n, column=1, message=f"wrong {n}", hint="h") for n in (9, 2))
        pretend(raising(TemplateError("Two.", problems)))
        assert call("pretend").stderr == "error: Two.\n  f.yaml:2:1: wrong 2 (h)\n  f.yaml:9:1: wrong 9 (h)\n"

    @pytest.mark.parametrize("kind", leaves(errors.RolloutSyncError), ids=lambda kind: kind.__name__)
    @pytest.mark.parametrize("arguments", [["--output", "json", "pretend"], ["pretend", "--json"]])
    def test_an_error_in_json_is_an_envelope(self, call, pretend, kind, arguments):
        pretend(raising(made(kind)))
        result = call(*arguments)
        body = json.loads(result.stdout)
        assert list(body) == ["format", "command", "status", "exit_code", "result", "errors"]
        assert body["format"] == "rollout-sync/1"
        assert body["command"] == "pretend"
        assert body["exit_code"] == result.exit_code == kind.exit_code
        assert body["status"] == {1: "failed", 2: "failed", 4: "unfinished", 5: "refused"}[kind.exit_code]
        assert body["result"] is None
        assert list(body["errors"][0]) == ["code", "what", "where", "hint"]
        assert body["errors"][0]["what"] == "What."
        assert result.stderr == ""

    def test_codes_of_errors_are_their_names(self):
        assert complaints_of(UnsafePlan("x"))[0].code == "unsafe-plan"
        assert [c.code for c in complaints_of(ConfigError("x", problems=made(TemplateError).problems))] == [
            "config-error",
            "config-error-problem",
        ]

    @pytest.mark.parametrize(
        ("status", "code"), [("done", 0), ("failed", 1), ("pending", 3), ("unfinished", 4), ("refused", 5)]
    )
    def test_an_answer_ends_with_the_code_of_its_status(self, call, pretend, status, code):
        def work():
            return Answer(
                result={"made": 3}, text=lambda result, screen: screen.line(str(result)), status=Status(status)
            )

        pretend(work)
        assert (call("pretend").exit_code, call("pretend").stdout) == (code, "{'made': 3}\n")
        body = json.loads(call("pretend", "--json").stdout)
        assert (body["status"], body["exit_code"], body["result"]) == (status, code, {"made": 3})

    def test_errors_beside_a_result_are_shown(self, call, pretend):
        def work():
            error = NotFinished("3 are in doubt.", hint="Run it again.")
            return Answer(
                result=1, text=lambda _, screen: screen.line("so far"), status=Status.UNFINISHED, errors=(error,)
            )

        pretend(work)
        assert call("pretend").stdout == "so far\n"
        assert call("pretend").stderr == "error: 3 are in doubt.\nhint: Run it again.\n"
        assert json.loads(call("pretend", "--json").stdout)["errors"][0]["code"] == "not-finished"

    def test_ctrl_c_is_safe_and_says_so(self, call, pretend):
        pretend(raising(KeyboardInterrupt()))
        result = call("pretend")
        assert result.exit_code == 130
        assert "Stopped safely: run the same command again." in result.stderr
        body = json.loads(call("pretend", "--json").stdout)
        assert (body["status"], body["exit_code"]) == ("unfinished", 130)

    def test_a_bug_keeps_its_traceback_without_secrets(self, call, pretend):
        pretend(raising(ValueError(f"Authorization: Bearer {CANARY}")))
        result = call("pretend")
        assert result.exit_code == 1
        assert "Traceback" in result.stderr
        assert "in work" in result.stderr
        assert "error: This is a bug in rollout-sync. ValueError" in result.stderr
        assert CANARY not in result.output
        body = json.loads(call("pretend", "--json").stdout)
        assert body["errors"][0]["code"] == "internal-error"
        assert CANARY not in json.dumps(body)

    def test_a_reader_that_went_away_is_no_news(self, home):
        code = "from rollout_sync.cli import main; main()"
        with subprocess.Popen(
            [sys.executable, "-c", code, "templates", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            process.stdout.close()
            assert process.stderr.read() == b""

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (["tempaltes"], 'There is no command "tempaltes". Did you mean "templates"?'),
            (["xyzzy"], 'There is no command "xyzzy".'),
            (["--outptu", "json"], "No such option"),
            (["--output", "xml", "templates"], "'xml' is not one of 'text', 'json'"),
            (["templates", "shwo"], "No such command 'shwo'"),
            (["templates", "show"], "Missing argument"),
        ],
    )
    def test_usage_ends_with_2_and_the_way_to_help(self, call, arguments, expected):
        result = call(*arguments)
        assert result.exit_code == 2
        assert expected in result.stderr
        assert "hint: See: rollout-sync" in result.stderr

    def test_usage_errors_in_json_are_an_envelope_too(self, call):
        body = json.loads(call("--output", "json", "templates", "show").stdout)
        assert (body["command"], body["exit_code"], body["errors"][0]["code"]) == ("templates show", 2, "usage")
        assert json.loads(call("--nonsense", "--output=json").stdout)["errors"][0]["code"] == "usage"


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    day: date
    colour: Colour
    nested: tuple[object, ...] = ()


class TestJson:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (
                Value(day=date(2027, 3, 1), colour=Colour.RED, nested=(1, None)),
                {"day": "2027-03-01", "colour": "red", "nested": [1, None]},
            ),
            (datetime(2027, 3, 1, 8, tzinfo=UTC), "2027-03-01T08:00:00+00:00"),
            (timedelta(minutes=2), 120.0),
            ({Colour.RED: {2, 1}}, {"red": [1, 2]}),
            (Path("a/b"), str(Path("a/b"))),
            (ObjectKey(ObjectKind.ISSUE, "a/b"), "issue:a/b"),
        ],
    )
    def test_values_by_their_types(self, value, expected):
        assert jsonable(value) == expected

    @pytest.mark.parametrize("value", [Secret(CANARY), b"bytes", object(), Value])
    def test_what_is_no_result_is_refused(self, value):
        with pytest.raises(TypeError) as caught:
            jsonable(value)
        assert CANARY not in str(caught.value)


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


def console(encoding="utf-8", kind=io.TextIOWrapper):
    return kind(io.BytesIO(), encoding=encoding, newline="\n")


def shown(stream):
    stream.flush()
    return stream.buffer.getvalue().decode(stream.encoding)


class TestScreen:
    def test_titles_cannot_steer_the_terminal(self):
        out = console()
        Screen(stdout=out, stderr=console()).line("a\x1b[2Jb\x07\u202ec\tü")
        assert shown(out) == "a[2Jbc\tü\n"
        assert clean("\x9b31m") == "31m"

    @pytest.mark.parametrize(
        ("encoding", "signs"),
        [("utf-8", FULL), ("cp437", PLAIN), ("cp1252", PLAIN), ("ascii", PLAIN), (None, PLAIN), ("nonsense", PLAIN)],
    )
    def test_signs_fit_the_console(self, encoding, signs):
        assert symbols_for(encoding) == signs

    def test_text_that_a_console_cannot_show_is_no_crash(self):
        out = console("ascii")
        Screen(stdout=out, stderr=console()).line("Zürich ✓")
        assert shown(out) == "Z?rich ?\n"

    def test_a_pipe_gets_plain_columns(self):
        out = console()
        Screen(stdout=out, stderr=console()).table(("item", "days"), [("日本", "2"), ("a\nb", "[bold]3")])
        assert shown(out) == "item  days\n日本  2\na b   [bold]3\n"
        assert plain_table(("a",), []) == ("a",)

    def test_a_terminal_gets_the_same_words_without_markup(self):
        out = console(kind=Terminal)
        Screen(stdout=out, stderr=console(), use_color=False).table(("item", "days"), [("first", "[bold]3")])
        assert "[bold]3" in shown(out)

    @pytest.mark.parametrize("use_color", [True, False])
    def test_colour_only_when_it_is_wanted(self, use_color):
        out = console(kind=Terminal)
        Screen(stdout=out, stderr=console(), use_color=use_color).heading("Phase")
        assert ("\x1b[" in shown(out)) is use_color

    def test_no_color_is_honoured(self):
        assert not Screen.of_process({"NO_COLOR": "1"}).use_color
        assert not Screen.of_process({"TERM": "dumb"}).use_color
        assert Screen.of_process({}).use_color

    def test_progress_without_a_terminal_is_a_line_at_every_tenth(self):
        err = console()
        screen = Screen(stdout=console(), stderr=err)
        with screen.progress("creating", 40) as progress:
            for _ in range(40):
                progress.advance()
        assert len(shown(err).splitlines()) == 10
        assert shown(err).splitlines()[-1] == "creating: 40 of 40"
        assert shown(screen.stdout) == ""

    def test_quiet_progress_says_nothing_and_errors_are_still_shown(self):
        err = console()
        screen = Screen(stdout=console(), stderr=err, is_quiet=True)
        with screen.progress("creating", 1) as progress:
            progress.advance()
        screen.complain("error: x")
        assert shown(err) == "error: x\n"

    def test_progress_at_a_terminal_is_a_bar_on_stderr(self, monkeypatch):
        monkeypatch.setenv("TERM", "xterm")
        err = console(kind=Terminal)
        screen = Screen(stdout=console(), stderr=err)
        with screen.progress("creating", 2) as progress:
            progress.advance(2, note="issues")
        assert "creating" in shown(err)
        assert shown(screen.stdout) == ""

    def test_progress_at_a_terminal_that_cannot_draw_is_lines(self):
        err = console(kind=Terminal)
        with Screen(stdout=console(), stderr=err, can_draw=False).progress("creating", 2) as progress:
            progress.advance(2, note="issues")
        assert shown(err) == "creating: 2 of 2 (issues)\n"
        assert not Screen.of_process({"TERM": "dumb"}).can_draw
        assert Screen.of_process({"TERM": "xterm"}).can_draw


class TestLogs:
    @pytest.mark.parametrize(("verbosity", "count"), [(-1, 1), (0, 2), (1, 3), (2, 4), (3, 4)])
    def test_verbosity(self, verbosity, count):
        err = console()
        set_up_logs(err, LogForm.TEXT, verbosity)
        log = logging.getLogger("rollout_sync.some.room")
        for level in (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG):
            log.log(level, "sent")
        assert len(shown(err).splitlines()) == count

    @pytest.mark.parametrize("form", list(LogForm))
    def test_no_secret_in_either_form(self, form):
        err = console()
        set_up_logs(err, form, 2)
        try:
            raising(ValueError(f"access_token={CANARY}"))()
        except ValueError:
            logging.getLogger("rollout_sync.x").exception("Authorization: Bearer %s", CANARY)
        assert CANARY not in shown(err)
        assert "ValueError" in shown(err)

    def test_json_lines(self):
        err = console()
        set_up_logs(err, LogForm.JSON, 1)
        logging.getLogger("rollout_sync.x").info("made %d\nissues", 3)
        (line,) = shown(err).splitlines()
        body = json.loads(line)
        assert (body["level"], body["logger"], body["message"]) == ("info", "rollout_sync.x", "made 3\nissues")
        assert datetime.fromisoformat(body["at"]).tzinfo


def test_a_configuration_that_the_sandbox_replaces_is_said_to_be_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad = tmp_path / "bad.toml"
    bad.write_text("garbage")
    words = ["--sandbox", "http://127.0.0.1:9", "--config", str(bad), "doctor", "--offline"]
    done = CliRunner().invoke(group.cli, words)
    assert "bad.toml is not read" in done.stderr
