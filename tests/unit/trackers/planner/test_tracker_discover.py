"""Finding a rollout's work again without the ledger."""

from __future__ import annotations

import pytest

from rollout_sync.errors import Unavailable
from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.sandbox.seed import COORDINATOR
from rollout_sync.trackers.planner.identity import Author
from rollout_sync.trackers.planner.marks import Mark
from rollout_sync.trackers.planner.recognition import TaskView, bucket_names


@pytest.fixture
def work(lab, rollout, plan, task_fields):
    """Seven tasks, six of them with marker lines; made by us."""
    lab.made("labels:main", plan=plan, names=["Approval"])
    tasks = [
        lab.made(f"task:prepare/t{n}", **{**task_fields, "title": f"T{n}"}, categories=["Approval"]) for n in range(7)
    ]
    creates = [lab.create(f"details:prepare/t{n}", task=task, text=f"Text {n}") for n, task in enumerate(tasks[:6])]
    lab.tracker.send(rollout, creates)
    return tasks, creates


def by_key(marked, *, copies=False):
    return {str(one.object): one for one in marked if one.is_copy is copies}


def test_tasks_and_details_come_back_with_their_keys(lab, rollout, plan, work, task_fields):
    tasks, creates = work
    found = by_key(lab.tracker.discover(rollout))
    assert set(found) == {
        "plan:plan",
        "labels:plan",
        "bucket:prepare",
        *(f"{kind}:prepare/t{n}" for kind in ("task", "details") for n in range(6)),
    }
    assert found["details:prepare/t3"].marker == creates[3].marker
    assert found["details:prepare/t3"].remote.id == tasks[3].id
    assert found["details:prepare/t3"].fields["text"] == "Text 3"
    assert found["task:prepare/t3"].fields["categories"] == ["Approval"]
    assert found["task:prepare/t3"].remote.url == tasks[3].url
    assert found["plan:plan"].remote.id == plan.id
    assert found["bucket:prepare"].remote.id == task_fields["bucket"].id
    markers = [one.marker for one in found.values()]
    assert len(set(markers)) == len(markers)
    assert lab.tracker.discover(rollout) == lab.tracker.discover(rollout)


def test_other_rollouts_and_peoples_plans_are_left_alone(lab, rollout, work):
    other = lab.made("plan:other", title="Other")
    task = lab.made("task:o", plan=other, bucket=None, title="O")
    lab.tracker.send("other", [lab.create("details:o", task=task, text="x")])
    lab.graph("POST", "/planner/plans", {"owner": lab.facts["group"], "title": "Theirs"}, who=COORDINATOR)
    assert "task:o" not in by_key(lab.tracker.discover(rollout))
    assert set(by_key(lab.tracker.discover("other"))) == {"plan:plan", "labels:plan", "task:o", "details:o"}
    assert lab.tracker.discover("never-started") == ()


def test_a_copied_task_is_told_from_the_original(lab, rollout, plan, work):
    tasks, _ = work
    notes = lab.graph("GET", f"/planner/tasks/{tasks[0].id}/details")["description"]
    copy = lab.graph("POST", "/planner/tasks", {"planId": plan.id, "title": "T0 (copy)"}, who=COORDINATOR)
    lab.edit(f"/planner/tasks/{copy['id']}/details", {"description": notes})
    marked = lab.tracker.discover(rollout)
    assert by_key(marked)["task:prepare/t0"].remote.id == tasks[0].id
    assert by_key(marked, copies=True)["task:prepare/t0"].remote.id == copy["id"]
    lab.delete(f"/planner/tasks/{tasks[0].id}")
    marked = lab.tracker.discover(rollout)
    assert "task:prepare/t0" not in by_key(marked)
    assert by_key(marked, copies=True)["task:prepare/t0"].remote.id == copy["id"]


def test_a_plan_whose_oldest_notes_were_rewritten_is_still_ours(lab, rollout, work):
    tasks, _ = work
    for task in tasks[:5]:
        lab.edit(f"/planner/tasks/{task.id}/details", {"description": "rewritten"})
    found = by_key(lab.tracker.discover(rollout))
    assert "task:prepare/t5" in found
    assert "task:prepare/t0" not in found


