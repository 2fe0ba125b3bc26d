"""The schedule signal: how far the work is along its frozen plan, for the whole rollout and for each department."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from rollout_sync.health import phrases
from rollout_sync.health.activities import CLOSES, OPENS, moment_at
from rollout_sync.health.colours import from_share, worst
from rollout_sync.health.earned import PlanLine
from rollout_sync.health.network import Status
from rollout_sync.health.review import Colour, Signal, SignalName
from rollout_sync.health.situation import UNREPORTED_PROGRESS
from rollout_sync.health.view import View
from rollout_sync.model.rollout import Item, ItemKey

ON_PLAN = 0.95
"""SPI(t) from which the schedule is green: the usual border of earned schedule, 0.9 colour changes in 10 reports."""
BEHIND_PLAN = 0.85
"""SPI(t) below which it is red."""
CRITICAL_SLIP = 0.10
"""Red as soon as the critical chain slipped by more than this share of the whole duration."""
FEWEST_DUE = 5
"""Below so many due items there are no ratios, only counts."""
_SHOWN = 5
_CLOSE = 1e-9

Dates = Mapping[ItemKey, tuple[date, date]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How far a group of items is.

    Attributes:
        name: of the department; empty for the whole rollout.
        due: how many should be done by now, of which `late` are not.
        spi: earned by elapsed time; None where fewer than five are due or they are planned to take no time.
        behind: working days between `now` and the moment at which the plan wanted as much done; negative when ahead.
    """

    name: str
    due: int
    late: int
    spi: float | None
    behind: float

    @property
    def colour(self) -> Colour:
        """By SPI(t); by counts there is no red."""
        if self.spi is None:
            return Colour.AMBER if self.late else Colour.GREEN
        return from_share(round(self.spi, 4), ON_PLAN, BEHIND_PLAN)

    @property
    def score(self) -> float:
        """0 to 100."""
        share = 1 - self.late / self.due if self.spi is None else self.spi
        return round(100 * min(share, 1.0), 1)


def schedule(view: View) -> Signal:
    """Earned schedule on the frozen dates; on those of the agreed plan once another go-live was agreed on."""
    frozen = {item.key: days for item in view.items if (days := view.case.baseline.get(item.key)) is not None}
    dates = _agreed_dates(view, frozen)
    stands = list(_stands(view, dates))
    if not stands:
        return Signal(name=SignalName.SCHEDULE, colour=Colour.GREY, sentence="nothing is due yet")
    slip, key = _slip(view, dates)
    is_red = key is not None and slip > CRITICAL_SLIP * _duration(view, dates)
    late = _late(view, dates)
    parts = [_critical(view, slip, key)] if is_red and key is not None else []
    parts += [_progress(stands), _lateness(view, dates, late, stands[0])]
    if dates != frozen and (first := _stand(view, "", view.items, frozen)) and first.spi is not None:
        parts.append(f"SPI(t) {first.spi:.2f} by the first plan")
    return Signal(
        name=SignalName.SCHEDULE,
        colour=Colour.RED if is_red else worst(one.colour for one in stands),
        sentence="; ".join(part for part in parts if part),
        score=_score(stands),
        items=tuple(dict.fromkeys([*([key] if is_red and key is not None else []), *late]))[:_SHOWN],
    )


def _score(stands: Sequence[Stand]) -> float:
    """The lowest of those with a ratio; by counts only where the whole rollout has none."""
    return min((one.score for one in stands if one.spi is not None), default=stands[0].score)


def _agreed_dates(view: View, frozen: Dates) -> Dates:
    """The frozen dates while the first go-live holds; after that what is open has the dates of the new plan."""
    agreed = view.case.snapshot.agreed
    if not agreed or agreed[0].go_live == agreed[-1].go_live:
        return frozen
    slots = view.case.schedule.slots
    return {
        key: (slots[key].start, slots[key].finish) if view.is_open(key) and key in slots else days
        for key, days in frozen.items()
    }


def _stands(view: View, dates: Dates) -> Iterator[Stand]:
    """The whole rollout, then each department of which something is due."""
    whole = _stand(view, "", view.items, dates)
    if whole is None:
        return
    yield whole
    for department in view.case.rollout.departments:
        items = [item for item in view.items if item.wave == department.key]
        if (stand := _stand(view, department.name, items, dates)) is not None:
            yield stand


def _stand(view: View, name: str, items: Sequence[Item], dates: Dates) -> Stand | None:
    """None where nothing is due yet."""
    known = [item for item in items if item.key in dates]
    due = [item for item in known if _is_due(view, dates[item.key][1])]
    if not due:
        return None
    late = sum(view.is_open(item.key) for item in due)
    earned = _earned(view, known, dates) if len(due) >= FEWEST_DUE else None
    spi, behind = earned or (None, 0.0)
    return Stand(name=name, due=len(due), late=late, spi=spi, behind=behind)


