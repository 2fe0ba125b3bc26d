"""What gates do to the desired look of the work behind them."""

import pytest

from rollout_sync.model.objects import Ref
from rollout_sync.model.rollout import Home, TrackerName
from rollout_sync.reconcile import keys
from rollout_sync.reconcile.desired import Destination, desired
from rollout_sync.reconcile.texts import DECISIONS
from support.builders import make_item, make_rollout
from support.standing import make_gate, make_schedule

GATE = make_gate()
HELD = make_item("change/both", home=Home.BOTH, held_by=(GATE.key,), after=(GATE.key,), text="Do it.")
CONDITION = "Condition of Hedda Head (Yes): not in week 9"


def look(*, wait=False, **over):
    rollout = make_rollout([GATE, HELD], wait_for_gate=wait)
    destination = Destination(trackers=frozenset(TrackerName), **over)
    return {one.object: one.fields for one in desired(rollout, make_schedule(rollout.items), destination)}


ISSUE, TASK, DETAILS = keys.issue(HELD.key), keys.task(HELD.key), keys.details(HELD.key)
IS_OPEN = {"open_gates": frozenset({GATE.key})}
BEGUN = {"begun": frozenset({HELD.key})}


def test_held_work_waits_and_released_work_lies_in_its_phase():
    shut, opened = look(), look(**IS_OPEN)
    assert (shut[ISSUE]["held"], shut[TASK]["bucket"]) == (True, Ref(keys.WAITING))
    assert (opened[ISSUE]["held"], opened[TASK]["bucket"]) == (False, Ref(keys.bucket("change")))


def test_begun_work_is_neither_taken_back_nor_released_by_a_shut_gate():
    shut = look(**BEGUN)
    assert "held" not in shut[ISSUE]
    assert "bucket" not in shut[TASK]
    opened = look(**BEGUN, **IS_OPEN)
    assert (opened[ISSUE]["held"], opened[TASK]["bucket"]) == (False, Ref(keys.bucket("change")))


def test_conditions_are_shown_on_both_services():
    shown = look(**IS_OPEN, conditions={GATE.key: CONDITION})
    assert CONDITION in shown[ISSUE]["text"]
    assert CONDITION in shown[DETAILS]["text"]
    assert CONDITION not in shown[keys.details(GATE.key)]["text"]
    assert CONDITION not in look(conditions={GATE.key: ""})[ISSUE]["text"]


def test_an_approval_has_one_line_for_each_answer():
    assert [row["title"] for row in look()[keys.details(GATE.key)]["checklist"]] == list(DECISIONS)


@pytest.mark.parametrize(
    ("over", "is_there"), [({}, False), (IS_OPEN, True), (BEGUN, True), ({"once_open": frozenset({GATE.key})}, True)]
)
def test_work_that_waits_to_be_made_stays_once_it_was(over, is_there):
    assert (ISSUE in look(wait=True, **over)) is is_there
    if "once_open" in over:
        assert look(wait=True, **over)[ISSUE]["held"] is True
