"""Pages that cannot drift: generated ones are compared, commands in the others are run, links are followed."""

from __future__ import annotations

import inspect
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from rollout_sync import config, errors
from rollout_sync.cli import reference as cli_reference
from rollout_sync.cli.answer import Status
from rollout_sync.cli.door import code_of
from rollout_sync.cli.group import COMMANDS, cli
from rollout_sync.cli.invocation import Invocation
from rollout_sync.config.document import SECTIONS, TABLES
from rollout_sync.template import reference as template_reference
from rollout_sync.template.reading import read_template
from support.desk import Desk, HandClock
from support.standin import serving

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
WRITTEN = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "how-to").glob("*.md")])
"""Pages that people wrote."""
PAGES = [*WRITTEN, *sorted(REFERENCE.glob("*.md"))]

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)")
NOT_RUN = {"init", "sandbox", "demo", "--open", "install", "remove"}
"""Words of commands that ask for accounts, stay in the foreground, change the machine, or have tests of their own."""

RUNNING = {"after-a-crash.md", "keep-in-sync.md", "lost-ledger.md"}
"""Pages for somebody whose rollout runs already."""
STARTED = shlex.split(
    'start mfa --name "MFA 2027" --go-live 2027-06-21 --people people.csv --set company=Example --yes'
)
SHIPPED = ROOT / "templates" / "people.csv"
UNFINISHED = Status.UNFINISHED.code


def title(page):
    return str(page.relative_to(ROOT))


def blocks(page, *languages):
    """Fenced blocks in these languages, as they stand."""
    return [body for language, body in BLOCK.findall(page.read_text(encoding="utf-8")) if language in languages]


def commands(page):
    """Command lines of our program, in the order of the page; remarks are cut off."""
    lines = [line.removeprefix("$ ") for block in blocks(page, "sh", "console") for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines if line.startswith("rollout-sync ")]
    return [line[1:] for line in words]


def one_page(page):
    """Long stories of running rollouts are played with the slow tests."""
    return pytest.param(page, marks=pytest.mark.slow) if page.name in RUNNING else page


def keys_below(page, heading):
    """Names in the first column of the table under a heading."""
    (part,) = re.findall(rf"^{heading}$(.*?)(?=^##|\Z)", page, flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^\| `(\w+)` \|", part, flags=re.MULTILINE))


class TestGenerated:
    @pytest.mark.parametrize("room", [cli_reference, template_reference])
    def test_pages_are_what_the_program_says(self, room):
        for path, text in room.files(REFERENCE).items():
            assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: run `make docs`"

    def test_checking_finds_a_page_that_is_out_of_date(self, tmp_path):
        assert cli_reference.main([str(tmp_path)]) == 0
        assert cli_reference.main(["--check", str(tmp_path)]) == 0
        (tmp_path / "cli.md").write_text("old", encoding="utf-8")
        assert cli_reference.main(["--check", str(tmp_path)]) == 1

    def test_every_command_and_option_has_its_line(self):
        page = (REFERENCE / "cli.md").read_text(encoding="utf-8")
        for name in COMMANDS:
            assert f"\n## rollout-sync {name}\n" in page
            command = cli.get_command(click.Context(cli), name)
            for option in (one for one in command.params if isinstance(one, click.Option)):
                assert option.opts[0] in page

    def test_every_key_has_its_line(self):
        page = (REFERENCE / "config.md").read_text(encoding="utf-8")
        for name, section in SECTIONS.items():
            assert keys_below(page, rf"## \[{name}\]") == set(section.model_fields)
        for (section, key), table in TABLES.items():
            assert keys_below(page, rf"### \[\[{section}\.{key}\]\]") == set(table.model_fields)

    def test_every_error_and_exit_code_has_its_line(self):
        page = (REFERENCE / "errors.md").read_text(encoding="utf-8")
        kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)
                 if issubclass(kind, errors.RolloutSyncError) and not kind.__name__.startswith("_")]  # fmt: skip
        assert len(kinds) > 15
        for kind in kinds:
            assert f"`{code_of(kind)}`" in page
            assert kind.exit_code in cli_reference.MEANINGS
        assert {status.code for status in Status} <= set(cli_reference.MEANINGS)
        codes = (REFERENCE / "exit-codes.md").read_text(encoding="utf-8")
        assert re.findall(r"^\| `(\d+)`", codes, flags=re.MULTILINE) == [str(code) for code in cli_reference.MEANINGS]