def test_half_an_answer_is_no_answer(lab, rollout, work):
    lab.faults({"inner": "GET /planner/plans/{id}/buckets", "kind": "forbidden"})
    with pytest.raises(Unavailable, match="cannot be read"):
        lab.tracker.discover(rollout)
    lab.faults({"inner": "GET /planner/tasks/{id}/details", "kind": "forbidden", "nth": [6]})
    with pytest.raises(Unavailable, match="cannot be read"):
        lab.tracker.discover(rollout)


@pytest.mark.parametrize("unread", ["GET /planner/plans/{id}/tasks", "GET /planner/tasks/{id}/details"])
@pytest.mark.parametrize("look", ["inspect", "discover"])
def test_a_plan_of_ours_that_cannot_be_read_does_not_count_as_somebody_elses(lab, rollout, work, unread, look):
    looks = {"inspect": lambda: lab.tracker.inspect(rollout, []), "discover": lambda: lab.tracker.discover(rollout)}
    lab.faults({"inner": unread, "kind": "forbidden"})
    with pytest.raises(Unavailable, match="cannot be read"):
        looks[look]()


def test_a_task_that_was_made_twice_is_reported_beside_the_marked_one(lab, rollout, plan, work, task_fields):
    twin = lab.made("task:prepare/t0", **{**task_fields, "title": "T0"})
    lab.made("task:prepare/other", **{**task_fields, "title": "Other"})
    theirs = {"planId": plan.id, "title": "T1", "bucketId": task_fields["bucket"].id}
    lab.graph("POST", "/planner/tasks", theirs, who=COORDINATOR)
    found = lab.tracker.discover(rollout)
    rivals = [one for one in found if str(one.object) == "task:prepare/t0"]
    assert [one.remote.id for one in rivals] == [work[0][0].id, twin.id]
    assert rivals[1].created_at is None
    assert len([one for one in found if str(one.object) == "task:prepare/t1"]) == 1


def test_a_plan_that_somebody_copied_is_a_copy_with_all_that_is_in_it(lab, rollout, plan, work):
    notes = lab.graph("GET", f"/planner/tasks/{work[0][0].id}/details")["description"]
    body = {"owner": lab.facts["group"], "title": "MFA 2027 (copy)"}
    copy = lab.graph("POST", "/planner/plans", body, who=COORDINATOR)
    task = lab.graph("POST", "/planner/tasks", {"planId": copy["id"], "title": "T0"}, who=COORDINATOR)
    lab.edit(f"/planner/tasks/{task['id']}/details", {"description": notes})
    marked = lab.tracker.discover(rollout)
    assert by_key(marked)["plan:plan"].remote.id == plan.id
    copies = by_key(marked, copies=True)
    assert copies["plan:plan"].remote.id == copy["id"]
    assert copies["details:prepare/t0"].remote.id == task["id"]


def view(name, bucket):
    mark = Mark(rollout="mfa", object=ObjectKey(ObjectKind.DETAILS, name), marker="0" * 32)
    return TaskView(row={"id": name, "bucketId": bucket}, details={}, mark=mark, author=Author.OURS)


@pytest.mark.parametrize(
    ("tasks", "names"),
    [
        ([], {}),
        ([view("a/1", "x"), view("a/2", "x")], {"x": "a"}),
        ([view("a/b/1", "x"), view("c/2", "y")], {"x": "a/b", "y": "c"}),
        ([view("a/1", "x"), view("a/2", "x"), view("a/3", "y")], {"x": "a"}),
        ([view("a/1", "x"), view("a/2", "y")], {}),
        ([view("a/1", "x"), view("b/2", "x")], {}),
        ([view("a/1", "w"), view("a/2", "w"), view("a/3", "x")], {"x": "a"}),
    ],
)
def test_buckets_are_named_by_what_lies_in_them_or_not_at_all(tasks, names):
    rows = [{"id": "w", "name": "Waiting for green light"}, {"id": "x", "name": "X"}, {"id": "y", "name": "Y"}]
    expected = {"w": "waiting-for-green-light", **names}
    assert bucket_names(rows, tasks) == expected
    assert bucket_names(rows[::-1], tasks) == expected


def test_a_title_says_more_than_a_card_that_people_moved():
    titles = {"x": "Run", "y": "Prepare", "w": "Waiting for green light"}
    rows = [{"id": number, "name": title} for number, title in titles.items()]
    expected = {"x": "run", "y": "prepare", "w": "waiting-for-green-light"}
    assert bucket_names(rows, [view("prepare/gate", "x"), view("run/gamma", "w")]) == expected
