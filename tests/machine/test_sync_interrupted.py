"""A start that was interrupted, and the ticks after it: they release nothing by halves, and say what has to be done."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from machine.life import CALM, LEDGER, Mishaps, empty_ledger
from machine.stage import Stage
from machine.sync_drafts import FRIDA, GATE_P, SAM, GateDraft
from machine.sync_life import SyncLife, one_thread_of_sync
from machine.sync_people import People
from machine.sync_watch import Watch
from machine.sync_wire import SyncBook

DRAFT = GateDraft()
LATER = replace(DRAFT, later=1)
"""Another go-live day: every object with a date has to be written."""


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    with one_thread_of_sync(monkeypatch):
        yield


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


class House:
    """One ledger, one sandbox, and processes one after the other."""

    def __init__(self, root: Path) -> None:
        self.stage = Stage()
        self.folder = Path(tempfile.mkdtemp(dir=root))
        (self.folder / LEDGER).write_bytes(empty_ledger())
        (self.folder / LEDGER).chmod(0o600)
        self.book = SyncBook(self.stage, _never_mind)
        self.people = People(Watch(self.stage, DRAFT, _never_mind))

    def life(self, mishaps: Mishaps = CALM) -> SyncLife:
        return SyncLife(stage=self.stage, book=self.book, folder=self.folder, services="jira planner", mishaps=mishaps)

    def start(self, draft: GateDraft, kill: int = 0) -> bool:
        """Whether it came to its end."""
        life = self.life(Mishaps(kill=kill))
        result = life.run(draft, force=True)
        self.folder = life.heir or self.folder
        self.stage.advance(400.0)
        return not result.killed

    def tick(self) -> list[str]:
        """What hindered it."""
        result = self.life().sync(full=True)
        self.stage.advance(700.0)
        assert result.tick is not None
        return [one.problem for one in result.tick.rollouts if one.problem]

    def held(self) -> bool:
        return self.people.board.look()["jira", "run/delta"].held

    def approve(self) -> None:
        gate = self.people.board.get(("planner", GATE_P))
        assert gate is not None
        for who in (FRIDA, SAM):
            item = "Approved" if who is FRIDA else "Approved with conditions"
            self.stage.act("planner", "tick", who.email, task=gate["id"], item=item)
        self.stage.advance(700.0)


def _never_mind(_holds: bool, _name: str, _words: str) -> None:
    """What the machine would require is not looked at here."""


def test_a_tick_leaves_a_third_of_the_rollout_to_people_and_says_what_to_do(house):
    house.start(DRAFT)
    assert house.tick() == []
    assert not house.start(LATER, kill=8)
    assert house.tick() == []
    house.approve()
    (problem,) = house.tick()
    assert "would be updated" in problem
    assert "run `rollout-sync start` again with --force" in problem
    assert house.held()
    assert house.start(LATER)
    assert house.tick() == []
    assert not house.held()
