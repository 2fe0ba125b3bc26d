"""Who is invited to which session, when, and what becomes of an invitation when plans move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rollout_sync.model.rollout import CalendarSpec, ItemKind, Training
from rollout_sync.model.sessions import SessionState, Stage, Way
from rollout_sync.model.snapshot import Decision, GateState, ItemState, ItemStatus, Snapshot
from rollout_sync.reconcile.sessions import AHEAD, Act, findings_of, steps, told_of, wanted_sessions
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from support.builders import days, make_department, make_item, make_person, make_rollout, on_go_live

TARA = make_person("Tara Trainer", roles=("trainer",))
FINANCE, SALES, DIRECT = (make_department(key) for key in ("finance", "sales", "direct-sales"))
PEOPLE = (
    TARA,
    make_person("Frida Figures", roles=("department_head",), department="Finance"),
    make_person("Stan Super", roles=("supervisor",), department="Finance"),
    make_person("Emma Employee", roles=("employee",), department="finance"),
    make_person("Sam Seller", roles=("department_head",), department="Sales"),
    make_person("Dora Direct", roles=("employee",), department="Direct Sales"),
)
GATE, CLINIC = "green-light/head", "enforce/wave-finance/clinic"


def clinic(key=CLINIC, **over):
    usual = {"kind": ItemKind.TRAINING, "title": "Clinic", "owner": TARA, "training": Training(minutes=45, seats=20)}
    return make_item(key, **{**usual, "anchor": on_go_live(-5), "estimate": days(1), **over})


def made(*items, people=PEOPLE):
    return make_rollout(items or (clinic(),), departments=(FINANCE, SALES, DIRECT), people=people)


def plan(rollout):
    return plan_dates(rollout, WorkCalendar.of(CalendarSpec()), date(2026, 1, 5))


HELD_ON = date(2027, 2, 22)
STARTS = datetime(2027, 2, 22, 9, tzinfo=UTC)
NOW = STARTS - timedelta(days=10)


def snapshot(rollout, sessions=(), items=(), gates=()):
    return Snapshot(
        rollout=rollout.id,
        at=NOW,
        items={one.item: one for one in items},
        gates={one.gate: one for one in gates},
        sessions={one.item: one for one in sessions},
    )


def wanted(rollout=None, seen=None, zone="Europe/Berlin"):
    rollout = rollout or made()
    return wanted_sessions(rollout, plan(rollout), seen or snapshot(rollout), zone)


def known(session, **over):
    usual = {
        "item": session.item,
        "uid": "u",
        "way": Way.CALENDAR,
        "stage": Stage.INVITED,
        "starts": session.starts,
        "ends": session.ends,
        "told": told_of(session),
        "host": session.host.email,
    }
    return SessionState(**{**usual, **over})


def acts(rollout, seen, now=NOW):
    return [(one.act, one.item) for one in steps(wanted(rollout, seen), rollout, seen, now)]


def test_a_session_is_at_ten_on_the_last_planned_day_and_as_long_as_the_template_says():
    (found,) = wanted().values()
    assert (found.starts, found.ends) == (STARTS, STARTS + timedelta(minutes=45))
    assert found.starts.tzinfo == ZoneInfo("Europe/Berlin")
    assert (found.host.email, found.seats) == (TARA.email, 20)


def test_the_days_of_the_board_win():
    rollout = made()
    seen = snapshot(rollout, items=[ItemState(item=CLINIC, due=date(2027, 2, 24), title="Clinic, moved")])
    (found,) = wanted(rollout, seen).values()
    assert (found.starts.date(), found.title) == (date(2027, 2, 24), "Clinic, moved")


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (CLINIC, ["emma.employee", "stan.super"]),
        ("prepare/clinic-finance", ["emma.employee", "stan.super"]),
        ("prepare/clinic-sales", ["sam.seller"]),
        ("prepare/clinic-direct-sales", ["dora.direct"]),
        ("prepare/clinic", ["dora.direct", "emma.employee", "stan.super"]),
    ],
    ids=["of a wave", "of a department", "heads where nobody else is known", "the longer name", "for everybody"],
)
def test_who_is_invited(key, names):
    (found,) = wanted(made(clinic(key, wave="finance" if "wave" in key else None))).values()
    assert [guest.email.partition("@")[0] for guest in found.guests] == names


def test_the_host_is_no_guest_and_nobody_is_invited_twice():
    people = (replace(TARA, roles=("trainer", "employee")), *PEOPLE[2:4], replace(PEOPLE[2], roles=("employee",)))
    (found,) = wanted(made(clinic("prepare/clinic"), people=people)).values()
    assert [guest.email.partition("@")[0] for guest in found.guests] == ["emma.employee", "stan.super"]


@pytest.mark.parametrize(
    "item",
    [clinic(owner=None), clinic(training=None), clinic(kind=ItemKind.TASK)],
    ids=["nobody holds it", "no length", "no training"],
)
def test_what_is_no_session(item):
    assert wanted(made(item)) == {}


class TestWhen:
    def test_people_are_invited_four_weeks_ahead_and_not_before(self):
        rollout = made()
        seen = snapshot(rollout)
        assert acts(rollout, seen, STARTS - AHEAD - timedelta(seconds=1)) == []
        assert acts(rollout, seen, STARTS - AHEAD) == [(Act.INVITE, CLINIC)]
        assert acts(rollout, seen, STARTS - timedelta(seconds=1)) == [(Act.INVITE, CLINIC)]
        assert acts(rollout, seen, STARTS) == []

    @pytest.mark.parametrize(
        ("decision", "told"),
        [(None, False), (Decision.WAITING, False), (Decision.NOT_YET, False), (Decision.CONDITIONS, True)],
    )
    def test_nobody_hears_of_it_before_the_green_light(self, decision, told):
        rollout = made(make_item(GATE, kind=ItemKind.APPROVAL), clinic(held_by=(GATE,)))
        gates = [] if decision is None else [GateState(gate=GATE, decision=decision)]
        assert bool(acts(rollout, snapshot(rollout, gates=gates))) is told

    def test_a_session_that_was_held_early_is_not_invited_to(self):
        rollout = made()
        assert acts(rollout, snapshot(rollout, items=[ItemState(item=CLINIC, status=ItemStatus.DONE)])) == []


class TestLater:
    @pytest.fixture
    def rollout(self):
        return made()

    @pytest.fixture
    def session(self, rollout):
        return wanted(rollout)[CLINIC]

    def test_what_is_told_already_is_not_told_again(self, rollout, session):
        assert acts(rollout, snapshot(rollout, [known(session)])) == []

    @pytest.mark.parametrize(
        "change",
        [{"title": "Another"}, {"due": date(2027, 2, 23)}],
        ids=["another title", "another day"],
    )
    def test_what_guests_see_is_told_when_it_changes(self, rollout, session, change):
        seen = snapshot(rollout, [known(session)], [ItemState(item=CLINIC, **change)])
        assert acts(rollout, seen) == [(Act.CHANGE, CLINIC)]

    def test_a_new_colleague_is_a_change(self, rollout, session):
        more = made(people=(*PEOPLE, make_person("New Comer", roles=("employee",), department="Finance")))
        assert acts(more, snapshot(more, [known(session)])) == [(Act.CHANGE, CLINIC)]

    def test_a_new_host_alone_is_a_change_though_the_fingerprint_knows_nothing_of_hosts(self, session):
        other = made(clinic(owner=make_person("Theo Teacher")))
        assert acts(other, snapshot(other, [known(session)])) == [(Act.CHANGE, CLINIC)]
        fresh = wanted(other)[CLINIC]
        assert told_of(fresh) == told_of(session)
        assert acts(other, snapshot(other, [known(fresh)])) == []

    def test_who_holds_it_is_compared_without_regard_to_case(self, session):
        shouting = made(clinic(owner=replace(TARA, email=TARA.email.upper())))
        assert acts(shouting, snapshot(shouting, [known(session)])) == []

    def test_what_was_moved_into_the_past_is_called_off_while_guests_wait_for_it(self, rollout, session):
        moved = snapshot(rollout, [known(session)], [ItemState(item=CLINIC, due=date(2027, 2, 10))])
        assert acts(rollout, moved) == [(Act.CANCEL, CLINIC)]
        assert acts(rollout, moved, session.starts) == []
        over = snapshot(
            rollout, [known(session, stage=Stage.CANCELLED)], [ItemState(item=CLINIC, due=date(2027, 2, 10))]
        )
        assert acts(rollout, over) == []

    @pytest.mark.parametrize(
        "change", [{"title": "Another"}, {"due": date(2027, 2, 10)}], ids=["changed", "moved back"]
    )
    def test_what_is_done_is_left_alone(self, rollout, session, change):
        done = ItemState(item=CLINIC, status=ItemStatus.DONE, **change)
        assert acts(rollout, snapshot(rollout, [known(session)], [done])) == []

    def test_what_was_deleted_or_dropped_is_called_off(self, rollout, session):
        deleted = snapshot(rollout, [known(session)], [ItemState(item=CLINIC, status=ItemStatus.GONE)])
        assert acts(rollout, deleted) == [(Act.CANCEL, CLINIC)]
        without = made(make_item())
        assert acts(without, snapshot(without, [known(session)])) == [(Act.CANCEL, CLINIC)]
        assert acts(without, snapshot(without, [known(session)]), session.starts) == []

    @pytest.mark.parametrize("stage", [Stage.CANCELLED, Stage.WITHDRAWN])
    def test_what_is_over_is_not_called_off_again(self, session, stage):
        without = made(make_item())
        assert acts(without, snapshot(without, [known(session, stage=stage)])) == []

    def test_what_we_called_off_may_come_back_and_what_people_deleted_does_not(self, rollout, session):
        assert acts(rollout, snapshot(rollout, [known(session, stage=Stage.CANCELLED)])) == [(Act.INVITE, CLINIC)]
        assert acts(rollout, snapshot(rollout, [known(session, stage=Stage.WITHDRAWN)])) == []

    def test_one_that_was_asked_for_and_never_confirmed_is_asked_for_again(self, rollout, session):
        assert acts(rollout, snapshot(rollout, [known(session, stage=Stage.ASKED, told="")])) == [(Act.INVITE, CLINIC)]


def test_a_coordinator_hears_of_empty_and_of_full_sessions_to_come():
    full = clinic("prepare/clinic", training=Training(minutes=30, seats=2))
    rollout = made(full, clinic("prepare/none-sales"), people=[one for one in PEOPLE if one.department != "Sales"])
    sessions = wanted(rollout)
    assert [one.code for one in findings_of(sessions, NOW)] == ["session-full", "session-nobody"]
    assert list(findings_of(sessions, NOW - AHEAD)) == []
    assert list(findings_of(sessions, STARTS)) == []
