"""`rollout-sync start`: plan, show, ask, apply; run again it finishes what is open and changes nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation, Output
from rollout_sync.cli.options import (
    RolloutRequest,
    force_option,
    rollout_options,
    settle_option,
    template_argument,
    yes_option,
)
from rollout_sync.cli.planning import planned
from rollout_sync.cli.questions import ask_yes, may_ask
from rollout_sync.cli.render_applied import errors_of_run, progress, status_of_run, write_applied
from rollout_sync.cli.render_plan import PlanView, view, write_plan
from rollout_sync.cli.screen import Screen
from rollout_sync.errors import PlanError

if TYPE_CHECKING:
    from rollout_sync.sync.applying import Applied


@click.command(
    cls=Command,
    example='rollout-sync start mfa --name "MFA 2027" --go-live 2027-03-01 --people people.csv --set company=Example\n'
    'rollout-sync start mfa --name "MFA 2027" --yes',
)
@template_argument
@rollout_options
@yes_option
@force_option
@settle_option
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    template: str,
    request: RolloutRequest,
    yes: bool,
    force: bool,
    settle: float | None,
) -> Answer[PlanView] | Answer[Applied]:
    """Start a rollout: plan it, show the plan, ask, and create everything once.

    Safe to run again at any time: after a crash, a lost connection or with a changed template. What exists is never
    created a second time, and what people changed is kept.
    """
    from rollout_sync.sync.applying import apply  # noqa: PLC0415 - SQLAlchemy is slow to load

    with planned(template, request, invocation, force=force) as made:
        shown = view(made.plan, made.prospect)
        if invocation.output is Output.TEXT:
            write_plan(shown, invocation.screen)
        if not made.plan.is_empty and not yes and not _agreed(request, invocation):
            return Answer(result=shown, text=_declined, status=Status.DONE)
        with progress(invocation.screen, len(made.plan.intents)) as on_step:
            world = made.app.world(made.database, on_step, settle, trackers=made.trackers)
            applied = apply(made.plan, world)
        return Answer(result=applied, text=write_applied, status=status_of_run(applied), errors=errors_of_run(applied))


def _agreed(request: RolloutRequest, invocation: Invocation) -> bool:
    if not may_ask(request, invocation):
        raise PlanError("nobody can be asked whether to go on", hint="pass --yes to go on without a question")
    return ask_yes("Create this?")


def _declined(_plan: PlanView, _screen: Screen) -> None:
    """The plan was shown already."""
