"""Pulling: what a tick costs, what it sees, and what it concludes from what is not there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_sync.errors import TrackerError, UnexpectedResponse
from rollout_sync.model.objects import Binding, Marker, ObjectKey, Remote
from rollout_sync.model.rollout import RolloutId
from rollout_sync.sandbox.graph.etags import EtagType
from rollout_sync.sandbox.graph.resources import PLANS, TASKS, bump
from rollout_sync.trackers.base import Watch
from rollout_sync.trackers.planner.batch import Batch, InnerReply
from rollout_sync.trackers.planner.listing import stream
from support.shelf import MemoryShelf

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
FRIDA = "frida.figures@example.com"
FIRST = RolloutId("first")
TICK = ["POST /$batch"]


@dataclass
class Boards:
    """Rollouts in the sandbox, and a shelf that learns what pulls bring."""

    lab: object
    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    remotes: dict = field(default_factory=dict)

    def start(self, name=FIRST, *, tasks=3, details=1, labels=("Approval", "Training")):
        """A rollout with a plan, labels, two buckets, tasks, and details of the first few."""
        plan = self.make(name, "plan:main", title=f"Plan of {name}")
        if labels:
            self.make(name, "labels:main", plan=plan, names=list(labels))
        bucket = self.make(name, "bucket:prepare", plan=plan, title="Prepare", order=0)
        self.make(name, "bucket:enforce", plan=plan, title="Enforce", order=1)
        for n in range(tasks):
            marks = {"categories": ["Training"]} if labels and n == 0 else {}
            self.make(name, f"task:{n}", plan=plan, bucket=bucket, title=f"T{n}", **marks)
        for n in range(details):
            lines = [{"key": "yes", "title": "Approved"}, {"key": "no", "title": "Not yet"}]
            self.make(name, f"details:{n}", task=self.at(f"task:{n}", name), text="Why", checklist=lines)
        return self

    def make(self, name, key, **fields):
        create = self.lab.create(key, **fields)
        (outcome,) = self.lab.tracker.send(name, [create])
        self.remotes[name, key] = outcome.remote
        self.shelf.add(name, Binding(object=create.object, marker=create.marker, remote=outcome.remote))
        return outcome.remote

    def at(self, key, name=FIRST):
        return self.remotes[name, key]

    def pull(self, *names, is_full=False):
        """One tick by a process of its own; portions are stored as they come."""
        self.lab.tracker.use(self.lab.facts)
        self.lab.requests()
        watch = Watch(rollouts=names or (FIRST,), cursors={}, shelf=self.shelf, is_full=is_full)
        self.shelf.complete, self.shelf.failed, self.shelf.unseen = set(), {}, {}
        portions = []
        for portion in self.lab.tracker.pull(watch):
            portions.append(portion)
            self.shelf.take(portion)
        return portions

    def tick(self, *names, is_full=False):
        """The one portion of a tick."""
        (portion,) = self.pull(*names, is_full=is_full)
        return portion

    def seen(self, key, name=FIRST):
        return self.shelf.seen(name, ObjectKey.parse(key))

    def move_away(self, key, plan):
        """A person moves a task into another plan, in Planner's own pages."""
        world = self.lab.world
        task = world.store.get(TASKS, self.at(key).id)
        task["plan"] = task["fields"]["planId"] = plan.id
        task["bucket"] = task["fields"]["bucketId"] = None
        bump(world, EtagType.TASK, task, ["planId", "bucketId"])

    def edit(self, key, body, who=FRIDA):
        kind, _, _ = key.partition(":")
        tail = {"task": "tasks/{}", "details": "tasks/{}/details", "bucket": "buckets/{}", "plan": "plans/{}"}
        tail["labels"] = "plans/{}/details"
        self.lab.edit("/planner/" + tail[kind].format(self.at(key).id), body, who=who)

    def add(self, title, bucket=None, name=FIRST, **more):
        """A person adds a task."""
        body = {"planId": self.at("plan:main", name).id, "bucketId": bucket, "title": title, **more}
        return self.lab.graph("POST", "/planner/tasks", body, who=FRIDA)["id"]

    def delete(self, *keys):
        for key in keys:
            self.lab.delete(f"/planner/{key.partition(':')[0]}s/{self.at(key).id}", who=FRIDA)

    def hide(self, status=403, *, group=False):
        """This account may not see the plan any more."""
        paths = ["plans/{id}", "plans/{id}/tasks", "plans/{id}/buckets", "plans/{id}/details"]
        rules = [f"GET /planner/{path}" for path in [*paths, "tasks/{id}", "tasks/{id}/details"]]
        rules += ["GET /groups/{id}/planner/plans"] if group else []
        self.lab.faults(*({"inner": rule, "kind": "forbidden", "status": status} for rule in rules))


