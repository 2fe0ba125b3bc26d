"""A plan as a file: one JSON line for the head, one for each object, one with the checksum of all before it.

A file of lines, so that a plan of ten thousand objects is carried out without holding them all in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import ItemsView, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rollout_sync.errors import PlanError
from rollout_sync.model.codec import fields_from, instant_from, instant_text, to_json
from rollout_sync.model.objects import Fields, Intent, ObjectKey
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import ItemKey, RolloutId
from rollout_sync.reconcile.plan import Plan, Write

FORMAT = "rollout-sync-plan/1"
_MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _FileIntents:
    """The intents of a plan file, read anew at each iteration."""

    path: Path
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Intent]:
        count = 0
        for _kind, value in _lines(self.path, "create"):
            with _shaped(self.path):
                intent = _intent(value)
            yield intent
            count += 1
        if count != self.count:
            raise _unusable(self.path, f"it holds {count} objects to create instead of {self.count}")


@dataclass(frozen=True, slots=True, eq=False)
class _FileBaseline(Mapping[str, Sequence[str]]):
    """The agreed dates of a plan file, read when they are stored: thousands of them need not be kept for a run."""

    path: Path

    def _read(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = _head(self.path)["baseline"]
        return found

    def __getitem__(self, item: str) -> Sequence[str]:
        return self._read()[item]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def items(self) -> ItemsView[str, Sequence[str]]:
        """All of them with one reading."""
        return ItemsView(self._read())


def write(plan: Plan, path: Path) -> None:
    """Write the plan, readable by its owner only: it holds titles and names.

    Raises:
        PlanError: the file cannot be written.
    """
    digest = hashlib.sha256()
    temporary = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            for line in _rows(plan):
                content = to_json(line).encode() + b"\n"
                digest.update(content)
                file.write(content)
            file.write(to_json({"end": digest.hexdigest()}).encode() + b"\n")
        temporary.replace(path)
    except OSError as error:
        raise PlanError(
            f"the plan file cannot be written: {error.strerror}",
            where=str(path),
            hint="name a file in a folder that exists and can be written",
        ) from error


def _rows(plan: Plan) -> Iterator[dict[str, object]]:
    yield {
        "head": {
            "format": FORMAT,
            "id": plan.id,
            "rollout": plan.rollout,
            "name": plan.name,
            "ledger": plan.ledger,
            "revision": plan.revision,
            "fingerprint": plan.fingerprint,
            "made_at": instant_text(plan.made_at),
            "source": plan.source,
            "facts": plan.facts,
            "baseline": plan.baseline,
            "pending": plan.pending,
            "creates": len(plan.intents),
            "gone": [str(key) for key in plan.gone],
            "blockers": [[one.code, one.message, one.hint, one.where] for one in plan.blockers],
        }
    }
    for intent in plan.intents:
        yield {
            "create": {
                "object": str(intent.object),
                "item": intent.item,
                "fields": intent.fields,
                "needs": [str(key) for key in intent.needs],
                "after": [str(key) for key in intent.after],
            }
        }
    for name, writes in (("update", plan.writes), ("agreed", plan.agreed)):
        for one in writes:
            yield {
                name: {
                    "object": str(one.object),
                    "fields": one.fields,
                    "base": one.base,
                    "seen": one.seen,
                    "previous": one.previous,
                }
            }


def read(path: Path) -> Plan:
    """Read a plan file back; operations and schedule, which are for the eye, are not in it.

    Raises:
        PlanError: missing, cut off, changed by hand, or written by another version.
    """
    _verify(path)
    with _shaped(path):
        head = _head(path)
        if head.get("format") != FORMAT:
            raise _unusable(path, "it was written by another version")
        writes: dict[str, list[Write]] = {"update": [], "agreed": []}
        for kind, value in _lines(path, *writes):
            writes[kind].append(_write(value))
        return _plan(path, head, writes)


@contextlib.contextmanager
def _shaped(path: Path) -> Iterator[None]:
    """A checksum can be right and the content still not be a plan's."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise _unusable(path, f"it does not have the shape of a plan ({type(error).__name__}: {error})") from error


