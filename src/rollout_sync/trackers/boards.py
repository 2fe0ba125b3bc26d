"""The summary of a rollout as boards show it, and the port to what shows it as a comment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rollout_sync.model.codec import fingerprint
from rollout_sync.model.operations import Outcome
from rollout_sync.model.rollout import RolloutId


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A short text in parts; each is one line of plain text.

    Attributes:
        headline: colour, why, and the date.
        dates: go-live days in a row.
        bullets: what else there is to know, the most important first.
        as_of: when it was computed, and how often it is looked at.
        facts: what it tells, without what another hour alone would change (ages, exact chances). Only where these
            differ is it written again.
    """

    headline: str
    dates: str
    bullets: tuple[str, ...]
    as_of: str
    facts: tuple[str, ...]

    @property
    def content(self) -> str:
        """Fingerprint of what it tells."""
        return fingerprint(list(self.facts))

    def plain(self) -> str:
        """As plain text, with a blank line between the parts."""
        listed = "\n".join(f"- {one}" for one in self.bullets)
        return "\n\n".join(part for part in (self.headline, self.dates, listed, self.as_of) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A comment that shows a summary; `content` is the fingerprint of the one that it shows."""

    id: str
    content: str


class Comments(Protocol):
    """Comments that we keep on an issue. Every one bears a mark that says whose it is."""

    def find(self, rollout: RolloutId, issue: str) -> tuple[Shown, ...]:
        """All comments of the issue that show this rollout's summary, the oldest first. A strong read.

        Raises:
            TrackerError: nothing may be concluded.
        """
        ...

    def add(self, rollout: RolloutId, issue: str, summary: Summary) -> Outcome:
        """Write a new one; `Done.remote.id` is its id. Not to be repeated without a look."""
        ...

    def edit(self, rollout: RolloutId, issue: str, comment: str, summary: Summary) -> Outcome:
        """Write it over; harmless when repeated. `Refused` with status 404 where it is gone."""
        ...
