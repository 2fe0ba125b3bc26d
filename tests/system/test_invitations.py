"""Training sessions in calendars and mailboxes: invited once, moved, called off, answered; and `.ics` where need be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from icalendar import Calendar

from rollout_sync.app import App
from rollout_sync.cli.invocation import Invocation
from rollout_sync.ledger import outbox
from rollout_sync.ledger.outbox import State
from rollout_sync.model.mail import MailKind
from rollout_sync.reconcile.sessions import Act
from rollout_sync.sync.inviting import Invited, invite
from rollout_sync.sync.remembering import sessions
from rollout_sync.sync.reviewing import reviewed
from support.desk import BOTH
from support.marks import quick_first

CORA, TARA = "cora.coordinator@example.com", "tara.trainer@example.com"
STAN, EMMA, FRIDA = "ivan.itwork@example.com", "ida.integrator@example.com", "frida.figures@example.com"
THEO = "theo.tutor@example.com"
NAME, ROLLOUT = "Small 2027", "small-2027"
PEOPLE = f"""\
name,email,role,department,deputy
Cora Coordinator,{CORA},coordinator,,
Tara Trainer,{TARA},trainer,,
Frida Figures,{FRIDA},department_head,Finance,
Ivan Itwork,{STAN},supervisor,Finance,
Ida Integrator,{EMMA},employee,Finance,
"""
TEMPLATE = """\
template: small
version: 1
title: Small change
purpose: Something gets better.
roles: {coordinator: {}, trainer: {}, department_head: {per: department}}
owns: [due]
phases:
  - key: prepare
    title: Prepare
    items:
      - key: head-yes
        kind: approval
        title: "Green light of {{ department.name }}"
        for_each: department
        approver: department_head
        asks: [The date suits]
        within_days: 5
  - key: change
    title: Change
    after: [head-yes]
    items:
      - {key: clinic, kind: training, title: Clinic, owner: trainer, days: 1, minutes: 30, seats: 20}
      - {key: live, kind: milestone, title: Live, owner: coordinator, on: go_live, after: [clinic]}
"""
MAIL = f"""
[mail]
channel = "graph"
sender = "{CORA}"

[digest]
zone = "Europe/Berlin"
boards = false
"""
"""Ticks invite nobody, so that every round is one of the test's own hand."""
INVITING = MAIL.replace("[digest]", "invitations = true\n\n[digest]")
START = ["start", "small.yaml", "--name", NAME, "--go-live", "2026-11-30", "--people", "people.csv", "--no-input"]
EVENTS = "/graph/v1.0/users/*/events"


@dataclass
class Office:
    """A started rollout, and a hand that invites."""

    desk: Any

    def app(self) -> App:
        invocation = Invocation.of_process()
        settings = invocation.settings()
        inviting = replace(settings, mail=replace(settings.mail, invitations=True))
        return App(settings=inviting, environ=invocation.environ, keystore=self.desk.shelf)

    def invite(self, **over: object) -> Invited:
        app = self.app()
        with app.ledger() as database:
            secretary = app.secretary(database)
            assert secretary is not None
            made = reviewed(ROLLOUT, database, app.clock.now(), with_drivers=False)
            return invite(made, replace(secretary, **over))

    def later(self, seconds: float) -> None:
        self.desk.at.advance(seconds)
        self.desk.clock.skipped += seconds

    def sync(self, *more: str) -> None:
        self.later(60)
        done = self.desk.ask("sync", NAME, *more)
        assert done.code in {0, 4}, done.out + done.err

    def start(self, *more: str) -> None:
        done = self.desk.call(*START, "--yes", "--settle", "0", *more)
        assert done.code == 0, done.out + done.err

    def approve(self) -> None:
        task = self.desk.at.task("Green light of Finance")["id"]
        checklist = self.desk.at.details(task)["checklist"]
        (item,) = [key for key, one in checklist.items() if one["title"] == "Approved"]
        self.desk.at.act("planner", "tick", FRIDA, task=task, item=item)
        self.sync()

    def hand_over(self) -> None:
        """Theo holds the session from now on."""
        self.desk.write("people.csv", PEOPLE.replace(f"Tara Trainer,{TARA}", f"Theo Tutor,{THEO}"))
        self.start()
        self.sync()

    def events(self) -> list[dict[str, Any]]:
        return [row["fields"] for row in self.desk.at.content().get("graph.events", {}).values()]

    def edit(self, **fields: object) -> None:
        self.desk.at.act("planner", "edit", TARA, task=self.desk.at.task("Clinic")["id"], fields=fields)
        self.sync()

    def signal(self, name: str = "training") -> dict[str, Any]:
        found = self.desk.ask("status", NAME).result["signals"]
        return next(one for one in found if one["name"] == name)

    def letters(self) -> list[Any]:
        with self.app().ledger() as database, database.reading() as connection:
            found = outbox.letters(connection, *State)
            return [(one, outbox.parcel_of(connection, one.event)) for one in found if one.kind is MailKind.INVITATION]

    def calendar_parts(self) -> list[tuple[str, str, int, str]]:
        """Method, guest, sequence and start of every mail, in the order in which they were planned."""
        found = []
        for letter, parcel in self.letters():
            message = message_from_bytes(parcel.content, policy=policy.default)
            (part,) = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
            made = Calendar.from_ical(part.get_content())
            (event,) = made.walk("VEVENT")
            found.append((str(made["METHOD"]), letter.address, int(event["SEQUENCE"]), str(event["UID"])))
        return found


