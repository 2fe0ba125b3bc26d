"""What a reader is told: decisions they owe, what changed, what comes, and silence where there is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from rollout_sync.health.drivers import Cause, Driver
from rollout_sync.health.review import Case, Colour, Signal, SignalName
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.records import read_record, record
from rollout_sync.model.rollout import ItemKey, RolloutId
from rollout_sync.model.snapshot import AgreedDate, Decision, ItemStatus, Vote
from rollout_sync.report.ahead import Occasion
from rollout_sync.report.digest import digest_of
from rollout_sync.report.owing import decisions_of
from rollout_sync.report.readers import Seat
from rollout_sync.report.told import LastDigest, arrow
from support.digests import (
    COORDINATOR,
    DEPUTY,
    HEAD,
    OTHER_HEAD,
    SPONSOR,
    a_review,
    digest,
    made,
    reader,
    told_before,
    usual_case,
)
from support.pictured import EARLY, NOW, WAITING

CLINIC = ItemKey("rings/wave-sales/clinic")
SWITCH = ItemKey("rings/wave-finance/switch")


def case(now: datetime = NOW, *, gates: dict[str, dict[str, Any]] | None = None, items=None, **over: Any) -> Case:
    """The usual case; single gates and items changed."""
    usual = usual_case(now)
    snapshot = usual.snapshot
    decided = {**snapshot.gates}
    for key, change in (gates or {}).items():
        decided[ItemKey(key)] = replace(decided[ItemKey(key)], **change)
    states = {**snapshot.items}
    for key, change in (items or {}).items():
        states[ItemKey(key)] = replace(states[ItemKey(key)], **change)
    return replace(usual, snapshot=replace(snapshot, gates=decided, items=states, **over))


def section(email: str, *, last: LastDigest | None = None, of: Case | None = None, **over: Any):
    return digest(reader(email), made(case=of, **over), last).sections[0]


def bullets(email: str, *, last: LastDigest | None = None, of: Case | None = None, **over: Any) -> list[str]:
    found = section(email, last=last or told_before(reader(email)), of=of, **over)
    return [one.words for one in found.changes]


# Silence ------------------------------------------------------------------------------------------------------------


def quiet_last(email: str = OTHER_HEAD) -> LastDigest:
    """What a reader knows who was told the same a moment ago."""
    return digest(reader(email), made()).kept(None, "first@example.com")


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


# Decisions ----------------------------------------------------------------------------------------------------------


def test_an_approver_owes_a_decision_with_link_time_and_consequence():
    (owed,) = section(HEAD).owed
    assert (owed.title, owed.deputy_for, owed.escalates_to) == ("Green light of Operations", (), ("Sonja Sponsor",))
    assert owed.url.startswith("https://boards.example.com/planner/task/")
    assert (owed.due and owed.due.date(), owed.late_days) == (date(2027, 2, 3), 3)
    assert owed.waits == 38
    assert owed.waits_from is not None
    assert len(owed.asks) == 4


def test_a_deputy_is_told_whose_decision_it_is():
    (owed,) = section(DEPUTY).owed
    assert owed.deputy_for == ("Otto Operator",)


def test_others_owe_nothing():
    for email in (OTHER_HEAD, SPONSOR, COORDINATOR):
        assert section(email).owed == ()


@pytest.mark.parametrize(
    "change",
    [
        {"votes": (Vote(by=HEAD.upper(), decision=Decision.APPROVED, at=NOW),)},
        {"votes": (Vote(by=DEPUTY, decision=Decision.APPROVED, at=NOW),)},
        {"decision": Decision.REJECTED},
        {"decision": Decision.NOT_ASKED},
    ],
    ids=["answered", "the deputy answered", "rejected", "not asked"],
)
def test_nothing_is_owed_where_the_answer_is_there_or_not_asked_for(change):
    of = case(gates={WAITING: change})
    assert decisions_of(HEAD, of, a_review()) == ()


def test_nothing_is_owed_at_a_gate_that_was_deleted():
    assert decisions_of(HEAD, case(items={WAITING: {"status": ItemStatus.GONE}}), a_review()) == ()


def test_the_most_urgent_decision_stands_first():
    sponsor_gate = ItemKey("green-light/sponsor-go")
    of = case(
        gates={
            sponsor_gate: {"decision": Decision.WAITING, "votes": (), "due_at": NOW + timedelta(days=3)},
            "sustain/close": {"decision": Decision.WAITING, "due_at": NOW - timedelta(days=3)},
        }
    )
    owed = decisions_of(SPONSOR, of, a_review())
    assert [(one.gate, one.late_days) for one in owed] == [("sustain/close", 1), (sponsor_gate, 0)]


def test_a_decision_says_what_it_would_do_for_the_date():
    driver = Driver(cause=Cause.APPROVALS, days=3, items=(WAITING,), sentence="", what_if="If ...: 55%", p_then=0.9)
    (owed,) = section(HEAD, drivers=(driver,)).owed
    assert owed.chance_then == 0.9
    (owed,) = section(HEAD, drivers=(replace(driver, items=(WAITING, "another")),)).owed
    assert owed.chance_then is None


# Changes ------------------------------------------------------------------------------------------------------------


def test_what_changed_stands_worst_first():
    assert bullets(COORDINATOR) == [
        "The rollout is amber now, it was green",
        "1 Mar is 62\u00a0% likely, was 80\u00a0%; even odds by 26 Feb, was 22 Feb",
        "Approvals turned amber, was green",
        "6 more items are late: 8 now",
        "3 new findings, listed below",
    ]
    assert section(COORDINATOR, last=told_before(reader(COORDINATOR))).more_changes >= 1


def test_a_manager_sees_the_changes_of_their_own_department():
    found = bullets(OTHER_HEAD)
    assert "1 more item is late: 2 now" in found
    assert "2 more items are done: 5 of 13" in found
    assert not [one for one in found if "finding" in one]


def test_an_arrow_says_where_it_goes():
    assert section(OTHER_HEAD, last=told_before(reader(OTHER_HEAD))).arrow == "v"
    table = {
        (Colour.GREEN, Colour.RED): "v",
        (Colour.RED, Colour.AMBER): "^",
        (Colour.RED, Colour.GREY): "=",
        (Colour.GREEN, Colour.GREY): "v",
        (Colour.AMBER, Colour.AMBER): "=",
        (None, Colour.RED): "",
    }
    assert {key: arrow(*key) for key in table} == table


def test_an_agreed_date_that_moved_is_told_with_its_reason():
    agreed = (AgreedDate(go_live=date(2027, 3, 8), since=NOW, reason="The works council\nmeets later"),)
    dates = replace(a_review().dates, agreed=date(2027, 3, 8))
    found = bullets(OTHER_HEAD, of=case(agreed=agreed), dates=dates)
    assert "The agreed go-live moved from 1 Mar to 8 Mar: The works council meets later" in found


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Decision.APPROVED, '"Green light of Operations" is approved by Otto Operator'),
        (Decision.REJECTED, '"Green light of Operations" is rejected by Otto Operator'),
        (Decision.NOT_YET, '"Green light of Operations" was answered with "not yet" by Otto Operator'),
    ],
)
def test_decisions_are_told_with_names(decision, words):
    vote = Vote(by=HEAD, decision=decision, at=NOW)
    of = case(gates={WAITING: {"decision": decision, "votes": (vote,)}})
    assert words in bullets(COORDINATOR, of=of, findings=(), signals=(), dates=told_dates())
    assert words not in bullets(OTHER_HEAD, of=of)


def told_dates():
    """Dates as `told_before` has them."""
    return replace(a_review().dates, p50=date(2027, 2, 22), p_target=0.8, p_grace=0.9)


def test_a_gate_that_is_asked_is_told_to_those_who_do_not_decide_it():
    last = told_before(reader(COORDINATOR))
    before = replace(last, told={key: replace(one, gates={}) for key, one in last.told.items()})
    words = '"Green light of Operations" is to be decided by Otto Operator, due 3 Feb'
    assert words in bullets(COORDINATOR, last=before, findings=(), signals=(), dates=told_dates())
    before = told_before(reader(HEAD))
    before = replace(before, told={key: replace(one, gates={}) for key, one in before.told.items()})
    assert not [one for one in bullets(HEAD, last=before) if "is to be decided" in one]


def test_a_session_that_was_announced_and_moves_is_told():
    last = quiet_last(COORDINATOR)
    assert last.told[RolloutId("mfa-2027")].days[CLINIC] == date(2027, 2, 10)
    of = case(items={CLINIC: {"start": date(2027, 2, 12), "due": date(2027, 2, 12)}})
    found = digest_of(reader(COORDINATOR), [made(case=of)], last, NOW, "2027-02-09")
    assert found is not None
    words = '"Registration clinic for Sales" moved from 10 Feb to 12 Feb'
    assert words in [one.words for one in found.sections[0].changes]


def test_a_milestone_that_is_reached_is_told():
    last = quiet_last(OTHER_HEAD)
    of = case(items={SWITCH: {"status": ItemStatus.DONE, "finished_at": NOW}})
    found = digest_of(reader(OTHER_HEAD), [made(case=of)], last, NOW, "2027-W07")
    assert found is not None
    assert next(one.words for one in found.sections[0].changes).startswith('Reached: "')


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
