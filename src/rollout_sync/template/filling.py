"""Filling in the texts of a template: the names that texts may use, and every failure as a problem with its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rollout_sync.errors import Problem
from rollout_sync.model.rollout import Department
from rollout_sync.template.grammar import MAX_TITLE
from rollout_sync.template.nodes import Path
from rollout_sync.template.parameters import Answer
from rollout_sync.template.places import Places
from rollout_sync.template.rendering import Context, Unrenderable, holds, render


def base_context(
    name: str, go_live: date | None, answers: Mapping[str, object], departments: tuple[Department, ...]
) -> Context:
    """The names that every text knows, but for `people`."""
    return {
        **answers,
        "rollout": {"name": name, "go_live": go_live.isoformat() if go_live else "the go-live day"},
        "departments": tuple(department_facts(department) for department in departments),
    }


def department_facts(department: Department) -> Mapping[str, object]:
    """What `department.` offers."""
    return {"key": department.key, "name": department.name, "size": department.size or 0}


class Filling:
    """Renders texts at their places and gathers what goes wrong."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.problems: dict[Problem, None] = {}

    def complain(self, path: Path, message: str, hint: str = "") -> None:
        """Note a problem; the same one for several departments is noted once."""
        self.problems[self._places.problem(path, message, hint)] = None

    def text(self, path: Path, text: str, context: Context) -> str:
        """The text filled in; as written where that fails."""
        try:
            return render(text, context).strip()
        except Unrenderable as error:
            self.complain(path, str(error))
            return text

    def line(self, path: Path, text: str, context: Context, *, longest: int = MAX_TITLE) -> str:
        """One line, neither empty nor too long for both services."""
        line = " ".join(self.text(path, text, context).split())
        if not line:
            self.complain(path, "is empty once its names are filled in")
        if len(line) > longest:
            message = f"is {len(line)} characters long once its names are filled in"
            self.complain(path, message, f"at most {longest} are possible")
        return line

    def lines(self, path: Path, texts: tuple[str, ...], context: Context) -> tuple[str, ...]:
        """Several lines, such as a checklist."""
        return tuple(self.line((*path, i), text, context, longest=1000) for i, text in enumerate(texts))

    def keeps(self, path: Path, condition: str | None, context: Context) -> bool:
        """Whether a `when` holds."""
        if condition is None:
            return True
        try:
            return holds(condition, context)
        except Unrenderable as error:
            self.complain((*path, "when"), str(error))
            return True


def plain_answer(answer: Answer) -> str | int | float | bool | list[str]:
    """An answer as a JSON value."""
    if isinstance(answer, date):
        return answer.isoformat()
    return list(answer) if isinstance(answer, tuple) else answer
