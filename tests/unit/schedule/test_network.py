"""The network's order, its complaints, and durations."""

from __future__ import annotations

import pytest

from rollout_sync.errors import PlanError
from rollout_sync.model.rollout import Approval, ItemKind, LinkType
from rollout_sync.schedule.network import Network, duration_of
from support.builders import after, days, make_item


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"estimate": days(3)}, 3),
        ({"estimate": days(2.2)}, 3),
        ({"estimate": days(0.5)}, 1),
        ({"estimate": days(0.1 + 0.2 - 0.3)}, 0),  # what floats leave over is no day
        ({"kind": ItemKind.MILESTONE}, 0),
        ({"kind": ItemKind.APPROVAL, "approval": Approval(approvers=(), within_days=7)}, 7),
        ({"kind": ItemKind.APPROVAL, "approval": Approval(approvers=(), within_days=7), "estimate": days(2)}, 2),
        ({"kind": ItemKind.TRAINING, "estimate": days(1)}, 1),
    ],
)
def test_durations_are_whole_days(over, expected):
    assert duration_of(make_item(**over)) == expected


def test_predecessors_come_first_and_ties_go_by_key():
    items = [make_item("p/c", after=["p/z"]), make_item("p/b"), make_item("p/z"), make_item("p/a", after=["p/b"])]
    expected = ["p/b", "p/a", "p/z", "p/c"]
    assert [item.key for item in Network.of(items).items] == expected
    assert [item.key for item in Network.of(items[::-1]).items] == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (LinkType.FINISH_START, 3 + 2),
        (LinkType.START_START, 2),
        (LinkType.FINISH_FINISH, 3 + 2 - 4),
        (LinkType.START_FINISH, 2 - 4),
    ],
)
def test_every_link_type_is_a_distance_between_starts(link, expected):
    network = Network.of(
        [make_item("p/a", estimate=days(3)), make_item("p/b", estimate=days(4), after=[after("p/a", link, 2)])]
    )
    assert [found.days for found in network.incoming[1]] == [expected]


@pytest.mark.parametrize(
    ("waits", "circle"),
    [
        ({"a": ["a"]}, "p/a after p/a"),
        ({"a": ["b"], "b": ["a"], "c": ["a"]}, "p/a after p/b after p/a"),
        ({"a": ["d"], "b": ["c"], "c": ["d"], "d": ["b"]}, "p/d after p/b after p/c after p/d"),
    ],
)
def test_a_circle_is_shown_and_does_not_loop(waits, circle):
    items = [make_item(f"p/{key}", after=[f"p/{other}" for other in others]) for key, others in waits.items()]
    with pytest.raises(PlanError) as caught:
        Network.of(items)
    assert circle in caught.value.what
    assert caught.value.hint


def test_an_unknown_predecessor_is_named():
    with pytest.raises(PlanError, match="p/b waits for p/a, which is not in the rollout"):
        Network.of([make_item("p/b", after=["p/a"])])


def test_a_doubled_key_is_named():
    with pytest.raises(PlanError, match="two items have the key p/a"):
        Network.of([make_item("p/a"), make_item("p/a")])
