"""Short mails of their own about gates: half of the time is over, all of it is over, an emergency is undecided. Pure.

Whether a gate is late is decided where findings are made; here is who hears of it, once for each version and kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rollout_sync.health.review import Case, Review
from rollout_sync.model.codec import fingerprint
from rollout_sync.model.mail import EVENT_LETTERS, MailKind
from rollout_sync.model.rollout import Approval, Item, ItemKey, Person, RolloutId
from rollout_sync.model.snapshot import GateState
from rollout_sync.reconcile.gate_notices import unheard
from rollout_sync.report.digest import Made
from rollout_sync.report.owing import Owed, owed_of, waiting


class Occurrence(StrEnum):
    """Why somebody is reminded."""

    HALF = "half"
    OVERDUE = "overdue"
    EMERGENCY = "emergency"


_BY_CODE = {
    "gate-reminder": Occurrence.HALF,
    "gate-overdue": Occurrence.OVERDUE,
    "emergency-overdue": Occurrence.EMERGENCY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One mail to one person about one gate.

    Attributes:
        event: names gate, version, occurrence and person; it is sent once.
        kind: a reminder to who decides, an escalation to who is told of it.
        email: in lower case; `name` is how to call them.
        approvers: names of those whose decision is missing; `deputies` may decide for them.
        is_urgent: whether it goes at any hour; the others wait for working hours.
        thread: identity of the conversation about this gate with this person.
    """

    event: str
    kind: MailKind
    occurrence: Occurrence
    rollout: RolloutId
    name_of_rollout: str
    email: str
    name: str
    owed: Owed
    approvers: tuple[str, ...]
    deputies: tuple[str, ...]
    is_urgent: bool
    thread: str


def reminders_of(made: Made) -> tuple[Reminder, ...]:
    """Everybody who is to be told of a gate of this rollout now; who was told already, the outbox knows.

    At half time the approvers hear of it, nobody else. When the time is over, the approvers do, and whoever the
    approval escalates to. An approver's deputy learns it from the approver, or from the digest.
    """
    case, review = made.case, made.review
    items: Mapping[str, Item] = {item.key: item for item in case.rollout.items}
    found: dict[str, Reminder] = {}
    for code, where in ((one.code, one.where) for one in review.findings):
        item = items.get(where)
        if code in _BY_CODE and item is not None and item.approval is not None:
            for one in _of_gate(made.name, item, _BY_CODE[code], case, review):
                found.setdefault(one.event, one)
    return tuple(found.values())


def _of_gate(name: str, item: Item, occurrence: Occurrence, case: Case, review: Review) -> Iterator[Reminder]:
    gate, approval = waiting(item, case), item.approval
    if gate is None or approval is None:
        return
    owed = owed_of(item, gate, case, review)
    missing = unheard(approval, gate)
    addressed = [(one, MailKind.REMINDER) for one in missing]
    if occurrence is not Occurrence.HALF:
        told = {one.email.lower() for one in missing}
        addressed += [(one, MailKind.ESCALATION) for one in approval.escalate_to if one.email.lower() not in told]
    for person, kind in addressed:
        identity = _identity(case.rollout.id, item.key, gate, occurrence, person)
        yield Reminder(
            event=identity,
            kind=kind,
            occurrence=occurrence,
            rollout=case.rollout.id,
            name_of_rollout=name,
            email=person.email.lower(),
            name=person.name,
            owed=owed,
            approvers=tuple(one.name for one in missing),
            deputies=_deputies(approval, missing),
            is_urgent=occurrence is Occurrence.EMERGENCY,
            thread=fingerprint(["gate", case.rollout.id, item.key, person.email.lower()])[:EVENT_LETTERS],
        )


def _identity(rollout: RolloutId, key: ItemKey, gate: GateState, occurrence: Occurrence, person: Person) -> str:
    """The same question is reminded of once; a question that changed, or was opened again, is another one."""
    version = gate.asked_version or gate.version
    again = gate.reopened_at.isoformat() if gate.reopened_at is not None else ""
    facts = ["gate", rollout, key, version, again, occurrence.value, person.email.lower()]
    return fingerprint(facts)[:EVENT_LETTERS]


def _deputies(approval: Approval, missing: tuple[Person, ...]) -> tuple[str, ...]:
    """Names of those who may decide for the people that are missing."""
    own = {one.deputy.lower() for one in missing if one.deputy}
    named = [one.name for one in approval.deputies if one.email.lower() in own]
    return tuple(dict.fromkeys(named or [one.name for one in approval.deputies]))
