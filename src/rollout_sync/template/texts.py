"""Which texts of a template are filled in, which names each may use, and the check of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from rollout_sync.errors import Problem
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.nodes import Path, Scalar, scalars
from rollout_sync.template.places import Places
from rollout_sync.template.rendering import Complaint, Names, check_condition, check_text, has_names

DEPARTMENT_FACTS: Final = frozenset({"key", "name", "size"})
RESERVED: Final = frozenset({"department", "departments", "loop", "people", "rollout", "wave"}) | frozenset(
    {"and", "else", "false", "if", "in", "is", "none", "not", "or", "true"}
    | {"caller", "kwargs", "self", "super", "varargs"}
)
"""Names that parameters cannot have."""

_ITEM_TEXTS: Final = frozenset({"title", "text", "checklist", "asks"})
_BOOK_TEXTS: Final = frozenset({"title", "sign", "ask", "close_when", "text", "checklist"})
_ITEM_DEPTH: Final = 5
"""Length of the path to a field of an item: phases, number, items, number, field."""


def names_of(document: TemplateDocument) -> Names:
    """The names that every text may use."""
    return {
        **dict.fromkeys(document.parameters, frozenset[str]()),
        "rollout": frozenset({"name", "go_live"}),
        "departments": frozenset(),
        "people": frozenset(document.roles),
    }


def text_complaints(document: TemplateDocument, places: Places) -> Iterator[Problem]:
    """Problems of every text that is filled in, and of names where nothing is filled in."""
    shared = names_of(document)
    departmental: Names = {**shared, "department": DEPARTMENT_FACTS}
    wave: Names = {**departmental, "wave": frozenset({"number"})}
    for path, scalar in scalars(places.root):
        if not isinstance(scalar.value, str):
            continue
        names = shared
        if path[0] == "phases":
            names = _phase_names(document, path, (shared, departmental, wave))
        elif path[0] == "playbooks":
            names = departmental
        for complaint in _checked(path, scalar, names):
            yield places.problem(path, complaint.message, complaint.hint, line=complaint.line)


def _phase_names(document: TemplateDocument, path: Path, known: tuple[Names, Names, Names]) -> Names:
    phase = document.phases[int(path[1])]
    shared, departmental, wave = known
    if path[-1] == "when":
        return shared  # work is kept or dropped for all departments alike
    if phase.wave is not None:
        return wave
    is_departmental = len(path) >= _ITEM_DEPTH and phase.items[int(path[3])].for_each is not None
    return departmental if is_departmental else shared


def _checked(path: Path, scalar: Scalar, names: Names) -> tuple[Complaint, ...]:
    text = str(scalar.value)
    if path[0] == "phases" and path[-1] == "when":
        return check_condition(text, names)
    if is_filled_in(path):
        return check_text(text, names)
    if has_names(text):
        return (Complaint(message="names in braces are not filled in here", line=1, hint="write the plain text"),)
    return ()


def is_filled_in(path: Path) -> bool:
    """Whether the text at a path is rendered."""
    rule = _RULES.get(str(path[0]))
    return rule is not None and rule(path)


def _in_phase(path: Path) -> bool:
    if len(path) >= _ITEM_DEPTH and path[2] == "items":
        return path[4] in _ITEM_TEXTS
    return path[-1] in {"title", "text"}


def _in_calendar(path: Path) -> bool:
    return path[-1] in {"holidays", "from", "to", "reason"}


def _in_playbook(path: Path) -> bool:
    return any(step in _BOOK_TEXTS for step in path)


def _in_pulse(path: Path) -> bool:
    return "questions" in path and "audience" not in path


def _in_measure(path: Path) -> bool:
    return path[-1] in {"title", "target"}


def _always(_: Path) -> bool:
    return True


_RULES: Final[dict[str, Callable[[Path], bool]]] = {
    "title": _always,
    "purpose": _always,
    "phases": _in_phase,
    "calendar": _in_calendar,
    "playbooks": _in_playbook,
    "pulse": _in_pulse,
    "measures": _in_measure,
}
