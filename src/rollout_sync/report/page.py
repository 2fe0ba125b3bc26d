"""The page of one rollout: everything a reader may ask, in one file that needs nothing else.

It holds no script, loads nothing, and links only to addresses that are harmless to click.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rollout_sync.health.drivers import Driver
from rollout_sync.health.forecast import MODEL
from rollout_sync.health.review import Signal
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.snapshot import AddedItem, Decision, GateState, ItemStatus, Vote
from rollout_sync.report.chart import Chart
from rollout_sync.report.items import ItemRow, Look, added_is_late, by_department, rows_of
from rollout_sync.report.layout import filled
from rollout_sync.report.pictures.burnup import burnup_picture
from rollout_sync.report.pictures.canvas import Form, Picture
from rollout_sync.report.pictures.fan import fan_picture
from rollout_sync.report.pictures.gantt import gantt_picture
from rollout_sync.report.view import BurnPoint, RolloutView, day_of
from rollout_sync.report.words import SIGNAL_WORDS, SIGNS, Sign, age, count, moment

MOST_REFS = 6
"""Links to items behind one sentence."""
_CONTENTS = (
    ("signals", "Signals"),
    ("drivers", "What moves the date"),
    ("forecast", "Forecast"),
    ("burn-up", "Work"),
    ("plan", "Plan"),
    ("gates", "Gates"),
    ("items", "Items"),
    ("findings", "Findings"),
)
_TONES = {Look.DONE: "done", Look.STARTED: "started", Look.OPEN: "plain", Look.HELD: "held", Look.GONE: "plain"}
_ADDED = {ItemStatus.DONE: Look.DONE, ItemStatus.STARTED: Look.STARTED, ItemStatus.GONE: Look.GONE}
_DECISIONS = {
    Decision.NOT_ASKED: ("not asked yet", "plain"),
    Decision.WAITING: ("waiting", "waiting"),
    Decision.APPROVED: ("approved", "approved"),
    Decision.CONDITIONS: ("approved with conditions", "approved"),
    Decision.NOT_YET: ("not yet", "waiting"),
    Decision.REJECTED: ("rejected", "rejected"),
}
_URGENT = (Decision.REJECTED, Decision.NOT_YET, Decision.WAITING, Decision.NOT_ASKED)
_SEVERITIES = tuple(reversed(Severity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """An item that a sentence speaks of."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """One line of the table of signals."""

    signal: Signal
    word: str
    sign: Sign
    is_drag: bool
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverRow:
    """One cause; `width` is the length of its line in percent. `sentence` leaves out the days, they stand beside it."""

    driver: Driver
    sentence: str
    width: int
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteShown:
    """Who decided, when."""

    who: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """One gate; `tone` is a style of the layout."""

    row: ItemRow
    gate: GateState
    word: str
    tone: str
    deputies: str
    votes: tuple[VoteShown, ...]
    ignored: tuple[VoteShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedRow:
    """One piece of work that people added."""

    item: AddedItem
    who: str
    word: str
    tone: str
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One finding with the item it speaks of, where that is known."""

    severity: Severity
    message: str
    hint: str
    refs: tuple[Ref, ...]


def page(view: RolloutView) -> str:
    """The whole page as HTML; equal views give equal text."""
    case, review = view.case, view.review
    rows = rows_of(case)
    refs = _refs(rows, case.snapshot.added)
    names = {one.email: one.name for one in case.rollout.people}
    values: dict[str, object] = {
        "name": case.rollout.name,
        "title": case.rollout.title if case.rollout.title != case.rollout.name else "",
        "review": review,
        "sign": SIGNS[review.colour],
        "computed": SIGNS[review.computed],
        "was": SIGNS[review.was] if review.was not in {None, review.colour} and review.was else None,
        "contents": _CONTENTS,
        "urgent": _urgent(review.findings),
        "dates": review.dates,
        "grace": case.rollout.grace_days,
        "tally": review.tally,
        "work": _work(view),
        "signals": [_signal(one, view, refs) for one in review.signals],
        "drivers": _drivers(review.drivers, refs),
        "fan": _chart(fan_picture, view, "There is no forecast to draw yet."),
        "burnup": _chart(burnup_picture, view, "There is no planned work to draw."),
        "gantt": _chart(gantt_picture, view, "There are no items to draw."),
        "trend": view.history.trend[::-1],
        "burn": _weekly(view.history.burn),
        "gates": _gates(rows, names),
        "groups": by_department(case.rollout, rows),
        "looks": Look,
        "tones": _TONES,
        "added": [_added(one, day_of(case.now), names) for one in case.snapshot.added],
        "findings": _findings(view, refs),
        "made": tuple(_made(view)),
    }
    return filled("page.html", values)


def _chart(draw: Callable[[RolloutView, Form], Picture | None], view: RolloutView, instead: str) -> Chart:
    return Chart.of(lambda form: draw(view, form), instead)


def _refs(rows: Sequence[ItemRow], added: Sequence[AddedItem]) -> Mapping[str, Ref]:
    found = {one.id: Ref(title=one.title, url=one.url) for one in added}
    return found | {row.item.key: Ref(title=row.title, url=row.state.url) for row in rows}