class Pages:
    """A client for lists alone; `rows` tells of each path how many pages it has."""

    def __init__(self, **pages):
        self.pages = pages
        self.sizes = []

    def read(self, urls):
        self.sizes.append(len(urls))
        return Batch(replies={str(n): self._reply(str(n), url) for n, url in enumerate(urls)}, at=NOW)

    def relative(self, link):
        return link

    def _reply(self, number, url):
        path, _, page = url.partition("?")
        at = int(page or 1)
        more = {"@odata.nextLink": f"{path}?{at + 1}"} if at < self.pages[path] else {}
        return InnerReply(id=number, status=200, headers={}, body={"value": [{"id": url}], **more}, at=NOW)


@pytest.fixture
def boards(lab):
    return Boards(lab)


@pytest.fixture
def board(boards):
    """One rollout that was seen already."""
    boards.start()
    boards.pull()
    return boards


def keys(seen):
    return sorted(str(one.observation.object) for one in seen)


def fields_of(portion, key):
    (found,) = [one.observation.fields for one in portion.seen if str(one.observation.object) == key]
    return found


def test_the_first_pull_sees_everything_with_two_batches(boards):
    portion = boards.start().tick()
    assert boards.lab.requests() == TICK * 2
    assert keys(portion.seen) == sorted(key for _, key in boards.remotes)
    assert portion.complete == (FIRST,)
    assert (portion.gone, portion.unseen, portion.failed, portion.newcomers, portion.cursors) == ({}, {}, {}, (), {})
    assert portion.asked_at == boards.lab.world.clock.now()
    assert fields_of(portion, "task:0")["categories"] == ["Training"]
    assert fields_of(portion, "task:1")["categories"] == []
    assert fields_of(portion, "details:0")["text"] == "Why"
    assert fields_of(portion, "labels:main")["names"] == ["Approval", "Training"]


def test_nothing_changed_costs_one_batch_and_brings_nothing(board):
    portion = board.tick()
    assert board.lab.requests() == TICK
    assert (portion.seen, portion.newcomers, portion.left, portion.complete) == ((), (), {}, (FIRST,))
    assert board.shelf.asked == 0


def test_forty_five_plans_cost_three_batches_and_more_pages_fill_them_up(boards):
    names = [RolloutId(f"r{n:02}") for n in range(45)]
    for name in names:
        boards.start(name, tasks=2, details=0, labels=())
    boards.pull(*names)
    portions = boards.pull(*names)
    assert boards.lab.requests() == TICK * 3
    assert sorted(done for one in portions for done in one.complete) == names
    assert [one for portion in portions for one in portion.seen] == []
    boards.lab.world.switches.set("planner_page_size", 1)  # 90 pages
    boards.pull(*names)
    assert boards.lab.requests() == TICK * 5


def test_a_long_list_is_read_to_its_end(boards):
    boards.start(tasks=9, details=0)
    boards.lab.world.switches.set("planner_page_size", 4)
    assert len([one for one in boards.tick().seen if one.observation.object.kind == "task"]) == 9
    assert boards.tick().seen == ()
    assert boards.lab.requests() == TICK * 3


