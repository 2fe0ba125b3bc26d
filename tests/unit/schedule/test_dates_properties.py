"""Dates of random networks against an independent judge: Bellman-Ford over starts and finishes, from networkx.

The judge knows nothing of longest-path passes: it has a node for each start, each finish, the project's first day and
go-live, one constraint per sentence of the rules, and asks for the smallest solution.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import networkx as nx
from hypothesis import assume, given
from hypothesis import strategies as st

from rollout_sync.model.rollout import Blackout, CalendarSpec, ItemKind, LinkType
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from support.builders import after, days, make_item, make_rollout, make_waves, on_go_live, on_wave_day

TODAY = date(2026, 11, 23)
GO_LIVE = date(2028, 3, 1)
EVERY_DAYS = 4
WAVES = make_waves("it", "sales", "legal", every_days=EVERY_DAYS)
WAVE_OFFSET = {None: 0, "it": -2 * EVERY_DAYS, "sales": -EVERY_DAYS, "legal": 0}
CALENDAR = WorkCalendar.of(
    CalendarSpec(country="DE-BY", blackouts=(Blackout(first=date(2027, 8, 2), last=date(2027, 8, 20)),))
)
START, LIVE = "start", "go-live"


@st.composite
def items(draw):
    """Up to 12 items with all link types and lags, some in waves, some on anchors or in windows."""
    made = []
    for number in range(draw(st.integers(1, 12))):
        phase = draw(st.sampled_from(["prepare", "enforce/wave-it", "enforce/wave-sales", "enforce/wave-legal"]))
        waits = draw(st.lists(st.sampled_from(made), max_size=3, unique_by=lambda item: item.key)) if made else []
        offset, width = draw(st.integers(-12, 8)), draw(st.none() | st.integers(0, 8))
        window = (offset, None if width is None else offset + width)
        anchors = [on_go_live(*window), on_wave_day(*window)]
        made.append(
            make_item(
                f"{phase}/{draw(st.integers(0, 99)):02}-{number}",
                kind=draw(st.sampled_from([ItemKind.TASK, ItemKind.MILESTONE])),
                estimate=days(draw(st.sampled_from([0, 0.5, 1, 2, 3.2, 7]))),
                after=[after(w.key, draw(st.sampled_from(LinkType)), draw(st.integers(-5, 6))) for w in waits],
                anchor=draw(st.sampled_from([None, None, *anchors])),
            )
        )
    return draw(st.permutations(made))


def length(item):
    return -int(-item.estimate.likely // 1)


def last_day_after(item):
    return max(length(item) - 1, 0)


def wave_of(item):
    return WAVE_OFFSET[item.wave]


def anchored_on(item):
    return wave_of(item) if item.anchor.event == "wave_day" else 0


def freed(made):
    """Keys of items that wait, directly or not, for an item on or after its event."""
    graph = nx.DiGraph([(wait.item, item.key) for item in made for wait in item.after])
    events = [item.key for item in made if item.anchor and item.anchor.offset >= 0 and item.key in graph]
    return {key for event in events for key in nx.descendants(graph, event)}


def link_constraints(made):
    """`(a, b, d)`: b comes at least d working days after a."""
    ends = {LinkType.FINISH_START: "fs", LinkType.START_START: "ss"}
    ends |= {LinkType.FINISH_FINISH: "ff", LinkType.START_FINISH: "sf"}
    for item in made:
        yield START, ("s", item.key), 0
        yield ("s", item.key), ("f", item.key), length(item)
        yield ("f", item.key), ("s", item.key), -length(item)
        for wait in item.after:
            one, other = ends[wait.link]
            yield (one, wait.item), (other, item.key), wait.lag


def window_constraints(made):
    free = freed(made)
    for item in made:
        anchor, start = item.anchor, ("s", item.key)
        if anchor is not None:
            first = anchored_on(item) + anchor.offset
            last = first if anchor.latest is None else anchored_on(item) + anchor.latest - last_day_after(item)
            yield LIVE, start, first
            yield start, LIVE, -last
        elif item.key not in free:
            yield start, LIVE, last_day_after(item) - wave_of(item)


def smallest(constraints):
    """The smallest solution that starts at day 0; None where the constraints contradict each other."""
    graph = nx.DiGraph()
    for a, b, distance in constraints:
        weight = min(-distance, graph.edges[a, b]["weight"]) if graph.has_edge(a, b) else -distance
        graph.add_edge(a, b, weight=weight)
    try:
        return {node: -far for node, far in nx.single_source_bellman_ford_path_length(graph, START).items()}
    except nx.NetworkXUnbounded:
        return None


def rules_of(made):
    return [*link_constraints(made), *window_constraints(made)]


def exactly(far):
    """Go-live lies exactly so many working days behind the project's first day."""
    return [(START, LIVE, far), (LIVE, START, -far)]


