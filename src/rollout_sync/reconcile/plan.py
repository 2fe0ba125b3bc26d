"""A plan: operations, what they were computed from, and everything `apply` needs, as one value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from rollout_sync.model.objects import Fields, Intent, ObjectKey, ObjectKind
from rollout_sync.model.operations import Finding, Operation, Severity, Verb
from rollout_sync.model.rollout import ItemKey, RolloutId
from rollout_sync.model.schedule import Schedule

Comparable: TypeAlias = object
"""A field value in the form of `diff.comparable`, or other JSON."""


class Intents(Protocol):
    """Intents that can be counted and gone through more than once: a tuple, or a file."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Intent]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Fields to write over an existing object. Refs are not resolved.

    Attributes:
        fields: what to write.
        base: what the object's base becomes then.
        seen: what the tracker said of these fields when the plan was made, in comparable form (`diff.comparable`);
            a field that a person changed since is not written.
        previous: the base of these fields until then.
    """

    object: ObjectKey
    fields: Fields
    base: Fields
    seen: Mapping[str, Comparable] = field(default_factory=dict)
    previous: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be done, and to which ledger it belongs.

    Attributes:
        id: random name of this plan; a run that was interrupted is resumed by the same plan.
        ledger: identity of the ledger, and `revision` of the rollout in it, that the plan was made from.
        intents: full intents of everything to create.
        writes: changes of existing objects.
        agreed: objects that already look as wanted, with their new base; nothing is sent for them.
        gone: bound objects that people deleted.
        pending: objects accepted earlier and not made yet.
        operations: everything to show, including people's edits that are kept and items the template dropped.
        schedule: None in a plan that was read from a file.
    """

    id: str
    rollout: RolloutId
    name: str
    ledger: str
    revision: int
    fingerprint: str
    made_at: datetime
    source: Mapping[str, Comparable]
    facts: Mapping[str, Mapping[str, Comparable]]
    baseline: Mapping[str, Sequence[str]]
    intents: Intents = ()
    writes: tuple[Write, ...] = ()
    agreed: tuple[Write, ...] = ()
    gone: tuple[ObjectKey, ...] = ()
    pending: int = 0
    operations: tuple[Operation, ...] = ()
    findings: tuple[Finding, ...] = ()
    schedule: Schedule | None = None
    titles: Mapping[ItemKey, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing would be sent."""
        return not (len(self.intents) or self.writes or self.pending)

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """Findings that forbid applying."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    def counts(self, verb: Verb) -> Counter[ObjectKind]:
        """How many objects of each kind an action touches."""
        return Counter(operation.object.kind for operation in self.operations if operation.verb is verb)
