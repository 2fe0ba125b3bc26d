"""Invitations to training sessions: made, changed and called off once each, and the answers brought home.

What guests were told is in the chronicle (`session:<item>`). A calendar's event is asked for with a transaction id that
follows from the item's own mark, so that a lost answer or a lost ledger makes no second one. Where the calendar may not
be written, the same news go out as `.ics` mails: they are put into the outbox in the commit that says they were told.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from rollout_sync.errors import TrackerError
from rollout_sync.ledger import chronicle, objects, outbox
from rollout_sync.ledger.lease import held
from rollout_sync.ledger.opening import Database
from rollout_sync.model.operations import Done, Finding, Outcome, Refused
from rollout_sync.model.records import record
from rollout_sync.model.rollout import ItemKey, RolloutId
from rollout_sync.model.sessions import Answer, Guest, Session, SessionState, Stage, Way
from rollout_sync.reconcile import keys
from rollout_sync.reconcile.sessions import Act, Step, findings_of, steps, told_of, wanted_sessions
from rollout_sync.report.digest import Made
from rollout_sync.report.invitation import News
from rollout_sync.report.message import Sender
from rollout_sync.sync import remembering
from rollout_sync.sync.session_news import (
    NO_WAY,
    Told,
    as_it_was,
    forbidden,
    news_of,
    organizer_stays,
    out_of_reach,
    people_of,
    unheard,
    wish_of,
    withdrawn_from,
)
from rollout_sync.trackers.calendar import Calendar, Replies
from rollout_sync.transport.clock import Clock

_NAMESPACE = uuid.UUID("0d7a6f52-3f5f-4c06-9c0e-6a1f5a5d9b7e")
_FORBIDDEN, _NOT_FOUND = 403, 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Secretary:
    """The edges of inviting, from the composition root.

    Attributes:
        zone: IANA name of the zone in which sessions are planned.
        calendar: None where Graph is not configured.
        sender: section `[mail]`.
        has_mail: whether there is a channel for mails.
    """

    database: Database
    clock: Clock
    zone: str
    calendar: Calendar | None
    sender: Sender
    has_mail: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """What came of one rollout's sessions.

    Attributes:
        done: titles of the sessions that were invited to, changed and called off.
        answers: how many sessions have other answers than before.
        mails: how many mails wait in the outbox for `sending.deliver`.
        problems: what could not be done now; the next run tries again.
    """

    rollout: RolloutId
    done: Mapping[Act, tuple[str, ...]] = field(default_factory=dict)
    answers: int = 0
    mails: int = 0
    findings: tuple[Finding, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Nothing is left for another run."""
        return not self.problems


def invite(made: Made, secretary: Secretary) -> Invited:
    """Bring all invitations of a rollout to its plan. Not to be called while its lease is held.

    Raises:
        LedgerBusy: another run works on the rollout.
        LedgerError: the ledger cannot be written.
    """
    rollout = made.case.rollout.id
    with held(secretary.database, rollout, secretary.clock):
        return _Round(made=made, secretary=secretary).carried_out()


