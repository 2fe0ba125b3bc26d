"""An older copy of the ledger is put back: what was made since bears no mark, and still must not be made again."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest

from support import small
from support.desk import LEDGER, PLANNER

DAY = 86_400.0
BUCKETS = "GET /planner/plans/{plan}/buckets"
REFUSED = {"kind": "429", "retry_after": "400"}
ADDED = """\
  - key: learn
    title: Learn
    items:
      - {key: talk, kind: communication, title: Talk, owner: coordinator, days: 1}
"""


def refuse(desk, inner):
    """From now on Planner asks to come back later whenever one of these is to be made."""
    desk.at.faults({**REFUSED, "inner": f"POST /planner/{inner}"})


def put_back(desk):
    for path in desk.folder.glob("ledger.sqlite*"):
        path.unlink()
    shutil.copy(desk.folder / "older", desk.ledger)
    desk.at.faults()
    desk.at.advance(DAY)


def keep(desk):
    shutil.copy(desk.ledger, desk.folder / "older")


def buckets(desk):
    rows = desk.at.content().get("graph.buckets", {}).values()
    return Counter(row["fields"]["name"] for row in rows)


def whole(desk):
    """All is there, once; another run writes nothing."""
    assert set(buckets(desk).values()) == {1}
    places = {task["bucket"] for task in desk.at.tasks()}
    assert places <= set(desk.at.content()["graph.buckets"])
    desk.at.forget()
    assert desk.call(*small.start()).code == 0
    assert desk.at.writes() == {}
    assert desk.call("verify", small.NAME).code == 0


def test_empty_buckets_of_an_interrupted_start(desk):
    refuse(desk, "buckets")
    assert desk.call(*small.start()).code == 4
    assert not buckets(desk)
    keep(desk)
    refuse(desk, "tasks")
    desk.at.advance(400)
    assert desk.call(*small.start()).code == 4
    made = buckets(desk)
    assert made
    assert not desk.at.tasks()
    put_back(desk)
    done = desk.call(*small.start())
    assert done.code == 0, done.out + done.err
    assert buckets(desk) == made
    assert len(desk.at.tasks()) == 4
    whole(desk)


@pytest.mark.slow
def test_tasks_of_an_interrupted_start_that_have_no_notes_yet(desk):
    refuse(desk, "tasks")
    assert desk.call(*small.start()).code == 4
    keep(desk)
    desk.at.faults({**REFUSED, "inner": "PATCH /planner/tasks/{task}/details"})
    desk.at.advance(400)
    assert desk.call(*small.start()).code == 4
    made = {task["id"] for task in desk.at.tasks()}
    assert len(made) == 4
    put_back(desk)
    desk.at.forget()
    done = desk.call(*small.start())
    assert (done.code, desk.at.writes()) == (5, {}), done.out + done.err
    assert "it may be an older copy" in done.err
    assert desk.call("adopt", small.ROLLOUT).code == 4
    desk.at.advance(DAY)
    assert desk.call("adopt", small.ROLLOUT).code == 0
    done = desk.call(*small.start())
    assert done.code == 0, done.out + done.err
    assert {task["id"] for task in desk.at.tasks()} == made
    whole(desk)


@pytest.mark.slow
def test_an_empty_bucket_of_a_phase_that_was_added_since(desk):
    desk.configure(PLANNER + LEDGER)
    assert desk.call(*small.start()).code == 0
    keep(desk)
    desk.write("small.yaml", small.TEMPLATE + ADDED)
    refuse(desk, "tasks")
    assert desk.call(*small.start()).code == 4
    made = buckets(desk)
    assert made["Learn"] == 1
    put_back(desk)
    done = desk.call(*small.start())
    assert done.code == 0, done.out + done.err
    assert buckets(desk) == made
    assert desk.at.task("Talk")["bucket"] in desk.at.content()["graph.buckets"]
    whole(desk)


@pytest.mark.slow
def test_a_plan_that_was_in_doubt_when_the_copy_was_taken(desk):
    """Whether the plan exists is settled by the very run that makes its buckets."""
    desk.at.faults({"kind": "late", "seconds": 200, "route": "/graph/v1.0/planner/plans"})
    assert desk.call(*small.start()).code == 4
    keep(desk)
    desk.at.advance(400)
    refuse(desk, "tasks")
    assert desk.call(*small.start()).code == 4
    made = buckets(desk)
    assert made
    put_back(desk)
    done = desk.call(*small.start())
    assert done.code == 0, done.out + done.err
    assert buckets(desk) == made
    assert len(desk.at.content()["graph.plans"]) == 1
    whole(desk)


def test_a_plan_that_is_found_late_in_the_run(desk):
    """Its buckets are looked for as well: at first Planner could not be asked for the plan."""
    desk.at.faults({"kind": "late", "seconds": 200, "route": "/graph/v1.0/planner/plans"})
    assert desk.call(*small.start()).code == 4
    keep(desk)
    desk.at.advance(400)
    refuse(desk, "tasks")
    assert desk.call(*small.start()).code == 4
    made = buckets(desk)
    put_back(desk)
    desk.at.faults({"kind": "forbidden", "inner": "GET /groups/{group}/planner/plans", "nth": [3]})
    done = desk.call(*small.start())
    assert done.code == 0, done.out + done.err
    assert made
    assert buckets(desk) == made
    whole(desk)


@pytest.mark.slow
def test_only_a_run_that_makes_buckets_in_an_old_plan_looks_for_them(desk):
    def lists():
        found = desk.at.asked()[BUCKETS]
        desk.at.forget()
        return found

    assert desk.call(*small.start()).code == 0
    assert lists() == 0, "a first start has nothing to find"
    assert desk.call(*small.start()).code == 0
    usual = lists()  # what stands is read back
    desk.write("small.yaml", small.TEMPLATE.replace("Tell everybody", "Tell all"))
    assert desk.call(*small.start()).code == 0
    assert lists() == usual
    desk.write("small.yaml", small.TEMPLATE + ADDED)
    assert desk.call(*small.start()).code == 0
    assert lists() == usual + 1
    assert buckets(desk)["Learn"] == 1
