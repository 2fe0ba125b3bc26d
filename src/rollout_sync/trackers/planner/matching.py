"""Which unbound Planner tasks are the ones whose creation is in doubt? Pure.

A task cannot carry a marker in the request that makes it, so it is known by its look: first exactly (equal looks are
interchangeable, because equal payloads were sent), then by title, at last by elimination. What stays undecided is
said to be ambiguous, and nothing is made a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from rollout_sync.model.objects import ObjectKey, Remote
from rollout_sync.trackers.planner.identity import Author

_ENOUGH_ALIKE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What can be compared. Plans and buckets have a title only."""

    title: str
    bucket: str = ""
    due: str = ""
    owners: frozenset[str] = frozenset()

    def alike(self, other: Look) -> int:
        """In how many of bucket, due date and owners the two agree."""
        return (self.bucket == other.bucket) + (self.due == other.due) + (self.owners == other.owners)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A create in doubt; `since` is the earliest moment at which its object can have been made."""

    object: ObjectKey
    look: Look
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A remote object that nobody has claimed; `created` is None where the service does not say when."""

    remote: Remote
    look: Look
    author: Author
    created: datetime | None

    def may_be(self, wanted: Wanted) -> bool:
        """Whether it is not too old to be the wanted one."""
        return self.created is None or self.created >= wanted.since


@dataclass(slots=True)
class Match:
    """The result, built step by step: who was found, who is ambiguous and why, who is left."""

    wanted: list[Wanted]
    candidates: list[Candidate]
    found: dict[ObjectKey, Remote] = field(default_factory=dict)
    ambiguous: dict[ObjectKey, str] = field(default_factory=dict)


def match_exactly(wanted: Iterable[Wanted], candidates: Iterable[Candidate]) -> Match:
    """Pair equal looks, each candidate once, the oldest first; a candidate of an unknown author counts."""
    match = Match(
        wanted=sorted(wanted, key=lambda one: (one.since, one.object), reverse=True),
        candidates=sorted((c for c in candidates if c.author is not Author.OTHER), key=_age),
    )
    for one in list(match.wanted):  # the latest sent first: the fewest candidates are young enough for it
        hit = next((c for c in match.candidates if c.look == one.look and c.may_be(one)), None)
        if hit is not None:
            _pair(match, one, hit)
    return match


def match_tasks(wanted: Iterable[Wanted], candidates: Iterable[Candidate]) -> Match:
    """Exact looks, then titles, then elimination; the later steps count what is surely ours only."""
    match = match_exactly(wanted, candidates)
    match.candidates = [c for c in match.candidates if c.author is Author.OURS]
    match.candidates = [c for c in match.candidates if any(c.may_be(one) for one in match.wanted)]
    _match_titles(match)
    _eliminate(match)
    return match


def _match_titles(match: Match) -> None:
    """A person may have moved, assigned or dated the task in the meantime: the title still tells, if it is unique."""
    for title, group in _grouped(match.wanted, lambda one: one.look.title):
        alike = [c for c in match.candidates if c.look.title == title]
        if len(group) == len(alike) == 1 and alike[0].may_be(group[0]):
            _pair(match, group[0], alike[0])
        elif alike:
            _undecided(match, group, alike)


def _eliminate(match: Match) -> None:
    """The last doubt and the last candidate belong together if they agree in all but one thing besides the title."""
    if not match.wanted or not match.candidates:
        return
    one, candidate = match.wanted[0], match.candidates[0]
    alone = len(match.wanted) == len(match.candidates) == 1
    if alone and one.look.alike(candidate.look) >= _ENOUGH_ALIKE and candidate.may_be(one):
        _pair(match, one, candidate)
    else:
        _undecided(match, list(match.wanted), list(match.candidates))


def _pair(match: Match, one: Wanted, candidate: Candidate) -> None:
    match.found[one.object] = candidate.remote
    match.wanted.remove(one)
    match.candidates.remove(candidate)


def _undecided(match: Match, group: Sequence[Wanted], alike: Sequence[Candidate]) -> None:
    seen = ", ".join(f"“{c.look.title}” ({c.remote.url or c.remote.id})" for c in alike[:3])
    more = f" and {len(alike) - 3} more" if len(alike) > 3 else ""  # noqa: PLR2004 (as many as are named)
    for one in group:
        match.ambiguous[one.object] = f"“{one.look.title}” may be {seen}{more}; rename or delete what is wrong"
        match.wanted.remove(one)
    for candidate in alike:
        match.candidates.remove(candidate)


def _grouped(wanted: Sequence[Wanted], key: Callable[[Wanted], Hashable]) -> list[tuple[object, list[Wanted]]]:
    ordered = sorted(wanted, key=lambda one: str(key(one)))
    return [(name, list(group)) for name, group in groupby(ordered, key=key)]


def _age(candidate: Candidate) -> tuple[bool, str, str]:
    """Ours before unknown ones, then the oldest; ids make the order the same every time."""
    created = candidate.created.isoformat() if candidate.created else ""
    return (candidate.author is not Author.OURS, created, candidate.remote.id)
