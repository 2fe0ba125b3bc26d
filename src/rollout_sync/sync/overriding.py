"""A person's own colour for a rollout: with a reason, for a limited time, and never hiding what was computed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from rollout_sync.errors import ConfigError
from rollout_sync.health.colours import OVERRIDE_DAYS
from rollout_sync.health.review import Colour
from rollout_sync.ledger import chronicle, rollouts, sightings
from rollout_sync.ledger.opening import Database
from rollout_sync.model.records import record
from rollout_sync.model.rollout import RolloutId
from rollout_sync.model.snapshot import Override
from rollout_sync.sync import remembering, reviewing
from rollout_sync.sync.remembering import OVERRIDE


def checked(colour: Colour, reason: str, by: str, until: date, today: date) -> Override:
    """An override that may be set today.

    Raises:
        ConfigError: the reason is missing, or the last day lies in the past or too far ahead.
    """
    if not reason.strip():
        raise ConfigError("a colour set by hand needs a reason", hint="say why: --reason TEXT")
    longest = today + timedelta(days=OVERRIDE_DAYS)
    if not today <= until <= longest:
        raise ConfigError(
            f"a colour set by hand cannot hold until {until:%d %b %Y}",
            where="--until",
            hint=f"name a day from today to {longest:%d %b %Y}; it can be set again then",
        )
    return Override(colour=colour.value, reason=reason.strip(), by=by, until=until)


def override(database: Database, rollout: RolloutId, wanted: Override | None, now: datetime) -> None:
    """Set a colour by hand, or with None go back to the computed one; the next tick tells the boards.

    Raises:
        ConfigError: the ledger does not know the rollout.
    """
    with database.transaction() as connection:
        if rollouts.load(connection, rollout) is None:
            raise ConfigError(
                f"the ledger does not know {rollout}", hint="`rollout-sync status` lists the rollouts it knows"
            )
        body = record(wanted) if wanted is not None else None
        chronicle.note(connection, rollout, now, {OVERRIDE: body})
        rollouts.record(connection, rollout, now, "override", {"override": body})
        sightings.touch(connection, [rollout])
        is_reviewed = remembering.last_review(connection, rollout) is not None
    if is_reviewed:  # what shows all rollouts at once shows their last reviews
        reviewing.keep(database, reviewing.reviewed(rollout, database, now, with_drivers=False))
