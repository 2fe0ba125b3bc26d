"""The command line: one file a command, one renderer, one error door."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of the `rollout-sync` command; ends the process with the exit code."""
    from rollout_sync.cli.group import cli  # noqa: PLC0415 - importing the package stays free of click

    if sys.stdout is None or sys.stderr is None:  # pythonw on Windows: a scheduled run without a window
        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as long as the process lives
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    cli.main(prog_name="rollout-sync")
