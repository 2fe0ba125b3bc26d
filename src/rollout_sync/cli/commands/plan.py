"""`rollout-sync plan`: what would be created or changed, and when; writes nothing but the file of `--out`."""

from __future__ import annotations

from pathlib import Path

import click

from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.options import (
    RolloutRequest,
    exit_code_option,
    force_option,
    out_option,
    rollout_options,
    template_argument,
)
from rollout_sync.cli.planning import planned
from rollout_sync.cli.render_plan import PlanView, view, write_plan


@click.command(
    cls=Command,
    example='rollout-sync plan mfa --name "MFA 2027" --go-live 2027-03-01 --people people.csv --set company=Example\n'
    'rollout-sync plan mfa --name "MFA 2027" --out mfa.plan',
)
@template_argument
@rollout_options
@out_option
@exit_code_option
@force_option
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    template: str,
    request: RolloutRequest,
    out: Path | None,
    use_exit_code: bool,
    force: bool,
) -> Answer[PlanView]:
    """Show what a rollout would create or change, with its dates; write nothing.

    TEMPLATE is a name out of `rollout-sync templates`, or a .yaml file. A rollout that runs already is compared
    three ways: what the template wants, what was last written, and what people made of it.
    """
    from rollout_sync.reconcile import planfile  # noqa: PLC0415 - only needed with --out
    from rollout_sync.sync.planning import shows_changes  # noqa: PLC0415 - SQLAlchemy is slow to load

    with planned(template, request, invocation, force=force) as made:
        if out is not None:
            planfile.write(made.plan, out)
            invocation.screen.note(f"the plan is in {out}; carry it out with: rollout-sync apply {out}")
        is_pending = use_exit_code and shows_changes(made.plan)
        status = Status.PENDING if is_pending else Status.DONE
        return Answer(result=view(made.plan, made.prospect), text=write_plan, status=status)
