"""Shapley shares: what each of several causes adds to a number when their effects do not simply add up."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

Cause = TypeVar("Cause", bound=Hashable)


def coalitions(causes: Sequence[Cause]) -> Iterator[frozenset[Cause]]:
    """All subsets, the empty one first."""
    for size in range(len(causes) + 1):
        yield from (frozenset(some) for some in combinations(causes, size))


def shares(causes: Sequence[Cause], value: Callable[[frozenset[Cause]], float]) -> Mapping[Cause, float]:
    """Mean of what each cause adds over all orders in which the causes can come in.

    The shares add up to `value(all) - value(none)`. `value` is asked once for each of the 2^n subsets.
    """
    worth = {some: value(some) for some in coalitions(causes)}
    count = len(causes)
    return {
        cause: math.fsum(
            math.factorial(len(some))
            * math.factorial(count - len(some) - 1)
            / math.factorial(count)
            * (worth[some | {cause}] - worth[some])
            for some in worth
            if cause not in some
        )
        for cause in causes
    }
