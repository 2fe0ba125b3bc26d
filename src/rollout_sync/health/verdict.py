"""The review of a rollout: every signal, one colour, one sentence, and why. Pure: the same case, the same review."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields

from rollout_sync.errors import PlanError
from rollout_sync.health import headline
from rollout_sync.health.colours import SEVERITY, last_known, settled, valid_override, worst
from rollout_sync.health.contradictions import contradictions
from rollout_sync.health.drivers import Driver, drivers
from rollout_sync.health.forecast import MODEL, SEED
from rollout_sync.health.moves import moved, of_another_day
from rollout_sync.health.network import Status
from rollout_sync.health.prior import PastRollout, past_from
from rollout_sync.health.review import Case, Colour, Dates, PastReview, Review, Signal, SignalName, Tally
from rollout_sync.health.signals import signals_of
from rollout_sync.health.signals.freshness import is_stale
from rollout_sync.health.view import View
from rollout_sync.model.operations import Finding
from rollout_sync.model.rollout import Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.model.sessions import SessionState
from rollout_sync.model.snapshot import Coverage, ItemStatus, Snapshot

RULES = 1
"""Grows when the same case may give another review; part of every fingerprint."""

WEIGHTS: Mapping[SignalName, int] = {
    SignalName.SCHEDULE: 20,
    SignalName.FORECAST: 20,
    SignalName.APPROVALS: 15,
    SignalName.TRAINING: 15,
    SignalName.PROBLEMS: 15,
    SignalName.FEEDBACK: 10,
    SignalName.ADOPTION: 5,
}
"""Shares of the score; those of grey signals are left out. Confidence in data has no share."""


def review(case: Case, findings: Sequence[Finding] = (), *, with_drivers: bool = True) -> Review:
    """Judge a rollout.

    Args:
        case: everything that is known.
        findings: shown with the review; they change no colour.
        with_drivers: whether to divide the gap among causes, which takes most of the time; a list of many rollouts
            can do without.

    Raises:
        PlanError: the rollout's items wait for each other, or a number is impossible.
        ConfigError: dates leave the calendar's years.
    """
    view = View(case=case)
    known = last_known(case.earlier)
    signals = signals_of(view, known)
    verdict = _verdict(view, signals, known)
    dates, tally = dates_of(view), tally_of(view)
    drag = drag_of(signals)
    return Review(
        at=case.now,
        colour=verdict.shown,
        computed=verdict.computed,
        was=case.earlier[-1].colour if case.earlier else None,
        sentence=headline.sentence(view, verdict, signals, drag=drag, dates=dates, known=known),
        signals=signals,
        dates=dates,
        tally=tally,
        score=score_of(signals),
        stale=verdict.is_stale,
        drag=drag,
        moved=moved(view, of_another_day(case.earlier, view.today), dates, signals, tally),
        forecast=view.forecast,
        drivers=_drivers(view) if with_drivers else (),
        contradictions=contradictions(view, verdict.shown),
        findings=tuple(findings),
        override=verdict.override,
        fingerprint=_fingerprint(view),
    )


def _verdict(view: View, signals: Sequence[Signal], known: PastReview | None) -> headline.Verdict:
    """The computed colour, and the one to show: grey where data are not to be trusted, an override where one holds."""
    now = worst(one.colour for one in signals if one.counts and one.name is not SignalName.DATA)
    data = next(one.colour for one in signals if one.name is SignalName.DATA)
    is_lost = data is Colour.RED
    if is_lost:
        computed = now if known is None else worst([now, known.computed])
        shown = max(computed, Colour.GREY, key=SEVERITY.__getitem__)
    else:
        now = worst([now, data])
        computed = shown = settled(now, view.case.earlier, view.today, view.case.calendar)
    override = valid_override(view.case.snapshot.override, view.today)
    if override is not None and not (is_lost and override.colour == Colour.GREEN.value):
        shown = Colour(override.colour)
    return headline.Verdict(
        shown=shown,
        computed=computed,
        now=now,
        is_stale=is_stale(view.case),
        is_lost=is_lost,
        override=override,
    )


def drag_of(signals: Sequence[Signal]) -> SignalName | None:
    """The signal that costs most: of the worst colour, then by the points that it takes from the score."""
    costly = [one for one in signals if one.counts and one.colour in {Colour.AMBER, Colour.RED}]
    if not costly:
        return None
    return max(costly, key=lambda one: (SEVERITY[one.colour], _cost(one), -list(SignalName).index(one.name))).name


def _cost(signal: Signal) -> float:
    return WEIGHTS.get(signal.name, 0) * (100 - (100 if signal.score is None else signal.score))


def score_of(signals: Sequence[Signal]) -> float | None:
    """Weighted mean of the scores of signals that are not grey; None where all are."""
    rated = [(WEIGHTS[one.name], one.score) for one in signals if one.score is not None and one.name in WEIGHTS]
    if not rated:
        return None
    return round(sum(weight * score for weight, score in rated) / sum(weight for weight, _ in rated), 1)


def dates_of(view: View) -> Dates:
    """Original, agreed and forecast days."""
    agreed, found = view.case.snapshot.agreed, view.forecast
    known = None if found is None else (view.shown(found.at(0.5)), view.shown(found.at(0.8)))
    known = known if view.live_on is None else (view.live_on, view.live_on)
    return Dates(
        original=agreed[0].go_live if agreed else view.agreed,
        agreed=view.agreed,
        moves=max(len(agreed) - 1, 0),
        p50=known[0] if known else None,
        p80=known[1] if known else None,
        p_target=found.p_target if found else None,
        p_grace=found.p_grace if found else None,
    )


def tally_of(view: View) -> Tally:
    """How many items are how far; late by the dates that hold on the boards."""
    states = view.case.snapshot.items
    status = [view.progress[item.key].status for item in view.items]
    is_open = [item.key for item in view.items if view.is_open(item.key)]
    return Tally(
        total=len(view.items),
        done=status.count(Status.DONE),
        started=status.count(Status.STARTED),
        late=sum(view.planned[key].last < view.today for key in is_open),
        held=sum(key in states and states[key].held for key in is_open),
        gone=len(view.case.rollout.items) - len(view.items),
        added=sum(one.status is not ItemStatus.GONE for one in view.case.snapshot.added),
    )


def _drivers(view: View) -> tuple[Driver, ...]:
    if view.network is None or view.played is None:
        return ()
    found, situation = view.played.forecast, view.played.situation
    return drivers(view.network, view.hours, found, prior=view.case.prior, situation=situation)


def lesson(case: Case) -> PastRollout | None:
    """What a rollout teaches once everything before go-live is done; None before, and where no times are known."""
    view = View(case=case)
    if view.network is None or view.live_on is None:
        return None
    try:
        return past_from(view.network, view.hours)
    except PlanError:  # nothing of it was ever seen to start
        return None


def _fingerprint(view: View) -> str:
    """SHA-256 over everything that decides a review. Items are known by their rollout's and forecast's fingerprints."""
    rollout, found = view.case.rollout, view.forecast
    known = (rollout.id, rollout.name, rollout.fingerprint, rollout.grace_days, found.fingerprint if found else "")
    return hashlib.sha256(_text((RULES, MODEL, SEED, known, view.case)).encode()).hexdigest()


def _text(value: object) -> str:
    """Equal for equal values, whatever order a mapping was filled in; what holds no mapping is taken as it prints."""
    match value:
        case Mapping():
            return repr(sorted((str(key), _text(member)) for key, member in value.items()))
        case tuple():
            return f"({', '.join(map(_text, value))})"
        case Case() | Schedule() | Snapshot() | Coverage() | PastReview() | SessionState():
            members = (getattr(value, one.name) for one in fields(value))
            return repr([_text(one) for one in members if not isinstance(one, Rollout)])
        case _:
            return repr(value)
