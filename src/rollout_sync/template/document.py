"""Grammar of a whole template, as a checked and frozen document.

Nothing outside this room sees these objects: `expand` turns them into values of `model.rollout`. Field descriptions
are the reference that users read (`docs/reference/template-format.md`) and what editors show.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from rollout_sync.model.rollout import Home, ItemKind
from rollout_sync.template.grammar import (
    MAX_CHECKLIST,
    EstimateDays,
    Key,
    Line,
    Lines,
    Name,
    Number,
    Part,
    Text,
    Title,
    YesNo,
    nothing_is_empty,
    one_or_many,
)
from rollout_sync.template.items import PhaseDocument

IsoDate = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class TextParameter(Part):
    """A question that is answered with one line of text."""

    type: Literal["text"] = Field(description="`text`")
    ask: Line | None = Field(default=None, description="The question, as `start` asks it.")
    default: str | None = Field(default=None, max_length=1000, description="Answer when none is given.")


class YesNoParameter(Part):
    """A question that is answered with yes or no."""

    type: Literal["yes-no"] = Field(description="`yes-no`")
    ask: Line | None = Field(default=None, description="The question, as `start` asks it.")
    default: YesNo | None = Field(default=None, description="Answer when none is given.")


class NumberParameter(Part):
    """A question that is answered with a number."""

    type: Literal["number"] = Field(description="`number`")
    ask: Line | None = Field(default=None, description="The question, as `start` asks it.")
    default: Number | None = Field(default=None, description="Answer when none is given.")
    min: Number | None = Field(default=None, description="Smallest number that is accepted.")
    max: Number | None = Field(default=None, description="Largest number that is accepted.")


class DateParameter(Part):
    """A question that is answered with a date, `YYYY-MM-DD`."""

    type: Literal["date"] = Field(description="`date`")
    ask: Line | None = Field(default=None, description="The question, as `start` asks it.")
    default: IsoDate | None = Field(default=None, description="Answer when none is given.")
    min: IsoDate | None = Field(default=None, description="First date that is accepted.")
    max: IsoDate | None = Field(default=None, description="Last date that is accepted.")


class ChoiceParameter(Part):
    """A question that is answered with one of several words."""

    type: Literal["choice"] = Field(description="`choice`")
    ask: Line | None = Field(default=None, description="The question, as `start` asks it.")
    options: tuple[Line, ...] = Field(min_length=1, max_length=100, description="The answers that are accepted.")
    default: Line | None = Field(default=None, description="Answer when none is given; one of the options.")


class ListParameter(Part):
    """A question that is answered with several words, separated by commas."""

    type: Literal["list"] = Field(description="`list`")
    ask: Line | None = Field(default=None, description="The question, as `start` asks it.")
    default: tuple[Line, ...] | None = Field(default=None, max_length=200, description="Answer when none is given.")
    options: tuple[Line, ...] = Field(default=(), max_length=200, description="The words that are accepted; none: any.")


ParameterDocument: TypeAlias = (
    TextParameter | YesNoParameter | NumberParameter | DateParameter | ChoiceParameter | ListParameter
)


class RoleDocument(Part):
    """A part that people play. Who plays it is read from the people list when a rollout starts."""

    per: Literal["department"] | None = Field(default=None, description="`department`: one in every department.")
    title: Line | None = Field(default=None, description="What people call the role. Default: its name in words.")


class BlackoutDocument(Part):
    """Days on which nothing is planned, both ends included."""

    first: IsoDate = Field(alias="from", description="First day, `YYYY-MM-DD`; a `{{ parameter }}` works too.")
    last: IsoDate = Field(alias="to", description="Last day, `YYYY-MM-DD`.")
    reason: Line = Field(default="blackout", description="Shown where a date had to move.")


class Weekday(StrEnum):
    """Days of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEKS: Final[Mapping[str, tuple[Weekday, ...]]] = {
    "mon-fri": tuple(Weekday)[:5],
    "mon-sat": tuple(Weekday)[:6],
    "sun-thu": (Weekday.SUN, *tuple(Weekday)[:4]),
}


def _week(value: object) -> object:
    """`mon-fri` means `[mon, tue, wed, thu, fri]`."""
    if not isinstance(value, str):
        return value
    if value not in WEEKS:
        raise ValueError(f"{value!r} is no working week: {', '.join(WEEKS)}, or a list: [mon, tue]")
    return WEEKS[value]


WorkingDays = Annotated[
    tuple[Weekday, ...],
    BeforeValidator(_week),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(WEEKS)},
                {"type": "array", "items": {"enum": [day.value for day in Weekday]}, "minItems": 1, "maxItems": 7},
            ]
        }
    ),
]


class CalendarDocument(Part):
    """Which days count as working days."""

    working_days: WorkingDays = Field(
        default=WEEKS["mon-fri"],
        description="`mon-fri`, `mon-sat`, `sun-thu`, or a list such as `[mon, tue, wed, thu]`.",
    )
    holidays: str = Field(
        default="",
        max_length=200,
        description="Country of the public holidays, `DE`, with a region `DE-BY`; a `{{ parameter }}` works too.",
    )
    blackouts: tuple[BlackoutDocument, ...] = Field(
        default=(), max_length=100, description="Days on which nothing is planned."
    )


class ToleranceDocument(Part):
    """How far things may slip before a colour changes."""

    grace_days: int = Field(default=3, ge=0, le=60, description="Working days after a date that count as on time.")


