"""What a coordinator is told, and in which order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_sync.model.operations import Severity
from rollout_sync.model.rollout import ItemKey, TrackerName
from rollout_sync.model.snapshot import (
    AddedItem,
    Coverage,
    Decision,
    GateState,
    ItemState,
    ItemStatus,
    Snapshot,
)
from rollout_sync.reconcile import keys
from rollout_sync.reconcile.gates import decide
from rollout_sync.reconcile.notices import ORDER, notices
from support.builders import make_item, make_person, make_rollout
from support.standing import BERT, CALENDAR, DORA, HEDDA, OUTSIDER, at, make_gate, vote

ESCALATE = make_person("Sonja Sponsor")
GATE = make_gate(title="Green light", approval={"escalate_to": (ESCALATE,), "within_days": 4})
WORK = make_item("change/tell", title="Tell everybody", held_by=(GATE.key,))
NAMES = {"p1": "Tara Trainer"}


def told(*items, states=(), gates=(), now=at(0), names=NAMES, **over):  # noqa: B008 -- a constant moment
    rollout = make_rollout(items or (GATE, WORK))
    snapshot = Snapshot(
        rollout=rollout.id,
        at=now,
        items={state.item: state for state in states},
        gates={gate.gate: gate for gate in gates},
        **over,
    )
    return notices(rollout, snapshot, CALENDAR, now, names)


def one(code, **over):
    (found,) = [finding for finding in told(**over) if finding.code == code]
    assert found.hint
    return found


def codes(**over):
    return [finding.code for finding in told(**over)]


def gate(decision=Decision.WAITING, **over):
    return GateState(gate=GATE.key, **{"decision": decision, "asked_at": at(0), "due_at": at(4, 8), **over})


def state(status=ItemStatus.STARTED, item=WORK, **over):
    return ItemState(item=item.key, status=status, **over)


def test_a_quiet_rollout_has_nothing_to_tell():
    assert told(states=[state(ItemStatus.TODO)], gates=[gate()]) == ()
    assert told() == ()


@pytest.mark.parametrize("status", [ItemStatus.STARTED, ItemStatus.DONE])
@pytest.mark.parametrize("decision", [Decision.NOT_ASKED, Decision.WAITING, Decision.NOT_YET, Decision.REJECTED])
def test_work_that_began_before_its_green_light_is_named(status, decision):
    found = one("started-early", states=[state(status, owners=("p1",), started_at=at(1))], gates=[gate(decision)])
    verb = "began" if status is ItemStatus.STARTED else "was done"
    assert found.message == f'"Tell everybody" (Tara Trainer) {verb} on 5 Jan 2027, but "Green light" is not decided'
    assert (found.severity, found.where) == (Severity.WARNING, WORK.key)


def test_more_shut_gates_are_counted_and_unknown_people_go_by_their_account():
    second = make_gate("go/second", title="Second")
    work = replace(WORK, held_by=(GATE.key, second.key))
    (found,) = told(GATE, second, work, states=[state(owners=("p9",))])
    assert found.message == '"Tell everybody" (the account p9) began, but "Green light" and 1 more is not decided'


def test_work_that_began_while_the_gate_was_open_is_not_early():
    reopened = gate(version="v1", reopened_at=at(5), due_at=None)
    assert "started-early" not in codes(states=[state(started_at=at(4))], gates=[reopened])
    assert "started-early" in codes(states=[state(started_at=at(6))], gates=[reopened])
    assert "started-early" not in codes(states=[state(started_at=at(4))], gates=[gate(version="v1", due_at=None)])
    assert "started-early" not in codes(states=[state()], gates=[gate(Decision.CONDITIONS, conditions="x")])
    assert "started-early" not in codes(states=[state(ItemStatus.GONE)], gates=[gate()])


def test_an_approval_may_be_decided_early():
    second = make_gate("go/second", held_by=(GATE.key,))
    assert told(GATE, second, states=[state(ItemStatus.DONE, second)], gates=[gate()]) == ()


def test_decisions_of_others_are_named():
    other = replace(vote(HEDDA), by="p1")
    found = one("not-entitled", gates=[gate(ignored=(vote(OUTSIDER, Decision.REJECTED), other, replace(other, by="")))])
    assert found.message == (
        '"Green light": the decision of the account olga.outsider@example.com (rejected, 4 Jan 2027),'
        " Tara Trainer (approved, 4 Jan 2027), somebody unknown (approved, 4 Jan 2027) does not count"
    )
    assert "only Hedda Head or Dora Deputy can decide" in found.hint
    assert one("not-entitled", gates=[gate(Decision.APPROVED, ignored=(other,))])


def test_a_completed_task_without_a_ticked_line_is_asked_about():
    done = state(ItemStatus.STARTED, GATE, percent=100)
    found = one("decided-without-line", states=[done], gates=[gate()])
    assert "ask Hedda Head to tick what was decided: Approved, Approved with conditions" in found.hint
    assert "decided-without-line" not in codes(states=[done], gates=[gate(Decision.APPROVED)])
    assert "decided-without-line" not in codes(states=[done], gates=[gate(ignored=(vote(OUTSIDER),))])
    assert "decided-without-line" not in codes(states=[replace(done, percent=50)], gates=[gate()])


@pytest.mark.parametrize(
    ("days", "expected"), [(0, []), (1, []), (2, ["gate-reminder"]), (4.3, ["gate-reminder"]), (4.4, ["gate-overdue"])]
)
def test_reminder_at_half_and_escalation_when_over(days, expected):
    assert codes(gates=[gate()], now=at(days)) == expected


def test_who_is_waited_for():
    reminder = one("gate-reminder", gates=[gate()], now=at(2))
    assert reminder.message == (
        '"Green light" waits for Hedda Head; half of the time is over, it ends 8 Jan 2027 17:00 UTC'
    )
    assert reminder.severity is Severity.NOTE
    assert reminder.hint == "remind Hedda Head; one item waits for the answer"
    overdue = one("gate-overdue", gates=[gate()], now=at(5))
    assert overdue.hint == "escalate to Sonja Sponsor"
    two = replace(GATE, approval=replace(GATE.approval, approvers=(HEDDA, BERT), escalate_to=()))
    (found,) = told(two, WORK, gates=[gate(votes=(vote(DORA),))], now=at(5))
    assert "waits for Bert Boss; one item waits" in found.message  # Dora spoke for Hedda
    assert found.hint == "nobody is named to escalate to; decide who asks"


def test_nobody_is_reminded_of_what_was_never_asked():
    assert codes(gates=[gate(asked_at=None)], now=at(3)) == []


def test_a_weekend_is_no_time():
    friday = {"asked_at": at(4), "due_at": at(10)}
    assert codes(gates=[gate(**friday)], now=at(7)) == []
    assert codes(gates=[gate(**friday)], now=at(8)) == ["gate-reminder"]


def test_an_emergency_counts_hours_and_is_an_error_when_over():
    urgent = replace(GATE, approval=replace(GATE.approval, emergency_hours=48))
    due = {"asked_at": at(0), "due_at": at(2)}
    assert [found.code for found in told(urgent, gates=[gate(**due)], now=at(0, 23))] == []
    assert [found.code for found in told(urgent, gates=[gate(**due)], now=at(1))] == ["gate-reminder"]
    (found,) = told(urgent, gates=[gate(**due)], now=at(2, 1))
    assert (found.code, found.severity) == ("emergency-overdue", Severity.ERROR)
    assert found.hint == "Hedda Head must decide now; escalate to Sonja Sponsor"
    assert told(urgent, gates=[gate(Decision.APPROVED, **due)], now=at(9)) == ()


@pytest.mark.parametrize(
    ("decision", "code", "words"),
    [
        (Decision.REJECTED, "gate-rejected", '"Green light" was rejected by Hedda Head on 5 Jan 2027; one item waits'),
        (Decision.NOT_YET, "gate-not-yet", 'was answered with "Not yet" by Hedda Head on 5 Jan 2027'),
    ],
)
def test_a_refusal_is_told_and_not_reminded_of(decision, code, words):
    refused = gate(decision, votes=(vote(HEDDA, decision), vote(BERT)), decided_at=at(1))
    assert words in one(code, gates=[refused], now=at(9)).message
    assert codes(gates=[refused], now=at(9)) == [code]


def run(*steps):
    """A gate's life: votes and versions, a day each."""
    found = None
    for day, (votes, version) in enumerate(steps):
        found = decide(
            GATE,
            counted=votes,
            ignored=(),
            conditions="",
            asked=at(0),
            earlier=found,
            version=version,
            calendar=CALENDAR,
            at=at(day),
        )
    return found


