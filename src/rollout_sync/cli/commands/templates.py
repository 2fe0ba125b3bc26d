"""`rollout-sync templates`: what there is, what is in it, and whether one of your own is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import click

from rollout_sync.cli.answer import Answer
from rollout_sync.cli.command import Group
from rollout_sync.cli.outline import TemplateOutline, outline
from rollout_sync.cli.render_templates import write_list, write_outline
from rollout_sync.cli.screen import Screen
from rollout_sync.template.schema import json_schema, schema_text
from rollout_sync.template.shipped import Shipped, load, shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The text of a template."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A template without problems."""

    file: str
    name: str
    version: int
    phases: int
    items: int


@click.group(
    cls=Group,
    invoke_without_command=True,
    example="rollout-sync templates\nrollout-sync templates show mfa\nrollout-sync templates check my.yaml",
)
@click.pass_context
def command(context: click.Context) -> Answer[tuple[Shipped, ...]] | None:
    """List, show and check rollout templates.

    Without a further command: the templates that come with the program.
    """
    return None if context.invoked_subcommand else Answer(result=tuple(shipped()), text=write_list)


@command.command("list", example="rollout-sync templates list --json")
def list_() -> Answer[tuple[Shipped, ...]]:
    """List the templates that come with the program."""
    return Answer(result=tuple(shipped()), text=write_list)


@command.command(example="rollout-sync templates show mfa\nrollout-sync templates show mfa --source > my.yaml")
@click.argument("template", metavar="NAME")
@click.option("--source", is_flag=True, help="Print the YAML text, to start a template of your own from.")
def show(template: str, *, source: bool) -> Answer[Source] | Answer[TemplateOutline]:
    """Show phases, items, owners, days, gates and questions of a template.

    NAME is one of the list, or the path of your own file, which ends in .yaml.
    """
    found = load(template)
    if source:
        return Answer(result=Source(name=found.document.template, text=found.text), text=_write_source)
    return Answer(result=outline(found.document), text=write_outline)


@command.command(example="rollout-sync templates check my.yaml")
@click.argument("file", metavar="FILE")
def check(file: str) -> Answer[Checked]:
    """Check a template and name all its problems with line and column.

    Asks no service. Exits with 2 when there is a problem.
    """
    document = load(file).document
    result = Checked(
        file=file,
        name=document.template,
        version=document.version,
        phases=len(document.phases),
        items=sum(len(phase.items) for phase in document.phases),
    )
    return Answer(result=result, text=_write_checked)


@command.command(example="rollout-sync templates schema > rollout-template.schema.json")
def schema() -> Answer[Mapping[str, object]]:
    """Print the JSON Schema of templates, for editors that complete and check while you type."""
    return Answer(result=json_schema(), text=lambda _, screen: screen.raw(schema_text()))


def _write_source(source: Source, screen: Screen) -> None:
    screen.raw(source.text)


def _write_checked(checked: Checked, screen: Screen) -> None:
    sizes = f"{checked.items} items in {checked.phases} phases"
    screen.line(f"{screen.symbols.ok} {checked.file}: {checked.name}, version {checked.version}, {sizes}. No problems.")
