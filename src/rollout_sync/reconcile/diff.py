"""Desired, base and observed, field by field: the one place that decides what is written over what.

| desired = base | observed = base | meaning | what happens |
|---|---|---|---|
| yes | yes | nothing new | nothing |
| no | yes | the template changed | write |
| yes | no | a person changed it | keep, report; write back only where the template owns the field |
| no | no, observed = desired | both agree already | nothing to write; base moves on |
| no | no | conflict | the owner of the field decides; always reported |

Sets (labels, owners, checklist lines, references) are merged: our additions and removals are applied to what is there,
people's own members stay. The label names of a plan are slots: cards point to their place in the list, so that a name
keeps its place for good, new names get free places, and none is taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rollout_sync.model.codec import to_json
from rollout_sync.model.objects import Fields, Intent, ObjectKey, ObjectKind, Observation, Ref, Remote, Value
from rollout_sync.model.operations import FieldChange, Operation, Verb
from rollout_sync.model.rollout import ItemKey
from rollout_sync.reconcile.limits import LABELS

_NEVER_CHANGED = frozenset({"links", "plan", "task", "issue", "target", "source", "relationship", "order"})
"""Fields that are written once, with the object; a change of them is a new object."""

_OURS = frozenset({"held", "parent", "names", "categories", "priority", "references"})
"""Fields that rollout-sync owns without being told: they carry the rollout's structure and gates."""

_SETS = frozenset({"labels", "owners", "categories", "checklist", "references"})

_SLOTS = frozenset({"names"})
"""Lists whose places have a meaning of their own."""

