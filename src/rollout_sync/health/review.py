"""What goes into a review of a rollout, and what comes out: values that every view shows, from `status` to a mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from rollout_sync.health.drivers import Driver
from rollout_sync.health.forecast import Forecast
from rollout_sync.health.prior import DEFAULT_PRIOR, Prior
from rollout_sync.model.operations import Finding
from rollout_sync.model.rollout import ItemKey, Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.model.snapshot import Override, Snapshot
from rollout_sync.schedule.calendar import WorkCalendar


class Colour(StrEnum):
    """How something stands. Grey says that it cannot be told, and is never better than green."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"


class SignalName(StrEnum):
    """The measured aspects, in the order in which they are shown."""

    SCHEDULE = "schedule"
    FORECAST = "forecast"
    APPROVALS = "approvals"
    TRAINING = "training"
    PROBLEMS = "problems"
    FEEDBACK = "feedback"
    ADOPTION = "adoption"
    DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One aspect.

    Attributes:
        score: 0 to 100 for sorting and trend only; None when grey.
        sentence: why, in words, with the numbers; without the colour.
        items: keys of the items behind it, the weightiest first; remote ids for work that people added.
        counts: whether the overall colour takes it into account in this phase.
    """

    name: SignalName
    colour: Colour
    sentence: str
    score: float | None = None
    items: tuple[str, ...] = ()
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Go-live dates, always shown together.

    Attributes:
        original: the first that was agreed on; `agreed` the one that holds; `moves` how often it was moved.
        p50, p80: reached with even odds, and with 80 %; None without a forecast.
        p_target: chance to be live by the agreed day; `p_grace` the same with the rollout's grace days.
    """

    original: date
    agreed: date
    moves: int = 0
    p50: date | None = None
    p80: date | None = None
    p_target: float | None = None
    p_grace: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Items of the template that still exist, by how far they are; `added` is work that people put in beside them."""

    total: int = 0
    done: int = 0
    started: int = 0
    late: int = 0
    held: int = 0
    gone: int = 0
    added: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PastReview:
    """What is kept of a review: enough for hysteresis, the trend, a portfolio, and checking old forecasts."""

    at: datetime
    colour: Colour
    computed: Colour
    signals: Mapping[SignalName, Colour] = field(default_factory=dict)
    scores: Mapping[SignalName, float] = field(default_factory=dict)
    p_grace: float | None = None
    p10: date | None = None
    p50: date | None = None
    p90: date | None = None
    p80: date | None = None
    p_target: float | None = None
    agreed: date | None = None
    sentence: str = ""
    stale: bool = False
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a review is computed from; the same case gives the same review.

    Attributes:
        schedule: dates as the template wants them now.
        baseline: first accepted first and last day of each item; frozen.
        now: our clock; `interval` the usual hours between two pulls.
        earlier: past reviews, oldest first.
    """

    rollout: Rollout
    schedule: Schedule
    baseline: Mapping[ItemKey, tuple[date, date]]
    calendar: WorkCalendar
    snapshot: Snapshot
    now: datetime
    interval: float = 24.0
    prior: Prior = DEFAULT_PRIOR
    earlier: tuple[PastReview, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """How a rollout stands.

    Attributes:
        colour: as shown: the override's while one holds, else the computed one after hysteresis.
        computed: the worst of the signals that count now, after hysteresis.
        was: the colour of the review before; None for the first.
        sentence: the whole in at most 25 words: colour, why, and the date.
        score: weighted mean of the signals that are not grey, for sorting only.
        stale: the data are too old to be trusted: `colour` is grey, or red where that was known; `computed` is the last
            known one.
        drag: the signal that costs most; None when all is green.
        moved: the (up to three) facts that changed most since the review before, in words.
        contradictions: what does not fit together, listed even when green.
        findings: what a person should know or do.
        fingerprint: of everything that this was computed from.
    """

    at: datetime
    colour: Colour
    computed: Colour
    was: Colour | None
    sentence: str
    signals: tuple[Signal, ...]
    dates: Dates
    tally: Tally
    score: float | None = None
    stale: bool = False
    drag: SignalName | None = None
    moved: tuple[str, ...] = ()
    forecast: Forecast | None = None
    drivers: tuple[Driver, ...] = ()
    contradictions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    override: Override | None = None
    fingerprint: str = ""
