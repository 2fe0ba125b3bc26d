"""How a rollout's health looks on one screen, and all rollouts in one table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from rollout_sync.cli.render_odds import WIDTH, day, likely
from rollout_sync.cli.render_plan import write_findings
from rollout_sync.cli.screen import Screen
from rollout_sync.model.operations import Finding
from rollout_sync.model.rollout import ItemKey, RolloutId, TrackerName
from rollout_sync.model.snapshot import Coverage, GateState, ItemState, Override

if TYPE_CHECKING:
    from rollout_sync.health.drivers import Driver
    from rollout_sync.health.review import Colour, Dates, Signal, Tally
    from rollout_sync.sync.reviewing import Reviewed, Row

_LISTED = 8
_HOUR = 3600
_INTERVALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStatus:
    """A rollout's health for people and programs.

    Attributes:
        was: colour of the review before; None for the first.
        stale: the data are too old or too few: the colour is grey, or red where it was, and `computed` is the last
            known.
        titles: of the items that the other members name by key.
        forecast: deciles, chances, pace, seed and fingerprint; None where there is nothing to forecast.
        as_of: the day whose end is shown; None for now.
    """

    as_of: date | None
    rollout: RolloutId
    name: str
    at: datetime
    colour: Colour
    computed: Colour
    was: Colour | None
    stale: bool
    sentence: str
    score: float | None
    dates: Dates
    tally: Tally
    signals: tuple[Signal, ...]
    drivers: tuple[Driver, ...]
    moved: tuple[str, ...]
    contradictions: tuple[str, ...]
    findings: tuple[Finding, ...]
    override: Override | None
    items: Mapping[ItemKey, ItemState]
    gates: Mapping[ItemKey, GateState]
    coverage: Mapping[TrackerName, Coverage]
    titles: Mapping[ItemKey, str]
    forecast: Mapping[str, object] | None
    fingerprint: str


def shown_status(made: Reviewed, as_of: date | None = None) -> ShownStatus:
    """What to show of a review, of an earlier day if one is given."""
    review, case = made.review, made.case
    return ShownStatus(
        as_of=as_of,
        rollout=case.rollout.id,
        name=made.name,
        at=review.at,
        colour=review.colour,
        computed=review.computed,
        was=review.was,
        stale=review.stale,
        sentence=review.sentence,
        score=review.score,
        dates=review.dates,
        tally=review.tally,
        signals=review.signals,
        drivers=review.drivers,
        moved=review.moved,
        contradictions=review.contradictions,
        findings=review.findings,
        override=review.override,
        items=case.snapshot.items,
        gates=case.snapshot.gates,
        coverage=case.snapshot.coverage,
        titles={item.key: item.title for item in case.rollout.items},
        forecast=review.forecast.plain() if review.forecast is not None else None,
        fingerprint=review.fingerprint,
    )


def write_status(status: ShownStatus, screen: Screen) -> None:
    """One screen: colour and sentence first, then dates, signals, reasons, what is held, what to do."""
    was = f" (was {status.was})" if status.was not in (None, status.colour) else ""
    screen.heading(f"{status.name}: {status.colour.upper()}{was}")
    if status.as_of is not None:
        screen.line(f"  as it stood at the end of {day(status.as_of)}")
    _sentence(status.sentence, screen)
    if status.override is not None:
        one = status.override
        screen.line(f"  set by {one.by} until {day(one.until)}: {one.reason}; computed: {status.computed}")
    screen.line(f"  {_dates(status.dates, screen)}")
    screen.line(f"  {_tally(status.tally, screen)}")
    _signals(status.signals, screen)
    _listed("why, in working days:", [one.sentence for one in status.drivers], screen)
    _listed("what would help, with the odds including the days of grace:", _what_ifs(status.drivers), screen)
    _listed("changed most since the last review:", status.moved, screen)
    _listed("does not fit together:", status.contradictions, screen)
    write_findings(status.findings[:_LISTED], screen)
    if len(status.findings) > _LISTED:
        screen.line(f"  and {len(status.findings) - _LISTED} more findings: see --output json, or the report")
    if status.as_of is None:
        screen.line(f"  {_ages(status.coverage, status.at)}")


def _sentence(text: str, screen: Screen, indent: str = "  ") -> None:
    for line in textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent):
        screen.line(line)


def _dates(dates: Dates, screen: Screen) -> str:
    dot = f" {screen.symbols.dot} "
    parts = [f"go-live agreed {day(dates.agreed)}"]
    if dates.p_target is not None:
        parts[0] += f", {likely(dates.p_target)}"
    if dates.p50 is not None and dates.p80 is not None:
        parts.append(f"forecast {day(dates.p50)} (even odds) to {day(dates.p80)} (80 %)")
    if dates.moves:
        parts.append(f"original {day(dates.original)}, moved {_times(dates.moves)}")
    return dot.join(parts)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _tally(tally: Tally, screen: Screen) -> str:
    parts = [f"{tally.done} of {tally.total} items done", f"{tally.started} in work"]
    rest = {"late": tally.late, "held": tally.held, "added by people": tally.added, "deleted": tally.gone}
    parts += [f"{number} {word}" for word, number in rest.items() if number]
    return f" {screen.symbols.dot} ".join(parts)


def _signals(signals: Sequence[Signal], screen: Screen) -> None:
    for signal in signals:
        score = "" if signal.score is None else f"{signal.score:.0f}"
        lead = f"  {signal.name:<11}{signal.colour:<6}{score:>4}  "
        lines = textwrap.wrap(signal.sentence, WIDTH - len(lead)) or [""]
        screen.line(f"{lead}{lines[0]}")
        for line in lines[1:]:
            screen.line(" " * len(lead) + line)


def _listed(heading: str, sentences: Sequence[str], screen: Screen) -> None:
    if not sentences:
        return
    screen.line(f"  {heading}")
    for sentence in sentences[:_LISTED]:
        for line in textwrap.wrap(sentence, WIDTH, initial_indent="    ", subsequent_indent="      "):
            screen.line(line)


def _what_ifs(drivers: Sequence[Driver]) -> list[str]:
    return [one.what_if for one in drivers if one.what_if]


def _ages(coverage: Mapping[TrackerName, Coverage], now: datetime) -> str:
    if not coverage:
        return "nothing was read back yet; run: rollout-sync sync"
    parts = [f"{name.value.capitalize()} {_age(one, now)}" for name, one in coverage.items()]
    return "data as of: " + ", ".join(parts)


def _age(one: Coverage, now: datetime) -> str:
    failed = f" (last try failed: {one.reason})" if one.reason else ""
    if one.good_at is None:
        return f"never read{failed}"
    hours = (now - one.good_at).total_seconds() / _HOUR
    if hours < 1:
        return f"just now{failed}"
    return (f"{hours:.0f} h ago" if hours < 48 else f"{hours / 24:.0f} days ago") + failed  # noqa: PLR2004 - two days


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One rollout of a portfolio, as it was last reviewed; members are None for one that never was.

    Attributes:
        read_at: when a service was last read well for it.
    """

    rollout: RolloutId
    name: str
    colour: Colour | None
    sentence: str
    agreed: date | None
    p_target: float | None
    p50: date | None
    p80: date | None
    done: int
    total: int
    reviewed_at: datetime | None
    read_at: datetime | None = None


