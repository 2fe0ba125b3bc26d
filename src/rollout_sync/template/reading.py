"""From the bytes of a template to a checked document: every problem at once, each with its line and column.

Three sieves: the YAML itself (`nodes`), its shape (the pydantic model), its meaning (`checks`). A later sieve runs
only where the earlier one let everything pass, so that one slip is not reported three times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rollout_sync.errors import Problem, TemplateError
from rollout_sync.template.checks import complaints
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.nodes import Entries, Listing, Node, Path, Unreadable, locate, plain, read_nodes
from rollout_sync.template.places import Places
from rollout_sync.template.spelling import did_you_mean, shown

MAX_PROBLEMS: Final = 200
"""More than this at once helps nobody, and the search for near names takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template that passed every check, with its text and the places of its values.

    Attributes:
        text: the file as it was read, for `templates show --source` and the fingerprint.
        places: for problems that show only when parameters are known.
    """

    document: TemplateDocument
    text: str
    places: Places

    @property
    def file(self) -> str:
        """Path as the user gave it."""
        return self.places.file


def read_template(raw: bytes, file: str) -> Template:
    """Read and check a template.

    Args:
        raw: the file's bytes, UTF-8.
        file: what to call it in problems.

    Raises:
        TemplateError: with all problems.
    """
    try:
        root, found = read_nodes(raw, file)
    except Unreadable as end:
        raise _error(file, [end.problem]) from None
    places = Places(file=file, root=root)
    if not isinstance(root, Entries):
        raise _error(file, [*found, places.problem((), "a template is a list of keys such as `template: mfa`")])
    document, misshapen = _validated(root, places)
    if document is None:
        raise _error(file, [*found, *misshapen])
    problems = [*found, *islice(complaints(document, places), MAX_PROBLEMS)]
    if problems:
        raise _error(file, problems)
    return Template(document=document, text=raw.decode("utf-8-sig"), places=places)


def _error(file: str, problems: Sequence[Problem]) -> TemplateError:
    count = len(problems)
    noun = "problem" if count == 1 else "problems"
    return TemplateError(f"{count} {noun} in {file}", tuple(problems), hint="correct the places named and check again")


def _validated(root: Node, places: Places) -> tuple[TemplateDocument | None, Sequence[Problem]]:
    try:
        return TemplateDocument.model_validate(plain(root)), ()
    except ValidationError as error:
        details = error.errors(include_url=False)
    real = (detail for detail in details if not _is_echo(detail, places))
    return None, list(dict.fromkeys(_translated(detail, places) for detail in islice(real, MAX_PROBLEMS)))


def _is_echo(detail: ErrorDetails, places: Places) -> bool:
    """Pydantic calls a list too short when some of its members are wrong: those are reported already."""
    node = places.node(detail["loc"])
    wanted = detail.get("ctx", {}).get("min_length", 0)
    return detail["type"] == "too_short" and isinstance(node, Listing) and len(node.members) >= wanted


def _translated(detail: ErrorDetails, places: Places) -> Problem:
    """One complaint of pydantic in the words and places of the person who wrote the file."""
    loc: Path = detail["loc"]
    kind = detail["type"]
    known = _known_keys(loc[:-1])
    if kind == "extra_forbidden":
        name = str(loc[-1])
        return places.problem(loc, f"unknown key {shown(name)}", did_you_mean(name, known), key=True)
    if kind == "missing" and isinstance(loc[-1], int):
        return places.problem(
            loc[:-1], f"{_label(loc, places)}: needs more numbers", "[low, likely, high], or one number"
        )
    if kind == "missing":
        return places.problem(loc[:-1], f"{_owner(loc[:-1], places)} needs {str(loc[-1])!r}", f"add `{loc[-1]}: …`")
    if loc and loc[-1] == "[key]":
        hint = "small letters, digits, - or _, beginning with a letter"
        return places.problem(loc[:-1], f"{shown(str(loc[-2]))} cannot be a name", _key_hint(loc, hint), key=True)
    message, hint = _worded(detail)
    return places.problem(loc, f"{_label(loc, places)}: {message}", hint)


def _label(path: Path, places: Places) -> str:
    """The last key on the path that stands in the file."""
    _, found = locate(places.root, path)
    return next((step for step in reversed(found) if isinstance(step, str)), "template")


def _key_hint(loc: Path, otherwise: str) -> str:
    if loc[0] != "routes":
        return otherwise
    return did_you_mean(str(loc[-2]), _schema()["$defs"]["ItemKind"]["enum"])


def _owner(path: Path, places: Places) -> str:
    """How to speak of the mapping that lacks a key: by its own key or title where it has one."""
    node = places.node(path)
    if isinstance(node, Entries):
        for key in ("key", "title"):
            if entry := node.get(key):
                return shown(plain(entry[1]))
    return _label(path, places) if path else "the template"


_WORDS: Final[Mapping[str, str]] = {
    "union_tag_not_found": "needs 'type'",
    "string_type": "must be a text, not {input}",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number, not {input}",
    "int_parsing": "must be a whole number, not {input}",
    "int_from_float": "must be a whole number, not {input}",
    "float_type": "must be a number, not {input}",
    "float_parsing": "must be a number, not {input}",
    "finite_number": "must be a finite number",
    "bool_type": "must be yes or no, not {input}",
    "bool_parsing": "must be yes or no, not {input}",
    "tuple_type": "must be a list, not {input}",
    "list_type": "must be a list, not {input}",
    "mapping_type": "must be a group of keys, not {input}",
    "dict_type": "must be a group of keys, not {input}",
    "model_type": "must be a group of keys, not {input}",
    "model_attributes_type": "must be a group of keys, not {input}",
    "string_too_long": "is longer than {max_length} characters",
    "too_long": "has more than {max_length} entries",
    "too_short": "needs at least {min_length} entries",
    "greater_than_equal": "must be at least {ge}, not {input}",
    "less_than_equal": "must be at most {le}, not {input}",
}
_HINTS: Final[Mapping[str, str]] = {
    "union_tag_not_found": "text, yes-no, number, date, choice or list",
    "string_type": "put a number or a yes/no word in quotes",
    "tuple_type": "write [a, b], or one `- ` line for each",
}


def _worded(detail: ErrorDetails) -> tuple[str, str]:
    """Message and hint of a value that is there, but wrong."""
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind in _WORDS:
        return _WORDS[kind].format(input=_kind_of(given), **context), _HINTS.get(kind, "")
    match kind:
        case "enum" | "literal_error":
            words = str(context["expected"]).replace(" or ", ", ").split(", ")
            answer = f"{_kind_of(given)} is not known", _near(given, words)
        case "union_tag_invalid":
            words = str(context["expected_tags"]).split(", ")
            answer = f"type {shown(context['tag'])} is not known", _near(context["tag"], words)
        case "string_pattern_mismatch":
            answer = f"{shown(given)} cannot be used", _pattern_hint(str(context["pattern"]))
        case "value_error":
            answer = str(context["error"]), ""
        case _:
            answer = f"{detail['msg'][:1].lower()}{detail['msg'][1:]} ({_kind_of(given)})", ""
    return answer


def _near(given: object, quoted: Sequence[str]) -> str:
    return did_you_mean(str(given), [word.strip("'") for word in quoted])


def _kind_of(value: object) -> str:
    """A value as the writer of the file would call it."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a group of keys"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    return shown(value)


