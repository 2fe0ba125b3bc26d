"""The sentences that are added to work: how to decide, what waits, on which conditions."""

import pytest

from rollout_sync.model.rollout import Home, Quorum
from rollout_sync.reconcile import texts
from support.builders import make_item
from support.standing import BERT, DORA, HEDDA, make_gate, make_schedule

CONDITION = "Condition of Hedda Head (Yes): not in week 9"
GATE = make_gate(text="About the switch.", approval={"asks": ("Dates suit",)})
HELD = make_item("change/tell", held_by=(GATE.key,), text="Tell everybody.", after=(GATE.key,), checklist=("Mail",))
ITEMS = {item.key: item for item in (GATE, HELD)}
SCHEDULE = make_schedule(ITEMS.values())


def test_there_are_four_answers():
    assert texts.DECISIONS == ("Approved", "Approved with conditions", "Not yet", "Rejected")


def test_each_service_is_told_its_own_way_to_decide():
    planner = texts.planner_text(GATE, ITEMS, SCHEDULE)
    jira = texts.jira_text(GATE, ITEMS, SCHEDULE)
    assert "tick one line of the checklist: Approved, Approved with conditions, Not yet, Rejected." in planner
    assert "one of the labels approved, approved-with-conditions, not-yet, rejected on this issue." in jira
    assert "Moving it to a done status without a label counts as approved." in jira
    for text in (planner, jira):
        assert text.startswith("About the switch.\n\nPlease check:\n\n- Dates suit\n\nWork that waits")
        assert "Decision by Hedda Head (deputy: Dora Deputy). Nobody else's decision counts." in text
        assert texts.approval_fingerprint((HELD,), SCHEDULE) in text
        assert "checklist" not in text or text is planner


@pytest.mark.parametrize(("quorum", "words"), [(Quorum.ALL, "Hedda Head and Bert Boss"), (Quorum.ANY, "Hedda Head or")])
def test_the_quorum_is_put_into_words(quorum, words):
    gate = make_gate(approval={"approvers": (HEDDA, BERT), "deputies": (DORA,), "quorum": quorum})
    assert f"Decision by {words}" in texts.planner_text(gate, ITEMS, SCHEDULE)


def test_conditions_stand_below_the_items_own_text_on_both_services_and_can_be_taken_out():
    for write in (texts.jira_text, texts.planner_text):
        text = write(HELD, ITEMS, SCHEDULE, (CONDITION,))
        assert text.startswith(f"Tell everybody.\n\n{CONDITION}\n\n")
        assert texts.without_conditions(text) == write(HELD, ITEMS, SCHEDULE)
        assert CONDITION in write(GATE, ITEMS, SCHEDULE, (CONDITION,))


def test_work_in_jira_names_what_it_waits_for_elsewhere():
    assert "Waits for:\n\n- Yes" in texts.jira_text(HELD, ITEMS, SCHEDULE)
    near = {**ITEMS, GATE.key: make_gate(home=Home.JIRA)}
    assert "Waits for" not in texts.jira_text(HELD, near, SCHEDULE)


def test_what_cannot_be_listed_is_counted():
    many = {item.key: item for item in (make_item(f"change/x{n}", held_by=(GATE.key,)) for n in range(14))}
    text = texts.planner_text(GATE, {GATE.key: GATE, **many}, make_schedule(many.values()))
    assert "- X11 (01 Feb 2027)\n- and 2 more" in text


def test_only_approvals_decide():
    assert texts.approval_of(GATE) is GATE.approval
    with pytest.raises(ValueError, match="change/tell is no approval"):
        texts.approval_of(HELD)
