"""The signal of data confidence: how old the picture is, how complete, and where it contradicts itself."""

from __future__ import annotations

from collections.abc import Sequence

from rollout_sync.health import phrases
from rollout_sync.health.review import Case, Colour, Signal, SignalName
from rollout_sync.health.view import View
from rollout_sync.model.snapshot import ItemState, ItemStatus

FRESH = 1.0
"""Age of the last good pull by the usual interval up to which data are fresh."""
STALE = 3.0
"""Age by interval above which nothing may be concluded any more."""
STALE_HOURS = 7 * 24.0
"""Age above which it may not, whatever the interval: no status newer than seven days."""
COMPLETE = 0.95
"""Share of open items with a date and an owner from which data are complete."""
THIN = 0.70
"""Share of open items with dates below which no colour can be told."""
_SHOWN = 5
_LEAST_INTERVAL = 1 / 60


def ages(case: Case) -> dict[str, float]:
    """Hours since all of a service was last read, by its name; infinite where it never was."""
    return {
        tracker.value.capitalize(): float("inf")
        if coverage.good_at is None
        else max((case.now - coverage.good_at).total_seconds() / 3600, 0.0)
        for tracker, coverage in sorted(case.snapshot.coverage.items())
    }


def is_stale(case: Case) -> bool:
    """Whether a service was not read for so long that the picture is not to be trusted."""
    limit = min(STALE * _interval(case), STALE_HOURS)
    return max(ages(case).values(), default=float("inf")) > limit


def is_thin(view: View) -> bool:
    """Whether too few open items have dates to tell anything."""
    seen = _open_seen(view)
    return bool(seen) and sum(one.due is not None for one in seen) / len(seen) < THIN


def freshness(view: View) -> Signal:
    """Red where no colour can be trusted: stale, or thin."""
    seen = _open_seen(view)
    bare = [one for one in seen if one.due is None or not one.owners]
    conflicts = [state for item in view.items if (state := view.case.snapshot.items.get(item.key)) and state.conflict]
    unseen = sum(len(coverage.unseen) for coverage in view.case.snapshot.coverage.values())
    old, complete = _age_ratio(view.case), 1.0 if not seen else 1 - len(bare) / len(seen)
    if is_stale(view.case) or is_thin(view):
        colour = Colour.RED
    else:
        is_fine = old <= FRESH and round(complete, 4) >= COMPLETE and not conflicts and not unseen
        colour = Colour.GREEN if is_fine else Colour.AMBER
    return Signal(
        name=SignalName.DATA,
        colour=colour,
        sentence=_sentence(view, bare, conflicts, unseen),
        score=round(100 * complete * max(1 - max(old - FRESH, 0.0) / (STALE - FRESH), 0.0), 1),
        items=tuple(one.item for one in (*conflicts, *bare))[:_SHOWN],
    )


def _interval(case: Case) -> float:
    return max(case.interval, _LEAST_INTERVAL)


def _age_ratio(case: Case) -> float:
    return max(ages(case).values(), default=float("inf")) / _interval(case)


def _open_seen(view: View) -> list[ItemState]:
    """Open items that were seen on a board; what does not exist yet has no dates to miss."""
    states = view.case.snapshot.items
    return [
        state
        for item in view.items
        if view.is_open(item.key)
        and (state := states.get(item.key)) is not None
        and state.status is not ItemStatus.UNKNOWN
    ]


def _sentence(view: View, bare: Sequence[ItemState], conflicts: Sequence[ItemState], unseen: int) -> str:
    parts = [_age(view.case)]
    if is_thin(view):
        dated = sum(one.due is not None for one in _open_seen(view))
        parts.insert(0, f"only {dated} of {phrases.count(len(_open_seen(view)), 'open item')} have a date")
    elif bare:
        verb = "has" if len(bare) == 1 else "have"
        parts.append(f"{len(bare)} of {phrases.count(len(_open_seen(view)), 'open item')} {verb} no date or no owner")
    if conflicts:
        parts.append(f"{phrases.title(view.titles[conflicts[0].item])} differs between Jira and Planner")
    if unseen:
        parts.append(f"{phrases.count(unseen, 'object')} could not be read")
    if not is_stale(view.case) and parts[0] == _age(view.case) and _age_ratio(view.case) <= FRESH and len(parts) > 1:
        parts = [*parts[1:], parts[0]]
    return "; ".join(parts)


def _age(case: Case) -> str:
    """The oldest service first."""
    known = sorted(ages(case).items(), key=lambda pair: (-pair[1], pair[0]))
    if not known:
        return "no board was read yet"
    name, oldest = known[0]
    if oldest == float("inf"):
        return f"{name} was not read yet"
    if oldest > _interval(case):
        return f"{name} was not read for {phrases.hours(oldest)}"
    services = " and ".join(sorted(one for one, _ in known))
    return f"{services} read {phrases.hours(oldest)} ago" if oldest >= 1 else f"{services} read within the last hour"