def test_a_gate_that_shut_again_says_why():
    yes = (vote(HEDDA),)
    reopened = one("gate-reopened", gates=[run((yes, "v1"), (yes, "v2"))])
    assert "(version v1) changed on 5 Jan 2027" in reopened.message
    assert "the new version v2 to be approved, by taking the tick" in reopened.hint
    assert one("decision-withdrawn", gates=[run((yes, "v1"), ((), "v1"))]).severity is Severity.WARNING
    assert one("gate-changed", gates=[run(((), "v1"), ((), "v2"))]).severity is Severity.NOTE
    assert codes(gates=[run((yes, "v1"), (yes, "v2"), ((vote(HEDDA, when=at(1.5)),), "v2"))]) == []


def test_conditions_that_nobody_wrote_down():
    assert one("conditions-missing", gates=[gate(Decision.CONDITIONS)])
    assert codes(gates=[gate(Decision.CONDITIONS, conditions="Not in week 9")]) == []


def test_a_pair_that_cannot_be_brought_together():
    found = one("mirror-conflict", states=[state(ItemStatus.TODO, conflict="changed on both sides")])
    assert found.message == '"Tell everybody" lives in both services: changed on both sides'
    assert found.hint == "set both to the same; Jira leads"


def test_what_people_deleted():
    work = one("deleted-by-people", states=[state(ItemStatus.GONE)])
    assert work.message == '"Tell everybody" was deleted by a person; it is not made again'
    gone = state(ItemStatus.GONE, GATE)
    shut = told(states=[gone], gates=[gate()], now=at(9))
    assert [finding.code for finding in shut] == ["deleted-by-people"]  # nobody can be reminded of it
    assert "one item waits for its decision, which nobody can make now" in shut[0].message
    assert "nobody" not in one("deleted-by-people", states=[gone], gates=[gate(Decision.APPROVED)]).message