@pytest.fixture
def office(desk):
    desk.configure(BOTH + MAIL)
    desk.write("small.yaml", TEMPLATE)
    desk.write("people.csv", PEOPLE)
    found = Office(desk)
    found.start()
    found.sync()
    return found


@pytest.fixture
def invited(office):
    office.approve()
    assert office.invite().done == {Act.INVITE: ("Clinic",)}
    return office


def names(event):
    return sorted(one["emailAddress"]["address"] for one in event["attendees"])


def test_nobody_is_invited_before_the_green_light(office):
    assert office.invite().done == {}
    assert office.events() == []
    office.approve()
    assert office.invite().done == {Act.INVITE: ("Clinic",)}
    (event,) = office.events()
    assert names(event) == [EMMA, STAN]
    assert event["organizer"]["emailAddress"]["address"] == TARA
    assert event["start"] == {"dateTime": "2026-11-27T10:00:00", "timeZone": "Europe/Berlin"}


def test_without_news_nothing_is_written(invited):
    invited.desk.at.forget()
    assert invited.invite() == Invited(rollout=ROLLOUT)
    assert invited.desk.at.writes() == {}


@pytest.mark.slow
def test_a_session_that_people_move_is_moved_once(invited):
    invited.edit(dueDateTime="2026-11-25T00:00:00Z", startDateTime="2026-11-25T00:00:00Z")
    assert invited.invite().done == {Act.CHANGE: ("Clinic",)}
    (event,) = invited.events()
    assert event["start"]["dateTime"] == "2026-11-25T10:00:00"
    assert invited.invite().done == {}


def test_a_session_that_is_deleted_is_called_off_once(invited):
    invited.desk.at.act("planner", "delete", TARA, task=invited.desk.at.task("Clinic")["id"])
    invited.sync("--full")
    assert invited.invite().done == {Act.CANCEL: ("Clinic",)}
    assert invited.events() == []
    assert invited.invite().done == {}


@pytest.mark.slow
def test_a_session_that_is_moved_into_the_past_is_called_off(invited):
    invited.edit(dueDateTime="2026-10-01T00:00:00Z", startDateTime="2026-10-01T00:00:00Z")
    assert invited.invite().done == {Act.CANCEL: ("Clinic",)}
    assert invited.events() == []
    assert invited.invite().done == {}


@pytest.mark.slow
def test_a_new_trainer_is_invited_and_a_coordinator_hears_whose_event_it_stays(invited):
    invited.hand_over()
    found = invited.invite()
    assert found.done == {Act.CHANGE: ("Clinic",)}
    (finding,) = found.findings
    assert finding.code == "session-organizer"
    assert TARA in finding.message
    (event,) = invited.events()
    assert names(event) == [EMMA, STAN, THEO]
    assert invited.invite() == Invited(rollout=ROLLOUT)


@pytest.mark.slow
def test_where_planner_was_removed_news_of_events_are_findings_and_no_failure(invited):
    invited.edit(dueDateTime="2026-11-25T00:00:00Z", startDateTime="2026-11-25T00:00:00Z")
    changed = invited.invite(calendar=None)
    invited.desk.at.act("planner", "delete", TARA, task=invited.desk.at.task("Clinic")["id"])
    invited.sync("--full")
    cancelled = invited.invite(calendar=None)
    for found in (changed, cancelled):
        assert [one.code for one in found.findings] == ["calendar-gone"]
        assert (found.done, found.is_finished) == ({}, True)
    assert invited.invite().done == {Act.CANCEL: ("Clinic",)}
    assert invited.events() == []


@pytest.mark.slow
def test_an_event_that_its_host_deletes_stays_deleted(invited):
    (event,) = invited.desk.at.content()["graph.events"]
    invited.desk.at.act("planner", "delete-event", TARA, event=event)
    found = invited.invite()
    assert [one.code for one in found.findings] == ["session-withdrawn"]
    assert found.done == {}
    assert invited.invite().findings == ()
    assert invited.events() == []


