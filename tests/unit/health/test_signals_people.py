"""Approvals, training, what nothing feeds yet, and confidence in data: borders, counts, words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_sync.health.review import Colour, SignalName
from rollout_sync.health.signals import signals_of
from rollout_sync.health.signals.approvals import approvals
from rollout_sync.health.signals.awaited import adoption, feedback, problems
from rollout_sync.health.signals.freshness import freshness, is_stale
from rollout_sync.health.signals.training import training
from rollout_sync.health.view import View
from rollout_sync.model.rollout import Approval, ItemKind, TrackerName
from rollout_sync.model.sessions import Answer, SessionState, Stage, Way
from rollout_sync.model.snapshot import Coverage, Decision, ItemStatus
from support.builders import GO_LIVE, days, make_item, on_go_live
from unit.health.cases import at, before_go_live, case_of, chain, later, on_board, read, view, with_snapshot

GREEN, AMBER, RED, GREY = Colour.GREEN, Colour.AMBER, Colour.RED, Colour.GREY
NOW = before_go_live(20)
HEAD, WORK = "green-light/head", "change/prepare"


def items(work_starts=-2, **approval):
    """A decision that was asked for, and work behind it that is planned so many working days before go-live."""
    gate = make_item(
        HEAD,
        kind=ItemKind.APPROVAL,
        title="Green light of Finance",
        estimate=days(5),
        approval=Approval(approvers=(), **approval),
        anchor=on_go_live(-30),
    )
    work = make_item(WORK, estimate=days(2), after=(HEAD,), held_by=(HEAD,), anchor=on_go_live(work_starts))
    return (gate, work, make_item("change/switch", kind=ItemKind.MILESTONE, after=(WORK,), anchor=on_go_live()))


def asked(working_days=3.0, **over):
    since = at(later(NOW.date(), -int(working_days)), 9) - timedelta(hours=8 * (working_days % 1))
    gate = {"decision": Decision.WAITING, "asked_at": since, "decided_at": None, **over}
    return {"gates": {HEAD: gate}, "states": {HEAD: {"status": ItemStatus.STARTED, "finished_at": None}}}


def signal(some=None, now=NOW, **over):
    return approvals(view(some or items(), now, **over))


def test_nothing_asked_is_grey_and_does_not_count():
    found = signal(**asked(asked_at=None, decision=Decision.NOT_ASKED))
    assert (found.colour, found.counts, found.score) == (GREY, False, None)
    assert found.sentence == "no green light was asked for yet"


@pytest.mark.parametrize(
    ("age", "colour"), [(0, GREEN), (4, GREEN), (5, AMBER), (6, AMBER), (10, AMBER), (11, RED), (30, RED)]
)
def test_age_by_agreed_time(age, colour):
    found = signal(**asked(age))
    assert found.colour is colour
    assert found.score == pytest.approx(max(100 * (1 - age / 10), 0))
    assert found.items == (HEAD,)


def test_the_sentence_says_how_long_and_how_long_was_agreed():
    assert signal(**asked(6)).sentence == "'Green light of Finance' has been waiting 6 days (5 agreed)"


@pytest.mark.parametrize(("starts_in", "colour"), [(4, GREEN), (3, GREEN), (2, AMBER), (0, AMBER), (-1, AMBER)])
def test_little_slack_to_what_is_held(starts_in, colour):
    state = asked(1)
    state["states"][WORK] = {"status": ItemStatus.TODO, "started_at": None}
    found = signal(items(work_starts=-20 + starts_in), **state)
    assert found.colour is colour
    assert ("to what it holds" in found.sentence or "should have begun" in found.sentence) is (colour is AMBER)


def test_held_work_that_was_moved_on_its_board_counts_from_there():
    case = case_of(items(work_starts=-19), NOW, **asked(1))
    assert approvals(View(case=case)).colour is AMBER
    moved = on_board(case, WORK, start=later(GO_LIVE, -5), due=later(GO_LIVE, -4))
    assert approvals(View(case=moved)).colour is GREEN


@pytest.mark.parametrize(
    ("decision", "colour", "words"),
    [
        (Decision.REJECTED, RED, "'Green light of Finance' was refused"),
        (Decision.NOT_YET, AMBER, "'Green light of Finance' was answered with not yet, asked 1 day ago (5 agreed)"),
    ],
)
def test_decisions_that_do_not_open(decision, colour, words):
    found = signal(**asked(1, decision=decision))
    assert (found.colour, found.sentence) == (colour, words)


@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.CONDITIONS])
def test_all_given_is_green(decision):
    found = signal(**asked(9, decision=decision, decided_at=NOW - timedelta(days=1)))
    assert (found.colour, found.score) == (GREEN, 100.0)
    assert found.sentence == "the green light that was asked for is given"


BEGUN = {"status": ItemStatus.STARTED, "started_at": NOW - timedelta(days=2)}


@pytest.mark.parametrize("decision", [Decision.WAITING, Decision.NOT_ASKED, Decision.NOT_YET])
@pytest.mark.parametrize("status", [ItemStatus.STARTED, ItemStatus.DONE])
def test_work_ahead_of_its_green_light_is_red(decision, status):
    state = asked(1, decision=decision, **({"asked_at": None} if decision is Decision.NOT_ASKED else {}))
    state["states"][WORK] = {**BEGUN, "status": status}
    found = signal(**state)
    assert (found.colour, found.score, found.items[0]) == (RED, 0.0, WORK)
    assert found.sentence.startswith("'Prepare' began without a green light")


def test_work_behind_an_open_gate_is_fine():
    state = asked(9, decision=Decision.APPROVED, decided_at=NOW - timedelta(days=1))
    state["states"][WORK] = BEGUN
    assert signal(**state).colour is GREEN


@pytest.mark.parametrize(("reopened_days_ago", "colour"), [(1, GREEN), (3, RED)])
def test_what_began_before_its_gate_opened_again_is_no_offence(reopened_days_ago, colour):
    state = asked(9, reopened_at=NOW - timedelta(days=reopened_days_ago))
    state["states"][WORK] = BEGUN
    assert signal(**state).colour is colour


def test_a_gate_that_opened_again_is_as_old_as_that():
    assert signal(**asked(20, reopened_at=at(later(NOW.date(), -2), 9))).colour is GREEN


@pytest.mark.parametrize(("hours", "colour"), [(-1, RED), (1, GREEN)])
def test_the_decision_on_an_emergency_has_a_deadline_and_holds_nothing(hours, colour):
    state = asked(1, due_at=NOW + timedelta(hours=hours))
    state["states"][WORK] = BEGUN
    assert signal(items(emergency_hours=24), **state).colour is colour


def test_a_decision_that_was_deleted_is_not_waited_for():
    state = asked(30)
    state["states"][HEAD] = {"status": ItemStatus.GONE}
    assert signal(**state).colour is GREY


def test_the_worst_decision_is_named_and_the_others_counted():
    second = make_item("green-light/it", kind=ItemKind.APPROVAL, estimate=days(5), anchor=on_go_live(-30))
    state = asked(6)
    state["gates"]["green-light/it"] = {"decision": Decision.REJECTED, "asked_at": NOW, "decided_at": None}
    state["states"]["green-light/it"] = {"status": ItemStatus.STARTED, "finished_at": None}
    found = signal((*items(), second), **state)
    assert (found.colour, found.score) == (RED, 0.0)
    assert found.sentence == "'It' was refused; 1 more is pending"
    assert found.items == ("green-light/it", HEAD)


# training -----------------------------------------------------------------------------------------------------------


def sessions(number, first=-12):
    """One session of a day after the other, the first so many working days before go-live; then the switch."""
    some = tuple(
        make_item(
            f"train/{n}",
            kind=ItemKind.TRAINING,
            title=f"Session {n}",
            estimate=days(1),
            anchor=on_go_live(first + n % 10),
        )
        for n in range(number)
    )
    return (*some, make_item("change/switch", kind=ItemKind.MILESTONE, anchor=on_go_live()))


def trained(some, now, **over):
    return training(view(some, now, **over))


def test_without_training_it_is_grey():
    found = trained(chain(2), NOW)
    assert (found.colour, found.counts, found.sentence) == (GREY, False, "no training is planned")


@pytest.mark.parametrize(("days_before", "counts"), [(16, False), (15, True), (1, True)])
def test_sessions_count_from_fifteen_working_days_before(days_before, counts):
    found = trained(sessions(6), before_go_live(12 + days_before))
    assert found.counts is counts
    assert (found.colour is GREY) is not counts
    assert counts or found.sentence == "the first session is on 11 Feb"


OPEN = {"status": ItemStatus.TODO, "started_at": None, "finished_at": None, "due": None}


@pytest.mark.parametrize(
    ("missed", "number", "colour"),
    [(0, 20, GREEN), (1, 20, GREEN), (2, 20, AMBER), (3, 20, AMBER), (4, 20, RED), (1, 5, RED), (0, 5, GREEN)],
)
def test_share_of_sessions_that_were_held(missed, number, colour):
    """After go-live: what is open then was missed."""
    states = {f"train/{n}": OPEN for n in range(missed)}
    found = trained(sessions(number), at(later(GO_LIVE, 2)), states=states)
    assert found.colour is colour
    assert found.score == pytest.approx(100 * (1 - missed / number), abs=0.1)
    assert set(found.items) == set(states)
    assert not missed or f"({(number - missed) / number:.0%}".replace("%", " %)") in found.sentence


@pytest.mark.parametrize(("missed", "colour"), [(0, GREEN), (1, RED)])
def test_few_sessions_are_counted_without_shares(missed, colour):
    found = trained(sessions(3), at(later(GO_LIVE, 2)), states={f"train/{n}": OPEN for n in range(missed)})
    assert found.colour is colour
    assert "%" not in found.sentence


def test_few_sessions_that_may_still_come_are_amber_at_most():
    """On the morning of go-live: a session that is still open is unlikely to end today, but not missed."""
    found = trained(sessions(3), at(GO_LIVE, 15), states={"train/0": OPEN})
    assert found.colour is AMBER
    assert found.sentence == "2 of 3 sessions are held or likely in time; 'Session 0' is unlikely to be held by 1 Mar"


def test_sessions_that_lie_ahead_with_time_to_spare_are_ready():
    found = trained(sessions(6), before_go_live(10))
    assert found.colour is GREEN
    assert found.sentence == "2 of 6 sessions are held, the others are likely in time"


def invited(key, answers, *, way=Way.CALENDAR, stage=Stage.INVITED):
    """What is known of a session: how many gave which answer, and how many said nothing yet."""
    given = [answer for answer, number in answers.items() for _ in range(number)]
    people = {f"p{n}@example.com": answer for n, answer in enumerate(given)}
    return SessionState(
        item=key, uid="u", way=way, stage=stage, starts=NOW, ends=NOW, invited=tuple(people), answers=people
    )


def answered(*states, now=None):
    """The signal of three sessions in sight with these invitations."""
    case = case_of(sessions(3), now or before_go_live(14))
    return training(View(case=with_snapshot(case, sessions={one.item: one for one in states})))


ACCEPTED, DECLINED, SILENT = Answer.ACCEPTED, Answer.DECLINED, Answer.NONE


@pytest.mark.parametrize(
    ("answers", "colour", "words"),
    [
        ({ACCEPTED: 7, DECLINED: 3}, GREEN, "7 of 10 invited accepted (70 %), 3 declined"),
        ({ACCEPTED: 6, DECLINED: 4}, AMBER, "6 of 10 invited accepted (60 %), 4 declined"),
        ({SILENT: 10}, GREEN, "0 of 10 invited accepted (0 %)"),
        ({DECLINED: 4}, GREEN, "0 of 4 invited accepted, 4 declined"),
        ({ACCEPTED: 3, DECLINED: 2}, AMBER, "3 of 5 invited accepted (60 %), 2 declined"),
    ],
)
def test_a_session_that_many_decline_is_at_risk(answers, colour, words):
    found = answered(invited("train/1", answers))
    assert found.colour is colour
    assert found.sentence.endswith(f"; {words}")
    assert found.items == (("train/1",) if colour is AMBER else ())


def test_one_declined_session_is_not_lost_among_others():
    found = answered(invited("train/0", {ACCEPTED: 30}), invited("train/1", {ACCEPTED: 2, DECLINED: 8}))
    assert found.colour is AMBER
    assert "32 of 40 invited accepted (80 %), 8 declined" in found.sentence


@pytest.mark.parametrize("over", [{"way": Way.MAIL}, {"stage": Stage.CANCELLED}, {"stage": Stage.ASKED}])
def test_answers_are_told_only_where_somebody_knows_them(over):
    found = answered(invited("train/1", {DECLINED: 9, ACCEPTED: 1}, **over))
    assert (found.colour, "invited" in found.sentence) == (GREEN, False)


def test_answers_to_a_session_that_was_held_no_longer_count():
    held = invited("train/0", {DECLINED: 10})
    assert "invited" not in answered(held, now=before_go_live(11)).sentence


# what nothing feeds yet ---------------------------------------------------------------------------------------------


def test_signals_without_sources_are_grey_and_say_so():
    before, after = view(chain(2), before_go_live(9)), view(chain(2), at(later(GO_LIVE, 3)))
    assert [one.sentence for one in (problems(before), feedback(before), adoption(before), adoption(after))] == [
        "no problems are logged yet",
        "no pulse was taken yet",
        "starts after go-live",
        "no adoption figures yet",
    ]
    assert {one(before).colour for one in (problems, feedback, adoption)} == {GREY}
    assert not any(one(after).counts for one in (problems, feedback, adoption))


def test_every_signal_is_told_in_the_order_in_which_they_are_shown():
    found = signals_of(view(chain(2), before_go_live(9)), None)
    assert [one.name for one in found] == list(SignalName)
    assert all(one.counts or one.colour is GREY for one in found)
    assert all((one.score is None) == (one.colour is GREY) for one in found)


# confidence in data -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "colour"), [(0, GREEN), (24, GREEN), (24.1, AMBER), (72, AMBER), (72.1, RED), (900, RED)]
)
def test_age_by_interval(hours, colour):
    case = with_snapshot(case_of(chain(2, 2), NOW), coverage=read(NOW, 0, hours))
    assert freshness(View(case=case)).colour is colour
    assert is_stale(case) is (colour is RED)


@pytest.mark.parametrize(("hours", "colour"), [(167, GREEN), (168, GREEN), (168.1, RED)])
def test_whatever_the_interval_seven_days_are_too_old(hours, colour):
    case = with_snapshot(case_of(chain(2, 2), NOW, interval=200.0), coverage=read(NOW, hours))
    assert freshness(View(case=case)).colour is colour


def test_never_read_is_stale():
    case = case_of(chain(2, 2), NOW)
    none = with_snapshot(case, coverage={})
    assert is_stale(none)
    assert freshness(View(case=none)).sentence == "no board was read yet"
    half = with_snapshot(case, coverage={**read(NOW, 1), TrackerName.PLANNER: Coverage()})
    assert is_stale(half)
    assert freshness(View(case=half)).sentence == "Planner was not read yet"
    assert freshness(View(case=half)).score == 0


@pytest.mark.parametrize(("bare", "colour"), [(0, GREEN), (1, GREEN), (2, AMBER), (6, AMBER)])
@pytest.mark.parametrize("what", [{"due": None}, {"owners": ()}])
def test_share_of_open_items_with_date_and_owner(bare, colour, what):
    some = tuple(make_item(f"prepare/{n:02}", anchor=on_go_live(-5)) for n in range(20))
    found = freshness(view(some, NOW, states={f"prepare/{n:02}": what for n in range(bare)}))
    assert found.colour is colour
    assert found.score == pytest.approx(100 * (1 - bare / 20))


@pytest.mark.parametrize(("bare", "colour"), [(6, AMBER), (7, RED)])
def test_with_fewer_than_seventy_percent_of_dates_nothing_can_be_told(bare, colour):
    some = tuple(make_item(f"prepare/{n:02}", anchor=on_go_live(-5)) for n in range(20))
    found = freshness(view(some, NOW, states={f"prepare/{n:02}": {"due": None} for n in range(bare)}))
    assert found.colour is colour
    assert found.sentence.startswith("only 13 of 20 open items have a date") is (colour is RED)


def test_what_was_never_seen_has_no_dates_to_miss():
    unseen = {"status": ItemStatus.UNKNOWN, "due": None, "owners": ()}
    assert freshness(view(chain(2, 2), NOW, states={"prepare/a": unseen, "prepare/b": unseen})).colour is GREEN


def test_conflicts_and_unseen_objects_are_amber():
    case = case_of(chain(2, 2), NOW)
    torn = on_board(case, "prepare/a", conflict="done in Jira, open in Planner")
    assert freshness(View(case=torn)).colour is AMBER
    assert freshness(View(case=torn)).items == ("prepare/a",)
    hidden = replace(case.snapshot.coverage[TrackerName.JIRA], unseen={"issue:prepare/a": "not allowed"})
    found = freshness(View(case=with_snapshot(case, coverage={TrackerName.JIRA: hidden})))
    assert (found.colour, found.sentence) == (AMBER, "1 object could not be read; Jira read 1 hour ago")
