"""What readers see of an item: how far it is, whether it is late, its days, its people, and where it belongs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from rollout_sync.model.rollout import ItemKey, ItemKind
from rollout_sync.model.snapshot import Decision, GateState, ItemState, ItemStatus
from rollout_sync.report.items import Look, by_department, by_phase, department_of, reach, rows_of
from support.builders import make_department, make_item, make_person
from support.pictured import WAITING, a_case, a_small_case, expanded

NOW = datetime(2027, 2, 8, 9, tzinfo=UTC)  # a Monday
KEY = ItemKey("prepare/inventory")


def row(now: datetime = NOW, **facts):
    (found,) = rows_of(a_small_case(make_item(KEY), now=now, states=(ItemState(item=KEY, **facts),)))
    return found


@pytest.mark.parametrize(
    ("facts", "look"),
    [
        ({}, Look.OPEN),
        ({"status": ItemStatus.TODO, "held": True}, Look.HELD),
        ({"status": ItemStatus.STARTED, "held": True}, Look.STARTED),
        ({"status": ItemStatus.DONE}, Look.DONE),
        ({"status": ItemStatus.GONE}, Look.GONE),
    ],
)
def test_how_far_it_is(facts, look):
    assert row(**facts).look is look


@pytest.mark.parametrize(
    ("due", "late"),
    [(date(2027, 2, 8), 0), (date(2027, 2, 9), 0), (date(2027, 2, 5), 1), (date(2027, 2, 7), 1), (date(2027, 2, 1), 5)],
)
def test_late_is_counted_in_working_days(due, late):
    assert row(due=due).late_days == late
    assert row(due=due).is_late is (late > 0)


@pytest.mark.parametrize("status", [ItemStatus.DONE, ItemStatus.GONE])
def test_what_is_finished_or_gone_is_never_late(status):
    assert row(due=date(2027, 1, 4), status=status).late_days == 0


def test_real_days_replace_planned_ones():
    began, ended = datetime(2027, 2, 1, 9, tzinfo=UTC), datetime(2027, 2, 3, 9, tzinfo=UTC)
    found = row(status=ItemStatus.DONE, started_at=began, finished_at=ended, start=date(2027, 1, 20))
    assert (found.start, found.finish) == (began.date(), ended.date())
    turned = row(start=date(2027, 2, 10), due=date(2027, 2, 9))
    assert turned.start <= turned.finish


@pytest.mark.parametrize(("percent", "progress"), [(None, 0.5), (0, 0.0), (30, 0.3), (250, 1.0)])
def test_progress(percent, progress):
    assert row(status=ItemStatus.STARTED, percent=percent).progress == progress


def test_an_item_without_a_plan_still_has_a_row():
    case = a_small_case(make_item(KEY), now=NOW)
    (found,) = rows_of(replace(case, schedule=replace(case.schedule, slots={})))
    assert (found.start, found.finish) == (NOW.date(), NOW.date())


def test_who_does_it():
    (owned,) = rows_of(a_small_case(make_item(KEY, owner=make_person("Ivan Itwork")), now=NOW))
    assert owned.who == "Ivan Itwork"
    (role,) = rows_of(a_small_case(make_item(KEY, owner_role="service_desk"), now=NOW))
    assert role.who == "service desk"
    (gate,) = rows_of(a_small_case(make_item(KEY, kind=ItemKind.APPROVAL), now=NOW))
    assert gate.who == "Hedda Head"


def test_held_work_names_the_gate_that_was_asked():
    rows = {one.item.key: one for one in rows_of(a_case())}
    held = rows[ItemKey("rings/wave-operations/clinic")]
    assert held.waits_for == (expanded_title(WAITING),)
    assert rows[ItemKey("prepare/guides")].waits_for == ()


def expanded_title(key: ItemKey) -> str:
    return next(item.title for item in expanded().items if item.key == key)


def test_a_gate_is_late_by_the_time_it_was_given():
    asked, due = datetime(2027, 2, 1, 9, tzinfo=UTC), datetime(2027, 2, 3, 17, tzinfo=UTC)
    gate = GateState(gate=KEY, decision=Decision.WAITING, asked_at=asked, due_at=due)
    case = a_small_case(make_item(KEY, kind=ItemKind.APPROVAL), now=NOW, gates={KEY: gate})
    (found,) = rows_of(case)
    assert (found.start, found.finish, found.late_days) == (asked.date(), due.date(), 3)


@pytest.mark.parametrize(
    ("key", "wave", "department"),
    [
        ("rings/wave-sales/clinic", "sales", "sales"),
        ("green-light/head-signoff-sales", None, "sales"),
        ("green-light/head-signoff-inside-sales", None, "inside-sales"),
        ("prepare/presales", None, ""),
        ("prepare/guides", None, ""),
    ],
)
def test_department(key, wave, department):
    departments = [make_department("sales"), make_department("inside-sales")]
    assert department_of(make_item(key, wave=wave), departments) == department


def test_every_item_is_in_one_group():
    case = a_case()
    rows = rows_of(case)
    for groups in (by_department(case.rollout, rows), by_phase(case.rollout.phases, rows)):
        assert sorted(row.item.key for group in groups for row in group.rows) == sorted(row.item.key for row in rows)
        assert all(group.rows for group in groups)
    assert [group.name for group in by_department(case.rollout, rows)] == [
        "Everybody",
        "Finance",
        "Sales",
        "Operations",
    ]


def test_a_group_counts():
    items = (make_item("prepare/a"), make_item("prepare/b"), make_item("prepare/c"))
    states = (
        ItemState(item=items[0].key, status=ItemStatus.DONE),
        ItemState(item=items[1].key, status=ItemStatus.GONE),
        ItemState(item=items[2].key, due=date(2027, 2, 1)),
    )
    case = a_small_case(*items, now=NOW, states=states)
    (group,) = by_phase(case.rollout.phases, rows_of(case))
    assert (group.total, group.number(Look.DONE), group.late, group.share_done) == (2, 1, 1, 0.5)


def test_the_chart_reaches_over_all_days():
    rows = rows_of(a_case())
    first, last = reach(rows, NOW.date())
    assert all(first < one.start and one.finish < last for one in rows)
