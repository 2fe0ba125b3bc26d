"""`rollout-sync sandbox`: the stand-in for Jira, Planner and a mailbox, on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.config import SandboxSettings, for_sandbox, load, locate
from rollout_sync.errors import ConfigError

_ANY = "http://127.0.0.1"


@click.command(cls=Command, example="rollout-sync sandbox\nrollout-sync sandbox --port 0 --state demo.sqlite")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port on 127.0.0.1; 0 takes a free one; default: 8765.")
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="File that keeps it between runs.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of every random choice; default: 1.")
@click.pass_obj
def command(invocation: Invocation, *, port: int | None, state: Path | None, seed: int | None) -> None:
    """Run a stand-in for Jira and Planner on this machine.

    It speaks real HTTP, needs no account and no network, and shows boards in the browser. Stop it with Ctrl-C.
    Point other commands at it with --sandbox and the address that it prints.
    """
    chosen = configured(invocation)
    from rollout_sync.sandbox.server import run  # noqa: PLC0415 - Flask is slow to load

    where = chosen.port if port is None else port
    try:
        run(where, state or chosen.state, chosen.seed if seed is None else seed)
    except OSError as error:
        raise ConfigError(
            f"The sandbox cannot listen on port {where} ({error.strerror or type(error).__name__}).",
            where="--port",
            hint="Another program may use it; --port 0 takes a free one.",
        ) from error


def configured(invocation: Invocation) -> SandboxSettings:
    """Section `[sandbox]`; its defaults where there is no configuration, because newcomers have none."""
    located = locate(invocation.config, invocation.environ)
    if located.path is None:
        return for_sandbox(_ANY, invocation.environ).sandbox
    try:
        return load(located, invocation.environ).sandbox
    except ConfigError as error:
        if invocation.config is not None:
            raise
        invocation.screen.note(f"{located.path} is not used: {error.what} See: rollout-sync doctor")
        return SandboxSettings()
