"""How lists and outlines of templates read as text."""

from __future__ import annotations

from collections.abc import Sequence

from rollout_sync.cli.outline import ItemOutline, PhaseOutline, TemplateOutline
from rollout_sync.cli.screen import Screen
from rollout_sync.template.parameters import Question
from rollout_sync.template.shipped import Shipped

_HEADINGS = ("item", "kind", "owner", "days", "after", "title")


def write_list(found: Sequence[Shipped], screen: Screen) -> None:
    """Name, size and purpose of each."""
    rows = [(each.name, str(each.version), str(each.items), " ".join(each.purpose.split())) for each in found]
    screen.table(("name", "version", "items", "purpose"), rows)
    screen.line()
    screen.line("Next: rollout-sync templates show NAME")


def write_outline(outline: TemplateOutline, screen: Screen) -> None:
    """The template's purpose, questions, roles, and a table for each phase."""
    screen.heading(f"{outline.name} (version {outline.version}): {outline.title}")
    if outline.purpose:
        screen.line(outline.purpose)
    if outline.parameters:
        screen.line()
        screen.heading("Questions")
        screen.table(("name", "type", "default", "question"), [_question(each) for each in outline.parameters])
    if outline.roles:
        screen.line()
        screen.line("Roles: " + ", ".join(outline.roles))
    for phase in outline.phases:
        _write_phase(phase, screen)
    screen.line()
    screen.line(_sum(outline))
    screen.line(f"Next: rollout-sync plan {outline.name} --name TEXT --go-live DAY --people FILE")


def _write_phase(phase: PhaseOutline, screen: Screen) -> None:
    notes = [phase.wave, f"after {', '.join(phase.after)}" if phase.after else ""]
    note = "; ".join(filter(None, notes))
    screen.line()
    screen.heading(f"{phase.title} [{phase.key}]" + (f" ({note})" if note else ""))
    screen.table(_HEADINGS, [_row(item) for item in phase.items])


def _row(item: ItemOutline) -> Sequence[str]:
    kind = f"{item.kind} (gate)" if item.is_gate else item.kind
    title = f"{item.title} (if {item.when})" if item.when else item.title
    key = f"{item.key} *" if item.repeats else item.key
    return key, kind, item.owner, item.days, ", ".join(item.after), title


def _question(question: Question) -> Sequence[str]:
    kind = "one of " + ", ".join(question.options) if question.options else question.type
    return question.name, kind, "(asked)" if question.default is None else question.default, question.ask


def _sum(outline: TemplateOutline) -> str:
    items = outline.items
    gates, repeated = sum(item.is_gate for item in items), sum(item.repeats for item in items)
    text = f"{len(items)} items in {len(outline.phases)} phases, {gates} of them gates"
    return f"{text}; * {repeated} are repeated for every department." if repeated else f"{text}."