def test_progress_is_seen_with_who_and_when(board):
    for percent, status in ((50, "In progress"), (30, "30 %"), (100, "Completed"), (0, "Not started")):
        board.lab.world.clock.advance(60)
        board.edit("task:1", {"percentComplete": percent})
        portion = board.tick()
        assert keys(portion.seen) == ["task:1"]
        fields = fields_of(portion, "task:1")
        assert (fields["percent"], fields["status"]) == (percent, status)
        is_done = percent == 100
        assert fields["completed_by"] == (board.lab.people[FRIDA] if is_done else None)
        assert fields["finished_at"] == (board.lab.world.clock.now().isoformat() if is_done else None)
        assert board.lab.requests() == TICK  # no details are bound, no label is on it
        assert board.tick().seen == ()


def test_a_tick_in_a_decision_is_seen_by_the_usual_way(board):
    tick = {"checklist": {"yes": {"@odata.type": "microsoft.graph.plannerChecklistItem", "isChecked": True}}}
    board.edit("details:0", tick)
    portion = board.tick()
    assert keys(portion.seen) == ["details:0", "task:0"]
    assert board.lab.requests() == TICK * 2
    (ticked,) = fields_of(portion, "details:0")["ticked"]
    assert ticked == {
        "key": "yes",
        "by": board.lab.people[FRIDA],
        "at": board.lab.world.clock.now().isoformat(),
    }


def test_one_tick_for_another_is_seen_too(board):
    typed = {"@odata.type": "microsoft.graph.plannerChecklistItem"}
    board.edit("details:0", {"checklist": {"no": {**typed, "isChecked": True}}})
    board.tick()
    board.edit("details:0", {"checklist": {"no": {**typed, "isChecked": False}}})
    board.edit("details:0", {"checklist": {"yes": {**typed, "isChecked": True}}})
    assert [one["key"] for one in fields_of(board.tick(), "details:0")["ticked"]] == ["yes"]


def test_lines_that_people_added_are_among_the_details(board):
    added = {"@odata.type": "microsoft.graph.plannerChecklistItem", "title": "Ask the works council"}
    board.edit("details:0", {"checklist": {"theirs": added}})
    lines = fields_of(board.tick(), "details:0")["checklist"]
    assert {line["title"] for line in lines} == {"Approved", "Not yet", "Ask the works council"}


def test_details_are_not_read_where_only_the_task_changed_and_they_did_not(board):
    board.edit("task:0", {"title": "Renamed"})
    portion = board.tick()
    assert keys(portion.seen) == ["task:0"]
    assert fields_of(portion, "task:0")["title"] == "Renamed"
    assert fields_of(portion, "task:0")["categories"] == ["Training"]


def test_details_of_unchanged_tasks_are_left_alone(board):
    board.lab.faults({"inner": "GET /planner/tasks/{id}/details", "kind": "500"})
    assert board.tick().complete == (FIRST,)


def test_a_move_between_buckets_is_seen(board):
    board.edit("task:1", {"bucketId": board.at("bucket:enforce").id})
    assert fields_of(board.tick(), "task:1")["bucket"] == Remote(id=board.at("bucket:enforce").id)


def test_a_move_to_another_plan_is_seen_and_goes_on_being_seen(board):
    other = board.lab.made("plan:other", title="Other")
    board.move_away("task:0", other)
    portion = board.tick()
    assert portion.gone == {}
    assert fields_of(portion, "task:0")["plan"] == Remote(id=other.id)
    assert fields_of(portion, "task:0")["categories"] == ["category2"]  # that plan has no name for it
    assert board.seen("task:0").remote.url != board.at("task:0").url
    portion = board.tick()
    assert (portion.seen, portion.gone, portion.unseen) == ((), {}, {})
    assert board.lab.requests() == TICK
    board.edit("task:0", {"percentComplete": 100})
    assert fields_of(board.tick(), "task:0")["category"] == "done"
    assert board.tick(is_full=True).seen == ()


