"""The summary's comment: made of nodes, marked, found again among people's comments, written over in place."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import NotFound
from rollout_sync.model.operations import Done, InDoubt, Refused
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.boards import Summary
from rollout_sync.trackers.jira.commenting import MOST_LETTERS, document
from support.pull_lab import CORA, MFA, VPN, PullLab

SUMMARY = Summary(
    headline="Amber because approvals: Finance has been waiting 6 days.",
    dates="Go-live 12 May",
    bullets=("3 of 12 items are done", "Waiting for the green light of Finance"),
    as_of="As of 4 Jan 2027",
    facts=("amber", "12 May"),
)


@pytest.fixture
def lab():
    return PullLab.opened(MFA, VPN)


@pytest.fixture
def epic(lab):
    return lab.made["mfa:phase"].id


def texts(node):
    """All texts of a document."""
    return [node["text"]] if "text" in node else [one for child in node.get("content", []) for one in texts(child)]


def stored(lab):
    return list(lab.world.store.scan("jira.comment"))


def add(lab, epic, summary=SUMMARY, rollout=MFA):
    made = lab.tracker.comments.add(rollout, epic, summary)
    assert isinstance(made, Done)
    return made.remote.id


def test_the_document_has_a_place_for_each_part():
    made = document(SUMMARY)
    assert [block["type"] for block in made["content"]] == ["paragraph", "paragraph", "bulletList", "paragraph"]
    assert texts(made) == [SUMMARY.headline, SUMMARY.dates, *SUMMARY.bullets, SUMMARY.as_of]


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_hostile_texts_stay_texts(lines):
    made = document(replace(SUMMARY, headline=lines[0], bullets=tuple(lines)))
    types = {node["type"] for node in _nodes(made)}
    assert types <= {"doc", "paragraph", "bulletList", "listItem", "text"}
    assert all(0 < len(text) <= MOST_LETTERS and "\n" not in text for text in texts(made))
    json.dumps(made).encode()  # no lone surrogates


def _nodes(node):
    yield node
    for child in node.get("content", []):
        yield from _nodes(child)


def test_it_is_found_by_its_mark_among_comments_of_people(lab, epic):
    lab.act("comment", "phase", who=CORA, text="rollout-sync summary mfa")
    first = add(lab, epic)
    add(lab, epic, rollout=VPN)
    lab.act("comment", "phase", text="Why amber?")
    found = lab.tracker.comments.find(MFA, epic)
    assert [(one.id, one.content) for one in found] == [(first, SUMMARY.content)]
    assert lab.tracker.comments.find(RolloutId("other"), epic) == ()


def test_writing_over_keeps_the_place_and_renews_the_mark(lab, epic):
    one = add(lab, epic)
    news = replace(SUMMARY, headline="Green.", facts=("green",))
    assert isinstance(lab.tracker.comments.edit(MFA, epic, one, news), Done)
    (kept,) = stored(lab)
    assert texts(kept["body"])[0] == "Green."
    assert [(shown.id, shown.content) for shown in lab.tracker.comments.find(MFA, epic)] == [(one, news.content)]


def test_what_was_deleted_cannot_be_written_over(lab, epic):
    one = add(lab, epic)
    lab.world.store.delete("jira.comment", one)
    refused = lab.tracker.comments.edit(MFA, epic, one, SUMMARY)
    assert isinstance(refused, Refused)
    assert (refused.status, refused.again) == (404, False)


def test_an_epic_without_comments_costs_one_request(lab, epic):
    with lab.counted() as asked:
        assert lab.tracker.comments.find(MFA, epic) == ()
    assert asked == {"GET /jira/rest/api/3/issue/{issue}/comment": 1}


def test_an_epic_that_is_gone_proves_nothing(lab):
    with pytest.raises(NotFound):
        lab.tracker.comments.find(MFA, "99999")


@pytest.mark.parametrize("when", ["drop_before", "drop_after"])
def test_a_lost_answer_is_a_doubt_and_not_repeated(lab, epic, when):
    lab.faults({"method": "POST", "route": "/jira/rest/api/3/issue/*/comment", "kind": when, "times": 1})
    with lab.counted() as asked:
        assert isinstance(lab.tracker.comments.add(MFA, epic, SUMMARY), InDoubt)
    assert sum(asked.values()) <= 1
    assert len(lab.tracker.comments.find(MFA, epic)) == (when == "drop_after")


def test_without_the_permission_it_is_refused_in_words(lab, epic):
    lab.do({"do": "revoke", "permission": "ADD_COMMENTS", "project": "SEC", "from": CORA})
    refused = lab.tracker.comments.add(MFA, epic, SUMMARY)
    assert isinstance(refused, Refused)
    assert "permission" in refused.reason
    assert not refused.again