def _is_due(view: View, last: date) -> bool:
    return moment_at(last, CLOSES) <= view.case.now


def _earned(view: View, items: Sequence[Item], dates: Dates) -> tuple[float, float] | None:
    """SPI(t) = ES / AT, and AT - ES in working days; None where nothing has a length."""
    weighed = [(item, weight) for item in items if (weight := view.weights[item.key]) > 0]
    if not weighed:
        return None
    end = _measured_until(view, [item for item, _ in weighed])
    moments = [moment_at(dates[item.key][0], OPENS) for item, _ in weighed]
    moments += [moment_at(dates[item.key][1], CLOSES) for item, _ in weighed]
    positions = view.hours.hours([*moments, end]).tolist()
    starts, finishes, now = positions[: len(weighed)], positions[len(weighed) : -1], positions[-1]
    line = PlanLine.of([weight for _, weight in weighed], starts, finishes)
    earned = sum(weight * _share(view, item.key) for item, weight in weighed)
    begin, elapsed = min(starts), now - min(starts)
    if elapsed <= _CLOSE:
        return None
    reached = min(max(line.moment_of(earned, now), begin), max(finishes))
    return (reached - begin) / elapsed, (now - reached) / view.hours.hours_per_day


def _measured_until(view: View, items: Sequence[Item]) -> datetime:
    """Now; once all is done, its last finish, so that nothing falls behind any more."""
    finished = [view.progress[item.key].finished_at for item in items]
    if any(view.is_open(item.key) for item in items):
        return view.case.now
    return max((moment for moment in finished if moment is not None), default=view.case.now)


def _share(view: View, key: ItemKey) -> float:
    match view.progress[key].status:
        case Status.DONE:
            return 1.0
        case Status.TODO:
            return 0.0
        case Status.STARTED:
            percent = view.progress[key].percent
            return UNREPORTED_PROGRESS if percent is None else percent / 100


def _slip(view: View, dates: Dates) -> tuple[int, ItemKey | None]:
    """Working days by which the chain without slack is late: open items of it, and the last that was done.

    Once all before go-live is done, the real day is held against the agreed one instead.
    """
    if view.live_on is not None:
        return 0, None
    slots = view.case.schedule.slots
    chain = [key for key in dates if key in view.counting and slots[key].slack <= 0]
    done = [key for key in chain if not view.is_open(key)]
    last = max(done, key=lambda key: (dates[key][1], key), default=None)
    judged = [key for key in chain if view.is_open(key) or key == last]
    slips = [(view.late(key, dates[key][1]), key) for key in judged]
    return max(slips, default=(0, None), key=lambda pair: (pair[0], pair[1] or ""))


def _duration(view: View, dates: Dates) -> int:
    """Working days of the plan up to go-live."""
    days = [dates[key] for key in dates if key in view.counting] or list(dates.values())
    return view.case.calendar.between(min(first for first, _ in days), max(last for _, last in days)) + 1


def _late(view: View, dates: Dates) -> list[ItemKey]:
    """Due items that are open, the latest first."""
    found = [key for key, (_, last) in dates.items() if view.is_open(key) and _is_due(view, last)]
    return sorted(found, key=lambda key: (-view.late(key, dates[key][1]), key))


def _critical(view: View, slip: int, key: ItemKey) -> str:
    return f"the critical chain slipped by {phrases.days(slip)} at {phrases.title(view.titles[key])}"


def _progress(stands: Sequence[Stand]) -> str:
    """Where the work stands against its plan; the worst department where it is worse than the whole."""
    whole, *departments = stands
    rated = [one for one in departments if one.spi is not None]
    lowest = min(rated, key=lambda one: (one.spi or 0.0, one.name), default=None)
    if lowest is not None and (whole.spi is None or (lowest.spi or 0.0) < min(whole.spi, ON_PLAN)):
        rest = f", whole rollout {whole.spi:.2f}" if whole.spi is not None else ""
        return f"{lowest.name} is {_behind(lowest)} (SPI(t) {lowest.spi:.2f}{rest})"
    if whole.spi is None:
        return ""
    return f"the work is {_behind(whole)} (SPI(t) {whole.spi:.2f})"


def _behind(stand: Stand) -> str:
    if round(stand.behind, 1) > 0:
        return f"{phrases.days(stand.behind)} behind its plan"
    return f"{phrases.days(-stand.behind)} ahead of its plan" if round(stand.behind, 1) < 0 else "on its plan"


def _lateness(view: View, dates: Dates, late: Sequence[ItemKey], whole: Stand) -> str:
    if not late:
        return f"all {phrases.count(whole.due, 'due item')} are done" if whole.due > 1 else "the one due item is done"
    overdue = view.late(late[0], dates[late[0]][1])
    most = f", {phrases.title(view.titles[late[0]])} by {phrases.days(overdue)}" if overdue else ""
    return f"{whole.late} of {phrases.count(whole.due, 'due item')} {phrases.are(whole.late)} late{most}"
