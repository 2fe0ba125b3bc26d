"""Between shared fields and Graph's JSON, both ways."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.model.objects import Marker, ObjectKey, ObjectKind, Remote
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.planner.dates import day_in, day_out, moment_in
from rollout_sync.trackers.planner.details import address_of, details_fields, first_patch, later_patch
from rollout_sync.trackers.planner.mapping import (
    applied_names,
    bucket_body,
    bucket_fields,
    label_names,
    labels_body,
    plan_body,
    task_body,
    task_fields,
    task_patch,
)
from rollout_sync.trackers.planner.marks import Mark

PLAN, BUCKET = Remote(id="plan1"), Remote(id="bucket1")
NAMES = ("Approval", "Training", "", "Finance")
MARK = Mark(
    rollout=RolloutId("mfa"), object=ObjectKey(ObjectKind.DETAILS, "a/b"), marker=Marker("0123456789abcdef" * 2)
)
DAYS = st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1)).map(date.isoformat)
TITLES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=80)
TASKS = st.fixed_dictionaries(
    {
        "plan": st.just(PLAN),
        "bucket": st.none() | st.just(BUCKET),
        "title": TITLES,
        "start": DAYS,
        "due": DAYS,
        "owners": st.lists(st.uuids().map(str), unique=True, max_size=4).map(sorted),
        "categories": st.lists(st.sampled_from(["Approval", "Training", "Finance"]), unique=True).map(
            lambda some: [name for name in NAMES if name in some]
        ),
        "priority": st.integers(0, 10),
    }
)


def served(body):
    """What the service makes of a task's body: as documented, without the computed members."""
    return {
        "percentComplete": 0,
        "bucketId": None,
        "startDateTime": None,
        "dueDateTime": None,
        "assignments": {},
        "appliedCategories": {},
        **body,
    }


@given(TASKS)
def test_task_fields_round_trip(fields):
    seen = task_fields(served(task_body(fields, NAMES)), NAMES)
    assert {name: seen[name] for name in fields} == fields


@given(TASKS)
def test_what_is_there_already_is_not_written(fields):
    assert task_patch(fields, NAMES, served(task_body(fields, NAMES))) == {}


@given(TASKS, TASKS)
def test_a_patch_turns_one_look_into_the_other(before, after):
    current = served(task_body(before, NAMES))
    patch = task_patch(after, NAMES, current)
    for member, value in patch.items():
        if isinstance(value, dict):
            merged = {**current[member], **value}
            current[member] = {key: one for key, one in merged.items() if one}
        else:
            current[member] = value
    seen = task_fields(current, NAMES)
    assert {name: seen[name] for name in after if name != "plan"} == {n: v for n, v in after.items() if n != "plan"}


def test_dates_are_written_at_an_hour_that_is_the_same_day_nearly_everywhere():
    assert day_out("2027-03-01") == "2027-03-01T10:00:00Z"
    assert day_in("2027-03-01T00:00:00Z") == day_in("2027-03-01T10:00:00.1234567Z") == "2027-03-01"
    assert day_out(None) is None
    assert day_in(None) is None
    assert moment_in("2026-11-02T09:15:03.1184217Z") == datetime(2026, 11, 2, 9, 15, 3, 118421, tzinfo=UTC)
    assert moment_in("yesterday") is None


def test_a_date_that_is_cleared_is_written_even_when_the_present_one_is_not_known():
    assert task_patch({"due": None}, (), {"@odata.etag": "W/1"}) == {"dueDateTime": None}


def test_progress_of_ones_own_is_kept_when_the_category_is_right():
    assert task_patch({"category": "indeterminate"}, (), {"percentComplete": 30}) == {}
    assert task_patch({"category": "done"}, (), {"percentComplete": 30}) == {"percentComplete": 100}
    assert task_patch({"category": "new"}, (), {"@odata.etag": "W/1"}) == {"percentComplete": 0}
    assert task_patch({"percent": 10}, (), {"percentComplete": 30}) == {"percentComplete": 10}


def test_people_and_labels_are_added_and_removed_key_by_key():
    current = {"assignments": {"old": {}, "stays": {"orderHint": "x"}}, "appliedCategories": {"category2": True}}
    current["assignments"]["old"] = {"orderHint": "y"}
    patch = task_patch({"owners": ["stays", "new"], "categories": ["Approval"]}, NAMES, current)
    assert set(patch["assignments"]) == {"old", "new"}
    assert patch["assignments"]["old"] is None
    assert patch["assignments"]["new"]["@odata.type"] == "#microsoft.graph.plannerAssignment"
    assert patch["appliedCategories"] == {"category1": True, "category2": False}


def test_a_label_that_the_plan_no_longer_has_does_not_stop_the_task():
    body = task_body({"plan": PLAN, "title": "T", "categories": ["Gone", "Training"]}, NAMES)
    assert body["appliedCategories"] == {"category2": True}


def test_a_slot_without_a_name_goes_by_its_number():
    assert applied_names({"appliedCategories": {"category3": True, "category1": True}}, NAMES) == [
        "Approval",
        "category3",
    ]


def test_only_differing_labels_are_written_and_peoples_slots_stay():
    current = {"categoryDescriptions": {"category1": "Approval", "category2": "Old", "category9": "Theirs"}}
    assert labels_body(["Approval", "Training"], current) == {"categoryDescriptions": {"category2": "Training"}}
    assert labels_body(["Approval"], current) == {}
    assert label_names(current) == ("Approval", "Old", "", "", "", "", "", "", "Theirs")


