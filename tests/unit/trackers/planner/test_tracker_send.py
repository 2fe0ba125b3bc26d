"""Making things: one request each, and an honest outcome for every way it can end."""

from __future__ import annotations

import pytest

from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.operations import Done, InDoubt, Refused

JIRA = "https://jira.example.com/browse/A-1"
BATCH = {"method": "POST", "route": "/graph/v1.0/$batch"}


def stored(lab, collection):
    return lab.graph("GET", collection)["value"]


def test_a_plan_with_labels_buckets_tasks_and_details(lab, rollout):
    (outcome,) = lab.tracker.send(rollout, [lab.create("plan:main", title="MFA 2027")])
    plan = outcome.remote
    assert plan.url == f"https://planner.cloud.microsoft/webui/v1/plan/{plan.id}/view/board"
    assert lab.requests() == ["POST /planner/plans"]

    lab.made("labels:main", plan=plan, names=["Approval", "Training"])
    assert lab.requests() == ["POST /$batch", "POST /$batch"]

    buckets = [lab.create(f"bucket:b{n}", plan=plan, title=f"Bucket {n}", order=n) for n in range(5)]
    outcomes = lab.tracker.send(rollout, buckets)
    assert lab.requests() == ["POST /$batch"]
    hints = [
        row["orderHint"] for row in sorted(stored(lab, f"/planner/plans/{plan.id}/buckets"), key=lambda r: r["name"])
    ]
    assert hints == sorted(hints)

    frida = lab.people["frida.figures@example.com"]
    tasks = [
        lab.create(
            f"task:t{n}",
            plan=plan,
            bucket=outcomes[0].remote,
            title=f"Task {n}",
            start="2026-12-01",
            due="2026-12-05",
            owners=[frida],
            categories=["Training"],
            priority=3,
        )
        for n in range(20)
    ]
    made = lab.tracker.send(rollout, tasks)
    assert lab.requests() == ["POST /$batch"]
    assert [lab.graph("GET", f"/planner/tasks/{one.remote.id}")["title"] for one in made] == [
        create.fields["title"] for create in tasks
    ]
    task = lab.graph("GET", f"/planner/tasks/{made[0].remote.id}")
    assert task["appliedCategories"] == {"category2": True}
    assert task["dueDateTime"].startswith("2026-12-05T10:00:00")
    assert list(task["assignments"]) == [frida]
    assert made[0].remote.url.endswith(f"/task/{task['id']}")

    details = [
        lab.create(
            f"details:t{n}",
            task=one.remote,
            text="Why and what",
            checklist=[{"key": f"{n}-1", "title": "First"}, {"key": f"{n}-2", "title": "Second"}],
            references=[
                {"target": "https://jira.example.com/browse/A-1", "alias": "A-1"},
                {"target": None, "alias": "x"},
            ],
        )
        for n, one in enumerate(made)
    ]
    written = lab.tracker.send(rollout, details)
    assert lab.requests() == ["POST /$batch", "POST /$batch"]
    assert all(isinstance(one, Done) and one.remote.version for one in written)
    notes = lab.graph("GET", f"/planner/tasks/{made[3].remote.id}/details")
    assert notes["description"] == f"Why and what\n\nrollout-sync · mfa-2027 · details:t3 · {details[3].marker}"
    assert list(notes["references"]) == ["https%3A//jira%2Eexample%2Ecom/browse/A-1"]
    ordered = sorted(notes["checklist"].values(), key=lambda item: item["orderHint"])
    assert [item["title"] for item in ordered] == ["First", "Second"]

    assert lab.tracker.send(rollout, details) == written
    assert lab.requests() == ["POST /$batch"]


def test_labels_are_read_once_where_they_were_not_just_written(lab, rollout, plan, task_fields):
    lab.made("labels:main", plan=plan, names=["Approval"])
    lab.tracker.use(lab.facts)
    lab.requests()
    for _ in range(2):
        lab.made("task:a", **task_fields, categories=["Approval"])
    assert lab.requests() == ["POST /$batch"] * 3


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "drop_after"}, InDoubt),
        ({"kind": "drop_before"}, InDoubt),
        ({"kind": "503", "when": "after"}, InDoubt),
        ({"kind": "503"}, InDoubt),
        ({"kind": "html200"}, InDoubt),
        ({"kind": "truncate"}, InDoubt),
        ({"kind": "429", "retry_after": "3600"}, Refused),
    ],
)
def test_a_lost_batch_leaves_everything_in_doubt(lab, rollout, task_fields, fault, expected):
    lab.faults({**BATCH, **fault})
    outcomes = lab.tracker.send(rollout, [lab.create(f"task:{n}", **task_fields) for n in range(3)])
    assert [type(one) for one in outcomes] == [expected] * 3
    assert lab.requests() == ["POST /$batch"]
    if expected is Refused:
        assert all(one.again and one.status == 429 for one in outcomes)


def test_a_lost_plan_is_in_doubt_and_sent_once(lab, rollout):
    lab.faults({"method": "POST", "route": "/graph/v1.0/planner/plans", "kind": "drop_after"})
    (outcome,) = lab.tracker.send(rollout, [lab.create("plan:main", title="MFA")])
    assert isinstance(outcome, InDoubt)
    assert lab.requests() == ["POST /planner/plans"]


