"""The questions that a template asks, and the answers as typed values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, assert_never

from rollout_sync.errors import Problem, TemplateError
from rollout_sync.template.dates import read_day
from rollout_sync.template.document import (
    ChoiceParameter,
    DateParameter,
    ListParameter,
    NumberParameter,
    ParameterDocument,
    TemplateDocument,
    TextParameter,
    YesNoParameter,
)
from rollout_sync.template.spelling import did_you_mean, shown

Answer: TypeAlias = str | int | float | bool | date | tuple[str, ...]
Given: TypeAlias = Answer | Sequence[str]
"""What a person or a file may answer: the typed value, or the text that spells it."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d{1,15})?\Z", re.ASCII)
_YES = frozenset({"yes", "y", "true", "1", "on"})
_NO = frozenset({"no", "n", "false", "0", "off"})
_LONGEST = 1000
_MOST_WORDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One parameter as a person is asked for it.

    Attributes:
        type: `text`, `yes-no`, `number`, `date`, `choice` or `list`.
        ask: the question; the parameter's name in words where the template has none.
        default: the answer when none is given, as a text that can be typed; None when one must be given.
        options: accepted answers of a choice or list; empty: any.
        limits: sentence on the accepted range, empty when there is none.
    """

    name: str
    type: str
    ask: str
    default: str | None = None
    options: tuple[str, ...] = ()
    limits: str = ""


class Unusable(Exception):
    """An answer that cannot be used; `field` names the key of the parameter that is to blame."""

    def __init__(self, message: str, hint: str = "", *, field: str = "default") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field


def questions(document: TemplateDocument) -> tuple[Question, ...]:
    """All questions in the order of the template."""
    return tuple(_question(name, parameter) for name, parameter in document.parameters.items())


def _question(name: str, parameter: ParameterDocument) -> Question:
    default = default_of(name, parameter)
    options: tuple[str, ...] = ()
    if isinstance(parameter, ChoiceParameter | ListParameter):
        options = parameter.options
    return Question(
        name=name,
        type=parameter.type,
        ask=parameter.ask or name.replace("_", " ").capitalize(),
        default=None if default is None else spelled(default),
        options=options,
        limits=_limits(parameter),
    )


def _limits(parameter: ParameterDocument) -> str:
    if not isinstance(parameter, NumberParameter | DateParameter):
        return ""
    low, high = (f"{end:g}" if isinstance(end, float) else end for end in (parameter.min, parameter.max))
    if low is not None and high is not None:
        return f"from {low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""


def spelled(answer: Answer) -> str:
    """An answer as a person would type it."""
    match answer:
        case bool():
            return "yes" if answer else "no"
        case date():
            return answer.isoformat()
        case tuple():
            return ", ".join(answer)
        case float():
            return f"{answer:.15g}"
        case _:
            return str(answer)


def default_of(name: str, parameter: ParameterDocument) -> Answer | None:
    """The default as a typed value, None when there is none.

    Raises:
        Unusable: the default, or a limit of the parameter, contradicts the parameter itself.
    """
    _check_limits(parameter)
    return None if parameter.default is None else read_answer(name, parameter, parameter.default)


def _check_limits(parameter: ParameterDocument) -> None:
    if isinstance(parameter, DateParameter):
        for field, text in (("min", parameter.min), ("max", parameter.max)):
            if text is not None and read_day(text) is None:
                raise Unusable(f"{text!r} is no date", "YYYY-MM-DD", field=field)
        if parameter.min and parameter.max and parameter.max < parameter.min:
            raise Unusable("max comes before min", field="max")
    if isinstance(parameter, NumberParameter):
        low, high = parameter.min, parameter.max
        if low is not None and high is not None and high < low:
            raise Unusable("max is smaller than min", field="max")
    if isinstance(parameter, ChoiceParameter | ListParameter) and len(set(parameter.options)) < len(parameter.options):
        raise Unusable("an option stands here twice", field="options")


def read_answer(name: str, parameter: ParameterDocument, given: Given) -> Answer:
    """The typed value of an answer.

    Raises:
        Unusable: it is no answer to this question.
    """
    match parameter:
        case TextParameter():
            return _text(given)
        case YesNoParameter():
            return _yes_no(given)
        case NumberParameter():
            return _in_range(_number(given), parameter)
        case DateParameter():
            return _in_days(_day(given), parameter)
        case ChoiceParameter():
            return _one_of(_text(given), parameter.options, name)
        case ListParameter():
            return tuple(_one_of(word, parameter.options, name) for word in _words(given))
        case _:
            assert_never(parameter)


def _text(given: Given) -> str:
    text = spelled(given) if isinstance(given, bool | int | float | date) else given
    if not isinstance(text, str):
        raise Unusable("one line of text is needed, not a list")
    if _CONTROL.search(text):
        raise Unusable("control characters and line breaks are not allowed")
    if len(text) > _LONGEST:
        raise Unusable(f"longer than {_LONGEST:,} characters")
    return text.strip()


def _yes_no(given: Given) -> bool:
    if isinstance(given, bool):
        return given
    word = given.strip().lower() if isinstance(given, str) else ""
    if word not in _YES | _NO:
        raise Unusable(f"{shown(given)} is neither yes nor no", "yes or no")
    return word in _YES


def _number(given: Given) -> int | float:
    if isinstance(given, str) and _NUMBER.match(given.strip()):
        given = float(given) if "." in given else int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise Unusable(f"{shown(given)} is no number", "digits, with a point for decimals: 2.5")
    return int(given) if given == int(given) else float(given)


def _in_range(number: float, parameter: NumberParameter) -> int | float:
    low = -math.inf if parameter.min is None else parameter.min
    high = math.inf if parameter.max is None else parameter.max
    if not low <= number <= high:
        raise Unusable(f"{number:g} is out of range", _limits(parameter))
    return number


def _day(given: Given) -> date:
    day = given if isinstance(given, date) else read_day(given) if isinstance(given, str) else None
    if day is None:
        raise Unusable(f"{shown(given)} is no date", "YYYY-MM-DD")
    return day


def _in_days(day: date, parameter: DateParameter) -> date:
    first, last = read_day(parameter.min or ""), read_day(parameter.max or "")
    if (first is not None and day < first) or (last is not None and day > last):
        raise Unusable(f"{day} is out of range", _limits(parameter))
    return day


def _one_of(word: str, options: Sequence[str], name: str) -> str:
    if not options or word in options:
        return word
    folded = {option.casefold(): option for option in options}
    if word.casefold() in folded:
        return folded[word.casefold()]
    raise Unusable(f"{shown(word)} is no answer to {name!r}", did_you_mean(word, options))


def _words(given: Given) -> tuple[str, ...]:
    if isinstance(given, bool | int | float | date):
        given = spelled(given)
    parts = given.split(",") if isinstance(given, str) else list(given)
    words = tuple(text for text in (_text(part) for part in parts) if text)
    if len(words) > _MOST_WORDS:
        raise Unusable(f"more than {_MOST_WORDS} words")
    return tuple(dict.fromkeys(words))


def resolve(document: TemplateDocument, given: Mapping[str, Given]) -> Mapping[str, Answer]:
    """Answers to all questions, in the order of the template: what was given, else the defaults.

    Raises:
        TemplateError: with all answers that are missing, unknown or cannot be used.
    """
    answers: dict[str, Answer] = {}
    problems = [_unknown(name, document) for name in given if name not in document.parameters]
    for name, parameter in document.parameters.items():
        try:
            answer = _answer(name, parameter, given)
        except Unusable as error:
            problems.append(_problem(name, error.message, error.hint))
        else:
            answers[name] = answer
    if problems:
        count = len(problems)
        noun = "answer" if count == 1 else "answers"
        raise TemplateError(f"{count} {noun} cannot be used", tuple(problems), hint="pass --set NAME=VALUE for each")
    return answers


def _answer(name: str, parameter: ParameterDocument, given: Mapping[str, Given]) -> Answer:
    default = default_of(name, parameter)
    if name in given:
        answer = read_answer(name, parameter, given[name])
        if answer not in {"", ()} or default is not None:
            return answer
    if default is None:
        raise Unusable("needs an answer", parameter.ask or "")
    return default


def _unknown(name: str, document: TemplateDocument) -> Problem:
    return _problem(str(name)[:60], "the template asks no such question", did_you_mean(name, document.parameters))


def _problem(name: str, message: str, hint: str) -> Problem:
    return Problem(file=f"parameter {name}", line=0, column=0, message=message, hint=hint)
