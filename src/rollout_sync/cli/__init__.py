"""The command line: one file a command, one renderer, one error door."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `rollout-sync` command; ends the process with the exit code."""
    from rollout_sync.cli.group import cli  # noqa: PLC0415 - importing the package stays free of click

    cli.main(prog_name="rollout-sync")
