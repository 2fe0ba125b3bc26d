"""One writer per rollout: a lease row with a fence, and an operating-system lock that dies with its process.

The row protects against another machine on the same ledger; the lock tells a dead owner on this machine from a slow
one, so that a run after a crash need not wait for the lease to end.
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.engine import Connection

from rollout_sync.errors import LedgerBusy
from rollout_sync.ledger.opening import Database, translated
from rollout_sync.ledger.tables import lease
from rollout_sync.model.codec import instant_from, instant_text
from rollout_sync.model.rollout import RolloutId

LEASE_SECONDS = 600


class _Clock(Protocol):
    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


@dataclass(slots=True)
class Lease:
    """A held lease.

    Attributes:
        fence: rises with every taking; stored with each request, so that a server log shows who wrote when.
    """

    rollout: RolloutId
    owner: str
    fence: int
    _ends: float
    _clock: _Clock
    _database: Database

    @property
    def seconds_left(self) -> float:
        """Measured on the monotonic clock, so that a clock set backward does not prolong it."""
        return self._ends - self._clock.monotonic()

    def renew(self, connection: Connection) -> None:
        """Prolong, inside a transaction that is written anyway.

        Raises:
            LedgerBusy: another owner took the lease meanwhile; nothing more may be sent.
        """
        until = self._clock.now() + timedelta(seconds=LEASE_SECONDS)
        changed = connection.execute(
            lease.update()
            .where(lease.c.rollout_id == self.rollout, lease.c.owner == self.owner, lease.c.fence == self.fence)
            .values(until=instant_text(until))
        )
        if not changed.rowcount:
            raise LedgerBusy(
                f"another run took over {self.rollout}", hint="wait until it ends, then run the same command again"
            )
        self._ends = self._clock.monotonic() + LEASE_SECONDS


@contextlib.contextmanager
def held(database: Database, rollout: RolloutId, clock: _Clock) -> Iterator[Lease]:
    """Hold the rollout's lease for the block.

    Raises:
        LedgerBusy: another run holds it; says which, and until when.
    """
    lock = FileLock(f"{database.path}.{rollout}.lock", timeout=0)
    with translated(database.path):
        try:
            lock.acquire()
        except Timeout as error:  # an OSError of its own
            raise LedgerBusy(
                f"another run on this machine is working on {rollout}", hint="wait until it ends, then run again"
            ) from error
    try:
        taken = _take(database, rollout, clock)
        try:
            yield taken
        finally:
            _give_back(database, taken)
    finally:
        lock.release()


def _take(database: Database, rollout: RolloutId, clock: _Clock) -> Lease:
    owner = f"{platform.node()}:{os.getpid()}:{secrets.token_hex(4)}"
    now = clock.now()
    with database.transaction() as connection:
        row = connection.execute(sa.select(lease).where(lease.c.rollout_id == rollout)).one_or_none()
        if row is not None and row.owner and row.host != platform.node() and instant_from(row.until) > now:
            raise LedgerBusy(
                f"{rollout} is held by {row.owner} until {instant_from(row.until):%H:%M:%S} UTC",
                hint="wait until then, then run the same command again",
            )
        fence = (row.fence if row is not None else 0) + 1
        values = {
            "owner": owner,
            "host": platform.node(),
            "fence": fence,
            "until": instant_text(now + timedelta(seconds=LEASE_SECONDS)),
        }
        if row is None:
            connection.execute(lease.insert().values(rollout_id=rollout, **values))
        else:
            connection.execute(lease.update().where(lease.c.rollout_id == rollout).values(**values))
    return Lease(rollout, owner, fence, clock.monotonic() + LEASE_SECONDS, clock, database)


def _give_back(database: Database, taken: Lease) -> None:
    with database.transaction() as connection:
        connection.execute(
            lease.update()
            .where(lease.c.rollout_id == taken.rollout, lease.c.owner == taken.owner, lease.c.fence == taken.fence)
            .values(owner="", until=instant_text(taken._clock.now()))  # noqa: SLF001 -- the same module
        )
