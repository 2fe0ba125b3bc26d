"""Who plays a role: people out of the list, and findings where nobody does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Approval, Department, Person, Quorum
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.items import ItemDocument

DEFAULT_ESCALATION = "sponsor"
DEFAULT_WITHIN_DAYS = 5


class Cast:
    """Answers who plays a role, and remembers which roles nobody played."""

    def __init__(self, document: TemplateDocument, people: Sequence[Person]) -> None:
        self._roles = document.roles
        self._by_role: dict[str, list[Person]] = {}
        self._by_email = {person.email: person for person in people}
        self._missing: dict[tuple[str, str], Finding] = {}
        for person in people:
            for role in person.roles:
                self._by_role.setdefault(role, []).append(person)

    def players(self, role: str, department: Department | None) -> tuple[Person, ...]:
        """Everybody with the role, as listed; of the department where the role is per department and one is given."""
        everybody = tuple(self._by_role.get(role, ()))
        if department is None or self._roles[role].per is None:
            return everybody
        return tuple(person for person in everybody if person.department == department.name)

    def title(self, role: str) -> str:
        """What people call the role."""
        return self._roles[role].title or role.replace("_", " ")

    def spoken(self, department: Department | None) -> Mapping[str, str]:
        """Role to the name of who plays it, for texts; the role's title where nobody does."""
        return {role: self._spoken(role, department) for role in self._roles}

    def _spoken(self, role: str, department: Department | None) -> str:
        players = self.players(role, department)
        is_global = self._roles[role].per is None or department is not None
        if not players:
            return self.title(role)
        return players[0].name if is_global else ", ".join(player.name for player in players)

    def owner(self, item: ItemDocument, department: Department | None) -> Person | None:
        """The first person with the owner's role; of an approval without owner, the first approver."""
        role = item.owner or item.approver
        if role is None:
            return None
        players = self.players(role, department)
        if not players:
            self._note_missing(role, department, Severity.WARNING)
        return players[0] if players else None

    def approval(self, item: ItemDocument, department: Department | None, asks: tuple[str, ...]) -> Approval | None:
        """Who decides. With a quorum everybody who has the role; without, the first of them.

        A role per department, in an item that is not, means every department's: then all decide.
        """
        if item.approver is None:
            return None
        approvers = self.players(item.approver, department)
        if not approvers:
            self._note_missing(item.approver, department, Severity.ERROR)
        is_shared = self._roles[item.approver].per is not None and department is None
        if item.quorum is None and not is_shared:
            approvers = approvers[:1]
        return Approval(
            approvers=approvers,
            deputies=tuple(self._deputies(item, department, approvers)),
            asks=asks,
            within_days=item.within_days or DEFAULT_WITHIN_DAYS,
            quorum=item.quorum or Quorum.ALL,
            escalate_to=self._escalation(item, department),
            emergency_hours=item.emergency_within_hours,
        )

    def _deputies(
        self, item: ItemDocument, department: Department | None, approvers: Sequence[Person]
    ) -> Iterator[Person]:
        """The approvers' own deputies, then the role that stands in for them; nobody twice."""
        named = [self._by_email[person.deputy] for person in approvers if person.deputy in self._by_email]
        if item.deputies is not None:
            named += self.players(item.deputies, department)
        seen = {person.email for person in approvers}
        for person in named:
            if person.email not in seen:
                seen.add(person.email)
                yield person

    def _escalation(self, item: ItemDocument, department: Department | None) -> tuple[Person, ...]:
        role = item.escalate_to
        if role is None:
            return self.players(DEFAULT_ESCALATION, department) if DEFAULT_ESCALATION in self._roles else ()
        players = self.players(role, department)
        if not players:
            self._note_missing(role, department, Severity.WARNING)
        return players

    def _note_missing(self, role: str, department: Department | None, severity: Severity) -> None:
        is_per = self._roles[role].per is not None and department is not None
        place = department.name if is_per and department else ""
        known = self._missing.get((role, place))
        if known is not None and known.severity is Severity.ERROR:
            return
        whose = f"{place} has no {self.title(role)}" if place else f"nobody has the role {role!r}"
        gate = ", so its approvals cannot be decided" if severity is Severity.ERROR else ""
        self._missing[role, place] = Finding(
            severity=severity,
            code="role-empty",
            message=whose + gate,
            hint=f"add a row with the role {role}" + (f" and the department {place}" if place else ""),
            where=f"{role}/{place}" if place else role,
        )

    def findings(self) -> tuple[Finding, ...]:
        """One for every role that was asked for and that nobody plays."""
        return tuple(self._missing[key] for key in sorted(self._missing))
