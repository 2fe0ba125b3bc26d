"""Who may open a gate, told a second time and in a simpler way than the program does: by what stands on the boards.

A question is what a gate asks for in one state of the template. The program learns of a new question at its next tick,
so between `low` and `high` it may or may not have counted an answer; what is required of it leaves that open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from machine.sync_board import CAUTION, LINES, Answer, Board
from machine.sync_drafts import FELIX, FRIDA, SAM, SARA, GateDraft

_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_CLOCKS = timedelta(seconds=3)
"""The program knows the services' clock to a second or two, from above."""


@dataclass
class Question:
    """What a gate asks for.

    Attributes:
        asks: titles of what it holds, and go-live.
        low: answers until then were about something else.
        high: answers since then are about this; None while no tick has noticed the question.
        was_open: it was decided so at some moment.
        openings: how often that began.
    """

    asks: tuple[object, ...]
    low: datetime = _EVER
    high: datetime | None = _EVER
    was_open: bool = False
    is_open: bool = False
    openings: int = 0


@dataclass
class GateTruth:
    """One gate through an example."""

    gate: str
    board: Board
    draft: GateDraft
    now: Question = field(init=False)
    noticed: Question = field(init=False)
    token: str = ""
    was_there: bool = False
    is_lost: bool = False
    """Its object was deleted, so that nobody can see any more what was answered last."""

    def __post_init__(self) -> None:
        self.now = self.noticed = Question(self.draft.asks(self.gate))

    def accepted(self, draft: GateDraft, began: datetime) -> None:
        """The ledger holds this state of the template now; it was asked for since `began`."""
        self.draft = draft
        asks = draft.asks(self.gate)
        if asks == self.now.asks:
            return
        self.now = self.noticed if asks == self.noticed.asks else Question(asks, low=began, high=None)
        self.look()

    def concluded(self, token: str, at: datetime) -> None:
        """The program says that it asks something with this name; `at` is the moment by which it had noticed."""
        if token == self.token:
            return
        self.token, self.noticed = token, self.now
        if self.now.high is None:
            self.now.high = at

    def look(self) -> None:
        """Note whether it is open at this moment."""
        answers = self.board.answers(self.gate)
        if answers is None:
            self.is_lost = self.was_there
            return
        self.was_there = True
        for question in {id(one): one for one in (self.now, self.noticed)}.values():
            is_open = any(self._verdicts(answers, question))
            question.openings += is_open and not question.is_open
            question.is_open = is_open
            question.was_open = question.was_open or is_open

    @property
    def openings(self) -> int:
        """How often it opened for what is asked now."""
        return self.now.openings

    def verdict(self) -> bool | None:
        """Whether it has to be open now; None where either is right."""
        answers = self.board.answers(self.gate)
        if answers is None or self.is_lost:
            return None
        told = set(self._verdicts(answers, self.now))
        return told.pop() if len(told) == 1 else None

    def _verdicts(self, answers: Sequence[Answer], question: Question) -> Iterator[bool]:
        """With every moment from which on the program may count."""
        low, high = question.low, (question.high or _NEVER - _CLOCKS) + _CLOCKS
        if question.high == question.low == _EVER:
            high = _EVER
        bounds = {low, high} | {one.at for one in answers if low < one.at < high}
        for bound in bounds:
            yield opens([one for one in answers if one.at > bound], answers, self.draft.quorum[self.gate])


def opens(counted: Sequence[Answer], standing: Sequence[Answer], quorum: str) -> bool:
    """Whether the two approvers, or those who may speak for them, have said yes."""
    said = _last_words(counted, standing)
    seats = {one.email: said.get(one.email) for one in (FRIDA, SAM)}
    seats[FRIDA.email] = seats[FRIDA.email] or said.get(FELIX.email)
    empty = [seat for seat, line in seats.items() if line is None]
    if empty and SARA.email in said:
        seats[empty[0]] = said[SARA.email]
    lines = [line for line in seats.values() if line is not None]
    if any(CAUTION[line] >= CAUTION["Not yet"] for line in lines):
        return False
    return len(lines) >= (2 if quorum == "all" else 1)


def _last_words(counted: Sequence[Answer], standing: Sequence[Answer]) -> dict[str, str]:
    """Each person's newest answer, the more cautious of two at one moment."""
    said: dict[str, str] = {}
    for one in sorted(counted, key=lambda one: (one.at, CAUTION.get(one.line, 0))):
        if one.line:
            said[one.by] = one.line
    for move in counted:
        if not move.line and _is_word(move, standing):
            said[move.by] = LINES[0]
    return said


def _is_word(move: Answer, standing: Sequence[Answer]) -> bool:
    """A move to done means yes, unless labels speak: the mover's own, or a stranger's that says anything but yes."""
    may = {one.email for one in (FRIDA, SAM, FELIX, SARA)}
    labels = [one for one in standing if one.line]
    contradicts = any(one.by not in may and one.line != LINES[0] for one in labels)
    return move.by in may and not contradicts and all(one.by != move.by for one in labels)
