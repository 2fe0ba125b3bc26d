"""The whole review: hand-made rollouts whose colour is obvious, hysteresis, overrides, lost data, words, and laws."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_sync.health.colours import SEVERITY
from rollout_sync.health.review import Colour, Signal, SignalName
from rollout_sync.health.verdict import WEIGHTS, drag_of, review, score_of
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Approval, ItemKind
from rollout_sync.model.snapshot import Decision, ItemStatus, Override
from support.builders import GO_LIVE, days, make_item, on_go_live
from unit.health.cases import COLOURS, at, before_go_live, case_of, chain, later, on_board, past, read, with_snapshot

GREEN, AMBER, RED, GREY = Colour.GREEN, Colour.AMBER, Colour.RED, Colour.GREY
ITEMS = chain(*[2] * 10)
NOW = before_go_live(8)
OPEN = {"status": ItemStatus.TODO, "started_at": None, "finished_at": None}
HEAD, WORK = "green-light/head", "prepare/k"


def gated(waited=0, **gate):
    """A decision beside the chain, asked for so many working days ago, and work behind it with time to spare."""
    head = make_item(
        HEAD,
        kind=ItemKind.APPROVAL,
        title="Green light of Finance",
        estimate=days(3),
        approval=Approval(approvers=(), within_days=5),
        anchor=on_go_live(-12),
    )
    work = make_item(WORK, estimate=days(1), after=(HEAD,), held_by=(HEAD,), anchor=on_go_live(-2))
    state = {"status": ItemStatus.STARTED, "finished_at": None}
    asked = {"decision": Decision.WAITING, "decided_at": None, "asked_at": at(later(NOW.date(), -waited), 9)}
    return case_of((head, work, *ITEMS), NOW, states={HEAD: state}, gates={HEAD: {**asked, **gate}})


def test_all_as_planned_is_green():
    found = review(case_of(ITEMS, NOW))
    assert (found.colour, found.computed, found.was, found.drag) == (GREEN, GREEN, None, None)
    assert found.sentence == "Green: 6 of 11 items are done; go-live 1 Mar 61 % likely."
    assert found.score == pytest.approx((100 + found.signals[1].score) / 2, abs=0.1)
    assert not found.stale
    assert found.contradictions == ("it is green, but has 80 % odds only by 3 Mar, after the agreed 1 Mar",)


def test_a_late_decision_is_amber_and_told_in_one_sentence():
    found = review(gated(waited=6))
    assert (found.colour, found.drag) == (AMBER, SignalName.APPROVALS)
    assert found.sentence.startswith(
        "Amber because approvals: 'Green light of Finance' has been waiting 6 days (5 agreed); go-live 1 Mar "
    )
    assert found.sentence.endswith(" % likely.")


def test_a_refused_decision_is_red():
    found = review(gated(waited=1, decision=Decision.REJECTED))
    assert found.colour is RED
    assert "'Green light of Finance' was refused" in found.sentence


def test_hopelessly_late_work_is_red():
    states = {f"prepare/{key}": OPEN for key in "bcdefghij"}
    found = review(case_of(ITEMS, before_go_live(3), states=states))
    assert found.colour is RED
    assert found.dates.p_target < 0.05
    assert found.dates.p80 > later(GO_LIVE, 10)
    assert found.drivers


def test_dates_and_tally():
    moved = later(GO_LIVE, 5)
    case = case_of(
        ITEMS, NOW, agreed=(GO_LIVE, later(GO_LIVE, 2), moved), states={"prepare/j": {"status": ItemStatus.GONE}}
    )
    case = on_board(case, "prepare/g", due=later(GO_LIVE, -9))
    case = on_board(case, "prepare/h", held=True)
    found = review(case)
    assert (found.dates.original, found.dates.agreed, found.dates.moves) == (GO_LIVE, moved, 2)
    assert found.dates.p50 == moved  # the day is fixed: an earlier one is not shown
    tally = found.tally
    assert (tally.total, tally.done, tally.started, tally.late, tally.held, tally.gone) == (10, 6, 0, 1, 1, 1)


def test_live_and_everything_done():
    found = review(case_of(ITEMS, at(later(GO_LIVE, 3))))
    assert (found.colour, found.drivers) == (GREEN, ())
    assert found.sentence == "Green: live since 1 Mar, as agreed; 11 of 11 items are done."
    assert found.dates.p50 == found.dates.p80 == GO_LIVE


def test_the_sentence_after_a_late_go_live():
    found = review(case_of(ITEMS, at(later(GO_LIVE, 9)), delays={"change/switch": 5}))
    assert found.colour is AMBER
    assert found.sentence == "Amber because go-live: live since 8 Mar, 5 days after the agreed 1 Mar."


def test_a_rollout_of_which_all_was_deleted_has_no_forecast():
    found = review(case_of(ITEMS, NOW, states={item.key: {"status": ItemStatus.GONE} for item in ITEMS}))
    assert (found.forecast, found.dates.p50, found.drivers) == (None, None, ())
    assert found.sentence == "Green: 0 of 0 items are done; go-live agreed for 1 Mar."


# hysteresis, overrides, lost data -----------------------------------------------------------------------------------

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("earlier", "shown"),
    [([], GREEN), ([GREEN], GREEN), ([AMBER], AMBER), ([RED, AMBER], AMBER), ([AMBER, GREEN], GREEN)],
)
def test_improving_needs_a_second_evaluation(earlier, shown):
    reviews = tuple(past(NOW - (len(earlier) - n) * timedelta(hours=6), one) for n, one in enumerate(earlier))
    found = review(case_of(ITEMS, NOW, earlier=reviews))
    assert (found.colour, found.computed) == (shown, shown)
    assert found.was is (earlier[-1] if earlier else None)
    assert found.drag is None
    assert shown is GREEN or found.sentence == "Amber until the next review confirms green; go-live 1 Mar 61 % likely."


def test_worsening_shows_at_once():
    assert review(replace(gated(waited=6), earlier=(past(NOW - DAY, GREEN),))).colour is AMBER


SET = Override(
    colour="red", reason="the vendor\nwent bankrupt; we look for another", by="Carla Coordinator", until=GO_LIVE
)


def test_a_colour_set_by_hand_shows_and_the_computed_one_is_told():
    found = review(with_snapshot(case_of(ITEMS, NOW), override=SET))
    assert (found.colour, found.computed, found.override) == (RED, GREEN, SET)
    assert found.sentence == (
        "Red, set by Carla Coordinator until 1 Mar: the vendor went bankrupt, we look for another; computed: green."
    )


@pytest.mark.parametrize("until", [NOW.date() - DAY, NOW.date() + 15 * DAY])
def test_an_override_that_is_over_or_too_long_is_ignored(until):
    found = review(with_snapshot(case_of(ITEMS, NOW), override=replace(SET, until=until)))
    assert (found.colour, found.override) == (GREEN, None)


@pytest.mark.parametrize(
    ("known", "shown", "computed"), [(None, GREY, GREEN), (GREEN, GREY, GREEN), (AMBER, GREY, AMBER), (RED, RED, RED)]
)
def test_stale_data_are_grey_but_hide_no_red(known, shown, computed):
    earlier = () if known is None else (past(NOW - 5 * DAY, known),)
    found = review(with_snapshot(case_of(ITEMS, NOW, earlier=earlier), coverage=read(NOW, 100)))
    assert (found.stale, found.colour, found.computed) == (True, shown, computed)
    assert "Jira was not read for 4 days" in found.sentence
    assert known is None or f"{known.value} when last known, 12 Feb" in found.sentence


def test_thin_data_are_grey_too():
    found = review(case_of(ITEMS, NOW, states={f"prepare/{key}": {"due": None} for key in "ghi"}))
    assert (found.stale, found.colour, found.computed) == (False, GREY, GREEN)
    assert found.sentence.startswith("Grey because data: only 2 of 5 open items have a date")


@pytest.mark.parametrize(("colour", "shown"), [("green", GREY), ("amber", AMBER), ("red", RED)])
def test_nobody_can_set_stale_data_green(colour, shown):
    case = with_snapshot(case_of(ITEMS, NOW), coverage=read(NOW, 100), override=replace(SET, colour=colour))
    assert review(case).colour is shown


def test_a_pull_that_is_late_by_more_than_an_interval_is_amber():
    found = review(with_snapshot(case_of(ITEMS, NOW), coverage=read(NOW, 25)))
    assert (found.colour, found.drag) == (AMBER, SignalName.DATA)
    assert found.sentence.startswith("Amber because data: Jira was not read for 25 hours; ")


# drag, score, what moved --------------------------------------------------------------------------------------------


def rated(name, colour, score=None, **over):
    return Signal(name=name, colour=colour, sentence="why", score=score, **over)


def test_the_drag_is_of_the_worst_colour_and_costs_most():
    schedule, forecast = rated(SignalName.SCHEDULE, AMBER, 90.0), rated(SignalName.FORECAST, AMBER, 60.0)
    approvals = rated(SignalName.APPROVALS, RED, 95.0)
    assert drag_of([schedule, forecast, approvals]) is SignalName.APPROVALS
    assert drag_of([schedule, forecast]) is SignalName.FORECAST
    assert drag_of([schedule, rated(SignalName.FORECAST, AMBER, 90.0)]) is SignalName.SCHEDULE
    assert drag_of([rated(SignalName.SCHEDULE, GREEN, 10.0), rated(SignalName.TRAINING, GREY)]) is None


def test_the_score_is_a_weighted_mean_of_what_is_not_grey():
    some = [
        rated(SignalName.SCHEDULE, GREEN, 100.0),
        rated(SignalName.APPROVALS, RED, 30.0),
        rated(SignalName.TRAINING, GREY),
    ]
    assert score_of([*some, rated(SignalName.DATA, RED, 0.0)]) == round((20 * 100 + 15 * 30) / 35, 1)
    assert score_of(some[2:]) is None
    assert sum(WEIGHTS.values()) == 100


def test_what_moved_since_another_day_is_told_the_largest_first():
    case = case_of(ITEMS, NOW)
    now = review(case)
    yesterday = past(
        NOW - DAY,
        GREEN,
        p_grace=now.dates.p_grace - 0.30,
        p50=later(GO_LIVE, 2),
        done=5,
        total=11,
        signals={SignalName.SCHEDULE: AMBER, SignalName.DATA: GREEN},
        scores={SignalName.SCHEDULE: 88.0, SignalName.DATA: 100.0},
    )
    today = past(NOW - timedelta(hours=1), GREEN, done=6)
    found = review(replace(case, earlier=(past(NOW - 2 * DAY, RED, done=0), yesterday, today)))
    assert found.moved == (
        "schedule went from amber to green",
        "the chance of 1 Mar with grace rose from 62 % to 92 %",
        "even odds moved from 3 Mar to 1 Mar, 2 days earlier",
    )


def test_a_signal_that_moved_within_its_colour_is_told_in_points():
    before = past(
        NOW - DAY, signals={SignalName.SCHEDULE: GREEN, SignalName.DATA: GREEN}, scores={SignalName.SCHEDULE: 96.0}
    )
    assert review(case_of(ITEMS, NOW, earlier=(before,))).moved[-1] == "schedule rose from 96 to 100 points"


def test_what_was_computed_before_a_fixed_day_has_not_moved():
    case = case_of(ITEMS, NOW)
    found = review(case)
    same = past(NOW - DAY, p_grace=found.dates.p_grace, p50=GO_LIVE - 4 * DAY, done=6, total=11)
    assert review(replace(case, earlier=(same,))).moved == ()
    assert review(case).moved == ()


def test_fewer_done_than_before_is_told():
    found = review(case_of(ITEMS, NOW, earlier=(past(NOW - DAY, done=8, total=11),)))
    assert "2 items are no longer done: 6 of 11" in found.moved


# contradictions -----------------------------------------------------------------------------------------------------


def contradictions(case):
    return " | ".join(review(case, with_drivers=False).contradictions)


def test_done_before_its_predecessor():
    found = contradictions(case_of(ITEMS, NOW, states={"prepare/c": OPEN}))
    assert "'D' is done, but 'C' before it is not" in found


@pytest.mark.parametrize(
    ("status", "gate", "words"),
    [
        (ItemStatus.DONE, {}, "'K' is done without a green light"),
        (
            ItemStatus.STARTED,
            {"decision": Decision.NOT_ASKED, "asked_at": None},
            "'K' is being worked on before the green light was even asked for",
        ),
    ],
)
def test_work_without_a_green_light(status, gate, words):
    case = on_board(gated(1, **gate), WORK, status=status, started_at=NOW - DAY, finished_at=None)
    assert words in contradictions(case)
    assert words not in contradictions(gated(1))


def test_many_small_things_done_and_the_work_not():
    small = tuple(make_item(f"side/{n:02}", estimate=days(1), anchor=on_go_live(-40)) for n in range(27))
    found = contradictions(case_of((*small, *chain(40)), before_go_live(30)))
    assert "93 % of the items are done, but only 40 % of the work" in found
    assert "of the items are done" not in contradictions(case_of((*small, *chain(10)), before_go_live(9)))


def test_due_after_go_live_and_moved_out_of_sight():
    case = case_of(ITEMS, NOW, states={"prepare/f": {**OPEN, "start": later(GO_LIVE, 1), "due": later(GO_LIVE, 2)}})
    found = contradictions(case)
    assert "go-live waits for 'F', due after it (3 Mar at the latest)" in found
    assert "'F' is late by the first plan, but on the boards the dates were moved" in found


@pytest.mark.parametrize(("age", "is_told"), [(10, False), (11, True)])
def test_forgotten_work(age, is_told):
    begun = {"status": ItemStatus.STARTED, "started_at": before_go_live(8 + age), "finished_at": None}
    found = contradictions(case_of(ITEMS, NOW, states={"prepare/g": begun}))
    assert (f"'G' was begun {age} days ago for 2 days of work" in found) is is_told


# laws ---------------------------------------------------------------------------------------------------------------


def test_the_same_case_gives_the_same_review_in_whatever_order_it_was_filled():
    case = gated(waited=6)
    turned = with_snapshot(case, items=dict(reversed(case.snapshot.items.items())))
    assert review(turned) == review(case)
    assert review(case, with_drivers=False) == replace(review(case), drivers=())


def test_everything_that_decides_is_in_the_fingerprint():
    case = gated(waited=6)
    others = [
        replace(case, now=case.now + timedelta(minutes=1)),
        replace(case, interval=48.0),
        replace(case, earlier=(past(NOW - DAY),)),
        replace(case, baseline={**case.baseline, WORK: (GO_LIVE, GO_LIVE)}),
        with_snapshot(case, override=SET),
        on_board(case, WORK, owners=()),
        replace(case, rollout=replace(case.rollout, grace_days=4)),
        replace(case, rollout=replace(case.rollout, items=(make_item(HEAD, title="Another"), *case.rollout.items[1:]))),
    ]
    assert len({review(one, with_drivers=False).fingerprint for one in [case, *others]}) == len(others) + 1


def test_findings_are_passed_on_and_change_nothing():
    finding = Finding(severity=Severity.ERROR, code="gate-overdue", message="…")
    case = case_of(ITEMS, NOW)
    assert review(case, [finding]) == replace(review(case), findings=(finding,))


HOSTILE = 'Robert"); <script>alert(1)</script>\n\u202egnol yrev; ' + "w" * 200


def states():
    begun = st.builds(
        lambda status, hours, blocked: {
            "status": status,
            "started_at": NOW - timedelta(hours=hours) if status is not ItemStatus.TODO else None,
            "finished_at": NOW - timedelta(hours=hours // 2) if status is ItemStatus.DONE else None,
            "blocked_since": NOW - timedelta(hours=hours) if blocked else None,
        },
        st.sampled_from(list(ItemStatus)),
        st.integers(0, 2000),
        st.booleans(),
    )
    keys = [item.key for item in ITEMS] + [HEAD, WORK]
    return st.dictionaries(st.sampled_from(keys), begun, max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    states(),
    st.sampled_from(list(Decision)),
    st.floats(0, 400),
    st.none() | st.sampled_from(COLOURS),
    st.sampled_from([HOSTILE, "Green light"]),
)
def test_no_colour_is_better_than_the_worst_that_counts(boards, decision, age, before, title):
    case = gated(3, decision=decision)
    for key, over in boards.items():
        case = on_board(case, key, title=title, **over)
    earlier = () if before is None else (past(NOW - timedelta(hours=5), before),)
    case = with_snapshot(replace(case, earlier=earlier), coverage=read(NOW, age))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = review(case)
    counting = [one.colour for one in found.signals if one.counts and one.name is not SignalName.DATA]
    assert all(SEVERITY[found.colour] >= SEVERITY[one] for one in counting if one is not GREY)
    assert found.colour is RED or RED not in counting
    assert found.colour is not GREEN or not found.stale
    assert len(found.sentence.split()) <= 25
    assert found.sentence.endswith(".")
    assert "\n" not in found.sentence
    assert "\u202e" not in "".join([found.sentence, *found.contradictions, *(one.sentence for one in found.signals)])


@settings(max_examples=25, deadline=None)
@given(st.sampled_from("fghij"), st.integers(1, 30))
def test_a_delay_never_improves_the_odds(key, delay):
    """Moving the due date of an item, or leaving it open when it should be done, never helps."""
    case = case_of(ITEMS, NOW)
    odds = review(case, with_drivers=False).dates.p_target
    first, last = case.baseline[f"prepare/{key}"]
    moved = on_board(case, f"prepare/{key}", start=later(first, delay), due=later(last, delay))
    late = on_board(case, "prepare/f", **OPEN)
    assert review(moved, with_drivers=False).dates.p_target <= odds + 0.01
    assert review(late, with_drivers=False).dates.p_target <= odds + 0.01


def test_years_are_told_where_they_differ():
    now = before_go_live(8)
    found = review(case_of(ITEMS, now, agreed=(date(2028, 3, 1),)))
    assert "go-live 1 Mar 2028 " in found.sentence
