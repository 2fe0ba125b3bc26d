"""From the ledger to a review: re-expands the rollout, takes what was concluded of it, and asks `health`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TypeAlias

from rollout_sync.errors import ConfigError, NotPlanned
from rollout_sync.health.prior import Prior
from rollout_sync.health.review import Case, PastReview, Review
from rollout_sync.health.verdict import lesson, review
from rollout_sync.ledger import chronicle, rollouts, sightings
from rollout_sync.ledger.opening import Database, Transaction
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.records import record
from rollout_sync.model.rollout import ItemKey, RolloutId, TrackerName
from rollout_sync.model.snapshot import Coverage
from rollout_sync.reconcile.notices import notices
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from rollout_sync.sync import remembering, wishing
from rollout_sync.sync.forecasting import prior_of
from rollout_sync.sync.planning import Wish

WishOf: TypeAlias = Callable[[RolloutRow], "Wish | None"]
"""How a running rollout is expanded again; None where the ledger does not hold what it was started from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A rollout's case with its review."""

    name: str
    case: Case
    review: Review


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rollout of a portfolio, as it was last reviewed; `last` is None where that never happened."""

    id: RolloutId
    name: str
    last: PastReview | None
    coverage: Mapping[TrackerName, Coverage]


def case_of(
    rollout: RolloutId,
    database: Database,
    now: datetime,
    *,
    as_of: date | None = None,
    wish_of: WishOf = wishing.again,
    prior: Prior | None = None,
) -> Case:
    """Everything that a review needs, as it is known now, or as it was known at the end of a day.

    Raises:
        ConfigError: the ledger does not know the rollout, or nothing of it on that day.
        NotPlanned: it was adopted, and the ledger does not know what it was started from.
    """
    moment = min(now, datetime.combine(as_of, time.max, UTC)) if as_of is not None else now
    with database.reading() as connection:
        row = _known(connection, rollout)
        snapshot = remembering.snapshot(connection, rollout, now, moment if as_of is not None else None)
        earlier = remembering.past_reviews(connection, rollout, moment)
        first = rollouts.first_accepted(connection, rollout) or row.accepted_at
    if as_of is not None and not snapshot.agreed:
        raise ConfigError(
            f"{row.name!r} was not started yet on {as_of.day} {as_of:%b %Y}",
            where=f"rollout {rollout}",
            hint=f"it was accepted on {first.day} {first:%b %Y}; name a later day",
        )
    if as_of is not None:
        snapshot = replace(snapshot, coverage=_as_of(snapshot.coverage, earlier))
    wish = _wish(row, wish_of)
    calendar = WorkCalendar.of(wish.rollout.calendar)
    return Case(
        rollout=wish.rollout,
        schedule=plan_dates(wish.rollout, calendar, date.fromisoformat(str(row.source["planned_from"]))),
        baseline={
            ItemKey(key): (date.fromisoformat(days[0]), date.fromisoformat(days[1]))
            for key, days in row.baseline.items()
        },
        calendar=calendar,
        snapshot=snapshot,
        now=moment,
        prior=prior or prior_of(database),
        earlier=earlier,
    )


def _known(connection: Transaction, rollout: RolloutId) -> RolloutRow:
    row = rollouts.load(connection, rollout)
    if row is None:
        raise ConfigError(
            f"the ledger does not know {rollout}", hint="`rollout-sync status` lists the rollouts it knows"
        )
    return row


def _wish(row: RolloutRow, wish_of: WishOf) -> Wish:
    wish = wish_of(row)
    if wish is None:
        raise NotPlanned(
            f"{row.name!r} was adopted, and the ledger does not hold its template yet",
            where=f"rollout {row.id}",
            hint=f'run `rollout-sync start TEMPLATE --name "{row.name}"` once; it makes nothing twice',
        )
    return wish


def _as_of(coverage: Mapping[TrackerName, Coverage], earlier: Sequence[PastReview]) -> dict[TrackerName, Coverage]:
    """When the services had last been read by then: pulls are not kept, but each review followed one."""
    last = earlier[-1].at if earlier else None
    return {name: Coverage(good_at=last, tried_at=last) for name in coverage}


def reviewed(
    rollout: RolloutId,
    database: Database,
    now: datetime,
    *,
    as_of: date | None = None,
    wish_of: WishOf = wishing.again,
    with_drivers: bool = True,
) -> Reviewed:
    """A rollout's health by what the ledger holds; asks no service. Raises as `case_of` does."""
    case = case_of(rollout, database, now, as_of=as_of, wish_of=wish_of)
    with database.reading() as connection:
        row = _known(connection, rollout)
    found = notices(case.rollout, case.snapshot, case.calendar, case.now, names_of(row, case))
    return Reviewed(name=row.name, case=case, review=review(case, findings=found, with_drivers=with_drivers))


def names_of(row: RolloutRow, case: Case) -> dict[str, str]:
    """Names of people by e-mail address and by remote user id."""
    by_email = {person.email.lower(): person.name for person in case.rollout.people}
    accounts = row.source.get("accounts")
    found = dict(by_email)
    for known in accounts.values() if isinstance(accounts, dict) else ():
        found.update({user: by_email.get(email, email) for email, user in known.items()})
    return found


def keep(database: Database, made: Reviewed) -> None:
    """Write a review into the chronicle, and what the rollout teaches once it is finished."""
    body = record(past_of(made.review))
    taught = lesson(made.case)
    with database.transaction() as connection:
        lines = {remembering.REVIEW: body, **({chronicle.LESSON: record(taught)} if taught is not None else {})}
        chronicle.note(connection, made.case.rollout.id, made.review.at, lines)


def past_of(made: Review) -> PastReview:
    """What is kept of a review."""
    forecast = made.forecast
    return PastReview(
        at=made.at,
        colour=made.colour,
        computed=made.computed,
        signals={signal.name: signal.colour for signal in made.signals},
        scores={signal.name: signal.score for signal in made.signals if signal.score is not None},
        p_grace=made.dates.p_grace,
        p_target=made.dates.p_target,
        agreed=made.dates.agreed,
        sentence=made.sentence,
        stale=made.stale,
        done=made.tally.done,
        total=made.tally.total,
        p10=forecast.at(0.1).date() if forecast is not None else None,
        p50=made.dates.p50,
        p80=made.dates.p80,
        p90=forecast.at(0.9).date() if forecast is not None else None,
    )


def portfolio(database: Database) -> tuple[Row, ...]:
    """All rollouts as they were last reviewed, oldest first."""
    with database.reading() as connection:
        return tuple(
            Row(
                id=rollout,
                name=name,
                last=remembering.last_review(connection, rollout),
                coverage=sightings.coverages(connection, rollout),
            )
            for rollout, name in rollouts.names(connection)
        )
