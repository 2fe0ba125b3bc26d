"""A misbehaving server, a clock that only moves when somebody sleeps, and a transport between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rollout_sync.transport import Limits, Transport
from support.faulty import FaultServer, StepClock


@pytest.fixture
def server() -> Iterator[FaultServer]:
    started = FaultServer()
    yield started
    started.close()


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def transport(clock: StepClock) -> Iterator[Transport]:
    made = Transport(clock=clock, limits=Limits(read_timeout=0.5, connect_timeout=0.5))
    yield made
    made.close()
