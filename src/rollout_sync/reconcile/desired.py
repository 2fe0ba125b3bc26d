"""From a scheduled rollout to the desired look of every remote object. Pure; the same input gives the same intents."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rollout_sync.model.objects import Fields, Intent, ObjectKey, Ref, Value
from rollout_sync.model.rollout import Home, Item, ItemKey, ItemKind, Phase, Rollout, TrackerName
from rollout_sync.model.schedule import Schedule
from rollout_sync.reconcile import keys, texts

WAITING_TITLE = "Waiting for green light"
_APPROVAL_PRIORITY = 3  # Planner's "important"
_TASK_PRIORITY = 5  # Planner's default, "medium"
_REFERENCES = 15  # Planner's limit of references on a task
_ALIAS = 100  # longer names of references are cut in the pane
_CHECKLIST = uuid.UUID("6b0f5a6e-5d0f-4b0a-9f57-6f2f3a1c7d21")  # our namespace of checklist lines
_LABELS = 25  # Planner's limit of labels in a plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What desired objects depend on besides the rollout.

    Attributes:
        trackers: services in use; items whose home is not among them are left out and reported elsewhere.
        people: per tracker, e-mail address in lower case to remote user id.
        open_gates: approvals that were granted; what only they hold is not held any more.
        once_open: approvals that were granted at some time; what they held was made then, and stays.
        begun: items that are started or done. A gate that shuts does not take them back, and one that was never
            opened does not release them: they stay as they lie.
        conditions: by gate, the paragraph that the work behind it shows (`gates.condition_words`).
    """

    trackers: frozenset[TrackerName]
    people: Mapping[TrackerName, Mapping[str, str]] = field(default_factory=dict)
    open_gates: frozenset[ItemKey] = frozenset()
    once_open: frozenset[ItemKey] = frozenset()
    begun: frozenset[ItemKey] = frozenset()
    conditions: Mapping[ItemKey, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _View:
    """The rollout with the look-ups that every object needs."""

    rollout: Rollout
    schedule: Schedule
    destination: Destination
    items: Mapping[ItemKey, Item]
    phases: Mapping[str, Phase]

    def user(self, tracker: TrackerName, item: Item) -> str | None:
        if item.owner is None:
            return None
        return self.destination.people.get(tracker, {}).get(item.owner.email.lower())

    def is_held(self, item: Item) -> bool:
        emergency = {
            gate for gate in item.held_by if (found := self.items[gate].approval) and found.emergency_hours is not None
        }
        return bool(set(item.held_by) - self.destination.open_gates - emergency)

    def stays(self, item: Item) -> bool:
        """Whether work went on although a gate before it is shut: nothing is said of holding it then."""
        return item.key in self.destination.begun and self.is_held(item)

    def conditions(self, item: Item) -> tuple[str, ...]:
        return tuple(found for gate in item.held_by if (found := self.destination.conditions.get(gate)))

    def lives(self, item: Item, tracker: TrackerName) -> bool:
        return item.home is Home.BOTH or item.home.value == tracker.value

    def uses(self, tracker: TrackerName) -> bool:
        return tracker in self.destination.trackers

    def start(self, item: Item) -> str:
        return self.schedule.slots[item.key].start.isoformat()

    def due(self, item: Item) -> str:
        return self.schedule.slots[item.key].finish.isoformat()


def desired(rollout: Rollout, schedule: Schedule, destination: Destination) -> tuple[Intent, ...]:
    """Every remote object the rollout asks for, parents before children."""
    view = _View(
        rollout,
        schedule,
        destination,
        {item.key: item for item in rollout.items},
        {phase.key: phase for phase in rollout.phases},
    )
    shown = tuple(item for item in rollout.items if not _is_waited_for(rollout, item, destination))
    intents: list[Intent] = []
    if view.uses(TrackerName.JIRA):
        intents += _jira(view, shown)
    if view.uses(TrackerName.PLANNER):
        intents += _planner(view, shown)
    if view.uses(TrackerName.JIRA) and view.uses(TrackerName.PLANNER):
        intents += _crossings(view, shown)
    return tuple(intents)


def _is_waited_for(rollout: Rollout, item: Item, destination: Destination) -> bool:
    """Whether a held item is created only when its gate opens (`held: wait`)."""
    known = destination.open_gates | destination.once_open
    return rollout.wait_for_gate and item.key not in destination.begun and bool(set(item.held_by) - known)


# Jira ---------------------------------------------------------------------------------------------------------------


def _jira(view: _View, items: tuple[Item, ...]) -> Iterator[Intent]:
    used = {item.phase for item in items}
    for phase in view.rollout.phases:
        if phase.key in used:
            yield _epic(view, phase, [item for item in items if item.phase == phase.key])
    ours = [item for item in items if view.lives(item, TrackerName.JIRA)]
    present = {item.key for item in ours}
    for item in ours:
        yield _issue(view, item, present)
    for item in ours:
        yield from _links(item, present)


def _epic(view: _View, phase: Phase, items: list[Item]) -> Intent:
    slots = [view.schedule.slots[item.key] for item in items]
    fields: Fields = {
        "title": texts.one_line(f"{view.rollout.name}: {phase.title}"),
        "text": texts.paragraphs(phase.text, view.rollout.purpose),
        "start": min(slot.start for slot in slots).isoformat(),
        "due": max(slot.finish for slot in slots).isoformat(),
        "owner": None,
        "labels": [],  # the tracker adds those that mark the rollout
        "held": False,
    }
    return Intent(object=keys.epic(phase.key), fields=fields)


def _issue(view: _View, item: Item, present: set[ItemKey]) -> Intent:
    before = [dependency.item for dependency in item.after if dependency.item in present]
    parent = keys.epic(item.phase)
    fields: Fields = {
        "title": texts.one_line(item.title),
        "text": texts.jira_text(item, view.items, view.schedule, view.conditions(item)),
        "start": view.start(item),
        "due": view.due(item),
        "owner": view.user(TrackerName.JIRA, item),
        "labels": [],
        **({} if view.stays(item) else {"held": view.is_held(item)}),
        "parent": Ref(parent),
        "links": [
            {"link": str(keys.link(source, item.key)), "source": Ref(keys.issue(source))}
            for source in sorted(set(before))
        ],
    }
    after = tuple(keys.issue(source) for source in sorted(set(before)))
    return Intent(object=keys.issue(item.key), item=item.key, fields=fields, needs=(parent,), after=after)


def _links(item: Item, present: set[ItemKey]) -> Iterator[Intent]:
    for source in sorted({dependency.item for dependency in item.after} & present):
        ends = (keys.issue(source), keys.issue(item.key))
        fields: Fields = {"source": Ref(ends[0]), "target": Ref(ends[1])}
        yield Intent(object=keys.link(source, item.key), item=item.key, fields=fields, needs=ends)


# Planner ------------------------------------------------------------------------------------------------------------


def _planner(view: _View, items: tuple[Item, ...]) -> Iterator[Intent]:
    ours = [item for item in items if view.lives(item, TrackerName.PLANNER)]
    if not ours:
        return
    names = plan_labels(view.rollout, ours)
    yield Intent(object=keys.PLAN, fields={"title": view.rollout.name})
    yield Intent(object=keys.LABELS, fields={"plan": Ref(keys.PLAN), "names": list(names)}, needs=(keys.PLAN,))
    yield from _buckets(view, ours)
    for item in reversed(ours):  # a board shows the newest card first, so what comes first is made last
        yield _task(view, item, names)
    for item in ours:
        yield _details(view, item)


def plan_labels(rollout: Rollout, items: list[Item]) -> tuple[str, ...]:
    """Label names of the plan: kinds in use, then departments in use, at most 25."""
    kinds = sorted({item.kind for item in items})
    waves = {item.wave for item in items}
    return tuple([kind.value for kind in kinds] + [one.name for one in rollout.departments if one.key in waves])[
        :_LABELS
    ]


def _buckets(view: _View, ours: list[Item]) -> Iterator[Intent]:
    if any(item.held_by for item in ours):
        yield _bucket(keys.WAITING, WAITING_TITLE, 0)
    used = {item.phase for item in ours}
    for order, phase in enumerate((phase for phase in view.rollout.phases if phase.key in used), start=1):
        yield _bucket(keys.bucket(phase.key), phase.title, order)


def _bucket(key: ObjectKey, title: str, order: int) -> Intent:
    return Intent(object=key, fields={"plan": Ref(keys.PLAN), "title": title, "order": order}, needs=(keys.PLAN,))


def _task(view: _View, item: Item, names: tuple[str, ...]) -> Intent:
    home = keys.WAITING if view.is_held(item) and not view.stays(item) else keys.bucket(item.phase)
    department = {one.key: one.name for one in view.rollout.departments}.get(item.wave or "")
    owner = view.user(TrackerName.PLANNER, item)
    approvers = _approver_ids(view, item)
    fields: Fields = {
        "plan": Ref(keys.PLAN),
        **({} if view.stays(item) else {"bucket": Ref(home)}),
        "title": texts.one_line(item.title),
        "start": view.start(item),
        "due": view.due(item),
        "owners": approvers or ([owner] if owner else []),
        "categories": [name for name in names if name in (item.kind.value, department)],
        "priority": _APPROVAL_PRIORITY if item.kind is ItemKind.APPROVAL else _TASK_PRIORITY,
    }
    after = (keys.LABELS,) if fields["categories"] else ()  # a task names labels by slots, which must have names
    return Intent(object=keys.task(item.key), item=item.key, fields=fields, needs=(keys.PLAN, home), after=after)


def _approver_ids(view: _View, item: Item) -> list[str]:
    if item.approval is None:
        return []
    people = view.destination.people.get(TrackerName.PLANNER, {})
    return sorted({found for person in item.approval.approvers if (found := people.get(person.email.lower()))})


def _details(view: _View, item: Item) -> Intent:
    checklist = texts.DECISIONS if item.kind is ItemKind.APPROVAL else item.checklist
    references = _references(view, item)
    fields: Fields = {
        "task": Ref(keys.task(item.key)),
        "text": texts.planner_text(item, view.items, view.schedule, view.conditions(item)),
        "checklist": [{"key": checklist_key(item.key, line), "title": line} for line in checklist],
        "references": [value for _key, value in references],
    }
    after = tuple(key for key, _value in references)
    return Intent(
        object=keys.details(item.key), item=item.key, fields=fields, needs=(keys.task(item.key),), after=after
    )


def checklist_key(item: ItemKey, line: str) -> str:
    """Client-made name of a checklist line: equal for equal lines, so that writing twice leaves one."""
    return str(uuid.uuid5(_CHECKLIST, f"{item}\n{line}"))


def _references(view: _View, item: Item) -> list[tuple[ObjectKey, Value]]:
    """Links from a Planner task back to Jira: its own issue or its phase's epic, and the Jira items it waits for."""
    if not view.uses(TrackerName.JIRA):
        return []
    mirrored = view.lives(item, TrackerName.JIRA)
    own = keys.issue(item.key) if mirrored else keys.epic(item.phase)
    named = [(own, "Jira: this item" if mirrored else f"Jira: {view.phases[item.phase].title}")]
    for dependency in item.after:
        other = view.items[dependency.item]
        if view.lives(other, TrackerName.JIRA) and not _is_waited_for(view.rollout, other, view.destination):
            named.append((keys.issue(other.key), f"Waits for: {other.title}"))
    values: list[tuple[ObjectKey, Value]] = [
        (key, {"target": Ref(key), "alias": alias[:_ALIAS]}) for key, alias in dict(named).items()
    ]
    return values[:_REFERENCES]


# Links from Jira to Planner -----------------------------------------------------------------------------------------


def _crossings(view: _View, items: tuple[Item, ...]) -> Iterator[Intent]:
    ours = [item for item in items if view.lives(item, TrackerName.PLANNER)]
    if not ours:
        return
    used = {item.phase for item in items}
    for phase in view.rollout.phases:
        if phase.key in used:
            title = f"Plan in Planner: {view.rollout.name}"
            yield _crossing(keys.epic(phase.key), keys.PLAN, title, "is planned with departments in")
    present = {item.key: item for item in ours}
    for item in items:
        if view.lives(item, TrackerName.JIRA):
            yield from _item_crossings(item, present)


def _item_crossings(item: Item, present: Mapping[ItemKey, Item]) -> Iterator[Intent]:
    if item.key in present:
        yield _crossing(keys.issue(item.key), keys.task(item.key), f"Planner: {item.title}", "is mirrored by")
    for key in dict.fromkeys(dependency.item for dependency in item.after):
        other = present.get(key)
        if other is not None and other.home is not Home.BOTH:
            yield _crossing(keys.issue(item.key), keys.task(key), f"Planner: {other.title}", "waits for")


def _crossing(shown_on: ObjectKey, target: ObjectKey, title: str, relationship: str) -> Intent:
    fields: Fields = {"issue": Ref(shown_on), "target": Ref(target), "title": title, "relationship": relationship}
    return Intent(object=keys.remote_link(shown_on, target), fields=fields, needs=(shown_on, target))
