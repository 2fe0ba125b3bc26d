"""The foot of a digest: how old the data are, how colours and dates come about, why the reader gets it. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rollout_sync.config.settings import Cadence
from rollout_sync.report.digest import Digest
from rollout_sync.report.digest_words import WEEKDAYS
from rollout_sync.report.readers import Reader
from rollout_sync.report.words import plain, short_day


def sources(digest: Digest) -> str:
    """When the services were last read, in the reader's zone: `Jira 8 Feb, 09:05; Planner 8 Feb, 06:30`."""
    read: dict[str, datetime | None] = {}
    for section in (*digest.sections, *digest.quiet):
        for tracker, coverage in section.coverage.items():
            before = read.get(tracker.value.capitalize(), coverage.good_at)
            known = [one for one in (before, coverage.good_at) if one is not None]
            read[tracker.value.capitalize()] = min(known) if len(known) == 2 else None  # noqa: PLR2004 - both
    zone = ZoneInfo(digest.reader.zone)
    parts = (f"{name} {_moment(at.astimezone(zone)) if at else 'never'}" for name, at in sorted(read.items()))
    return f"Data as of: {'; '.join(parts) or 'never read'} ({digest.reader.zone})."


def method(digest: Digest) -> str:
    """How colours and dates come about, and by which inputs they can be found again."""
    simulated = [one for one in digest.sections if one.trials]
    colour = "The colour is that of the worst signal that counts; scores run from 0 to 100."
    if not simulated:
        return colour
    first = simulated[0]
    prints = ", ".join(one.fingerprint[:12] for one in simulated if one.fingerprint)
    inputs = f", inputs {prints}" if prints else ""
    return f"{colour} Forecast: {first.trials:,} simulated courses of the open work, seed {first.seed}{inputs}."


def reason_for_mail(reader: Reader) -> str:
    """Why the reader gets it: `You get this every Monday from 08:00 (Europe/Berlin) as sponsor.`."""
    rhythm = {
        Cadence.DAILY: "on working days",
        Cadence.WEEKLY: f"every {WEEKDAYS[reader.weekday]}",
        Cadence.MONTHLY: "on the first working day of the month",
        Cadence.NEVER: "once",
    }[reader.every]
    roles = dict.fromkeys(role.replace("_", " ") for seat in reader.seats for role in seat.roles)
    place = f" as {plain(', '.join(roles))}" if roles else ""
    return f"You get this {rhythm} from {reader.time:%H:%M} ({reader.zone}){place}."


def _moment(local: datetime) -> str:
    return f"{short_day(local.date())}, {local:%H:%M}"
