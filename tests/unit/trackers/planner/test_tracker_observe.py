"""Looking: what is there, what is gone, what nobody can tell."""

from __future__ import annotations

import pytest

from rollout_sync.model.objects import Binding, Marker, ObjectKey, Remote


def bind(key, remote):
    return Binding(object=ObjectKey.parse(key), marker=Marker("0" * 32), remote=remote)


@pytest.fixture
def bound(lab, plan, task_fields):
    """A plan with everything in it, bound."""
    labels = lab.made("labels:main", plan=plan, names=["Approval", "Training"])
    tasks = [lab.made(f"task:{n}", **{**task_fields, "title": f"T{n}"}, categories=["Training"]) for n in range(3)]
    details = lab.made("details:0", task=tasks[0], text="Why", checklist=[{"key": "k", "title": "Room"}])
    lab.requests()
    return {
        "plan:main": plan,
        "labels:main": labels,
        "bucket:prepare": task_fields["bucket"],
        **{f"task:{n}": one for n, one in enumerate(tasks)},
        "details:0": details,
    }


def observe(lab, bound, *keys):
    return lab.tracker.observe([bind(key, bound[key]) for key in (keys or bound)])


def test_everything_is_seen_with_one_batch(lab, bound):
    sighting = observe(lab, bound)
    assert lab.requests() == ["POST /$batch"]
    assert (sighting.gone, sighting.unseen) == ((), {})
    seen = {str(one.object): one for one in sighting.observations}
    assert list(seen) == list(bound)
    assert seen["plan:main"].fields["title"] == "MFA 2027"
    assert seen["labels:main"].fields["names"] == ["Approval", "Training"]
    assert seen["bucket:prepare"].fields == {"title": "Prepare", "plan": Remote(id=bound["plan:main"].id)}
    task = seen["task:0"]
    assert task.fields["category"] == "new"
    assert task.fields["bucket"] == Remote(id=bound["bucket:prepare"].id)
    assert task.fields["categories"] == ["Training"]
    assert task.remote.url == bound["task:0"].url
    assert seen["details:0"].fields["text"] == "Why"
    assert seen["details:0"].fields["checklist"] == [{"key": "k", "title": "Room"}]
    assert task.asked_at == lab.world.clock.now()


def test_a_quiet_look_costs_one_request_for_twenty_pages(lab, bound):
    lab.tracker.use(lab.facts)
    sighting = observe(lab, bound, "task:0", "task:1", "task:2")
    again = lab.tracker.observe([bind(str(one.object), one.remote) for one in sighting.observations])
    lab.tracker.use(lab.facts)
    lab.requests()
    again = lab.tracker.observe([bind(str(one.object), one.remote) for one in again.observations])
    assert lab.requests() == ["POST /$batch"]
    assert len(again.observations) == 3
    assert all("categories" not in one.fields for one in again.observations)


def test_what_people_did_is_seen(lab, bound):
    frida = lab.people["frida.figures@example.com"]
    lab.edit(f"/planner/tasks/{bound['task:0'].id}", {"percentComplete": 100, "dueDateTime": "2027-01-02T00:00:00Z"})
    tick = {"checklist": {"k": {"@odata.type": "microsoft.graph.plannerChecklistItem", "isChecked": True}}}
    lab.edit(f"/planner/tasks/{bound['task:0'].id}/details", tick, who="frida.figures@example.com")
    task, details = observe(lab, bound, "task:0", "details:0").observations
    assert (task.fields["category"], task.fields["percent"], task.fields["due"]) == ("done", 100, "2027-01-02")
    assert task.fields["completed_by"]
    assert task.remote.version != bound["task:0"].version
    (ticked,) = details.fields["ticked"]
    assert (ticked["key"], ticked["by"]) == ("k", frida)


