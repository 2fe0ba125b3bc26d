"""Phases and items of one rollout: every piece of a template, once or once per department, with all names resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Final

from rollout_sync.model.rollout import (
    Anchor,
    AnchorEvent,
    Department,
    Dependency,
    Estimate,
    Home,
    Item,
    ItemKey,
    ItemKind,
    Phase,
    TrackerName,
    Training,
)
from rollout_sync.template.casting import DEFAULT_WITHIN_DAYS, Cast
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.filling import Filling, department_facts
from rollout_sync.template.items import ItemDocument, PhaseDocument, WaveOf
from rollout_sync.template.network import Spot, Waits
from rollout_sync.template.nodes import Path
from rollout_sync.template.rendering import Context

DEFAULT_HOMES: Final[Mapping[ItemKind, Home]] = {
    ItemKind.TASK: Home.JIRA,
    ItemKind.MILESTONE: Home.JIRA,
    ItemKind.CHECK: Home.JIRA,
    ItemKind.APPROVAL: Home.PLANNER,
    ItemKind.TRAINING: Home.PLANNER,
    ItemKind.COMMUNICATION: Home.PLANNER,
}
DEFAULT_MINUTES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One phase of the rollout: of the template, or of a department's wave; `number` counts waves from 1."""

    key: str
    index: int
    document: PhaseDocument
    department: Department | None = None
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One item to be: where it stands in the template, and for which department it is."""

    key: ItemKey
    spot: Spot
    stage: Stage
    department: Department | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every piece is made from."""

    document: TemplateDocument
    cast: Cast
    filling: Filling
    shared: Context
    spoken: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def context(self, department: Department | None, number: int = 0) -> Context:
        """Names for texts of a department, or of nobody in particular."""
        place = department.key if department else ""
        if place not in self.spoken:
            self.spoken[place] = self.cast.spoken(department)
        context = {**self.shared, "people": self.spoken[place]}
        if department is not None:
            context["department"] = department_facts(department)
        if number:
            context["wave"] = {"number": number}
        return context


def stages(document: TemplateDocument, orders: Mapping[str, Sequence[Department]]) -> Iterator[Stage]:
    """All phases in the order of the template, waves in the order of their turn."""
    for index, phase in enumerate(document.phases):
        if phase.wave is None:
            yield Stage(key=phase.key, index=index, document=phase)
            continue
        for number, department in enumerate(orders[phase.key], start=1):
            key = f"{phase.key}/wave-{department.key}"
            yield Stage(key=key, index=index, document=phase, department=department, number=number)


def pieces(stage: Stage, kept: Mapping[str, Spot], departments: Sequence[Department]) -> Iterator[Piece]:
    """The items of a phase; those with `for_each` once per department."""
    for item in stage.document.items:
        spot = kept.get(item.key)
        if spot is None:
            continue
        if item.for_each is None or stage.department is not None:
            key = ItemKey(f"{stage.key}/{item.key}")
            yield Piece(key=key, spot=spot, stage=stage, department=stage.department)
            continue
        for department in departments:
            key = ItemKey(f"{stage.key}/{item.key}-{department.key}")
            yield Piece(key=key, spot=spot, stage=stage, department=department)


def phase_of(stage: Stage, ground: Ground) -> Phase:
    """A phase with its texts filled in."""
    path: Path = ("phases", stage.index)
    context = ground.context(stage.department, stage.number)
    words = stage.document.title or stage.document.key.replace("-", " ").capitalize()
    title = ground.filling.line((*path, "title"), words, context)
    return Phase(
        key=stage.key,
        stage=stage.document.key,
        title=_with_department(title, stage.department),
        text=ground.filling.text((*path, "text"), stage.document.text, context),
        wave=stage.department.key if stage.department else None,
    )


def _with_department(title: str, department: Department | None) -> str:
    """Titles of different departments must be told apart on a board."""
    if department is None or department.name.casefold() in title.casefold():
        return title
    return f"{title} ({department.name})"


def dependencies(all_pieces: Sequence[Piece], waits: Waits) -> Mapping[ItemKey, tuple[Dependency, ...]]:
    """What every piece waits for: the piece of its own department where there is one, else all pieces of the item."""
    places: dict[str, dict[str, ItemKey]] = {}
    for piece in all_pieces:
        places.setdefault(piece.spot.item.key, {})[piece.department.key if piece.department else ""] = piece.key
    return {
        piece.key: tuple(
            Dependency(item=key, link=wait.link, lag=wait.lag)
            for wait in waits[piece.spot.item.key]
            for key in _targets(places.get(wait.item, {}), piece, wait.wave)
        )
        for piece in all_pieces
    }


