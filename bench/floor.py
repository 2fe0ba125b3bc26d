"""The fewest requests that could do the work. Pure; each formula says what it counts.

Symbols: N issues, E epics, D links in the longest chain of issues that wait for each other; M tasks with details, B
buckets. A bulk create takes 50 issues of one level, a batch 20 inner requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

BULK = 50
BATCH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Least number of requests, and of inner requests of batches, with the sum as people read it."""

    requests: int
    inner: int = 0
    sum: str = ""


def jira(*, epics: int, issues: int, longest_chain: int) -> Floor:
    """1 + ⌈E/50⌉ + max(⌈N/50⌉, D): all links fold into the creates, all properties and transitions too.

    The 1 is the safe protocol's read of the newest key and the remote clock. Packing ready issues of several levels
    into one request is allowed, so this is less than the sum of ⌈n/50⌉ over the levels.
    """
    chunks = max(ceil(issues / BULK), longest_chain)
    sums = f"1 read + ⌈{epics}/{BULK}⌉ + ⌈{issues}/{BULK}⌉"
    return Floor(requests=1 + ceil(epics / BULK) + chunks, sum=sums)


def planner(*, buckets: int, tasks: int) -> Floor:
    """1 + 1 + 2 + ⌈B/20⌉ + ⌈M/20⌉ + 2⌈M/20⌉: clock, plan, labels (read, write), buckets, tasks, details (read, write).

    Inner: 2 for the labels, B + M + 2M. The sign-in is not counted: it is asked for once a process, elsewhere.
    """
    batches = ceil(tasks / BATCH)
    return Floor(
        requests=4 + ceil(buckets / BATCH) + 3 * batches,
        inner=2 + buckets + 3 * tasks,
        sum=f"1 read + 1 plan + 2 labels + ⌈{buckets}/{BATCH}⌉ + 3 x ⌈{tasks}/{BATCH}⌉",
    )


def probe(gap: int) -> int:
    """⌈gap/100⌉ + 2: reading every key that a lost answer could stand for, in hundreds, and knowing where they end."""
    return ceil(gap / 100) + 2


def quiet_sync(*, sites: int, pages: int) -> Floor:
    """S + ⌈pages/20⌉: one search a site for all rollouts, and the task lists of all plans, in batches."""
    return Floor(requests=sites + ceil(pages / BATCH), inner=pages, sum=f"{sites} search + ⌈{pages:,}/{BATCH}⌉ batches")
