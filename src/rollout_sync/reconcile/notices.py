"""What a coordinator should know of a rollout that runs, out of its snapshot: each with its next step. Pure.

The same snapshot gives the same notices in the same order, the worst first; who was told already is kept elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Item, ItemKey, ItemKind, Rollout, TrackerName
from rollout_sync.model.snapshot import Coverage, GateState, ItemState, ItemStatus, Snapshot
from rollout_sync.reconcile import sides, texts
from rollout_sync.reconcile.gate_notices import of_gate
from rollout_sync.reconcile.wording import View, conjoined, day, held_count, listed, note, warning, when
from rollout_sync.schedule.calendar import WorkCalendar

ORDER = (
    "emergency-overdue",
    "gate-rejected",
    "started-early",
    "gate-overdue",
    "gate-reopened",
    "decision-withdrawn",
    "gate-not-yet",
    "not-entitled",
    "decided-without-line",
    "conditions-missing",
    "mirror-conflict",
    "deleted-by-people",
    "half-stale",
    "not-seen",
    "gate-reminder",
    "gate-changed",
    "added-work",
    "renamed",
    "moved",
)
"""All codes; among notices of one severity the order in which they are shown."""

STALE_AFTER = timedelta(hours=72)
"""A service that was not read completely for three usual days is told of, whatever the reason."""

_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def notices(
    rollout: Rollout, snapshot: Snapshot, calendar: WorkCalendar, now: datetime, names: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Everything a person should know or do.

    Args:
        rollout: as the template wants it.
        snapshot: how it stands.
        calendar: working days.
        now: the services' clock.
        names: people's names by remote user id.
    """
    view = View.of(rollout, snapshot, calendar, now, names)
    found = [finding for item, gate in view.gates() for finding in of_gate(view, item, gate)]
    found += [finding for item in rollout.items for finding in _of_item(view, item)]
    found += [*_moved(view), *_added(view), *_coverage(view)]
    return tuple(sorted(found, key=lambda one: (_SEVERITIES.index(one.severity), ORDER.index(one.code))))


# Items --------------------------------------------------------------------------------------------------------------


def _of_item(view: View, item: Item) -> Iterator[Finding]:
    state = view.state(item.key)
    if state.status is ItemStatus.GONE:
        yield _deleted(view, item)
        return
    yield from _early(view, item, state)
    if state.conflict:
        yield warning(
            "mirror-conflict",
            f'"{item.title}" lives in both services: {state.conflict}',
            f"set both to the same; {sides.words(item.leads)} leads",
            item.key,
        )
    if state.title and state.title != texts.one_line(item.title):
        yield note(
            "renamed",
            f'"{item.title}" is now called "{state.title}" on its board',
            "nothing to do; to keep the new name for good, change the template",
            item.key,
        )


def _early(view: View, item: Item, state: ItemState) -> Iterator[Finding]:
    """Held work that began. Work that began while its gate was open is not early when the gate shuts again."""
    if item.kind is ItemKind.APPROVAL or state.status not in (ItemStatus.STARTED, ItemStatus.DONE):
        return
    shut = [key for key in item.held_by if not _was_open(view.snapshot.gates.get(key), state.started_at)]
    if not shut:
        return
    more = f" and {len(shut) - 1} more" if len(shut) > 1 else ""
    who = f" ({conjoined([view.name(owner) for owner in state.owners])})" if state.owners else ""
    when = f" on {day(state.started_at)}" if state.started_at else ""
    verb = "was done" if state.status is ItemStatus.DONE else "began"
    yield warning(
        "started-early",
        f'"{item.title}"{who} {verb}{when}, but "{view.items[shut[0]].title}"{more} is not decided',
        "stop it until the green light is there, or get the decision now",
        item.key,
    )


def _was_open(gate: GateState | None, began: datetime | None) -> bool:
    """Whether the gate let the work go on: it is open, or was when the work began, as far as that can be told."""
    if gate is None:
        return False
    if gate.decision.opens:
        return True
    return bool(gate.version) and (gate.reopened_at is None or began is None or began < gate.reopened_at)


def _deleted(view: View, item: Item) -> Finding:
    gate = view.snapshot.gates.get(item.key)
    is_shut = item.approval is not None and (gate is None or not gate.decision.opens)
    message = f'"{item.title}" was deleted by a person; it is not made again'
    if not is_shut or not texts.held_items(item.key, view.items):
        return warning("deleted-by-people", message, "take it out of the template if that is right", item.key)
    return warning(
        "deleted-by-people",
        f"{message}, and {held_count(view, item)} waits for its decision, which nobody can make now",
        "restore it, or take the approval out of the template and plan again",
        item.key,
    )


def _moved(view: View) -> Iterator[Finding]:
    """Issues outside the project in which most of the rollout lies."""
    projects: dict[str, list[Item]] = defaultdict(list)
    for item in view.rollout.items:
        state = view.state(item.key)
        if state.key and state.status is not ItemStatus.GONE:
            projects[state.key.rpartition("-")[0]].append(item)
    most = max(map(len, projects.values()), default=0)
    homes = [project for project, inside in projects.items() if len(inside) == most]
    if len(homes) != 1:
        return  # which of them is the rollout's own cannot be told
    for project, inside in projects.items():
        for item in inside if project != homes[0] else ():
            yield note(
                "moved",
                f'"{item.title}" was moved to {view.state(item.key).key}, outside of project {homes[0]}',
                "nothing to do; it is followed there as long as it can be read",
                item.key,
            )


# Everything else ----------------------------------------------------------------------------------------------------


def _added(view: View) -> Iterator[Finding]:
    if view.snapshot.added:
        titles = listed(f'"{one.title}"' for one in view.snapshot.added)
        count = len(view.snapshot.added)
        yield note(
            "added-work",
            f"people added {'one item' if count == 1 else f'{count} items'} of work: {titles}",
            "it counts in the forecast; if it belongs to every rollout of this kind, add it to the template",
            "",
        )


def _coverage(view: View) -> Iterator[Finding]:
    for tracker in TrackerName:
        if (coverage := view.snapshot.coverage.get(tracker)) is not None:
            yield from _stale(view, tracker, coverage)
            yield from _unseen(view, tracker, coverage)


def _stale(view: View, tracker: TrackerName, coverage: Coverage) -> Iterator[Finding]:
    is_old = coverage.good_at is None or view.now - coverage.good_at > STALE_AFTER
    if not coverage.reason and not is_old:
        return
    since = f"since {when(coverage.good_at)}" if coverage.good_at else "yet"
    reason = f": {coverage.reason}" if coverage.reason else ""
    yield warning(
        "half-stale",
        f"{sides.words(tracker)} was not read completely {since}{reason}",
        "run `rollout-sync doctor`; until it is read again, its half is shown as it was",
        tracker.value,
    )


def _unseen(view: View, tracker: TrackerName, coverage: Coverage) -> Iterator[Finding]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for key, reason in sorted(coverage.unseen.items()):
        by_reason[reason].append(_title_of(view, key))
    for reason, titles in sorted(by_reason.items()):
        yield warning(
            "not-seen",
            f"{sides.words(tracker)}: nothing can be said about {listed(titles)}: {reason}",
            "give rollout-sync's account back the right to see it; nothing is concluded until then",
            tracker.value,
        )


def _title_of(view: View, key: str) -> str:
    name = key.partition(":")[2]
    item = view.items.get(ItemKey(name))
    return f'"{item.title}"' if item is not None else key
