"""The sentences that rollout-sync adds to an item's own text: what it waits for, what an approver decides.

Plain text in the shared form: blank lines between paragraphs, "- " for bullets.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence

from rollout_sync.model.codec import to_json
from rollout_sync.model.rollout import Approval, Dependency, Item, ItemKey, LinkType, Quorum, TrackerName
from rollout_sync.model.schedule import Schedule

DECISIONS = ("Approved", "Approved with conditions", "Not yet", "Rejected")
"""What an approver can tick, in this order. In Jira the labels are the same words in lower case, with hyphens."""

CONDITION = "Condition of "
"""How a paragraph begins that a gate added to the work behind it."""

_UNKEPT = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LISTED = 12  # held items named in an approval's text; more are counted
_FINGERPRINT_DIGITS = 8

_LINK_WORDS = {
    LinkType.FINISH_START: "starts after",
    LinkType.START_START: "starts with or after the start of",
    LinkType.FINISH_FINISH: "ends with or after the end of",
    LinkType.START_FINISH: "ends with or after the start of",
}


def paragraphs(*parts: str) -> str:
    """Join the parts that are not empty, in the one spelling that both services give back unchanged.

    Spaces at line ends, tabs, control characters and repeated blank lines would come back changed, and look like a
    person's edit.
    """
    kept = "\n\n".join(part for part in parts if part.strip()).expandtabs(1).replace("\r\n", "\n")
    lines = ["".join(c for c in line if unicodedata.category(c) not in _UNKEPT).rstrip() for line in kept.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def one_line(title: str) -> str:
    """A title as both services give it back: one line, single spaces."""
    return " ".join(paragraphs(title).split())


def jira_text(item: Item, items: Mapping[ItemKey, Item], schedule: Schedule, conditions: Sequence[str] = ()) -> str:
    """What a Jira issue says. Dependencies inside Jira show as links, so only the others are put into words.

    `conditions` are the paragraphs of the gates before it (`gates.condition_words`).
    """
    if item.approval is not None:
        return approval_text(item, items, schedule, _BY_LABEL, conditions)
    elsewhere = [
        dependency
        for dependency in item.after
        if dependency.link is not LinkType.FINISH_START or dependency.lag or not _is_in_jira(items[dependency.item])
    ]
    return paragraphs(
        item.text, *conditions, _waits(elsewhere, items), _bullets("To do:", item.checklist), _training(item)
    )


def planner_text(item: Item, items: Mapping[ItemKey, Item], schedule: Schedule, conditions: Sequence[str] = ()) -> str:
    """What the notes of a Planner task say; an approval's notes name what exactly is being decided."""
    if item.approval is not None:
        return approval_text(item, items, schedule, _BY_TICK, conditions)
    return paragraphs(item.text, *conditions, _waits(item.after, items), _training(item))


_BY_TICK = f"To decide, tick one line of the checklist: {', '.join(DECISIONS)}. Then complete the task."
_BY_LABEL = (
    f"To decide, set one of the labels {', '.join(line.lower().replace(' ', '-') for line in DECISIONS)} on this issue."
    " Moving it to a done status without a label counts as approved. Write conditions into a comment."
)


def approval_text(
    item: Item,
    items: Mapping[ItemKey, Item],
    schedule: Schedule,
    way: str,
    conditions: Sequence[str] = (),
) -> str:
    """The question, what is being approved and how to decide; `way` says where and how."""
    approval = approval_of(item)
    held = held_items(item.key, items)
    names = " or ".join(person.name for person in approval.approvers) or "nobody yet"
    if approval.quorum is Quorum.ALL:
        names = " and ".join(person.name for person in approval.approvers) or "nobody yet"
    deputies = ", ".join(person.name for person in approval.deputies)
    return paragraphs(
        item.text,
        *conditions,
        _bullets("Please check:", approval.asks),
        _bullets("Work that waits for this decision:", _held_lines(held, schedule)),
        f"Decision by {names}" + (f" (deputy: {deputies})" if deputies else "") + ". Nobody else's decision counts.",
        way,
        f"Version of what is approved: {approval_fingerprint(held, schedule)}. It names the work, who does it,"
        " go-live and the dates tied to it; a change of any of these is asked again.",
    )


def approval_of(item: Item) -> Approval:
    """What an approval item decides; ValueError for any other item."""
    if item.approval is None:
        raise ValueError(f"{item.key} is no approval")
    return item.approval


def without_conditions(text: str) -> str:
    """A text without the paragraphs that gates added."""
    return paragraphs(*(part for part in text.split("\n\n") if not part.startswith(CONDITION)))


def held_items(gate: ItemKey, items: Mapping[ItemKey, Item]) -> tuple[Item, ...]:
    """The items that wait for a gate, in rollout order."""
    return tuple(item for item in items.values() if gate in item.held_by)


def approval_fingerprint(held: Sequence[Item], schedule: Schedule) -> str:
    """Short hash of what an approver says yes to: the held items, who does them, and the dates that are fixed.

    Fixed are go-live, the wave days, and the days of items tied to one of them. The days in between follow from lengths
    and links; they move when any estimate is corrected, and an approver who agreed to the fixed ones is not asked
    again for that.
    """
    ordered = sorted(held, key=lambda item: item.key)
    items = [[item.key, item.title, item.owner.email.lower() if item.owner else None] for item in ordered]
    days = {
        item.key: [schedule.slots[item.key].start.isoformat(), schedule.slots[item.key].finish.isoformat()]
        for item in ordered
        if item.anchor is not None
    }
    waves = {wave: day.isoformat() for wave, day in schedule.wave_days.items() if any(one.wave == wave for one in held)}
    content = [items, days, waves, schedule.go_live.isoformat() if held else None]
    return hashlib.sha256(to_json(content).encode()).hexdigest()[:_FINGERPRINT_DIGITS]


def _held_lines(held: Sequence[Item], schedule: Schedule) -> list[str]:
    lines = [f"{item.title} ({schedule.slots[item.key].start:%d %b %Y})" for item in held[:_LISTED]]
    if len(held) > _LISTED:
        lines.append(f"and {len(held) - _LISTED} more")
    return lines


def _waits(dependencies: Sequence[Dependency], items: Mapping[ItemKey, Item]) -> str:
    return _bullets("Waits for:", [_dependency(one, items[one.item]) for one in dependencies])


def _dependency(dependency: Dependency, item: Item) -> str:
    lag = f", {dependency.lag:+d} working days" if dependency.lag else ""
    words = "" if dependency.link is LinkType.FINISH_START and not lag else f" ({_LINK_WORDS[dependency.link]} it{lag})"
    who = f", {item.owner.name}" if item.owner else ""
    return f"{item.title}{who}{words}"


def _training(item: Item) -> str:
    if item.training is None:
        return ""
    seats = f", {item.training.seats} seats" if item.training.seats else ""
    return f"Session of {item.training.minutes} minutes{seats}."


def _bullets(heading: str, lines: Sequence[str]) -> str:
    return "\n\n".join([heading, "\n".join(f"- {line}" for line in lines)]) if lines else ""


def _is_in_jira(item: Item) -> bool:
    return item.home.value in (TrackerName.JIRA.value, "both")
