"""A sandbox with its clock frozen, and a desk in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rollout_sync.sandbox.world import World
from support.graph_desk import NOW, Desk


@pytest.fixture
def world() -> Iterator[World]:
    made = World.open(frozen=NOW)
    yield made
    made.store.close()


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk.at(world)
