"""Comments by their ids: the documented way to their properties, for those who may see them."""

from __future__ import annotations

import pytest

from support.jira_desk import COORDINATOR, JiraDesk, paragraph


@pytest.fixture
def jira(world):
    return JiraDesk.at(world)


@pytest.fixture
def comment(jira):
    key = jira.create()["key"]
    body = {"body": paragraph("Hello"), "properties": [{"key": "mark", "value": {"n": 1}}]}
    return jira.send("POST", f"/issue/{key}/comment", body, status=201) | {"issue": key}


def listed(jira, *ids, expand="?expand=properties"):
    return jira.send("POST", f"/comment/list{expand}", {"ids": list(ids)})["values"]


def test_properties_are_shown_where_they_are_asked_for(jira, comment):
    (found,) = listed(jira, int(comment["id"]), 99999)
    assert (found["id"], found["properties"]) == (comment["id"], [{"key": "mark", "value": {"n": 1}}])
    (bare,) = listed(jira, int(comment["id"]), expand="")
    assert "properties" not in bare


def test_what_is_hidden_or_gone_is_left_out(jira, comment):
    jira.act("revoke", permission="BROWSE_PROJECTS", project="SEC", **{"from": COORDINATOR})
    assert listed(jira, int(comment["id"])) == []
    jira.act("grant", permission="BROWSE_PROJECTS", project="SEC", to=COORDINATOR)
    assert len(listed(jira, int(comment["id"]))) == 1
    jira.act("delete", issue=comment["issue"])
    assert listed(jira, int(comment["id"])) == []


@pytest.mark.parametrize("ids", [[], list(range(1001)), None])
def test_there_are_as_many_ids_as_documented(jira, ids):
    jira.refused("POST", "/comment/list", {"ids": ids})