def test_a_task_that_came_back_is_one_of_the_list_again(board):
    board.move_away("task:1", board.lab.made("plan:other", title="Other"))
    board.tick()
    board.move_away("task:1", board.at("plan:main"))
    assert fields_of(board.tick(), "task:1")["plan"] == Remote(id=board.at("plan:main").id)
    portion = board.tick()
    assert (portion.seen, portion.newcomers, board.lab.requests()) == ((), (), TICK)


def test_a_task_of_another_rollout_is_no_newcomer(board):
    second = RolloutId("second")
    board.start(second)
    board.pull(FIRST, second)
    board.move_away("task:1", board.at("plan:main", second))
    portion = board.tick(FIRST, second)
    assert portion.newcomers == ()
    assert [(one.rollout, str(one.observation.object)) for one in portion.seen] == [(FIRST, "task:1")]


def test_a_deleted_task_is_gone_with_its_details(board):
    board.delete("task:0")
    portion = board.tick()
    assert {str(key) for key in portion.gone[FIRST]} == {"task:0", "details:0"}
    assert (portion.seen, portion.unseen, portion.complete) == ((), {}, (FIRST,))
    board.tick()
    assert board.lab.requests() == TICK


def test_a_deleted_bucket_takes_its_tasks_along(board):
    board.edit("task:1", {"bucketId": board.at("bucket:enforce").id})
    board.tick()
    board.delete("bucket:enforce")
    assert board.tick().gone == {FIRST: (ObjectKey.parse("task:1"),)}
    assert board.tick(is_full=True).gone == {FIRST: (ObjectKey.parse("bucket:enforce"),)}


def test_a_deleted_bucket_may_leave_its_tasks_behind(board):
    board.lab.world.switches.set("delete_bucket_tasks", "unassign")
    board.delete("bucket:prepare")
    portion = board.tick()
    assert portion.gone == {}
    assert all(fields_of(portion, f"task:{n}")["bucket"] is None for n in range(3))


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("status", [403, 404])
def test_a_deleted_plan_takes_everything_with_it_at_once(board, is_full, status):
    newcomer = board.add("Theirs")
    board.tick()
    board.lab.delete(f"/planner/plans/{board.at('plan:main').id}")
    if status == 403:  # Graph does not always tell the two apart
        board.hide(403)
    portion = board.tick(is_full=is_full)
    assert {str(key) for key in portion.gone[FIRST]} == {key for _, key in board.remotes}
    assert portion.left == {FIRST: (newcomer,)}
    assert (portion.failed, portion.unseen, portion.complete) == ({}, {}, (FIRST,))


def test_a_task_elsewhere_survives_its_plan(board):
    board.move_away("task:0", board.lab.made("plan:other", title="Other"))
    board.tick()
    board.lab.delete(f"/planner/plans/{board.at('plan:main').id}")
    portion = board.tick()
    assert {str(key) for key in portion.gone[FIRST]} == {key for _, key in board.remotes} - {"task:0", "details:0"}
    board.edit("task:0", {"percentComplete": 50})
    assert fields_of(board.tick(), "task:0")["percent"] == 50
    assert board.lab.requests() == TICK * 2


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("group", [False, True])
def test_a_plan_that_is_only_hidden_is_not_gone(board, is_full, status, group):
    board.add("Theirs")
    board.tick()
    board.hide(status, group=group)
    portion = board.tick(is_full=is_full)
    assert (portion.gone, portion.left, portion.complete) == ({}, {}, ())
    assert "hidden" in portion.failed[FIRST]
    assert {str(key) for key in portion.unseen[FIRST]} == {key for _, key in board.remotes}
    board.lab.faults()
    assert board.tick().complete == (FIRST,)


