"""Who is told of which rollouts, how often, and which departments they see: out of the people lists and the settings.

A person is one reader, however many roles and rollouts they have; an address is one person, whatever its case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time

from rollout_sync.config.settings import Cadence, DigestSettings, ReaderSettings
from rollout_sync.model.rollout import Department, Person, Rollout, RolloutId

SEES_ALL = frozenset({"sponsor", "coordinator"})
"""Roles that see all departments; every other role sees that of its person."""
DEPARTMENTAL = frozenset({"department_head", "supervisor"})
"""Roles that are told of their own department only, and of nothing where the people list names none."""
_OFTEN = (Cadence.DAILY, Cadence.WEEKLY, Cadence.MONTHLY, Cadence.NEVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A reader's place in one rollout.

    Attributes:
        roles: those that are told, as the people list names them; empty for readers that the settings add.
        departments: keys of the departments that they see; None for all.
    """

    rollout: RolloutId
    roles: tuple[str, ...] = ()
    departments: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who is told.

    Attributes:
        email: in lower case.
        name: how to call them; the address where nobody knows.
        weekday: day of weekly digests; 0 is Monday.
        time: from when on a day they are told, in `zone`, an IANA name.
        heartbeat: whether they want a line when there is nothing to tell.
    """

    email: str
    name: str
    seats: tuple[Seat, ...]
    every: Cadence
    weekday: int
    time: time
    zone: str
    heartbeat: bool = False

    def seat(self, rollout: RolloutId) -> Seat | None:
        """Their place in a rollout; None where they have none."""
        return next((one for one in self.seats if one.rollout == rollout), None)


def readers_of(rollouts: Iterable[Rollout], settings: DigestSettings) -> tuple[Reader, ...]:
    """Everybody who is told of any of these rollouts, each once, by address.

    Whoever has a role that is told, is told as often as the most frequent of their roles. A reader of the settings
    with the same address sets how often, when and where; that they name no department leaves a person of the people
    list what their roles see. `every = "never"` leaves somebody out of the rollouts that it names, or out of all.

    Args:
        rollouts: those that run.
        settings: section `[digest]`.
    """
    running = tuple(rollouts)
    found: dict[str, Reader] = {}
    for rollout in running:
        for person in rollout.people:
            _seat_person(found, rollout, person, settings)
    known = {person.email.lower(): person.name for rollout in running for person in rollout.people}
    for extra in settings.readers:
        _seat_extra(found, running, extra, known)
    return tuple(found[email] for email in sorted(found) if found[email].seats)


def _seat_person(found: dict[str, Reader], rollout: Rollout, person: Person, settings: DigestSettings) -> None:
    told = {role: settings.roles.get(role, Cadence.NEVER) for role in person.roles}
    roles = tuple(role for role, every in told.items() if every is not Cadence.NEVER)
    if not roles:
        return
    departments = _departments(roles, person, rollout.departments)
    if departments == ():
        return
    email = person.email.lower()
    seat = Seat(rollout=rollout.id, roles=roles, departments=departments)
    every = min((told[role] for role in roles), key=_OFTEN.index)
    before = found.get(email)
    found[email] = Reader(
        email=email,
        name=person.name,
        seats=(*(before.seats if before else ()), seat),
        every=min(every, before.every, key=_OFTEN.index) if before else every,
        weekday=settings.weekday,
        time=settings.time,
        zone=settings.zone,
        heartbeat=settings.heartbeat,
    )


def _departments(roles: Sequence[str], person: Person, departments: Sequence[Department]) -> tuple[str, ...] | None:
    """What the roles see together; None for everything, nothing where their department takes no part."""
    if SEES_ALL.intersection(roles):
        return None
    if person.department:
        return _keys(departments, [person.department])
    return () if DEPARTMENTAL.issuperset(roles) else None


def _keys(departments: Iterable[Department], wanted: Iterable[str]) -> tuple[str, ...]:
    """Keys of the departments with these names or keys."""
    names = {one.casefold() for one in wanted}
    return tuple(one.key for one in departments if {one.key.casefold(), one.name.casefold()} & names)


def _seat_extra(
    found: dict[str, Reader], rollouts: Sequence[Rollout], extra: ReaderSettings, names: Mapping[str, str]
) -> None:
    email = extra.email.lower()
    before = found.get(email)
    wanted = {one.casefold() for one in extra.rollouts}
    meant = [one for one in rollouts if not wanted or {one.id.casefold(), one.name.casefold()} & wanted]
    left = tuple(one for one in (before.seats if before else ()) if one.rollout not in {each.id for each in meant})
    if extra.every is Cadence.NEVER:
        if before is not None:
            found[email] = replace(before, seats=left)
        return
    seats = (seat for one in meant if (seat := _extra_seat(one, extra, before)) is not None)
    found[email] = Reader(
        email=email,
        name=extra.name or names.get(email) or email,
        seats=(*left, *seats),
        every=extra.every,
        weekday=extra.weekday,
        time=extra.time,
        zone=extra.zone,
        heartbeat=extra.heartbeat,
    )


def _extra_seat(rollout: Rollout, extra: ReaderSettings, before: Reader | None) -> Seat | None:
    """Their seat in a rollout; None where it has none of the departments that they are to see."""
    seat = before.seat(rollout.id) if before is not None else None
    if not extra.departments:
        return seat or Seat(rollout=rollout.id)
    keys = _keys(rollout.departments, extra.departments)
    return Seat(rollout=rollout.id, roles=seat.roles if seat else (), departments=keys) if keys else None
