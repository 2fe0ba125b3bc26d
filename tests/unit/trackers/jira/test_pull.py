"""Pulling from Jira: what changed, once, with its history; at the cost of one request where nothing did."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_sync.errors import Rejected, Unavailable
from rollout_sync.model.objects import Binding, Marker, ObjectKey, ObjectKind, Remote
from rollout_sync.sandbox.jira.acts import ActError
from rollout_sync.trackers.base import Pulled
from support.pull_lab import CORA, FETCH, HISTORY, MFA, OTTO, SEARCH, STATUS, TARA, VPN, PullLab

ISSUE, EPIC = ObjectKind.ISSUE, ObjectKind.EPIC
ROUTE = {"method": "POST", "route": "/jira/rest/api/3/search/jql"}


@pytest.fixture
def lab() -> PullLab:
    """One rollout with three issues, pulled once, an hour ago."""
    lab = PullLab.opened(MFA)
    lab.pull()
    lab.pass_time(60)
    return lab


def names(pulled: Pulled) -> set[str]:
    return {str(one.observation.object) for one in pulled.seen}


def test_the_first_pull_brings_everything_and_sets_the_cursor():
    lab = PullLab.opened(MFA)
    with lab.counted() as asked:
        pulled = lab.pull()
    assert names(pulled) == {"epic:phase", "issue:i0", "issue:i1", "issue:i2"}
    assert asked == {FETCH: 1, SEARCH: 1}
    assert pulled.complete == (MFA,)
    assert pulled.cursors["jira:http://127.0.0.1:8765/jira/SEC"] == "2027-01-04T12:00:00+00:00"


@pytest.mark.parametrize("minutes", [0, 5, 600])
def test_a_pull_that_finds_nothing_new_costs_one_request(lab, minutes):
    lab.act("start")
    lab.add("phase")
    lab.pull()
    lab.pass_time(minutes)
    with lab.counted() as asked:
        pulled = lab.pull()
    assert asked == {SEARCH: 1}
    assert (pulled.seen, pulled.newcomers, pulled.left) == ((), (), {})
    assert pulled.complete == (MFA,)


def test_rollouts_without_anything_in_jira_cost_one_request():
    lab = PullLab.empty()
    lab.do({"do": "create", "summary": "A stranger's"})
    with lab.counted() as asked:
        pulled = lab.pull(VPN)
    assert (asked, pulled.complete) == ({SEARCH: 1}, (VPN,))


def test_work_is_seen_with_its_beginning_its_end_and_who_did_it(lab):
    lab.act("start", who=OTTO)
    lab.pass_time(30)
    lab.act("complete", who=TARA)
    with lab.counted() as asked:
        pulled = lab.pull()
    assert names(pulled) == {"issue:i0"}
    assert asked == {SEARCH: 1, FETCH: 1, HISTORY: 1, STATUS: 1}
    seen = lab.seen()
    assert (seen["category"], seen["status"]) == ("done", "Done")
    assert seen["started_at"] == "2027-01-04T13:00:00+00:00"
    assert seen["finished_at"] == seen["moved_at"] == "2027-01-04T13:30:00+00:00"
    assert seen["moved_by"] == lab.account(TARA)
    with lab.counted() as asked:
        lab.act("reopen")
        lab.pull()
    assert asked == {SEARCH: 1, FETCH: 1, HISTORY: 1}  # the statuses are known by now
    assert (lab.seen()["started_at"], lab.seen()["finished_at"]) == (None, None)


def test_fifty_changes_cost_as_much_as_one():
    lab = PullLab.opened(MFA, issues=50)
    lab.pull()
    lab.pass_time(60)
    for number in range(50):
        lab.act("complete", f"i{number}")
    with lab.counted() as asked:
        pulled = lab.pull()
    assert len(pulled.seen) == 50
    assert asked == {SEARCH: 1, FETCH: 1, HISTORY: 1, STATUS: 1}


def test_a_new_title_of_work_that_has_not_begun_needs_no_history(lab):
    lab.act("edit", fields={"title": "Renamed", "due": "2027-02-01"})
    with lab.counted() as asked:
        lab.pull()
    assert asked == {SEARCH: 1, FETCH: 1}
    assert (lab.seen()["title"], lab.seen()["due"]) == ("Renamed", "2027-02-01")
    assert lab.seen()["parent"].id == lab.made["mfa:phase"].id


def test_what_the_history_told_is_carried_over(lab):
    lab.act("complete", who=OTTO)
    lab.pull()
    lab.pass_time(60)
    lab.act("reopen", who=TARA)
    lab.pull()
    moved = lab.seen()["moved_at"]
    lab.pass_time(60)
    lab.act("edit", fields={"title": "Renamed"})
    with lab.counted() as asked:
        lab.pull()
    assert HISTORY not in asked
    assert (lab.seen()["moved_by"], lab.seen()["moved_at"]) == (lab.account(TARA), moved)


def test_what_was_reopened_and_done_again_between_two_pulls_was_done_the_second_time(lab):
    lab.act("complete", who=OTTO)
    lab.pull()
    lab.pass_time(30)
    lab.act("reopen")
    lab.pass_time(30)
    lab.act("complete", who=TARA)
    lab.pull()
    assert lab.seen()["finished_at"] == "2027-01-04T14:00:00+00:00"
    assert lab.seen()["moved_by"] == lab.account(TARA)


def test_a_decision_counts_for_who_made_it_last(lab):
    lab.act("label", label="approved", who=OTTO)
    lab.pull()
    assert lab.seen()["labelled"][0]["by"] == lab.account(OTTO)
    lab.pass_time(10)
    lab.act("unlabel", label="approved", who=OTTO)
    lab.act("label", label="approved", who=TARA)
    lab.pull()
    assert lab.seen()["labelled"] == [{"label": "approved", "by": lab.account(TARA), "at": "2027-01-04T13:10:00+00:00"}]


def test_conditions_come_with_the_comments(lab):
    lab.act("comment", text="Only after payday", who=OTTO)
    for number in range(25):
        lab.act("comment", text=f"More {number}")
    lab.act("label", label="approved-with-conditions", who=OTTO)
    with lab.counted() as asked:
        lab.pull()
    assert asked["GET /jira/rest/api/3/issue/{issue}/comment"] == 1
    notes = lab.seen()["notes"]
    assert [note["text"] for note in notes] == [f"More {number}" for number in range(5, 25)]
    assert notes[0]["by"] == lab.account(TARA)
    lab.pass_time(1)
    lab.act("comment", text="And one more", who=OTTO)
    lab.pull()
    assert lab.seen()["notes"][-1] == {
        "by": lab.account(OTTO), "at": "2027-01-04T14:01:00+01:00", "text": "And one more",
    }  # fmt: skip
    lab.act("unlabel", label="approved-with-conditions")
    lab.pull()
    assert "notes" not in lab.seen()


def test_names_of_statuses_do_not_matter(lab):
    lab.world.switches.set("jira_language", "de")
    lab.world.switches.set("jira_hold_category", "indeterminate")
    lab.act("transition", to="Zurückgestellt")
    lab.pass_time(20)
    lab.act("transition", to="In Arbeit")
    lab.pull()
    assert lab.seen()["status"] == "In Arbeit"
    assert lab.seen()["started_at"] == "2027-01-04T13:00:00+00:00"
    lab.act("transition", to="Fertig")
    lab.pull()
    assert lab.seen()["finished_at"] == "2027-01-04T13:20:00+00:00"


def test_a_moved_issue_is_followed_by_its_id(lab):
    lab.act("move", to="TEAM")
    lab.pull()
    observation = lab.shelf.seen(MFA, ObjectKey(ISSUE, "i0"))
    assert observation.remote.key.startswith("TEAM-")
    assert observation.remote.id == lab.made["mfa:i0"].id
    assert (observation.fields["project"], observation.fields["parent"]) == ("TEAM", None)
    lab.pass_time(60)
    lab.act("complete")
    lab.pull()
    assert lab.seen()["category"] == "done"


def test_rows_of_rollouts_that_are_not_watched_are_kept_too():
    lab = PullLab.opened(MFA, VPN)
    lab.pull(MFA, VPN)
    lab.act("complete", rollout=VPN)
    pulled = lab.pull(MFA)
    assert [(one.rollout, str(one.observation.object)) for one in pulled.seen] == [(VPN, "issue:i0")]
    assert pulled.complete == (MFA,)


def test_a_page_asks_the_ledger_once(lab):
    lab.act("complete")
    lab.add("phase")
    before = lab.shelf.asked
    lab.pull()
    assert lab.shelf.asked == before + 1


def test_what_is_bound_late_is_read_without_waiting_for_a_change(lab):
    remote = lab.create(MFA, ISSUE, "late", bind=False, title="Late", parent=lab.made["mfa:phase"])
    lab.act("complete", "late")
    assert not lab.pull().newcomers  # we made it: it is nobody's addition
    lab.add("late", kind="Sub-task")
    lab.pass_time(120)
    lab.pull()
    lab.shelf.add(MFA, Binding(object=ObjectKey(ISSUE, "late"), marker=Marker("f" * 32), remote=remote))
    pulled = lab.pull()
    assert names(pulled) == {"issue:late"}
    assert lab.seen("late")["finished_at"] == "2027-01-04T13:00:00+00:00"
    assert [one.under for one in pulled.newcomers] == [ObjectKey(ISSUE, "late")]


def test_ids_of_remote_links_are_not_taken_for_issues(lab):
    stray = lab.do({"do": "create", "summary": "A stranger's"})
    link = Binding(
        object=ObjectKey(ObjectKind.REMOTE_LINK, "i0"), marker=Marker("d" * 32), remote=Remote(id=stray["id"])
    )
    lab.shelf.add(MFA, link)
    pulled = lab.pull(is_full=True)
    assert (pulled.seen, pulled.gone, pulled.unseen) == ((), {}, {})


@pytest.mark.parametrize(("under", "kind", "key"), [("phase", "Task", EPIC), ("i0", "Sub-task", ISSUE)])
def test_work_that_people_add_is_seen(lab, under, kind, key):
    more = lab.add(under, kind=kind, summary="Also this")
    (newcomer,) = lab.pull().newcomers
    assert (newcomer.rollout, newcomer.under) == (MFA, ObjectKey(key, under))
    assert (newcomer.remote.key, newcomer.fields["title"]) == (more["key"], "Also this")
    assert newcomer.fields["created_by"] == lab.account(TARA)
    lab.pass_time(5)
    lab.do({"do": "complete", "issue": more["key"]})
    (newcomer,) = lab.pull().newcomers
    assert newcomer.fields["finished_at"] == "2027-01-04T13:05:00+00:00"


def test_what_a_person_adds_with_the_account_that_we_use_is_an_addition_too(lab):
    more = lab.add("phase", who=CORA)
    assert [one.remote.id for one in lab.pull().newcomers] == [more["id"]]


def test_old_work_that_people_put_under_an_epic_is_seen(lab):
    stray = lab.do({"do": "create", "summary": "Old"})
    assert not lab.pull().newcomers
    lab.pass_time(600)
    lab.do({"do": "edit", "issue": stray["key"], "fields": {"parent": {"id": lab.made["mfa:phase"].id}}})
    (newcomer,) = lab.pull().newcomers
    assert newcomer.remote.id == stray["id"]


def test_newcomers_from_before_the_first_pull_are_seen():
    lab = PullLab.opened(MFA)
    lab.pass_time(60)
    more = lab.add("phase")
    lab.pass_time(60 * 24 * 30)
    assert [one.remote.id for one in lab.pull().newcomers] == [more["id"]]


def test_a_copy_is_work_where_it_hangs_under_our_epic_and_nothing_elsewhere(lab):
    lab.world.switches.set("jira_clone_copies_properties", value=True)
    copy = lab.act("clone", "i0")
    lab.act("clone", "phase")
    assert [one.remote.id for one in lab.pull().newcomers] == [copy["id"]]


def test_a_newcomer_that_is_taken_out_has_left(lab):
    more = lab.add("phase")
    lab.pull()
    lab.do({"do": "edit", "issue": more["key"], "fields": {"parent": None}})
    pulled = lab.pull()
    assert (pulled.left, pulled.newcomers) == ({MFA: (more["id"],)}, ())
    assert lab.pull().left == {}


def test_a_newcomer_that_changes_rollouts_leaves_one_and_joins_the_other():
    lab = PullLab.opened(MFA, VPN)
    more = lab.add("phase")
    lab.pull(MFA, VPN)
    lab.do({"do": "edit", "issue": more["key"], "fields": {"parent": {"id": lab.made["vpn:phase"].id}}})
    pulled = lab.pull(MFA, VPN)
    assert pulled.left == {MFA: (more["id"],)}
    assert [one.rollout for one in pulled.newcomers] == [VPN]


def test_a_pull_that_is_dropped_half_way_does_not_move_the_cursor():
    lab = PullLab.opened(MFA, issues=250)
    lab.pull()
    cursors = dict(lab.shelf.cursors)
    lab.pass_time(60)
    for number in range(250):
        lab.act("start", f"i{number}")
    portions = lab.portions()
    lab.shelf.take(next(portions))
    portions.close()
    assert lab.shelf.cursors == cursors
    lab.pass_time(60)
    pulled = lab.pull()
    assert len(pulled.seen) == 151  # the epic and 99 issues were on the first page; they are not brought again
    assert {lab.seen(f"i{number}")["category"] for number in range(250)} == {"indeterminate"}


def test_the_cursor_is_the_time_of_the_first_page():
    lab = PullLab.opened(MFA, issues=150)
    lab.pull()
    lab.pass_time(60)
    for number in range(150):
        lab.act("edit", f"i{number}", fields={"title": "Renamed"})
    for portion in lab.portions():
        lab.shelf.take(portion)
        lab.pass_time(15)
    assert lab.shelf.cursors["jira:http://127.0.0.1:8765/jira/SEC"] == "2027-01-04T13:00:00+00:00"


def test_a_failure_half_way_leaves_what_was_stored_and_no_cursor():
    lab = PullLab.opened(MFA, issues=150)
    lab.pull()
    cursors = dict(lab.shelf.cursors)
    lab.pass_time(60)
    for number in range(150):
        lab.act("start", f"i{number}")
    lab.faults({**ROUTE, "kind": "500", "nth": list(range(2, 20))})
    with pytest.raises(Unavailable):
        lab.pull()
    assert lab.shelf.cursors == cursors
    lab.faults()
    lab.pass_time(10)
    assert len(lab.pull().seen) == 51


def test_rows_that_change_while_pages_are_read_do_not_push_others_out():
    lab = PullLab.opened(MFA, issues=150)
    lab.pull()
    lab.pass_time(60)
    for number in range(150):
        lab.act("start", f"i{number}")
    lab.pass_time(60)
    for number, portion in enumerate(lab.portions()):
        lab.shelf.take(portion)
        if number == 0:
            for early in range(20):
                lab.act("edit", f"i{early}", fields={"title": "Changed meanwhile"})
    assert {lab.seen(f"i{number}")["category"] for number in range(150)} == {"indeterminate"}
    lab.pull()
    assert lab.seen("i3")["title"] == "Changed meanwhile"


def test_a_site_that_refuses_ids_of_deleted_issues_is_asked_without_them(lab):
    lab.act("complete")
    lab.faults({**ROUTE, "kind": "forbidden", "status": 400, "nth": [1]})
    with lab.counted() as asked:
        pulled = lab.pull()
    assert asked[SEARCH] == 2
    assert (names(pulled), pulled.complete) == ({"issue:i0"}, (MFA,))


def test_a_search_that_is_refused_is_an_error(lab):
    lab.faults({**ROUTE, "kind": "forbidden", "status": 400})
    with pytest.raises(Rejected):
        lab.pull()


def test_a_cursor_that_cannot_be_read_means_to_begin_anew(lab):
    lab.act("complete")
    lab.pass_time(600)
    lab.shelf.cursors = dict.fromkeys(lab.shelf.cursors, "rubbish")
    assert names(lab.pull()) == {"issue:i0"}


def test_our_own_changes_come_back_once(lab):
    lab.act("edit", who=CORA, fields={"title": "By us"})
    assert names(lab.pull()) == {"issue:i0"}
    assert names(lab.pull()) == set()


_DEEDS = ("start", "complete", "reopen", "label", "unlabel", "edit", "move", "add", "comment", "wait")


@settings(max_examples=40, deadline=None)
@given(
    lag=st.sampled_from([0, 45, 300, 599]),
    flaps=st.booleans(),
    deeds=st.lists(st.tuples(st.sampled_from(_DEEDS), st.integers(0, 2), st.floats(0, 20)), max_size=12),
)
@pytest.mark.slow
def test_nothing_is_lost_while_search_lags(lag, flaps, deeds):
    lab = PullLab.opened(MFA)
    lab.pull()
    lab.world.index_lag = lag
    lab.world.switches.set("index_flaps", value=flaps)
    added = set()
    for number, (deed, which, minutes) in enumerate(deeds):
        lab.pass_time(minutes)
        if deed == "wait":
            lab.pull()
        elif deed == "add":
            added.add(lab.add("phase")["id"])
        else:
            with suppress(ActError):  # such as moving it to where it is
                more = {"label": "approved", "fields": {"title": f"{number}"}, "to": "TEAM", "text": f"{number}"}
                lab.act(deed, f"i{which}", **more)
    lab.pass_time(lag / 60)
    lab.pull()
    lab.world.switches.set("index_flaps", value=False)
    lab.pull()
    bound = [known.binding for known in lab.shelf.known.values()]
    truth = {one.object: one.fields for one in lab.tracker.observe(bound).observations}
    for (_, key), known in lab.shelf.known.items():
        seen = known.seen.fields
        assert {name: seen[name] for name in truth[key]} == dict(truth[key])
        assert (seen["started_at"] is None) == (seen["category"] == "new")
        assert (seen["finished_at"] is None) == (seen["category"] != "done")
    assert lab.shelf.newcomers(MFA) == added
