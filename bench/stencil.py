"""Makes many of one: documents with places for what is different in each of them. Pure.

A stencil is a text that was cut at every name of the one it was made from: an id, a key, a marker, a title. Filling in
other names gives the same document of another rollout.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Documents = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Documents by collection and key."""

FIRST = {
    "jira.key.SEC": 4_000_000,
    "made": 5_000_000,
    "jira.remotelink": 6_000_000,
    "jira.issue": 7_000_000,
    "jira.history": 8_000_000,
    "jira.link": 9_000_000,
}
"""Where the sandbox's series start, so that a number tells by itself which series it belongs to."""

SPAN = 1_000_000
"""How many numbers of each series there are before the next begins."""

_NUMBER = r"(?<![0-9A-Za-z._])[4-9]\d{6}(?![0-9A-Za-z])"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:?\d\d)|(?<!\d)1\d{12}(?!\d)|(?<!\d)\d{19}(?!\d)")
"""ISO instants, epoch milliseconds, and the ticks that Planner's order hints are made of."""


@dataclass(frozen=True, slots=True)
class Stencil:
    """A text in parts: every second one is a name."""

    parts: tuple[str, ...]

    def filled(self, names: Mapping[str, str]) -> str:
        """The text with other names."""
        return "".join([names[part] if place % 2 else part for place, part in enumerate(self.parts)])


def cutter(names: Iterable[str]) -> Callable[[str], Stencil]:
    """Makes stencils by cutting at these names, and at the numbers of the series."""
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile("(" + "|".join([*map(re.escape, longest_first), _NUMBER]) + ")")
    return lambda text: Stencil(tuple(pattern.split(text)))


def names_in(stencils: Iterable[Stencil]) -> tuple[str, ...]:
    """All names at which these were cut, in the order in which they come."""
    return tuple(dict.fromkeys(name for one in stencils for name in one.parts[1::2]))


def text_of(value: object) -> str:
    """A document as a stencil's text."""
    return json.dumps(value, ensure_ascii=False)


def likeness(texts: Iterable[str], roles: Mapping[str, str]) -> Counter[str]:
    """What is left of documents when every name is replaced by its role, and moments and running numbers are wiped out.

    Two rollouts that are the same work have the same likeness.
    """
    cut = cutter(roles)
    plain = (cut(text).parts for text in texts)
    worded = ("".join([_role(part, roles) if place % 2 else part for place, part in enumerate(one)]) for one in plain)
    return Counter(_in_order(_MOMENT.sub("0", text)) for text in worded)


def _role(name: str, roles: Mapping[str, str]) -> str:
    """A number stays one, so that the text stays JSON."""
    role = roles.get(name, "0")
    return str(zlib.crc32(role.encode())) if name.isdecimal() and name in roles else role


def _in_order(text: str) -> str:
    """Versions of Planner's documents list what they touched in the order of the names, which are roles by now."""
    value = json.loads(text)
    if isinstance(value, dict) and isinstance(history := value.get("history"), list):
        value["history"] = [[version, sorted(touched)] for version, touched in history]
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