class OwnedField(StrEnum):
    """Fields that a template can own against people's edits."""

    TITLE = "title"
    TEXT = "text"
    START = "start"
    DUE = "due"
    OWNER = "owner"


class HeldItems(StrEnum):
    """When items behind a gate are created: at once and marked as held, or only when the gate opens."""

    CREATE = "create"
    WAIT = "wait"


class TriggerDocument(Part):
    """What a playbook answers."""

    problem: Key = Field(description="Name of the problem, as people report it.")


class FollowUpDocument(Part):
    """One piece of work that a playbook creates."""

    title: Title = Field(description="One line; names in `{{ }}` are filled in, `department` too.")
    owner: Name = Field(description="Role that does it.")
    kind: ItemKind = Field(default=ItemKind.TASK, description="What it asks of people; approvals are not possible.")
    text: Text = Field(default="", description="Why, what to do, when it is done.")
    days: EstimateDays = Field(default=(1, 1, 1), description="Working days: `[low, likely, high]`, or one number.")
    home: Home | None = Field(default=None, alias="in", description="Where it lives, if not where `routes` sends it.")
    checklist: tuple[Line, ...] = Field(default=(), max_length=MAX_CHECKLIST, description="Steps to tick off.")


class PlaybookDocument(Part):
    """An answer to a problem that is known to come up."""

    when: TriggerDocument = Field(description="What this playbook answers.")
    title: Title | None = Field(default=None, description="The problem in words. Default: its name.")
    sign: Text = Field(default="", description="How one notices the problem.")
    ask: Lines = Field(default=(), max_length=10, description="Questions that find the cause before work is created.")
    create: tuple[FollowUpDocument, ...] = Field(min_length=1, max_length=20, description="The follow-up work.")
    close_when: Text = Field(default="", description="How one sees that the problem is solved.")


class QuestionDocument(Part):
    """One question of the pulse, answered on a scale from 1 (no) to 5 (yes)."""

    ask: Line = Field(description="The statement that people agree with or not.")
    audience: tuple[Name, ...] = Field(default=(), description="Who is asked; everybody of the pulse when left out.")


def _asked(value: object) -> object:
    """A bare text is a question for everybody."""
    return {"ask": value} if isinstance(value, str) else value


class PulseDocument(Part):
    """A short survey that is repeated."""

    questions: Mapping[Key | Name, Annotated[QuestionDocument, BeforeValidator(_asked)]] = Field(
        min_length=1, max_length=10, description="Statements by name: `why: I see why this is done`."
    )
    audience: Annotated[tuple[Name, ...], BeforeValidator(one_or_many)] = Field(
        default=("employee",), min_length=1, description="`employee`, `supervisor`, or roles of this template."
    )
    every_days: int = Field(default=14, ge=1, le=200, description="Calendar days from one pulse to the next.")


class Direction(StrEnum):
    """Which way a measure should move."""

    UP = "up"
    DOWN = "down"


class MeasureDocument(Part):
    """A number that shows whether the rollout works."""

    key: Key = Field(description="Identity of the measure, unique in the template.")
    title: Title = Field(description="What is measured.")
    unit: str = Field(default="", max_length=40, description="`%`, `tickets`, `days`.")
    target: Number | str = Field(description="Number to reach, or a `{{ parameter }}`.")
    baseline: Number | None = Field(default=None, description="Number before the rollout, where it is known.")
    better: Direction = Field(default=Direction.UP, description="`up` or `down`.")
    owner: Name | None = Field(default=None, description="Role that reports the number.")


class TemplateDocument(Part):
    """A kind of rollout."""

    template: Key = Field(description="Name of the template, as in its file name.")
    version: int = Field(ge=1, le=1_000_000, description="Grows with every change.")
    title: Title = Field(description="One line; names in `{{ }}` are filled in.")
    purpose: Text = Field(default="", description="What is better afterwards, in a sentence or two.")
    parameters: Mapping[Name, Annotated[ParameterDocument, Field(discriminator="type")]] = Field(
        default_factory=dict, max_length=50, description="Questions that `start` asks, by name."
    )
    roles: Mapping[Name, Annotated[RoleDocument, BeforeValidator(nothing_is_empty)]] = Field(
        default_factory=dict, max_length=50, description="Parts that people play, by name."
    )
    calendar: CalendarDocument = Field(default=CalendarDocument(), description="The working days.")
    routes: Mapping[ItemKind, Home] = Field(
        default_factory=dict,
        description="Where a kind of item lives: `jira`, `planner` or `both`. Left out: task, milestone and check in "
        "jira; approval, training and communication in planner.",
    )
    tolerance: ToleranceDocument = Field(default=ToleranceDocument(), description="How far things may slip.")
    owns: tuple[OwnedField, ...] = Field(
        default=(), max_length=5, description="Fields that the template writes over people's edits."
    )
    held: HeldItems = Field(
        default=HeldItems.CREATE,
        description="`create`: items behind a gate exist from the start, marked as held; `wait`: they are created "
        "when the gate opens.",
    )
    phases: tuple[PhaseDocument, ...] = Field(min_length=1, max_length=100, description="The stages, in order.")
    playbooks: tuple[PlaybookDocument, ...] = Field(
        default=(), max_length=50, description="Answers to problems that are known to come up."
    )
    pulse: PulseDocument | None = Field(default=None, description="A short survey that is repeated.")
    measures: tuple[MeasureDocument, ...] = Field(
        default=(), max_length=50, description="Numbers that show whether the rollout works."
    )
