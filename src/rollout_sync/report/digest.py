"""The digest of one reader: a section for each rollout that has something to tell, the worst first. Pure.

What it tells is decided here; how it is said, is in `digest_words`, and what it looks like in `mail`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from rollout_sync.health.forecast import Basis
from rollout_sync.health.review import Case, Colour, Dates, Review, Signal, SignalName
from rollout_sync.model.codec import fingerprint
from rollout_sync.model.mail import EVENT_LETTERS
from rollout_sync.model.operations import Finding
from rollout_sync.model.records import record
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.model.snapshot import Coverage
from rollout_sync.report.ahead import Coming, coming
from rollout_sync.report.owing import Owed, decisions_of
from rollout_sync.report.readers import Reader
from rollout_sync.report.scope import Scope
from rollout_sync.report.told import WORSE, Change, LastDigest, Told, arrow, changes, identity, told_of
from rollout_sync.report.words import share

MOST_CHANGES = 5
MOST_COMING = 6
MOST_FINDINGS = 3
MOST_OWED = 8
LEAST_LIFT = 0.1
"""Less than this in chance is not worth a line."""
MOST_REFERENCES = 8
"""Message ids that are kept of a conversation."""


class Made(Protocol):
    """A rollout with its case and the review of that case."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def case(self) -> Case:
        """What the review was made of."""
        ...

    @property
    def review(self) -> Review:
        """How it stands."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLine:
    """One signal with the reason that this reader is given."""

    signal: Signal
    reason: str
    is_drag: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One finding; `is_new` when the digest before did not have it."""

    finding: Finding
    url: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a reader is told of one rollout.

    Attributes:
        departments: names of theirs; empty where they see all.
        was: colour in the digest before; None in the first.
        status: the colour, why, and the date, in at most 25 words.
        since: when they were told last; None in the first digest.
        wave_days: when their departments have their turn.
        unmeasured: signals that do not count yet.
        lever: what would help most, and the chance then, as a clause; empty where nobody can tell.
        is_live: whether everything is done that go-live waits for; `dates.p50` is the day then.
        coverage: when each service was last read.
        more_*: how many there are beside those listed.
    """

    rollout: RolloutId
    name: str
    departments: tuple[str, ...]
    colour: Colour
    was: Colour | None
    score: float | None
    status: str
    since: datetime | None
    owed: tuple[Owed, ...]
    changes: tuple[Change, ...]
    dates: Dates
    wave_days: Mapping[str, date]
    signals: tuple[SignalLine, ...]
    unmeasured: tuple[SignalName, ...]
    coming: tuple[Coming, ...]
    findings: tuple[FindingLine, ...]
    contradictions: tuple[str, ...]
    lever: str
    is_live: bool
    is_stale: bool
    coverage: Mapping[TrackerName, Coverage]
    trials: int
    seed: int
    fingerprint: str
    told: Told
    more_owed: int = 0
    more_changes: int = 0
    more_coming: int = 0
    more_findings: int = 0

    @property
    def is_first(self) -> bool:
        """Whether the reader is told of this rollout for the first time."""
        return self.since is None

    @property
    def arrow(self) -> str:
        """`v` worse, `^` better, `=` the same since the digest before; empty in the first."""
        return arrow(self.was, self.colour)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing changed and nothing is owed."""
        return not (self.is_first or self.changes or self.owed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one reader is told at once.

    Attributes:
        sections: rollouts with something to tell, the worst first; empty in a heartbeat.
        quiet: rollouts of theirs with nothing to tell, the worst first.
        content: fingerprint of what it tells, without what changes with every hour; `event` names reader, rollouts,
            period and content.
        thread: identity of the conversation that it belongs to.
        references: message ids of the mails before it in that conversation, oldest first.
    """

    reader: Reader
    period: str
    at: datetime
    sections: tuple[Section, ...]
    quiet: tuple[Section, ...]
    content: str
    event: str
    thread: str
    references: tuple[str, ...] = ()

    @property
    def is_heartbeat(self) -> bool:
        """Whether it only says that there is nothing to tell."""
        return not self.sections

    @property
    def owed(self) -> int:
        """How many decisions the reader owes in all."""
        return sum(len(one.owed) + one.more_owed for one in self.sections)

    def told(self) -> Mapping[RolloutId, Told]:
        """What the reader knows of each rollout of this digest; of quiet ones they know what they knew."""
        return {one.rollout: one.told for one in self.sections}

    def kept(self, last: LastDigest | None, message_id: str) -> LastDigest:
        """What to keep of the reader once the mail is on its way."""
        before = last or LastDigest(at=self.at)
        known = (*before.references.get(self.thread, ()), message_id)
        return LastDigest(
            at=self.at,
            period=self.period,
            told={**before.told, **self.told()},
            references={**before.references, self.thread: known[-MOST_REFERENCES:]},
        )


def digest_of(
    reader: Reader, made: Sequence[Made], last: LastDigest | None, now: datetime, period: str
) -> Digest | None:
    """What to tell a reader now; None when nothing changed, nothing is owed, and they want no heartbeat.

    Args:
        reader: who; rollouts in which they have no seat are left out.
        made: their rollouts with reviews.
        last: what was kept of them; None before their first digest.
        now: our clock.
        period: the slot that this digest is for.
    """
    known = last.told if last is not None else {}
    found = [
        _section(Scope.of(reader, seat, one.case, one.review), one.name, known.get(seat.rollout), reader.zone, now)
        for one in made
        if (seat := reader.seat(one.case.rollout.id)) is not None
    ]
    found.sort(key=_weight)
    loud = tuple(one for one in found if not one.is_quiet)
    quiet = tuple(one for one in found if one.is_quiet)
    if not loud and not (reader.heartbeat and quiet):
        return None
    return _identified(reader, loud, quiet, last, now, period)


def _identified(  # noqa: PLR0917 - the members of a digest that are known by then
    reader: Reader,
    loud: tuple[Section, ...],
    quiet: tuple[Section, ...],
    last: LastDigest | None,
    now: datetime,
    period: str,
) -> Digest:
    rollouts = sorted(one.rollout for one in (*loud, *quiet))
    content = fingerprint([_content(one) for one in loud] or [["quiet", one.rollout, one.colour] for one in quiet])
    about = [reader.email, rollouts[0]] if len(reader.seats) == 1 else [reader.email]
    thread = fingerprint(["digest", *about])[:EVENT_LETTERS]
    return Digest(
        reader=reader,
        period=period,
        at=now,
        sections=loud,
        quiet=quiet,
        content=content,
        event=fingerprint([reader.email, rollouts, period, content])[:EVENT_LETTERS],
        thread=thread,
        references=last.references.get(thread, ()) if last is not None else (),
    )


def _weight(section: Section) -> tuple[int, float, str]:
    """The worst first: by colour, by score, by name."""
    return -WORSE.index(section.colour), section.score if section.score is not None else 0.0, section.name


def _content(section: Section) -> object:
    """What is told, without what another hour alone would change: ages, days over time, and exact chances."""
    return record(
        {
            "rollout": section.rollout,
            "colour": section.colour,
            "owed": [[one.gate, one.due, list(one.deputy_for)] for one in section.owed],
            "changes": sorted(one.topic for one in section.changes),
            "agreed": section.dates.agreed,
            "signals": {one.signal.name: one.signal.colour for one in section.signals},
            "coming": [[one.key, one.day] for one in section.coming],
            "findings": [identity(one.finding) for one in section.findings],
        }
    )


def _section(scope: Scope, name: str, before: Told | None, zone: str, now: datetime) -> Section:
    review, case = scope.review, scope.case
    today = now.astimezone(ZoneInfo(zone)).date()
    soon = coming(scope, today, zone)
    owed = decisions_of(scope.email, case, review)
    told = told_of(scope, soon, now)
    changed = changes(before, told, scope, zone) if before is not None else ()
    measured = [one for one in review.signals if one.counts and not _is_fine(one)]
    seen = scope.findings
    known = before.findings if before is not None else tuple(identity(one) for one in seen)
    made = review.forecast
    return Section(
        rollout=case.rollout.id,
        name=name,
        departments=scope.department_names,
        colour=review.colour,
        was=before.colour if before is not None else None,
        score=review.score,
        status=scope.status(),
        since=before.at if before is not None else None,
        owed=owed[:MOST_OWED],
        changes=changed[:MOST_CHANGES],
        dates=review.dates,
        wave_days=_wave_days(scope),
        signals=tuple(_signal(one, scope) for one in measured),
        unmeasured=tuple(one.name for one in review.signals if not one.counts),
        coming=soon[:MOST_COMING],
        findings=tuple(
            FindingLine(finding=one, url=scope.address(one.where), is_new=identity(one) not in known)
            for one in seen[:MOST_FINDINGS]
        ),
        contradictions=tuple(one for one in review.contradictions if not scope.is_foreign(one)),
        lever=_lever(scope),
        is_live=made is not None and made.basis is Basis.FINISHED,
        is_stale=review.stale,
        coverage=case.snapshot.coverage,
        trials=made.trials if made is not None else 0,
        seed=made.seed if made is not None else 0,
        fingerprint=review.fingerprint,
        told=told,
        more_owed=max(len(owed) - MOST_OWED, 0),
        more_changes=max(len(changed) - MOST_CHANGES, 0),
        more_coming=max(len(soon) - MOST_COMING, 0),
        more_findings=max(len(seen) - MOST_FINDINGS, 0),
    )


def _is_fine(signal: Signal) -> bool:
    """Whether it is about the data and green: when they were read, stands at the end."""
    return signal.name is SignalName.DATA and signal.colour is Colour.GREEN


def _signal(signal: Signal, scope: Scope) -> SignalLine:
    return SignalLine(signal=signal, reason=scope.reason(signal), is_drag=signal.name is scope.review.drag)


def _wave_days(scope: Scope) -> Mapping[str, date]:
    """By name of the department; those of a reader who sees all would be a page of their own."""
    theirs, days = scope.seat.departments or (), scope.case.schedule.wave_days
    return {one.name: days[one.key] for one in scope.case.rollout.departments if one.key in theirs and one.key in days}


def _lever(scope: Scope) -> str:
    """The one thing that would help most, where it helps noticeably."""
    asked = [one for one in scope.review.drivers if one.what_if and one.p_then is not None]
    best = max(asked, key=lambda one: one.p_then or 0.0, default=None)
    now = scope.review.dates.p_grace
    if best is None or now is None or (best.p_then or 0.0) - now < LEAST_LIFT or scope.is_foreign(best.what_if):
        return ""
    condition = best.what_if.rpartition(": ")[0]
    then = f"it would be {share(best.p_then)} likely in time, with the days of grace"
    return f"{condition[:1].lower()}{condition[1:]}, {then}"