def test_answers_come_home_into_the_training_signal(invited):
    (event,) = invited.desk.at.content()["graph.events"]
    invited.desk.at.act("planner", "respond", EMMA, event=event, response="accepted")
    invited.desk.at.act("planner", "respond", STAN, event=event, response="declined")
    assert invited.invite().answers == 1
    assert invited.invite().answers == 0
    invited.later(10 * 86_400.0)
    invited.sync()
    assert invited.signal()["sentence"].endswith("; 1 of 2 invited accepted, 1 declined")


@pytest.mark.slow
def test_a_lost_ledger_invites_nobody_twice(invited):
    (before,) = invited.events()
    invited.desk.ledger.unlink()
    for _ in range(2):
        assert invited.desk.ask("adopt", ROLLOUT).code in {0, 4}
        invited.later(3600)
    invited.start()
    invited.sync()
    invited.invite()
    (after,) = invited.events()
    assert after == before


@pytest.mark.parametrize("kind", quick_first(1, ["drop_after", "drop_before", "500", "truncate", "html"]))
def test_one_event_whatever_becomes_of_the_answers(office, kind):
    office.approve()
    office.desk.at.faults({"method": "POST", "route": EVENTS, "kind": kind, "rate": 1.0, "when": "after"})
    first = office.invite()
    assert not first.is_finished
    assert first.done == {}
    office.desk.at.faults()
    office.later(600)
    assert office.invite().done == {Act.INVITE: ("Clinic",)}
    assert len(office.events()) == 1


@pytest.mark.slow
def test_a_host_without_a_mailbox_leaves_it_to_the_agents_calendar(desk):
    desk.configure(BOTH + MAIL)
    desk.write("small.yaml", TEMPLATE)
    desk.write("people.csv", PEOPLE.replace(TARA, "tara@elsewhere.example.com"))
    office = Office(desk)
    office.start()
    office.approve()
    office.invite()
    (event,) = office.events()
    assert event["organizer"]["emailAddress"]["address"] == CORA
    assert names(event) == [EMMA, STAN, "tara@elsewhere.example.com"]


class TestByMail:
    @pytest.fixture
    def posted(self, office):
        """Invited where calendars may not be written."""
        office.desk.at.faults({"method": "POST", "route": EVENTS, "kind": "forbidden", "rate": 1.0})
        office.approve()
        found = office.invite()
        assert [one.code for one in found.findings] == ["calendar-forbidden"]
        assert "Calendars.ReadWrite" in found.findings[0].hint
        assert (found.done, found.mails) == ({Act.INVITE: ("Clinic",)}, 3)
        return office

    def test_everybody_gets_the_invitation_once(self, posted):
        assert posted.invite().mails == 0
        parts = posted.calendar_parts()
        assert sorted(parts) == sorted(("REQUEST", who, 0, parts[0][3]) for who in (TARA, STAN, EMMA))
        assert posted.events() == []

    def test_a_move_rises_the_sequence_and_keeps_the_identity(self, posted):
        posted.edit(dueDateTime="2026-11-25T00:00:00Z", startDateTime="2026-11-25T00:00:00Z")
        assert posted.invite().mails == 3
        parts = posted.calendar_parts()
        assert {(method, number) for method, _who, number, _uid in parts[3:]} == {("REQUEST", 1)}
        assert len({uid for *_rest, uid in parts}) == 1

    @pytest.mark.slow
    def test_a_dropped_session_is_cancelled_for_everybody(self, posted):
        posted.desk.at.act("planner", "delete", TARA, task=posted.desk.at.task("Clinic")["id"])
        posted.sync("--full")
        assert posted.invite().mails == 3
        assert {(one[0], one[2]) for one in posted.calendar_parts()[3:]} == {("CANCEL", 1)}
        assert posted.invite().mails == 0

    @pytest.mark.slow
    def test_who_leaves_the_list_hears_that_and_who_joins_is_invited(self, posted):
        posted.desk.write(
            "people.csv", PEOPLE.replace(f"Ivan Itwork,{STAN}", "Omar Operator,otto.operator@example.com")
        )
        posted.start()
        posted.sync()
        posted.invite()
        news = {who: method for method, who, number, _uid in posted.calendar_parts() if number == 1}
        assert news == {
            STAN: "CANCEL",
            TARA: "REQUEST",
            EMMA: "REQUEST",
            "otto.operator@example.com": "REQUEST",
        }
        subjects = {one.address: one.subject.partition(":")[0] for one, _parcel in posted.letters()[3:]}
        assert subjects["otto.operator@example.com"] == "Invitation"
        assert subjects[EMMA] == "Changed"

    @pytest.mark.slow
    def test_a_new_trainer_is_told_and_the_old_one_is_released(self, posted):
        posted.hand_over()
        assert posted.invite().done == {Act.CHANGE: ("Clinic",)}
        news = {who: method for method, who, number, _uid in posted.calendar_parts() if number == 1}
        assert news == {TARA: "CANCEL", THEO: "REQUEST", STAN: "REQUEST", EMMA: "REQUEST"}
        subjects = {one.address: one.subject.partition(":")[0] for one, _parcel in posted.letters()[3:]}
        assert subjects[THEO] == "Invitation"
        assert posted.invite().mails == 0

    @pytest.mark.slow
    def test_with_mail_switched_off_no_change_and_no_cancellation_counts_as_told(self, posted):
        switched_off = BOTH + MAIL.replace('channel = "graph"', 'channel = "none"')
        posted.desk.configure(switched_off)
        posted.edit(dueDateTime="2026-11-25T00:00:00Z", startDateTime="2026-11-25T00:00:00Z")
        changed = posted.invite()
        posted.desk.configure(BOTH + MAIL)
        assert posted.invite().done == {Act.CHANGE: ("Clinic",)}
        posted.desk.configure(switched_off)
        posted.desk.at.act("planner", "delete", TARA, task=posted.desk.at.task("Clinic")["id"])
        posted.sync("--full")
        cancelled = posted.invite()
        for found in (changed, cancelled):
            assert [one.code for one in found.findings] == ["session-unheard"]
            assert (found.done, found.mails, found.problems) == ({}, 0, ())
        posted.desk.configure(BOTH + MAIL)
        assert posted.invite().done == {Act.CANCEL: ("Clinic",)}
        assert len(posted.letters()) == 9

    @pytest.mark.slow
    def test_without_mail_and_calendar_a_coordinator_is_told(self, office):
        office.desk.configure(BOTH + MAIL.replace('channel = "graph"', 'channel = "none"'))
        office.desk.at.faults({"method": "POST", "route": EVENTS, "kind": "forbidden", "rate": 1.0})
        office.approve()
        found = office.invite()
        assert [one.code for one in found.findings] == ["calendar-forbidden", "invitations-no-way"]
        assert (found.done, found.mails, office.letters()) == ({}, 0, [])
        office.desk.at.faults()
        assert office.invite().done == {Act.INVITE: ("Clinic",)}


