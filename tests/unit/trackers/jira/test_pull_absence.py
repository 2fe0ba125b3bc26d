"""What a pull concludes from issues that do not show up: only what it can be sure of."""

from __future__ import annotations

import pytest

from rollout_sync.model.objects import Binding, Marker, ObjectKey, ObjectKind, Remote
from support.pull_lab import FETCH, MFA, SEARCH, VPN, PullLab

ISSUE = ObjectKind.ISSUE
PROJECT, RIGHTS = "GET /jira/rest/api/3/project/{project}", "GET /jira/rest/api/3/mypermissions"


@pytest.fixture
def lab() -> PullLab:
    lab = PullLab.opened(MFA, issues=12)
    lab.pull()
    lab.pass_time(60)
    return lab


def key(name):
    return ObjectKey(ISSUE, name)


def test_only_a_full_look_finds_what_was_deleted(lab):
    lab.act("delete", "i3")
    assert lab.pull().gone == {}
    with lab.counted() as asked:
        pulled = lab.pull(is_full=True)
    assert pulled.gone == {MFA: (key("i3"),)}
    assert (pulled.unseen, pulled.complete) == ({}, (MFA,))
    assert asked == {SEARCH: 2, FETCH: 2, PROJECT: 1, RIGHTS: 1}


def test_a_full_look_at_what_is_there_costs_two_requests(lab):
    with lab.counted() as asked:
        pulled = lab.pull(is_full=True)
    assert asked == {SEARCH: 2}
    assert (pulled.seen, pulled.gone, pulled.unseen) == ((), {}, {})


def test_an_issue_whose_label_was_taken_off_is_still_ours(lab):
    lab.act("unlabel", "i3", label="rollout-sync")
    lab.act("move", "i3", to="TEAM")
    lab.pull(is_full=True)
    assert lab.seen("i3")["project"] == "TEAM"
    lab.pass_time(60)
    lab.act("complete", "i3")
    assert not lab.pull().seen  # neither label nor project leads there
    pulled = lab.pull(is_full=True)
    assert (pulled.gone, pulled.unseen) == ({}, {})
    assert lab.seen("i3")["category"] == "done"


def test_an_archived_issue_is_not_gone(lab):
    lab.act("archive", "i3")
    pulled = lab.pull(is_full=True)
    assert (pulled.gone, pulled.unseen) == ({}, {})


def test_what_search_does_not_know_yet_is_not_gone(lab):
    lab.world.index_lag = 3600
    lab.create(MFA, ISSUE, "young", title="Young", parent=lab.made["mfa:phase"])
    pulled = lab.pull(is_full=True)
    assert [str(one.observation.object) for one in pulled.seen] == ["issue:young"]
    assert (pulled.gone, pulled.unseen) == ({}, {})


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("refuses", [False, True], ids=["empty", "refused"])
def test_losing_the_permission_is_told_and_nothing_is_concluded(lab, is_full, refuses):
    lab.revoke()
    if refuses:
        route = {"method": "POST", "route": "/jira/rest/api/3/search/jql"}
        lab.faults({**route, "kind": "forbidden", "status": 400})
    cursors = dict(lab.shelf.cursors)
    pulled = lab.pull(is_full=is_full)
    assert "not visible" in pulled.failed[MFA]
    assert (pulled.complete, pulled.gone, pulled.left) == ((), {}, {})
    assert lab.shelf.cursors == cursors
    lab.faults()
    lab.act("complete", "i3")
    lab.pass_time(60 * 24 * 7)
    lab.do({"do": "grant", "permission": "BROWSE_PROJECTS", "project": "SEC", "to": "cora.coordinator@example.com"})
    pulled = lab.pull()
    assert (pulled.complete, lab.seen("i3")["category"]) == ((MFA,), "done")


def test_what_went_into_a_project_that_is_hidden_now_is_unseen(lab):
    lab.act("move", "i3", to="TEAM")
    lab.pull()
    lab.revoke("TEAM")
    pulled = lab.pull(is_full=True)
    assert pulled.gone == {}
    assert "TEAM" in pulled.unseen[MFA][key("i3")]
    assert pulled.complete == (MFA,)


def test_when_many_are_absent_at_once_none_is_gone(lab):
    for number in range(4):  # of thirteen, with the epic
        lab.act("delete", f"i{number}")
    pulled = lab.pull(is_full=True)
    assert pulled.gone == {}
    assert set(pulled.unseen[MFA]) == {key(f"i{number}") for number in range(4)}
    assert "30%" in pulled.unseen[MFA][key("i0")]


def test_a_few_of_few_may_be_gone():
    lab = PullLab.opened(MFA, VPN, issues=3)
    lab.pull(MFA, VPN)
    for number in range(3):
        lab.act("delete", f"i{number}")
    assert len(lab.pull(MFA, VPN, is_full=True).gone[MFA]) == 3


def test_a_project_that_suddenly_shows_nothing_concludes_nothing():
    lab = PullLab.opened(MFA)
    lab.pull()
    for name in ("i0", "i1", "i2", "phase"):
        lab.act("delete", name)
    pulled = lab.pull(is_full=True)
    assert pulled.gone == {}
    assert len(pulled.unseen[MFA]) == 4
    assert "no other issue" in pulled.failed[MFA]
    assert pulled.complete == ()
    lab.do({"do": "create", "summary": "Another"})
    assert len(lab.pull(is_full=True).gone[MFA]) == 4  # now it is sure


def test_what_was_deleted_before_it_was_ever_seen_is_gone(lab):
    lab.create(MFA, ISSUE, "brief", title="Brief", parent=lab.made["mfa:phase"])
    lab.act("delete", "brief")
    assert lab.pull().gone == {MFA: (key("brief"),)}


def test_one_rollout_does_not_vouch_for_a_broken_one():
    lab = PullLab.opened(MFA, VPN, issues=11)
    lab.pull(MFA, VPN)
    for number in range(11):
        lab.act("delete", f"i{number}", rollout=VPN)
    lab.act("delete", "phase", rollout=VPN)
    pulled = lab.pull(MFA, VPN, is_full=True)
    assert (pulled.gone, pulled.complete) == ({}, (MFA,))
    assert set(pulled.failed) == {VPN}


def test_newcomers_that_were_deleted_have_left(lab):
    kept, deleted, moved = (lab.add("phase") for _ in range(3))
    lab.pull()
    lab.do({"do": "delete", "issue": deleted["key"]})
    lab.do({"do": "move", "issue": moved["key"], "to": "TEAM"})
    assert lab.pull().left == {}
    pulled = lab.pull(is_full=True)
    assert set(pulled.left[MFA]) == {deleted["id"], moved["id"]}
    assert lab.shelf.newcomers(MFA) == {kept["id"]}
    with lab.counted() as asked:
        lab.pull(is_full=True)
    assert asked == {SEARCH: 2, FETCH: 1}


def test_a_full_look_finds_late_what_search_learned_late(lab):
    lab.pull()
    lab.pass_time(60)
    lab.world.index_lag = 4 * 3600
    lab.act("complete", "i4")
    for _ in range(6):
        lab.pass_time(60)
        lab.pull()
    assert lab.seen("i4")["category"] == "new"  # later than the overlap covers
    lab.pull(is_full=True)
    assert lab.seen("i4")["category"] == "done"


def test_a_bound_id_that_never_existed_is_gone(lab):
    lab.shelf.add(MFA, Binding(object=key("odd"), marker=Marker("a" * 32), remote=Remote(id="99999", key="SEC-999")))
    assert lab.pull().gone == {MFA: (key("odd"),)}
