"""The critical path on generated networks with all link types, against networkx and the rules taken literally."""

from __future__ import annotations

import random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import PlanError
from rollout_sync.health.criticalpath import critical_path
from rollout_sync.health.network import Activity, ActivityNetwork, Link, ordered
from rollout_sync.model.rollout import LinkType
from unit.health.made_up import MONDAY, random_network

FS, SS, FF, SF = LinkType.FINISH_START, LinkType.START_START, LinkType.FINISH_FINISH, LinkType.START_FINISH


def shortage(link, starts, lengths):
    """Hours by which the target comes too early for a link, read off the link's own definition."""
    source, target = starts[link.source], starts[link.target]
    held = {FS: target, SS: target, FF: target + lengths[link.target], SF: target + lengths[link.target]}[link.type]
    holds = {FS: source + lengths[link.source], SS: source, FF: source + lengths[link.source], SF: source}[link.type]
    return holds + link.lag - held


def by_pushing(network):
    """Push targets later until no link complains; then sources from the end as late as none complains."""
    lengths = {one.key: one.duration for one in network.activities}
    early = dict.fromkeys(lengths, 0.0)
    while late := [link for link in network.links if shortage(link, early, lengths) > 0]:
        for link in late:
            early[link.target] += max(shortage(link, early, lengths), 0.0)
    end = max(early[key] + lengths[key] for key in lengths)
    last = {key: end - length for key, length in lengths.items()}
    while late := [link for link in network.links if shortage(link, last, lengths) > 0]:
        for link in late:
            last[link.source] -= max(shortage(link, last, lengths), 0.0)
    return early, last


def by_longest_path(network):
    """Longest ways through a graph of starts and finishes as nodes of their own."""
    graph = nx.DiGraph()
    for one in network.activities:
        graph.add_edge("begin", (one.key, "start"), weight=0.0)
        graph.add_edge((one.key, "start"), (one.key, "finish"), weight=-one.duration)
        graph.add_edge((one.key, "finish"), (one.key, "start"), weight=one.duration)
    ends = {FS: ("finish", "start"), SS: ("start", "start"), FF: ("finish", "finish"), SF: ("start", "finish")}
    for link in network.links:
        a, b = ends[link.type]
        edge = (link.source, a), (link.target, b)
        graph.add_edge(*edge, weight=min(-link.lag, graph.get_edge_data(*edge, {"weight": 0.0 - link.lag})["weight"]))
    found = nx.single_source_bellman_ford_path_length(graph, "begin")
    return {one.key: -found[one.key, "start"] for one in network.activities}


@given(st.integers(0, 10**9), st.integers(2, 14), st.integers(0, 40))
def test_it_is_exact(seed, size, links):
    network = random_network(random.Random(seed), size, links)
    times = critical_path(network)
    early, last = by_pushing(network)
    assert {key: one.early_start for key, one in times.items()} == early
    assert {key: one.late_start for key, one in times.items()} == last
    assert {key: one.early_start for key, one in times.items()} == by_longest_path(network)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_exact_on_large_networks(seed):
    network = random_network(random.Random(seed), 300, 900)
    times = critical_path(network)
    assert {key: one.early_start for key, one in times.items()} == by_longest_path(network)
    end = max(one.early_finish for one in times.values())
    critical = [one for one in times.values() if one.is_critical]
    assert max(one.early_finish for one in critical) == end
    assert min(one.slack for one in times.values()) == 0


def test_by_hand():
    def activity(key, hours):
        return Activity(key=key, duration=hours)

    network = ActivityNetwork(
        activities=(activity("dig", 16), activity("pour", 8), activity("dry", 24), activity("paint", 8)),
        links=(
            Link(source="dig", target="pour", type=SS, lag=4),
            Link(source="dig", target="pour", type=FF, lag=2),
            Link(source="pour", target="dry"),
            Link(source="dig", target="paint", type=SF, lag=40),
        ),
        now=MONDAY,
    )
    times = critical_path(network, floors={"dig": 8})
    assert [(key, times[key].early_start, times[key].slack) for key in sorted(times)] == [
        ("dig", 8, 0),
        ("dry", 26, 0),
        ("paint", 40, 2),
        ("pour", 18, 0),
    ]


def test_order_does_not_depend_on_how_things_are_given():
    network = random_network(random.Random(4), 40, 90)
    shuffled = ActivityNetwork(activities=network.activities[::-1], links=network.links[::-1], now=MONDAY)
    assert ordered(network) == ordered(shuffled)


def test_circles_are_told():
    with pytest.raises(PlanError, match="wait for each other: ") as caught:
        ActivityNetwork(
            activities=(Activity(key="a"), Activity(key="b")),
            links=(Link(source="a", target="b"), Link(source="b", target="a", type=SS)),
            now=MONDAY,
        )
    assert caught.value.hint