_PLACED = frozenset({"bucket"})
"""Where a card lies belongs to people, but moving it out of the waiting bucket is how a gate releases it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger holds of one existing object."""

    object: ObjectKey
    base: Fields
    remote: Remote
    item: ItemKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Outcome of comparing one object.

    Attributes:
        operation: what to show; None when there is nothing to say.
        write: merged values of the fields to write, Refs not resolved; empty when nothing is written.
        base: what the base becomes once `write` succeeded.
    """

    operation: Operation | None
    write: Fields
    base: Fields


@dataclass(frozen=True, slots=True)
class _Verdict:
    change: FieldChange | None
    write: bool
    value: Value
    base: Value


def compare(
    intent: Intent, known: Known, observed: Observation | None, places: Mapping[str, Remote], owns: Sequence[str]
) -> Difference:
    """Compare one object three ways.

    Args:
        intent: desired look.
        known: what was last written.
        observed: what the tracker says now; None when it was not looked at, which counts as unchanged.
        places: object key text to where it is, to compare Refs with what the tracker returned.
        owns: names of fields that the template writes over people's edits.
    """
    owned = _OURS | frozenset(owns)
    verdicts: dict[str, _Verdict] = {}
    for name, desired in intent.fields.items():
        if name in _NEVER_CHANGED:
            continue
        base = known.base.get(name, desired)  # an adopted object has no base: every difference is a person's edit
        seen = base if observed is None or name not in observed.fields else observed.fields[name]
        verdicts[name] = _judge_of(name)(name, base, seen, desired, places, is_owned=name in owned)
    return _difference(intent, known, verdicts)


def _difference(intent: Intent, known: Known, verdicts: Mapping[str, _Verdict]) -> Difference:
    changes = tuple(verdict.change for verdict in verdicts.values() if verdict.change is not None)
    write = {name: verdict.value for name, verdict in verdicts.items() if verdict.write}
    base = {**known.base, **{name: verdict.base for name, verdict in verdicts.items()}}
    if not changes:
        return Difference(operation=None, write={}, base=base)
    verb = Verb.UPDATE if write else Verb.KEEP
    operation = Operation(
        verb=verb,
        object=intent.object,
        item=intent.item,
        title=str(intent.fields.get("title", intent.object.name)),
        reason=_reason(verdicts),
        changes=changes,
    )
    return Difference(operation=operation, write=write, base=base)


def _reason(verdicts: Mapping[str, _Verdict]) -> str:
    kept = [name for name, verdict in verdicts.items() if verdict.change is not None and not verdict.write]
    written = [name for name, verdict in verdicts.items() if verdict.change is not None and verdict.write]
    parts = []
    if written:
        parts.append(f"template: {', '.join(written)}")
    if kept:
        parts.append(f"people's edit kept: {', '.join(kept)}")
    return "; ".join(parts)


def _judge_of(name: str) -> Callable[..., _Verdict]:
    if name in _SLOTS:
        return _judge_slots
    return _judge_set if name in _SETS else _judge


def _judge(
    name: str, base: Value, seen: Value, desired: Value, places: Mapping[str, Remote], *, is_owned: bool
) -> _Verdict:
    was, now, wanted = (comparable(name, value, places) for value in (base, seen, desired))
    if now == wanted:
        return _Verdict(None, write=False, value=desired, base=desired)
    change = FieldChange(name=name, base=was, observed=now, desired=wanted)
    is_people_edit = now != was
    if name in _PLACED and wanted == was:
        return _Verdict(None, write=False, value=desired, base=base)
    if is_people_edit and not is_owned:
        return _Verdict(change, write=False, value=seen, base=base)
    return _Verdict(change, write=True, value=desired, base=desired)


def _judge_set(
    name: str, base: Value, seen: Value, desired: Value, places: Mapping[str, Remote], *, is_owned: bool
) -> _Verdict:
    del is_owned  # sets are merged, so nobody's members are lost
    was, now, wanted = (_members(value, places) for value in (base, seen, desired))
    kept = {key: value for key, value in now.items() if key not in was or key in wanted}
    removed_by_people = set(was) - set(now)
    added = {key: value for key, value in wanted.items() if key not in now and key not in removed_by_people}
    reworded = {key for key in kept if key in wanted and key in was and wanted[key][0] != was[key][0]}
    written: Value = [value for _text, value in wanted.values()]  # without references whose target is not made yet
    if not added and len(kept) == len(now) and not reworded:
        return _Verdict(None, write=False, value=seen, base=written)
    merged = [wanted[key][1] if key in wanted else value for key, (_text, value) in kept.items()]
    merged += [value for _text, value in added.values()]
    change = FieldChange(name=name, base=sorted(was), observed=sorted(now), desired=sorted(wanted))
    return _Verdict(change, write=True, value=merged, base=written)


def _judge_slots(
    name: str, base: Value, seen: Value, desired: Value, places: Mapping[str, Remote], *, is_owned: bool
) -> _Verdict:
    del places, is_owned  # names are plain texts, and a name that people gave a slot stays
    was, now, wanted = (_texts(value) for value in (base, seen, desired))
    missing = [one for one in wanted if one not in was and one not in now]
    slots = _filled(now, was, missing)
    if slots == now:
        return _Verdict(None, write=False, value=seen, base=base)
    change = FieldChange(name=name, base=was, observed=now, desired=slots)
    return _Verdict(change, write=True, value=list(slots), base=list(slots))


def _filled(now: list[str], was: list[str], missing: Sequence[str]) -> list[str]:
    """The slots with the missing names in places that were never used, as far as the service has places."""
    slots = now + [""] * (LABELS - len(now))
    free = [place for place in range(LABELS) if not slots[place] and (place >= len(was) or not was[place])]
    placed = dict(zip(free, missing, strict=False))
    if not placed:
        return now
    size = max(len(now), *(place + 1 for place in placed))
    return [placed.get(place, slots[place]) for place in range(size)]


def _texts(value: Value) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _members(value: Value, places: Mapping[str, Remote]) -> dict[str, tuple[str, Value]]:
    """Members of a set by identity: a checklist line's key, a reference's target, or the value itself."""
    if not isinstance(value, list | tuple):
        return {}
    members: dict[str, tuple[str, Value]] = {}
    for member in value:
        text = to_json(canonical(member, places))
        match member:
            case {"key": str(key)}:
                identity = key
            case {"target": target}:
                identity = _address(target, places)
                text = to_json({"target": identity, "alias": member.get("alias")})
            case _:
                identity = text
        if identity:  # a reference whose target was never made has none
            members[identity] = (text, member)
    return members


def _address(target: Value, places: Mapping[str, Remote]) -> str:
    """What a reference points to, as its address: that is all that a tracker gives back."""
    match target:
        case Ref():
            place = places.get(str(target.to))
            return place.url if place is not None else ""
        case Remote():
            return target.url
        case str():
            return target
        case _:
            return ""


def comparable(name: str, value: Value, places: Mapping[str, Remote]) -> object:
    """The value of a field in a form in which equal looks are equal; sets lose their order."""
    if name in _SETS:
        return sorted(text for text, _member in _members(value, places).values())
    return canonical(value, places)


def canonical(value: Value, places: Mapping[str, Remote]) -> object:
    """The value as something that can be compared: Refs and Remotes become what a tracker calls them."""
    match value:
        case Ref():
            place = places.get(str(value.to))
            return _name(place) if place is not None else None
        case Remote():
            return _name(value)
        case str():
            return value.strip()
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {key: canonical(member, places) for key, member in value.items()}
        case Sequence():
            return [canonical(member, places) for member in value]


def _name(place: Remote) -> str:
    return place.id or place.key or place.url


def retired(known: Known) -> Operation:
    """The template no longer asks for it; it is left as it is and reported."""
    title = str(known.base.get("title", known.object.name))
    return Operation(
        verb=Verb.RETIRE,
        object=known.object,
        item=known.item,
        title=title,
        reason="no longer in the template; left as it is",
    )


def created(intent: Intent) -> Operation:
    """A new object."""
    title = str(intent.fields.get("title", intent.object.name))
    reason = "new" if intent.object.kind is not ObjectKind.LINK else "dependency"
    return Operation(verb=Verb.CREATE, object=intent.object, item=intent.item, title=title, reason=reason)