@dataclass(slots=True, kw_only=True)
class _Round:
    """One look at one rollout, inside its lease."""

    made: Made
    secretary: Secretary
    done: dict[Act, list[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    mails: int = 0
    is_shut: bool = False

    @property
    def rollout(self) -> RolloutId:
        return self.made.case.rollout.id

    @property
    def now(self) -> datetime:
        return self.secretary.clock.now()

    def carried_out(self) -> Invited:
        """Answers first, then what is to be told, session by session."""
        case, database = self.made.case, self.secretary.database
        with database.reading() as connection:
            known = remembering.sessions(connection, self.rollout)
        known, answers = self._with_answers(known)
        snapshot = replace(case.snapshot, sessions=known)
        wanted = wanted_sessions(case.rollout, case.schedule, snapshot, self.secretary.zone)
        for step in steps(wanted, case.rollout, snapshot, self.now):
            self._take(step)
        self.findings += findings_of(wanted, self.now)
        return Invited(
            rollout=self.rollout,
            done={act: tuple(titles) for act, titles in self.done.items()},
            answers=answers,
            mails=self.mails,
            findings=tuple(dict.fromkeys(self.findings)),
            problems=tuple(self.problems),
        )

    # Answers

    def _with_answers(self, known: Mapping[ItemKey, SessionState]) -> tuple[dict[ItemKey, SessionState], int]:
        calendar, now = self.secretary.calendar, self.now
        open_ones = [one for one in known.values() if _is_awaited(one, now)]
        if calendar is None or not open_ones:
            return dict(known), 0
        try:
            replies = calendar.replies(open_ones)
        except TrackerError as error:
            self.problems.append(f"answers to invitations cannot be read: {error.what}")
            return dict(known), 0
        fresh = {one.item: _answered(one, replies[one.remote]) for one in open_ones if one.remote in replies}
        self.findings += [withdrawn_from(one) for one in fresh.values() if one.stage is Stage.WITHDRAWN]
        changed = {key: one for key, one in fresh.items() if one != known[key]}
        self._keep(*changed.values())
        return {**known, **fresh}, len(changed)

    # What is told

    def _take(self, step: Step) -> None:
        match step.act:
            case Act.INVITE if step.wanted is not None:
                self._invite(step.wanted, step.known)
            case Act.CHANGE if step.wanted is not None and step.known is not None:
                self._change(step.wanted, step.known)
            case Act.CANCEL if step.known is not None:
                self._cancel(step.known)
            case _:
                raise AssertionError(f"{step.act} lacks what it is about")  # a bug in `steps`

    def _invite(self, session: Session, known: SessionState | None) -> None:
        state = self._asked(session, known)
        calendar = self.secretary.calendar
        before = (*known.invited, known.host) if known is not None and known.stage is Stage.ASKED else ()
        if calendar is not None and not self.is_shut and self._by_calendar(calendar, session, state, before):
            return
        if not self.secretary.has_mail:
            self.findings.append(NO_WAY)
            return
        state = replace(state, way=Way.MAIL, mailbox="", stage=Stage.INVITED, told=told_of(session))
        self._tell(state, [(News.INVITED, session, one) for one in people_of(session)])
        self._note(Act.INVITE, session.title)

    def _asked(self, session: Session, known: SessionState | None) -> SessionState:
        """What is known before anything leaves; one that nobody confirmed keeps its identity."""
        again = known is not None and known.stage is Stage.ASKED
        number = 0 if known is None else known.round if again else known.round + 1
        return SessionState(
            item=session.item,
            uid=known.uid if known is not None and again else self._uid(session.item, number),
            way=Way.CALENDAR,
            stage=Stage.ASKED,
            starts=session.starts,
            ends=session.ends,
            title=session.title,
            round=number,
            mailbox=known.mailbox if known is not None and again else "",
            host=session.host.email.lower(),
            invited=_addresses(session),
        )

    def _by_calendar(self, calendar: Calendar, session: Session, state: SessionState, before: Sequence[str]) -> bool:
        """Try the mailboxes in turn; False where no calendar can be written, so that mails are the way."""
        for mailbox in dict.fromkeys([*([state.mailbox] if state.mailbox else []), *calendar.mailboxes(session)]):
            asked = replace(state, mailbox=mailbox)
            self._keep(asked)  # on disk before the wire: a run after a crash asks for the same event again
            outcome = calendar.make(session, mailbox=mailbox, uid=asked.uid, before=before)
            if isinstance(outcome, Done):
                self._keep(replace(asked, stage=Stage.INVITED, remote=outcome.remote.id, told=told_of(session)))
                self._note(Act.INVITE, session.title)
                return True
            if isinstance(outcome, Refused) and outcome.status == _FORBIDDEN:
                self.is_shut = True
                self.findings.append(forbidden(outcome, has_mail=self.secretary.has_mail))
                return False
            if not (isinstance(outcome, Refused) and outcome.status == _NOT_FOUND):
                self._failed(session.title, outcome)
                return True
        return False

    def _change(self, session: Session, known: SessionState) -> None:
        fresh = replace(
            known,
            sequence=known.sequence + 1,
            starts=session.starts,
            ends=session.ends,
            title=session.title,
            told=told_of(session),
            host=session.host.email.lower(),
            invited=_addresses(session),
            answers={} if session.starts != known.starts else known.answers,
        )
        if known.way is Way.MAIL:
            if not self.secretary.has_mail:
                self.findings.append(unheard(known))
                return
            self._tell(fresh, list(news_of(session, known)))
            self._note(Act.CHANGE, session.title)
            return
        calendar = self.secretary.calendar
        if calendar is None:
            self.findings.append(out_of_reach(known))
            return
        outcome = calendar.change(session, known)
        if isinstance(outcome, Done):
            self._keep(fresh)
            self._note(Act.CHANGE, session.title)
            if known.host == known.mailbox.lower() != fresh.host:
                self.findings.append(organizer_stays(known, session))
        elif isinstance(outcome, Refused) and outcome.status == _NOT_FOUND:
            withdrawn = replace(known, stage=Stage.WITHDRAWN)
            self._keep(withdrawn)
            self.findings.append(withdrawn_from(withdrawn))
        else:
            self._failed(session.title, outcome)

    def _cancel(self, known: SessionState) -> None:
        over = replace(known, stage=Stage.CANCELLED, sequence=known.sequence + 1)
        calendar = self.secretary.calendar
        if known.way is Way.MAIL:
            if not self.secretary.has_mail:
                self.findings.append(unheard(known))
                return
            session = as_it_was(known, self.secretary.zone)
            self._tell(over, [(News.CANCELLED, session, one) for one in people_of(session)])
        elif calendar is not None and (known.remote or known.mailbox):
            outcome = calendar.cancel(known)
            never = not known.remote and isinstance(outcome, Refused) and outcome.status in (_FORBIDDEN, _NOT_FOUND)
            if not (isinstance(outcome, Done) or never):
                self._failed(known.title, outcome)
                return
            self._keep(over)
        else:
            self.findings.append(out_of_reach(known))
            return
        self._note(Act.CANCEL, known.title)

    # Keeping

    def _tell(self, state: SessionState, news: Sequence[tuple[News, Session, Guest]]) -> None:
        """The mails and what they make known, in one commit."""
        told = Told(state=state, rollout=self.rollout, name=self.made.name, at=self.now)
        wishes = [wish_of(told, what, session, guest, self.secretary.sender) for what, session, guest in news]
        with self.secretary.database.transaction() as connection:
            self.mails += len(outbox.plan(connection, wishes, self.now))
            chronicle.note(connection, self.rollout, self.now, _bodies(state))

    def _keep(self, *states: SessionState) -> None:
        if states:
            with self.secretary.database.transaction() as connection:
                chronicle.note(connection, self.rollout, self.now, _bodies(*states))

    def _note(self, act: Act, title: str) -> None:
        self.done.setdefault(act, []).append(title)

    def _failed(self, title: str, outcome: Outcome) -> None:
        hint = f" ({outcome.hint})" if isinstance(outcome, Refused) and outcome.hint else ""
        reason = "" if isinstance(outcome, Done) else outcome.reason
        self.problems.append(f"“{title}”: {reason}{hint}")

    def _uid(self, item: ItemKey, number: int) -> str:
        """The same for the same work, also after its ledger was lost: markers are kept by the services."""
        with self.secretary.database.reading() as connection:
            marked = {one.object: one.marker for one in objects.bindings(connection, self.rollout)}
        marker = marked.get(keys.issue(item)) or marked.get(keys.details(item)) or f"{self.rollout} {item}"
        return str(uuid.uuid5(_NAMESPACE, f"{marker} {number}"))


def _is_awaited(state: SessionState, now: datetime) -> bool:
    """Whether a calendar may have news of it."""
    return state.way is Way.CALENDAR and state.stage is Stage.INVITED and bool(state.remote) and state.ends > now


def _answered(state: SessionState, replies: Replies) -> SessionState:
    """With what its guests said; silence is not kept."""
    if not replies.stands:
        return replace(state, stage=Stage.WITHDRAWN)
    said = {email: replies.answers.get(email, Answer.NONE) for email in state.invited}
    return replace(state, answers={email: answer for email, answer in said.items() if answer is not Answer.NONE})


def _addresses(session: Session) -> tuple[str, ...]:
    return tuple(one.email.lower() for one in session.guests)


def _bodies(*states: SessionState) -> dict[str, chronicle.Body | None]:
    return {f"{remembering.SESSION}{one.item}": record(one) for one in states}
