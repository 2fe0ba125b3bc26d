"""Our fields in Jira's words, both ways."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import StalePlan
from rollout_sync.model.objects import ObjectKey, ObjectKind, Ref, Remote
from rollout_sync.trackers.jira.adf import normal, to_adf
from rollout_sync.trackers.jira.destination import destination_of
from rollout_sync.trackers.jira.mapping import (
    Identity,
    edit_body,
    folded_links,
    identity_of,
    issue_update,
    key_number,
    link_body,
    moment,
    observed,
    observed_names,
    remote_link_body,
)
from support.jira_places import PLACE, ROLLOUT, create

EPIC = Remote(id="10001", key="SEC-1")
BLOCKER = Remote(id="10002", key="SEC-2")
LINK = ObjectKey.parse("link:a->b")


def test_a_new_issue_says_everything_at_once():
    body = issue_update(
        create(
            1, text="Do it", start="2027-01-04", due="2027-01-08", owner="712020:erin", labels=["dept-finance"],
            held=True, parent=EPIC, links=[{"link": Ref(LINK), "source": BLOCKER}],
        ),
        ROLLOUT,
        PLACE,
    )  # fmt: skip
    assert body == {
        "fields": {
            "project": {"id": "10000"},
            "issuetype": {"id": "10101"},
            "customfield_1": {"value": "A"},
            "summary": "Item 1",
            "description": to_adf("Do it"),
            "customfield_10015": "2027-01-04",
            "duedate": "2027-01-08",
            "assignee": {"accountId": "712020:erin"},
            "parent": {"id": "10001"},
            "labels": ["awaiting-approval", "dept-finance", "rollout-sync", "rs-mfa-2027"],
        },
        "properties": [
            {
                "key": "rollout-sync",
                "value": {
                    "v": 1,
                    "rollout": "mfa-2027",
                    "item": "issue:prepare/item-1",
                    "marker": f"{1:032x}",
                    "attempt": 1,
                    "labels": ["dept-finance"],
                },
            }
        ],
        "update": {
            "issuelinks": [{"add": {"type": {"name": "Blocks"}, "inwardIssue": {"key": "SEC-2"}}}],
        },
        "transition": {"id": "31"},
    }


def test_an_epic_says_its_name_where_the_screen_wants_it():
    epic = replace(create(1), object=ObjectKey(ObjectKind.EPIC, "prepare"))
    fields = issue_update(epic, ROLLOUT, PLACE)["fields"]
    assert fields["customfield_10011"] == fields["summary"]
    assert fields["issuetype"] == {"id": "10100"}


def test_empty_values_and_fields_off_the_screen_are_left_out():
    bare = replace(PLACE, issue=replace(PLACE.issue, settable=("labels", "summary"), start="", extra={}))
    body = issue_update(
        create(
            1, text="x", start="2027-01-04", due=None, owner=None, parent=None, links=[{"link": None, "source": EPIC}]
        ),
        ROLLOUT,
        bare,
    )
    assert set(body["fields"]) == {"project", "issuetype", "summary", "labels"}
    assert "update" not in body


def test_links_to_issues_that_were_not_made_are_left_out():
    fields = create(1, links=[{"link": Ref(LINK), "source": None}, {"link": str(LINK), "source": EPIC}]).fields
    assert folded_links(fields, PLACE) == ((LINK, EPIC),)


def test_the_inward_issue_of_a_link_blocks():
    assert link_body(BLOCKER, EPIC, PLACE) == {
        "type": {"id": "10200"},
        "inwardIssue": {"key": "SEC-2"},
        "outwardIssue": {"key": "SEC-1"},
    }
    assert "comment" not in link_body(BLOCKER, EPIC, PLACE)


def test_a_remote_link_is_always_complete():
    body = remote_link_body("m", url="https://x.example.com", title="T", relationship="r")
    assert body["globalId"] == "m"
    assert body["object"] == {"url": "https://x.example.com", "title": "T"}
    assert set(body) == {"globalId", "application", "relationship", "object"}


def identity(*labels):
    return Identity(rollout=ROLLOUT, object=LINK, marker="m", attempt=1, labels=labels)


def test_only_changed_fields_are_written():
    assert edit_body({"due": "2027-02-01"}, ObjectKind.ISSUE, PLACE, None) == {"fields": {"duedate": "2027-02-01"}}
    assert edit_body({"due": None, "owner": None, "text": ""}, ObjectKind.ISSUE, PLACE, None) == {
        "fields": {"duedate": None, "assignee": None, "description": None}
    }
    assert edit_body({}, ObjectKind.ISSUE, PLACE, None) == {}


def test_only_labels_that_the_template_set_are_taken_off():
    body = edit_body({"labels": ["a", "c"]}, ObjectKind.ISSUE, PLACE, identity("a", "b", "rollout-sync"))
    assert body["update"] == {"labels": [{"add": "a"}, {"add": "c"}, {"remove": "b"}]}
    assert body["properties"][0]["value"]["labels"] == ["a", "c"]
    unknown = edit_body({"labels": ["a"]}, ObjectKind.ISSUE, PLACE, None)
    assert unknown == {"update": {"labels": [{"add": "a"}]}}


@pytest.mark.parametrize(("held", "verb"), [(True, "add"), (False, "remove")])
def test_holding_is_a_label(held, verb):
    assert edit_body({"held": held}, ObjectKind.ISSUE, PLACE, None) == {
        "update": {"labels": [{verb: "awaiting-approval"}]}
    }


def test_a_parent_can_be_set_and_taken_away():
    assert edit_body({"parent": EPIC}, ObjectKind.ISSUE, PLACE, None) == {"fields": {"parent": {"id": "10001"}}}
    assert edit_body({"parent": None}, ObjectKind.ISSUE, PLACE, None) == {
        "update": {"parent": [{"set": {"none": True}}]}
    }


@given(
    st.fixed_dictionaries(
        {
            "title": st.text(min_size=1, max_size=20),
            "text": st.text(max_size=60).map(normal),
            "start": st.none() | st.just("2027-01-04"),
            "due": st.none() | st.dates().map(str),
            "owner": st.none() | st.just("712020:erin"),
            "labels": st.lists(st.sampled_from(["a", "b"]), unique=True).map(sorted),
            "held": st.booleans(),
        }
    )
)
def test_what_is_written_is_read_back(fields):
    written = issue_update(create(1, **fields), ROLLOUT, PLACE)["fields"]
    answer = {"fields": {name: written.get(name) for name in observed_names(PLACE)}}
    read = observed(answer, PLACE, ObjectKind.ISSUE)
    assert {name: read[name] for name in fields} == fields


def test_an_observation_speaks_the_shared_words():
    seen = observed(
        {
            "fields": {
                "status": {"name": "In Arbeit", "statusCategory": {"key": "indeterminate"}},
                "created": "2026-02-07T01:55:45.120+0100",
                "creator": {"accountId": "712020:us"},
                "parent": {"id": "10001", "key": "SEC-1"},
                "project": {"key": "SEC"},
            }
        },
        PLACE,
        ObjectKind.ISSUE,
    )
    assert seen == {
        "status": "In Arbeit",
        "category": "indeterminate",
        "created_at": "2026-02-07T01:55:45.120000+01:00",
        "created_by": "712020:us",
        "parent": EPIC,
        "project": "SEC",
    }


@pytest.mark.parametrize(
    "value",
    [None, 7, {}, {"marker": ""}, {"marker": "m"}, {"marker": "m", "item": "nothing"}, {"marker": "m", "item": "x:y"}],
)
def test_foreign_properties_are_no_identity(value):
    assert identity_of({"properties": {"rollout-sync": value}}) is None


def test_an_identity_is_read_back():
    assert identity_of({"properties": {"rollout-sync": identity("a").to_json()}}) == identity("a")


@pytest.mark.parametrize(
    ("key", "number"), [("SEC-12", 12), ("SECX-12", 0), ("SEC-", 0), ("", 0), ("SEC-x", 0), ("SEC-²", 0)]
)
def test_key_numbers(key, number):
    assert key_number(key, "SEC") == number


def test_moments_have_a_zone():
    assert moment("2026-01-01T00:00:00.000+0000")
    assert moment("2026-01-01T00:00:00") is None
    assert moment(None) is None


def test_facts_are_json_and_come_back():

    facts = json.loads(json.dumps(PLACE.facts()))
    assert destination_of(facts) == PLACE


@pytest.mark.parametrize("facts", [{}, {"v": 2}, {"v": 1}, {"v": 1, "epic": 3}, {**PLACE.facts(), "strange": 1}])
def test_facts_of_another_version_are_refused(facts):
    with pytest.raises(StalePlan):
        destination_of(facts)
