"""Options that several commands share, each written once, and the value that they are gathered into."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from rollout_sync.cli.answer import Answer

Function = TypeVar("Function", bound=Callable[..., object])
Decorator = Callable[[Function], Function]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRequest:
    """What the command line says about a rollout that is to be planned.

    Attributes:
        name, go_live, start, people: None where not given; `questions` asks, or says what to pass.
        departments: names or keys; empty: all of the people list.
        given: answers to the template's parameters, as typed.
        may_ask: false with `--no-input`.
    """

    name: str | None = None
    go_live: date | None = None
    start: date | None = None
    people: Path | None = None
    departments: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    may_ask: bool = True


def read_day(text: str) -> date:
    """A calendar day, `YYYY-MM-DD`; a usage error that shows the form when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text[:40]!r} is no day; write it like 2027-03-01") from None


def read_setting(text: str) -> tuple[str, str]:
    """An answer to a template's parameter, `name=value`; a usage error when it is none."""
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name.strip()):
        raise click.BadParameter("write it like company=Example")
    return name.strip(), value.strip()


def _all(*decorators: Decorator[Callable[..., object]]) -> Decorator[Callable[..., object]]:
    def decorate(function: Callable[..., object]) -> Callable[..., object]:
        return functools.reduce(lambda inner, decorator: decorator(inner), reversed(decorators), function)

    return decorate


_path = functools.partial(click.Path, path_type=Path, dir_okay=False)

name_option = click.option("--name", metavar="TEXT", help="Name of the rollout; it is shown everywhere.")
go_live_option = click.option(
    "--go-live", type=read_day, metavar="YYYY-MM-DD", help="Day it is live; dates are counted backward from it."
)
start_option = click.option(
    "--start-date", "start", type=read_day, metavar="YYYY-MM-DD", help="First day; dates are counted forward from it."
)
people_option = click.option("--people", type=_path(), metavar="FILE", help="People list, CSV or XLSX.")
department_option = click.option(
    "--department", "departments", multiple=True, metavar="NAME", help="Only this department; may be repeated."
)
set_option = click.option(
    "--set",
    "given",
    type=read_setting,
    metavar="NAME=VALUE",
    multiple=True,
    help="Answer to a question of the template; may be repeated.",
)
no_input_option = click.option("--no-input", is_flag=True, help="Never ask; fail and say what is missing.")

yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask before writing.")
force_option = click.option("--force", is_flag=True, help="Go past the safety limits.")
settle_option = click.option(
    "--settle",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Wait this long for requests in doubt; 0: not; default: until they can be settled.",
)
out_option = click.option("--out", type=_path(), metavar="FILE", help="Write the plan to a file for `apply FILE`.")
exit_code_option = click.option(
    "--exit-code", "use_exit_code", is_flag=True, help="Exit with 3 when changes are pending."
)
rollout_argument = click.argument("rollout", metavar="NAME")
optional_rollout_argument = click.argument("rollout", metavar="[NAME]", required=False)
as_of_option = click.option(
    "--as-of", type=read_day, metavar="YYYY-MM-DD", help="As it stood at the end of that day, out of history."
)


def refuse_future(as_of: date | None, now: datetime) -> None:
    """A day that has not come, here or at Greenwich, has no history.

    Raises:
        click.BadParameter: it is such a day.
    """
    if as_of is not None and as_of > max(now.date(), now.astimezone().date()):
        raise click.BadParameter(f"{as_of.isoformat()} has not come yet", param_hint="'--as-of'")


template_argument = click.argument("template", metavar="TEMPLATE")


def rollout_options(function: Callable[..., Answer[Any]]) -> Callable[..., object]:
    """The options that describe a rollout; the function gets them as one `request`.

    Raises:
        click.UsageError: both `--go-live` and `--start-date`, or one parameter set twice.
    """

    @functools.wraps(function)
    def gathered(*args: object, no_input: bool, given: Sequence[tuple[str, str]], **others: Any) -> object:  # noqa: ANN401 - click hands over anything
        keys = ("name", "go_live", "start", "people", "departments")
        request = RolloutRequest(**{key: others.pop(key) for key in keys}, given=_answers(given), may_ask=not no_input)
        if request.go_live and request.start:
            raise click.UsageError("Give either --go-live or --start-date, not both.")
        return function(*args, request=request, **others)

    decorate = _all(
        name_option, go_live_option, start_option, people_option, department_option, set_option, no_input_option
    )
    return decorate(gathered)


def _answers(given: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    names = [name for name, _ in given]
    for name in names:
        if names.count(name) > 1:
            raise click.UsageError(f"--set {name} is given twice.")
    return dict(given)
