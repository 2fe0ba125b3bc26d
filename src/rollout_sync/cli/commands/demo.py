"""`rollout-sync demo`: the whole story against a sandbox of its own, with proofs; needs no account and no network."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation, Output
from rollout_sync.cli.screen import Screen

if TYPE_CHECKING:
    from rollout_sync.cli.demo.stage import Stage
    from rollout_sync.cli.demo.story import Told


@click.command(cls=Command, example="rollout-sync demo\nrollout-sync demo --keep")
@click.option("--keep", is_flag=True, help="Leave the sandbox running, to open its boards and to try commands.")
@click.option("--fast", is_flag=True, help="Let the sandbox answer at once, not like a service far away.")
@click.pass_obj
def command(invocation: Invocation, *, keep: bool, fast: bool) -> Answer[Told]:
    """Show the whole story in a minute: start a rollout, start it again, kill one half-way, finish it.

    Then made-up people work through ten weeks, the agent syncs each evening and tells how health moved and why, and
    the report is written. Runs the real commands against a sandbox in a process of its own. Every claim is proved
    from what the sandbox saw. Ends with 1 when a proof fails. Needs no account, no network and no configuration.
    """
    from rollout_sync.cli.demo.sandbox import running_sandbox  # noqa: PLC0415 - only this command needs it
    from rollout_sync.cli.demo.stage import Stage, clean_environment  # noqa: PLC0415 - the same
    from rollout_sync.cli.demo.story import PEOPLE, tell  # noqa: PLC0415 - the same
    from rollout_sync.template.shipped import example_people  # noqa: PLC0415 - pydantic is slow to load

    with _folder(keep=keep) as folder:
        (folder / PEOPLE).write_bytes(example_people())
        environ = clean_environment(invocation.environ, folder)
        with running_sandbox(folder, environ, keep=keep) as sandbox:
            is_aside = invocation.output is Output.JSON
            stage = Stage(screen=invocation.screen, sandbox=sandbox, folder=folder, environ=environ, is_aside=is_aside)
            report = folder / "report.html" if keep else folder.with_suffix(".html")
            told = tell(stage, report, fast=fast)
            _close(stage, told, keep=keep)
    return Answer(result=told, text=_write, status=Status.DONE if told.holds else Status.FAILED)


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    """A folder for the story; it stays with `keep`, unless the story breaks off."""
    folder = Path(tempfile.mkdtemp(prefix="rollout-sync-demo-"))
    is_kept = False
    try:
        yield folder
        is_kept = keep
    finally:
        if not is_kept:
            shutil.rmtree(folder, ignore_errors=True)


def _close(stage: Stage, told: Told, *, keep: bool) -> None:
    from rollout_sync.cli.demo.boards import PROJECT  # noqa: PLC0415 - loaded by the story

    if told.report is not None and told.report.exists():
        stage.title("To read the report, open in a browser:")
        stage.say(f"  {told.report.as_uri()}")
    if not keep:
        stage.title("To see the boards in a browser and to try commands")
        stage.say("  rollout-sync demo --keep        in a checkout: make demo KEEP=1")
        return
    stage.title("The sandbox goes on running. Open in a browser:")
    stage.say(f"  {told.url}/boards/jira/{PROJECT}")
    for plan in told.plans:
        stage.say(f"  {told.url}/boards/planner/{plan}")
    stage.say(f"  {told.url}/mailbox")
    stage.title("Try commands:")
    setting, stop = ("set", "taskkill /F /PID") if os.name == "nt" else ("export", "kill")
    stage.say(f"  {setting} ROLLOUT_SYNC_SANDBOX={told.url}")
    stage.say(f"  {setting} ROLLOUT_SYNC_LEDGER_PATH={stage.folder / 'ledger.sqlite'}")
    stage.say(f"  {_program()} --help")
    stage.title("Stop it:")
    stage.say(f"  {stop} {stage.sandbox.process.pid}")
    stage.say(f"Its files are in {stage.folder}")


def _program() -> str:
    """How this program is called from here."""
    if shutil.which("rollout-sync"):
        return "rollout-sync"
    script = Path(sys.executable).with_name("rollout-sync")
    here = script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script
    return str(here) if script.exists() else f"{sys.executable} -m rollout_sync.cli"


def _write(told: Told, screen: Screen) -> None:
    screen.line()
    screen.heading("What was proved")
    for proof in told.proofs:
        sign = screen.symbols.ok if proof.holds else screen.symbols.fail
        screen.line(f"  {sign} {proof.claim}: {proof.seen}")
