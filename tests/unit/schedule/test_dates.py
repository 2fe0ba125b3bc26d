"""Dates by hand-made examples: backward, forward, anchors, waves, and what is said when something cannot fit."""

from __future__ import annotations

from datetime import date

import pytest

from rollout_sync.errors import PlanError
from rollout_sync.model.rollout import Blackout, CalendarSpec, ItemKind, LinkType
from rollout_sync.model.schedule import Shortfall, Slot
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from support.builders import (
    GO_LIVE,
    after,
    days,
    make_item,
    make_rollout,
    make_waves,
    on_go_live,
    on_wave_day,
)

PLAIN = WorkCalendar.of(CalendarSpec())
TODAY = date(2026, 11, 23)


def plan(*items, today=TODAY, calendar=PLAIN, **over):
    return plan_dates(make_rollout(items, **over), calendar, today)


def switch(**over):
    return make_item("enforce/switch", **{"kind": ItemKind.MILESTONE, "anchor": on_go_live(), **over})


def slot(start, finish, slack):
    return Slot(start=date(*start), finish=date(*finish), slack=slack)


def test_backward_a_chain_ends_right_before_go_live():
    found = plan(
        make_item("p/a", estimate=days(3)), make_item("p/b", estimate=days(2), after=["p/a"]), switch(after=["p/b"])
    )
    assert found.slots == {
        "p/a": slot((2027, 2, 22), (2027, 2, 24), 0),
        "p/b": slot((2027, 2, 25), (2027, 2, 26), 0),
        "enforce/switch": slot((2027, 3, 1), (2027, 3, 1), 0),
    }
    assert found.critical_path == ("p/a", "p/b", "enforce/switch")
    assert (found.start, found.go_live, found.shortfalls) == (date(2027, 2, 22), GO_LIVE, ())


def test_backward_shorter_branches_start_with_the_project_and_have_slack():
    found = plan(
        make_item("p/long", estimate=days(10)),
        make_item("p/short", estimate=days(3)),
        switch(after=["p/long", "p/short"]),
    )
    assert found.slots["p/short"] == slot((2027, 2, 15), (2027, 2, 17), 7)
    assert found.critical_path == ("p/long", "enforce/switch")


def test_forward_go_live_is_the_first_day_that_the_anchors_allow():
    found = plan(
        make_item("p/a", estimate=days(4)),
        make_item("p/mail", kind=ItemKind.COMMUNICATION, estimate=days(1), anchor=on_go_live(-7), after=["p/a"]),
        switch(),
        start=date(2027, 1, 4),
    )
    assert found.slots["p/mail"].start == date(2027, 1, 8)
    assert found.go_live == found.slots["enforce/switch"].start == date(2027, 1, 19)
    assert found.critical_path == ("p/a", "p/mail")


def test_forward_without_anchors_go_live_is_the_last_day_of_the_last_item():
    found = plan(make_item("p/a", estimate=days(5)), start=date(2027, 1, 4))
    assert found.go_live == found.slots["p/a"].finish == date(2027, 1, 8)
    backward = plan(make_item("p/a", estimate=days(5)), go_live=date(2027, 1, 8))
    assert backward.slots == found.slots


def test_nothing_is_planned_before_today():
    found = plan(make_item("p/a", estimate=days(5)), start=date(2026, 10, 1))
    assert found.start == TODAY
    assert plan(make_item("p/a"), start=date(2027, 1, 2)).start == date(2027, 1, 4)  # a Saturday is no day to start


def test_work_after_go_live_does_not_pull_the_project_forward():
    found = plan(
        make_item("p/a", estimate=days(5)),
        switch(after=["p/a"]),
        make_item("s/watch", estimate=days(20), after=["enforce/switch"]),
        make_item("s/pulse", estimate=days(1), anchor=on_go_live(5)),
        make_item("s/tips", estimate=days(4), after=["s/pulse"]),
    )
    assert found.start == date(2027, 2, 22)
    assert found.slots["s/watch"] == slot((2027, 3, 1), (2027, 3, 26), 0)  # the end of the rollout
    assert found.slots["s/pulse"].start == date(2027, 3, 8)
    assert found.slots["s/tips"] == slot((2027, 3, 9), (2027, 3, 12), 10)
    assert found.critical_path == ("p/a", "enforce/switch")


