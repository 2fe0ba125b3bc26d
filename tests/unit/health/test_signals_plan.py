"""Schedule and forecast signals: borders of SPI(t), counts for few, departments, slips, rules before the odds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_sync.health.review import Colour, SignalName
from rollout_sync.health.signals import golive
from rollout_sync.health.signals.golive import go_live
from rollout_sync.health.signals.schedule import Stand, schedule
from rollout_sync.health.view import View
from rollout_sync.model.rollout import Approval, ItemKind
from rollout_sync.model.snapshot import Decision, ItemStatus
from support.builders import GO_LIVE, days, make_item, make_waves, on_go_live, on_wave_day
from unit.health.cases import at, before_go_live, case_of, chain, later, on_board, past, view

GREEN, AMBER, RED, GREY = Colour.GREEN, Colour.AMBER, Colour.RED, Colour.GREY
TODO = {"status": ItemStatus.TODO, "started_at": None, "finished_at": None}


def side_work(number, length=2):
    """Items beside the chain that have slack, planned at its beginning."""
    return tuple(make_item(f"side/{n}", estimate=days(length)) for n in range(number))


@pytest.mark.parametrize(
    ("spi", "colour"),
    [(1.2, GREEN), (0.95, GREEN), (0.9499, AMBER), (0.85, AMBER), (0.8499, RED), (0.0, RED)],
)
def test_borders_of_spi(spi, colour):
    assert Stand(name="", due=9, late=1, spi=spi, behind=0.0).colour is colour


@pytest.mark.parametrize(("late", "colour"), [(0, GREEN), (1, AMBER), (4, AMBER)])
def test_few_due_items_are_counted_and_never_red_by_that(late, colour):
    stand = Stand(name="", due=4, late=late, spi=None, behind=0.0)
    assert stand.colour is colour
    assert stand.score == 100 * (1 - late / 4)


def test_nothing_due_is_grey():
    found = schedule(view(chain(5, 5), before_go_live(9)))
    assert (found.colour, found.sentence, found.score) == (GREY, "nothing is due yet", None)
    assert found.counts


def test_everything_on_plan_is_green():
    found = schedule(view(chain(*[2] * 10), before_go_live(6)))
    assert found.colour is GREEN
    assert found.sentence == "the work is on its plan (SPI(t) 1.00); all 7 due items are done"
    assert found.score == 100


def test_spi_counts_in_working_time_from_the_frozen_start():
    """20 days of plan, 14 of them over; the last two items of those are open, so that only 10 days are earned."""
    late = {"prepare/f": 9, "prepare/g": 9}
    found = schedule(
        view(chain(*[2] * 10), before_go_live(6), delays=late, states={"prepare/f": TODO, "prepare/g": TODO})
    )
    assert found.colour is RED
    assert found.sentence.startswith(
        "the critical chain slipped by 3 days at 'F'; the work is 4 days behind its plan (SPI(t) 0.71)"
    )
    assert "2 of 7 due items are late, 'F' by 3 days" in found.sentence
    assert found.items == ("prepare/f", "prepare/g")
    assert found.score == pytest.approx(100 * 10 / 14, abs=0.1)


def test_begun_work_earns_half_or_what_was_reported():
    started = {"status": ItemStatus.STARTED, "finished_at": None}
    half = schedule(view(chain(*[4] * 6), before_go_live(4), delays={"prepare/e": 9}, states={"prepare/e": started}))
    most = schedule(
        view(
            chain(*[4] * 6),
            before_go_live(4),
            delays={"prepare/e": 9},
            states={"prepare/e": {**started, "percent": 75}},
        )
    )
    assert half.score == pytest.approx(100 * 18 / 20)
    assert most.score == pytest.approx(100 * 19 / 20)


@pytest.mark.parametrize(("slip", "is_red"), [(2, False), (3, True)])
def test_a_critical_slip_of_more_than_a_tenth_is_red_even_when_little_is_due(slip, is_red):
    """A plan of 21 days: two days are below a tenth of it, three above."""
    items = chain(5, 5, 10)
    now = at(later(GO_LIVE, -16 + slip), 9)
    found = schedule(view(items, now, states={"prepare/a": {"status": ItemStatus.STARTED, "finished_at": None}}))
    assert (found.colour is RED) is is_red
    assert found.colour is (RED if is_red else AMBER)
    assert "1 of 1 due item is late" in found.sentence


def test_a_slip_that_was_caught_up_is_forgiven():
    items = chain(5, 5, 10)
    found = schedule(view(items, before_go_live(9), delays={"prepare/a": 3}))
    assert found.colour is GREEN


def test_items_with_slack_make_no_critical_slip():
    items = (*chain(5, 5, 10), make_item("side/a", estimate=days(1)))
    found = schedule(view(items, before_go_live(6), states={"side/a": TODO}))
    assert found.colour is AMBER
    assert found.items == ("side/a",)


WAVES = make_waves("finance", "sales", stage="enforce", every_days=10)


def wave_items():
    """Twenty days of preparation, and then six days of work before the wave day of each department."""
    early = tuple(make_item(f"prepare/{n}", estimate=days(4), anchor=on_go_live(-50 + 4 * n)) for n in range(5))
    return early + tuple(
        make_item(
            f"enforce/wave-{name}/{n}",
            wave=name,
            phase=f"enforce/wave-{name}",
            estimate=days(1),
            anchor=on_wave_day(-n - 1),
        )
        for name in ("finance", "sales")
        for n in range(6)
    )


def test_the_worst_department_is_named():
    now = before_go_live(9)
    open_ones = {f"enforce/wave-finance/{n}": TODO for n in range(3)}  # the last three of its six days
    found = schedule(view(wave_items(), now, states=open_ones, rollout={"waves": WAVES}))
    assert found.sentence.startswith("Finance is 4 days behind its plan (SPI(t) 0.43, whole rollout 0.90); ")
    assert found.colour is RED
    assert set(found.items) == set(open_ones)


def test_deleted_items_count_for_nothing():
    late = {"prepare/f": {"status": ItemStatus.GONE}, "prepare/g": {"status": ItemStatus.GONE}}
    found = schedule(view(chain(*[2] * 10), before_go_live(6), states=late))
    assert found.colour is GREEN
    assert "all 5 due items are done" in found.sentence


def test_a_new_agreed_date_is_judged_by_its_own_plan_and_told_against_the_first():
    case = case_of(
        chain(*[2] * 10),
        before_go_live(6),
        states={"prepare/f": TODO, "prepare/g": TODO},
        agreed=(GO_LIVE, later(GO_LIVE, 10)),
    )
    moved = {
        key: replace(slot, start=later(slot.start, 10), finish=later(slot.finish, 10))
        for key, slot in case.schedule.slots.items()
    }
    case = replace(case, schedule=replace(case.schedule, slots=moved, go_live=later(GO_LIVE, 10)))
    found = schedule(View(case=case))
    assert found.colour is GREEN
    assert found.sentence.endswith("SPI(t) 0.71 by the first plan")


def test_a_finished_rollout_falls_behind_no_more():
    early, late = (schedule(view(chain(*[2] * 10), at(later(GO_LIVE, n)))) for n in (1, 60))
    assert early.colour is late.colour is GREEN
    assert early.score == late.score == 100


# go-live ------------------------------------------------------------------------------------------------------------


def forecast_of(items, now, before=None, **over):
    return go_live(view(items, now, **over), before)


def test_plenty_of_time_is_green_with_dates_and_both_chances():
    found = forecast_of(chain(*[2] * 10), before_go_live(2), delays={f"prepare/{key}": -1 for key in "abcdefghij"})
    assert found.colour is GREEN
    chances = r"9\d % likely by 1 Mar, over 99 % with 3 days of grace; even odds by 1 Mar, 80 % by 1 Mar"
    assert re.fullmatch(chances, found.sentence)  # the day is fixed: nobody is told of an earlier one


def test_the_agreed_day_has_passed():
    states = {"prepare/j": {"status": ItemStatus.STARTED, "finished_at": None}, "change/switch": TODO}
    found = forecast_of(chain(*[2] * 10), at(GO_LIVE, 18), states=states)
    assert found.colour is RED
    assert found.sentence.startswith("the agreed 1 Mar has passed and it is not live; ")
    before = forecast_of(chain(*[2] * 10), at(GO_LIVE, 17), states=states)
    assert "has passed" not in before.sentence


def gated(within=5, **over):
    gate = make_item(
        "green-light/head",
        kind=ItemKind.APPROVAL,
        title="Green light of Finance",
        estimate=days(within),
        approval=Approval(approvers=(), within_days=within),
        after=("prepare/c",),
    )
    work = make_item("prepare/d", after=("green-light/head",), held_by=("green-light/head",), estimate=days(4))
    switch = make_item("change/switch", kind=ItemKind.MILESTONE, after=("prepare/d",), anchor=on_go_live())
    return (*chain(2, 2, 2)[:-1], gate, work, switch)


def test_a_refused_gate_that_go_live_waits_for_is_red_at_once():
    refused = {"green-light/head": {"decision": Decision.REJECTED}}
    found = forecast_of(gated(), before_go_live(7), gates=refused)
    assert found.colour is RED
    assert found.sentence.startswith("'Green light of Finance' was refused; ")
    assert found.items[0] == "green-light/head"


def test_an_approval_that_cannot_come_in_time_is_red_whatever_the_grace():
    """It is not even asked for, one day before go-live, and the grace is so long that the odds are fine."""
    states = {"prepare/c": {"status": ItemStatus.STARTED, "finished_at": None}}
    items = tuple(replace(item, estimate=days(1)) if item.key == "prepare/d" else item for item in gated(within=10))
    gates = {"green-light/head": {"decision": Decision.NOT_ASKED, "asked_at": None}}
    found = forecast_of(items, before_go_live(0, 10), states=states, gates=gates, rollout={"grace_days": 90})
    assert found.colour is RED
    assert found.sentence.startswith("'Green light of Finance' cannot end before 1 Mar; ")


def test_late_80_percent_forbids_green():
    """The odds with grace are good only because the grace is short of what the tail needs."""
    items = chain(*[2] * 10)
    case = case_of(items, before_go_live(8), rollout={"grace_days": 0}, agreed=(later(GO_LIVE, 1),))
    found = go_live(View(case=case), None)
    p = found.score / 100
    view_ = View(case=case)
    assert (view_.forecast.at(0.8).date() > later(GO_LIVE, 1)) == (
        "80 % odds come after the agreed day" in found.sentence
    )
    assert found.colour is not GREEN or p >= 0.7


@pytest.mark.parametrize(("blocked_days", "is_told"), [(2, False), (3, True)])
def test_an_item_without_slack_that_is_blocked_longer_than_its_length(blocked_days, is_told):
    now = before_go_live(6, 17)
    since = at(later(now.date(), -blocked_days), 15 if is_told else 17)
    states = {"prepare/h": {"status": ItemStatus.STARTED, "started_at": since, "blocked_since": since}}
    found = forecast_of(chain(*[2] * 10), now, states=states)
    assert ("has no slack and is blocked for" in found.sentence) is is_told
    assert not is_told or found.colour in {AMBER, RED}


def test_a_driving_item_that_runs_too_long_is_told():
    now = before_go_live(6)
    running = {"status": ItemStatus.STARTED, "started_at": before_go_live(16), "finished_at": None}
    found = forecast_of(chain(*[2] * 10), now, delays={"prepare/g": 9}, states={"prepare/g": running})
    assert "'G' drives the date and runs for 10 days already" in found.sentence
    fresh = forecast_of(
        chain(*[2] * 10),
        now,
        delays={"prepare/g": 9},
        states={"prepare/g": {**running, "started_at": before_go_live(8)}},
    )
    assert "drives the date" not in fresh.sentence


def test_the_limit_of_age_is_where_85_of_100_ended():
    found = view(chain(*[2] * 10), before_go_live(10)).forecast
    assert golive.usual_limit(2, found) == pytest.approx(2 * found.pace.factor * 1.514, rel=1e-3)


@pytest.mark.parametrize(("done", "is_thin"), [(4, True), (5, False)])
def test_with_fewer_than_five_finished_the_confidence_is_low(done, is_thin):
    found = forecast_of(chain(*[2] * 10), before_go_live(20 - 2 * done))
    assert (f"low confidence: {done} of 11 items are finished" in found.sentence) is is_thin


def test_a_new_rollout_whose_odds_are_even_is_not_red():
    """A plan that starts as late as it can, with a short grace."""
    found = forecast_of(chain(*[2] * 10), before_go_live(18), rollout={"grace_days": 0}, states={"prepare/a": TODO})
    assert 20 <= found.score < 40
    assert found.colour is AMBER


def test_the_border_of_the_chance_has_a_memory():
    """74 % is green, unless it was amber the review before; green at the second time."""
    items, now = chain(*[2] * 10), before_go_live(16)
    found = forecast_of(items, now)
    assert 70 <= found.score < 75
    was = past(now - timedelta(days=1), AMBER, p_grace=0.6, signals={SignalName.FORECAST: AMBER})
    still = replace(was, p_grace=found.score / 100)
    assert [forecast_of(items, now, one).colour for one in (None, was, still)] == [GREEN, AMBER, GREEN]


@pytest.mark.parametrize(
    ("late", "colour", "words"),
    [
        (0, GREEN, "live since 1 Mar, as agreed"),
        (1, GREEN, "live since 2 Mar, 1 day after the agreed 1 Mar"),
        (3, GREEN, "live since 4 Mar, 3 days after the agreed 1 Mar"),
        (4, AMBER, "live since 5 Mar, 4 days after the agreed 1 Mar"),
        (6, AMBER, "live since 9 Mar, 6 days after the agreed 1 Mar"),
        (7, RED, "live since 10 Mar, 7 days after the agreed 1 Mar"),
    ],
)
def test_once_live_the_real_day_is_held_against_the_agreed_one(late, colour, words):
    found = forecast_of(chain(*[2] * 4), at(later(GO_LIVE, 20)), delays={"change/switch": late})
    assert (found.colour, found.sentence) == (colour, words)


def test_ready_before_a_day_that_is_fixed():
    done = {"change/switch": {"status": ItemStatus.DONE, "finished_at": before_go_live(1, 16)}}
    found = forecast_of(chain(*[2] * 4), before_go_live(0, 8) - timedelta(hours=12), states=done)
    assert (found.colour, found.sentence) == (GREEN, "everything before go-live is done, ready for 1 Mar")


def test_nothing_left_to_wait_for_is_grey():
    gone = {item.key: {"status": ItemStatus.GONE} for item in chain(2)}
    found = forecast_of(chain(2), before_go_live(3), states=gone)
    assert (found.colour, found.score) == (GREY, None)


def test_a_clock_that_runs_ahead_undoes_nothing():
    case = case_of(chain(*[2] * 10), before_go_live(6))
    ahead = on_board(case, "prepare/g", finished_at=case.now + timedelta(seconds=40))
    assert View(case=ahead).forecast.finished == View(case=case).forecast.finished == 7


def test_instants_have_no_length_and_are_counted():
    some = [make_item(f"prepare/{n}", kind=ItemKind.MILESTONE, anchor=on_go_live(-9)) for n in range(6)]
    found = schedule(view((*some, *chain()), before_go_live(8), states={"prepare/0": TODO}))
    assert found.sentence == "1 of 6 due items is late, '0' by 1 day"
    assert found.colour is AMBER


def test_a_plan_on_days_off_has_no_ratio():
    """Saturday's items on Sunday: no working time has passed."""
    case = case_of(chain(*[2] * 5), before_go_live(0) - timedelta(days=1))
    saturday = GO_LIVE - timedelta(days=2)
    weekend = replace(case, baseline=dict.fromkeys(case.baseline, (saturday, saturday)))
    found = schedule(View(case=weekend))
    assert "SPI(t)" not in found.sentence


def test_work_that_is_begun_and_done_without_dates_is_taken_as_planned():
    """A board that tells no times: nothing is late, and no age is known."""
    case = case_of(chain(*[2] * 10), before_go_live(6))
    for key in "abcdefg":
        case = on_board(case, f"prepare/{key}", started_at=None, finished_at=None)
    running = on_board(case, "prepare/h", status=ItemStatus.STARTED, started_at=None)
    assert schedule(View(case=running)).colour is GREEN
    assert "runs for" not in go_live(View(case=running), None).sentence
