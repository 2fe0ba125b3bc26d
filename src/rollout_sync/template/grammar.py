"""Small types that the parts of the template grammar share: names, texts, dates and numbers, with their shorthands.

A shorthand (`days: 3` for `days: [3, 3, 3]`) is widened before validation, so that the model knows one form only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

MAX_TITLE = 255
"""Longest title: Jira's summary and Planner's task title both end at 255 characters."""

MAX_TEXT = 8000
MAX_CHECKLIST = 20
"""Planner refuses a task with more than 20 checklist items."""

KEY_PATTERN = r"^[a-z][a-z0-9-]{0,39}$"
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"

Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Title = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_TITLE, strip_whitespace=True, pattern=r"^[^\r\n]+$")
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT, strip_whitespace=True)]
Condition = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Days = Annotated[int, Field(ge=0, le=400)]
Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class Part(BaseModel):
    """Base of every part of a template: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


def _three_days(value: object) -> object:
    """`3` means `[3, 3, 3]`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (value, value, value)
    return value


def _ordered(value: tuple[float, float, float]) -> tuple[float, float, float]:
    low, likely, high = value
    if not low <= likely <= high:
        raise ValueError(f"must grow: low {low:g}, likely {likely:g}, high {high:g}")
    return value


_DAY_COUNT = {"type": "number", "minimum": 0, "maximum": 400}
_WHOLE_DAYS = {"type": "integer", "minimum": 0, "maximum": 400}

EstimateDays = Annotated[
    tuple[
        Annotated[float, Field(ge=0, le=400, allow_inf_nan=False)],
        Annotated[float, Field(ge=0, le=400, allow_inf_nan=False)],
        Annotated[float, Field(ge=0, le=400, allow_inf_nan=False)],
    ],
    BeforeValidator(_three_days),
    AfterValidator(_ordered),
    WithJsonSchema({"anyOf": [_DAY_COUNT, {"type": "array", "items": _DAY_COUNT, "minItems": 3, "maxItems": 3}]}),
]


def _window(value: object) -> object:
    """`5` means `[5]`."""
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else value


Window = Annotated[
    tuple[Days, ...],
    BeforeValidator(_window),
    Field(min_length=1, max_length=2),
    WithJsonSchema({"anyOf": [_WHOLE_DAYS, {"type": "array", "items": _WHOLE_DAYS, "minItems": 1, "maxItems": 2}]}),
]


def yes_or_no(value: object) -> object:
    """YAML 1.2 knows `true` and `false` only; people write `yes` and `no`."""
    if isinstance(value, str):
        return {"yes": True, "no": False}.get(value.strip().lower(), value)
    return value


YesNo = Annotated[
    bool,
    Field(strict=True),
    BeforeValidator(yes_or_no),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no"]}]}),
]


def nothing_is_empty(value: object) -> object:
    """A name with nothing behind it (`it:`) means `it: {}`."""
    return {} if value is None else value


def one_or_many(value: object) -> object:
    """A single text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


Lines = Annotated[
    tuple[Line, ...],
    BeforeValidator(one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]

Roles = Annotated[
    tuple[Name, ...],
    BeforeValidator(one_or_many),
    Field(min_length=1, max_length=50),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": NAME_PATTERN},
                {
                    "type": "array",
                    "items": {"type": "string", "pattern": NAME_PATTERN},
                    "minItems": 1,
                    "maxItems": 50,
                },
            ]
        }
    ),
]

Json: TypeAlias = "None | bool | int | float | str | list[Json] | Mapping[str, Json]"
