"""The simulation: every trial plays the open part of the network once, all trials side by side.

Row by row in topological order; a row holds one number a trial. Moments are working hours from `now`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rollout_sync.health.draws import Draws, Indices, Numbers, lognormal_table, pert_table, waiting_table
from rollout_sync.health.network import Status
from rollout_sync.health.situation import Incoming, Situation, Standing
from rollout_sync.health.waits import Waits

TASK_SPREAD = 0.20
"""Log-sd of one task's length around plan and pace. Tasks scatter more, but planned starts absorb most of it."""
LEAST_LEFT = 0.15
"""Share of a started activity's length that is still to come, however long it has been going on."""
_CLOSE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Which parts of reality are played; what is off goes as planned.

    Attributes:
        pace: as learnt; off: as planned.
        starts: real starts, finishes and delays; off: everything begins and ended on its planned day.
        blockers: blocked items wait; off: they do not.
        approvals: decisions take as long as decisions take; off: their planned time.
        scope: what was added counts; off: it takes no time.
        spread: lengths scatter; off: each is its middle value.
    """

    pace: bool = True
    starts: bool = True
    blockers: bool = True
    approvals: bool = True
    scope: bool = True
    spread: bool = True


AS_IT_IS = Switches()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Drawn lengths, a row an activity: `work` before the pace, `waits` of decisions and blockers by place."""

    work: NDArray[np.float32]
    waits: Mapping[int, Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Start and finish of every activity in every trial."""

    starts: NDArray[np.float32]
    finishes: NDArray[np.float32]

    def last(self, situation: Situation) -> Numbers:
        """When the last goal is reached."""
        found: Numbers = self.finishes[list(situation.goals)].max(axis=0)
        return found


def draw_lengths(situation: Situation, waits: Waits, draws: Draws) -> Lengths:
    """Draw a length for every open activity: log-normal around its plan, PERT-beta where the plan gives three."""
    work = np.zeros((len(situation.standings), draws.trials), np.float32)
    drawn: dict[int, Numbers] = {}
    for place, one in enumerate(situation.standings):
        if one.is_approval and one.is_open:
            drawn[place] = _pick(_wait_table(one, waits), draws.places(f"wait {one.key}"))
            continue
        if one.is_blocked:
            drawn[place] = _pick(_wait_table(one, waits), draws.places(f"wait {one.key}"))
        if one.length > 0 or one.activity.estimate is not None:
            _work_table(one, draws.places(f"work {one.key}"), out=work[place])
    return Lengths(work=work, waits=drawn)


def middle_lengths(situation: Situation, waits: Waits) -> Lengths:
    """One trial without chance: likely lengths, median waits."""
    work = [[one.activity.estimate.likely if one.activity.estimate else one.length] for one in situation.standings]
    return Lengths(
        work=np.array(work, np.float32).reshape(len(work), 1),
        waits={
            place: np.median(_wait_table(one, waits), keepdims=True)
            for place, one in enumerate(situation.standings)
            if one.is_blocked or (one.is_approval and one.is_open)
        },
    )


def _wait_table(one: Standing, waits: Waits) -> Numbers:
    return waiting_table(waits.median(one.typical_wait), waits.spread, one.waited or 0.0)


def _work_table(one: Standing, places: Indices, *, out: Numbers) -> None:
    """Both look-ups are in range by construction; `clip` spares numpy the check."""
    if (three := one.activity.estimate) is not None:
        np.take(pert_table(three.low, three.likely, three.high), places, out=out, mode="clip")
    else:
        np.take(lognormal_table(TASK_SPREAD), places, out=out, mode="clip")
        np.multiply(out, np.float32(one.length), out=out)


def _pick(table: Numbers, places: Indices) -> Numbers:
    return table.take(places)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fixed:
    """Behind us, or taken as planned: start and finish are known."""

    start: float
    finish: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """Begun: `left` hours are to come."""

    start: float
    left: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ahead:
    """Not begun: not before `floor`, where given not before `release`, and `length` hours long."""

    floor: float
    length: Numbers
    release: Numbers | None = None


_Play: TypeAlias = _Fixed | _Running | _Ahead


def play(situation: Situation, lengths: Lengths, pace: Numbers, switches: Switches = AS_IT_IS) -> Trials:
    """Play the network once a trial; `pace` multiplies work, not waits."""
    shape = (len(situation.standings), max(lengths.work.shape[1], len(pace)))
    trials = Trials(starts=np.empty(shape, np.float32), finishes=np.empty(shape, np.float32))
    for place, one in enumerate(situation.standings):
        start, finish = trials.starts[place], trials.finishes[place]
        wait = lengths.waits.get(place)
        match _role(one, lengths.work[place], wait, pace, switches):
            case _Fixed(start=began, finish=ended):
                start.fill(began)
                finish.fill(ended)
            case _Running(start=began, left=left):
                start.fill(began)
                finish[:] = left
                _hold_finish(finish, one.incoming, trials)
            case _Ahead(floor=floor, length=length, release=release):
                start.fill(floor)
                if release is not None:
                    np.maximum(start, release, out=start)
                _hold_start(start, length, one.incoming, trials)
                np.add(start, length, out=finish)
    return trials


def _hold_start(start: Numbers, length: Numbers, incoming: Sequence[Incoming], trials: Trials) -> None:
    for link in incoming:
        limit = _limit(link, trials)
        np.maximum(start, limit - length if link.to_finish else limit, out=start)


def _hold_finish(finish: Numbers, incoming: Sequence[Incoming], trials: Trials) -> None:
    """What has begun is not called back, but a link to its finish still holds."""
    for link in incoming:
        if link.to_finish:
            np.maximum(finish, _limit(link, trials), out=finish)


def _limit(link: Incoming, trials: Trials) -> Numbers:
    row: Numbers = (trials.finishes if link.from_finish else trials.starts)[link.source]
    return row + np.float32(link.lag) if link.lag else row


def _role(one: Standing, work: Numbers, wait: Numbers | None, pace: Numbers, switches: Switches) -> _Play:
    if not one.is_open and switches.starts:
        return _Fixed(start=one.started, finish=one.finished)
    if one.activity.is_added and not switches.scope:
        return _Ahead(floor=one.planned_start, length=np.zeros(1, np.float32))
    if not one.is_open:
        return _Fixed(start=one.planned_start, finish=one.planned_finish)
    if one.is_approval and wait is not None:
        return _decision(one, wait, switches)
    return _work(one, work * pace, wait, switches)


def _decision(one: Standing, wait: Numbers, switches: Switches) -> _Play:
    planned = np.full(1, one.length, np.float32)
    if one.waited is None:
        return _Ahead(floor=_floor(one, switches), length=wait if switches.approvals else planned)
    if switches.approvals:
        return _Running(start=-one.waited, left=wait)
    if switches.starts:
        return _Running(start=-one.waited, left=np.maximum(planned - np.float32(one.waited), np.float32(0.0)))
    return _Ahead(floor=one.planned_start, length=planned)


def _work(one: Standing, length: Numbers, wait: Numbers | None, switches: Switches) -> _Play:
    blocked = wait if switches.blockers else None
    if one.status is Status.STARTED and switches.starts:
        left = _left(length, one)
        return _Running(start=one.started, left=left if blocked is None else left + blocked)
    return _Ahead(floor=_floor(one, switches), length=length, release=blocked)


def _left(length: Numbers, one: Standing) -> Numbers:
    """What is left by progress and what is left by the clock, half each; never less than the least."""
    by_clock = np.maximum(length - np.float32(-one.started), np.float32(0.0))
    mixed = np.float32(0.5 * (1 - one.progress)) * length + np.float32(0.5) * by_clock
    found: Numbers = np.maximum(mixed, np.float32(LEAST_LEFT) * length)
    return found


def _floor(one: Standing, switches: Switches) -> float:
    """What is not begun begins from now on, and not before its planned day."""
    if not switches.starts:
        return one.planned_start
    return max(one.planned_start, 0.0) if one.is_dated else 0.0


def criticality(situation: Situation, trials: Trials, count: int) -> Mapping[str, float]:
    """Share of the first `count` trials in which an open activity is on the path that sets the finish."""
    starts, finishes = trials.starts[:, :count], trials.finishes[:, :count]
    some = Trials(starts=starts, finishes=finishes)
    driving = np.zeros(finishes.shape, bool)
    last = some.last(situation)
    for place in situation.goals:
        driving[place] = finishes[place] >= last
    shares: dict[str, float] = {}
    for place in range(len(situation.standings) - 1, -1, -1):
        one = situation.standings[place]
        if not one.is_open or not driving[place].any():
            continue
        shares[one.key] = float(driving[place].mean())
        for link in one.incoming:
            driving[link.source] |= driving[place] & _is_tight(link, starts[place], finishes[place], some)
    return dict(sorted(shares.items()))


def _is_tight(link: Incoming, start: Numbers, finish: Numbers, trials: Trials) -> NDArray[np.bool_]:
    held = finish if link.to_finish else start
    found: NDArray[np.bool_] = _limit(link, trials) >= held - np.float32(_CLOSE)
    return found