def test_a_deleted_plan_in_a_hidden_group_proves_nothing(board):
    board.lab.delete(f"/planner/plans/{board.at('plan:main').id}")
    board.lab.faults({"inner": "GET /groups/{id}/planner/plans", "kind": "forbidden"})
    portion = board.tick()
    assert (portion.gone, list(portion.failed)) == ({}, [FIRST])


def test_a_task_that_cannot_be_told_from_a_hidden_one_is_not_gone(board):
    board.delete("task:1")
    board.lab.faults({"inner": "GET /planner/tasks/{id}", "kind": "forbidden"})
    portion = board.tick()
    assert portion.gone == {}
    assert "permission" in portion.unseen[FIRST][ObjectKey.parse("task:1")]
    assert portion.complete == (FIRST,)


@pytest.mark.parametrize(("deleted", "is_gone"), [(3, True), (4, False)])
def test_too_many_at_once_are_not_believed(boards, deleted, is_gone):
    boards.start(tasks=10, details=10)
    boards.pull()
    boards.delete(*(f"task:{n}" for n in range(deleted)))
    portion = boards.tick()
    if is_gone:
        assert (len(portion.gone[FIRST]), portion.unseen) == (2 * deleted, {})
    else:
        assert (portion.gone, len(portion.unseen[FIRST])) == ({}, 2 * deleted)
        assert "4 of 10 tasks" in portion.unseen[FIRST][ObjectKey.parse("task:0")]


def test_one_plan_that_fails_does_not_hurt_the_others(board):
    second = RolloutId("second")
    board.start(second)
    board.pull(FIRST, second)
    board.edit("task:1", {"percentComplete": 50})
    board.lab.faults({"inner": f"GET /planner/plans/{board.at('plan:main', second).id}/tasks", "kind": "503"})
    portion = board.tick(FIRST, second)
    assert keys(portion.seen) == ["task:1"]
    assert (portion.complete, list(portion.failed), portion.unseen, portion.gone) == ((FIRST,), [second], {}, {})
    assert "cannot be read" in portion.failed[second]


def test_details_that_fail_are_read_again_at_the_next_tick(board):
    tick = {"checklist": {"yes": {"@odata.type": "microsoft.graph.plannerChecklistItem", "isChecked": True}}}
    board.edit("details:0", tick)
    board.lab.faults({"inner": "GET /planner/tasks/{id}/details", "kind": "500"})
    portion = board.tick()
    assert (keys(portion.seen), portion.complete, list(portion.failed)) == (["task:0"], (), [FIRST])
    board.lab.faults()
    portion = board.tick()
    assert "details:0" in keys(portion.seen)
    assert portion.complete == (FIRST,)
    assert board.tick().seen == ()
    assert board.lab.requests() == TICK


def test_a_service_that_fails_raises(board):
    board.lab.faults({"route": "/graph/v1.0/$batch", "kind": "503"})
    with pytest.raises(TrackerError):
        board.pull()


def test_newcomers_come_change_and_leave(board):
    loose = board.add("Order tokens")
    ours = board.add("Book a room", board.at("bucket:enforce").id, appliedCategories={"category1": True})
    column = board.lab.graph(
        "POST", "/planner/buckets", {"planId": board.at("plan:main").id, "name": "Theirs"}, who=FRIDA
    )
    theirs = board.add("Cake", column["id"], percentComplete=50)
    portion = board.tick()
    assert board.lab.requests() == TICK
    found = {one.remote.id: one for one in portion.newcomers}
    assert {one: str(found[one].under) for one in found} == {
        loose: "plan:main",
        ours: "bucket:enforce",
        theirs: "plan:main",
    }
    assert found[ours].fields["categories"] == ["Approval"]
    assert found[theirs].fields["status"] == "In progress"
    assert found[loose].fields["created_by"] == board.lab.people[FRIDA]
    assert loose in found[loose].remote.url
    board.lab.edit(f"/planner/tasks/{theirs}", {"percentComplete": 100}, who=FRIDA)
    board.lab.delete(f"/planner/tasks/{loose}", who=FRIDA)
    portion = board.tick()
    assert portion.left == {FIRST: (loose,)}
    assert {one.remote.id: one.fields["category"] for one in portion.newcomers} == {ours: "new", theirs: "done"}
    assert board.tick().left == {}
    assert board.lab.requests() == TICK


