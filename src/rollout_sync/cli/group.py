"""The command group: global options, and commands whose modules are imported only when they are called.

A new command is a file in `commands/` with an object named `command`, and one row in `COMMANDS`.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from rollout_sync.cli import door
from rollout_sync.cli.invocation import Invocation, LogForm, Output
from rollout_sync.cli.logs import set_up_logs
from rollout_sync.cli.spelling import closest
from rollout_sync.cli.stopping import listening
from rollout_sync.errors import ConfigError

if TYPE_CHECKING:
    from rollout_sync.cli.metrics import Meter

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": (
        "rollout_sync.cli.commands.demo",
        "Show the whole story in a minute: start a rollout, start it again, kill one half-way, finish it.",
    ),
    "init": ("rollout_sync.cli.commands.init", "Ask for accounts and write the configuration."),
    "doctor": ("rollout_sync.cli.commands.doctor", "Check everything that a run needs, with the fix for each."),
    "templates": ("rollout_sync.cli.commands.templates", "List, show and check rollout templates."),
    "plan": (
        "rollout_sync.cli.commands.plan",
        "Show what a rollout would create or change, with its dates; write nothing.",
    ),
    "start": (
        "rollout_sync.cli.commands.start",
        "Start a rollout: plan it, show the plan, ask, and create everything once.",
    ),
    "apply": ("rollout_sync.cli.commands.apply", "Carry out the plan in FILE, exactly as it was reviewed."),
    "sync": (
        "rollout_sync.cli.commands.sync",
        "Bring status back from Jira and Planner, decide gates, release work that may go on, and review health.",
    ),
    "status": ("rollout_sync.cli.commands.status", "Show how a rollout stands, and why; all of them without a name."),
    "schedule": ("rollout_sync.cli.commands.schedule", "Let this machine run `sync` and `digest` by itself."),
    "report": ("rollout_sync.cli.commands.report", "Write a rollout's whole picture as one HTML file."),
    "digest": ("rollout_sync.cli.commands.digest", "Send the short mails that managers read; each once."),
    "override": ("rollout_sync.cli.commands.override", "Set a rollout's colour by hand, with a reason and a last day."),
    "verify": (
        "rollout_sync.cli.commands.verify",
        "Compare a rollout with what stands in Jira and Planner; write nothing.",
    ),
    "adopt": (
        "rollout_sync.cli.commands.adopt",
        "Take over a rollout whose ledger was lost or restored from an old copy.",
    ),
    "sandbox": ("rollout_sync.cli.commands.sandbox", "Run a stand-in for Jira and Planner on this machine."),
}
"""Name to module and one-line help. The help stands here so that `--help` imports no command."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line helps, and imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Names in the order of the table, which is the order of a rollout's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Import the command; None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", import_module(COMMANDS[cmd_name][0]).command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; an unknown name is answered with the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = closest(args[0], COMMANDS)
            hint = f' Did you mean "{near}"?' if near else ""
            raise click.UsageError(f'There is no command "{args[0][:60]}".{hint}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """The table of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's own signature
        **extra: Any,  # noqa: ANN401 - the same
    ) -> Any:  # noqa: ANN401 - the same
        """Run the command line through the error door and end the process; without `standalone_mode`, as click does."""
        invocation = extra.pop("obj", None) or Invocation.of_process()
        call: Callable[[], object] = lambda: super(LazyGroup, self).main(  # noqa: E731 - super() needs the method
            args, prog_name, complete_var, standalone_mode=False, obj=invocation, **extra
        )
        if not standalone_mode:
            return call()
        began = time.monotonic()
        with listening(invocation.stop):
            code = door.pass_through(call, invocation, list(sys.argv[1:] if args is None else args))
        _close(invocation, code, time.monotonic() - began)
        sys.exit(code)


def _close(invocation: Invocation, code: int, seconds: float) -> None:
    """The last line of a log for programs, and the metrics; neither changes how the run ended."""
    if invocation.screen.log is not None:
        facts = {"command": invocation.command, "exit_code": code, "seconds": round(seconds, 3)}
        invocation.screen.log.info("the run ended", extra={"event": "finished", "facts": facts})
    if invocation.meter is not None:
        from rollout_sync.cli import metrics  # noqa: PLC0415 - only with --metrics

        try:
            command, ledger = invocation.command or "none", _ledger(invocation)
            metrics.write(invocation.meter, command, ledger, ended=time.time(), seconds=seconds, code=code)
        except ConfigError as error:
            door.complain(invocation, error)


def _ledger(invocation: Invocation) -> Path | None:
    """The ledger's file; None where there is no configuration, which the run itself has said if it needed one."""
    try:
        return invocation.settings().ledger.path
    except ConfigError:
        return None


@click.group(
    cls=LazyGroup,
    epilog="Example, without any account: rollout-sync sandbox, and then in a second window: "
    "rollout-sync --sandbox http://127.0.0.1:8765 doctor",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration; default: config.toml.")
@click.option("--sandbox", metavar="URL", envvar="ROLLOUT_SYNC_SANDBOX", help="Work on a running sandbox instead.")
@click.option("--output", type=click.Choice([form.value for form in Output]), help="Form of the answer; default: text.")
@click.option("-v", "--verbose", count=True, help="Log every request; twice: every detail.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
@click.option(
    "--log", type=click.Choice([form.value for form in LogForm]), default="text", help="Form of the log on stderr."
)
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write numbers of this run and of all rollouts for Prometheus.",
)
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR does the same.")
@click.version_option(package_name="rollout-sync", prog_name="rollout-sync", message="%(prog)s %(version)s")
@click.pass_context
def cli(  # noqa: PLR0917 - one parameter for each global option
    ctx: click.Context,
    config: Path | None,
    sandbox: str | None,
    output: str | None,
    verbose: int,
    quiet: bool,  # noqa: FBT001 - click hands options over by name
    log: str,
    metrics: Path | None,
    no_color: bool,  # noqa: FBT001 - the same
) -> None:
    """Start rollouts in Jira and Planner from a template, and keep them in sync."""
    invocation: Invocation = ctx.obj
    invocation.config, invocation.sandbox = config, sandbox
    invocation.output = Output(output) if output else invocation.output
    invocation.log, invocation.verbosity = LogForm(log), -1 if quiet else verbose
    invocation.screen.is_quiet = quiet
    invocation.screen.use_color = invocation.screen.use_color and not no_color
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        return
    set_up_logs(invocation.screen.stderr, invocation.log, invocation.verbosity, invocation.about)
    if invocation.log is LogForm.JSON:
        invocation.screen.log, invocation.screen.can_draw = logging.getLogger("rollout_sync.cli"), False
    if metrics is not None:
        invocation.meter = _meter(metrics)


def _meter(path: Path) -> Meter:
    from rollout_sync.cli.metrics import Meter  # noqa: PLC0415 - only with --metrics

    if not path.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.absolute().parent}", param_hint="--metrics")
    return Meter(path)