def _targets(places: Mapping[str, ItemKey], piece: Piece, which: WaveOf) -> Sequence[ItemKey]:
    """The pieces of an item that this one waits for; `places` holds them by department, in the order of waves."""
    own = piece.department.key if piece.department else ""
    if which is WaveOf.PREVIOUS:
        order = list(places)
        turn = order.index(own) if own in places else 0
        return (places[order[turn - 1]],) if turn else ()
    return (places[own],) if own in places else tuple(places.values())


def gates(
    all_pieces: Sequence[Piece], after: Mapping[ItemKey, Sequence[Dependency]]
) -> Mapping[ItemKey, tuple[ItemKey, ...]]:
    """All approvals upstream of every piece, in the order of the rollout.

    An emergency approval holds nothing: its work goes first and the decision follows.

    Raises:
        graphlib.CycleError: pieces wait for each other across waves.
    """
    rank = {piece.key: number for number, piece in enumerate(all_pieces)}
    closed = {piece.key for piece in all_pieces if _holds(piece.spot.item)}
    upstream: dict[ItemKey, frozenset[ItemKey]] = {}
    sorter = TopologicalSorter({key: [wait.item for wait in waits] for key, waits in after.items()})
    for key in sorter.static_order():
        before = [wait.item for wait in after[key]]
        inherited = (upstream[item] for item in before)
        upstream[key] = frozenset(item for item in before if item in closed).union(*inherited)
    return {key: tuple(sorted(upstream[key], key=rank.__getitem__)) for key in rank}


def _holds(item: ItemDocument) -> bool:
    return item.kind is ItemKind.APPROVAL and item.emergency_within_hours is None


def item_of(piece: Piece, ground: Ground, after: tuple[Dependency, ...], held_by: tuple[ItemKey, ...]) -> Item:
    """An item with its texts, people, place and date rule."""
    document, path, filling = piece.spot.item, piece.spot.path, ground.filling
    context = ground.context(piece.department, piece.stage.number)
    title = _with_department(filling.line((*path, "title"), document.title, context), piece.department)
    asks = filling.lines((*path, "asks"), document.asks, context)
    home = document.home or ground.document.routes.get(document.kind) or DEFAULT_HOMES[document.kind]
    return Item(
        key=piece.key,
        kind=document.kind,
        title=title,
        phase=piece.stage.key,
        text=filling.text((*path, "text"), document.text, context),
        wave=piece.department.key if piece.department else None,
        owner=ground.cast.owner(document, piece.department),
        owner_role=document.owner or document.approver,
        estimate=estimate_of(document),
        after=after,
        held_by=held_by,
        home=home,
        leads=document.leads or (TrackerName.PLANNER if home is Home.PLANNER else TrackerName.JIRA),
        anchor=anchor_of(document),
        checklist=filling.lines((*path, "checklist"), document.checklist, context),
        approval=ground.cast.approval(document, piece.department, asks),
        training=_training(document),
    )


def _training(item: ItemDocument) -> Training | None:
    if item.kind is not ItemKind.TRAINING:
        return None
    return Training(minutes=item.minutes or DEFAULT_MINUTES, seats=item.seats or 0, invites=item.invites or ())


def estimate_of(item: ItemDocument) -> Estimate:
    """Working days as written; without: a milestone takes none, a decision its time limit, everything else one day."""
    if item.days is not None:
        low, likely, high = item.days
        return Estimate(low=low, likely=likely, high=high)
    if item.kind is ItemKind.MILESTONE:
        return Estimate(low=0, likely=0, high=0)
    if item.kind is ItemKind.APPROVAL:
        limit = item.within_days or DEFAULT_WITHIN_DAYS
        return Estimate(low=1, likely=limit, high=2 * limit)
    return Estimate(low=1, likely=1, high=1)


def anchor_of(item: ItemDocument) -> Anchor | None:
    """The date rule: `before_wave_day: [5, 1]` is the window from five to one working days before the wave day."""
    if item.on is not None:
        return Anchor(event=item.on)
    rules = (
        (item.before_wave_day, AnchorEvent.WAVE_DAY, -1),
        (item.after_wave_day, AnchorEvent.WAVE_DAY, 1),
        (item.before_go_live, AnchorEvent.GO_LIVE, -1),
        (item.after_go_live, AnchorEvent.GO_LIVE, 1),
    )
    for window, event, sign in rules:
        if window is not None:
            days = [sign * count for count in window]
            return Anchor(event=event, offset=days[0], latest=days[1] if len(days) > 1 else None)
    return None