def test_renamed_and_moved_work_is_noted():
    found = one("renamed", states=[state(ItemStatus.TODO, title="Tell all")])
    assert (found.severity, found.message) == (
        Severity.NOTE,
        '"Tell everybody" is now called "Tell all" on its board',
    )
    assert codes(states=[state(ItemStatus.TODO, title="Tell everybody")]) == []
    items = [make_item(f"prepare/{name}") for name in "abc"]
    states = [
        state(ItemStatus.TODO, item, key=key) for item, key in zip(items, ("SEC-1", "SEC-2", "OPS-9"), strict=True)
    ]
    (moved,) = told(*items, states=states)
    assert (moved.code, moved.where) == ("moved", "prepare/c")
    assert '"C" was moved to OPS-9, outside of project SEC' in moved.message
    assert told(*items[1:], states=states[1:]) == ()  # one here, one there: nobody can tell


def test_added_work_is_counted_and_named():
    added = [
        AddedItem(tracker=TrackerName.JIRA, id=str(n), title=f"Extra {n}", under=keys.epic("prepare")) for n in range(7)
    ]
    found = one("added-work", added=tuple(added))
    assert found.message == (
        'people added 7 items of work: "Extra 0", "Extra 1", "Extra 2", "Extra 3", "Extra 4" and 2 more'
    )
    assert "one item of work" in one("added-work", added=tuple(added[:1])).message


def test_what_could_not_be_read():
    unseen = {str(keys.task(WORK.key)): "no access", "plan:plan": "no access", str(keys.task(ItemKey("x"))): "hidden"}
    coverage = {TrackerName.PLANNER: Coverage(good_at=at(0), unseen=unseen)}
    assert [finding.message for finding in told(coverage=coverage)] == [
        "Planner: nothing can be said about task:x: hidden",
        'Planner: nothing can be said about plan:plan and "Tell everybody": no access',
    ]


@pytest.mark.parametrize(
    ("coverage", "hours", "words"),
    [
        (Coverage(good_at=at(0)), 72, None),
        (Coverage(good_at=at(0)), 73, "Jira was not read completely since 4 Jan 2027 09:00 UTC"),
        (Coverage(good_at=at(0), reason="403"), 1, "since 4 Jan 2027 09:00 UTC: 403"),
        (Coverage(tried_at=at(0), reason="no network"), 1, "was not read completely yet: no network"),
    ],
)
def test_a_service_that_was_not_read(coverage, hours, words):
    found = told(coverage={TrackerName.JIRA: coverage}, now=at(0) + timedelta(hours=hours))
    assert [finding.code for finding in found] == (["half-stale"] if words else [])
    assert all(words in finding.message for finding in found)


def test_the_worst_comes_first_and_the_order_is_stable():
    urgent = make_gate("go/urgent", approval={"emergency_hours": 1})
    late = GateState(gate=urgent.key, decision=Decision.WAITING, asked_at=at(0), due_at=at(0.1))
    over = {
        "states": [state(title="New", started_at=at(1))],
        "gates": [gate(Decision.REJECTED, votes=(vote(HEDDA, Decision.REJECTED),)), late],
        "coverage": {TrackerName.JIRA: Coverage(reason="down")},
        "added": (AddedItem(tracker=TrackerName.JIRA, id="1", title="x", under=keys.epic("p")),),
        "now": at(9),
    }
    found = told(WORK, GATE, urgent, **over)
    assert [finding.code for finding in found] == [
        "emergency-overdue",
        "gate-rejected",
        "started-early",
        "half-stale",
        "added-work",
        "renamed",
    ]
    assert told(WORK, GATE, urgent, **over) == found
    assert len(set(ORDER)) == len(ORDER)
