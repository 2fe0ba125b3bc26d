"""Doubts and what the strong read makes of them."""

from __future__ import annotations

from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import InDoubt

PLANS = {"method": "POST", "route": "/graph/v1.0/planner/plans"}
BATCH = {"method": "POST", "route": "/graph/v1.0/$batch", "nth": [1]}


def test_a_plan_that_was_made_is_found_and_one_that_was_not_is_absent(lab, rollout):
    create = lab.create("plan:main", title="MFA")
    lab.faults({**PLANS, "kind": "drop_after"})
    doubt = lab.doubt("plan:main", **create.fields)
    assert isinstance(lab.tracker.send(rollout, [create])[0], InDoubt)
    lab.faults()
    theirs = {"owner": lab.facts["group"], "title": "MFA"}
    lab.graph("POST", "/planner/plans", theirs, who="cora.coordinator@example.com")
    other = lab.doubt("plan:other", title="Something else")
    findings = lab.tracker.find(rollout, [doubt, other], frozenset())
    assert set(findings.found) == {doubt.object}
    assert findings.is_strong
    assert findings.ambiguous == {}
    assert findings.asked_at <= lab.world.clock.now()


def test_a_bound_or_older_plan_is_not_taken_again(lab, rollout, plan):
    assert lab.tracker.find(rollout, [lab.doubt("plan:b", title="MFA 2027")], frozenset({plan.id})).found == {}
    lab.world.clock.advance(3600)
    assert lab.tracker.find(rollout, [lab.doubt("plan:b", title="MFA 2027")], frozenset()).found == {}


def test_buckets_go_by_name(lab, rollout, plan):
    creates = [lab.create(f"bucket:{n}", plan=plan, title=f"B{n}", order=n) for n in range(2)]
    doubts = [lab.doubt(f"bucket:{n}", plan=plan, title=f"B{n}", order=n) for n in range(3)]
    lab.faults({**BATCH, "kind": "503", "when": "after"})
    lab.tracker.send(rollout, creates)
    findings = lab.tracker.find(rollout, doubts, frozenset())
    assert {key.name for key in findings.found} == {"0", "1"}
    assert findings.is_strong


def test_tasks_of_a_lost_batch_are_found_however_people_moved_them(lab, rollout, plan, task_fields):
    fields = [{**task_fields, "title": title} for title in ("Same", "Same", "Moved", "Renamed")]
    creates = [lab.create(f"task:{n}", **one) for n, one in enumerate(fields)]
    doubts = [lab.doubt(f"task:{n}", **one) for n, one in enumerate(fields)]
    bound = lab.made("task:known", **{**task_fields, "title": "Same"})
    lab.faults({**BATCH, "kind": "drop_after"})
    assert {type(one) for one in lab.tracker.send(rollout, creates)} == {InDoubt}
    lab.faults()
    rows = {row["title"]: row["id"] for row in lab.graph("GET", f"/planner/plans/{plan.id}/tasks")["value"]}
    lab.edit(f"/planner/tasks/{rows['Moved']}", {"dueDateTime": "2027-01-01T10:00:00Z", "bucketId": None})
    lab.edit(f"/planner/tasks/{rows['Renamed']}", {"title": "Something else"})
    body = {"planId": plan.id, "title": "Same", "bucketId": task_fields["bucket"].id}
    lab.graph("POST", "/planner/tasks", body, who="cora.coordinator@example.com")
    findings = lab.tracker.find(rollout, doubts, frozenset({bound.id}))
    assert {key.name for key in findings.found} == {"0", "1", "2", "3"}
    assert len({remote.id for remote in findings.found.values()}) == 4
    assert bound.id not in {remote.id for remote in findings.found.values()}
    assert findings.is_strong


def test_every_page_of_the_list_is_read(lab, rollout, plan, task_fields):
    lab.world.switches.set("planner_page_size", 3)
    for n in range(8):
        lab.made(f"task:{n}", **{**task_fields, "title": f"T{n}"})
    lab.requests()
    doubts = [lab.doubt(f"task:{n}", ago=5, **{**task_fields, "title": f"T{n}"}) for n in range(8)]
    assert len(lab.tracker.find(rollout, doubts, frozenset()).found) == 8
    assert lab.requests() == ["POST /$batch"] * 3


def test_an_unreadable_plan_proves_nothing_and_a_deleted_one_does(lab, rollout, plan, task_fields):
    doubt = lab.doubt("task:a", **task_fields)
    lab.faults({"inner": "GET /planner/plans/{id}/tasks", "kind": "forbidden"})
    assert not lab.tracker.find(rollout, [doubt], frozenset()).is_strong
    lab.faults()
    lab.delete(f"/planner/plans/{plan.id}")
    findings = lab.tracker.find(rollout, [doubt], frozenset())
    assert findings.is_strong
    assert findings.found == {}


def test_a_plan_id_that_never_was_is_no_proof_of_anything_wrong(lab, rollout, plan):
    doubt = lab.doubt("bucket:a", plan=Remote(id="x" * 28), title="B")
    assert lab.tracker.find(rollout, [doubt], frozenset()).found == {}
