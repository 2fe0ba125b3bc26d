"""Writing fields of what exists: only what differs, conditional, merged with what people did."""

from __future__ import annotations

import pytest

from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Refused

BATCH = {"method": "POST", "route": "/graph/v1.0/$batch"}


@pytest.fixture
def task(lab, plan, task_fields):
    lab.made("labels:main", plan=plan, names=["Approval", "Training"])
    made = lab.made("task:a", **task_fields, start="2026-12-01", due="2026-12-05", categories=["Approval"])
    lab.requests()
    return made


def one(lab, rollout, key, remote, **fields):
    (outcome,) = lab.tracker.change(rollout, [lab.change(key, remote, **fields)])
    return outcome


def test_plain_fields_take_one_request_and_give_the_new_version(lab, rollout, task):
    outcome = one(lab, rollout, "task:a", task, title="New", due="2026-12-09")
    assert lab.requests() == ["POST /$batch"]
    row = lab.graph("GET", f"/planner/tasks/{task.id}")
    assert (row["title"], row["dueDateTime"][:10], row["startDateTime"][:10]) == ("New", "2026-12-09", "2026-12-01")
    assert outcome == Done(remote=Remote(id=task.id, version=row["@odata.etag"], url=task.url))


def test_people_and_labels_are_read_first(lab, rollout, task):
    frida, tara = (lab.people[f"{name}@example.com"] for name in ("frida.figures", "tara.trainer"))
    assigned = {"@odata.type": "microsoft.graph.plannerAssignment", "orderHint": " !"}
    lab.edit(f"/planner/tasks/{task.id}", {"assignments": {frida: assigned}})
    lab.requests()
    assert isinstance(one(lab, rollout, "task:a", task, owners=[tara], categories=["Training"]), Done)
    assert lab.requests() == ["POST /$batch"] * 2
    row = lab.graph("GET", f"/planner/tasks/{task.id}")
    assert list(row["assignments"]) == [tara]
    assert row["appliedCategories"] == {"category2": True}


def test_what_is_so_already_is_not_written(lab, rollout, task):
    unversioned = Remote(id=task.id, url=task.url)
    outcome = one(lab, rollout, "task:a", unversioned, title="Inventory of apps", due="2026-12-05")
    assert lab.requests() == ["POST /$batch"]
    assert outcome == Done(remote=task)


def test_a_collision_is_read_again_and_merged(lab, rollout, task):
    lab.edit(f"/planner/tasks/{task.id}", {"title": "Theirs", "priority": 1})
    lab.requests()
    assert isinstance(one(lab, rollout, "task:a", task, title="Ours"), Done)
    assert lab.requests() == ["POST /$batch"] * 3
    row = lab.graph("GET", f"/planner/tasks/{task.id}")
    assert (row["title"], row["priority"]) == ("Ours", 1)


def test_a_change_whose_answer_was_lost_is_recognised(lab, rollout, task):
    lab.faults({**BATCH, "kind": "drop_after", "nth": [1]})
    assert isinstance(one(lab, rollout, "task:a", task, title="Ours"), Done)
    assert lab.graph("GET", f"/planner/tasks/{task.id}")["title"] == "Ours"


def test_a_service_that_is_not_there_is_no_success(lab, rollout, task):
    lab.faults({**BATCH, "kind": "html200"})
    assert isinstance(one(lab, rollout, "task:a", task, title="Ours"), InDoubt)
    lab.faults({**BATCH, "kind": "drop_before"})
    assert isinstance(one(lab, rollout, "task:a", task, title="Ours"), Refused | InDoubt)


def test_somebody_who_is_always_faster_wins(lab, rollout, task, monkeypatch):
    batch = lab.client.batch
    names = iter(range(100))

    def faster(inner, *, repeat):
        if any(each.method == "PATCH" for each in inner):
            lab.edit(f"/planner/tasks/{task.id}", {"title": f"Theirs {next(names)}"})
        return batch(inner, repeat=repeat)

    monkeypatch.setattr(lab.client, "batch", faster)
    outcome = one(lab, rollout, "task:a", task, title="Ours")
    assert (type(outcome), outcome.again, outcome.status) == (Refused, True, 409)
    assert lab.graph("GET", f"/planner/tasks/{task.id}")["title"] == "Theirs 2"


def test_a_deleted_task_is_refused(lab, rollout, task):
    lab.delete(f"/planner/tasks/{task.id}")
    outcome = one(lab, rollout, "task:a", task, title="Ours")
    assert (type(outcome), outcome.again, outcome.status) == (Refused, False, 404)


def test_progress_follows_the_other_side(lab, rollout, task):
    assert isinstance(one(lab, rollout, "task:a", task, category="done"), Done)
    assert lab.graph("GET", f"/planner/tasks/{task.id}")["completedDateTime"]


def test_a_task_moves_to_another_bucket(lab, rollout, plan, task):
    bucket = lab.made("bucket:next", plan=plan, title="Next")
    assert isinstance(one(lab, rollout, "task:a", task, bucket=bucket), Done)
    assert lab.graph("GET", f"/planner/tasks/{task.id}")["bucketId"] == bucket.id


def test_plan_bucket_labels_and_details(lab, rollout, plan, task, task_fields):
    assert isinstance(one(lab, rollout, "plan:main", plan, title="New name"), Done)
    assert isinstance(one(lab, rollout, "bucket:prepare", task_fields["bucket"], title="First"), Done)
    assert isinstance(one(lab, rollout, "labels:main", Remote(id=plan.id), names=["Sign-off"]), Done)
    details = lab.made("details:a", task=task, text="Old", checklist=[{"key": "k", "title": "Room"}])
    change = lab.change("details:a", details, text="New")
    (outcome,) = lab.tracker.change(rollout, [change])
    assert isinstance(outcome, Done)
    row = lab.graph("GET", f"/planner/plans/{plan.id}")
    assert row["title"] == "New name"
    labels = lab.graph("GET", f"/planner/plans/{plan.id}/details")["categoryDescriptions"]
    assert (labels["category1"], labels["category2"]) == ("Sign-off", "Training")
    notes = lab.graph("GET", f"/planner/tasks/{task.id}/details")
    assert notes["description"] == f"New\n\nrollout-sync · mfa-2027 · details:a · {change.marker}"
    assert list(notes["checklist"]) == ["k"]


def test_many_changes_go_twenty_to_a_batch(lab, rollout, task_fields):
    made = lab.tracker.send(rollout, [lab.create(f"task:{n}", **task_fields) for n in range(20)])
    made += lab.tracker.send(rollout, [lab.create(f"task:x{n}", **task_fields) for n in range(5)])
    lab.requests()
    changes = [lab.change(f"task:{n}", each.remote, due="2027-01-01") for n, each in enumerate(made)]
    assert all(isinstance(each, Done) for each in lab.tracker.change(rollout, changes))
    assert lab.requests() == ["POST /$batch"] * 2
    assert lab.tracker.change(rollout, []) == []


def test_labels_that_cannot_be_read_are_not_cleared(lab, rollout, task):
    lab.tracker.use(lab.facts)
    lab.faults({"inner": "GET /planner/plans/{id}/details", "kind": "forbidden"})
    outcome = one(lab, rollout, "task:a", task, categories=["Training"])
    assert isinstance(outcome, Refused)
    assert lab.graph("GET", f"/planner/tasks/{task.id}")["appliedCategories"] == {"category1": True}