def _pattern_hint(pattern: str) -> str:
    if "\\n" in pattern:
        return "one line only"
    signs = "_" if "_" in pattern else "-"
    return f"small letters, digits and {signs}, beginning with a letter, at most 40"


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    return TemplateDocument.model_json_schema(by_alias=True)


def _known_keys(path: Path) -> tuple[str, ...]:
    """The keys that the grammar knows at a place."""
    return tuple(sorted({key for spot in _spots(path) for key in spot.get("properties", {})}))


def _spots(path: Path) -> Sequence[Mapping[str, Any]]:
    """The parts of the JSON Schema that describe a place; several where the grammar has alternatives."""
    spots = list(_opened(_schema()))
    for step in path:
        below = [part for spot in spots for part in _below(spot, step)]
        named = [spot for spot in spots if spot.get("properties", {}).get("type", {}).get("const") == step]
        spots = below or named or spots  # a step that is no key names one of several alternatives
    return spots


def _below(spot: Mapping[str, Any], step: str | int) -> Iterator[Mapping[str, Any]]:
    if isinstance(step, int):
        members = spot.get("items")
    else:
        members = spot.get("properties", {}).get(step, spot.get("additionalProperties"))
    if isinstance(members, dict):
        yield from _opened(members)
    if not isinstance(step, int):
        for part in spot.get("patternProperties", {}).values():
            yield from _opened(part)


def _opened(spot: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A part of the schema with its references and alternatives followed."""
    if "$ref" in spot:
        yield from _opened(_schema()["$defs"][spot["$ref"].rsplit("/", 1)[1]])
        return
    for word in ("anyOf", "oneOf", "allOf"):
        for part in spot.get(word, ()):
            yield from _opened(part)
    if "type" in spot or "properties" in spot:
        yield spot
