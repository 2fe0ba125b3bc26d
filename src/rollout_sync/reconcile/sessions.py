"""Which training sessions people should be invited to, and what to do about those that were told already. Pure.

A session is held on the last planned day of its item, as the board has it; at `FIRST_HOUR` of the given zone, because
templates name no time. Nobody is invited before the gates in front of it are open, nor earlier than `AHEAD`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rollout_sync.model.codec import fingerprint, instant_text
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Department, Item, ItemKey, ItemKind, Person, Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.model.sessions import Guest, Session, SessionState, Stage
from rollout_sync.model.snapshot import ItemStatus, Snapshot

FIRST_HOUR = time(10)
AHEAD = timedelta(days=28)
"""Earlier than this an invitation is more likely to be moved than to be remembered."""
LEARNERS = ("supervisor", "employee")
"""Roles that are invited, where the people list has them."""
HEADS = "department_head"
"""Who is invited where it has not: somebody has to pass the word on."""


class Act(StrEnum):
    """What to do about a session."""

    INVITE = "invite"
    CHANGE = "change"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do; `wanted` is None where it is called off, `known` where nobody was told yet."""

    act: Act
    item: ItemKey
    wanted: Session | None = None
    known: SessionState | None = None


def wanted_sessions(rollout: Rollout, schedule: Schedule, snapshot: Snapshot, zone: str) -> dict[ItemKey, Session]:
    """All sessions of the rollout that have somebody to hold them, by item; deleted ones are left out."""
    found: dict[ItemKey, Session] = {}
    for item in rollout.items:
        if item.kind is not ItemKind.TRAINING or item.training is None or item.owner is None:
            continue
        state = snapshot.items.get(item.key)
        if state is not None and state.status is ItemStatus.GONE:
            continue
        starts = starts_at(_day(item, schedule, snapshot), zone)
        found[item.key] = Session(
            item=item.key,
            title=(state.title if state is not None else "") or item.title,
            text=_text(item, rollout),
            starts=starts,
            ends=_after(starts, item.training.minutes),
            zone=zone,
            host=Guest(email=item.owner.email, name=item.owner.name),
            guests=guests_of(item, rollout),
            seats=item.training.seats,
        )
    return found


def steps(wanted: Mapping[ItemKey, Session], rollout: Rollout, snapshot: Snapshot, now: datetime) -> tuple[Step, ...]:
    """What to do, in the order of the sessions' keys. Sessions that have begun, or are done, are left alone.

    One that was moved into the past while its guests still wait for it is called off.
    """
    gates = {item.key: item.held_by for item in rollout.items}
    found: list[Step] = []
    for key in sorted({*wanted, *snapshot.sessions}):
        session, known = wanted.get(key), snapshot.sessions.get(key)
        act = None if _is_done(key, snapshot) else _act(session, known, now)
        if act is Act.INVITE and session is not None and not _may_be_told(session, gates.get(key, ()), snapshot, now):
            continue
        if act is not None:
            found.append(Step(act=act, item=key, wanted=session, known=known))
    return tuple(found)


def told_of(session: Session) -> str:
    """Fingerprint of what guests see of a session; who holds it is compared by itself, see `SessionState.host`."""
    people = sorted(one.email.lower() for one in session.guests)
    return fingerprint(
        [session.title, session.text, instant_text(session.starts), instant_text(session.ends), session.zone, people]
    )


def findings_of(wanted: Mapping[ItemKey, Session], now: datetime) -> Iterator[Finding]:
    """What a coordinator should know of the sessions to come: nobody to invite, or too few seats."""
    for session in wanted.values():
        if session.starts <= now or session.starts - now > AHEAD:
            continue
        if not session.guests:
            yield Finding(
                severity=Severity.WARNING,
                code="session-nobody",
                message=f"nobody can be invited to “{session.title}”",
                hint="give people a role that it is for (`invites`; else supervisor or employee) in the people list",
                where=session.item,
            )
        elif session.seats and len(session.guests) > session.seats:
            yield Finding(
                severity=Severity.WARNING,
                code="session-full",
                message=f"“{session.title}” has {session.seats} seats for {len(session.guests)} people",
                hint="plan another session, or more seats; everybody is invited to this one",
                where=session.item,
            )


def starts_at(day: date, zone: str) -> datetime:
    """The first moment of a session on that day. Ten o'clock exists once on every day of every zone we know of."""
    return datetime.combine(day, FIRST_HOUR, ZoneInfo(zone))


def guests_of(item: Item, rollout: Rollout) -> tuple[Guest, ...]:
    """Whom a session is for: people of its department, everybody for a session without one, each once by address."""
    place, asked = _department(item, rollout), item.training.invites if item.training is not None else ()
    if asked:  # the template says whom; who belongs to no department works for all
        named = (person for person in rollout.people if set(asked) & set(person.roles))
        people = [person for person in named if not person.department or _belongs(person, place)]
    else:
        here = [person for person in rollout.people if _belongs(person, place)]
        learners = [person for person in here if set(LEARNERS) & set(person.roles)]
        people = learners or [person for person in here if HEADS in person.roles]
    host = item.owner.email.lower() if item.owner is not None else ""
    found = {person.email.lower(): Guest(email=person.email, name=person.name) for person in people}
    return tuple(guest for email, guest in sorted(found.items()) if email != host)


def _act(session: Session | None, known: SessionState | None, now: datetime) -> Act | None:
    if known is not None and known.stage is Stage.WITHDRAWN:
        return None
    stands = known is not None and known.stands
    if session is None or not session.guests:
        return Act.CANCEL if known is not None and stands and known.starts > now else None
    if session.starts <= now:
        return Act.CANCEL if known is not None and stands and known.starts > now else None
    if known is None or not stands or known.stage is Stage.ASKED:
        return Act.INVITE
    is_as_told = known.told == told_of(session) and known.host == session.host.email.lower()
    return None if is_as_told else Act.CHANGE


def _is_done(key: ItemKey, snapshot: Snapshot) -> bool:
    state = snapshot.items.get(key)
    return state is not None and state.status is ItemStatus.DONE


def _may_be_told(session: Session, gates: tuple[ItemKey, ...], snapshot: Snapshot, now: datetime) -> bool:
    opened = all(key in snapshot.gates and snapshot.gates[key].decision.opens for key in gates)
    return opened and session.starts - now <= AHEAD


def _day(item: Item, schedule: Schedule, snapshot: Snapshot) -> date:
    state = snapshot.items.get(item.key)
    on_board = state.due if state is not None else None
    return on_board or schedule.slots[item.key].finish


def _after(starts: datetime, minutes: int) -> datetime:
    """So many real minutes later, also where the clock is put forward or back in between."""
    zone = starts.tzinfo
    return (starts.astimezone(ZoneInfo("UTC")) + timedelta(minutes=minutes)).astimezone(zone)


def _text(item: Item, rollout: Rollout) -> str:
    lead = f"{rollout.title or rollout.name}. {rollout.purpose}".strip()
    return "\n\n".join(part for part in (item.text.strip(), lead) if part)


def _department(item: Item, rollout: Rollout) -> Department | None:
    """The department that an item is for: of its wave, or the one that its key ends with; None for everybody."""
    if item.wave is not None:
        return next((one for one in rollout.departments if one.key == item.wave), None)
    fitting = [one for one in rollout.departments if item.key.endswith(f"-{one.key}")]
    return max(fitting, key=lambda one: len(one.key), default=None)


def _belongs(person: Person, department: Department | None) -> bool:
    if department is None:
        return True
    return (person.department or "").casefold() in {department.key.casefold(), department.name.casefold()}