def test_a_plan_names_its_group_by_address():
    assert plan_body({"title": "T"}, "https://graph.microsoft.com/v1.0/groups/g") == {
        "container": {"url": "https://graph.microsoft.com/v1.0/groups/g"},
        "title": "T",
    }


def test_buckets_carry_their_place():
    assert bucket_body({"plan": PLAN, "title": "B"}) == {"name": "B", "planId": "plan1"}
    assert bucket_body({"plan": PLAN, "title": "B", "order": 1})["orderHint"].endswith("!")
    assert bucket_fields({"name": "B", "planId": "plan1"}) == {"title": "B", "plan": PLAN}


def test_an_unresolved_reference_is_our_mistake():
    with pytest.raises(ValueError, match="no object of Planner"):
        task_body({"plan": None, "title": "T"}, ())


def checklist(*titles):
    return [{"key": str(uuid5(NAMESPACE_URL, title)), "title": title} for title in titles]


def merged(current, patch):
    """Open types merge per key and member, as documented."""
    details = {"description": patch.get("description", current.get("description", ""))}
    for member in ("checklist", "references"):
        have = {key: dict(value) for key, value in current.get(member, {}).items()}
        for key, value in patch.get(member, {}).items():
            have[key] = {**have.get(key, {}), **value}
        details[member] = have
    return details


def test_a_first_write_of_details_reads_back_and_is_not_repeated():
    fields = {
        "text": "Why\n\n- what",
        "checklist": checklist("Room", "Invitation"),
        "references": [{"target": Remote(id="1", url="https://jira.example.com/browse/A-1"), "alias": "A-1"}],
    }
    details = merged({"description": None}, first_patch(fields, {"description": None}, MARK))
    seen = details_fields(details)
    assert seen["text"] == fields["text"]
    assert seen["checklist"] == fields["checklist"]
    assert seen["references"] == [{"target": "https://jira.example.com/browse/A-1", "alias": "A-1"}]
    assert seen["ticked"] == []
    assert first_patch(fields, details, MARK) == {}
    assert later_patch(fields, details, MARK) == {}


def test_a_repeated_first_write_leaves_peoples_edits_alone():
    details = merged({}, first_patch({"text": "Ours"}, {}, MARK))
    details["description"] = details["description"].replace("Ours", "Theirs")
    assert first_patch({"text": "Ours"}, details, MARK) == {}
    assert later_patch({"text": "Ours"}, details, MARK)["description"].startswith("Ours\n\nrollout-sync · mfa")


def test_notes_that_people_wrote_before_ours_came_stay_on_top():
    details = merged({}, first_patch({"text": "Ours"}, {"description": "Theirs"}, MARK))
    assert details_fields(details)["text"] == "Theirs\n\nOurs"
    assert first_patch({"text": "Ours"}, details, MARK) == {}
    assert details_fields(merged({}, first_patch({"text": ""}, {"description": "Theirs"}, MARK)))["text"] == "Theirs"


def test_ticks_and_peoples_own_entries_survive_a_change():
    details = merged({}, first_patch({"text": "", "checklist": checklist("Room")}, {}, MARK))
    key = checklist("Room")[0]["key"]
    details["checklist"][key] |= {"isChecked": True, "orderHint": "85"}
    details["checklist"]["theirs"] = {"title": "Cake", "isChecked": False, "orderHint": "86"}
    patch = later_patch({"checklist": [{"key": key, "title": "Room and link"}, *checklist("New")]}, details, MARK)
    assert set(patch) == {"checklist"}
    assert "theirs" not in patch["checklist"]
    assert "isChecked" not in patch["checklist"][key]
    assert patch["checklist"][checklist("New")[0]["key"]]["orderHint"] == "86 !"


def test_a_dropped_line_goes_unless_somebody_ticked_it():
    details = merged({}, first_patch({"text": "", "checklist": checklist("Old", "Ticked", "Stays")}, {}, MARK))
    old, ticked, stays = (line["key"] for line in checklist("Old", "Ticked", "Stays"))
    details["checklist"][ticked]["isChecked"] = True
    details["checklist"]["theirs"] = {"title": "Cake", "isChecked": False}
    assert later_patch({"checklist": checklist("Stays")}, details, MARK) == {"checklist": {old: None}}
    assert later_patch({"text": ""}, details, MARK) == {}
    assert stays in details["checklist"]


def test_who_ticked_and_when_is_read():
    by = {"user": {"id": "USER", "displayName": None}}
    details = {
        "checklist": {
            "k": {"title": "T", "isChecked": True, "lastModifiedBy": by, "lastModifiedDateTime": "2026-11-02T09:16:00Z"}
        }
    }
    assert details_fields(details)["ticked"] == [{"key": "k", "by": "user", "at": "2026-11-02T09:16:00+00:00"}]


@pytest.mark.parametrize(
    ("target", "address"),
    [
        (Remote(id="1", url="https://jira.example.com/browse/A-1"), "https://jira.example.com/browse/A-1"),
        (Remote(id="1"), None),
        (None, None),
        ("javascript:alert(1)", None),
        ("http://jira/browse/A-1", None),
    ],
)
def test_references_that_planner_would_refuse_are_left_out(target, address):
    assert address_of(target) == address
