"""Readers, reviews by hand and digests for tests of mails: the rollout of `pictured`, told to its people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from rollout_sync.config.secrets import SecretPlace
from rollout_sync.config.settings import Cadence, DigestSettings, MailSettings, ReaderSettings
from rollout_sync.health.review import Case, Colour, Dates, Review, Signal, SignalName, Tally
from rollout_sync.model.rollout import ItemKey
from rollout_sync.report.digest import Digest, Section, digest_of
from rollout_sync.report.readers import Reader, readers_of
from rollout_sync.report.told import LastDigest
from support.pictured import FINDINGS, GO_LIVE, NOW, WAITING, a_case, expanded

HEAD, DEPUTY, OTHER_HEAD = "otto.operator@example.com", "olga.orderly@example.com", "frida.figures@example.com"
SPONSOR, COORDINATOR = "sonja.sponsor@example.com", "cora.coordinator@example.com"
WEEK_BEFORE = NOW - timedelta(days=7)
_PLACE = SecretPlace(name="a secret", variable="A_SECRET", account="a", file_key="a.file")
ROLES = {
    "sponsor": Cadence.WEEKLY,
    "department_head": Cadence.WEEKLY,
    "supervisor": Cadence.WEEKLY,
    "coordinator": Cadence.DAILY,
}
SENDER = MailSettings(
    password=_PLACE, sender="rollouts@example.com", reply_to="rollouts@example.com", unsubscribe="leave@example.com"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A rollout with its case and review, as the use-cases hand it over."""

    name: str
    case: Case
    review: Review


def settings(*readers: ReaderSettings, **over: Any) -> DigestSettings:
    """Section `[digest]` in Berlin, with the usual roles."""
    return DigestSettings(
        **{"webhook_url": _PLACE, "roles": ROLES, "zone": "Europe/Berlin", "readers": readers, **over}
    )


def extra(email: str, **over: Any) -> ReaderSettings:
    """A table `[[digest.readers]]`; what is left out is that of `[digest]`."""
    usual = settings()
    given = {"every": Cadence.WEEKLY, "weekday": 0, "time": usual.time, "zone": usual.zone, "heartbeat": False, **over}
    return ReaderSettings(email=email, **given)


def reader(email: str = HEAD, **over: Any) -> Reader:
    """One of the readers of the usual rollout."""
    found = {one.email: one for one in readers_of([expanded()], settings())}
    return replace(found[email], **over)


@cache
def usual_case(now: datetime = NOW) -> Case:
    """The case of `pictured` without earlier reviews."""
    return a_case(now=now, reviewed=False)


def a_review(now: datetime = NOW, **over: Any) -> Review:
    """A review by hand: amber, because Operations has not answered."""
    signals = (
        Signal(name=SignalName.SCHEDULE, colour=Colour.GREEN, sentence="2 of 36 due items are late", score=91.0),
        Signal(
            name=SignalName.FORECAST,
            colour=Colour.AMBER,
            sentence="62 % likely by 1 Mar, 70 % with 3 days of grace; even odds by 26 Feb, 80 % by 4 Mar",
            score=62.0,
        ),
        Signal(
            name=SignalName.APPROVALS,
            colour=Colour.AMBER,
            sentence="'Green light of Operations' waits 1.4 times its agreed time; 1 decision is pending",
            score=55.0,
            items=(WAITING,),
        ),
        Signal(name=SignalName.FEEDBACK, colour=Colour.GREY, sentence="no pulse was taken yet", counts=False),
        Signal(name=SignalName.DATA, colour=Colour.GREEN, sentence="Jira and Planner read 3 hours ago", score=100.0),
    )
    made: dict[str, Any] = {
        "at": now,
        "colour": Colour.AMBER,
        "computed": Colour.AMBER,
        "was": Colour.AMBER,
        "sentence": "Amber because approvals: 'Green light of Operations' waits 1.4 times its agreed time; "
        "go-live 1 Mar 62 % likely.",
        "signals": signals,
        "dates": Dates(
            original=date(2027, 2, 22),
            agreed=GO_LIVE,
            moves=1,
            p50=date(2027, 2, 26),
            p80=date(2027, 3, 4),
            p_target=0.62,
            p_grace=0.70,
        ),
        "tally": Tally(total=71, done=29, started=3, late=2, held=38, added=3),
        "score": 71.0,
        "drag": SignalName.APPROVALS,
        "findings": FINDINGS,
        "fingerprint": "f" * 64,
    }
    return Review(**{**made, **over})


def made(now: datetime = NOW, *, name: str = "MFA 2027", case: Case | None = None, **over: Any) -> Made:
    """The usual rollout; `over` changes the review."""
    return Made(name=name, case=case or usual_case(now), review=a_review(now, **over))


def digest(who: Reader, now_made: Made, last: LastDigest | None = None, period: str = "2027-W06") -> Digest:
    """A digest that has something to tell."""
    found = digest_of(who, [now_made], last, now_made.review.at, period)
    assert found is not None
    return found


def told_before(who: Reader, **over: Any) -> LastDigest:
    """What a reader knows a week before `NOW`: all was green, and likely in time."""
    dates = replace(a_review().dates, p50=date(2027, 2, 22), p_target=0.8, p_grace=0.9)
    signals = tuple(replace(one, colour=Colour.GREEN) if one.counts else one for one in a_review().signals)
    usual = {"colour": Colour.GREEN, "dates": dates, "signals": signals, "findings": (), **over}
    first = digest(who, made(WEEK_BEFORE, **usual), None, "2027-W05")
    return first.kept(None, "before@example.com")


def case(
    now: datetime = NOW,
    *,
    gates: dict[str, dict[str, Any]] | None = None,
    items: dict[str, dict[str, Any]] | None = None,
    **over: Any,
) -> Case:
    """The usual case; single gates and items changed."""
    usual = usual_case(now)
    snapshot = usual.snapshot
    decided = {**snapshot.gates}
    for key, change in (gates or {}).items():
        decided[ItemKey(key)] = replace(decided[ItemKey(key)], **change)
    states = {**snapshot.items}
    for key, change in (items or {}).items():
        states[ItemKey(key)] = replace(states[ItemKey(key)], **change)
    return replace(usual, snapshot=replace(snapshot, gates=decided, items=states, **over))


def section(email: str, *, last: LastDigest | None = None, of: Case | None = None, **over: Any) -> Section:
    """What a reader's digest says of the one rollout; `over` changes its review."""
    return digest(reader(email), made(case=of, **over), last).sections[0]


def bullets(email: str, *, last: LastDigest | None = None, of: Case | None = None, **over: Any) -> list[str]:
    """The changes since `last`, in words."""
    found = section(email, last=last or told_before(reader(email)), of=of, **over)
    return [one.words for one in found.changes]


def quiet_last(email: str = OTHER_HEAD) -> LastDigest:
    """What a reader knows who was told the same a moment ago."""
    return digest(reader(email), made()).kept(None, "first@example.com")
