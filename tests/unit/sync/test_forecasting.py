"""The odds of a plan as a use-case: what the ledger's finished rollouts teach, and what is told before a start."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rollout_sync.errors import LedgerError
from rollout_sync.health.earlier import earlier
from rollout_sync.health.odds import odds
from rollout_sync.health.prior import DEFAULT_PRIOR, PastRollout, prior_from
from rollout_sync.ledger import chronicle, rollouts
from rollout_sync.ledger.opening import Database
from rollout_sync.model.rollout import CalendarSpec, RolloutId
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from rollout_sync.sync.forecasting import odds_of, past_rollouts, prior_of
from support.builders import days, make_item, make_rollout
from support.ledgers import row

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
SLOW = {"log_pace": 0.4, "total_days": 90, "wait_ratios": [2.0, 3]}
SPEC = CalendarSpec(country="DE")
ITEMS = (
    make_item("prepare/inventory", estimate=days(5, 3, 9)),
    make_item("prepare/set-up", estimate=days(5, 3, 9), after=("prepare/inventory",)),
)


def rollout(items=ITEMS):
    return make_rollout(items, calendar=SPEC, go_live=date(2027, 3, 1))


def told(some, prior=DEFAULT_PRIOR):
    return odds_of(some, plan_dates(some, WorkCalendar.of(SPEC), NOW.date()), NOW, prior)


@pytest.fixture
def database(tmp_path):
    found = Database(tmp_path / "ledger.sqlite")
    yield found
    found.close()


def test_a_prospect_is_the_odds_and_the_advice():
    calendar = WorkCalendar.of(SPEC)
    plan = plan_dates(rollout(), calendar, NOW.date())
    found = told(rollout())
    assert found.odds == odds(rollout(), plan, calendar, NOW)
    assert found.earlier == earlier(rollout(), plan, calendar, NOW, found.odds)
    assert found.earlier.p_target > found.odds.p_target
    assert found.past_rollouts == 0


def test_a_rollout_without_items_has_no_prospect():
    assert told(rollout(())) is None


def test_a_new_ledger_teaches_nothing(database):
    assert prior_of(database) == DEFAULT_PRIOR


def test_finished_rollouts_sharpen_the_prior(database):
    with database.transaction() as connection:
        for name in (RolloutId(f"old-{n}") for n in range(12)):
            rollouts.save(connection, row(id=name))
            chronicle.note(connection, name, NOW, {chronicle.LESSON: SLOW})
    prior = prior_of(database)
    assert prior == prior_from([PastRollout(log_pace=0.4, total_days=90.0, wait_ratios=(2.0, 3.0))] * 12)
    slow = told(rollout(), prior)
    assert slow.past_rollouts == 12
    assert slow.odds.p_target < told(rollout()).odds.p_target
    assert slow.odds.p80 > told(rollout()).odds.p80


def test_a_rollout_that_had_no_plan_teaches_no_pace():
    (past,) = past_rollouts([{**SLOW, "log_pace": None}])
    assert past.log_pace is None
    assert past.wait_ratios == (2.0, 3.0)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"log_pace": "fast"}, "log_pace"),
        ({"log_pace": float("nan")}, "log_pace"),
        ({"total_days": None}, "total_days"),
        ({"total_days": True}, "total_days"),
        ({"wait_ratios": None}, "wait_ratios"),
        ({"wait_ratios": [1.0, "2"]}, "wait_ratios"),
    ],
)
def test_a_damaged_lesson_is_named(wrong, name):
    with pytest.raises(LedgerError, match=f"{name} is ") as found:
        past_rollouts([SLOW, {**SLOW, **wrong}])
    assert "backup" in found.value.hint