def test_a_window_is_used_early_and_holds_the_whole_item():
    found = plan(
        make_item("e/session", kind=ItemKind.TRAINING, estimate=days(2), anchor=on_go_live(-5, -1)),
        switch(after=["e/session"]),
    )
    assert found.slots["e/session"] == slot((2027, 2, 22), (2027, 2, 23), 3)


def test_work_that_nothing_waits_for_is_done_on_its_event_at_the_latest():
    waves = make_waves("finance", "sales")
    items = [make_item("enforce/wave-finance/cards", estimate=days(3)), make_item("p/notes", estimate=days(1))]
    found = plan(*items, switch(), waves=waves)
    assert found.slots["enforce/wave-finance/cards"].finish == found.wave_days["finance"] == date(2027, 2, 22)
    assert found.slots["p/notes"].slack == 7  # from 18 February to go-live


def test_waves_count_back_from_the_last_one():
    waves = make_waves("it", "finance", "sales", every_days=3)
    items = [
        make_item(f"enforce/wave-{name}/switch", kind=ItemKind.MILESTONE, anchor=on_wave_day())
        for name in ("it", "finance", "sales")
    ]
    calendar = WorkCalendar.of(CalendarSpec(blackouts=(Blackout(first=date(2027, 2, 24), last=date(2027, 2, 24)),)))
    found = plan(*items, waves=waves, calendar=calendar)
    assert found.wave_days == {"it": date(2027, 2, 18), "finance": date(2027, 2, 23), "sales": GO_LIVE}
    assert [found.slots[item.key].start for item in items] == list(found.wave_days.values())


def test_a_department_in_two_staged_phases_keeps_both_days_apart():
    waves = (*make_waves("it", "sales", stage="register", every_days=1), *make_waves("it", "sales", every_days=10))
    items = [
        make_item(f"{stage}/wave-it/switch", kind=ItemKind.MILESTONE, anchor=on_wave_day())
        for stage in ("register", "enforce")
    ]
    found = plan(*items, waves=waves)
    assert found.slots["register/wave-it/switch"].start == date(2027, 2, 26)
    assert found.slots["enforce/wave-it/switch"].start == date(2027, 2, 15)
    assert found.wave_days["it"] == date(2027, 2, 26)


def test_the_first_wave_drives_the_start():
    waves = make_waves("it", "sales", every_days=5)
    items = [make_item("p/a", estimate=days(4))]
    items += [
        make_item(f"enforce/wave-{name}/switch", kind=ItemKind.MILESTONE, anchor=on_wave_day(), after=["p/a"])
        for name in ("it", "sales")
    ]
    found = plan(*items, waves=waves)
    assert found.start == date(2027, 2, 16)
    assert found.critical_path == ("p/a", "enforce/wave-it/switch")


def test_too_little_time_is_said_with_chain_days_and_wall_and_dates_are_given_all_the_same():
    found = plan(
        make_item("p/a", estimate=days(60)),
        make_item("p/b", estimate=days(15), after=["p/a"]),
        switch(after=["p/b"]),
    )
    left = PLAIN.between(TODAY, GO_LIVE)
    wall = "go-live 1 Mar 2027, counted from today 23 Nov 2026"
    assert found.shortfalls == (Shortfall(chain=("p/a", "p/b", "enforce/switch"), days=75 - left, wall=wall),)
    assert found.slots["p/a"].start == TODAY
    assert found.slots["enforce/switch"].slack == left - 75
    assert found.go_live == GO_LIVE


def test_each_wave_day_that_is_missed_has_its_own_shortfall():
    waves = make_waves("it", "sales", every_days=2)
    items = [make_item("p/a", estimate=days(6))]
    items += [
        make_item(f"enforce/wave-{name}/switch", kind=ItemKind.MILESTONE, anchor=on_wave_day(), after=["p/a"])
        for name in ("it", "sales")
    ]
    found = plan(*items, waves=waves, today=date(2027, 2, 22))
    assert [(short.chain[-1], short.days) for short in found.shortfalls] == [
        ("enforce/wave-it/switch", 3),
        ("enforce/wave-sales/switch", 1),
    ]
    assert found.shortfalls[1].wall == "wave day of Sales 1 Mar 2027, counted from today 22 Feb 2027"


