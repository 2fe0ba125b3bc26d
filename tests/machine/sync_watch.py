"""Tells who changed what on the boards, people or we, and whether we were allowed to.

Whatever differs from the last look and was not done by a person under `act` was done by the program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from machine.stage import Stage
from machine.sync_board import JIRA, NEW, PLANNER, RANK, WAITING, Board, Key, Look, Side
from machine.sync_drafts import GATES, HELD, HOMES, LEADS, MIRRORED, GateDraft
from machine.sync_gates import GateTruth
from rollout_sync.model.rollout import Home

Require = Callable[[bool, str, str], None]
_WORDS = ("title", "due", "labels")
"""Fields in which people have the last word."""


@dataclass
class Watch:
    """Everything that happened on the boards of one example.

    Attributes:
        on_doubt: brings the gates up to date with the ledger before one of them is asked.
        last_by_people: fields of sides whose value is a person's.
        by_hand: sides that a person held or released.
        news: sides of mirrored items that people moved since both were last known to be settled.
        settled: where both sides of mirrored items were then.
        released: how often we released a side.
    """

    stage: Stage
    draft: GateDraft
    require: Require
    on_doubt: Callable[[], None] = lambda: None
    board: Board = field(init=False)
    gates: dict[str, GateTruth] = field(init=False)
    seen: Look = field(default_factory=dict)
    last_by_people: set[tuple[Key, str]] = field(default_factory=set)
    by_hand: Counter[Key] = field(default_factory=Counter)
    news: dict[str, set[str]] = field(default_factory=lambda: {slug: set() for slug in HOMES})
    settled: dict[str, tuple[str, ...]] = field(default_factory=dict)
    released: Counter[Key] = field(default_factory=Counter)
    shut_since: dict[Key, bool] = field(default_factory=dict)
    buried: set[Key] = field(default_factory=set)
    acts: int = 0

    def __post_init__(self) -> None:
        self.board = Board(self.stage)
        self.gates = {gate: GateTruth(gate, self.board, self.draft) for gate in GATES}

    @property
    def made_again(self) -> set[Key]:
        """What exists although people deleted it."""
        return self.buried & self.seen.keys()

    # People

    def act(self, do: Callable[[], object]) -> None:
        """Let a person do something."""
        self.ours()
        do()
        now = self.board.look()
        for key in self.seen.keys() | now.keys():
            was, is_ = self.seen.get(key), now.get(key)
            if was is None:
                continue
            if is_ is None:
                self.buried.add(key)
                continue
            self._note_person(key, was, is_)
        self.seen = now
        self.acts += 1
        self._look_at_gates()

    def _note_person(self, key: Key, was: Side, now: Side) -> None:
        changed = {name for name in _WORDS if getattr(was, name) != getattr(now, name)}
        self.last_by_people |= {(key, name) for name in changed}
        if was.held != now.held:
            self.by_hand[key] += 1
        if was.category != now.category:
            self.news[key[1]].add(key[0])

    # We

    def ours(self) -> None:
        """What changed since the last look is our doing: see whether each of it was right."""
        now = self.board.look()
        for key, side in now.items():
            if key not in self.seen:
                self._check_made(key, side)
            elif side != self.seen[key]:
                self._check_changed(key, self.seen[key], side)
        lost = [key for key in self.seen if key not in now]
        self.require(not lost, "I6", f"we deleted {lost}")
        self.seen = now
        self._look_at_gates()

    def _look_at_gates(self) -> None:
        for gate in self.gates.values():
            gate.look()
        for slug, by in HELD.items():
            if not all(self.gates[gate].verdict() for gate in by):
                for service in (JIRA, PLANNER):
                    self.shut_since[service, slug] = True

    def _check_made(self, key: Key, side: Side) -> None:
        if key[1] in HELD and (not side.held or self.draft.waits):
            self._check_opened(key, "made without being held" if not side.held else "made")

    def _check_changed(self, key: Key, was: Side, now: Side) -> None:
        for name in _WORDS:
            same = getattr(was, name) == getattr(now, name)
            self.require(
                same or (key, name) not in self.last_by_people, "I6", f"{key} {name}: {was} was a person's, now {now}"
            )
        if was.category != now.category:
            self._check_moved(key, was, now)
        if was.place != now.place:
            home = key[1].partition("/")[0].capitalize()
            fits = key[0] == PLANNER and {was.place, now.place} == {WAITING, home}
            self.require(fits, "I6", f"{key} went from {was.place!r} to {now.place!r}")
        if was.held and not now.held:
            self._check_released(key)
        if now.held and not was.held:
            self._check_held(key, was)

    def _check_moved(self, key: Key, was: Side, now: Side) -> None:
        """Only mirrored work is moved, only to where the other side is, and only when a person moved something."""
        service, slug = key
        told = f"{key} went from {was.category} to {now.category}"
        self.require(slug in MIRRORED, "I6", f"{told}, and no person did that")
        if slug not in MIRRORED:
            return
        other = self.seen.get((PLANNER if service == JIRA else JIRA, slug))
        news = self.news[slug]
        leads = LEADS[slug].value == service
        right = bool(news - {service}) if leads else bool(news)
        self.require(right, "mirror", f"{told}, but people moved only {news or 'nothing'} since it was settled")
        if leads and other is not None:
            self.require(RANK[now.category] > RANK[was.category], "mirror", f"{told}: the other side pulled it back")

    def _check_released(self, key: Key) -> None:
        self._check_opened(key, "released")
        self.released[key] += 1
        openings = sum(self.gates[gate].openings for gate in HELD.get(key[1], ()))
        most = openings + self.by_hand[key]
        self.require(self.released[key] <= most, "release", f"{key} released {self.released[key]} times of {most}")
        self.shut_since[key] = False

    def _check_opened(self, key: Key, what: str) -> None:
        self.on_doubt()
        shut = [gate for gate in HELD.get(key[1], ()) if not self.gates[gate].now.was_open]
        self.require(not shut, "held", f"{key} was {what}, but nobody opened {shut}")

    def _check_held(self, key: Key, was: Side) -> None:
        self.on_doubt()
        self._look_at_gates()
        right = key[1] in HELD and (self.shut_since.get(key, True) or self.by_hand[key] > 0)
        self.require(right, "held", f"{key} was held again, but its gates stayed open")
        settled = self.settled.get(key[1], ())  # empty where it did not exist yet
        is_begun = bool(settled) and NEW not in settled and not self.news[key[1]]
        self.require(not is_begun, "held", f"{key} was held again after work on it began: {was}")

    def note_settled(self) -> None:
        """A tick has read everything and left nothing to do: from here on only news is carried over."""
        self.news = {slug: set() for slug in HOMES}
        self.settled = {
            slug: tuple(self.seen[key].category for key in ((JIRA, slug), (PLANNER, slug)) if key in self.seen)
            for slug in HOMES
        }


def sides_of(slug: str) -> tuple[str, ...]:
    """The boards on which an item lives."""
    return (JIRA, PLANNER) if HOMES[slug] is Home.BOTH else (HOMES[slug].value,)
