"""From the command line to a plan: what `plan` and `start` do before they part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.metrics import services_of
from rollout_sync.cli.options import RolloutRequest
from rollout_sync.cli.questions import answer_questions, complete
from rollout_sync.cli.sandbox_time import clock_of
from rollout_sync.errors import PeopleError

if TYPE_CHECKING:
    from rollout_sync.app import App
    from rollout_sync.ledger.opening import Database
    from rollout_sync.model.rollout import TrackerName
    from rollout_sync.reconcile.plan import Plan
    from rollout_sync.sync.forecasting import Prospect
    from rollout_sync.sync.planning import Wish
    from rollout_sync.sync.wishing import Remembered
    from rollout_sync.template.people import PeopleList
    from rollout_sync.template.reading import Template
    from rollout_sync.trackers.base import Tracker


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan with the edges it was made through, so that it can be carried out over the same ones.

    `prospect` holds the odds of a rollout that is new to the ledger.
    """

    app: App
    database: Database
    trackers: dict[TrackerName, Tracker]
    plan: Plan
    prospect: Prospect | None


def app_of(invocation: Invocation) -> App:
    """The composition root of this call; a device-code sign-in speaks through the screen."""
    from rollout_sync.app import App, Edges  # noqa: PLC0415 - requests, jira and SQLAlchemy are slow to load

    settings = invocation.settings()
    meter = invocation.meter
    if meter is not None:
        meter.services = services_of(settings)
    edges = Edges(clock=clock_of(settings.sandbox_url), on_attempt=None if meter is None else meter.attempted)
    return App(
        settings=settings,
        environ=invocation.environ,
        keystore=invocation.secrets(),
        show=invocation.screen.complain,
        edges=invocation.stop.over(edges),
    )


@contextmanager
def planned(template_name: str, request: RolloutRequest, invocation: Invocation, *, force: bool) -> Iterator[Planned]:
    """A plan for what the command line asks for; the ledger stays open for the block."""
    from rollout_sync.sync import planning  # noqa: PLC0415 - SQLAlchemy is slow to load
    from rollout_sync.template import shipped  # noqa: PLC0415 - pydantic is slow to load

    app = app_of(invocation)
    template = shipped.load(template_name)
    with app.ledger() as database:
        wish = _wish(template, request, invocation, database, force=force)
        invocation.about.rollout = wish.rollout.id
        trackers = dict(app.trackers())
        invocation.screen.note("reading Jira and Planner ...")
        plan = planning.make(wish, database=database, trackers=trackers, clock=app.clock, thresholds=app.thresholds())
        prospect = _prospect(wish, plan, database)
        yield Planned(app=app, database=database, trackers=trackers, plan=plan, prospect=prospect)


def _prospect(wish: Wish, plan: Plan, database: Database) -> Prospect | None:
    """The odds of a rollout before anything of it was accepted; a running one has a forecast of its own."""
    if plan.revision or plan.schedule is None:
        return None
    from rollout_sync.sync import forecasting  # noqa: PLC0415 - numpy is slow to load

    return forecasting.odds_of(wish.rollout, plan.schedule, plan.made_at, forecasting.prior_of(database))


def _wish(
    template: Template, request: RolloutRequest, invocation: Invocation, database: Database, *, force: bool
) -> Wish:
    from rollout_sync.sync import wishing  # noqa: PLC0415 - SQLAlchemy is slow to load

    remembered = wishing.remember(database, request.name) if request.name else None
    if remembered is not None:
        request = _filled(request, remembered)
    people = _people(request.people or invocation.settings().people.default) if _has_list(request, invocation) else None
    if people is None and remembered is not None:
        people = remembered.people
    if people is None or not request.name or not (request.go_live or request.start):
        request = complete(request, invocation, invocation.settings().people.default)
        people = people or _people(request.people)
    return wishing.wish(
        template,
        {**(remembered.answers if remembered else {}), **answer_questions(template.document, request, invocation)},
        people,
        name=request.name or "",
        go_live=request.go_live,
        start=request.start,
        departments=request.departments or (remembered.departments if remembered else None),
        force=force,
    )


def _has_list(request: RolloutRequest, invocation: Invocation) -> bool:
    return request.people is not None or invocation.settings().people.default is not None


def _filled(request: RolloutRequest, remembered: Remembered) -> RolloutRequest:
    """The request with what the running rollout was started with, where nothing else is said.

    Its short name stands for its name, and is no new one.
    """
    from rollout_sync.template.expand import rollout_id  # noqa: PLC0415 - pydantic is slow to load

    if request.name is not None and request.name == rollout_id(request.name):
        request = replace(request, name=remembered.name)
    if request.go_live or request.start:
        return request
    return replace(request, go_live=remembered.go_live, start=remembered.start)


def _people(path: Path | None) -> PeopleList:
    from rollout_sync.template.people import read_people  # noqa: PLC0415 - openpyxl is slow to load

    if path is None:
        raise PeopleError("there is no people list", (), hint="pass --people FILE")
    try:
        content = path.expanduser().read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise PeopleError(f"the people list cannot be read: {reason}", (), hint=f"check the path {path}") from error
    return read_people(content, str(path))
