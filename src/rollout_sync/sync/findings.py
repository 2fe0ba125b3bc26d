"""What a person should know of a plan before it is carried out. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_sync.model.objects import Sighting
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Home, Rollout, TrackerName
from rollout_sync.model.schedule import Schedule
from rollout_sync.sync.adopting import hindrance


def of_people(rollout: Rollout, found: Mapping[TrackerName, Mapping[str, str]]) -> list[Finding]:
    """Owners and approvers that a service does not know: their items are made, but stay unassigned there."""
    missing: dict[tuple[str, TrackerName], int] = {}
    for item in rollout.items:
        people = [item.owner] if item.owner is not None else []
        people += item.approval.approvers if item.approval is not None else ()
        for name in found:
            if item.home is not Home.BOTH and item.home.value != name.value:
                continue
            for person in people:
                if person.email.lower() not in found[name]:
                    key = (f"{person.name} <{person.email}>", name)
                    missing[key] = missing.get(key, 0) + 1
    return [
        Finding(
            severity=Severity.WARNING,
            code="person-not-found",
            message=f"{who} was not found in {name.value.capitalize()}; {count} items will have no assignee there",
            hint="check the e-mail address in the people list, or ask an administrator to add the account",
            where=who,
        )
        for (who, name), count in sorted(missing.items())
    ]


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
