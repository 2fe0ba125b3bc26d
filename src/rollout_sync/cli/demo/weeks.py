"""Ten weeks of the story: people work on their boards day by day, and `sync` runs each evening."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Final

from rollout_sync.cli.demo import cast
from rollout_sync.cli.demo.diary import Page, diary
from rollout_sync.cli.demo.engine import Engine, StoryClock, running
from rollout_sync.cli.demo.people import People
from rollout_sync.cli.demo.proofs import Evening, content_print, writes
from rollout_sync.cli.demo.stage import Stage
from rollout_sync.cli.demo.telling import Teller
from rollout_sync.health.review import Colour, Tally
from rollout_sync.model.rollout import ItemKey, Rollout
from rollout_sync.model.snapshot import ItemState
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates

_MORNING, _AFTERNOON, _EVENING = (time(hour, tzinfo=UTC) for hour in (9, 14, 17))
LIVE: Final = ItemKey("sustain/live")


@dataclass(frozen=True, slots=True, kw_only=True)
class TenWeeks:
    """What came of them.

    Attributes:
        path: the colours that health went through, each once in a row.
        tally: of the last evening.
        live: the milestone of the whole rollout, as `sync` brought it back.
    """

    evenings: tuple[Evening, ...]
    path: tuple[Colour, ...]
    tally: Tally
    live: ItemState


def play(stage: Stage, rollout: Rollout) -> TenWeeks:
    """Let the ten weeks go by, for a rollout that stands on the boards.

    Raises:
        UnexpectedResponse: somebody could not do what the diary says.
    """
    schedule = plan_dates(rollout, WorkCalendar.of(rollout.calendar), cast.FIRST_DAY)
    pages = diary(rollout, schedule)
    clock = StoryClock(datetime.combine(cast.FIRST_DAY, _MORNING))
    teller = Teller(say=stage.say)
    with running(rollout.id, stage.sandbox.url, stage.environ, clock) as engine:
        people = People.of(stage.sandbox, rollout)
        evenings: list[Evening] = []
        for number, week in groupby(pages, key=_week):
            evenings += [_day(page, stage, engine, people, teller) for page in week]
            teller.week(number, engine.last_review())
        made = engine.review()
    stage.sandbox.control("POST", "/clock", {"freeze": False})
    return TenWeeks(
        evenings=tuple(evenings),
        path=tuple(teller.path),
        tally=made.review.tally,
        live=made.case.snapshot.items[LIVE],
    )


def _day(page: Page, stage: Stage, engine: Engine, people: People, teller: Teller) -> Evening:
    """People act, the evening comes, and the agent looks."""
    for acts, moment in (page.morning, _MORNING), (page.afternoon, _AFTERNOON):
        if acts:
            _set(stage, engine, page.day, moment)
        for act in acts:
            people.do(act)
    _set(stage, engine, page.day, _EVENING)
    before = "" if page.acts else _content(stage)
    stage.sandbox.control("POST", "/counters/reset")
    tick = engine.tick()
    sent = writes(stage.sandbox.control("GET", "/counters"))
    teller.evening(page.day, [act.words for act in page.acts if act.words], next(iter(tick.rollouts), None))
    return Evening(
        number=page.number,
        is_finished=tick.is_finished,
        sent=sent,
        is_idle=not page.acts,
        is_untouched=None if page.acts else before == _content(stage),
        early_in=people.bucket_of(cast.EARLY) if page.number in cast.WATCHED else None,
    )


def _week(page: Page) -> int:
    return (page.day - cast.FIRST_DAY).days // 7 + 1


def _set(stage: Stage, engine: Engine, on: date, at: time) -> None:
    """The clocks of the services and of the agent."""
    moment = datetime.combine(on, at)
    stage.sandbox.control("POST", "/clock", {"freeze": moment.isoformat()})
    engine.clock.at = moment


def _content(stage: Stage) -> str:
    return content_print(stage.sandbox.control("GET", "/state")["collections"])
