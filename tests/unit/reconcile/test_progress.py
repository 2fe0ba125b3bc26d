"""States of items out of what the boards say."""

from datetime import date

import pytest

from rollout_sync.model.objects import Remote
from rollout_sync.model.rollout import Home
from rollout_sync.model.snapshot import Decision, GateState, ItemState, ItemStatus
from rollout_sync.reconcile import keys
from rollout_sync.reconcile.mirrors import Pair
from rollout_sync.reconcile.progress import added_items, item_states, of_approval
from rollout_sync.reconcile.sides import Category
from rollout_sync.trackers.base import Newcomer
from support.builders import make_item, make_rollout
from support.standing import at, by_key, make_gate, seen

ITEM = make_item("prepare/inventory")
CARD = make_item("prepare/tell", home=Home.PLANNER)
ISSUE, TASK = keys.issue(ITEM.key), keys.task(CARD.key)
TODO, STARTED, DONE, GONE = ItemStatus.TODO, ItemStatus.STARTED, ItemStatus.DONE, ItemStatus.GONE


def one(item, *observations, was=None, gone=(), gate=None):
    earlier = {item.key: was} if was else {}
    gates = {item.key: gate} if gate else {}
    return item_states(make_rollout([item]), by_key(*observations), set(gone), gates, earlier)[item.key]


@pytest.mark.parametrize(
    ("category", "status", "fields", "times"),
    [
        ("new", TODO, {"started_at": None, "finished_at": None}, (None, None)),
        ("indeterminate", STARTED, {"started_at": at(1).isoformat(), "finished_at": None}, (at(1), None)),
        ("done", DONE, {"started_at": at(1).isoformat(), "finished_at": at(2).isoformat()}, (at(1), at(2))),
        ("indeterminate", STARTED, {}, (at(3), None)),  # history was not read: when it was first seen so
        ("done", DONE, {}, (None, at(3))),
    ],
)
def test_jira_tells_status_and_times(category, status, fields, times):
    state = one(ITEM, seen(ISSUE, at(3), category=category, status="In Arbeit", owner="a1", held=True, **fields))
    assert (state.status, state.shown, state.percent) == (status, "In Arbeit", None)
    assert (state.started_at, state.finished_at) == times
    assert (state.owners, state.held, state.seen_at) == (("a1",), True, at(3))
    assert state.key.startswith("SEC-")


@pytest.mark.parametrize(("percent", "status"), [(0, TODO), (1, STARTED), (50, STARTED), (99, STARTED), (100, DONE)])
def test_planner_tells_percent(percent, status):
    state = one(CARD, seen(TASK, at(3), percent=percent, status="words", start="2027-01-05", due=None))
    assert (state.status, state.percent, state.start, state.due) == (status, percent, date(2027, 1, 5), None)


def test_planner_work_began_when_it_was_first_seen_begun():
    first = one(CARD, seen(TASK, at(1), percent=50))
    second = one(CARD, seen(TASK, at(2), percent=70), was=first)
    done = one(CARD, seen(TASK, at(3), percent=100, finished_at=at(2.5).isoformat()), was=second)
    assert (first.started_at, second.started_at) == (at(1), at(1))
    assert (done.started_at, done.finished_at) == (at(1), at(2.5))
    at_once = one(CARD, seen(TASK, at(3), percent=100, finished_at=at(2.5).isoformat()))
    assert (at_once.started_at, at_once.finished_at) == (None, at(2.5))


def test_reopened_work_has_no_end_and_unbegun_work_no_beginning():
    done = ItemState(item=CARD.key, status=DONE, started_at=at(1), finished_at=at(2))
    again = one(CARD, seen(TASK, at(3), percent=50), was=done)
    assert (again.status, again.started_at, again.finished_at) == (STARTED, at(1), None)
    back = one(CARD, seen(TASK, at(4), percent=0), was=again)
    assert (back.status, back.started_at, back.finished_at) == (TODO, None, None)


def test_blocked_since_its_label_stands():
    mark = {"label": "Blocked", "by": "x", "at": at(1).isoformat()}
    blocked = one(ITEM, seen(ISSUE, at(2), category="new", labels=["Blocked"], labelled=[mark]))
    assert blocked.blocked_since == at(1)
    unread = one(ITEM, seen(ISSUE, at(2), category="new", labels=["blocked"]))
    assert unread.blocked_since == at(2)
    assert one(ITEM, seen(ISSUE, at(3), category="new", labels=["blocked"]), was=unread).blocked_since == at(2)
    assert one(ITEM, seen(ISSUE, at(3), category="new", labels=[], labelled=[mark]), was=blocked).blocked_since is None
    assert one(ITEM, seen(ISSUE, at(3), category="new"), was=blocked).blocked_since == at(1)
    assert one(ITEM, seen(ISSUE, at(3), category="new", labelled=[]), was=blocked).blocked_since is None


def test_a_card_is_held_in_the_waiting_bucket():
    waiting = seen(keys.WAITING, title="Waiting for green light")
    inside = seen(TASK, percent=0, bucket=Remote(id=waiting.remote.id))
    assert one(CARD, inside, waiting).held
    assert not one(CARD, seen(TASK, percent=0, bucket=Remote(id="elsewhere")), waiting).held
    assert not one(CARD, seen(TASK, percent=0, bucket=None), waiting).held
    assert one(CARD, seen(TASK, percent=0, bucket=None), was=ItemState(item=CARD.key, held=True)).held


