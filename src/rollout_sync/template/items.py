"""Grammar of phases and items: what is done, by whom, after what, and where it lives.

All kinds of items share one shape; `checks.py` says which fields belong to which kind.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from rollout_sync.model.rollout import AnchorEvent, Home, ItemKind, LinkType, Quorum, TrackerName
from rollout_sync.template.grammar import (
    MAX_CHECKLIST,
    Condition,
    Days,
    EstimateDays,
    Key,
    Line,
    Lines,
    Name,
    Part,
    Roles,
    Text,
    Title,
    Window,
)


class WaveOrder(StrEnum):
    """In which order departments take their turn: largest first, by name, or as listed in the people list."""

    SIZE = "size"
    NAME = "name"
    LISTED = "listed"


class WaveOf(StrEnum):
    """Which department's item is waited for: one's own, or the one whose turn was before."""

    SAME = "same"
    PREVIOUS = "previous"


class AfterDocument(Part):
    """One dependency, written `after: [key]` or `after: [{item: key, link: SS, lag: 2}]`."""

    item: Key = Field(description="Key of the item to wait for. In `after` of a phase, the key of a phase works too.")
    link: LinkType = Field(
        default=LinkType.FINISH_START,
        description="FS: starts when the other is finished. SS: starts when it has started. "
        "FF: finishes when it is finished. SF: finishes when it has started.",
    )
    lag: int = Field(default=0, ge=-200, le=200, description="Working days between the two; negative for an overlap.")
    wave: WaveOf = Field(
        default=WaveOf.SAME,
        description="`previous`: waits for the item of the department whose wave is before; the first wave does not "
        "wait. Both items must stand in the same phase with a wave.",
    )


def _named(value: object) -> object:
    """`key` means `{item: key}`."""
    return {"item": value} if isinstance(value, str) else value


_AFTER_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["item"],
    "properties": {
        "item": {"type": "string"},
        "link": {"enum": [link.value for link in LinkType]},
        "lag": {"type": "integer", "minimum": -200, "maximum": 200},
        "wave": {"enum": [which.value for which in WaveOf]},
    },
}

After = Annotated[
    AfterDocument,
    BeforeValidator(_named),
    WithJsonSchema({"anyOf": [{"type": "string"}, _AFTER_SCHEMA]}),
]


class WaveDocument(Part):
    """Repeats a phase for every department, one after the other."""

    over: Literal["department"] = Field(description="What the phase is repeated for.")
    every_days: Days = Field(description="Working days from one department's wave day to the next.")
    order: WaveOrder = Field(
        default=WaveOrder.LISTED,
        description="`size`: largest department first; `name`: alphabetical; `listed`: as in the people list.",
    )


class ItemDocument(Part):
    """One piece of work. With `for_each`, or in a phase with a wave, it stands for one piece per department."""

    key: Key = Field(description="Identity of the item, unique in the template. Never change it once work was created.")
    kind: ItemKind = Field(default=ItemKind.TASK, description="What the item asks of people.")
    title: Title = Field(description="One line; names in `{{ }}` are filled in.")
    text: Text = Field(
        default="",
        description="Why, what to do, when it is done. A blank line starts a paragraph, `- ` a bullet.",
    )
    owner: Name | None = Field(default=None, description="Role that does it. An approval may leave it out.")
    home: Home | None = Field(
        default=None,
        alias="in",
        description="Where it lives, if not where `routes` sends its kind; `both` makes a mirrored pair.",
    )
    leads: TrackerName | None = Field(
        default=None, description="For `in: both`: the side that wins when both were changed. Default: jira."
    )
    days: EstimateDays | None = Field(
        default=None,
        description="Working days: `[low, likely, high]`, or one number. Without it: milestone 0, "
        "approval its `within_days`, everything else 1.",
    )
    after: tuple[After, ...] = Field(default=(), max_length=40, description="Items that this one waits for.")
    for_each: Literal["department"] | None = Field(default=None, description="One item per department.")
    when: Condition | None = Field(
        default=None, description="Keeps the item only if this holds, e.g. `works_council` or `ticket_limit > 3`."
    )
    checklist: tuple[Line, ...] = Field(default=(), max_length=MAX_CHECKLIST, description="Steps to tick off.")
    on: AnchorEvent | None = Field(default=None, description="Happens on this very day.")
    before_wave_day: Window | None = Field(
        default=None, description="Working days before the department's wave day: `[earliest, latest]`, e.g. `[5, 1]`."
    )
    after_wave_day: Window | None = Field(
        default=None, description="Working days after the department's wave day: `[earliest, latest]`, e.g. `[1, 5]`."
    )
    before_go_live: Window | None = Field(
        default=None, description="Working days before go-live: `[earliest, latest]`, e.g. `[15, 10]`."
    )
    after_go_live: Window | None = Field(
        default=None, description="Working days after go-live: `[earliest, latest]`, e.g. `[1, 5]`."
    )
    approver: Name | None = Field(default=None, description="Approval: role whose decision counts.")
    deputies: Name | None = Field(
        default=None, description="Approval: role that may decide too, beside the deputy in the people list."
    )
    asks: Lines = Field(default=(), max_length=MAX_CHECKLIST, description="Approval: what the approver confirms.")
    within_days: Annotated[int, Field(ge=1, le=200)] | None = Field(
        default=None, description="Approval: working days to decide (5 when left out)."
    )
    quorum: Quorum | None = Field(default=None, description="Approval: how many of several approvers must say yes.")
    escalate_to: Name | None = Field(default=None, description="Approval: role that hears of it when time is over.")
    emergency_within_hours: Annotated[int, Field(ge=1, le=720)] | None = Field(
        default=None, description="Approval: work goes first, the decision must follow within these hours."
    )
    minutes: Annotated[int, Field(ge=5, le=2400)] | None = Field(default=None, description="Training: length.")
    seats: Annotated[int, Field(ge=0, le=100_000)] | None = Field(
        default=None, description="Training: seats; 0 or left out means no limit."
    )
    invites: Roles | None = Field(
        default=None,
        description="Training: roles of this template, `employee` or `supervisor`, whose people are invited: those of "
        "the item's department and those without one. Left out: supervisors and employees, or the department's head "
        "where there are none.",
    )


class PhaseDocument(Part):
    """A stage of the rollout: an epic in Jira, a bucket in Planner; with a wave, one of each per department."""

    key: Key = Field(description="Identity of the phase, unique in the template.")
    title: Title | None = Field(default=None, description="One line. Default: the key in words.")
    text: Text = Field(default="", description="What this phase is for.")
    wave: WaveDocument | None = Field(default=None, description="Repeats the phase for every department, staggered.")
    after: tuple[After, ...] = Field(
        default=(),
        max_length=40,
        description="Items, or phases (their last items), that every first item of this phase waits for.",
    )
    when: Condition | None = Field(default=None, description="Keeps the phase only if this holds.")
    items: tuple[ItemDocument, ...] = Field(min_length=1, max_length=500, description="The work of this phase.")
