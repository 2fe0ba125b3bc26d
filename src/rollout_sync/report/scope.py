"""What one reader sees of a rollout: their items and findings, sentences without other departments' work. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rollout_sync.health import phrases
from rollout_sync.health.review import Case, Colour, Review, Signal, SignalName
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Item, ItemKey
from rollout_sync.report.items import ItemRow, department_of, rows_of
from rollout_sync.report.readers import Reader, Seat
from rollout_sync.report.words import count

COORDINATOR = "coordinator"
STATUS_WORDS = 25
FOR_COORDINATORS = frozenset(
    {"mirror-conflict", "half-stale", "not-seen", "conditions-missing", "decided-without-line", "gate-changed"}
)
"""Findings about the boards and the accounts; managers cannot do anything about them."""
OF_OWED = frozenset({"gate-reminder", "gate-overdue", "emergency-overdue"})
"""Findings that say of a gate what its approver is told under "You owe"."""
ELSEWHERE = "it lies with other departments"
OF_THE_WHOLE = frozenset({SignalName.SCHEDULE, SignalName.FORECAST, SignalName.DATA})
"""Signals that say something to every department, whatever items are behind them."""
_CALLED = {SignalName.FORECAST: "go-live"}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A reviewed rollout through the eyes of a reader.

    Attributes:
        email: of the reader, in lower case.
    """

    email: str
    seat: Seat
    case: Case
    review: Review

    @classmethod
    def of(cls, reader: Reader, seat: Seat, case: Case, review: Review) -> Scope:
        """What this reader sees of it."""
        return cls(email=reader.email, seat=seat, case=case, review=review)

    @property
    def sees_all(self) -> bool:
        """Whether all departments are theirs."""
        return self.seat.departments is None

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """All items of the rollout by key."""
        return {item.key: item for item in self.case.rollout.items}

    @cached_property
    def all_rows(self) -> tuple[ItemRow, ...]:
        """All items of the rollout as readers see them."""
        return rows_of(self.case)

    @cached_property
    def rows(self) -> tuple[ItemRow, ...]:
        """The reader's own items: of their departments, and what they do or decide themselves."""
        return tuple(row for row in self.all_rows if self.is_theirs(row.item))

    def is_theirs(self, item: Item) -> bool:
        """Whether an item is of their departments or in their own hands."""
        if self.seat.departments is None:
            return True
        return self.department(item) in self.seat.departments or self.email in _hands(item)

    def concerns(self, item: Item) -> bool:
        """Whether an item is theirs or for everybody."""
        return self.is_theirs(item) or not self.department(item)

    def department(self, item: Item) -> str:
        """Key of the department that an item is for; empty for everybody."""
        return department_of(item, self.case.rollout.departments)

    @property
    def department_names(self) -> tuple[str, ...]:
        """Names of their departments; empty where they see all."""
        theirs = self.seat.departments or ()
        return tuple(one.name for one in self.case.rollout.departments if one.key in theirs)

    def title(self, key: str) -> str:
        """What people call an item."""
        state = self.case.snapshot.items.get(ItemKey(key))
        return (state.title if state else "") or (self.items[key].title if key in self.items else key)

    def address(self, key: str) -> str:
        """What a person opens; empty where it is not known."""
        state = self.case.snapshot.items.get(ItemKey(key))
        return state.url if state else ""

    # Sentences ------------------------------------------------------------------------------------------------------

    @cached_property
    def _foreign(self) -> re.Pattern[str] | None:
        """What other departments and their work are called in sentences; None where nothing is foreign."""
        if self.seat.departments is None:
            return None
        others = [item for item in self.items.values() if not self.concerns(item)]
        titles = {name for item in others for name in (item.title, self.title(item.key))}
        words = [re.escape(phrases.title(name)) for name in titles]
        names = (one.name for one in self.case.rollout.departments if one.key not in self.seat.departments)
        words += [rf"(?<!\w){re.escape(phrases.plain(name))}(?!\w)" for name in names]
        return re.compile("|".join(sorted(words, key=len, reverse=True))) if words else None

    def is_foreign(self, sentence: str) -> bool:
        """Whether a sentence speaks of other departments."""
        return self._foreign is not None and self._foreign.search(sentence) is not None

    def reason(self, signal: Signal) -> str:
        """Why a signal has its colour, in one clause; clauses about other departments are left out."""
        behind = [self.items[key] for key in signal.items if key in self.items]
        theirs = [item for item in behind if self.concerns(item)]
        if behind and not theirs and signal.colour is not Colour.GREEN and signal.name not in OF_THE_WHOLE:
            return ELSEWHERE
        kept = next((clause for clause in signal.sentence.split("; ") if not self.is_foreign(clause)), None)
        if kept is not None:
            return kept
        if signal.colour is Colour.GREEN:
            return "the details are about other departments"
        return (
            f"{len(theirs)} of {count(len(behind), 'item')} behind it {_is(len(theirs))} yours" if theirs else ELSEWHERE
        )

    def status(self) -> str:
        """The one sentence of the review, in at most 25 words."""
        sentence = self.review.sentence
        drag = next((one for one in self.review.signals if one.name is self.review.drag), None)
        if drag is None or self.review.override is not None or not self._blames_others(drag, sentence):
            return sentence
        ending = sentence.rpartition("; ")[2].rstrip(".")
        ending = "" if ending == sentence.rstrip(".") or self.is_foreign(ending) else ending
        opening = f"{self.review.colour.value.capitalize()} because {_CALLED.get(drag.name, drag.name.value)}:"
        return phrases.capped(opening, self.reason(drag), ending, STATUS_WORDS)

    def _blames_others(self, drag: Signal, sentence: str) -> bool:
        """Whether the sentence names others' work, or counts what is all theirs; it may be cut within a title."""
        first = drag.sentence.partition("; ")[0]
        is_told = first[:20] in sentence
        return self.is_foreign(sentence) or (is_told and self.reason(drag) != first)

    # Findings -------------------------------------------------------------------------------------------------------

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What they should know or do, the worst first; what only a coordinator can use is for coordinators only."""
        return tuple(one for one in self.review.findings if self._is_told(one))

    def _is_told(self, finding: Finding) -> bool:
        is_coordinator = COORDINATOR in self.seat.roles
        if not is_coordinator and (finding.severity is Severity.NOTE or finding.code in FOR_COORDINATORS):
            return False
        item = self.items.get(finding.where)
        if item is not None and not self.sees_all and not self.is_theirs(item):
            return False
        if item is None and not self.sees_all:
            return False
        return not (finding.code in OF_OWED and item is not None and self.decides(item))

    def decides(self, item: Item) -> bool:
        """Whether their answer, given for themselves or for another, counts at this gate."""
        if item.approval is None:
            return False
        return self.email in {one.email.lower() for one in (*item.approval.approvers, *item.approval.deputies)}


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _hands(item: Item) -> frozenset[str]:
    """Addresses of those who do or decide an item."""
    people = [item.owner] if item.owner is not None else []
    if item.approval is not None:
        people += [*item.approval.approvers, *item.approval.deputies]
    return frozenset(one.email.lower() for one in people)
