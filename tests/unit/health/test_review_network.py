"""From boards to activities: deleted items, added work, dates that people moved, and times that do not fit."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_sync.health.activities import Progress
from rollout_sync.health.network import Link, Status
from rollout_sync.health.running import agreed_day, bridged, network_of_case, planned_days, progress_of
from rollout_sync.health.view import View
from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.rollout import ItemKind, LinkType, TrackerName
from rollout_sync.model.snapshot import AddedItem, Decision, GateState, ItemStatus
from support.builders import GO_LIVE, after, days, make_item, on_go_live
from unit.health.cases import at, before_go_live, case_of, chain, later, on_board, with_snapshot

FS, SS, FF, SF = LinkType.FINISH_START, LinkType.START_START, LinkType.FINISH_FINISH, LinkType.START_FINISH
NOW = before_go_live(10, 12)
ITEMS = chain(4, 4, 4, 4)


def network(case):
    found = network_of_case(case)
    assert found is not None
    return found, {one.key: one for one in found.activities}


def test_statuses_and_times_are_taken_over():
    case = case_of(ITEMS, NOW)
    _, made = network(case)
    assert [made[f"prepare/{key}"].status for key in "abcd"] == [Status.DONE, Status.STARTED, Status.TODO, Status.TODO]
    assert made["prepare/a"].finished_at == case.snapshot.items["prepare/a"].finished_at
    assert made["prepare/b"].started_at == case.snapshot.items["prepare/b"].started_at


@pytest.mark.parametrize(
    ("over", "progress"),
    [
        ({"status": ItemStatus.UNKNOWN}, Progress()),
        ({"status": ItemStatus.TODO, "started_at": NOW}, Progress()),
        ({"status": ItemStatus.STARTED, "percent": 50}, Progress(status=Status.STARTED, percent=50.0)),
        ({"status": ItemStatus.STARTED, "percent": 0}, Progress(status=Status.STARTED)),
        ({"status": ItemStatus.STARTED, "percent": 100}, Progress(status=Status.STARTED)),
        (
            {"status": ItemStatus.STARTED, "started_at": NOW + timedelta(minutes=2)},
            Progress(status=Status.STARTED, started_at=NOW),
        ),
        (
            {"status": ItemStatus.DONE, "started_at": NOW, "finished_at": NOW - timedelta(hours=1)},
            Progress(status=Status.DONE, started_at=NOW - timedelta(hours=1), finished_at=NOW - timedelta(hours=1)),
        ),
        (
            {"status": ItemStatus.DONE, "finished_at": NOW + timedelta(seconds=1)},
            Progress(status=Status.DONE, finished_at=NOW),
        ),
        (
            {"status": ItemStatus.STARTED, "blocked_since": NOW},
            Progress(status=Status.STARTED, blocked_since=NOW),
        ),
        ({"status": ItemStatus.DONE, "blocked_since": NOW}, Progress(status=Status.DONE)),
    ],
)
def test_what_boards_say_becomes_progress(over, progress):
    blank = {"started_at": None, "finished_at": None}
    assert progress_of(on_board(case_of(ITEMS, NOW), "prepare/b", **{**blank, **over}))["prepare/b"] == progress


@pytest.mark.parametrize(
    ("gate", "status"),
    [
        ({"decision": Decision.APPROVED, "decided_at": NOW}, Status.DONE),
        ({"decision": Decision.CONDITIONS, "decided_at": NOW}, Status.DONE),
        ({"decision": Decision.WAITING, "asked_at": NOW}, Status.STARTED),
        ({"decision": Decision.REJECTED, "asked_at": NOW}, Status.STARTED),
        ({"decision": Decision.NOT_ASKED}, Status.TODO),
    ],
)
def test_gates_decide_for_approvals(gate, status):
    some = (make_item("green-light/head", kind=ItemKind.APPROVAL), *ITEMS)
    case = case_of(some, NOW, states={"green-light/head": {"status": ItemStatus.DONE}})
    case = with_snapshot(case, gates={"green-light/head": GateState(gate="green-light/head", **gate)})
    assert progress_of(case)["green-light/head"].status is status


def test_the_agreed_day_is_the_target():
    moved = later(GO_LIVE, 5)
    case = case_of(ITEMS, NOW, agreed=(GO_LIVE, moved))
    assert agreed_day(case) == moved
    assert network(case)[0].target == at(moved)
    assert agreed_day(with_snapshot(case, agreed=())) == GO_LIVE


# deleted items ------------------------------------------------------------------------------------------------------


def test_what_waited_for_a_deleted_item_waits_for_its_predecessors():
    found, made = network(on_board(case_of(ITEMS, NOW), "prepare/c", status=ItemStatus.GONE))
    assert "prepare/c" not in made
    assert Link(source="prepare/b", target="prepare/d") in found.links
    assert set(found.goals) == set(made)


def test_several_deleted_in_a_row():
    case = on_board(
        on_board(case_of(ITEMS, NOW), "prepare/b", status=ItemStatus.GONE), "prepare/c", status=ItemStatus.GONE
    )
    assert Link(source="prepare/a", target="prepare/d") in network(case)[0].links


@pytest.mark.parametrize(
    ("one", "two", "joined"),
    [(FS, FS, FS), (SS, SS, SS), (FS, FF, FF), (SS, FF, SF), (FF, FS, FS), (SF, SS, SS), (FF, FF, FF), (SF, FF, SF)],
)
def test_bridged_links_keep_their_outer_ends_and_their_lags(one, two, joined):
    links = (Link(source="a", target="b", type=one, lag=8), Link(source="b", target="c", type=two, lag=-3))
    assert bridged(links, {"b"}) == (Link(source="a", target="c", type=joined, lag=5),)


def test_of_two_ways_past_a_deleted_item_the_longer_lag_holds():
    links = (Link(source="a", target="b", lag=8), Link(source="b", target="c"), Link(source="a", target="c", lag=2))
    assert bridged(links, {"b"}) == (Link(source="a", target="c", lag=8),)
    assert bridged(links, frozenset()) == links


def test_bridges_say_the_same_as_a_deleted_item_that_takes_no_time():
    luck = random.Random(5)
    for _ in range(50):
        keys = [str(n) for n in range(8)]
        links = {tuple(sorted(luck.sample(keys, 2))): luck.choice(list(LinkType)) for _ in range(12)}
        made = tuple(Link(source=a, target=b, type=kind) for (a, b), kind in links.items())
        gone = set(luck.sample(keys, 3))
        lengths = {key: 0.0 if key in gone else float(luck.randrange(1, 9)) for key in keys}
        floors = {key: -1e9 if key in gone else float(luck.randrange(9)) for key in keys}
        assert _starts(made, keys, lengths, floors, gone) == _starts(bridged(made, gone), keys, lengths, floors, gone)


def _starts(links, keys, lengths, floors, gone):
    starts = dict(floors)
    for key in keys:
        for link in links:
            if link.target == key:
                begin = starts[link.source] + (lengths[link.source] if link.type in (FS, FF) else 0)
                starts[key] = max(starts[key], begin - (lengths[key] if link.type in (FF, SF) else 0))
    return {key: starts[key] for key in keys if key not in gone}


# dates that people moved --------------------------------------------------------------------------------------------


def test_moved_dates_are_the_plan_of_open_items_and_the_frozen_ones_of_done_items():
    case = case_of(ITEMS, NOW)
    first, last = later(GO_LIVE, 2), later(GO_LIVE, 5)
    case = on_board(on_board(case, "prepare/a", start=first, due=last), "prepare/c", start=first, due=last)
    _, made = network(case)
    assert made["prepare/a"].planned_finish == at(case.baseline["prepare/a"][1])
    assert (made["prepare/c"].planned_start, made["prepare/c"].planned_finish) == (at(first, 9), at(last))
    assert made["prepare/c"].duration == 32


@pytest.mark.parametrize(("working_days", "hours"), [(8, 64), (2, 16)])
def test_who_gives_more_or_fewer_days_changes_the_length(working_days, hours):
    item = replace(ITEMS[2], estimate=days(4, 2, 8))
    case = case_of((*ITEMS[:2], item, *ITEMS[3:]), NOW)
    first = case.baseline["prepare/c"][0]
    _, made = network(on_board(case, "prepare/c", due=later(first, working_days - 1)))
    assert made["prepare/c"].duration == hours
    assert made["prepare/c"].estimate.high == 2 * hours


def test_a_board_without_starts_moves_the_whole_item():
    case = on_board(case_of(ITEMS, NOW), "prepare/c", start=None, due=GO_LIVE)
    _, made = network(case)
    assert made["prepare/c"].planned_start == at(later(GO_LIVE, -3), 9)
    assert made["prepare/c"].duration == 32


@pytest.mark.parametrize("board", [{"due": None}, {"start": None}, {}])
def test_boards_that_say_nothing_new_leave_the_schedule(board):
    case = case_of(ITEMS, NOW)
    case = replace(
        case,
        schedule=replace(
            case.schedule,
            slots={key: replace(slot, finish=later(slot.finish, 1)) for key, slot in case.schedule.slots.items()},
        ),
    )
    found = planned_days(on_board(case, "prepare/c", **board), progress_of(case))
    assert found["prepare/c"].last == later(case.baseline["prepare/c"][1], 1)


def test_impossible_dates_on_a_board_do_no_harm():
    case = on_board(case_of(ITEMS, NOW), "prepare/c", start=GO_LIVE, due=later(GO_LIVE, -3))
    _, made = network(case)
    assert made["prepare/c"].planned_start <= made["prepare/c"].planned_finish


# added work ---------------------------------------------------------------------------------------------------------

EPIC = ObjectKey(ObjectKind.EPIC, "prepare")


def added(under=EPIC, **over):
    return AddedItem(**{"tracker": TrackerName.JIRA, "id": "10077", "title": "Fix printers", "under": under, **over})


def with_added(*some, items=ITEMS, **over):
    return network(with_snapshot(case_of(items, NOW, **over), added=some))


def test_added_work_ends_before_the_last_open_item_of_its_phase_does():
    found, made = with_added(added())
    assert made["10077"].is_added
    assert made["10077"].duration == 32  # the median of the others
    assert Link(source="10077", target="prepare/d", type=FF) in found.links
    assert "10077" not in found.goals


@pytest.mark.parametrize(
    "under",
    [
        ObjectKey(ObjectKind.PLAN, "plan"),
        ObjectKey(ObjectKind.BUCKET, "waiting-for-green-light"),
        ObjectKey(ObjectKind.EPIC, "sustain"),
    ],
)
def test_added_work_elsewhere_does_not_hold_go_live(under):
    some = (*ITEMS, make_item("sustain/help", estimate=days(20), after=("change/switch",)))
    found, _ = with_added(added(under), items=some)
    assert not [link for link in found.links if link.source == "10077"]
    assert "10077" not in found.goals


def test_added_work_in_a_phase_that_is_done_is_waited_for_itself():
    late = make_item("roll-out/all", estimate=days(2), after=("prepare/d",))
    done = {f"prepare/{key}": {"status": ItemStatus.DONE, "finished_at": NOW} for key in "abcd"}
    found, _ = with_added(added(), items=(*ITEMS[:-1], late), states=done)
    assert "10077" in found.goals


@pytest.mark.parametrize(
    ("dates", "hours"),
    [
        ({"start": later(GO_LIVE, -9), "due": later(GO_LIVE, -4)}, 48),
        ({"start": later(GO_LIVE, -4), "due": later(GO_LIVE, -9)}, 8),  # nonsense
        ({"due": later(GO_LIVE, -4)}, 32),
        ({"start": later(GO_LIVE, -9)}, 32),
    ],
)
def test_length_of_added_work(dates, hours):
    _, made = with_added(added(**dates))
    assert made["10077"].duration == hours


def test_added_work_without_dates_is_not_behind_any_plan():
    _, made = with_added(added(created_at=NOW - timedelta(days=30)))
    assert made["10077"].planned_start == NOW


@pytest.mark.parametrize(
    ("over", "is_there"),
    [
        ({"status": ItemStatus.GONE}, False),
        ({"status": ItemStatus.DONE}, False),  # done, and without dates it says nothing
        ({"status": ItemStatus.DONE, "start": later(GO_LIVE, -30), "due": later(GO_LIVE, -28)}, True),
        ({"status": ItemStatus.STARTED, "started_at": NOW + timedelta(hours=1)}, True),
    ],
)
def test_which_added_work_is_in_the_network(over, is_there):
    _, made = with_added(added(**over))
    assert ("10077" in made) is is_there


def test_added_work_lowers_the_odds():
    plain = case_of(ITEMS, NOW)
    more = with_snapshot(plain, added=tuple(added(id=str(n), due=GO_LIVE, start=later(GO_LIVE, -9)) for n in range(4)))
    assert View(case=more).forecast.p_target < View(case=plain).forecast.p_target


def test_links_with_leads_and_other_kinds_survive():
    some = (*ITEMS[:-1], make_item("prepare/z", after=(after("prepare/b", SS, 1),), anchor=on_go_live(-4)))
    found, _ = network(case_of(some, NOW))
    assert Link(source="prepare/b", target="prepare/z", type=SS, lag=8.0) in found.links
