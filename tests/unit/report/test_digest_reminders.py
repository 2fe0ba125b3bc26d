"""Who is reminded of a gate, once for each version and kind, and what the mail says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_sync.model.mail import MailKind
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.snapshot import Decision, Vote
from rollout_sync.report.mail import reminder_mail
from rollout_sync.report.reminders import Occurrence, Reminder, reminders_of
from support.digests import DEPUTY, HEAD, SENDER, SPONSOR, Made, made, usual_case
from support.pictured import NOW, WAITING


def late(code: str, *, approval=None, **gate) -> Made:
    """The gate of Operations with one finding; `gate` and `approval` change it."""
    usual = usual_case()
    gates = {**usual.snapshot.gates, WAITING: replace(usual.snapshot.gates[WAITING], **gate)}
    items = tuple(
        replace(one, approval=replace(one.approval, **(approval or {}))) if one.key == WAITING else one
        for one in usual.rollout.items
    )
    rollout = replace(usual.rollout, items=items)
    case = replace(usual, rollout=rollout, snapshot=replace(usual.snapshot, gates=gates))
    return made(case=case, findings=(Finding(severity=Severity.WARNING, code=code, message="late", where=WAITING),))


def told(of: Made) -> list[tuple[str, MailKind, Occurrence]]:
    return [(one.email, one.kind, one.occurrence) for one in reminders_of(of)]


def mail_of(of: Made, email: str):
    (found,) = [one for one in reminders_of(of) if one.email == email]
    return reminder_mail(found, SENDER, "Europe/Berlin")


def test_at_half_time_the_approver_alone_is_reminded():
    assert told(late("gate-reminder")) == [(HEAD, MailKind.REMINDER, Occurrence.HALF)]


def test_when_the_time_is_over_it_escalates():
    assert told(late("gate-overdue")) == [
        (HEAD, MailKind.REMINDER, Occurrence.OVERDUE),
        (SPONSOR, MailKind.ESCALATION, Occurrence.OVERDUE),
    ]
    assert not any(one.is_urgent for one in reminders_of(late("gate-overdue")))


def test_who_completed_the_task_without_a_tick_is_told_that_nothing_is_decided():
    overdue = late("gate-overdue")
    snapshot = overdue.case.snapshot
    closed = replace(snapshot.items[WAITING], percent=100)
    case = replace(overdue.case, snapshot=replace(snapshot, items={**snapshot.items, WAITING: closed}))
    words = "no line is ticked: nothing is decided yet"
    assert words in mail_of(replace(overdue, case=case), HEAD).text
    assert words not in mail_of(overdue, HEAD).text


def test_an_emergency_goes_at_any_hour():
    found = reminders_of(late("emergency-overdue", approval={"emergency_hours": 24}))
    assert [(one.email, one.occurrence, one.is_urgent) for one in found] == [
        (HEAD, Occurrence.EMERGENCY, True),
        (SPONSOR, Occurrence.EMERGENCY, True),
    ]


def test_who_decides_and_is_told_of_lateness_gets_one_mail():
    approver = next(one.approval for one in usual_case().rollout.items if one.key == WAITING)
    assert approver is not None
    assert told(late("gate-overdue", approval={"escalate_to": approver.approvers})) == [
        (HEAD, MailKind.REMINDER, Occurrence.OVERDUE)
    ]


@pytest.mark.parametrize(
    "gate",
    [{"decision": Decision.APPROVED}, {"decision": Decision.NOT_ASKED}],
    ids=["decided since", "not asked any more"],
)
def test_nobody_is_reminded_of_a_gate_that_does_not_wait(gate):
    assert told(late("gate-overdue", **gate)) == []


def test_who_answered_is_not_reminded():
    vote = Vote(by=DEPUTY, decision=Decision.APPROVED, at=NOW)
    assert told(late("gate-overdue", votes=(vote,))) == [(SPONSOR, MailKind.ESCALATION, Occurrence.OVERDUE)]


def test_other_findings_remind_nobody():
    assert told(late("started-early")) == []
    gone = replace(late("gate-overdue").review.findings[0], where="no/such-item")
    assert reminders_of(made(findings=(gone,))) == ()


def events(of: Made) -> list[str]:
    return [one.event for one in reminders_of(of)]


def test_a_question_is_reminded_of_once_for_each_version_and_kind():
    first = events(late("gate-overdue", asked_version="aaaa"))
    assert len(set(first)) == 2
    assert events(late("gate-overdue", asked_version="aaaa", due_at=NOW - timedelta(days=1))) == first
    others = [
        events(late("gate-overdue", asked_version="bbbb")),
        events(late("gate-overdue", asked_version="aaaa", reopened_at=NOW)),
        events(late("gate-reminder", asked_version="aaaa")),
    ]
    every = [*first, *(event for other in others for event in other)]
    assert len(set(every)) == len(every)


def test_a_reminder_says_what_until_when_what_waits_and_how():
    mail = mail_of(late("gate-reminder", due_at=NOW + timedelta(days=2)), HEAD)
    assert mail.subject == "[DECISION] MFA 2027: Green light of Operations, due 10 Feb"
    assert mail.text == GOLDEN
    assert "Open and decide" in mail.html
    assert mail.references == (f"{mail.thread}@example.com",)
    assert mail.message_id == f"{mail.event}@example.com"


GOLDEN = """\
MFA 2027
Green light of Operations

Half of the time for your decision is over.

Due Wed 10 Feb 2027, 08:30.
If late: 38 items wait, the first planned for 22 Jan; Sonja Sponsor is
told.
Olga Orderly may decide in your place.
Choose one of: Approved, Approved with conditions, Not yet, Rejected.

PLEASE CHECK
- The switch day, and the days that are impossible
- Shared devices and people without a phone are on the list
- Champion and supervisor are named and get the hours
- I ask my people to register

Open and decide:
https://boards.example.com/planner/task/111

--\x20
You get this because you decide it, or because it comes to you when it
is late. For questions write to leave@example.com.
"""


def test_an_escalation_says_who_has_to_be_asked():
    mail = mail_of(late("gate-overdue"), SPONSOR)
    assert mail.subject == "[ESCALATION] MFA 2027: Green light of Operations, due 3 Feb"
    assert mail.kind is MailKind.ESCALATION
    words = " ".join(mail.text.split())
    assert "This decision is late and comes to you: Otto Operator has not decided it." in words
    assert "Please ask Otto Operator or Olga Orderly to decide; only their answer counts." in words
    assert "is told" not in words
    assert "PLEASE CHECK" not in words


def test_an_emergency_is_called_one():
    mail = mail_of(late("emergency-overdue", approval={"emergency_hours": 24}), HEAD)
    assert mail.subject.startswith("[EMERGENCY] MFA 2027")
    assert "The work went first; your decision was due and is missing." in mail.text


def test_a_gate_without_link_deputy_or_deadline_is_told_too():
    of = late("gate-overdue", due_at=None, approval={"deputies": (), "escalate_to": (), "asks": ()})
    states = {**of.case.snapshot.items, WAITING: replace(of.case.snapshot.items[WAITING], url="javascript:x")}
    case = replace(of.case, snapshot=replace(of.case.snapshot, items=states))
    mail = mail_of(replace(of, case=case), HEAD)
    assert mail.subject == "[OVERDUE] MFA 2027: Green light of Operations"
    assert "No date is set for it." in mail.text
    assert "javascript" not in mail.html + mail.text


def test_reminders_are_values():
    assert isinstance(reminders_of(late("gate-overdue"))[0], Reminder)