def test_not_seen_keeps_its_state_and_deleted_is_gone():
    was = ItemState(item=ITEM.key, status=STARTED, started_at=at(1), title="Inventory")
    assert one(ITEM, was=was) == was
    assert one(ITEM) == ItemState(item=ITEM.key)
    gone = one(ITEM, seen(ISSUE, category="done"), was=was, gone=[ISSUE])
    assert (gone.status, gone.title) == (GONE, "Inventory")
    back = one(ITEM, seen(ISSUE, at(2), category="indeterminate"), was=gone)
    assert (back.status, back.started_at) == (STARTED, at(1))


def test_what_was_not_returned_stays_as_it_was():
    was = ItemState(item=ITEM.key, status=STARTED, title="Inventory", due=date(2027, 1, 9), owners=("a",))
    state = one(ITEM, seen(ISSUE, at(2)), was=was)
    assert (state.status, state.title, state.due, state.owners) == (STARTED, "Inventory", date(2027, 1, 9), ("a",))
    assert one(ITEM, seen(ISSUE, at(2), owner=None), was=was).owners == ()


GATE = make_gate("go/yes")


@pytest.mark.parametrize(
    ("gate", "status", "times"),
    [
        (None, TODO, (None, None)),
        ({"decision": Decision.NOT_ASKED}, TODO, (None, None)),
        ({"decision": Decision.WAITING, "asked_at": at(1)}, STARTED, (at(1), None)),
        ({"decision": Decision.NOT_YET, "asked_at": at(1), "decided_at": at(2)}, STARTED, (at(1), None)),
        ({"decision": Decision.REJECTED, "decided_at": at(2)}, STARTED, (at(2), None)),
        ({"decision": Decision.APPROVED, "asked_at": at(1), "decided_at": at(2)}, DONE, (at(1), at(2))),
        ({"decision": Decision.CONDITIONS, "asked_at": at(3), "decided_at": at(2)}, DONE, (None, at(2))),
        ({"decision": Decision.APPROVED, "decided_at": at(2)}, DONE, (None, at(2))),
    ],
)
def test_an_approval_is_as_far_as_its_gate_whatever_its_task_says(gate, status, times):
    stands = GateState(gate=GATE.key, **gate) if gate else None
    for percent in (0, 50, 100):
        state = one(GATE, seen(keys.task(GATE.key), percent=percent), gate=stands)
        assert (state.status, state.started_at, state.finished_at) == (status, *times)
        assert state.percent == percent
    for unseen in (ItemStatus.UNKNOWN, GONE):
        state = ItemState(item=GATE.key, status=unseen)
        assert of_approval(state, stands) == state


def test_a_mirrored_item_is_settled_with_its_pair():
    item = make_item("prepare/both", home=Home.BOTH)
    looks = by_key(
        seen(keys.issue(item.key), category="new", held=False), seen(keys.task(item.key), percent=100, status="Done")
    )
    states = item_states(make_rollout([item]), looks, set(), {}, {})
    assert (states[item.key].status, states[item.key].shown) == (DONE, "Done")
    pair = Pair(issue=Category.DONE, task=Category.DONE)
    assert item_states(make_rollout([item]), looks, set(), {}, {}, pairs={item.key: pair})[item.key].status is TODO
    gone = {keys.issue(item.key), keys.task(item.key)}
    assert item_states(make_rollout([item]), looks, gone, {}, {})[item.key].status is GONE


def newcomer(when=at(1), **fields):  # noqa: B008 -- a constant moment
    remote = Remote(id="77", key="SEC-77", url="https://x.example.com/77")
    return Newcomer(rollout="r", under=keys.epic("prepare"), remote=remote, fields=fields, asked_at=when)


def test_added_work_has_status_and_times_in_the_same_way():
    fields = {"title": "Extra", "created_at": at().isoformat(), "created_by": "a1", "due": "2027-01-20"}
    (first,) = added_items([newcomer(category="indeterminate", **fields)], {})
    assert (first.id, first.key, first.title, first.created_by) == ("77", "SEC-77", "Extra", "a1")
    assert (first.status, first.started_at, first.created_at, first.due) == (STARTED, at(1), at(), date(2027, 1, 20))
    (second,) = added_items([newcomer(at(2), category="done", finished_at=at(1.5).isoformat())], {"77": first})
    assert (second.status, second.started_at, second.finished_at) == (DONE, at(1), at(1.5))
    assert (second.title, second.created_at, second.due) == ("Extra", at(), date(2027, 1, 20))
    (reopened,) = added_items([newcomer(at(3), percent=0)], {"77": second})
    assert (reopened.status, reopened.started_at, reopened.finished_at) == (TODO, None, None)


def test_times_that_cannot_be_read_are_none():
    broken = one(ITEM, seen(ISSUE, at(3), category="done", started_at="soon", finished_at="2027-01-05T09:00:00"))
    assert (broken.started_at, broken.finished_at) == (None, at(1))  # without a zone it is UTC


def test_an_answer_without_a_status_changes_no_times():
    was = ItemState(item=ITEM.key, status=GONE, started_at=at(1))
    state = one(ITEM, seen(ISSUE, at(3), title="Inventory"), was=was)
    assert (state.status, state.started_at, state.title) == (GONE, at(1), "Inventory")
