"""Everything that a ledger holds of one rollout, as values: to make others of it, and to hold one against another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import stencil
from rollout_sync.ledger import chronicle, objects, rollouts, sightings
from rollout_sync.ledger.chronicle import Body
from rollout_sync.ledger.objects import Entry
from rollout_sync.ledger.opening import Transaction
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.codec import fields_from, instant_from, instant_text, to_json
from rollout_sync.model.objects import Fields, ObjectKey, ObjectKind, Observation, Remote
from rollout_sync.model.rollout import RolloutId
from rollout_sync.sync.remembering import REVIEW
from rollout_sync.trackers.jira.mapping import global_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One rollout in a ledger."""

    row: RolloutRow
    entries: tuple[Entry, ...]
    seen: tuple[Observation, ...]
    bodies: Mapping[str, Body]

    @classmethod
    def of(cls, connection: Transaction, rollout: RolloutId) -> Kept:
        """Read it."""
        row = rollouts.load(connection, rollout)
        if row is None:
            raise LookupError(rollout)
        return cls(
            row=row,
            entries=tuple(objects.entries(connection, rollout)),
            seen=tuple(sightings.observations(connection, rollout)),
            bodies=chronicle.newest(connection, rollout),
        )

    def given(self) -> dict[str, str]:
        """Names that the program gave, with their roles."""
        return given_names(self.row.id, self.row.name, {one.object: one.marker for one in self.entries})

    def roles(self) -> dict[str, str]:
        """All names, with their roles; of a key the number counts. A task and its details share an id."""
        found = self.given()
        for one in self.entries:
            if one.remote is not None and one.remote.id:
                found.setdefault(one.remote.id, f"id of {one.object}")
                found.setdefault(one.remote.key.rpartition("-")[2] or one.remote.id, f"number of {one.object}")
        return found

    def answers(self) -> str:
        """What came from the services, and what was concluded: a stencil's text."""
        return to_json(
            {
                "remotes": {str(one.object): one.remote for one in self.entries},
                "seen": {str(one.object): _sight(one) for one in self.seen},
                "bodies": self.bodies,
            }
        )

    def likeness(self, documents: Sequence[str]) -> Counter[str]:
        """What is the same in a rollout of the same work: rows, sights, conclusions and the sandbox's documents.

        How often something was sent differs, and each review draws its own numbers.
        """
        rows = [
            to_json([str(one.object), one.item, one.state, one.fields, one.base, one.remote]) for one in self.entries
        ]
        sights = [to_json([str(one.object), _sight(one)]) for one in self.seen]
        bodies = [to_json([subject, body]) for subject, body in self.bodies.items() if subject != REVIEW]
        return stencil.likeness([*rows, *sights, *bodies, *documents], self.roles())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What `Kept.answers` told, read back."""

    remotes: Mapping[ObjectKey, Remote]
    seen: tuple[Observation, ...]
    bodies: Mapping[str, Body]

    @classmethod
    def read(cls, text: str) -> Answers:
        """Read it back."""
        told = fields_from(text)
        return cls(
            remotes={ObjectKey.parse(name): _remote(value) for name, value in _members(told["remotes"])},
            seen=tuple(_observation(name, value) for name, value in _members(told["seen"])),
            bodies={subject: dict(_members(body)) for subject, body in _members(told["bodies"])},
        )


def given_names(rollout: RolloutId, name: str, markers: Mapping[ObjectKey, str]) -> dict[str, str]:
    """Names that the program gives to what it makes, and that no two rollouts share, with their roles."""
    links = (key for key in markers if key.kind is ObjectKind.REMOTE_LINK)
    return {
        str(rollout): "rollout",
        name: "name",
        **{marker: f"marker of {key}" for key, marker in markers.items()},
        **{global_id(rollout, key): f"global id of {key}" for key in links},
    }


def _sight(one: Observation) -> Mapping[str, object]:
    return {"remote": one.remote, "fields": one.fields, "at": instant_text(one.asked_at)}


def _observation(name: str, told: object) -> Observation:
    sight = dict(_members(told))
    fields: Fields = dict(_members(sight["fields"]))
    return Observation(
        object=ObjectKey.parse(name),
        remote=_remote(sight["remote"]),
        fields=fields,
        asked_at=instant_from(str(sight["at"])),
    )


def _members(value: object) -> Sequence[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no mapping")
    return list(value.items())


def _remote(value: object) -> Remote:
    if not isinstance(value, Remote):
        raise TypeError(f"{value!r} is no place")
    return value
