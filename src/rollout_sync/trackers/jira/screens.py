"""What a project's create screens take and demand, as values and findings. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout_sync.model.operations import Finding, Severity
from rollout_sync.trackers.jira.destination import TypeFacts
from rollout_sync.trackers.jira.shapes import Json, inner, inner_text

EPIC_LEVEL = 1
_EPIC_LABEL = "gh-epic-label"
_DATE_PICKER = "datepicker"
_START = "start date"
_FILLED = frozenset({"project", "issuetype", "summary", "reporter", "labels", "parent"})
_WANTED = {"duedate": "due dates", "assignee": "owners", "description": "descriptions"}
_SHOWN_VALUES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenSettings:
    """What the configuration says about screens."""

    custom_fields: Mapping[str, object]
    start_field: str | None


def epic_type(types: Sequence[Json], wanted: str | None) -> Json | None:
    """The issue type for phases: the configured one, else the one on the epic level."""
    if wanted is not None:
        return _named(types, wanted)
    return next((t for t in types if t.get("hierarchyLevel") == EPIC_LEVEL), None)


def item_type(types: Sequence[Json], wanted: str | None) -> Json | None:
    """The issue type for items: the configured one, else Task by its untranslated name, else the first of its level."""
    if wanted is not None:
        return _named(types, wanted)
    base = [t for t in types if t.get("hierarchyLevel") == 0 and t.get("subtask") is not True]
    return next((t for t in base if _own_name(t) == "task"), base[0] if base else None)


def type_facts(
    issue_type: Json, fields: Sequence[Json], untranslated: Mapping[str, str], settings: ScreenSettings
) -> tuple[TypeFacts, tuple[Finding, ...]]:
    """What the create screen of one issue type takes, and what stands in the way.

    Args:
        issue_type: the type.
        fields: of its create screen.
        untranslated: field id to the name it was given, whatever the account's language.
        settings: the configuration's part.
    """
    name = inner_text(issue_type, "name")
    by_id = {_field_id(field): field for field in fields}
    start = settings.start_field if settings.start_field in by_id else _start_field(fields, untranslated)
    epic_name = next((i for i, f in by_id.items() if inner_text(f, "schema", "custom").endswith(_EPIC_LABEL)), "")
    extra = {i: field_value(by_id[i], value) for i, value in settings.custom_fields.items() if i in by_id}
    filled = {*_FILLED, *extra, *filter(None, (epic_name, start))}
    findings = [
        *(_demanded(field, name) for i, field in by_id.items() if _is_demanded(field) and i not in filled),
        *_missing(by_id, name, start),
    ]
    facts = TypeFacts(
        id=inner_text(issue_type, "id"),
        start=start or "",
        epic_name=epic_name,
        settable=tuple(sorted(by_id)),
        extra=extra,
    )
    return facts, tuple(findings)


def unused_settings(screens: Sequence[TypeFacts], settings: ScreenSettings) -> tuple[Finding, ...]:
    """Configured custom fields that no create screen has."""
    unknown = [i for i in settings.custom_fields if not any(screen.takes(i) for screen in screens)]
    return tuple(
        Finding(
            severity=Severity.ERROR,
            code="jira-field-not-on-screen",
            message=f"Field {i} is configured, but no create screen of the project has it",
            hint="Correct the id, remove it, or ask a Jira administrator to put the field on the create screen.",
            where=f"jira.custom_fields.{i}",
        )
        for i in unknown
    )


def field_value(field: Json, value: object) -> object:
    """A configured value in the form that the field's type wants; JSON objects are sent as they are."""
    kind = inner_text(field, "schema", "type")
    if isinstance(value, Mapping):
        return value
    if kind == "array":
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        return [_one_value(inner_text(field, "schema", "items"), element) for element in values]
    return _one_value(kind, value)


def _one_value(kind: str, value: object) -> object:
    if isinstance(value, Mapping):
        return value
    if kind == "option":
        return {"value": value}
    if kind in ("priority", "version", "component", "resolution", "group"):
        return {"name": value}
    if kind == "user":
        return {"accountId": value}
    return value


def _named(types: Sequence[Json], wanted: str) -> Json | None:
    sought = wanted.casefold()
    return next((t for t in types if sought in (inner_text(t, "name").casefold(), _own_name(t))), None)


def _own_name(issue_type: Json) -> str:
    return (inner_text(issue_type, "untranslatedName") or inner_text(issue_type, "name")).casefold()


def _field_id(field: Json) -> str:
    return inner_text(field, "fieldId") or inner_text(field, "key")


def _start_field(fields: Sequence[Json], untranslated: Mapping[str, str]) -> str | None:
    for field in fields:
        field_id = _field_id(field)
        names = {inner_text(field, "name").casefold(), untranslated.get(field_id, "").casefold()}
        if inner_text(field, "schema", "custom").endswith(_DATE_PICKER) and _START in names:
            return field_id
    return None


def _is_demanded(field: Json) -> bool:
    return field.get("required") is True and field.get("hasDefaultValue") is not True


def _demanded(field: Json, type_name: str) -> Finding:
    field_id, name = _field_id(field), inner_text(field, "name")
    allowed = _allowed(field)
    choices = f"; allowed: {allowed}" if allowed else ""
    return Finding(
        severity=Severity.ERROR,
        code="jira-field-required",
        message=f'The project demands "{name}" ({field_id}) for every new {type_name}{choices}',
        hint=f'Set {field_id} = "…" under [jira.custom_fields], or ask a Jira administrator to make it optional.',
        where=f"jira.custom_fields.{field_id}",
    )


def _allowed(field: Json) -> str:
    values = inner(field, "allowedValues")
    names = [inner_text(v, "value") or inner_text(v, "name") for v in (values if isinstance(values, list) else [])]
    shown = ", ".join(name for name in names[:_SHOWN_VALUES] if name)
    return f"{shown}, …" if len(names) > _SHOWN_VALUES else shown


def _missing(by_id: Mapping[str, Json], type_name: str, start: str | None) -> list[Finding]:
    absent = {i: words for i, words in _WANTED.items() if i not in by_id}
    if start is None:
        absent["start date"] = "start dates"
    return [
        Finding(
            severity=Severity.WARNING,
            code="jira-field-absent",
            message=f"The create screen of {type_name} has no {field}: {words} will not be shown there",
            hint="Ask a Jira administrator to put the field on the create screen.",
            where="jira.project",
        )
        for field, words in absent.items()
    ]
