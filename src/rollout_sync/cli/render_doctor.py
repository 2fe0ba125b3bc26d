"""How the doctor's findings read as text."""

from __future__ import annotations

from collections.abc import Sequence

from rollout_sync.cli.checks import Check, Level
from rollout_sync.cli.screen import Screen
from rollout_sync.cli.symbols import Symbols


def write_checks(checks: Sequence[Check], screen: Screen) -> None:
    """One line for each check, its fix below it, and the sum."""
    signs = _signs(screen.symbols)
    for check in checks:
        first, *more = check.found.splitlines() or [""]
        screen.line(f"{signs[check.level]:<2} {check.name}: {first}")
        for text in (*more, *([f"{screen.symbols.arrow} {check.fix}"] if check.fix else [])):
            screen.line(f"     {text}")
    screen.line()
    screen.line(summary(checks))


def summary(checks: Sequence[Check]) -> str:
    """The last line: what has to be put right, if anything."""
    failed = sum(check.level is Level.FAIL for check in checks)
    warned = sum(check.level is Level.WARN for check in checks)
    if not failed and not warned:
        return "Everything is in order."
    counts = [f"{failed} to put right" if failed else "", f"{warned} to look at" if warned else ""]
    return ", ".join(filter(None, counts)) + "."


def _signs(symbols: Symbols) -> dict[Level, str]:
    return {Level.OK: symbols.ok, Level.WARN: symbols.warn, Level.FAIL: symbols.fail, Level.SKIP: symbols.skip}
