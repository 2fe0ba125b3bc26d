"""The classes of commands: they tell the invocation their name and take `--json`, and so fit the error door."""

from __future__ import annotations

from typing import Any

import click

from rollout_sync.cli import door
from rollout_sync.cli.invocation import Invocation, Output


def invocation_of(ctx: click.Context) -> Invocation:
    """The invocation that the root put into every context."""
    return ctx.ensure_object(Invocation)


def _answer_json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own
    if value:
        invocation_of(ctx).output = Output.JSON


def _json_option() -> click.Option:
    return click.Option(
        ["--json"], is_flag=True, expose_value=False, is_eager=True, callback=_answer_json, help="Answer in JSON."
    )


def _write_example(formatter: click.HelpFormatter, example: str) -> None:
    with formatter.section("Example"):
        for line in example.splitlines():
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Command(click.Command):
    """A command under the error door. Its function returns an `Answer`; `example` closes its help."""

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:  # noqa: ANN401 - click's own signature
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.append(_json_option())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """The example."""
        _write_example(formatter, self.example)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run it under its name."""
        invocation_of(ctx).command = door.command_name(ctx)
        return super().invoke(ctx)


class Group(click.Group):
    """A command with commands of its own, such as `templates`."""

    command_class = Command

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:  # noqa: ANN401 - click's own signature
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.append(_json_option())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """The example."""
        _write_example(formatter, self.example)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run it under its name; a command below it says its own."""
        invocation_of(ctx).command = door.command_name(ctx)
        return super().invoke(ctx)