def test_a_plan_that_is_made_and_then_denied_is_in_doubt(lab, rollout):
    lab.faults({"method": "POST", "route": "/graph/v1.0/planner/plans", "kind": "forbidden", "when": "after"})
    (outcome,) = lab.tracker.send(rollout, [lab.create("plan:main", title="MFA")])
    assert isinstance(outcome, InDoubt)
    assert len(stored(lab, f"/groups/{lab.facts['group']}/planner/plans")) == 1


def test_a_throttled_element_is_refused_for_now_and_the_others_are_made(lab, rollout, task_fields):
    lab.faults({**BATCH, "kind": "inner_429", "positions": [1], "retry_after": 7})
    outcomes = lab.tracker.send(rollout, [lab.create(f"task:{n}", **task_fields) for n in range(3)])
    assert [type(one) for one in outcomes] == [Done, Refused, Done]
    assert (outcomes[1].again, outcomes[1].status, outcomes[1].retry_after) == (True, 429, 7.0)
    assert lab.requests() == ["POST /$batch"]


def test_an_element_that_failed_inside_is_in_doubt(lab, rollout, task_fields):
    lab.faults({**BATCH, "kind": "inner_503_after", "positions": [0]})
    outcomes = lab.tracker.send(rollout, [lab.create(f"task:{n}", **task_fields) for n in range(2)])
    assert [type(one) for one in outcomes] == [InDoubt, Done]


def test_an_expired_token_is_renewed_once_and_nothing_is_made_twice(lab, rollout, task_fields):
    lab.faults({**BATCH, "kind": "token_expired", "times": 1})
    (outcome,) = lab.tracker.send(rollout, [lab.create("task:a", **task_fields)])
    assert isinstance(outcome, Done)
    assert len(lab.tokens.renewed) == 1
    lab.faults({"inner": "POST /planner/tasks", "kind": "token_expired", "times": 1})
    outcomes = lab.tracker.send(rollout, [lab.create(f"task:{n}", **task_fields) for n in range(2)])
    assert [type(one) for one in outcomes] == [Done, Done]
    assert len(lab.tokens.renewed) == 2
    assert len(stored(lab, f"/planner/plans/{task_fields['plan'].id}/tasks")) == 3


def test_a_token_that_stays_refused_is_refused_for_now(lab, rollout, task_fields):
    lab.faults({**BATCH, "kind": "token_expired"})
    (outcome,) = lab.tracker.send(rollout, [lab.create("task:a", **task_fields)])
    assert (type(outcome), outcome.again, outcome.status) == (Refused, True, 401)


def test_a_wrong_task_is_refused_for_good_with_graphs_words(lab, rollout, task_fields):
    wrong = {**task_fields, "start": "2026-12-05", "due": "2026-12-01"}
    outcomes = lab.tracker.send(rollout, [lab.create("task:a", **wrong), lab.create("task:b", **task_fields)])
    assert (outcomes[0].again, outcomes[0].status) == (False, 400)
    assert "DueDate cannot be earlier than the StartDate" in outcomes[0].reason
    assert isinstance(outcomes[1], Done)


def test_a_limit_is_named_with_its_way_out(lab, rollout, plan):
    lab.world.switches.set("limit_buckets_in_plan", 1)
    outcomes = lab.tracker.send(rollout, [lab.create(f"bucket:{n}", plan=plan, title=f"B{n}") for n in range(2)])
    refused = next(one for one in outcomes if isinstance(one, Refused))
    assert (refused.again, refused.code) == (False, "MaximumBucketsInProject")
    assert "fewer phases" in refused.hint


def test_details_of_a_task_that_is_not_yet_visible_may_be_tried_again(lab, rollout, task_fields):
    task = lab.made("task:a", **task_fields)
    lab.delete(f"/planner/tasks/{task.id}")
    (outcome,) = lab.tracker.send(rollout, [lab.create("details:a", task=task, text="x")])
    assert (type(outcome), outcome.again, outcome.status) == (Refused, True, 404)


def test_details_meet_a_person_and_merge(lab, rollout, task_fields):
    task = lab.made("task:a", **task_fields)
    create = lab.create("details:a", task=task, text="Ours", checklist=[{"key": "k1", "title": "One"}])
    lab.edit(
        f"/planner/tasks/{task.id}/details",
        {"checklist": {"mine": {"@odata.type": "microsoft.graph.plannerChecklistItem", "title": "Cake"}}},
    )
    (outcome,) = lab.tracker.send(rollout, [create])
    assert isinstance(outcome, Done)
    notes = lab.graph("GET", f"/planner/tasks/{task.id}/details")
    assert {item["title"] for item in notes["checklist"].values()} == {"One", "Cake"}


def test_what_one_request_takes(lab, rollout, plan):
    assert lab.tracker.capacity == {
        ObjectKind.PLAN: 1,
        ObjectKind.LABELS: 1,
        ObjectKind.BUCKET: 20,
        ObjectKind.TASK: 20,
        ObjectKind.DETAILS: 20,
    }
    with pytest.raises(ValueError, match="one request takes"):
        lab.tracker.send(rollout, [lab.create(f"bucket:{n}", plan=plan, title="B") for n in range(21)])
    with pytest.raises(ValueError, match="one request takes"):
        lab.tracker.send(rollout, [lab.create("epic:a", title="E")])
