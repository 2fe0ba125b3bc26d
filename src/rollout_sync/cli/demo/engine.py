"""The program inside the demonstration's own process, so that a day takes no start of an interpreter.

Nothing of it is a stand-in but its clock, which shows the day of the story.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rollout_sync import config
from rollout_sync.app import App, Edges
from rollout_sync.cli.demo.stage import beside_proxies
from rollout_sync.model.rollout import RolloutId
from rollout_sync.sync import remembering, reviewing, syncing, wishing
from rollout_sync.sync.planning import Wish
from rollout_sync.sync.reviewing import Reviewed, WishOf
from rollout_sync.sync.syncing import Office, Tick
from rollout_sync.template import shipped
from rollout_sync.template.people import read_people
from rollout_sync.transport.clock import SystemClock

if TYPE_CHECKING:
    from datetime import date

    from rollout_sync.health.review import PastReview
    from rollout_sync.ledger.rollouts import RolloutRow


class StoryClock(SystemClock):
    """Stands still at the moment that it is set to; seconds to wait are real ones."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment of the story, as aware UTC."""
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What a scheduled `sync` runs, for one rollout."""

    rollout: RolloutId
    office: Office
    clock: StoryClock

    def tick(self) -> Tick:
        """One `sync`."""
        return syncing.sync((self.rollout,), self.office)

    def last_review(self) -> PastReview:
        """The newest review that was kept.

        Raises:
            LookupError: there was no tick yet.
        """
        with self.office.database.reading() as connection:
            found = remembering.last_review(connection, self.rollout)
        if found is None:
            raise LookupError(self.rollout)
        return found

    def review(self) -> Reviewed:
        """How it stands now, without the causes of delay, which take long."""
        database, now = self.office.database, self.clock.now()
        return reviewing.reviewed(self.rollout, database, now, wish_of=self.office.wish_of, with_drivers=False)


@contextmanager
def running(rollout: RolloutId, url: str, environ: Mapping[str, str], clock: StoryClock) -> Iterator[Engine]:
    """The program against the sandbox at this address, with the ledger that `environ` names, open for the block."""
    settings = config.for_sandbox(url, environ)
    app = App(settings=settings, environ=environ, keystore=config.system_keystore(), edges=Edges(clock=clock))
    with beside_proxies(environ), app.ledger() as database:
        office = replace(app.office(database), wish_of=_once(wishing.again))
        yield Engine(rollout=rollout, office=office, clock=clock)


def wish_of(template: str, people: Path, *, name: str, go_live: date, company: str) -> Wish:
    """What a coordinator asks for, expanded from the template once more; nothing of it comes out of a ledger."""
    listed = read_people(people.read_bytes(), people.name)
    return wishing.wish(shipped.load(template), {"company": company}, listed, name=name, go_live=go_live, start=None)


def _once(again: WishOf) -> WishOf:
    """Expand each state of a rollout once: the template does not change while the story goes on."""
    known: dict[tuple[str, ...], Wish | None] = {}

    def remembered(row: RolloutRow) -> Wish | None:
        key = (row.name, row.fingerprint, str(row.source.get("go_live")), str(row.source.get("start")))
        if key not in known:
            known[key] = again(row)
        return known[key]

    return remembered
