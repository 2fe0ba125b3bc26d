"""Finding a rollout's work again without the ledger."""

from __future__ import annotations

import pytest

from rollout_sync.errors import Unavailable
from rollout_sync.sandbox.seed import COORDINATOR


@pytest.fixture
def work(lab, rollout, plan, task_fields):
    """Seven tasks, six of them with marker lines; made by us."""
    lab.made("labels:main", plan=plan, names=["Approval"])
    tasks = [lab.made(f"task:t{n}", **{**task_fields, "title": f"T{n}"}, categories=["Approval"]) for n in range(7)]
    creates = [lab.create(f"details:t{n}", task=task, text=f"Text {n}") for n, task in enumerate(tasks[:6])]
    lab.tracker.send(rollout, creates)
    return tasks, creates


def by_key(marked, *, copies=False):
    return {str(one.object): one for one in marked if one.is_copy is copies}


def test_tasks_and_details_come_back_with_their_keys(lab, rollout, plan, work, task_fields):
    tasks, creates = work
    found = by_key(lab.tracker.discover(rollout))
    assert set(found) == {
        "plan:mfa-2027",
        "labels:mfa-2027",
        "bucket:Prepare",
        *(f"{kind}:t{n}" for kind in ("task", "details") for n in range(6)),
    }
    assert found["details:t3"].marker == creates[3].marker
    assert found["details:t3"].remote.id == tasks[3].id
    assert found["details:t3"].fields["text"] == "Text 3"
    assert found["task:t3"].fields["categories"] == ["Approval"]
    assert found["task:t3"].remote.url == tasks[3].url
    assert found["plan:mfa-2027"].remote.id == plan.id
    assert found["bucket:Prepare"].remote.id == task_fields["bucket"].id
    markers = [one.marker for one in found.values()]
    assert len(set(markers)) == len(markers)
    assert [str(m.object) for m in lab.tracker.discover(rollout)] == [
        str(m.object) for m in lab.tracker.discover(rollout)
    ]


def test_other_rollouts_and_peoples_plans_are_left_alone(lab, rollout, work):
    other = lab.made("plan:other", title="Other")
    task = lab.made("task:o", plan=other, bucket=None, title="O")
    lab.tracker.send("other", [lab.create("details:o", task=task, text="x")])
    lab.graph("POST", "/planner/plans", {"owner": lab.facts["group"], "title": "Theirs"}, who=COORDINATOR)
    assert "task:o" not in by_key(lab.tracker.discover(rollout))
    assert set(by_key(lab.tracker.discover("other"))) == {"plan:other", "labels:other", "task:o", "details:o"}
    assert lab.tracker.discover("never-started") == ()


def test_a_copied_task_is_told_from_the_original(lab, rollout, plan, work):
    tasks, _ = work
    notes = lab.graph("GET", f"/planner/tasks/{tasks[0].id}/details")["description"]
    copy = lab.graph("POST", "/planner/tasks", {"planId": plan.id, "title": "T0 (copy)"}, who=COORDINATOR)
    lab.edit(f"/planner/tasks/{copy['id']}/details", {"description": notes})
    marked = lab.tracker.discover(rollout)
    assert by_key(marked)["task:t0"].remote.id == tasks[0].id
    assert by_key(marked, copies=True)["task:t0"].remote.id == copy["id"]
    lab.delete(f"/planner/tasks/{tasks[0].id}")
    marked = lab.tracker.discover(rollout)
    assert "task:t0" not in by_key(marked)
    assert by_key(marked, copies=True)["task:t0"].remote.id == copy["id"]


def test_a_plan_whose_oldest_notes_were_rewritten_is_still_ours(lab, rollout, work):
    tasks, _ = work
    for task in tasks[:5]:
        lab.edit(f"/planner/tasks/{task.id}/details", {"description": "rewritten"})
    found = by_key(lab.tracker.discover(rollout))
    assert "task:t5" in found
    assert "task:t0" not in found


def test_half_an_answer_is_no_answer(lab, rollout, work):
    lab.faults({"inner": "GET /planner/plans/{id}/buckets", "kind": "forbidden"})
    with pytest.raises(Unavailable, match="cannot be read"):
        lab.tracker.discover(rollout)
    lab.faults({"inner": "GET /planner/tasks/{id}/details", "kind": "forbidden", "nth": [6]})
    with pytest.raises(Unavailable, match="cannot be read"):
        lab.tracker.discover(rollout)
