"""Sessions in calendars: one event however often it is asked for, people's guests stay, answers come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rollout_sync.model.operations import Done, InDoubt, Refused
from rollout_sync.model.rollout import ItemKey
from rollout_sync.model.sessions import SHOWN_TO_ALL, Answer, Guest, Session, SessionState, Stage, Way
from rollout_sync.reconcile.sessions import starts_at
from rollout_sync.sandbox.graph.act import act
from rollout_sync.trackers.planner.calendars import GraphCalendar

TARA, CORA = "tara.trainer@example.com", "cora.coordinator@example.com"
FRIDA = Guest(email="frida.figures@example.com", name="Frida Figures")
SAM = Guest(email="sam.seller@example.com", name="Sam Seller")
EVENTS = "/graph/v1.0/users/*/events"
UID = "5f2c1d3e-0000-5000-8000-000000000001"


def session(**over):
    starts = starts_at(over.pop("day", date(2026, 12, 3)), "Europe/Berlin")
    usual = {
        "item": ItemKey("change/session"),
        "title": "Clinic",
        "text": "Bring your phone.",
        "starts": starts,
        "ends": starts + timedelta(minutes=30),
        "zone": "Europe/Berlin",
        "host": Guest(email=TARA, name="Tara Trainer"),
        "guests": (FRIDA, SAM),
    }
    return Session(**{**usual, **over})


@pytest.fixture
def calendar(lab):
    return GraphCalendar(lab.client, own=CORA, is_person=False)


def events(lab):
    return [row["fields"] for row in lab.world.store.scan("graph.events")]


def names(event):
    return sorted(one["emailAddress"]["address"] for one in event["attendees"])


def state(remote, made, mailbox=TARA, **over):
    usual = {
        "item": made.item,
        "uid": UID,
        "way": Way.CALENDAR,
        "stage": Stage.INVITED,
        "starts": made.starts,
        "ends": made.ends,
        "mailbox": mailbox,
        "remote": remote,
        "invited": tuple(one.email for one in made.guests),
    }
    return SessionState(**{**usual, **over})


def made(calendar, wanted=None, mailbox=TARA):
    outcome = calendar.make(wanted or session(), mailbox=mailbox, uid=UID)
    assert isinstance(outcome, Done), outcome
    return outcome.remote.id


def test_it_stands_in_the_hosts_calendar_in_its_own_zone(calendar, lab):
    made(calendar)
    (event,) = events(lab)
    assert event["organizer"]["emailAddress"]["address"] == TARA
    assert event["start"] == {"dateTime": "2026-12-03T10:00:00", "timeZone": "Europe/Berlin"}
    assert event["end"]["dateTime"] == "2026-12-03T10:30:00"
    assert names(event) == [FRIDA.email, SAM.email]
    assert (event["transactionId"], event["hideAttendees"]) == (UID, False)
    assert event["body"]["contentType"].lower() == "text"


def test_in_another_calendar_the_host_is_invited_too(calendar, lab):
    made(calendar, mailbox=CORA)
    assert names(events(lab)[0]) == [FRIDA.email, SAM.email, TARA]


def test_in_a_large_session_guests_do_not_see_each_other(calendar, lab):
    many = tuple(Guest(email=f"p{n}@example.com") for n in range(SHOWN_TO_ALL + 1))
    made(calendar, session(guests=many))
    assert events(lab)[0]["hideAttendees"] is True


def test_asked_for_twice_it_is_one_event_that_looks_as_asked_for_last(calendar, lab):
    first = made(calendar)
    later = session(title="Clinic, new room", guests=(SAM,))
    outcome = calendar.make(later, mailbox=TARA, uid=UID, before=(FRIDA.email, SAM.email))
    assert outcome.remote.id == first
    (event,) = events(lab)
    assert (event["subject"], names(event)) == ("Clinic, new room", [SAM.email])


@pytest.mark.parametrize("kind", ["drop_after", "500", "truncate", "html"])
def test_a_lost_answer_leaves_one_event(calendar, lab, kind):
    lab.faults({"method": "POST", "route": EVENTS, "kind": kind, "times": 1, "when": "after"})
    made(calendar)
    assert len(events(lab)) == 1


def test_a_service_that_stays_away_leaves_a_doubt_or_a_refusal_for_now(calendar, lab):
    lab.faults({"method": "POST", "route": EVENTS, "kind": "503", "rate": 1.0})
    outcome = calendar.make(session(), mailbox=TARA, uid=UID)
    assert isinstance(outcome, InDoubt) or outcome.again


class TestChange:
    def test_only_what_differs_is_written(self, calendar, lab):
        known = state(made(calendar), session())
        lab.requests()
        assert isinstance(calendar.change(session(), known), Done)
        assert [line.split()[0] for line in lab.requests()] == ["GET"]
        later = session(day=session().starts.date() + timedelta(days=1))
        assert isinstance(calendar.change(later, known), Done)
        assert [line.split()[0] for line in lab.requests()] == ["GET", "PATCH"]
        assert events(lab)[0]["start"]["dateTime"] == "2026-12-04T10:00:00"

    def test_guests_whom_people_added_stay_and_ours_who_left_go(self, calendar, lab):
        remote = made(calendar)
        known = state(remote, session())
        path = f"/users/{TARA}/events/{remote}"
        have = lab.graph("GET", path)["attendees"]
        other = {"emailAddress": {"address": "omar.outsider@example.com", "name": "Omar"}, "type": "optional"}
        lab.graph("PATCH", path, {"attendees": [*have, other]})
        calendar.change(session(guests=(SAM,)), known)
        assert names(events(lab)[0]) == ["omar.outsider@example.com", SAM.email]

    def test_an_event_that_its_host_moved_stays_there_until_the_plan_moves(self, calendar, lab):
        remote = made(calendar)
        moved = {"dateTime": "2026-12-03T14:00:00", "timeZone": "Europe/Berlin"}
        end = {**moved, "dateTime": "2026-12-03T14:30:00"}
        lab.graph("PATCH", f"/users/{TARA}/events/{remote}", {"start": moved, "end": end})
        fewer = session(guests=(SAM,))
        assert isinstance(calendar.change(fewer, state(remote, session())), Done)
        (event,) = events(lab)
        assert (names(event), event["start"], event["end"]) == ([SAM.email], moved, end)
        later = session(day=date(2026, 12, 4), guests=(SAM,))
        assert isinstance(calendar.change(later, state(remote, fewer)), Done)
        assert events(lab)[0]["start"]["dateTime"] == "2026-12-04T10:00:00"

    def test_in_another_calendar_a_former_host_goes_and_the_new_one_comes(self, calendar, lab):
        known = state(made(calendar, mailbox=CORA), session(), mailbox=CORA, host=TARA)
        theo = session(host=Guest(email="theo.tutor@example.com"))
        assert isinstance(calendar.change(theo, known), Done)
        assert names(events(lab)[0]) == [FRIDA.email, SAM.email, "theo.tutor@example.com"]

    def test_a_host_whom_the_service_lists_as_an_attendee_too_is_no_difference(self, calendar, lab):
        remote = made(calendar)
        path = f"/users/{TARA}/events/{remote}"
        have = lab.graph("GET", path)["attendees"]
        lab.graph("PATCH", path, {"attendees": [*have, {"emailAddress": {"address": TARA, "name": "Tara"}}]})
        lab.requests()
        assert isinstance(calendar.change(session(), state(remote, session(), host=TARA)), Done)
        before = (FRIDA.email, SAM.email, TARA)
        assert isinstance(calendar.make(session(), mailbox=TARA, uid=UID, before=before), Done)
        assert [line.split()[0] for line in lab.requests()] == ["GET", "POST"]

    def test_answers_survive_a_new_title(self, calendar, lab):
        remote = made(calendar)
        respond(lab, remote, FRIDA.email, "accepted")
        calendar.change(session(title="Clinic, new room"), state(remote, session()))
        assert calendar.replies([state(remote, session())])[remote].answers[FRIDA.email] is Answer.ACCEPTED

    def test_an_event_that_is_gone_says_so(self, calendar, lab):
        remote = made(calendar)
        lab.graph("DELETE", f"/users/{TARA}/events/{remote}")
        outcome = calendar.change(session(), state(remote, session()))
        assert isinstance(outcome, Refused)
        assert outcome.status == 404


def respond(lab, event, who, response):
    with lab.world.lock:
        act(lab.world, {"who": who, "do": "respond", "event": event, "response": response})


def test_answers_come_back_by_address(calendar, lab):
    remote = made(calendar)
    respond(lab, remote, FRIDA.email, "declined")
    respond(lab, remote, SAM.email, "tentativelyAccepted")
    found = calendar.replies([state(remote, session())])[remote]
    assert found.stands
    assert found.answers == {FRIDA.email: Answer.DECLINED, SAM.email: Answer.TENTATIVE}


def test_twenty_events_are_read_with_one_request(calendar, lab):
    many = []
    for number in range(20):
        outcome = calendar.make(session(), mailbox=TARA, uid=f"u{number}")
        many.append(state(outcome.remote.id, session()))
    lab.requests()
    assert len(calendar.replies(many)) == 20
    assert lab.requests() == ["POST /$batch"]


def test_an_event_that_its_host_deleted_stands_no_more(calendar, lab):
    remote = made(calendar)
    lab.graph("DELETE", f"/users/{TARA}/events/{remote}")
    assert not calendar.replies([state(remote, session())])[remote].stands


def test_what_could_not_be_read_is_left_out(calendar, lab):
    remote = made(calendar)
    lab.faults({"kind": "forbidden", "rate": 1.0, "inner": "GET /users/*/events/*"})
    assert calendar.replies([state(remote, session())]) == {}


class TestCancel:
    def test_it_is_gone_and_called_off_twice_is_no_failure(self, calendar, lab):
        known = state(made(calendar), session())
        assert isinstance(calendar.cancel(known), Done)
        assert events(lab) == []
        assert isinstance(calendar.cancel(known), Done)

    def test_one_that_was_never_confirmed_is_looked_for_by_its_transaction(self, calendar, lab):
        made(calendar)
        calendar.make(session(title="Another"), mailbox=TARA, uid="another")
        assert isinstance(calendar.cancel(state("", session())), Done)
        assert [event["subject"] for event in events(lab)] == ["Another"]
        assert isinstance(calendar.cancel(state("", session(), uid="never made")), Done)
        assert len(events(lab)) == 1


def test_without_the_right_the_next_step_is_named(calendar, lab):
    lab.faults({"method": "POST", "route": EVENTS, "kind": "forbidden", "rate": 1.0})
    outcome = calendar.make(session(), mailbox=TARA, uid=UID)
    assert isinstance(outcome, Refused)
    assert outcome.status == 403
    assert "Calendars.ReadWrite (application)" in outcome.hint


def test_a_host_without_a_mailbox_is_told_apart(calendar):
    outcome = calendar.make(session(), mailbox="nobody@elsewhere.example.com", uid=UID)
    assert isinstance(outcome, Refused)
    assert outcome.status == 404


def test_which_calendars_may_be_written(lab):
    app = GraphCalendar(lab.client, own=CORA, is_person=False)
    assert app.mailboxes(session()) == (TARA, CORA)
    person = GraphCalendar(lab.client, own=CORA, is_person=True)
    assert person.mailboxes(session()) == (CORA,)
    assert GraphCalendar(lab.client, own="", is_person=True).mailboxes(session()) == ()
    assert app.mailboxes(replace(session(), host=Guest(email=CORA))) == (CORA,)
