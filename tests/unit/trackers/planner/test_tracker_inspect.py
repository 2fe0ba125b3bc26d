"""A look before writing: group, people, membership, limits, and what the group holds already."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rollout_sync.errors import ConfigError, StalePlan
from rollout_sync.model.operations import Severity
from rollout_sync.sandbox.seed import GROUP_ID
from rollout_sync.trackers.planner.access import GraphAccess, SignIn
from rollout_sync.trackers.planner.client import Gathered
from rollout_sync.trackers.planner.destination import from_facts, to_facts
from rollout_sync.trackers.planner.inspect import (
    choose_group,
    choose_person,
    member_findings,
    plan_findings,
    quoted,
)

EMAILS = ["Frida.Figures@example.com", "nobody@example.com", "o'hara@example.com"]
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def codes(inspection):
    return sorted(finding.code for finding in inspection.findings)


@pytest.mark.parametrize("group", ["IT change", GROUP_ID])
def test_a_good_group_and_unknown_people(build_lab, rollout, group):
    lab = build_lab(group=group)
    inspection = lab.tracker.inspect(rollout, EMAILS)
    assert set(inspection.people) == {"frida.figures@example.com"}
    assert codes(inspection) == ["planner-person-missing"] * 2
    assert inspection.facts["group"] == GROUP_ID
    assert inspection.existing == 0
    assert all(finding.hint for finding in inspection.findings)
    assert not [line for line in lab.requests() if not line.startswith("GET") and line != "POST /$batch"]
    lab.tracker.use(inspection.facts)


def test_a_hundred_people_cost_five_batches(build_lab, rollout):
    lab = build_lab()
    lab.tracker.inspect(rollout, [f"person{n}@example.com" for n in range(98)])
    assert lab.requests() == ["GET /groups", *["POST /$batch"] * 5]


@pytest.mark.parametrize(
    ("group", "code"),
    [("No such group", "planner-group-missing"), ("00000000-0000-0000-0000-000000000000", "planner-group-missing")],
)
def test_a_group_that_is_not_there(build_lab, rollout, group, code):
    inspection = build_lab(group=group).tracker.inspect(rollout, EMAILS)
    assert code in codes(inspection)
    assert inspection.facts == {}
    assert set(inspection.people) == {"frida.figures@example.com"}


def test_what_the_group_holds_is_counted_and_named(lab, rollout, plan, task_fields):
    task = lab.made("task:a", **task_fields)
    lab.made("details:a", task=task, text="x")
    inspection = lab.tracker.inspect(rollout, [])
    assert inspection.existing == 2
    assert inspection.titles == ("MFA 2027",)


def test_other_rollouts_work_is_not_ours(lab, rollout, plan, task_fields):
    task = lab.made("task:a", **task_fields)
    create = lab.create("details:a", task=task, text="x")
    lab.tracker.send("another", [create])
    assert lab.tracker.inspect(rollout, []).existing == 0


def test_a_person_who_is_no_member_is_told(build_lab, rollout):
    lab = build_lab(kind=SignIn.DEVICE_CODE)
    assert codes(lab.tracker.inspect(rollout, [])) == []
    stranger = Gathered(rows=({"id": "somebody"},), at=AT)
    findings = member_findings(stranger, {"ada@example.com": "ada"}, "me", "G", is_person=True)
    assert [finding.code for finding in findings] == ["planner-not-member", "planner-outside-group"]
    lab.faults({"inner": "GET /groups/{id}/members", "kind": "forbidden"})
    assert "planner-members-unreadable" in codes(lab.tracker.inspect(rollout, []))


def test_missing_permission_is_told_with_its_name(build_lab, rollout):
    lab = build_lab()
    lab.faults({"inner": "GET /groups/{id}/planner/plans", "kind": "forbidden"})
    inspection = lab.tracker.inspect(rollout, [])
    (finding,) = inspection.findings
    assert finding.code == "planner-plans-unreadable"
    assert "Tasks.ReadWrite.All" in finding.hint
    assert finding.severity is Severity.ERROR


def test_a_full_group_is_told_early():
    def of(count):
        found = plan_findings(Gathered(rows=tuple({"id": str(n)} for n in range(count)), at=AT), "G")
        return [finding.severity for finding in found]

    assert of(379) == []
    assert of(380) == [Severity.WARNING]
    assert of(400) == [Severity.ERROR]


def test_only_microsoft_365_groups_hold_plans_and_names_must_be_unique():
    unified = {"id": "a", "groupTypes": ["Unified"]}
    assert choose_group([unified, {"id": "b", "groupTypes": []}], "G") == (unified, ())
    assert choose_group([{"id": "b", "groupTypes": []}], "G")[1][0].code == "planner-group-kind"
    assert "a, c" in choose_group([unified, {**unified, "id": "c"}], "G")[1][0].hint


def test_a_person_is_never_somebody_similar():
    row = {"id": "1", "mail": "Ada@example.com", "userPrincipalName": "ada@corp.example.com", "accountEnabled": True}
    assert choose_person([row], "ada@example.com") == ("1", None)
    assert choose_person([row], "ada@corp.example.com") == ("1", None)
    assert choose_person([row], "ad@example.com")[1].code == "planner-person-missing"
    twin = {**row, "id": "2", "mail": None, "userPrincipalName": "ada@example.com"}
    assert choose_person([row, twin], "ada@example.com")[0] == "1"
    assert choose_person([row, {**row, "id": "2"}], "ada@example.com")[1].code == "planner-person-ambiguous"
    assert choose_person([{**row, "accountEnabled": False}], "ada@example.com")[1].code == "planner-person-disabled"


def test_query_values_cannot_leave_their_quotes():
    assert quoted("o'hara+x&y#z@example.com") == "'o%27%27hara%2Bx%26y%23z%40example.com'"


def test_facts_survive_json_and_are_checked(lab):
    destination = from_facts(lab.facts)
    assert from_facts(to_facts(destination, {})) == destination
    with pytest.raises(StalePlan, match="base_url"):
        from_facts({"group": "x"})
    with pytest.raises(StalePlan):
        lab.tracker.use({})


def test_nothing_works_before_facts(build_lab, rollout):
    with pytest.raises(StalePlan, match="not known yet"):
        build_lab().tracker.discover(rollout)


def test_addresses_lead_back_to_their_plan(lab, plan, task_fields):
    destination = from_facts(lab.facts)
    task = lab.made("task:a", **task_fields)
    assert destination.plan_of(task) == destination.plan_of(plan) == plan.id
    assert destination.plan_of(task_fields["bucket"]) == plan.id


@pytest.mark.parametrize(
    ("missing", "key"),
    [({key: ""}, key) for key in ("secret", "tenant", "group", "client_id")],
)
def test_settings_that_no_sign_in_could_work_with(missing, key):
    good = {"tenant": "t", "client_id": "c", "kind": SignIn.CLIENT_SECRET, "group": "g", "secret": "s3cret"}
    with pytest.raises(ConfigError) as raised:
        GraphAccess(**(good | missing))
    assert key in raised.value.where
    assert "s3cret" not in repr(GraphAccess(**good))


def test_national_clouds_have_scopes_of_their_own():
    good = {"tenant": "t", "client_id": "c", "kind": SignIn.CLIENT_SECRET, "group": "g", "secret": "s"}
    assert GraphAccess(**good).scope == "https://graph.microsoft.com/.default"
    assert (
        GraphAccess(**good, base_url="https://graph.microsoft.us/v1.0").scope == "https://graph.microsoft.us/.default"
    )
    assert GraphAccess(**good, base_url="http://127.0.0.1:1/graph/v1.0").scope == "https://graph.microsoft.com/.default"