def _head(path: Path) -> dict[str, Any]:
    """The first line; facts, source and baseline are plain JSON, without Refs."""
    with path.open("r", encoding="utf-8") as file:
        found = json.loads(file.readline()).get("head")
    return found if isinstance(found, dict) else {}


def _plan(path: Path, text: dict[str, Any], writes: dict[str, list[Write]]) -> Plan:
    for kind, names in _KINDS.items():
        for name in names:
            if not isinstance(text[name], kind):
                raise TypeError(f"{name} is no {kind.__name__}")
    return Plan(
        id=text["id"],
        rollout=RolloutId(text["rollout"]),
        name=text["name"],
        ledger=text["ledger"],
        revision=text["revision"],
        fingerprint=text["fingerprint"],
        made_at=instant_from(text["made_at"]),
        source=text["source"],
        facts=text["facts"],
        baseline=_FileBaseline(path),
        intents=_FileIntents(path, text["creates"]),
        writes=tuple(writes["update"]),
        agreed=tuple(writes["agreed"]),
        gone=tuple(ObjectKey.parse(name) for name in text["gone"]),
        pending=text["pending"],
        findings=tuple(
            Finding(severity=Severity.ERROR, code=code, message=message, hint=hint, where=where)
            for code, message, hint, where in text["blockers"]
        ),
    )


_KINDS: Mapping[type, tuple[str, ...]] = {
    str: ("id", "rollout", "name", "ledger", "fingerprint", "made_at"),
    int: ("revision", "creates", "pending"),
    dict: ("source", "facts", "baseline"),
    list: ("gone", "blockers"),
}
"""What the members of the head are."""


def _verify(path: Path) -> None:
    """One pass over the file: size, and the checksum that its last line promises."""
    digest = hashlib.sha256()
    previous = b""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _unusable(path, "it is larger than any plan")
        with path.open("rb") as file:
            for line in file:
                digest.update(previous)
                previous = line
    except OSError as error:
        raise PlanError(f"the plan file cannot be read: {error.strerror}", where=str(path)) from error
    if previous != to_json({"end": digest.hexdigest()}).encode() + b"\n":
        raise _unusable(path, "it is cut off or was changed by hand")


def _lines(path: Path, *kinds: str) -> Iterator[tuple[str, Fields]]:
    """The lines of some kinds; the others are passed over unread, since every line starts with its kind."""
    starts = tuple(f'{{"{kind}":' for kind in kinds)
    with path.open("r", encoding="utf-8") as file:
        for line in file:
            if line.startswith(starts):
                with _shaped(path):
                    fields = fields_from(line)
                for kind, value in fields.items():
                    if isinstance(value, dict):
                        yield kind, value


def _intent(value: Fields) -> Intent:
    return Intent(
        object=ObjectKey.parse(str(value["object"])),
        item=ItemKey(str(value["item"])) if value["item"] is not None else None,
        fields=_mapping(value["fields"]),
        needs=_keys(value["needs"]),
        after=_keys(value["after"]),
    )


def _write(value: Fields) -> Write:
    return Write(
        object=ObjectKey.parse(str(value["object"])),
        fields=_mapping(value["fields"]),
        base=_mapping(value["base"]),
        seen=_mapping(value["seen"]),
        previous=_mapping(value["previous"]),
    )


def _mapping(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def _keys(value: object) -> tuple[ObjectKey, ...]:
    return tuple(ObjectKey.parse(str(name)) for name in value) if isinstance(value, list) else ()


def _unusable(path: Path, reason: str) -> PlanError:
    return PlanError(f"the plan file cannot be used: {reason}", where=str(path), hint="plan again with --out")
