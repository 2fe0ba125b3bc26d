"""What a person should know of a plan before it is carried out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rollout_sync.model.objects import ObjectKey, Sighting
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Home, Item, Person, Rollout, TrackerName
from rollout_sync.model.schedule import Schedule
from rollout_sync.sync.adopting import hindrance
from rollout_sync.trackers.base import Inspection

_NO_REASON = Finding(severity=Severity.WARNING, code="person-not-found", message="", hint="check the address")


def of_inspections(rollout: Rollout, inspections: Mapping[TrackerName, Inspection]) -> list[Finding]:
    """What the services said of themselves, and whom they do not know: one finding for each person and service.

    Items of an unknown owner or approver are made, and stay unassigned there.
    """
    people = {person.email.lower() for item in rollout.items for person in involved(item)}
    told = {
        (name, finding.where): finding
        for name, one in inspections.items()
        for finding in one.findings
        if finding.where in people
    }
    general = [finding for one in inspections.values() for finding in one.findings if finding.where not in people]
    missing = _unassigned(rollout, {name: one.people for name, one in inspections.items() if one.facts})
    return general + [_of_person(key, count, told.get(key, _NO_REASON)) for key, count in sorted(missing.items())]


def involved(item: Item) -> tuple[Person, ...]:
    """The people who get work or questions from an item, in both services."""
    owner = (item.owner,) if item.owner is not None else ()
    return (*owner, *item.approval.approvers) if item.approval is not None else owner


def _unassigned(rollout: Rollout, found: Mapping[TrackerName, Mapping[str, str]]) -> Counter[tuple[TrackerName, str]]:
    return Counter(
        (name, email)
        for item in rollout.items
        for name in found
        if item.home is Home.BOTH or item.home.value == name.value
        for email in sorted({person.email.lower() for person in involved(item)})
        if email not in found[name]
    )


def _of_person(key: tuple[TrackerName, str], count: int, reason: Finding) -> Finding:
    name, email = key
    message = reason.message or f"{email} was not found"
    items = "1 item stays" if count == 1 else f"{count} items stay"
    return replace(reason, message=f"{name.value.capitalize()}: {message}; {items} without an owner", where=email)


def of_homes(rollout: Rollout, trackers: frozenset[TrackerName]) -> list[Finding]:
    """Items whose service is not configured."""
    absent = [name for name in TrackerName if name not in trackers]
    return [
        Finding(
            severity=Severity.WARNING,
            code="service-not-configured",
            message=f"{count} items live in {name.value.capitalize()}, which is not configured;"
            " they will not be created",
            hint=f"add [{name.value}] to the configuration, or change the template's routes",
        )
        for name in absent
        if (count := sum(item.home.value == name.value for item in rollout.items))
    ]


def of_schedule(schedule: Schedule, rollout: Rollout) -> list[Finding]:
    """Chains that are too long, and by how much."""
    titles = {item.key: item.title for item in rollout.items}
    return [
        Finding(
            severity=Severity.WARNING,
            code="date-cannot-be-met",
            message=f"{shortfall.days} working days are missing before {shortfall.wall}: "
            + " → ".join(titles[key] for key in shortfall.chain),
            hint="move the date, shorten an item of this chain, or let two of its items overlap",
            where=str(shortfall.chain[-1]) if shortfall.chain else "",
        )
        for shortfall in schedule.shortfalls
    ]


def of_sighting(sighting: Sighting) -> list[Finding]:
    """What people deleted, and what could not be read."""
    gone = [
        Finding(
            severity=Severity.WARNING,
            code="deleted-by-people",
            message=f"{key.name} was deleted; it is not made again",
            where=str(key),
        )
        for key in sighting.gone
    ]
    unseen = [
        Finding(
            severity=Severity.WARNING,
            code="not-seen",
            message=f"{key.name} could not be read: {reason}",
            where=str(key),
        )
        for key, reason in sighting.unseen.items()
    ]
    return gone + unseen


def of_orphans(orphans: Sequence[ObjectKey]) -> list[Finding]:
    """What cannot be made any more."""
    return [
        Finding(
            severity=Severity.WARNING,
            code="belongs-to-deleted",
            message=f"{key} is not made: what it belongs to was deleted",
            where=str(key),
        )
        for key in orphans
    ]


def of_adoption(source: Mapping[str, object], creates: int) -> list[Finding]:
    """New work after an adoption that no second look confirmed: it might exist, hidden by a lagging index."""
    due = hindrance(source)
    if due is None or not creates:
        return []
    return [
        Finding(
            severity=Severity.ERROR,
            code="adoption-unconfirmed",
            message=f"{creates} objects would be created, but they may exist already and not be visible yet",
            hint=f"run `rollout-sync adopt` once more after {due:%d %b %H:%M} UTC, then this command again",
        )
    ]


def of_titles(rollout: Rollout, titles: Mapping[TrackerName, tuple[str, ...]]) -> list[Finding]:
    """A new rollout whose name a container at its destination bears already."""
    return [
        Finding(
            severity=Severity.WARNING,
            code="title-taken",
            message=f"{name.value.capitalize()} already holds something called {rollout.name!r}",
            hint="choose another --name; if it is this rollout's own, run `rollout-sync adopt` first",
        )
        for name, taken in titles.items()
        if rollout.name in taken
    ]