class TestExamples:
    def test_the_example_configuration_loads(self):
        text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
        assert config.parse(text, None, {}).jira is not None

    @pytest.mark.parametrize("path", sorted((ROOT / "templates").glob("*.yaml")), ids=lambda path: path.stem)
    def test_templates_load(self, path):
        assert read_template(path.read_bytes(), str(path)).document.template == path.stem

    @pytest.mark.parametrize("page", WRITTEN, ids=title)
    def test_pieces_of_configuration_have_known_keys(self, page):
        for block in blocks(page, "toml"):
            for section, keys in tomllib.loads(block).items():
                assert set(keys) <= set(SECTIONS[section].model_fields), f"[{section}] in {page.name}"


class TestLinks:
    @pytest.mark.parametrize("page", PAGES, ids=title)
    def test_links_lead_somewhere(self, page):
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            if "://" in path:
                continue
            found = (page.parent / path).resolve() if path else page
            assert found.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(found), f"{page.name}: {target}"

    def test_there_are_links_to_follow(self):
        assert sum(len(LINK.findall(page.read_text(encoding="utf-8"))) for page in PAGES) > 30


def anchors(page):
    """Places of a page that a link can name: headings, and anchors that stand in the text."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)"', text))


@pytest.fixture(scope="module")
def served():
    with serving() as found:
        yield found


@pytest.fixture
def desk(served, tmp_path, monkeypatch):
    """A desk at a sandbox, with the people list of the page or the shipped one, and no configuration."""
    served.control("POST", "/reset")
    for variable in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.setenv("ROLLOUT_SYNC_SANDBOX", served.url)
    monkeypatch.setenv("ROLLOUT_SYNC_LEDGER_PATH", str(tmp_path / "ledger.sqlite"))
    monkeypatch.chdir(tmp_path)
    clock = HandClock()
    clock.put_over(monkeypatch)
    found = Desk(at=served, folder=tmp_path, clock=clock, monkeypatch=monkeypatch)
    found.write("people.csv", SHIPPED.read_text(encoding="utf-8"))
    return found


class TestCommands:
    @pytest.mark.parametrize("page", PAGES, ids=title)
    def test_command_lines_can_be_read(self, page):
        for words in commands(page):
            click_reads(words)

    def test_a_wrong_command_line_would_be_found(self):
        for words in (["plan", "mfa", "--nmae", "X"], ["paln"], ["start"], ["--output", "xml", "templates"]):
            with pytest.raises(click.UsageError):
                click_reads(words)

    def test_the_readme_names_every_command(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        assert all(f"`{name}`" in text for name in COMMANDS)

    @pytest.mark.parametrize("page", [one_page(page) for page in WRITTEN if commands(page)], ids=title)
    def test_commands_do_what_the_page_says(self, desk, page):
        """In the order of the page, in one folder, by somebody who answers the questions."""
        for block in blocks(page, "csv"):
            desk.write("people.csv", block)
        if page.name in RUNNING:
            assert desk.call(*STARTED).code == 0
        if page.name == "lost-ledger.md":
            Path("ledger.sqlite").unlink()
        for words in commands(page):
            if not NOT_RUN & set(words):
                self.run(desk, page, words)

    def run(self, desk, page, words):
        if "--source" in words and ">" in words:
            at = words.index(">")
            desk.write(words[at + 1], desk.call(*words[:at]).out)
            return
        done = desk.call(*words, typed="Example\ny\ny\n")
        if page.name == "tutorial.md" and words[:2] == ["start", "mfa"]:  # the page tells of it
            assert (done.code, "nobody has the role" in done.err) == (1, True)
            desk.write("people.csv", SHIPPED.read_text(encoding="utf-8"))
            done = desk.call(*words)
        if words[0] == "adopt" and done.code == UNFINISHED:
            desk.at.advance(1200)
            return
        assert done.code == 0, f"{page.name}: {shlex.join(words)}\n{done.out}{done.err}"

    @pytest.mark.parametrize("page", WRITTEN, ids=title)
    def test_output_is_what_the_program_prints(self, desk, page):
        """In `console` blocks that begin with a command of ours; a line of three dots stands for any lines."""
        for block in blocks(page, "console"):
            first, *shown = block.splitlines()
            if not first.startswith("$ rollout-sync "):
                continue
            words = shlex.split(first)[2:]
            if NOT_RUN & set(words):
                continue
            printed = desk.call(*words, typed="y\n")
            lines = [line.strip() for line in (printed.out + printed.err).splitlines()]
            for line in shown:
                assert line.strip() in (*lines, "", "..."), f"{page.name}: {line}"


def click_reads(words):
    """Read a command line as the program does, down to the last command, without running anything."""
    words = [*words[: words.index(">")]] if ">" in words else words
    command, context = cli, cli.make_context("rollout-sync", list(words), obj=Invocation.of_process())
    while isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        name, command, left = command.resolve_command(context, rest)
        context = command.make_context(name, left, parent=context)
