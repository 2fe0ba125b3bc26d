"""The sandbox's memory, clock, people and switches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rollout_sync.sandbox.clock import SandboxClock
from rollout_sync.sandbox.seed import PEOPLE, person
from rollout_sync.sandbox.store import Store
from rollout_sync.sandbox.switches import Switch, Switches, UnknownSwitch
from rollout_sync.sandbox.world import World


def test_documents_come_back_after_a_restart_in_their_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    for key in ("b", "a", "c"):
        store.put("things", key, {"key": key, "of": [1, None, "ü"]})
    store.delete("things", "a")
    store.commit()
    again = Store(tmp_path / "state.db")
    assert again.scan("things") == [{"key": "b", "of": [1, None, "ü"]}, {"key": "c", "of": [1, None, "ü"]}]
    store.close()
    again.close()


def test_what_was_not_committed_is_not_in_the_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    store.put("things", "a", {})
    again = Store(tmp_path / "state.db")
    assert again.get("things", "a") is None
    again.close()
    store.close()


def test_numbers_never_repeat_over_restarts(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    assert [store.next_number("issue", first=10_001), store.next_number("issue", first=10_001)] == [10_001, 10_002]
    store.close()
    again = Store(tmp_path / "state.db")
    assert again.next_number("issue", first=10_001) == 10_003
    again.close()


def test_the_index_follows_changes_and_deletes() -> None:
    store = Store()
    store.put("tasks", "1", {"plan": "p"})
    store.put("tasks", "2", {"plan": "p"})
    assert store.count_where("tasks", "plan", "p") == 2
    moved = store.get("tasks", "1")
    assert moved is not None
    moved["plan"] = "q"
    store.put("tasks", "1", moved)
    store.delete("tasks", "2")
    assert (store.where("tasks", "plan", "p"), store.where("tasks", "plan", "q")) == ([], [{"plan": "q"}])
    store.put("tasks", "3", {"plan": None})
    assert store.where("tasks", "plan", None) == [{"plan": None}]
    store.reset()
    assert store.where("tasks", "plan", "q") == []
    store.close()


def test_the_clock_moves_freezes_and_remembers(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    real = datetime(2027, 1, 1, tzinfo=UTC)
    clock = SandboxClock(store, real=lambda: real)
    clock.advance(90)
    assert clock.now() == real + timedelta(seconds=90)
    clock.freeze(datetime(2030, 5, 5, tzinfo=UTC))
    clock.advance(1)
    store.close()
    again = Store(tmp_path / "state.db")
    woken = SandboxClock(again, real=lambda: real)
    assert woken.now() == datetime(2030, 5, 5, 0, 0, 1, tzinfo=UTC)
    woken.run()
    assert woken.now() == datetime(2030, 5, 5, 0, 0, 1, tzinfo=UTC)
    with woken.pinned(real):
        assert woken.now() == real
    again.close()


def test_people_have_the_same_ids_everywhere() -> None:
    world, other = World.open(seed=1), World.open(seed=2)
    assert world.people.all() == other.people.all()
    assert len(world.people.all()) == len(PEOPLE)
    cora = world.people.by_email("Cora.Coordinator@example.com")
    assert cora is not None
    assert world.people.by_graph_id(cora.graph_id) == world.people.by_account_id(cora.account_id) == cora
    assert cora.account_id.startswith("712020:")
    world.people.add(person("Nora New", "nora.new@example.com"))
    assert world.people.by_email("nora.new@example.com") is not None
    world.store.close()
    other.store.close()


def test_switches_are_declared_typed_and_kept() -> None:
    store = Store()
    switches = Switches(store, [])
    switches.declare(
        Switch(name="size", default=400, meaning="page size"),
        Switch(name="is_on", default=False, meaning="on"),
        Switch(name="way", default="a", choices=("a", "b"), meaning="which way"),
    )
    switches.set("size", 2)
    switches.set("way", "b")
    assert (switches["size"], switches.is_on("is_on"), switches["way"]) == (2, False, "b")
    switches.set("size", None)
    assert switches.as_json()["size"] == {"value": 400, "default": 400, "meaning": "page size"}
    for name, value in (("sise", 1), ("is_on", 1), ("way", "c"), ("size", "many")):
        with pytest.raises(UnknownSwitch, match=name):
            switches.set(name, value)
    store.close()


def test_a_reset_plants_again_and_goes_back_to_the_start() -> None:
    world = World.open(frozen=datetime(2027, 1, 1, tzinfo=UTC))
    world.plant("garden", lambda w: w.store.put("garden", "tree", {"height": 1}))
    world.store.put("garden", "weed", {})
    world.clock.advance(10)
    world.latency_ms = 5
    first = world.random.random()
    world.reset()
    assert world.store.keys("garden") == ["tree"]
    assert (world.clock.now(), world.latency_ms) == (datetime(2027, 1, 1, tzinfo=UTC), 0)
    assert world.random.random() == first
    world.store.close()