def test_a_copy_of_our_task_is_a_newcomer(board):
    task = board.lab.graph("GET", f"/planner/tasks/{board.at('task:0').id}/details")
    copy = board.add("T0")
    board.lab.edit(f"/planner/tasks/{copy}/details", {"description": task["description"]}, who=FRIDA)
    (newcomer,) = board.tick().newcomers
    assert (newcomer.remote.id, newcomer.fields["title"]) == (copy, "T0")


def test_what_we_made_ourselves_without_knowing_it_is_no_newcomer(board):
    lost = board.lab.made("task:lost", plan=board.at("plan:main"), bucket=None, title="Lost answer")
    assert board.tick().newcomers == ()
    binding = Binding(object=ObjectKey.parse("task:lost"), marker=Marker("f" * 32), remote=lost)
    board.shelf.add(FIRST, binding)
    assert keys(board.tick().seen) == ["task:lost"]


def test_a_newcomer_that_is_bound_now_has_left(board):
    adopted = board.add("Adopt me")
    board.tick()
    binding = Binding(object=ObjectKey.parse("task:adopted"), marker=Marker("f" * 32), remote=Remote(id=adopted))
    board.shelf.add(FIRST, binding)
    portion = board.tick()
    assert (portion.left, portion.newcomers, keys(portion.seen)) == ({FIRST: (adopted,)}, (), ["task:adopted"])


def test_a_newcomer_that_only_slipped_between_two_pages_stays(board):
    slipped = board.add("Slipped")
    board.tick()
    world = board.lab.world
    kept = world.store.get(TASKS, slipped)
    other = board.lab.made("plan:other", title="Other")
    world.store.put(TASKS, slipped, {**kept, "plan": other.id})  # the list does not find it, it says that it is there
    portion = board.tick()
    assert (portion.left, [one.remote.id for one in portion.newcomers]) == ({}, [slipped])


def test_newcomers_stay_while_nothing_can_be_read(board):
    board.add("Theirs")
    board.tick()
    board.lab.faults({"inner": "GET /planner/plans/{id}/tasks", "kind": "503"})
    portion = board.tick()
    assert (portion.left, portion.newcomers) == ({}, ())


def test_a_full_look_finds_what_the_tasks_do_not_tell(board):
    board.edit("details:0", {"description": "Reworded by hand"})
    board.edit("bucket:enforce", {"name": "Go"})
    board.edit("plan:main", {"title": "Our rollout"})
    board.edit("labels:main", {"categoryDescriptions": {"category2": "Clinic"}})
    assert board.tick().seen == ()
    portion = board.tick(is_full=True)
    assert keys(portion.seen) == ["bucket:enforce", "details:0", "labels:main", "plan:main", "task:0"]
    assert board.lab.requests() == TICK * 2
    assert fields_of(portion, "details:0")["text"] == "Reworded by hand"
    assert fields_of(portion, "bucket:enforce")["title"] == "Go"
    assert fields_of(portion, "plan:main")["title"] == "Our rollout"
    assert fields_of(portion, "task:0")["categories"] == ["Clinic"]
    assert board.tick(is_full=True).seen == ()


def test_what_is_not_read_again_is_carried_over(board):
    board.lab.faults({"inner": "GET /planner/plans/{id}/details", "kind": "forbidden"})
    board.edit("task:0", {"percentComplete": 50})
    portion = board.tick()
    assert fields_of(portion, "task:0")["categories"] == ["Training"]
    assert portion.complete == (FIRST,)