def _known(keys: Sequence[str], refs: Mapping[str, Ref]) -> tuple[Ref, ...]:
    return tuple(refs[key] for key in keys[:MOST_REFS] if key in refs)


def _signal(signal: Signal, view: RolloutView, refs: Mapping[str, Ref]) -> SignalRow:
    return SignalRow(
        signal=signal,
        word=SIGNAL_WORDS[signal.name],
        sign=SIGNS[signal.colour],
        is_drag=signal.name is view.review.drag,
        refs=_known(signal.items, refs),
    )


def _drivers(drivers: Sequence[Driver], refs: Mapping[str, Ref]) -> tuple[DriverRow, ...]:
    """Causes that make a tenth of a day or more."""
    most = max((abs(one.days) for one in drivers), default=0.0)
    return tuple(
        DriverRow(
            driver=one,
            sentence=one.sentence.partition(" d: ")[2] or one.sentence,
            width=max(round(100 * abs(one.days) / most), 2),
            refs=_known(one.items, refs),
        )
        for one in drivers
        if round(abs(one.days), 1) > 0
    )


def _work(view: RolloutView) -> str:
    tally = view.review.tally
    parts = ((tally.late, "late"), (tally.held, "held"), (tally.started, "in progress"), (tally.added, "added"))
    return ", ".join(f"{number} {word}" for number, word in parts if number) or "nothing late or held"


def _weekly(burn: Sequence[BurnPoint]) -> tuple[BurnPoint, ...]:
    """The newest point that is known and those a week before each other, newest first."""
    return tuple([one for one in burn if one.done is not None][::-7])


def _gates(rows: Sequence[ItemRow], names: Mapping[str, str]) -> tuple[GateRow, ...]:
    """What has to be decided first, then what comes, then what is decided."""
    found = [(row, row.gate) for row in rows if row.gate is not None]
    order = {decision: number for number, decision in enumerate(_URGENT)}
    found.sort(key=lambda one: (order.get(one[1].decision, len(order)), one[0].finish))
    return tuple(_gate(row, gate, names) for row, gate in found)


def _gate(row: ItemRow, gate: GateState, names: Mapping[str, str]) -> GateRow:
    word, tone = _DECISIONS[gate.decision]
    approval = row.item.approval
    return GateRow(
        row=row,
        gate=gate,
        word=word,
        tone=tone,
        deputies=", ".join(one.name for one in approval.deputies) if approval else "",
        votes=_votes(gate.votes, names),
        ignored=_votes(gate.ignored, names),
    )


def _votes(votes: Sequence[Vote], names: Mapping[str, str]) -> tuple[VoteShown, ...]:
    return tuple(VoteShown(who=names.get(one.by, one.by), day=day_of(one.at)) for one in votes)


def _added(item: AddedItem, today: date, names: Mapping[str, str]) -> AddedRow:
    look = _ADDED.get(item.status, Look.OPEN)
    return AddedRow(
        item=item,
        who=names.get(item.created_by, item.created_by),
        word=look.value,
        tone=_TONES[look],
        is_late=added_is_late(item, today),
    )


def _urgent(findings: Sequence[Finding]) -> str:
    """`1 error and 2 warnings`; empty when there is neither."""
    numbers = ((sum(one.severity is kind for one in findings), kind.value) for kind in _SEVERITIES[:-1])
    return " and ".join(count(number, word) for number, word in numbers if number)


def _findings(view: RolloutView, refs: Mapping[str, Ref]) -> tuple[FindingRow, ...]:
    """The worst first."""
    ordered = sorted(view.review.findings, key=lambda one: _SEVERITIES.index(one.severity))
    return tuple(
        FindingRow(severity=one.severity, message=one.message, hint=one.hint, refs=_known((one.where,), refs))
        for one in ordered
    )


def _made(view: RolloutView) -> Iterator[tuple[str, str]]:
    """Where the facts come from and how they were computed, so that a number can be found again months later."""
    case, review = view.case, view.review
    yield "Data as of", moment(case.snapshot.at)
    for tracker, coverage in sorted(case.snapshot.coverage.items()):
        read = f"read {age(coverage.good_at, case.now)} ago" if coverage.good_at else "never read"
        unseen = f"; {count(len(coverage.unseen), 'object')} could not be seen" if coverage.unseen else ""
        yield tracker.value.capitalize(), read + (f"; last try: {coverage.reason}" if coverage.reason else "") + unseen
    yield "Template", f"{case.rollout.template}, version {case.rollout.template_version}"
    if review.forecast is not None:
        made = review.forecast
        yield (
            "Forecast",
            (
                f"model {MODEL} from {made.basis.value}, {made.trials:,} trials, seed {made.seed}, "
                f"{made.finished} of {count(made.total, 'activity', 'activities')} finished"
            ),
        )
        if made.notes:
            yield "Notes", "; ".join(made.notes)
    yield "Colours", "the worst signal that counts now; better ones never hide it"
    yield "Fingerprint", review.fingerprint or "none"