def shown_row(row: Row) -> ShownRow:
    """What to show of one rollout among others."""
    last = row.last
    return ShownRow(
        rollout=row.id,
        name=row.name,
        colour=last.colour if last else None,
        sentence=last.sentence if last else "not read back yet; run: rollout-sync sync",
        agreed=last.agreed if last else None,
        p_target=last.p_target if last else None,
        p50=last.p50 if last else None,
        p80=last.p80 if last else None,
        done=last.done if last else 0,
        total=last.total if last else 0,
        reviewed_at=last.at if last else None,
        read_at=_newest_good(row.coverage.values()),
    )


def write_portfolio(rows: Sequence[ShownRow], screen: Screen) -> None:
    """All rollouts, one line each."""
    if not rows:
        screen.line("The ledger knows no rollout yet. Start one: rollout-sync start TEMPLATE --name NAME")
        return
    table = [
        (
            row.name,
            "-" if row.colour is None else row.colour.value,
            f"{row.done}/{row.total}" if row.total else "-",
            day(row.agreed) if row.agreed else "-",
            "-" if row.p_target is None else f"{100 * row.p_target:.0f} %",
            day(row.p80) if row.p80 else "-",
            "-" if row.reviewed_at is None else f"{row.reviewed_at:%d %b %H:%M}",
        )
        for row in rows
    ]
    screen.table(("rollout", "health", "done", "go-live", "likely", "80 % by", "reviewed"), table)


def silence(rows: Sequence[Row], now: datetime, every: timedelta) -> str:
    """One line when the agent was silent for three intervals or more; empty while it works. Pure.

    A rollout that is finished is read once a day, and so says nothing; one that was never read says so itself.
    """
    running = [row for row in rows if row.last is None or row.last.done < row.last.total]
    halves = [half for row in running for half in row.coverage.values()]
    good = _newest_good(halves)
    if good is None or now - good <= _INTERVALS * every:
        return ""
    tried, reason = max((half.tried_at, half.reason) for half in halves if half.tried_at is not None)
    if reason and now - tried <= _INTERVALS * every:
        return f"nothing could be read for {_span(now - good)}: {reason}"
    return f"nothing was read for {_span(now - good)}; is the schedule running? rollout-sync schedule show"


def _newest_good(halves: Iterable[Coverage]) -> datetime | None:
    known = [half.good_at for half in halves if half.good_at is not None]
    return max(known) if known else None


def _span(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    for unit, length in (("day", 24 * 60), ("hour", 60)):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit}s"
    return f"{minutes} minutes"