def dates_of(made, schedule, origin):
    found = {LIVE: CALENDAR.between(origin, schedule.go_live)}
    for item in made:
        found["s", item.key] = CALENDAR.between(origin, schedule.slots[item.key].start)
        found["f", item.key] = found["s", item.key] + length(item)
        assert CALENDAR.shift(schedule.slots[item.key].start, last_day_after(item)) == schedule.slots[item.key].finish
    return found


def need_and_wish(made):
    """Days before go-live that the work needs, and those that it takes to use every window from its front."""
    reach = smallest(link_constraints(made))
    need = max(reach[a] + d for a, b, d in window_constraints(made) if b == LIVE)
    fronts = [reach["s", m.key] - anchored_on(m) - m.anchor.offset for m in made if m.anchor is not None]
    return need, max([need, *fronts])


def plan(made, **over):
    return plan_dates(make_rollout(made, waves=WAVES, **over), CALENDAR, TODAY)


@given(items())
def test_forward_dates_are_the_smallest_that_satisfy_every_rule(made):
    schedule = plan(made, start=TODAY)
    best = smallest([*rules_of(made), (START, LIVE, 0)])
    assert (best is None) == bool(schedule.shortfalls)
    if best is not None:
        del best[START]
        assert dates_of(made, schedule, TODAY) == best


@given(items(), st.integers(0, 30))
def test_backward_dates_are_the_smallest_from_the_latest_start_that_leaves_windows_their_room(made, room):
    assume(smallest([*rules_of(made), (START, LIVE, 0)]) is not None)
    need, wish = need_and_wish(made)
    go_live = CALENDAR.shift(TODAY, need + room)
    schedule = plan(made, go_live=go_live)
    far = min(wish, need + room)
    best = smallest([*rules_of(made), *exactly(far)])
    del best[START]
    assert schedule.shortfalls == ()
    assert dates_of(made, schedule, go_live) == {node: at - far for node, at in best.items()}


@given(items(), st.data())
def test_slack_is_exact(made, data):
    assume(smallest([*rules_of(made), (START, LIVE, 0)]) is not None)
    _, far = need_and_wish(made)
    schedule = plan(made, go_live=GO_LIVE)
    item = data.draw(st.sampled_from(made))
    planned, slack = dates_of(made, schedule, GO_LIVE)["s", item.key], schedule.slots[item.key].slack

    def slipped(by):
        return smallest([*rules_of(made), *exactly(far), (LIVE, ("s", item.key), planned + by)])

    def end_of(found):
        return max(found["s", each.key] + last_day_after(each) for each in made)

    assert slack >= 0
    if slipped(10_000) is None:
        assert slipped(slack) is not None
        assert slipped(slack + 1) is None
    else:
        assert end_of(slipped(slack)) == end_of(slipped(0))
        assert end_of(slipped(slack + 1)) > end_of(slipped(0))


@given(items())
def test_the_critical_path_is_a_chain_that_is_as_long_as_the_need(made):
    need, _ = need_and_wish(made)
    path = plan(made, start=TODAY).critical_path
    by_key = {item.key: item for item in made}
    chain = [by_key[key] for key in path]
    assert bool(path) == (need >= 0)
    for one, other in pairwise(chain):
        assert one.key in {wait.item for wait in other.after}
    if path:
        alone = [replace(m, after=tuple(w for w in m.after if w.item in path)) for m in made if m.key in path]
        reach = smallest(link_constraints(alone))
        last = [d for a, b, d in window_constraints(made) if (a, b) == (("s", path[-1]), LIVE)]
        assert reach["s", path[-1]] + last[0] == need


@given(items(), st.integers(1, 20))
def test_missing_days_are_exact_and_items_are_dated_from_today(made, short):
    assume(smallest([*rules_of(made), (START, LIVE, 0)]) is not None)
    need, _ = need_and_wish(made)
    schedule = plan(made, go_live=CALENDAR.shift(TODAY, need - short))
    first = schedule.shortfalls[0]
    assert first.days == short
    assert first.wall.endswith(", counted from today 23 Nov 2026")
    assert schedule.slots[first.chain[-1]].slack <= -short
    assert min(slot.start for slot in schedule.slots.values()) >= TODAY
    dated = dates_of(made, schedule, TODAY)
    assert all(dated[b] - dated[a] >= d for a, b, d in link_constraints(made) if a != START)


@given(items())
def test_the_order_of_items_does_not_matter(made):
    one, other = plan(made, go_live=GO_LIVE), plan(made[::-1], go_live=GO_LIVE)
    assert one == other