def test_a_tick_just_before_a_move_is_not_lost(board):
    tick = {"checklist": {"yes": {"@odata.type": "microsoft.graph.plannerChecklistItem", "isChecked": True}}}
    board.edit("details:0", tick)
    board.move_away("task:0", board.lab.made("plan:other", title="Other"))
    assert [one["key"] for one in fields_of(board.tick(), "details:0")["ticked"]] == ["yes"]


def test_a_plan_that_vanishes_while_it_is_read_is_settled_by_the_next_look(board):
    world, plan = board.lab.world, board.at("plan:main").id
    world.store.put(PLANS, plan, {**world.store.get(PLANS, plan), "group": "elsewhere"})
    board.lab.faults({"inner": "GET /planner/plans/{id}", "kind": "forbidden", "status": 404})
    portion = board.tick(is_full=True)
    assert portion.gone == {}
    assert "vanished" in portion.unseen[FIRST][ObjectKey.parse("plan:main")]


def test_a_rollout_whose_plan_is_not_bound_is_found_by_the_addresses(boards):
    boards.start()
    del boards.shelf.known[FIRST, ObjectKey.parse("plan:main")]
    assert "task:1" in keys(boards.tick().seen)
    portion = boards.tick()
    assert (portion.seen, portion.gone, boards.lab.requests()) == ((), {}, TICK)


def test_a_rollout_without_anything_in_planner_is_complete(lab, boards):
    portion = boards.tick()
    assert portion.complete == (FIRST,)
    assert boards.lab.requests() == [f"GET /groups/{lab.facts['group']}"]


def test_portions_that_were_delivered_stay_good(boards, monkeypatch):
    monkeypatch.setattr("rollout_sync.trackers.planner.pulling.PORTION", 1)
    names = [RolloutId(f"r{n}") for n in range(3)]
    for name in names:
        boards.start(name, tasks=1, details=0, labels=())
    boards.lab.tracker.use(boards.lab.facts)
    pull = boards.lab.tracker.pull(Watch(rollouts=tuple(names), cursors={}, shelf=boards.shelf))
    boards.shelf.take(next(pull))
    pull.close()
    portions = boards.pull(*names)
    assert sorted({one.rollout for portion in portions for one in portion.seen}) == names[1:]
    assert [portion.complete for portion in portions] == [(name,) for name in names]


def test_the_version_last_seen_decides_and_not_the_one_last_written(board):
    board.edit("task:1", {"percentComplete": 50})
    board.tick()
    key = (FIRST, ObjectKey.parse("task:1"))
    known = board.shelf.known[key]
    old = replace(known.binding, remote=board.at("task:1"))
    board.shelf.known[key] = replace(known, binding=old)
    assert board.tick().seen == ()


@settings(max_examples=40, deadline=None)  # threads take the time that the machine gives them
@given(st.lists(st.integers(1, 5), max_size=130))
def test_a_stream_gives_every_page_of_every_list_in_batches_that_are_full_but_for_the_last_ones(counts):
    client = Pages(**{f"p{n}": count for n, count in enumerate(counts)})
    found = dict(stream(client, client.pages))
    assert {path: len(gathered.rows) for path, gathered in found.items()} == client.pages
    assert sum(client.sizes) == sum(counts)
    # Pages of one list come one after the other, so that only the longest list can leave room at the end.
    assert len(client.sizes) <= -(-sum(counts) // 20) + max(counts, default=0)
    if max(counts, default=1) == 1:
        assert len(client.sizes) == -(-len(counts) // 20)


def test_a_stream_asks_for_no_more_lists_than_there_is_room_for():
    client, asked = Pages(**{f"p{n}": 1 for n in range(500)}), []
    found = stream(client, (asked.append(path) or path for path in client.pages))
    next(found)
    assert len(asked) <= 5 * 20
    found.close()


@pytest.mark.parametrize("link", ["p0", "p0?2"])
def test_a_list_that_leads_back_to_itself_is_an_error(link):
    client = Pages(p0=3)
    client.relative = lambda _: link
    with pytest.raises(UnexpectedResponse, match="never end"):
        list(stream(client, ["p0"]))
