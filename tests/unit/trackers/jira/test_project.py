"""Screens, types and people of a project, as values."""

from __future__ import annotations

import pytest

from rollout_sync.model.operations import Severity
from rollout_sync.trackers.jira.people import account_for
from rollout_sync.trackers.jira.screens import (
    ScreenSettings,
    epic_type,
    field_value,
    item_type,
    type_facts,
    unused_settings,
)

EPIC = {"id": "1", "name": "Epos", "untranslatedName": "Epic", "hierarchyLevel": 1, "subtask": False}
BUG = {"id": "2", "name": "Fehler", "untranslatedName": "Bug", "hierarchyLevel": 0, "subtask": False}
TASK = {"id": "3", "name": "Aufgabe", "untranslatedName": "Task", "hierarchyLevel": 0, "subtask": False}
SUB = {"id": "4", "name": "Task", "hierarchyLevel": -1, "subtask": True}
TYPES = [SUB, BUG, TASK, EPIC]
NOTHING = ScreenSettings(custom_fields={}, start_field=None)


def field(field_id, name="F", *, required=False, default=False, kind="string", custom="", **more):
    schema = {"type": kind, **({"custom": custom} if custom else {}), **more.pop("schema", {})}
    return {
        "fieldId": field_id,
        "name": name,
        "required": required,
        "hasDefaultValue": default,
        "schema": schema,
        **more,
    }


PICKER = "com.atlassian.jira.plugin.system.customfieldtypes:datepicker"
USUAL = [field(name) for name in ("summary", "description", "duedate", "assignee", "labels", "issuelinks", "parent")]
START = field("customfield_10015", "Startdatum", kind="date", custom=PICKER)


def test_types_are_found_by_level_and_untranslated_name():
    assert epic_type(TYPES, None) is EPIC
    assert item_type(TYPES, None) is TASK
    assert item_type([SUB, BUG, EPIC], None) is BUG
    assert item_type(TYPES, "fehler") is BUG
    assert item_type(TYPES, "Bug") is BUG
    assert epic_type([TASK], None) is None
    assert item_type(TYPES, "Story") is None


def test_the_start_date_is_found_in_any_language():
    facts, findings = type_facts(TASK, [*USUAL, START], {"customfield_10015": "Start date"}, NOTHING)
    assert facts.start == "customfield_10015"
    assert findings == ()
    other = field("customfield_9", "Start date", kind="string", custom="x:textfield")
    facts, findings = type_facts(TASK, [*USUAL, other], {}, NOTHING)
    assert facts.start == ""
    assert [finding.severity for finding in findings] == [Severity.WARNING]


def test_the_configured_start_field_wins():
    settings = ScreenSettings(custom_fields={}, start_field="customfield_7")
    facts, _ = type_facts(TASK, [*USUAL, START, field("customfield_7", kind="date")], {}, settings)
    assert facts.start == "customfield_7"


def test_a_demanded_field_is_named_with_its_values_and_key():
    train = field(
        "customfield_10300", "Release train", required=True, kind="option",
        allowedValues=[{"value": "North"}, {"value": "South"}],
    )  # fmt: skip
    _, findings = type_facts(TASK, [*USUAL, START, train], {"customfield_10015": "Start date"}, NOTHING)
    (finding,) = findings
    assert finding.severity is Severity.ERROR
    assert '"Release train" (customfield_10300)' in finding.message
    assert "North, South" in finding.message
    assert finding.where == "jira.custom_fields.customfield_10300"
    settings = ScreenSettings(custom_fields={"customfield_10300": "North"}, start_field=None)
    facts, findings = type_facts(TASK, [*USUAL, START, train], {"customfield_10015": "Start date"}, settings)
    assert findings == ()
    assert facts.extra == {"customfield_10300": {"value": "North"}}


def test_defaults_and_what_we_fill_are_not_demanded():
    fields = [
        *USUAL,
        START,
        field("priority", required=True, default=True),
        field("project", required=True),
        field("issuetype", required=True),
        field("reporter", required=True),
        field("customfield_10011", "Epic Name", required=True, custom="com.pyxis.greenhopper.jira:gh-epic-label"),
    ]
    facts, findings = type_facts(EPIC, fields, {"customfield_10015": "Start date"}, NOTHING)
    assert findings == ()
    assert facts.epic_name == "customfield_10011"


def test_a_configured_field_that_no_screen_has_is_told():
    facts, _ = type_facts(TASK, USUAL, {}, NOTHING)
    (finding,) = unused_settings([facts], ScreenSettings(custom_fields={"customfield_404": 1}, start_field=None))
    assert "customfield_404" in finding.message


@pytest.mark.parametrize(
    ("schema", "value", "sent"),
    [
        ({"type": "option"}, "A", {"value": "A"}),
        ({"type": "option"}, {"id": "7"}, {"id": "7"}),
        ({"type": "array", "items": "option"}, ["A", "B"], [{"value": "A"}, {"value": "B"}]),
        ({"type": "array", "items": "string"}, "a", ["a"]),
        ({"type": "array", "items": "component"}, ["C"], [{"name": "C"}]),
        ({"type": "priority"}, "High", {"name": "High"}),
        ({"type": "user"}, "712020:x", {"accountId": "712020:x"}),
        ({"type": "number"}, 3, 3),
        ({"type": "string"}, "s", "s"),
    ],
)
def test_configured_values_take_the_form_of_their_type(schema, value, sent):
    assert field_value({"schema": schema}, value) == sent


def person(account, email="", *, active=True, kind="atlassian"):
    return {"accountId": account, "emailAddress": email, "active": active, "accountType": kind}


@pytest.mark.parametrize(
    ("hits", "account"),
    [
        ([person("1", "erin@example.com"), person("2", "erin@example.com.example.org")], "1"),
        ([person("1", "ERIN@example.com")], "1"),
        ([person("1")], "1"),
        ([person("1"), person("2")], None),
        ([person("1", "erin.other@example.com")], None),
        ([person("1", active=False)], None),
        ([person("1", kind="app")], None),
        ([person("1", "erin@example.com"), person("2", "erin@example.com")], None),
        ([], None),
    ],
)
def test_nobody_is_taken_for_somebody_else(hits, account):
    assert account_for("erin@example.com", hits) == account
