"""The Jira tracker against the sandbox: creating, doubting, finding, watching, changing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_sync.errors import AccessDenied, Unavailable
from rollout_sync.model.objects import Binding, Marker, ObjectKey, ObjectKind, Ref, Remote
from rollout_sync.model.operations import Change, Create, Done, Doubt, InDoubt, Refused
from rollout_sync.trackers.jira.tracker import JiraTracker
from rollout_sync.transport import Repeat, Transport
from support.jira_places import ROLLOUT, create

CORA_MAIL = "cora.coordinator@example.com"
EPIC = ObjectKey(ObjectKind.EPIC, "prepare")
BULK = "/jira/rest/api/3/issue/bulk"


def epic() -> Create:
    return Create(object=EPIC, marker=Marker("e" * 32), attempt=1, fields={"title": "Prepare", "text": "Why:\n- so"})


def made(outcomes):
    assert all(isinstance(one, Done) for one in outcomes), outcomes
    return [one.remote for one in outcomes]


def binding(item: Create, remote: Remote) -> Binding:
    return Binding(object=item.object, marker=item.marker, remote=remote)


def doubt(item: Create, high_water: int, sent_at) -> Doubt:
    return Doubt(
        object=item.object, marker=item.marker, attempt=1, sent_at=sent_at, high_water=high_water, fields=item.fields
    )


def see(tracker, item, remote):
    sighting = tracker.observe([binding(item, remote)])
    (seen,) = sighting.observations
    return seen


def test_epics_issues_and_folded_links_look_as_intended(site, tracker):
    (parent,) = made(tracker.send(ROLLOUT, [epic()]))
    (first,) = made(tracker.send(ROLLOUT, [create(1, parent=parent)]))
    link = ObjectKey.parse("link:1->2")
    people = tracker.inspect(ROLLOUT, ["erin@example.com", "otto.operator@example.com"]).people
    fields = {
        "title": "Item 2", "text": "See https://a.example.com\n\n- one\n- two", "start": "2027-01-04",
        "due": "2027-01-08", "owner": people["otto.operator@example.com"], "labels": ["dept-ops"], "held": True,
        "parent": parent,
    }  # fmt: skip
    second = create(2, **fields, links=[{"link": Ref(link), "source": first}])
    (outcome,) = tracker.send(ROLLOUT, [second])
    assert outcome.also == (link,)
    seen = see(tracker, second, outcome.remote)
    assert {name: seen.fields[name] for name in fields if name != "parent"} == {
        name: value for name, value in fields.items() if name != "parent"
    }
    assert seen.fields["parent"].id == parent.id
    assert seen.fields["category"] == "new"
    assert seen.fields["project"] == "SEC"
    issue = tracker._client.read(f"/issue/{outcome.remote.id}", route="/issue/{id}", what="x")
    (shown,) = issue["fields"]["issuelinks"]
    assert shown["type"]["inward"] == "is blocked by"
    assert shown["inwardIssue"]["key"] == first.key
    assert outcome.remote.url == f"{site.server.url}/jira/browse/{outcome.remote.key}"


def test_fifty_issues_are_one_request(site, tracker):
    before = site.requests()
    remotes = made(tracker.send(ROLLOUT, [create(n) for n in range(50)]))
    assert site.requests() == before + 1
    assert len({remote.id for remote in remotes}) == 50
    assert see(tracker, create(49), remotes[49]).fields["title"] == "Item 49"


def test_a_chunk_is_of_one_kind_and_not_too_large(tracker):
    with pytest.raises(ValueError, match="one kind"):
        tracker.send(ROLLOUT, [epic(), create(1)])
    with pytest.raises(ValueError, match="capacity"):
        tracker.send(ROLLOUT, [create(n) for n in range(51)])


def test_some_made_and_some_refused(tracker):
    chunk = [create(1), create(2, title="x" * 300), create(3, labels=["two words"]), create(4)]
    first, second, third, fourth = tracker.send(ROLLOUT, chunk)
    assert isinstance(second, Refused)
    assert "255" in second.reason
    assert isinstance(third, Refused)
    assert not third.again
    assert see(tracker, chunk[0], first.remote).fields["title"] == "Item 1"
    assert see(tracker, chunk[3], fourth.remote).fields["title"] == "Item 4"


def test_all_refused(tracker):
    told = tracker.send(ROLLOUT, [create(1, title="x" * 300), create(2, title="")])
    assert [type(one) for one in told] == [Refused, Refused]


LOST = ["drop_after", "drop_before", "rst", "truncate", "500", "503", "html", "html200"]


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_is_a_doubt_that_a_strong_read_settles(site, tracker, kind):
    high_water = tracker.high_water()
    chunk = [create(n) for n in range(3)]
    after = {} if kind in ("drop_after", "drop_before", "truncate", "html200") else {"when": "after"}
    site.faults({"kind": kind, "method": "POST", "route": BULK, "nth": [1], **after})
    told = tracker.send(ROLLOUT, chunk)
    assert [type(one) for one in told] == [InDoubt] * 3
    sent_at = site.transport.remote_now(site.server.url)
    findings = tracker.find(ROLLOUT, [doubt(item, high_water, sent_at) for item in chunk], frozenset())
    assert findings.is_strong
    assert findings.ambiguous == {}
    expected = set() if kind in ("drop_before", "html200") else {item.object for item in chunk}
    assert set(findings.found) == expected
    assert abs(findings.asked_at - sent_at) < timedelta(seconds=10)
    for item in chunk[: len(expected)]:
        assert see(tracker, item, findings.found[item.object]).fields["title"] == item.fields["title"]


def test_nothing_refused_for_now_is_lost(site, tracker):
    site.faults({"kind": "429", "method": "POST", "route": BULK, "retry_after": 500})
    (told,) = tracker.send(ROLLOUT, [create(1)])
    assert (told.again, told.status, told.retry_after) == (True, 429, 500)
    site.faults()
    assert tracker.high_water() == 0


def test_an_expired_token_is_told_and_may_be_tried_again(site, tracker):
    site.faults({"kind": "token_expired", "route": "/jira/**"})
    (told,) = tracker.send(ROLLOUT, [create(1)])
    assert (told.again, told.status) == (True, 401)
    with pytest.raises(AccessDenied):
        tracker.high_water()


def test_the_probe_finds_what_search_does_not_show_yet(site, tracker):
    site.world.index_lag = 3600
    high_water = tracker.high_water()
    chunk = [create(n) for n in range(30)]
    made(tracker.send(ROLLOUT, chunk))
    for number in range(120):
        site.act("create", project="SEC", summary=f"Somebody else's {number}")
    findings = tracker.find(ROLLOUT, [doubt(i, high_water, site.world.clock.now()) for i in chunk], frozenset())
    assert len(findings.found) == 30
    assert findings.is_strong


def test_the_probe_costs_one_request_a_hundred_keys_and_two(site, tracker):
    (known,) = made(tracker.send(ROLLOUT, [epic()]))
    high_water = tracker.high_water()
    chunk = [create(n) for n in range(50)]
    made(tracker.send(ROLLOUT, chunk))
    before = site.requests()
    tracker.find(ROLLOUT, [doubt(i, high_water, site.world.clock.now()) for i in chunk], frozenset({known.id}))
    assert site.requests() - before <= 1 + 2


def test_without_permission_to_look_absence_means_nothing(site, tracker):
    high_water = tracker.high_water()
    made(tracker.send(ROLLOUT, [create(1)]))
    site.act("revoke", permission="BROWSE_PROJECTS", account=CORA_MAIL, project="SEC")
    findings = tracker.find(ROLLOUT, [doubt(create(1), high_water, site.world.clock.now())], frozenset())
    assert findings.found == {}
    assert not findings.is_strong


def test_an_issue_that_is_bound_elsewhere_is_not_found_twice(site, tracker):
    (remote,) = made(tracker.send(ROLLOUT, [create(1)]))
    findings = tracker.find(ROLLOUT, [doubt(create(1), 0, site.world.clock.now())], frozenset({remote.id}))
    assert findings.found == {}
    assert set(findings.ambiguous) == {create(1).object}


def test_deleted_is_gone_and_moved_is_followed(site, tracker):
    chunk = [create(n) for n in range(3)]
    remotes = made(tracker.send(ROLLOUT, chunk))
    site.act("delete", issue=remotes[0].key)
    site.act("move", issue=remotes[1].key, to="TEAM")
    sighting = tracker.observe([binding(*pair) for pair in zip(chunk, remotes, strict=True)])
    assert sighting.gone == (chunk[0].object,)
    moved, stayed = sighting.observations
    assert (moved.object, moved.fields["project"]) == (chunk[1].object, "TEAM")
    assert moved.remote.id == remotes[1].id
    assert moved.remote.key != remotes[1].key
    assert stayed.remote == remotes[2]


def test_hidden_is_not_gone(site, tracker):
    chunk = [create(n) for n in range(2)]
    remotes = made(tracker.send(ROLLOUT, chunk))
    site.act("revoke", permission="BROWSE_PROJECTS", account=CORA_MAIL, project="SEC")
    sighting = tracker.observe([binding(*pair) for pair in zip(chunk, remotes, strict=True)])
    assert sighting.gone == ()
    assert set(sighting.unseen) == {item.object for item in chunk}


def test_links_are_never_concluded_about(tracker):
    link = Binding(object=ObjectKey.parse("link:a->b"), marker=Marker("l" * 32), remote=Remote(id=""))
    assert set(tracker.observe([link]).unseen) == {link.object}


def test_many_are_read_a_hundred_at_a_time(site, tracker):
    chunks = [[create(n) for n in range(first, first + 50)] for first in (0, 50, 100)]
    bound = [binding(i, r) for c in chunks for i, r in zip(c, made(tracker.send(ROLLOUT, c)), strict=True)]
    before = site.requests()
    assert len(tracker.observe(bound).observations) == 150
    assert site.requests() == before + 2


def link(source, target, *, marker="f" * 32):
    return Create(
        object=ObjectKey.parse("link:a->b"), marker=Marker(marker), attempt=1,
        fields={"source": source, "target": target},
    )  # fmt: skip


def test_a_link_is_made_once_however_often_it_is_sent(site, tracker):
    source, target = made(tracker.send(ROLLOUT, [create(1), create(2)]))
    site.faults({"kind": "drop_after", "method": "POST", "route": "/jira/rest/api/3/issueLink", "nth": [1]})
    for _ in range(2):
        made(tracker.send(ROLLOUT, [link(source, target)]))
    issue = tracker._client.read(f"/issue/{source.id}", route="/issue/{id}", what="x")
    (shown,) = issue["fields"]["issuelinks"]
    assert shown["type"]["outward"] == "blocks"
    assert shown["outwardIssue"]["key"] == target.key


def test_a_link_to_what_was_not_made_is_refused_without_asking(site, tracker):
    before = site.requests()
    assert isinstance(tracker.send(ROLLOUT, [link(None, Remote(id="1"))])[0], Refused)
    assert site.requests() == before
    told = tracker.send(ROLLOUT, [link(Remote(id="999999"), Remote(id="999998"))])[0]
    assert (told.status, told.again) == (404, False)


def remote_link(issue, url, title="Plan"):
    return Create(
        object=ObjectKey.parse("remote-link:prepare"), marker=Marker("a" * 32), attempt=1,
        fields={"issue": issue, "target": Remote(id="p", url=url), "title": title, "relationship": "planned in"},
    )  # fmt: skip


def test_a_remote_link_replaces_itself(site, tracker):
    (issue,) = made(tracker.send(ROLLOUT, [create(1)]))
    item = remote_link(issue, "https://planner.example.com/1")
    (first,) = made(tracker.send(ROLLOUT, [item]))
    (second,) = made(tracker.send(ROLLOUT, [remote_link(issue, "https://planner.example.com/2")]))
    assert first.id == second.id
    change = Change(object=item.object, marker=item.marker, remote=first, fields={"issue": issue, "title": "Renamed"})
    assert isinstance(tracker.change(ROLLOUT, [change])[0], Done)
    listed = tracker._client.ask(
        "GET", f"/issue/{issue.id}/remotelink", route="/issue/{id}/remotelink", repeat=Repeat.SAFE
    ).body
    (shown,) = listed
    assert shown["object"]["url"] == "https://planner.example.com/2"
    assert shown["object"]["title"] == "Renamed"
    assert shown["relationship"] == "planned in"
    bare = replace(change, fields={"title": "x"})
    assert isinstance(tracker.change(ROLLOUT, [bare])[0], Refused)


def change(item, remote, **fields):
    return Change(object=item.object, marker=item.marker, remote=remote, fields=fields)


def test_changes_write_what_changes_and_leave_peoples_labels(site, tracker):
    item = create(1, labels=["a", "b"], due="2027-01-01", text="old")
    (remote,) = made(tracker.send(ROLLOUT, [item]))
    site.act("label", issue=remote.key, label="from-people")
    told = tracker.change(
        ROLLOUT, [change(item, remote, labels=["b", "c"], due="2027-02-02", title="New", text="new", start=None)]
    )
    assert told == [Done(remote=remote)]
    seen = see(tracker, item, remote).fields
    assert set(seen["labels"]) == {"b", "c", "from-people"}
    assert (seen["due"], seen["title"], seen["text"], seen["start"]) == ("2027-02-02", "New", "new", None)
    tracker.change(ROLLOUT, [change(item, remote, labels=["b"])])
    assert set(see(tracker, item, remote).fields["labels"]) == {"b", "from-people"}


def test_a_change_whose_answer_is_lost_is_in_doubt(site, tracker):
    item = create(1)
    (remote,) = made(tracker.send(ROLLOUT, [item]))
    site.faults({"kind": "drop_after", "method": "PUT", "route": "/jira/rest/api/3/issue/*"})
    assert isinstance(tracker.change(ROLLOUT, [change(item, remote, title="N")])[0], InDoubt)


def test_a_change_of_something_deleted_is_refused(site, tracker):
    item = create(1)
    (remote,) = made(tracker.send(ROLLOUT, [item]))
    site.act("delete", issue=remote.key)
    told = tracker.change(ROLLOUT, [change(item, remote, title="N")])[0]
    assert (told.status, told.again) == (404, False)
    told = tracker.change(ROLLOUT, [change(link(remote, remote), Remote(id=""), source=None)])[0]
    assert isinstance(told, Refused)


def test_held_work_waits_in_the_hold_status_and_is_released(site):
    site.act("create", project="SEC", summary="Something to learn the workflow from")
    tracker = site.tracker(hold_status="on hold")
    item = create(1, held=True)
    (remote,) = made(tracker.send(ROLLOUT, [item]))
    seen = see(tracker, item, remote).fields
    assert (seen["held"], seen["status"], seen["category"]) == (True, "On hold", "new")
    assert isinstance(tracker.change(ROLLOUT, [change(item, remote, held=False)])[0], Done)
    seen = see(tracker, item, remote).fields
    assert (seen["held"], seen["status"]) == (False, "To Do")
    assert isinstance(tracker.change(ROLLOUT, [change(item, remote, held=True)])[0], Done)
    assert see(tracker, item, remote).fields["status"] == "On hold"


def test_work_that_people_started_is_not_moved_back(site):
    tracker = site.tracker(hold_status="On hold")
    item = create(1)
    (remote,) = made(tracker.send(ROLLOUT, [item]))
    site.act("start", issue=remote.key)
    assert isinstance(tracker.change(ROLLOUT, [change(item, remote, held=True)])[0], Done)
    seen = see(tracker, item, remote).fields
    assert (seen["held"], seen["status"]) == (True, "In Progress")


def test_everything_is_discovered_and_copies_are_told(site, tracker):
    chunk = [create(n) for n in range(3)]
    remotes = made(tracker.send(ROLLOUT, chunk))
    copy = site.act("clone", issue=remotes[0].key)
    stranger = site.act("create", project="SEC", summary="Own work")
    site.act("label", issue=stranger.key, label="rs-mfa-2027")
    marked = tracker.discover(ROLLOUT)
    ours = [one for one in marked if not one.is_copy]
    assert {(one.object, one.marker, one.remote.id) for one in ours} == {
        (i.object, i.marker, r.id) for i, r in zip(chunk, remotes, strict=True)
    }
    (other,) = [one for one in marked if one.is_copy]
    assert (other.remote.key, other.object) == (copy.key, chunk[0].object)
    assert all(one.created_at for one in marked)


def test_a_copy_with_our_property_is_still_a_copy(site, tracker):
    site.world.switches.set("jira_clone_copies_properties", True)
    (remote,) = made(tracker.send(ROLLOUT, [create(1)]))
    site.act("clone", issue=remote.key)
    assert [one.is_copy for one in tracker.discover(ROLLOUT)] == [False, True]


def test_an_issue_that_we_made_twice_is_no_copy_of_people(site, tracker):
    twice = [made(tracker.send(ROLLOUT, [create(1)]))[0].id for _ in range(2)]
    seen = [one for one in tracker.discover(ROLLOUT) if not one.is_copy]
    assert [one.remote.id for one in seen] == twice


def test_high_water_is_the_newest_key_and_needs_one_request(site, tracker):
    before = site.requests()
    empty = tracker.high_water()
    assert site.requests() == before + 1
    site.world.index_lag = 3600
    remotes = made(tracker.send(ROLLOUT, [create(n) for n in range(7)]))
    assert tracker.high_water() == int(remotes[-1].key.split("-")[1]) > empty


def test_a_site_that_cannot_be_reached_is_told(site, tracker):
    nowhere = Transport(clock=site.transport._clock, rewrites={site.server.url: "http://127.0.0.1:1"})
    cut_off = JiraTracker(site.access(), nowhere)
    cut_off.use(tracker._place.facts())
    (told,) = cut_off.send(ROLLOUT, [create(1)])
    assert told.again
    with pytest.raises(Unavailable):
        cut_off.observe([binding(create(1), Remote(id="1"))])


def test_the_order_of_the_answer_is_not_relied_on(site, tracker, monkeypatch):
    """Jira that answers made issues in another order, and forgets what failed."""
    chunk = [create(n) for n in range(3)]
    ask = tracker._client.ask

    def shuffled(method, path, **more):
        reply = ask(method, path, **more)
        if path == "/issue/bulk":
            return replace(reply, body={"issues": reply.body["issues"][::-1][:2], "errors": []})
        return reply

    monkeypatch.setattr(tracker._client, "ask", shuffled)
    first, second, third = tracker.send(ROLLOUT, chunk)
    assert isinstance(first, InDoubt)
    assert see(tracker, chunk[1], second.remote).fields["title"] == "Item 1"
    assert see(tracker, chunk[2], third.remote).fields["title"] == "Item 2"


def test_a_success_of_another_shape_is_in_doubt(tracker, monkeypatch):
    ask = tracker._client.ask
    monkeypatch.setattr(tracker._client, "ask", lambda *a, **k: replace(ask(*a, **k), body={"ok": True}))
    assert [type(one) for one in tracker.send(ROLLOUT, [create(1)])] == [InDoubt]


def test_partial_success_that_cannot_be_read_back_is_in_doubt(site, tracker):
    site.faults({"kind": "500", "route": "/jira/rest/api/3/issue/bulkfetch"})
    told = tracker.send(ROLLOUT, [create(1), create(2, title="x" * 300)])
    assert [type(one) for one in told] == [InDoubt, Refused]


def test_a_workflow_that_will_not_move_leaves_the_label(site, caplog):
    tracker = site.tracker(hold_status="On hold")
    item = create(1)
    (remote,) = made(tracker.send(ROLLOUT, [item]))
    steps = "/jira/rest/api/3/issue/*/transitions"
    site.faults({"kind": "token_expired", "method": "POST", "route": steps})
    assert tracker.change(ROLLOUT, [change(item, remote, held=True)])[0].again
    assert not see(tracker, item, remote).fields["held"]
    site.faults({"kind": "forbidden", "method": "POST", "route": steps, "status": 403})
    assert isinstance(tracker.change(ROLLOUT, [change(item, remote, held=True)])[0], Done)
    assert see(tracker, item, remote).fields["held"]
    assert "label alone" in caplog.text


def test_a_remote_link_that_is_gone_or_has_no_end_is_refused(tracker):
    (issue,) = made(tracker.send(ROLLOUT, [create(1)]))
    item = remote_link(issue, "")
    assert isinstance(tracker.send(ROLLOUT, [item])[0], Refused)
    told = tracker.change(ROLLOUT, [change(item, Remote(id="1"), issue=issue, title="x")])[0]
    assert (told.status, told.again) == (404, False)
    (told,) = tracker.send(ROLLOUT, [remote_link(Remote(id="999999"), "https://planner.example.com/1")])
    assert told.status == 404
