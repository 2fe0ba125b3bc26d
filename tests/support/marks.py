"""Cases of a long table that differ little from their neighbours run with the slow tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def slowly(*values: Any) -> list[Any]:
    """Each as a case of its own, marked slow."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


def slow_rows(*rows: tuple[Any, ...]) -> list[Any]:
    """The same for cases of several values."""
    return [pytest.param(*row, marks=pytest.mark.slow) for row in rows]


def quick_first(count: int, values: Iterable[Any]) -> list[Any]:
    """The first `count` as they are, the rest marked slow."""
    every = list(values)
    return [*every[:count], *slowly(*every[count:])]
