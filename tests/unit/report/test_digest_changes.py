"""What a reader is told of others' doing: decisions that wait for them, and what changed since the digest before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rollout_sync.health.drivers import Cause, Driver
from rollout_sync.health.review import Colour
from rollout_sync.model.rollout import ItemKey, RolloutId
from rollout_sync.model.snapshot import AgreedDate, Decision, ItemStatus, Vote
from rollout_sync.report.digest import digest_of
from rollout_sync.report.digest_words import section_words
from rollout_sync.report.owing import decisions_of
from rollout_sync.report.told import arrow
from support.digests import (
    COORDINATOR,
    DEPUTY,
    HEAD,
    OTHER_HEAD,
    SPONSOR,
    a_review,
    bullets,
    case,
    digest,
    made,
    quiet_last,
    reader,
    section,
    told_before,
    usual_case,
)
from support.pictured import NOW, WAITING

CLINIC = ItemKey("rings/wave-sales/clinic")
SWITCH = ItemKey("rings/wave-finance/switch")


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


@pytest.mark.parametrize(("more", "words"), [(0, ""), (1, "and 1 more change"), (7, "and 7 more changes")])
def test_changes_beyond_the_listed_ones_are_counted(more, words):
    found = replace(section(COORDINATOR, last=told_before(reader(COORDINATOR))), more_changes=more)
    assert section_words(found, reader(COORDINATOR), NOW).more_changes == words


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


@pytest.mark.parametrize(("zone", "due"), [("Europe/Berlin", "3 Feb"), ("Asia/Tokyo", "4 Feb")])
def test_the_day_of_a_decision_is_that_of_the_reader(zone, due):
    who = reader(COORDINATOR, zone=zone)
    last = told_before(who)
    last = replace(last, told={key: replace(one, gates={}) for key, one in last.told.items()})
    assert usual_case().snapshot.gates[WAITING].due_at == datetime(2027, 2, 3, 17, tzinfo=UTC)
    found = digest(who, made(findings=(), signals=(), dates=told_dates()), last).sections[0].changes
    assert f'"Green light of Operations" is to be decided by Otto Operator, due {due}' in [one.words for one in found]


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