@pytest.mark.slow
def test_the_clock_of_the_zone_holds_on_both_sides_of_the_change(office):
    """The session of this rollout is in winter time; moved to October of the next year it is in summer time."""
    office.approve()
    office.invite()
    office.edit(dueDateTime="2027-10-29T00:00:00Z", startDateTime="2027-10-29T00:00:00Z")
    office.invite()
    (event,) = office.events()
    assert event["start"] == {"dateTime": "2027-10-29T10:00:00", "timeZone": "Europe/Berlin"}
    with office.app().ledger() as database, database.reading() as connection:
        (state,) = sessions(connection, ROLLOUT).values()
    assert state.starts == datetime(2027, 10, 29, 8, tzinfo=UTC)


class TestTheCommand:
    """`sync` invites by itself where the configuration asks for it, and counts answers in the same run."""

    def test_without_the_setting_nobody_is_invited(self, office):
        office.approve()
        office.sync()
        assert office.events() == []

    def test_a_tick_invites_once_and_the_next_ones_bring_answers(self, office):
        office.desk.configure(BOTH + INVITING)
        office.approve()
        assert len(office.events()) == 1
        (event,) = office.desk.at.content()["graph.events"]
        office.desk.at.act("planner", "respond", EMMA, event=event, response="accepted")
        office.later(86_400.0)
        done = office.desk.call("sync", NAME)
        assert "sessions with new answers: 1" in done.out
        assert len(office.events()) == 1
        assert office.desk.ask("sync", NAME).result["quiet"] == 1

    def test_invitations_by_mail_wait_for_the_digest_and_leave_once(self, office):
        office.desk.configure(BOTH + INVITING)
        office.desk.at.faults({"method": "POST", "route": EVENTS, "kind": "forbidden", "rate": 1.0})
        office.approve()
        assert {letter.state for letter, _parcel in office.letters()} == {State.PLANNED}
        sent = office.desk.ask("digest", "--due")
        invitations = [one for one in sent.result["sent"] if one["kind"] == "invitation"]
        assert sorted(one["to"] for one in invitations) == sorted([TARA, STAN, EMMA])
        again = office.desk.ask("digest", "--due")
        assert [one for one in again.result["sent"] if one["kind"] == "invitation"] == []

    @pytest.mark.slow
    def test_a_calendar_that_does_not_answer_ends_with_4_and_is_tried_again(self, office):
        office.desk.configure(BOTH + INVITING)
        office.desk.at.faults({"method": "POST", "route": EVENTS, "kind": "503", "rate": 1.0})
        office.approve()
        office.later(60)
        done = office.desk.call("sync", NAME)
        assert done.code == 4
        assert "Clinic" in done.out
        office.desk.at.faults()
        office.later(600)
        assert office.desk.ask("sync", NAME).code == 0
        assert len(office.events()) == 1
