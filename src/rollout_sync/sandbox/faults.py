"""Faults on order: which request goes wrong, and how. The decision is pure; `gate` and the services carry it out.

A rule is JSON, as `POST /_sandbox/faults` takes it:

| member | meaning |
|---|---|
| kind | see `Kind` |
| method | HTTP method; absent or "*": any |
| route | path pattern; `*` or `{name}` stands for one segment, `**` for any rest; absent: any path of a service |
| inner | instead of method and route: "POST /planner/tasks", an inner request of `/graph/v1.0/$batch` |
| nth | list of ordinals, 1 = first request that matches this rule |
| rate | probability, 0 to 1 |
| times | fires at most this often |
| when | "before" (default) or "after" the request took effect; for 5xx, html, forbidden and rst |
| body | "json" (default) or "html"; for 5xx |
| retry_after | 429, 503: 5 · "1.5" · "date:5" · "beta:5" · "reset:5" · "none"; default 1 |
| seconds | late: how much later it happens; slow: how long the answer takes |
| reason | 429 of Jira: value of `RateLimit-Reason`; default "jira-burst-based" |
| status | html: its status (default 503); forbidden: overrides the status |
| positions | partial, inner_429, inner_503_after: 0-based elements; absent: the first half |

Rules are looked at in order; all that match count the request, the first that fires decides.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final


class Kind(StrEnum):
    """What goes wrong."""

    THROTTLED = "429"
    ERROR_500 = "500"
    ERROR_502 = "502"
    ERROR_503 = "503"
    ERROR_504 = "504"
    HTML = "html"
    """An HTML page with an error status, like a maintenance page."""
    HTML_200 = "html200"
    """An HTML page with status 200, like a captive portal; the request never arrives."""
    TRUNCATE = "truncate"
    """Carried out; the body ends in the middle although Content-Length says more."""
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    LATE = "late"
    """The connection is dropped now; the request is carried out `seconds` later on the sandbox's clock."""
    SLOW = "slow"
    RST = "rst"
    """Connection reset; by default after the request took effect."""
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of a fault
    FORBIDDEN = "forbidden"
    PARTIAL = "partial"
    """Some elements of a bulk request or batch are refused with a real error, the others are carried out."""
    INNER_429 = "inner_429"
    INNER_503_AFTER = "inner_503_after"


SERVER_ERRORS: Final = {Kind.ERROR_500: 500, Kind.ERROR_502: 502, Kind.ERROR_503: 503, Kind.ERROR_504: 504}
BY_SERVICE: Final = frozenset({Kind.PARTIAL, Kind.INNER_429, Kind.INNER_503_AFTER})
"""Kinds that the service itself carries out; it finds the rule in the WSGI environ as `sandbox.fault`."""
INNER_KINDS: Final = frozenset({Kind.THROTTLED, Kind.TOKEN_EXPIRED, Kind.FORBIDDEN, *SERVER_ERRORS})
"""Kinds that a rule for one inner request can have."""

_RETRY_AFTER: Final = re.compile(r"none|(?:(?:date|beta|reset):)?\d+(?:\.\d+)?")