def test_a_deleted_task_is_gone_with_its_details(lab, bound):
    lab.delete(f"/planner/tasks/{bound['task:0'].id}")
    sighting = observe(lab, bound)
    assert {str(key) for key in sighting.gone} == {"task:0", "details:0"}
    assert sighting.unseen == {}
    assert len(sighting.observations) == len(bound) - 2


def test_a_deleted_plan_takes_everything_with_it(lab, bound):
    lab.delete(f"/planner/plans/{bound['plan:main'].id}")
    for keys in ((), ("task:1",), ("details:0",), ("bucket:prepare",), ("labels:main",)):
        sighting = observe(lab, bound, *keys)
        assert {str(key) for key in sighting.gone} == set(keys or bound)
        assert sighting.observations == ()


@pytest.mark.parametrize("status", [403, 404])
def test_a_plan_that_is_only_hidden_is_not_gone(lab, bound, status):
    lab.faults(
        {"inner": "GET /planner/plans/{id}", "kind": "forbidden", "status": status},
        {"inner": "GET /planner/plans/{id}/tasks", "kind": "forbidden", "status": status},
        {"inner": "GET /planner/plans/{id}/buckets", "kind": "forbidden", "status": status},
        {"inner": "GET /planner/plans/{id}/details", "kind": "forbidden", "status": status},
        {"inner": "GET /planner/tasks/{id}/details", "kind": "forbidden", "status": status},
    )
    sighting = observe(lab, bound)
    assert sighting.gone == ()
    assert {str(key) for key in sighting.unseen} == set(bound)
    assert all(sighting.unseen.values())


def test_a_group_that_is_hidden_proves_nothing(lab, bound):
    lab.delete(f"/planner/plans/{bound['plan:main'].id}")
    lab.faults({"inner": "GET /groups/{id}/planner/plans", "kind": "forbidden"})
    sighting = observe(lab, bound)
    assert sighting.gone == ()
    assert {str(key) for key in sighting.unseen} == set(bound)


def test_a_task_in_another_plan_is_seen_there(lab, bound, rollout):
    other = lab.made("plan:other", title="Other")
    moved = lab.made("task:moved", plan=other, bucket=None, title="Moved")
    pretended = Remote(id=moved.id, version=moved.version, url=bound["task:0"].url)
    (seen,) = lab.tracker.observe([bind("task:moved", pretended)]).observations
    assert seen.fields["plan"] == Remote(id=other.id)


def test_a_task_without_an_address_is_read_by_itself_but_never_declared_gone(lab, bound):
    homeless = Remote(id=bound["task:0"].id)
    assert len(lab.tracker.observe([bind("task:0", homeless)]).observations) == 1
    lab.delete(f"/planner/tasks/{homeless.id}")
    sighting = lab.tracker.observe([bind("task:0", homeless)])
    assert (sighting.gone, len(sighting.unseen)) == ((), 1)


def test_throttling_inside_a_read_is_waited_for(lab, bound):
    lab.faults({"inner": "GET /planner/plans/{id}/tasks", "kind": "429", "retry_after": 5, "times": 1})
    sighting = observe(lab, bound)
    assert sighting.unseen == {}
    assert 5.0 in lab.clock.slept


def test_many_tasks_over_many_pages(lab, bound, task_fields, rollout):
    lab.world.switches.set("planner_page_size", 7)
    made = lab.tracker.send(rollout, [lab.create(f"task:m{n}", **task_fields) for n in range(20)])
    lab.requests()
    sighting = lab.tracker.observe([bind(f"task:m{n}", one.remote) for n, one in enumerate(made)])
    assert len(sighting.observations) == 20
    assert lab.requests() == ["POST /$batch"] * 4


def test_nothing_bound_costs_nothing(lab):
    assert lab.tracker.observe([]).observations == ()
    assert lab.requests() == []


def test_the_clock_of_the_service_is_made_known(lab):
    assert lab.tracker.high_water() == 0
    assert lab.transport.remote_now("http://sandbox.invalid") >= lab.world.clock.now()
