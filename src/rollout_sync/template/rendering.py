"""Names and small expressions in texts: what is allowed, whether the names exist, and the filled-in text.

The language is Jinja2's, cut down to what texts need. What is not on the lists below is refused when a template is
read, so that no text can call, loop without bound or grow: work and output are bounded by the text and the parameters.
The sandbox stands behind that as a second wall.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, meta, nodes
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rollout_sync.template.spelling import did_you_mean

MAX_OUTPUT: Final = 20_000
"""Longest text that rendering may give, in characters."""

MAX_LOOPS: Final = 2
"""How deep loops may be nested; each runs over a parameter or the departments."""

FILTERS: Final = frozenset(
    {"abs", "capitalize", "default", "first", "int", "join", "last", "length", "lower", "round", "sort", "title"}
    | {"trim", "upper", "unique"}
)
LOOP_FACTS: Final = frozenset({"index", "first", "last", "length"})
_ENGINE_NAMES: Final = frozenset({"self", "super", "caller", "varargs", "kwargs"})

_NODES: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Filter,
    nodes.Keyword,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.If,
    nodes.For,
    nodes.Concat,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.Neg,
)

Context = Mapping[str, object]
Names = Mapping[str, frozenset[str]]
"""Names that a text may use; each with the facts behind its dot, none for a plain value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong with a text; `line` counts from 1 within the text."""

    message: str
    line: int
    hint: str = ""


class Unrenderable(Exception):
    """A text that passed the checks cannot be filled in with these values."""


class _Environment(ImmutableSandboxedEnvironment):
    """Dots look up facts only, never attributes; `*` is for numbers only."""

    intercepted_binops = frozenset({"*"})

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - Jinja2's signature
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if attribute in LOOP_FACTS or isinstance(obj, Undefined):
            return super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - the same
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise JinjaError("only numbers can be multiplied")
        return super().call_binop(context, operator, left, right)


def _shown(value: object) -> object:
    """Values as people write them: `yes`, `a, b`, a department by its name."""
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple() | list():
            return ", ".join(str(_shown(part)) for part in value)
        case Mapping():
            return value.get("name", "")
        case _:
            return value


@lru_cache(maxsize=1)
def _environment() -> _Environment:
    made = _Environment(undefined=StrictUndefined, finalize=_shown, autoescape=False, optimized=False)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in sorted(FILTERS)}
    made.tests.clear()
    return made


def has_names(text: str) -> bool:
    """Whether rendering could change the text."""
    return any(sign in text for sign in ("{{", "{%", "{#"))


def check_text(text: str, names: Names) -> tuple[Complaint, ...]:
    """All that keeps a text from being rendered with these names."""
    if not has_names(text):
        return ()
    try:
        return tuple(_complaints(_environment().parse(text), names))
    except (TemplateSyntaxError, RecursionError) as error:
        return (_syntax(error),)


def check_condition(text: str, names: Names) -> tuple[Complaint, ...]:
    """All that keeps a `when` from being decided with these names."""
    if has_names(text) or "}}" in text or "%}" in text:
        return (Complaint(message="a condition is written without braces", line=1, hint="when: works_council"),)
    return check_text("{{ " + text + "\n}}", names)


def _syntax(error: TemplateSyntaxError | RecursionError) -> Complaint:
    if isinstance(error, RecursionError):
        return Complaint(message="the expression is nested too deeply", line=1)
    return Complaint(message=f"cannot be filled in: {error.message}", line=error.lineno, hint="a name stands in {{ }}")


def _complaints(tree: nodes.Template, names: Names) -> Iterator[Complaint]:
    refused = tuple(_refused(tree))
    yield from refused
    for node in tree.find_all(nodes.Getattr):
        yield from _dot(node, names)
    if not refused:  # Jinja2's own analysis of names stops at filters that it does not know
        yield from _unknown(tree, names)


def _refused(tree: nodes.Template) -> Iterator[Complaint]:
    """Constructs beyond the small language."""
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _NODES):
            word = type(node).__name__.lower()
            yield Complaint(message=f"{word} is not allowed in texts", line=node.lineno, hint="use names, if and for")
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            hint = did_you_mean(node.name, FILTERS)
            yield Complaint(message=f"unknown filter {node.name!r}", line=node.lineno, hint=hint)
        elif isinstance(node, nodes.Name) and node.name in _ENGINE_NAMES:
            yield Complaint(message=f"{node.name!r} is not allowed in texts", line=node.lineno)
    if _loop_depth(tree) > MAX_LOOPS:
        yield Complaint(message=f"loops are nested deeper than {MAX_LOOPS}", line=1)


def _dot(node: nodes.Getattr, names: Names) -> Iterator[Complaint]:
    owner = node.node.name if isinstance(node.node, nodes.Name) else None
    facts = names.get(owner or "", frozenset())
    if owner == "loop":
        facts = LOOP_FACTS
    if owner is not None and owner not in names and owner != "loop" and not node.attr.startswith("_"):
        facts = frozenset({"key", "name", "size"})  # the variable of a loop over departments; unknown names: see below
    if node.attr not in facts:
        place = f"{owner}.{node.attr}" if owner else f"….{node.attr}"
        yield Complaint(message=f"unknown name {place}", line=node.lineno, hint=did_you_mean(node.attr, facts))


def _unknown(tree: nodes.Template, names: Names) -> Iterator[Complaint]:
    for name in sorted(meta.find_undeclared_variables(tree) - set(names)):
        line = next((n.lineno for n in tree.find_all(nodes.Name) if n.name == name), 1)
        hint = did_you_mean(name, names)
        if name in {"department", "wave"}:
            hint = "it is known in items with for_each or in a wave"
        yield Complaint(message=f"unknown name {name!r}", line=line, hint=hint)


def _loop_depth(node: nodes.Node) -> int:
    below = max((_loop_depth(child) for child in node.iter_child_nodes()), default=0)
    return below + isinstance(node, nodes.For)


def render(text: str, context: Context) -> str:
    """The text with its names filled in.

    Raises:
        Unrenderable: an expression fails with these values, or the text grows beyond `MAX_OUTPUT`.
    """
    if not has_names(text):
        return text
    parts: list[str] = []
    room = MAX_OUTPUT
    try:
        for part in _compiled(text).generate(dict(context)):
            parts.append(part)
            room -= len(part)
            if room < 0:
                raise Unrenderable(f"the text grows beyond {MAX_OUTPUT:,} characters")
    except (JinjaError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise Unrenderable(f"cannot be filled in: {error}") from None
    return "".join(parts)


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Any:  # noqa: ANN401 - Jinja2's template has no public type here
    tree = _environment().parse(text)
    refused = next((node for node in tree.find_all(nodes.Node) if not isinstance(node, _NODES)), None)
    if refused is not None:
        raise Unrenderable(f"{type(refused).__name__.lower()} is not allowed in texts")
    return _environment().from_string(text)


def holds(condition: str, context: Context) -> bool:
    """Whether a `when` holds. Raises `Unrenderable` where it cannot be decided."""
    try:
        return bool(_environment().compile_expression(condition, undefined_to_none=False)(**context))
    except (JinjaError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise Unrenderable(f"condition {condition!r} cannot be decided: {error}") from None