class BadRule(Exception):
    """A fault rule that cannot be understood; the message says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One fault on order; the members are explained in this module's table."""

    kind: Kind
    method: str = "*"
    route: str = "**"
    inner: str | None = None
    nth: tuple[int, ...] = ()
    rate: float | None = None
    times: int | None = None
    when: str = ""
    body: str = "json"
    retry_after: str = "1"
    seconds: float = 60.0
    reason: str = "jira-burst-based"
    status: int | None = None
    positions: tuple[int, ...] | None = None

    @property
    def is_after(self) -> bool:
        """The request takes effect before it goes wrong."""
        return self.when == "after" or (self.kind is Kind.RST and self.when != "before")

    def hits(self, count: int) -> frozenset[int]:
        """Positions, out of `count` elements, that `partial` and the `inner_` kinds touch."""
        if self.positions is not None:
            return frozenset(self.positions)
        return frozenset(range((count + 1) // 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often a rule matched and fired so far."""

    seen: int = 0
    fired: int = 0


def parse_rules(body: object) -> tuple[Rule, ...]:
    """Rules out of JSON.

    Raises:
        BadRule: not a list, an unknown member or kind, or a value out of range.
    """
    if not isinstance(body, list):
        raise BadRule("faults are a list of rules, or an empty list for none")
    return tuple(_parse_rule(number, rule) for number, rule in enumerate(body))


def decide(
    rules: Sequence[Rule], tallies: Sequence[Tally], asked: tuple[str, str, bool], draw: Sequence[float]
) -> tuple[Rule | None, tuple[Tally, ...]]:
    """Which rule fires for a request, and the tallies afterwards.

    Args:
        rules: in order of precedence.
        tallies: one for each rule.
        asked: method, path, and whether it is an inner request.
        draw: one random number in [0, 1) for each rule.
    """
    chosen: Rule | None = None
    after: list[Tally] = []
    for rule, tally, chance in zip(rules, tallies, draw, strict=True):
        seen = tally.seen + 1 if _matches(rule, *asked) else tally.seen
        fires = chosen is None and seen > tally.seen and _fires(rule, seen, tally.fired, chance)
        chosen = rule if fires else chosen
        after.append(Tally(seen=seen, fired=tally.fired + fires))
    return chosen, tuple(after)


class Faults:
    """The rules in force and their tallies; lives as long as the process."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._rules: tuple[Rule, ...] = ()
        self._tallies: tuple[Tally, ...] = ()

    def replace(self, rules: Sequence[Rule]) -> None:
        """Forget the rules so far; counting starts again."""
        self._rules = tuple(rules)
        self._tallies = tuple(Tally() for _ in rules)

    def decide(self, method: str, path: str) -> Rule | None:
        """The fault for one HTTP request, if any; counts the request."""
        return self._decide((method, path, False))

    def decide_inner(self, method: str, path: str) -> Rule | None:
        """The fault for one inner batch request, if any; counts the request."""
        return self._decide((method, path, True))

    def as_json(self) -> list[dict[str, Any]]:
        """The rules with their tallies."""
        return [
            {"kind": r.kind, "method": r.method, "route": r.route, "inner": r.inner, "seen": t.seen, "fired": t.fired}
            for r, t in zip(self._rules, self._tallies, strict=True)
        ]

    def _decide(self, asked: tuple[str, str, bool]) -> Rule | None:
        if not self._rules:
            return None
        draw = [self._chance.random() if rule.rate is not None else 0.0 for rule in self._rules]
        rule, self._tallies = decide(self._rules, self._tallies, asked, draw)
        return rule


def _matches(rule: Rule, method: str, path: str, is_inner: bool) -> bool:  # noqa: FBT001 - one fact of the request
    if is_inner != (rule.inner is not None):
        return False
    wanted, _, route = (rule.inner or f"{rule.method} {rule.route}").partition(" ")
    return wanted.upper() in {"*", method.upper()} and _pattern(route).fullmatch(path) is not None


def _fires(rule: Rule, ordinal: int, fired: int, chance: float) -> bool:
    if rule.times is not None and fired >= rule.times:
        return False
    if rule.nth:
        return ordinal in rule.nth
    return rule.rate is None or chance < rule.rate


@lru_cache(maxsize=512)
def _pattern(route: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*|\{[^{}/]*\})", route)
    wild = {"**": ".*"}
    return re.compile(
        "".join(re.escape(part) if number % 2 == 0 else wild.get(part, "[^/]+") for number, part in enumerate(parts))
    )


def _parse_rule(number: int, raw: object) -> Rule:
    if not isinstance(raw, dict):
        raise BadRule(f"rule {number}: a rule is an object, not {raw!r}")
    known = {f.name for f in fields(Rule)}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise BadRule(f"rule {number}: unknown member {unknown[0]!r}; there are: {', '.join(sorted(known))}")
    try:
        rule = Rule(**{name: _convert(name, value) for name, value in raw.items()})
    except (TypeError, ValueError) as error:
        raise BadRule(f"rule {number}: {error}") from error
    _check(number, rule, raw)
    return rule


def _convert(name: str, value: object) -> Any:  # noqa: ANN401 - one converter for members of several types
    match name:
        case "kind":
            return Kind(str(value))
        case "nth" | "positions":
            return tuple(int(n) for n in value) if isinstance(value, list) else (int(str(value)),)
        case "rate" | "seconds":
            return float(str(value))
        case "times" | "status":
            return int(str(value))
        case _:
            return str(value)


def _check(number: int, rule: Rule, raw: Mapping[str, object]) -> None:
    wrong = ""
    if rule.rate is not None and not 0 <= rule.rate <= 1:
        wrong = f"rate {rule.rate} is not between 0 and 1"
    elif rule.when not in {"", "before", "after"}:
        wrong = f"when is 'before' or 'after', not {rule.when!r}"
    elif rule.body not in {"json", "html"}:
        wrong = f"body is 'json' or 'html', not {rule.body!r}"
    elif not _RETRY_AFTER.fullmatch(rule.retry_after):
        wrong = f"retry_after {rule.retry_after!r} is none of 5, '1.5', 'date:5', 'beta:5', 'reset:5', 'none'"
    elif rule.inner is not None and ("route" in raw or "method" in raw or rule.kind not in INNER_KINDS):
        wrong = "a rule with inner takes no route and no method, and one of the kinds " + ", ".join(sorted(INNER_KINDS))
    if wrong:
        raise BadRule(f"rule {number}: {wrong}")
