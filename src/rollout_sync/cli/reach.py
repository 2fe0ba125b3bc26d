"""What `doctor` asks the services at their doors: are they there, is the clock right, may mails leave?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rollout_sync.cli.checks import Check, Level, failed, safe_to_paste
from rollout_sync.errors import TrackerError
from rollout_sync.transport import Limits, Repeat, Transport
from rollout_sync.transport.clock import Clock, SystemClock

if TYPE_CHECKING:
    from rollout_sync.config import Settings
    from rollout_sync.trackers.post import Post

_PATIENCE = 15.0
_SKEW_NOTED = timedelta(seconds=30)
_SKEW_REFUSED = timedelta(minutes=5)
_GOOD = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A page of a service that everybody may read."""

    name: str
    url: str
    route: str
    key: str


def addresses(settings: Settings) -> tuple[Address, ...]:
    """One page of each configured service."""
    found: list[Address] = []
    if settings.jira:
        url = f"{settings.jira.site}/rest/api/3/serverInfo"
        found.append(Address(name="Jira", url=url, route="/serverInfo", key="[jira] site"))
    if settings.planner:
        url = f"{settings.planner.authority}/{settings.planner.tenant}/v2.0/.well-known/openid-configuration"
        route = "/{tenant}/v2.0/.well-known/openid-configuration"
        found.append(Address(name="Microsoft sign-in", url=url, route=route, key="[planner] tenant and authority"))
    return tuple(found)


def reach_checks(settings: Settings, clock: Clock | None = None) -> Iterator[Check]:
    """Reachability of every service, and the clock against each answer."""
    clock = clock or SystemClock()
    transport = Transport(clock=clock, limits=Limits(deadline=_PATIENCE), rewrites=settings.rewrites)
    with transport.session() as session:
        for address in addresses(settings):
            try:
                reply = transport.exchange(session, "GET", address.url, repeat=Repeat.SAFE, route=address.route)
            except TrackerError as error:
                yield failed(address.name, error)
                continue
            yield answered(address, reply.status)
            yield clock_check(address.name, clock.now(), reply.at)


def mail_check(post: Post) -> Check:
    """Whether mails could leave; none is sent."""
    from rollout_sync.transport.smtp import SmtpPost  # noqa: PLC0415 - only with a channel for mails

    if not isinstance(post, SmtpPost):
        return Check(name="mail", level=Level.SKIP, found="by Graph; whether Mail.Send is granted shows the first mail")
    refusal = post.refusal()
    if refusal is not None:
        found, fix = safe_to_paste(refusal.reason), safe_to_paste(refusal.hint)
        return Check(name="mail", level=Level.FAIL, found=found, fix=fix)
    return Check(name="mail", level=Level.OK, found="the mail server lets us in")


def answered(address: Address, status: int) -> Check:
    """What an HTTP status of a public page says."""
    if status in _GOOD:
        return Check(name=address.name, level=Level.OK, found="is reachable")
    return Check(
        name=address.name,
        level=Level.FAIL,
        found=f"answered with status {status}",
        fix=f"Check {address.key} in the configuration.",
    )


def clock_check(service: str, here: datetime, there: datetime) -> Check:
    """How far this machine's clock is from a service's; tokens and settling need them near each other."""
    skew = abs(here - there)
    name, found = "clock", f"{round(skew.total_seconds())} s from {service}'s"
    if skew <= _SKEW_NOTED:
        return Check(name=name, level=Level.OK, found=found)
    level = Level.FAIL if skew > _SKEW_REFUSED else Level.WARN
    return Check(name=name, level=level, found=found, fix="Switch on automatic time on this machine.")
