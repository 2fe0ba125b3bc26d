"""A template as a value that can be read: phases, items, owners, days, gates, and the questions it asks."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_sync.model.rollout import ItemKind
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.items import AfterDocument, ItemDocument, PhaseDocument
from rollout_sync.template.parameters import Question, questions


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOutline:
    """One item of a template.

    Attributes:
        owner: role that does it, or decides it.
        days: working days, `2`, or `2-3-6` for low, likely and high; empty where the template leaves it open.
        place: where it lives, if not where its kind lives.
        when: the condition that keeps it; empty: always.
        repeats: whether it stands for one piece of work per department.
    """

    key: str
    kind: str
    title: str
    owner: str
    days: str
    after: tuple[str, ...]
    place: str
    when: str
    repeats: bool
    is_gate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseOutline:
    """One phase; `wave` says how it is repeated, empty when it is not."""

    key: str
    title: str
    wave: str
    after: tuple[str, ...]
    items: tuple[ItemOutline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateOutline:
    """A template without its long texts."""

    name: str
    version: int
    title: str
    purpose: str
    roles: tuple[str, ...]
    parameters: tuple[Question, ...]
    phases: tuple[PhaseOutline, ...]

    @property
    def items(self) -> tuple[ItemOutline, ...]:
        """Items of all phases."""
        return tuple(item for phase in self.phases for item in phase.items)


def outline(document: TemplateDocument) -> TemplateOutline:
    """The outline of a checked template."""
    roles = (f"{name} (one per {role.per})" if role.per else name for name, role in document.roles.items())
    return TemplateOutline(
        name=document.template,
        version=document.version,
        title=document.title,
        purpose=" ".join(document.purpose.split()),
        roles=tuple(roles),
        parameters=tuple(questions(document)),
        phases=tuple(_phase(phase) for phase in document.phases),
    )


def _phase(phase: PhaseDocument) -> PhaseOutline:
    wave = f"per {phase.wave.over}, every {phase.wave.every_days} working days" if phase.wave else ""
    return PhaseOutline(
        key=phase.key,
        title=phase.title or phase.key.replace("-", " ").capitalize(),
        wave=wave,
        after=tuple(map(_after, phase.after)),
        items=tuple(_item(item, repeats=phase.wave is not None) for item in phase.items),
    )


def _item(item: ItemDocument, *, repeats: bool) -> ItemOutline:
    return ItemOutline(
        key=item.key,
        kind=item.kind.value,
        title=item.title,
        owner=item.approver or item.owner or "",
        days=_days(item),
        after=tuple(map(_after, item.after)),
        place=item.home.value if item.home else "",
        when=str(item.when or ""),
        repeats=repeats or item.for_each is not None,
        is_gate=item.kind is ItemKind.APPROVAL,
    )


def _after(dependency: AfterDocument) -> str:
    link = "" if dependency.link.value == "FS" else f" {dependency.link.value}"
    lag = f" {dependency.lag:+d}" if dependency.lag else ""
    return f"{dependency.item}{link}{lag}"


def _days(item: ItemDocument) -> str:
    if item.days is not None:
        numbers = [f"{number:g}" for number in item.days]
        return numbers[0] if len(set(numbers)) == 1 else "-".join(numbers)
    return f"within {item.within_days}" if item.within_days else ""
