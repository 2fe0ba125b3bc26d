"""How a day of the ten weeks is told: what people did, what it opened, and how health moved and why."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from rollout_sync.cli.render_odds import WIDTH, day, likely
from rollout_sync.health.review import Colour, PastReview
from rollout_sync.model.operations import Finding
from rollout_sync.sync.syncing import Synced

_TOLD = frozenset({"not-entitled", "started-early", "deleted-by-people", "added-work", "renamed"})
"""Findings that are told when they come up for the first time."""
_OPENED = (": approved by ", ": approved with conditions by ")


@dataclass(slots=True, kw_only=True)
class Teller:
    """Says what is new of an evening, and remembers what was said.

    Attributes:
        say: takes one line.
        path: the colours that health went through, each once in a row.
    """

    say: Callable[[str], None]
    path: list[Colour] = field(default_factory=list)
    _said: set[tuple[str, str]] = field(default_factory=set)

    def evening(self, on: date, scenes: Sequence[str], one: Synced | None) -> None:
        """The day's scenes, then what the agent made of them; nothing where there is nothing to tell."""
        rows = [("", words) for words in scenes]
        if one is not None:
            rows += [("opens", _named(news)) for news in one.news if any(word in news for word in _OPENED)]
            rows += [("says", finding.message) for finding in self._fresh(one.findings)]
            if one.colour is not None and one.colour not in self.path[-1:]:
                self.path.append(one.colour)
                rows.append((one.colour.upper(), one.sentence))
        for number, (label, text) in enumerate(rows):
            self._row("" if number else f"{on:%a} {on.day:>2} {on:%b}", label, text)

    def week(self, number: int, last: PastReview) -> None:
        """One line at the end of a week."""
        ahead = ""
        if last.p_target is not None and last.agreed is not None and last.at.date() <= last.agreed:
            ahead = f", go-live {day(last.agreed)} {likely(last.p_target)}"
        self._row(f"week {number}", last.colour.value, f"{last.done} of {last.total} items done{ahead}")

    def _fresh(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        for one in findings:
            if one.code in _TOLD and (one.code, one.where) not in self._said:
                self._said.add((one.code, one.where))
                yield one

    def _row(self, when: str, label: str, text: str) -> None:
        lead = f"  {when:<10}  {label:<5}  "
        for line in textwrap.wrap(text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead)):
            self.say(line)


def _named(news: str) -> str:
    """People by what stands before the @ of their address."""
    title, _, decision = news.rpartition(": ")
    return f"{title}: {' '.join(word.partition('@')[0] for word in decision.split())}"