def test_waves_that_are_too_close_run_into_the_next_wave_day():
    waves = make_waves("it", "sales", every_days=5)
    found = plan(
        make_item("enforce/wave-it/switch", kind=ItemKind.MILESTONE, anchor=on_wave_day()),
        make_item("enforce/wave-it/review", estimate=days(8), after=["enforce/wave-it/switch"]),
        make_item(
            "enforce/wave-sales/switch",
            kind=ItemKind.MILESTONE,
            anchor=on_wave_day(),
            after=["enforce/wave-it/review"],
        ),
        waves=waves,
        start=date(2027, 1, 4),
    )
    chain = ("enforce/wave-it/switch", "enforce/wave-it/review", "enforce/wave-sales/switch")
    assert found.shortfalls == (Shortfall(chain=chain, days=3, wall="wave day of Sales 14 Jan 2027"),)


def test_an_item_longer_than_its_window_is_a_shortfall():
    found = plan(make_item("e/session", estimate=days(7), anchor=on_go_live(-5, -1)))
    assert found.shortfalls == (Shortfall(chain=("e/session",), days=2, wall="go-live 1 Mar 2027"),)


def test_a_go_live_in_the_past_is_a_shortfall():
    found = plan(switch(), go_live=date(2026, 11, 16))
    assert [short.days for short in found.shortfalls] == [5]
    assert found.slots["enforce/switch"].start == TODAY


def test_among_equal_chains_the_smallest_key_drives():
    found = plan(make_item("p/b"), make_item("p/a"), make_item("p/c"), switch(after=["p/c", "p/b", "p/a"]))
    assert found.critical_path == ("p/a", "enforce/switch")


def test_forward_go_live_is_never_before_the_start():
    found = plan(make_item("s/pulse", estimate=days(1), anchor=on_go_live(5)), start=date(2027, 1, 4))
    assert found.go_live == date(2027, 1, 4)
    assert found.slots["s/pulse"].start == date(2027, 1, 11)
    assert found.critical_path == ()


def test_links_overlap_work_with_leads_and_lags():
    found = plan(
        make_item("p/a", estimate=days(10)),
        make_item("p/lead", estimate=days(2), after=[after("p/a", lag=-3)]),
        make_item("p/together", estimate=days(4), after=[after("p/a", LinkType.FINISH_FINISH, 1)]),
        make_item("p/alongside", estimate=days(1), after=[after("p/a", LinkType.START_START, 2)]),
        make_item("p/until", estimate=days(3), after=[after("p/alongside", LinkType.START_FINISH, 4)]),
        start=date(2027, 1, 4),
    )
    starts = {key: PLAIN.between(date(2027, 1, 4), found.slots[key].start) for key in found.slots}
    assert starts == {"p/a": 0, "p/lead": 7, "p/together": 7, "p/alongside": 2, "p/until": 3}
    assert found.go_live == date(2027, 1, 18)


def test_a_weekend_go_live_counts_as_the_next_working_day():
    assert plan(switch(), go_live=date(2027, 2, 27)).go_live == GO_LIVE


def test_a_wave_day_without_waves_is_go_live():
    found = plan(make_item("e/switch", kind=ItemKind.MILESTONE, anchor=on_wave_day()))
    assert found.slots["e/switch"].start == GO_LIVE


def test_an_empty_rollout_has_dates_too():
    found = plan()
    assert (found.start, found.go_live, found.slots, found.critical_path) == (GO_LIVE, GO_LIVE, {}, ())
    assert plan(go_live=date(2026, 1, 5)).start == TODAY


@pytest.mark.parametrize("over", [{"go_live": None}, {"go_live": GO_LIVE, "start": TODAY}])
def test_one_of_go_live_and_start_is_needed(over):
    with pytest.raises(PlanError, match="needs a go-live or a start"):
        plan(make_item(), **over)


def test_five_thousand_items_are_no_trouble():
    items = [
        make_item(f"p/{n:04}", after=[f"p/{other:04}" for other in {n // 2, n - 1} if 0 <= other < n and n % 50])
        for n in range(5000)
    ]
    found = plan(*items, start=TODAY)
    assert len(found.slots) == 5000
    assert min(slot.slack for slot in found.slots.values()) == 0
