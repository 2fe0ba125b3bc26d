"""Order hints: clients say "between these two", the service computes a string that sorts there.

Order is ordinal. A computed value holds no space and no exclamation mark; a request holds both: `"<prev> <next>!"`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from rollout_sync.sandbox.graph.errors import invalid

_SPACE, _LOWEST, _BEYOND = 0x20, 0x22, 0x7F
_LONGEST: Final = 100
_LAST_TICK: Final = 2**63 - 1
_EPOCH: Final = datetime(1, 1, 1, tzinfo=UTC)


def default_hint(at: datetime, number: int) -> str:
    """The hint of an object that was made without one: newer ones sort first. `number` makes it unique."""
    since = at - _EPOCH
    ticks = (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10
    return str(_LAST_TICK - ticks - number)


def compute(hint: str, fresh: str) -> str:
    """The value for a hint that a client sent; `fresh` is the one for `" !"`, which names no neighbour.

    Raises:
        GraphError: no space or exclamation mark in it (a computed value sent back), or not of the form.
    """
    if " " not in hint and "!" not in hint:
        raise invalid(
            "Specified order hint is in an invalid format: "
            f"The input ({hint}) does not contain spaces or exclamation points."
        )
    value = _evaluate(hint, fresh, {}) if len(hint) <= _LONGEST else None
    if value is None:
        raise invalid(f"Specified order hint is in an invalid format: The input ({hint}) cannot be read.")
    return value


def between(low: str, high: str) -> str:
    """A string that sorts after `low` and before `high`; an empty one is no bound."""
    made = ""
    while True:
        floor = ord(low[0]) if low else _LOWEST - 1
        ceiling = ord(high[0]) if high else _BEYOND
        middle = (floor + ceiling) // 2
        if middle > max(floor, _LOWEST):
            return made + chr(middle)
        step = max(floor, _LOWEST)
        made += chr(step)
        low = low[1:] if floor == step else ""
        high = high[1:] if high and ceiling == step else ""


def _evaluate(hint: str, fresh: str, known: dict[str, str | None]) -> str | None:
    """The value of a possibly nested hint; None when it is none. `known` keeps parts from being worked out again."""
    if hint not in known:
        known[hint] = _worked_out(hint, fresh, known)
    return known[hint]


def _worked_out(hint: str, fresh: str, known: dict[str, str | None]) -> str | None:
    if not all(_SPACE <= ord(c) < _BEYOND for c in hint):
        return None
    if " " not in hint and "!" not in hint:
        return hint
    if not hint.endswith("!"):
        return None
    body = hint[:-1]
    for place in (n for n, c in enumerate(body) if c == " "):
        before, after = _evaluate(body[:place], fresh, known), _evaluate(body[place + 1 :], fresh, known)
        if before is not None and after is not None:
            return between(before, after if after > before else "") if before or after else fresh
    return None
