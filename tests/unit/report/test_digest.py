"""What a reader is told: silence where there is nothing, their own view of a rollout, what comes, one mail of all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rollout_sync.health.review import Colour, Signal, SignalName
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.records import read_record, record
from rollout_sync.model.rollout import RolloutId
from rollout_sync.model.snapshot import ItemStatus
from rollout_sync.report.ahead import Occasion
from rollout_sync.report.digest import digest_of
from rollout_sync.report.readers import Seat
from rollout_sync.report.told import LastDigest
from support.digests import (
    COORDINATOR,
    DEPUTY,
    HEAD,
    OTHER_HEAD,
    SPONSOR,
    a_review,
    case,
    digest,
    made,
    quiet_last,
    reader,
    section,
    told_before,
    usual_case,
)
from support.pictured import EARLY, NOW, WAITING

# Silence ------------------------------------------------------------------------------------------------------------


def test_a_first_digest_is_always_sent_and_compares_with_nothing():
    found = digest(reader(OTHER_HEAD), made())
    assert found.sections[0].is_first
    assert (found.sections[0].changes, found.sections[0].arrow) == ((), "")


def test_nothing_changed_and_nothing_owed_is_silence():
    later = NOW + timedelta(days=1)
    assert digest_of(reader(OTHER_HEAD), [made(later, case=usual_case())], quiet_last(), later, "2027-W07") is None


def test_who_wants_a_heartbeat_gets_a_line():
    who = reader(OTHER_HEAD, heartbeat=True)
    found = digest_of(who, [made()], quiet_last(), NOW, "2027-W07")
    assert found is not None
    assert found.is_heartbeat
    assert [one.name for one in found.quiet] == ["MFA 2027"]
    assert dict(found.told()) == {}


def test_what_is_owed_is_told_again_in_every_digest():
    found = digest_of(reader(HEAD), [made()], quiet_last(HEAD), NOW, "2027-W07")
    assert found is not None
    assert found.owed == 1
    assert found.sections[0].changes == ()


def test_small_steps_of_the_forecast_are_no_news_but_they_add_up():
    last = quiet_last()
    dates = a_review().dates
    for chance, shift, news in ((0.60, 1, False), (0.585, 1, False), (0.56, 0, True), (0.62, 2, True)):
        moved = replace(dates, p_target=chance, p50=dates.p50 + timedelta(days=shift))
        found = digest_of(reader(OTHER_HEAD), [made(dates=moved)], last, NOW, "2027-W07")
        assert (found is not None) is news


def test_without_a_seat_there_is_nothing_to_tell():
    who = reader(HEAD, seats=(Seat(rollout=RolloutId("another")),), heartbeat=True)
    assert digest_of(who, [made()], None, NOW, "2027-W07") is None


# The reader's own view ----------------------------------------------------------------------------------------------


def test_a_manager_reads_nothing_of_other_departments():
    found = section(OTHER_HEAD, last=told_before(reader(OTHER_HEAD)))
    assert found.status == "Amber because approvals: it lies with other departments; go-live 1 Mar 62 % likely."
    assert {one.signal.name: one.reason for one in found.signals} == {
        SignalName.SCHEDULE: "2 of 36 due items are late",
        SignalName.FORECAST: "62 % likely by 1 Mar, 70 % with 3 days of grace",
        SignalName.APPROVALS: "it lies with other departments",
    }
    assert found.findings == ()
    told = f"{found.status} {found.changes} {found.signals[2].reason} {found.coming} {found.wave_days}"
    assert "Operations" not in told
    assert "Sales" not in told


def test_the_department_that_it_is_about_reads_all_of_it():
    found = section(HEAD)
    assert found.status == a_review().sentence
    assert found.signals[2].reason == "'Green light of Operations' waits 1.4 times its agreed time"
    assert [one.finding.code for one in found.findings] == ["started-early"]
    assert found.departments == ("Operations",)
    assert found.wave_days == {"Operations": date(2027, 3, 1)}


def test_the_status_has_at_most_25_words():
    long = Signal(
        name=SignalName.APPROVALS,
        colour=Colour.RED,
        sentence=f"'Green light of Operations' waits {'very ' * 40}long; a second clause that is for everybody",
        items=(WAITING, "strategy/charter"),
    )
    found = section(OTHER_HEAD, signals=(long,), sentence=f"Red because approvals: {long.sentence[:90]}")
    assert len(found.status.split()) <= 25
    assert "Operations" not in found.status


def test_a_clause_that_names_other_departments_is_left_out_and_the_next_one_stands():
    signal = Signal(
        name=SignalName.TRAINING,
        colour=Colour.AMBER,
        sentence="81 % forecast ready in Operations; 4 of 8 sessions are held",
        items=("rings/wave-finance/clinic", "rings/wave-operations/clinic"),
    )
    assert section(OTHER_HEAD, signals=(signal,)).signals[0].reason == "4 of 8 sessions are held"
    alone = replace(signal, sentence="81 % forecast ready in Operations")
    assert section(OTHER_HEAD, signals=(alone,)).signals[0].reason == "1 of 2 items behind it is yours"
    fine = replace(alone, colour=Colour.GREEN)
    assert section(OTHER_HEAD, signals=(fine,)).signals[0].reason == "the details are about other departments"
    assert section(SPONSOR, signals=(alone,)).signals[0].reason == "81 % forecast ready in Operations"


def test_green_data_are_told_at_the_end_and_bad_data_among_the_signals():
    assert SignalName.DATA not in {one.signal.name for one in section(SPONSOR).signals}
    bad = Signal(name=SignalName.DATA, colour=Colour.RED, sentence="Jira was not read for 4 days", score=0)
    assert [one.signal for one in section(SPONSOR, signals=(bad,)).signals] == [bad]


def test_findings_go_to_those_who_can_do_something():
    stale = Finding(severity=Severity.WARNING, code="half-stale", message="Jira was not read", where="jira")
    early = Finding(severity=Severity.WARNING, code="started-early", message="x", where=EARLY)
    note = Finding(severity=Severity.NOTE, code="added-work", message="y")
    overdue = Finding(severity=Severity.WARNING, code="gate-overdue", message="z", where=WAITING)
    found = (stale, early, note, overdue)
    codes = {email: [one.finding.code for one in section(email, findings=found).findings] for email in ALL}
    assert codes == {
        COORDINATOR: ["half-stale", "started-early", "added-work"],
        SPONSOR: ["started-early", "gate-overdue"],
        HEAD: ["started-early"],
        OTHER_HEAD: [],
    }
    assert section(COORDINATOR, findings=found).more_findings == 1


ALL = (COORDINATOR, SPONSOR, HEAD, OTHER_HEAD)


def test_only_what_the_digest_before_did_not_have_is_new():
    last = told_before(reader(COORDINATOR), findings=a_review().findings[:1])
    assert [one.is_new for one in section(COORDINATOR, last=last).findings] == [False, True, True]
    assert [one.is_new for one in section(COORDINATOR).findings] == [False, False, False]


# Days ahead ---------------------------------------------------------------------------------------------------------


def test_the_next_days_bring_sessions_gates_milestones_and_the_go_live():
    of = case(gates={WAITING: {"due_at": NOW + timedelta(days=1)}})
    assert [(one.day.isoformat(), one.occasion, one.what) for one in section(SPONSOR, of=of).coming] == [
        ("2027-02-09", Occasion.GATE, "Green light of Operations"),
        ("2027-02-10", Occasion.SESSION, "Registration clinic for Sales"),
        ("2027-02-15", Occasion.MILESTONE, "Second factor required in Finance"),
    ]
    assert [one.what for one in section(OTHER_HEAD, of=of).coming] == ["Second factor required in Finance"]


def test_a_wave_day_without_a_milestone_and_the_go_live_are_told_by_themselves():
    gone = {key: {"status": ItemStatus.GONE} for key in usual_case().snapshot.items}
    found = section(SPONSOR, of=case(items=gone), dates=replace(a_review().dates, agreed=date(2027, 2, 11))).coming
    assert [(one.key, one.occasion) for one in found] == [
        ("go-live", Occasion.GO_LIVE),
        ("wave:finance", Occasion.WAVE),
    ]


# Identity -----------------------------------------------------------------------------------------------------------


def test_the_same_content_is_the_same_event_and_an_hour_changes_nothing():
    first = digest(reader(HEAD), made())
    hour = NOW + timedelta(hours=1)
    dates = replace(a_review().dates, p_target=0.617)
    again = digest(reader(HEAD), made(hour, case=replace(usual_case(), now=hour), dates=dates))
    assert (first.event, first.content, first.thread) == (again.event, again.content, again.thread)


@pytest.mark.parametrize(
    "other",
    [
        lambda: digest(reader(DEPUTY), made()),
        lambda: digest(reader(HEAD), made(), period="2027-W07"),
        lambda: digest(reader(HEAD), made(colour=Colour.RED)),
        lambda: digest(reader(HEAD), made(), told_before(reader(HEAD))),
    ],
    ids=["reader", "period", "content", "changes"],
)
def test_another_reader_period_or_content_is_another_event(other):
    assert digest(reader(HEAD), made()).event != other().event


def test_what_was_told_survives_being_kept():
    kept = digest(reader(COORDINATOR), made()).kept(None, "one@example.com")
    assert read_record(LastDigest, record(kept)) == kept
    assert kept.silent(NOW + timedelta(days=1), "p").told == kept.told


def test_mails_of_one_rollout_form_a_conversation():
    first = digest(reader(HEAD), made())
    last = first.kept(None, "one@example.com")
    second = digest(reader(HEAD), made(), last, "2027-W07")
    assert second.thread == first.thread
    assert second.references == ("one@example.com",)
    for number in range(20):
        last = second.kept(last, f"{number}@example.com")
    assert last.references[first.thread][-1] == "19@example.com"
    assert len(last.references[first.thread]) == 8


# Several rollouts ---------------------------------------------------------------------------------------------------


def several(*colours: Colour):
    """The usual rollout so many times, under other names."""
    for number, colour in enumerate(colours):
        rollout = replace(usual_case().rollout, id=RolloutId(f"r{number}"), name=f"Rollout {number}")
        yield made(case=replace(usual_case(), rollout=rollout), name=rollout.name, colour=colour, score=float(number))


def test_several_rollouts_are_one_digest_the_worst_first():
    every = list(several(Colour.GREEN, Colour.RED, Colour.AMBER, Colour.RED))
    who = reader(SPONSOR, seats=tuple(Seat(rollout=one.case.rollout.id, roles=("sponsor",)) for one in every))
    found = digest_of(who, every, None, NOW, "2027-W06")
    assert found is not None
    assert [one.name for one in found.sections] == ["Rollout 1", "Rollout 3", "Rollout 2", "Rollout 0"]
    last = found.kept(None, "m@example.com")
    changed = [*every[:3], replace(every[3], review=replace(every[3].review, colour=Colour.GREEN))]
    second = digest_of(who, changed, last, NOW, "2027-W07")
    assert second is not None
    assert [one.name for one in second.sections] == ["Rollout 3"]
    assert [one.name for one in second.quiet] == ["Rollout 1", "Rollout 2", "Rollout 0"]
    assert set(second.kept(last, "n@example.com").told) == {"r0", "r1", "r2", "r3"}
