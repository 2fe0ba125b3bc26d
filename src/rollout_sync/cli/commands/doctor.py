"""`rollout-sync doctor`: every check with its fix; the answer can be pasted to support."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import click

from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.checks import (
    Check,
    Level,
    configuration_check,
    failed,
    key_store_check,
    ledger_check,
    machine_checks,
    secret_checks,
)
from rollout_sync.cli.command import Command
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.render_doctor import write_checks
from rollout_sync.errors import ConfigError


@click.command(cls=Command, example="rollout-sync doctor\nrollout-sync doctor --offline")
@click.option("--offline", is_flag=True, help="Ask no service.")
@click.pass_obj
def command(invocation: Invocation, *, offline: bool) -> Answer[tuple[Check, ...]]:
    """Check everything that a run needs, with the fix for each.

    Reads only. The answer holds no secret, no e-mail address and no home folder, so that it can be sent to support.
    """
    checks = tuple(_checks(invocation, offline=offline))
    is_bad = any(check.level is Level.FAIL for check in checks)
    return Answer(result=checks, text=write_checks, status=Status.FAILED if is_bad else Status.DONE)


def _checks(invocation: Invocation, *, offline: bool) -> Iterator[Check]:
    yield from machine_checks()
    try:
        settings = invocation.settings()
    except ConfigError as error:
        yield failed("configuration", error)
        return
    yield configuration_check(settings)
    yield key_store_check(invocation, settings)
    secrets = tuple(secret_checks(invocation, settings))
    yield from secrets
    yield ledger_check(settings.ledger.path)
    if not offline:
        yield from _services(invocation, can_sign_in=all(check.level is Level.OK for check in secrets))


def _services(invocation: Invocation, *, can_sign_in: bool) -> Iterator[Check]:
    from rollout_sync.cli.destinations import destination_checks  # noqa: PLC0415 - only when services are asked
    from rollout_sync.cli.planning import app_of  # noqa: PLC0415 - the same
    from rollout_sync.cli.reach import mail_check, reach_checks  # noqa: PLC0415 - requests is slow to load

    reached = tuple(reach_checks(invocation.settings()))
    yield from reached
    if not can_sign_in or any(check.level is Level.FAIL for check in reached):
        yield Check(name="destinations", level=Level.SKIP, found="not looked at, because of what failed above")
        return
    app = app_of(invocation)
    # Where nobody sits at the terminal, a sign-in with a device code must fail instead of waiting.
    app = app if invocation.can_ask else replace(app, show=None)
    try:
        trackers = app.trackers()
        post = app.post()
    except ConfigError as error:
        yield failed("configuration", error)
        return
    yield from destination_checks(trackers)
    if post is not None:
        yield mail_check(post)
