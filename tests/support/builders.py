"""Values of the model with sensible defaults, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from rollout_sync.model.rollout import (
    Anchor,
    AnchorEvent,
    Approval,
    Department,
    Dependency,
    Estimate,
    Item,
    ItemKey,
    ItemKind,
    LinkType,
    Person,
    Phase,
    Rollout,
    RolloutId,
    WaveDay,
)

GO_LIVE = date(2027, 3, 1)
"""A Monday, and the go-live of rollouts that name no other day."""


def make_person(name: str = "Wanda Worker", **over: Any) -> Person:
    """A person; the e-mail address follows from the name."""
    return Person(**{"name": name, "email": f"{name.lower().replace(' ', '.')}@example.com", **over})


def make_department(key: str = "finance", **over: Any) -> Department:
    """A department named like its key."""
    return Department(**{"key": key, "name": key.replace("-", " ").title(), **over})


def days(likely: float, low: float | None = None, high: float | None = None) -> Estimate:
    """An estimate; certain unless `low` and `high` are given."""
    return Estimate(low=likely if low is None else low, likely=likely, high=likely if high is None else high)


def after(item: str, link: LinkType = LinkType.FINISH_START, lag: int = 0) -> Dependency:
    """A dependency on the item with this key."""
    return Dependency(item=ItemKey(item), link=link, lag=lag)


def on_wave_day(offset: int = 0, latest: int | None = None) -> Anchor:
    """Counted from the department's wave day."""
    return Anchor(event=AnchorEvent.WAVE_DAY, offset=offset, latest=latest)


def on_go_live(offset: int = 0, latest: int | None = None) -> Anchor:
    """Counted from go-live."""
    return Anchor(event=AnchorEvent.GO_LIVE, offset=offset, latest=latest)


def make_item(key: str = "prepare/inventory", **over: Any) -> Item:
    """A task of 2 days (a milestone: of none); its phase is the part of the key before the last slash, its
    wave the department in `phase/wave-department`.

    `after` may be given as keys, for finish-to-start without lag. An approval gets an approver.
    """
    kind = over.get("kind", ItemKind.TASK)
    phase = key.rpartition("/")[0] or "prepare"
    waits = tuple(after(wait) if isinstance(wait, str) else wait for wait in over.pop("after", ()))
    defaults: dict[str, Any] = {
        "key": ItemKey(key),
        "kind": kind,
        "title": key.rpartition("/")[2].replace("-", " ").capitalize(),
        "phase": phase,
        "wave": phase.partition("/wave-")[2] or None,
        "estimate": days(0) if kind in {ItemKind.MILESTONE, ItemKind.APPROVAL} else days(2, 1, 4),
        "after": waits,
    }
    if kind is ItemKind.APPROVAL:
        defaults["approval"] = Approval(approvers=(make_person("Hedda Head"),))
    return Item(**{**defaults, **over})


def make_phase(key: str = "prepare", **over: Any) -> Phase:
    """A phase; `enforce/wave-finance` is the wave of `finance`."""
    stage, _, wave = key.partition("/wave-")
    return Phase(**{"key": key, "stage": stage, "title": stage.capitalize(), "wave": wave or None, **over})


def make_waves(*departments: str, stage: str = "enforce", every_days: int = 5) -> tuple[WaveDay, ...]:
    """Wave days of departments in this order."""
    return tuple(
        WaveDay(department=department, stage=stage, index=index, every_days=every_days)
        for index, department in enumerate(departments)
    )


def make_rollout(items: Iterable[Item] = (), **over: Any) -> Rollout:
    """A rollout planned backward from `GO_LIVE`, unless `start` or another `go_live` is given.

    Phases follow from the items, departments from the waves.
    """
    items = tuple(items)
    waves = over.get("waves", ())
    defaults: dict[str, Any] = {
        "id": RolloutId("mfa-2027"),
        "name": "MFA 2027",
        "title": "Multi-factor sign-in",
        "template": "mfa",
        "template_version": 1,
        "fingerprint": "0" * 64,
        "go_live": None if over.get("start") else GO_LIVE,
        "departments": tuple(make_department(key) for key in dict.fromkeys(wave.department for wave in waves)),
        "phases": tuple(make_phase(key) for key in dict.fromkeys(item.phase for item in items)),
        "items": items,
        "people": tuple(dict.fromkeys(item.owner for item in items if item.owner is not None)),
    }
    return Rollout(**{**defaults, **over})
