"""Earned schedule by hand, and what it does where the plan rests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.health.earned import PlanLine, hours_left

TWO = PlanLine.of([10, 10], [0, 10], [10, 20])
GAP = PlanLine.of([10, 10], [0, 30], [10, 40])


@pytest.mark.parametrize(
    ("line", "earned", "now", "expected"),
    [
        (TWO, 0, 0, (0, 20)),
        (TWO, 5, 5, (0, 15)),
        (TWO, 5, 12, (0, 15)),  # late: three quarters are left
        (TWO, 20, 30, (0, 0)),
        (GAP, 10, 20, (0, 20)),  # resting as planned is neither early ...
        (GAP, 10, 8, (0, 30)),  # ... nor, when done before the rest, more than that
        (GAP, 10, 35, (0, 10)),
        (TWO, 0, -7, (7, 20)),  # not begun, and not to be begun yet
        (TWO, 0, 3, (0, 20)),
        (TWO, 2, -7, (0, 18)),  # begun ahead of plan
    ],
)
def test_what_is_left(line, earned, now, expected):
    assert hours_left(line, earned, now) == pytest.approx(expected, abs=0.02)


def test_work_planned_to_take_no_time_is_earned_at_once():
    line = PlanLine.of([8, 0, 8], [0, 8, 8], [8, 8, 8])
    assert line.planned_by(7.99) == pytest.approx(7.99)
    assert line.planned_by(8.1) == pytest.approx(16)
    assert hours_left(PlanLine.of([0, 0], [0, 5], [0, 5]), 0, 2) == (0, pytest.approx(3, abs=0.02))


plans = st.lists(st.tuples(st.floats(0.5, 100), st.floats(-500, 500), st.floats(1, 200)), min_size=1, max_size=12)


@given(plans, st.floats(-600, 800))
def test_on_plan_at_every_moment_leaves_what_the_plan_has_left(plan, now):
    line = PlanLine.of([w for w, _, _ in plan], [s for _, s, _ in plan], [s + d for _, s, d in plan])
    first, last = float(line.knots[0]), float(line.knots[-1])
    idle, left = hours_left(line, line.planned_by(now), now)
    assert idle + left == pytest.approx(max(last - max(now, first), 0) + max(first - now, 0), abs=0.05)


@given(plans, st.floats(0, 1), st.floats(0, 1))
def test_more_earned_is_never_more_left(plan, a, b):
    line = PlanLine.of([w for w, _, _ in plan], [s for _, s, _ in plan], [s + d for _, s, d in plan])
    total, near = float(line.values[-1]), float(line.knots.mean())
    less, more = sorted((a * total, b * total))
    assert hours_left(line, more, near)[1] <= hours_left(line, less, near)[1] + 1e-6
