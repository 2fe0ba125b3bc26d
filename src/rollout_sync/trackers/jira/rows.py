"""Tells what a row of a pull is: one of our issues, work that people added, or a stranger's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollout_sync.model.codec import fingerprint
from rollout_sync.model.objects import Fields, ObjectKind, Observation, Remote, Value
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.base import Known, Newcomer, Seen
from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.history import HISTORY
from rollout_sync.trackers.jira.mapping import identity_of, observed, remote_of
from rollout_sync.trackers.jira.shapes import Json, inner_text

ISSUES = (ObjectKind.EPIC, ObjectKind.ISSUE)
_ADDED = frozenset({*HISTORY, "notes"})
"""What is in an observation besides the issue's own fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One issue of the answer that is to be delivered.

    Attributes:
        known: our object; for a newcomer the object it hangs under.
        at: Jira's clock when it was read.
    """

    issue: Json
    known: Known
    is_newcomer: bool
    fields: Fields
    at: datetime

    @property
    def id(self) -> str:
        """The issue's id."""
        return inner_text(self.issue, "id")

    @property
    def fingerprint(self) -> str:
        """Short, and another one when anything that would be delivered is."""
        return fingerprint([self.known.rollout, str(self.known.binding.object), self.fields])[:16]

    @property
    def before(self) -> Fields | None:
        """What was seen of it before; of newcomers nobody keeps that for us."""
        return self.known.seen.fields if self.known.seen is not None and not self.is_newcomer else None

    def seen(self, fields: Fields, place: Destination) -> Seen:
        """As one of our objects."""
        observation = Observation(
            object=self.known.binding.object, remote=remote_of(self.issue, place), fields=fields, asked_at=self.at
        )
        return Seen(rollout=self.known.rollout, observation=observation)

    def newcomer(self, fields: Fields, place: Destination) -> Newcomer:
        """As people's work under one of our objects."""
        return Newcomer(
            rollout=self.known.rollout,
            under=self.known.binding.object,
            remote=remote_of(self.issue, place),
            fields=fields,
            asked_at=self.at,
        )


def ours_among(found: Mapping[str, Sequence[Known]]) -> Mapping[str, Known]:
    """Our issues by id; ids of remote links, which are numbers as well, are left out."""
    issues = ((name, known) for name, several in found.items() for known in several)
    return {name: known for name, known in issues if known.binding.object.kind in ISSUES}


def parent_of(issue: Json) -> str:
    """Id of an issue's parent; empty when it has none."""
    return inner_text(issue, "fields", "parent", "id")


def row_of_ours(issue: Json, known: Known, place: Destination, at: datetime) -> Row | None:
    """The row of one of our issues; None where it says what was seen before."""
    fields = whole(issue, place, known.binding.object.kind)
    if known.seen is not None and says_the_same(fields, known.seen.fields):
        return None
    return Row(issue=issue, known=known, is_newcomer=False, fields=fields, at=at)


def rows_of_newcomers(
    issues: Iterable[Json], ours: Mapping[str, Known], place: Destination, at: datetime
) -> Sequence[Row]:
    """Issues that hang under one of ours and are not ours; a person's copy of our work is work, too."""
    strangers = [issue for issue in issues if is_under_ours(issue, ours, place)]
    return [
        Row(
            issue=issue,
            known=ours[parent_of(issue)],
            is_newcomer=True,
            fields=whole(issue, place, ObjectKind.ISSUE),
            at=at,
        )
        for issue in strangers
    ]


def is_under_ours(issue: Json, ours: Mapping[str, Known], place: Destination, rollout: RolloutId | None = None) -> bool:
    """Whether people put this issue under one of ours; of one rollout, where it is named.

    One that we made, but whose making is not confirmed yet, is nobody's addition.
    """
    parent = ours.get(parent_of(issue))
    if parent is None or inner_text(issue, "id") in ours or (rollout is not None and parent.rollout != rollout):
        return False
    return identity_of(issue) is None or inner_text(issue, "fields", "creator", "accountId") != place.account


def whole(issue: Json, place: Destination, kind: ObjectKind) -> Fields:
    """An issue's fields; where Jira leaves out the parent there is none."""
    fields = observed(issue, place, kind)
    return fields if kind is ObjectKind.EPIC else {"parent": None, **fields}


def says_the_same(now: Fields, before: Fields) -> bool:
    """Whether the issue's own fields are equal; a field that is empty may be missing on either side."""
    names = (now.keys() | before.keys()) - _ADDED
    return all(_comparable(name, now.get(name)) == _comparable(name, before.get(name)) for name in names)


def _comparable(name: str, value: Value) -> object:
    if isinstance(value, Remote):
        return value.id
    if name == "labels" and isinstance(value, (list, tuple)):
        return sorted(str(label) for label in value) or None
    return value or None
