"""Settings from environment variables: `ROLLOUT_SYNC_<SECTION>_<KEY>` goes over the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from rollout_sync.config.document import SECTIONS, TABLES
from rollout_sync.config.spelling import nearest_hint
from rollout_sync.errors import Problem

PREFIX = "ROLLOUT_SYNC_"
JIRA_TOKEN = "ROLLOUT_SYNC_JIRA_TOKEN"  # noqa: S105 - the name of a variable
GRAPH_SECRET = "ROLLOUT_SYNC_GRAPH_SECRET"  # noqa: S105 - the same
GRAPH_PASSPHRASE = "ROLLOUT_SYNC_GRAPH_PASSPHRASE"  # noqa: S105 - the same
SMTP_PASSWORD = "ROLLOUT_SYNC_SMTP_PASSWORD"  # noqa: S105 - the same
WEBHOOK_URL = "ROLLOUT_SYNC_WEBHOOK_URL"
SECRET_VARIABLES = (JIRA_TOKEN, GRAPH_SECRET, GRAPH_PASSPHRASE, SMTP_PASSWORD, WEBHOOK_URL)
"""Every variable that may hold a secret."""

_KINDS: tuple[tuple[type, str], ...] = ((int, "a whole number"), (float, "a number"), (bool, "true or false"))

Overrides = Mapping[tuple[str, str], object]


def overrides(environ: Mapping[str, str]) -> tuple[Overrides, tuple[Problem, ...]]:
    """Values by (section, key), and a problem for every variable of a known section that names no key of it.

    An empty variable counts as not set.
    """
    values: dict[tuple[str, str], object] = {}
    problems: list[Problem] = []
    for variable in sorted(environ):
        target = _target(variable)
        if target is None or not environ[variable].strip():
            continue
        outcome = _read(variable, target, environ[variable].strip())
        if isinstance(outcome, Problem):
            problems.append(outcome)
        else:
            values[target] = outcome[0]
    return values, tuple(problems)


def merge(file: Mapping[str, object], over: Overrides) -> dict[str, object]:
    """The file's sections with the environment's values written over theirs; broken sections stay as they are."""
    merged = dict(file)
    for (section, key), value in over.items():
        present = merged.get(section, {})
        if isinstance(present, dict):
            merged[section] = {**present, key: value}
    return merged


def variable_of(section: str, key: str) -> str:
    """Name of the variable that sets this key."""
    return f"{PREFIX}{section}_{key}".upper()


def _target(variable: str) -> tuple[str, str] | None:
    if not variable.startswith(PREFIX) or variable in SECRET_VARIABLES:
        return None
    section, _, key = variable[len(PREFIX) :].lower().partition("_")
    return (section, key) if section in SECTIONS and key else None


def _read(variable: str, target: tuple[str, str], text: str) -> Problem | tuple[object]:
    section, key = target
    fields = SECTIONS[section].model_fields
    if key not in fields:
        known = [variable_of(section, name) for name in fields]
        return _problem(variable, f"there is no key {key!r} in [{section}]", nearest_hint(variable, known))
    kind = get_origin(fields[key].annotation)
    if kind is dict:
        return _problem(variable, "a table cannot be given in a variable", f"write [{section}.{key}] in config.toml")
    if (section, key) in TABLES:
        return _problem(variable, "tables cannot be given in a variable", f"write [[{section}.{key}]] in config.toml")
    if kind is list:
        return ([part.strip() for part in text.split(",") if part.strip()],)
    return _scalar(variable, fields[key], text)


def _scalar(variable: str, field: FieldInfo, text: str) -> Problem | tuple[object]:
    for kind, wanted in _KINDS:
        if kind is field.annotation:
            try:
                return (TypeAdapter[object](kind).validate_python(text, strict=False),)
            except ValidationError:
                return _problem(variable, f"should be {wanted}")
    return (text,)


def _problem(variable: str, message: str, hint: str = "") -> Problem:
    return Problem(file=f"${variable}", line=0, column=0, message=message, hint=hint)
