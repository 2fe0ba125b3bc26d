"""Gates: who is heard, what is decided, when it is asked, and what a change of what was approved does."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.model.rollout import Approval, Dependency, Home, ItemKey, LinkType, Quorum, TrackerName
from rollout_sync.model.snapshot import Decision, GateState, ItemState, ItemStatus, Vote
from rollout_sync.reconcile import gates, keys
from rollout_sync.reconcile.desired import checklist_key
from rollout_sync.reconcile.texts import DECISIONS, planner_text
from support.builders import after, make_item, make_person, make_rollout, on_go_live
from support.standing import (
    ACCOUNTS,
    BERT,
    CALENDAR,
    DORA,
    EVERYBODY,
    HEDDA,
    OUTSIDER,
    SPARE,
    account,
    at,
    by_key,
    label,
    make_gate,
    make_schedule,
    seen,
    tick,
    ticked,
    vote,
)

APPROVED, CONDITIONS, NOT_YET, REJECTED = (
    Decision.APPROVED,
    Decision.CONDITIONS,
    Decision.NOT_YET,
    Decision.REJECTED,
)
NOT_ASKED, WAITING = Decision.NOT_ASKED, Decision.WAITING
GATE = make_gate()
IN_JIRA = make_gate(home=Home.JIRA)
TWO = make_gate(approval={"approvers": (HEDDA, BERT), "deputies": (DORA, SPARE)})
ANY = make_gate(approval={"approvers": (HEDDA, BERT), "deputies": (DORA, SPARE), "quorum": Quorum.ANY})

COLLEAGUES = make_gate(approval={"approvers": (replace(HEDDA, deputy=BERT.email), BERT), "deputies": ()})


def decide(gate, *counted, earlier=None, asked=at(0), now=at(9), version="v1", ignored=(), conditions=""):  # noqa: B008 -- constant moments
    return gates.decide(
        gate,
        counted=counted,
        ignored=ignored,
        conditions=conditions,
        asked=asked,
        earlier=earlier,
        version=version,
        calendar=CALENDAR,
        at=now,
    )


# Votes --------------------------------------------------------------------------------------------------------------


def counted(gate, *observations, **over):
    return gates.votes(gate, by_key(*observations), ACCOUNTS, **over)


def test_a_tick_of_the_approver_or_deputy_counts_and_nobody_elses():
    for person in (HEDDA, DORA):
        assert counted(GATE, ticked(GATE, tick(GATE, "Approved", person))) == ((vote(person),), ())
    assert counted(GATE, ticked(GATE, tick(GATE, "Approved", OUTSIDER))) == ((), (vote(OUTSIDER),))
    stranger = {"key": checklist_key(GATE.key, "Approved"), "by": "GUID-9", "at": at().isoformat()}
    assert counted(GATE, ticked(GATE, stranger)) == ((), (Vote(by="GUID-9", decision=APPROVED, at=at()),))
    assert counted(GATE, ticked(GATE, {**stranger, "by": None}))[0] == ()


def test_the_newest_tick_of_a_person_counts():
    ticks = (tick(GATE, "Approved", HEDDA, at(2)), tick(GATE, "Not yet", HEDDA, at(1)))
    assert counted(GATE, ticked(GATE, *ticks))[0] == (vote(HEDDA, APPROVED, at(2)),)
    at_once = (tick(GATE, "Approved", HEDDA), tick(GATE, "Rejected", HEDDA))
    assert counted(GATE, ticked(GATE, *at_once))[0] == (vote(HEDDA, REJECTED),)


@pytest.mark.parametrize(
    ("line", "decision"), list(zip(DECISIONS, (APPROVED, CONDITIONS, NOT_YET, REJECTED), strict=True))
)
def test_every_line_and_every_label_has_its_meaning(line, decision):
    assert counted(GATE, ticked(GATE, tick(GATE, line, HEDDA)))[0] == (vote(HEDDA, decision),)
    named = line.lower().replace(" ", "-")
    issue = seen(keys.issue(IN_JIRA.key), category="new", labelled=[label(named, HEDDA)])
    assert counted(IN_JIRA, issue)[0] == (vote(HEDDA, decision),)


def test_what_a_line_says_when_it_is_ticked_counts():
    row = {"key": checklist_key(GATE.key, "Approved"), "title": "Not yet"}
    assert counted(GATE, ticked(GATE, tick(GATE, "Approved", HEDDA), checklist=[row]))[0] == (vote(HEDDA, NOT_YET),)
    reworded = {**row, "title": "Approved, perhaps"}
    assert counted(GATE, ticked(GATE, tick(GATE, "Approved", HEDDA), checklist=[reworded])) == ((), ())
    theirs = {"key": "1234", "by": account(HEDDA), "at": at().isoformat()}
    assert counted(GATE, ticked(GATE, theirs, checklist=[{"key": "1234", "title": "Approved"}])) == ((), ())


def test_completing_the_task_is_no_decision():
    done = seen(keys.task(GATE.key), percent=100, completed_by=account(HEDDA), finished_at=at().isoformat())
    assert counted(GATE, done, ticked(GATE)) == ((), ())
    assert counted(GATE, done, ticked(GATE, tick(GATE, "Approved", OUTSIDER))) == ((), (vote(OUTSIDER),))


def moved(who, *labels, when=at(1), category="done"):  # noqa: B008 -- a constant moment
    return seen(
        keys.issue(IN_JIRA.key),
        category=category,
        moved_by=account(who, TrackerName.JIRA),
        moved_at=when.isoformat(),
        labelled=list(labels),
    )


@pytest.mark.parametrize(
    ("observation", "votes", "ignored"),
    [
        (moved(HEDDA), [(HEDDA, APPROVED, at(1))], []),
        (moved(HEDDA, category="indeterminate"), [], []),
        (moved(HEDDA, label("not-yet", HEDDA)), [(HEDDA, NOT_YET, at(0))], []),
        (moved(HEDDA, label("Approved-With-Conditions", HEDDA)), [(HEDDA, CONDITIONS, at(0))], []),
        (moved(HEDDA, label("urgent", HEDDA)), [(HEDDA, APPROVED, at(1))], []),
        (moved(HEDDA, label("rejected", OUTSIDER)), [], [(OUTSIDER, REJECTED, at(0))]),  # it says otherwise
        (moved(HEDDA, label("approved", OUTSIDER)), [(HEDDA, APPROVED, at(1))], [(OUTSIDER, APPROVED, at(0))]),
        (moved(OUTSIDER), [], [(OUTSIDER, APPROVED, at(1))]),
        (moved(OUTSIDER, label("approved", HEDDA)), [(HEDDA, APPROVED, at(0))], []),  # tidied up
        (moved(HEDDA, label("not-yet", DORA)), [(DORA, NOT_YET, at(0)), (HEDDA, APPROVED, at(1))], []),
    ],
)
def test_jira_knows_labels_and_the_move_to_done(observation, votes, ignored):
    assert counted(IN_JIRA, observation) == (
        tuple(vote(*one) for one in votes),
        tuple(vote(*one) for one in ignored),
    )


def test_a_move_without_a_moment_is_no_decision():
    look = moved(HEDDA)
    assert counted(IN_JIRA, replace(look, fields={**look.fields, "moved_at": None})) == ((), ())


def test_what_rollout_sync_did_itself_is_nobodys_decision():
    ours = frozenset({account(OUTSIDER, TrackerName.JIRA).upper()})
    assert counted(IN_JIRA, moved(OUTSIDER), own=ours) == ((), ())
    assert counted(IN_JIRA, moved(HEDDA), own=ours)[0] != ()


def test_both_boards_are_read():
    both = make_gate(home=Home.BOTH)
    looks = (ticked(both, tick(both, "Approved", HEDDA, at(1))), moved(HEDDA, label("not-yet", HEDDA, at(2))))
    assert counted(both, *looks)[0] == (vote(HEDDA, NOT_YET, at(2)),)


def test_votes_of_a_board_that_was_not_seen_hold_on():
    earlier = GateState(gate=GATE.key, decision=APPROVED, votes=(vote(HEDDA),), ignored=(vote(OUTSIDER),))
    assert counted(GATE, earlier=earlier) == ((vote(HEDDA),), (vote(OUTSIDER),))
    assert counted(GATE, ticked(GATE), earlier=earlier) == ((), ())
    replaced = replace(GATE, approval=Approval(approvers=(BERT,)))
    assert counted(replaced, earlier=earlier)[0] == ()


def test_a_vote_outlives_the_account_but_not_the_office():
    earlier = GateState(gate=GATE.key, decision=APPROVED, votes=(vote(HEDDA),))
    left = {name: {e: i for e, i in one.items() if e != HEDDA.email} for name, one in ACCOUNTS.items()}
    look = by_key(ticked(GATE, tick(GATE, "Approved", HEDDA)))
    assert gates.votes(GATE, look, left, earlier=earlier)[0] == (vote(HEDDA),)
    assert gates.votes(GATE, look, left)[0] == ()
    later = by_key(ticked(GATE, tick(GATE, "Approved", HEDDA, at(1))))
    assert gates.votes(GATE, later, left, earlier=earlier)[0] == ()
    replaced = replace(GATE, approval=Approval(approvers=(BERT,)))
    assert gates.votes(replaced, look, left, earlier=earlier)[0] == ()


def test_only_approvals_have_votes():
    with pytest.raises(ValueError, match="is no approval"):
        gates.votes(make_item(), {}, ACCOUNTS)


# Conditions ---------------------------------------------------------------------------------------------------------


def test_conditions_are_what_people_wrote_on_the_board():
    rows = [{"key": checklist_key(GATE.key, line), "title": line} for line in DECISIONS]
    rows.append({"key": "1234", "title": "Two helpers\nper floor"})
    base = "Please decide.\n\n- Dates suit\n\nVersion 1"
    text = "Read me first\n\nPlease decide.\n\n- Dates suit\n- Not in week 9\n\nVersion 1\n\nAnd call me."
    look = by_key(ticked(GATE, checklist=rows, text=text))
    said = gates.conditions_of(GATE, look, (vote(HEDDA, CONDITIONS),), ACCOUNTS, base=base)
    assert said == "Two helpers per floor; Read me first; Not in week 9; And call me."
    assert gates.conditions_of(GATE, look, (vote(HEDDA, CONDITIONS),), ACCOUNTS, base=None) == "Two helpers per floor"
    assert gates.conditions_of(GATE, look, (vote(HEDDA),), ACCOUNTS, base=base) == ""
    unchanged = by_key(ticked(GATE, checklist=rows[:4], text=base))
    assert gates.conditions_of(GATE, unchanged, (vote(HEDDA, CONDITIONS),), ACCOUNTS, base=base) == ""


def test_in_jira_the_latest_comment_of_the_approver_says_the_conditions():
    notes = [
        {"by": account(HEDDA, TrackerName.JIRA), "at": at(1).isoformat(), "text": "First"},
        {"by": account(HEDDA, TrackerName.JIRA), "at": at(2).isoformat(), "text": "Not before\nMonday"},
        {"by": account(OUTSIDER, TrackerName.JIRA), "at": at(3).isoformat(), "text": "I disagree"},
    ]
    look = by_key(seen(keys.issue(IN_JIRA.key), notes=notes))
    said = gates.conditions_of(IN_JIRA, look, (vote(HEDDA, CONDITIONS),), ACCOUNTS, base=None)
    assert said == "Not before Monday"
    assert gates.conditions_of(IN_JIRA, look, (vote(DORA, CONDITIONS),), ACCOUNTS, base=None) == ""


def test_conditions_hold_on_while_the_decision_stands():
    told = decide(GATE, vote(HEDDA, CONDITIONS), conditions="Not in week 9")
    assert (told.decision, told.conditions) == (CONDITIONS, "Not in week 9")
    assert decide(GATE, vote(HEDDA, CONDITIONS), earlier=told).conditions == "Not in week 9"
    assert decide(GATE, vote(HEDDA, CONDITIONS, at(1)), earlier=told).conditions == ""
    assert decide(GATE, vote(HEDDA), earlier=told, conditions="x").conditions == ""
    words = gates.condition_words(GATE, told)
    assert words == "Condition of Hedda Head (Yes): Not in week 9"
    assert gates.condition_words(GATE, decide(GATE, vote(HEDDA))) == ""
    long = decide(GATE, vote(HEDDA, CONDITIONS), conditions="x" * 5_000)
    assert len(gates.condition_words(GATE, long)) < 1_100


# Decisions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gate", "votes", "decision"),
    [
        (GATE, [], WAITING),
        (GATE, [(HEDDA, APPROVED)], APPROVED),
        (GATE, [(DORA, APPROVED)], APPROVED),
        (GATE, [(HEDDA, NOT_YET), (DORA, APPROVED)], NOT_YET),  # the approver's own word stands above
        (GATE, [(HEDDA, APPROVED), (DORA, REJECTED)], APPROVED),
        (TWO, [(HEDDA, APPROVED)], WAITING),
        (TWO, [(HEDDA, APPROVED), (BERT, APPROVED)], APPROVED),
        (TWO, [(HEDDA, APPROVED), (BERT, CONDITIONS)], CONDITIONS),
        (TWO, [(HEDDA, APPROVED), (BERT, NOT_YET)], NOT_YET),
        (TWO, [(HEDDA, REJECTED), (BERT, NOT_YET)], REJECTED),
        (TWO, [(HEDDA, REJECTED)], REJECTED),
        (TWO, [(DORA, APPROVED), (BERT, APPROVED)], APPROVED),  # Hedda named Dora
        (TWO, [(HEDDA, APPROVED), (DORA, APPROVED)], WAITING),  # ... who does not speak for Bert
        (TWO, [(HEDDA, APPROVED), (SPARE, APPROVED)], APPROVED),  # anybody's deputy
        (TWO, [(SPARE, APPROVED)], WAITING),  # for one of the two
        (TWO, [(SPARE, NOT_YET), (HEDDA, APPROVED), (BERT, APPROVED)], APPROVED),
        (COLLEAGUES, [(BERT, APPROVED)], WAITING),  # nobody signs twice
        (ANY, [(BERT, APPROVED)], APPROVED),
        (ANY, [(SPARE, CONDITIONS)], CONDITIONS),
        (ANY, [(BERT, APPROVED), (HEDDA, NOT_YET)], NOT_YET),
        (ANY, [(BERT, APPROVED), (DORA, REJECTED)], REJECTED),
        (make_gate(approval={"approvers": ()}), [(DORA, APPROVED)], WAITING),  # nobody is no quorum
        (make_gate(approval={"approvers": (), "quorum": Quorum.ANY}), [(DORA, APPROVED)], WAITING),
    ],
)
def test_the_quorum(gate, votes, decision):
    state = decide(gate, *(vote(*one) for one in votes))
    assert state.decision is decision
    assert state.version == ("v1" if decision.opens else "")
    assert (state.decided_at is None) is (decision is WAITING)


def test_when_it_was_decided():
    assert decide(TWO, vote(HEDDA, when=at(1)), vote(BERT, when=at(3))).decided_at == at(3)
    assert decide(ANY, vote(HEDDA, when=at(1)), vote(BERT, when=at(3))).decided_at == at(1)
    assert decide(TWO, vote(HEDDA, when=at(1)), vote(BERT, NOT_YET, at(3))).decided_at == at(3)


def test_the_time_to_decide():
    state = decide(GATE, asked=datetime(2027, 1, 8, 9, tzinfo=UTC))
    assert state.due_at == datetime(2027, 1, 15, 17, tzinfo=UTC)  # five working days after a Friday
    urgent = make_gate(approval={"emergency_hours": 48})
    assert decide(urgent, asked=at(1)).due_at == at(3)
    assert decide(GATE, asked=None).due_at is None


def test_an_approver_may_decide_before_being_asked():
    assert decide(GATE, asked=None).decision is NOT_ASKED
    assert decide(GATE, asked=at(10), now=at(9)).decision is NOT_ASKED  # a lag is not over
    assert decide(GATE, asked=at(10), now=at(9)).asked_at is None
    early = decide(GATE, vote(HEDDA), asked=None)
    assert (early.decision, early.asked_at, early.decided_at) == (APPROVED, None, at(0))


def test_ignored_votes_are_kept_for_the_report():
    assert decide(GATE, ignored=(vote(OUTSIDER),)).ignored == (vote(OUTSIDER),)


def test_a_change_of_what_was_approved_asks_again():
    opened = decide(GATE, vote(HEDDA, when=at(1)))
    assert (opened.decision, opened.version, opened.reopened_at) == (APPROVED, "v1", None)
    same = decide(GATE, vote(HEDDA, when=at(1)), earlier=opened, now=at(10))
    assert same == opened
    shut = decide(GATE, vote(HEDDA, when=at(1)), earlier=opened, version="v2", now=at(10))
    assert (shut.decision, shut.version, shut.reopened_at, shut.votes) == (WAITING, "v1", at(10), ())
    assert shut.due_at == datetime(2027, 1, 21, 17, tzinfo=UTC)  # counted from the change, a Thursday
    still = decide(GATE, vote(HEDDA, when=at(1)), earlier=shut, version="v2", now=at(11))
    assert (still.decision, still.reopened_at) == (WAITING, at(10))
    again = decide(GATE, vote(HEDDA, when=at(12)), earlier=still, version="v2", now=at(13))
    assert (again.decision, again.version, again.reopened_at) == (APPROVED, "v2", None)


def test_old_words_do_not_come_back_when_it_opens_again():
    opened = decide(ANY, vote(HEDDA, when=at(2)))
    shut = decide(ANY, vote(HEDDA, when=at(2)), earlier=opened, version="v2", now=at(10))
    old = vote(BERT, REJECTED, at(3))
    again = decide(ANY, old, vote(HEDDA, when=at(12)), earlier=shut, version="v2", now=at(13))
    later = decide(ANY, old, vote(HEDDA, when=at(12)), earlier=again, version="v2", now=at(14))
    assert (again.decision, later.decision) == (APPROVED, APPROVED)


def test_half_a_quorum_for_something_else_does_not_count():
    half = decide(TWO, vote(HEDDA, when=at(1)))
    changed = decide(TWO, vote(HEDDA, when=at(1)), vote(BERT, when=at(2)), earlier=half, version="v2", now=at(3))
    assert (changed.decision, changed.reopened_at, changed.counts_from) == (WAITING, None, at(3))


def test_a_decision_taken_back_shuts_the_gate():
    opened = decide(GATE, vote(HEDDA))
    shut = decide(GATE, earlier=opened)
    assert (shut.decision, shut.version, shut.reopened_at) == (WAITING, "v1", None)
    assert decide(GATE, vote(HEDDA), earlier=shut).decision is APPROVED


DECISION = st.sampled_from([APPROVED, CONDITIONS, NOT_YET, REJECTED])
PEOPLE = st.sampled_from(EVERYBODY)
TICKS = st.lists(st.tuples(PEOPLE, st.sampled_from(DECISIONS), st.integers(0, 20)), max_size=8)
OFFICES = st.lists(PEOPLE, max_size=3, unique=True)


@given(
    OFFICES,
    OFFICES,
    st.sampled_from(list(Quorum)),
    st.lists(st.tuples(TICKS, st.sampled_from(["v1", "v2"]), st.booleans()), min_size=1, max_size=5),
)
def test_a_gate_is_never_open_without_the_votes_that_its_quorum_asks_for(approvers, deputies, quorum, looks):
    deputies = tuple(person for person in deputies if person not in approvers)
    gate = make_gate(approval={"approvers": tuple(approvers), "deputies": deputies, "quorum": quorum})
    entitled = {person.email for person in (*approvers, *deputies)}
    state, changed_at, asked, shown = None, -1, "v1", ()
    for number, (ticks, version, is_seen) in enumerate(looks):
        now = 10 * number
        shown = ticks if is_seen else shown
        if version != asked and state is not None:
            changed_at = now
        asked = version
        look = by_key(ticked(gate, *(tick(gate, line, who, at(day)) for who, line, day in ticks))) if is_seen else {}
        votes, ignored = gates.votes(gate, look, ACCOUNTS, earlier=state)
        state = decide(gate, *votes, ignored=ignored, earlier=state, version=version, now=at(now))
        assert {one.by for one in state.votes} <= entitled
        if not state.decision.opens:
            continue
        yes = {who.email for who, line, day in shown if line in DECISIONS[:2] and day > changed_at}
        assert state.version == version
        assert len(yes & entitled) >= (len(approvers) if quorum is Quorum.ALL else 1) > 0
        if quorum is Quorum.ALL:
            assert all(person.email in yes or any(one.email in yes for one in deputies) for person in approvers)
        assert not any(one.decision in (NOT_YET, REJECTED) for one in state.votes)


# Asked --------------------------------------------------------------------------------------------------------------

WORK, OTHER = make_item("prepare/work"), make_item("prepare/other")


def asked(gate, states, items=(WORK, OTHER)):
    rollout = make_rollout([*items, gate])
    named = {item.key: ItemState(item=item.key, **states.get(item.key, {})) for item in items}
    return gates.asked_at(gate, rollout, named, at(0))


def done(day):
    return {"status": ItemStatus.DONE, "started_at": at(day - 1), "finished_at": at(day)}


def test_it_is_asked_when_all_before_it_is_done_and_not_before_the_rollout_started():
    gate = make_gate(after=(WORK.key, OTHER.key))
    assert asked(make_gate(), {}) == at(0)
    assert asked(gate, {WORK.key: done(3)}) is None
    assert asked(gate, {WORK.key: done(3), OTHER.key: done(2)}) == at(3)
    assert asked(gate, {WORK.key: done(-3), OTHER.key: done(-2)}) == at(0)
    assert asked(gate, {WORK.key: {"status": ItemStatus.DONE}, OTHER.key: done(-2)}) == at(0)


@pytest.mark.parametrize(
    ("link", "lag", "state", "expected"),
    [
        (LinkType.FINISH_START, 2, done(3), at(7)),  # Thursday, then Friday and Monday
        (LinkType.FINISH_START, -1, done(3), at(2)),
        (LinkType.FINISH_FINISH, 0, done(3), at(3)),
        (LinkType.FINISH_FINISH, 0, {"status": ItemStatus.STARTED, "started_at": at(1)}, None),
        (LinkType.START_START, 0, {"status": ItemStatus.STARTED, "started_at": at(1)}, at(1)),
        (LinkType.START_FINISH, 1, {"status": ItemStatus.STARTED, "started_at": at(1)}, at(2)),
        (LinkType.START_START, 0, {"status": ItemStatus.TODO}, None),
        (LinkType.START_START, 0, {"status": ItemStatus.DONE, "finished_at": at(3)}, at(0)),
        (LinkType.FINISH_START, -1, {"status": ItemStatus.STARTED, "due": date(2027, 1, 8)}, at(3, -9)),  # a lead
        (LinkType.FINISH_START, -1, {"status": ItemStatus.TODO, "due": date(2027, 1, 8)}, None),
        (LinkType.FINISH_START, -1, {"status": ItemStatus.STARTED}, None),
    ],
)
def test_links_by_their_meaning(link, lag, state, expected):
    assert asked(make_gate(after=(after(WORK.key, link, lag),)), {WORK.key: state}) == expected


def test_what_was_deleted_is_waited_for_no_more_but_what_it_waited_for_is():
    middle = make_item("prepare/middle", after=(WORK.key, WORK.key))
    gate = make_gate(after=(middle.key,))
    gone = {"status": ItemStatus.GONE}
    assert asked(gate, {middle.key: gone}, (WORK, middle)) is None
    assert asked(gate, {middle.key: gone, WORK.key: done(4)}, (WORK, middle)) == at(4)


def test_an_emergency_is_decided_on_at_once():
    gate = make_gate(after=(WORK.key,), approval={"emergency_hours": 24})
    assert asked(gate, {}) == at(0)


def test_gates_come_after_those_they_wait_for():
    first, second = make_gate("a/first"), make_gate("a/second", held_by=(ItemKey("a/first"),))
    urgent = make_gate("b/urgent", approval={"emergency_hours": 4})
    assert gates.in_order(make_rollout([second, WORK, first, urgent])) == (urgent, first, second)


# Versions -----------------------------------------------------------------------------------------------------------

HELD = make_item("change/tell", held_by=(GATE.key,), owner=make_person("Tara Trainer"))
FIXED = make_item("change/live", held_by=(GATE.key,), anchor=on_go_live(), after=(HELD.key,))


def version(items=(HELD, FIXED), **over):
    rollout = make_rollout([GATE, *items])
    return gates.version_of(GATE, rollout, make_schedule(rollout.items, **over))


def test_the_version_is_the_one_that_the_text_names():
    rollout = make_rollout([GATE, HELD, FIXED])
    schedule = make_schedule(rollout.items)
    text = planner_text(GATE, {item.key: item for item in rollout.items}, schedule)
    assert f"Version of what is approved: {gates.version_of(GATE, rollout, schedule)}." in text


def test_what_changes_the_version():
    first = version()
    assert version() == first
    assert version((FIXED, HELD)) == first
    assert version((replace(HELD, owner=make_person("Tina Trainer")), FIXED)) != first
    assert version((replace(HELD, owner=None), FIXED)) != first
    assert version((replace(HELD, title="Tell all"), FIXED)) != first
    assert version((HELD,)) != first
    assert version(go_live=date(2027, 3, 8)) != first
    assert version(day=date(2027, 2, 2)) != first  # FIXED is tied to go-live


def test_days_that_follow_from_lengths_do_not_change_the_version():
    assert version((HELD,)) == version((HELD,), day=date(2027, 2, 2))
    shouting = make_person("Tara Trainer", email="TARA.trainer@example.com")
    assert version((replace(HELD, owner=shouting),)) == version((HELD,))


def test_wave_days_are_fixed_dates():
    waved = make_item("change/wave-finance/tell", held_by=(GATE.key,))
    days = [{"finance": date(2027, 3, day)} for day in (1, 2)]
    assert version((waved,), wave_days=days[0]) != version((waved,), wave_days=days[1])
    assert version((HELD,), wave_days=days[0]) == version((HELD,), wave_days=days[1])


def test_a_gate_that_holds_nothing_never_changes():
    assert version(()) == version((), go_live=date(2028, 1, 3))


def test_a_dependency_can_be_listed_twice_with_other_links():
    gate = make_gate(after=(Dependency(item=WORK.key), Dependency(item=WORK.key, link=LinkType.START_START)))
    assert asked(gate, {WORK.key: done(4)}) == at(4)


def test_the_clock_of_the_change_is_exclusive():
    opened = decide(GATE, vote(HEDDA, when=at(1)))
    shut = decide(GATE, vote(HEDDA, when=at(10)), earlier=opened, version="v2", now=at(10))
    assert shut.decision is WAITING
    later = vote(HEDDA, when=at(10) + timedelta(seconds=1))
    assert decide(GATE, later, earlier=shut, version="v2", now=at(11)).decision is APPROVED
