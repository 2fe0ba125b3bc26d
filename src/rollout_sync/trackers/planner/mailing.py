"""Mails through Microsoft Graph, as ready MIME messages: at once, or as a draft that is marked, sent and found again.

MIME keeps our plain text and headers (a JSON message has no text part and takes only five `x-` headers); Exchange may
still leave out or rewrite some, `Message-ID` and `Auto-Submitted` among them. So nothing is recognised by a header: a
draft bears its event as an extended property of our own.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote

from rollout_sync.errors import ConfigError, TrackerError, UnexpectedResponse
from rollout_sync.model.mail import Channel, ChannelShut, Parcel
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Outcome, Refused
from rollout_sync.trackers.planner.batch import InnerReply
from rollout_sync.trackers.planner.client import Gathered, GraphClient, segment
from rollout_sync.trackers.planner.outcomes import FORBIDDEN, NOT_FOUND, failed
from rollout_sync.trackers.post import Place, Trail
from rollout_sync.transport.reply import Repeat, Reply
from rollout_sync.transport.words import refusal, server_words

PROPERTY = "String {5b1e2f6c-9d37-4c7a-8a52-6f0f3c1d7e94} Name RolloutSyncEvent"
"""The extended property that holds the event; the GUID is our own set of names."""

MOST_BYTES = 3_900_000
"""Graph takes requests of about 4 MB; base64 and headers are part of that."""
_IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
_MIME = {"Content-Type": "text/plain"}
_TOO_LARGE = 413
_ALL_SENDING = frozenset({401, FORBIDDEN, NOT_FOUND, 407, 429})
"""Refusals that say something of the sign-in or the mailbox, not of one mail."""


class GraphMail:
    """Microsoft Graph behind `trackers.post.Post`.

    Args:
        client: the shared Graph client.
        sender: the mailbox; an app sends in its name, a person from their own.
        is_person: whether a person is signed in.
        drafts: whether to go over drafts, which needs the right Mail.ReadWrite.
    """

    def __init__(self, client: GraphClient, *, sender: str, is_person: bool, drafts: bool) -> None:
        self._client = client
        self._box = "/me" if is_person else f"/users/{segment(sender)}"
        self._route = "/me" if is_person else "/users/{id}"
        self._words = _Words(sender=sender, is_person=is_person)
        self._drafts = GraphDrafts(client, box=self._box, route=self._route, words=self._words) if drafts else None

    @property
    def channel(self) -> Channel:
        """Mails."""
        return Channel.MAIL

    @property
    def drafts(self) -> GraphDrafts | None:
        """The way over drafts, where it is wanted."""
        return self._drafts

    def send(self, parcel: Parcel) -> Outcome:
        """`sendMail` with the whole message; a copy stays in the Sent Items."""
        content = _encoded(parcel)
        if isinstance(content, Refused):
            return content
        try:
            reply = self._client.call(
                "POST",
                f"{self._box}/sendMail",
                route=f"{self._route}/sendMail",
                repeat=Repeat.ONCE,
                content=content,
                headers=_MIME,
            )
        except (TrackerError, ConfigError) as error:
            return _shut(error)
        return Done(remote=Remote(id="")) if reply.ok else self._words.refused(reply, "send")

    def close(self) -> None:
        """Do nothing: the transport's connections are shared."""


class GraphDrafts:
    """Drafts of one mailbox behind `trackers.post.Drafts`."""

    def __init__(self, client: GraphClient, *, box: str, route: str, words: _Words) -> None:
        self._client = client
        self._box = box
        self._route = route
        self._words = words

    def draft(self, parcel: Parcel) -> Outcome:
        """Two requests: the message as MIME, then its mark, which MIME cannot hold."""
        content = _encoded(parcel)
        if isinstance(content, Refused):
            return content
        made = self._post("/messages", content=content, headers={**_MIME, **_IMMUTABLE})
        if not isinstance(made, Reply):
            return made
        if not made.ok:
            return self._words.refused(made, "draft")
        name = made.body.get("id") if isinstance(made.body, Mapping) else None
        if not isinstance(name, str) or not name:
            return InDoubt(reason=f"{made.status} without the draft's id")
        return self._mark(name, parcel.event)

    def send_draft(self, remote: str) -> Outcome:
        """Send it; where Graph says no, look whether it is still a draft."""
        reply = self._post(f"/messages/{segment(remote)}/send", headers=_IMMUTABLE)
        if not isinstance(reply, Reply):
            return reply
        if reply.ok:
            return Done(remote=Remote(id=remote))
        if reply.status not in (FORBIDDEN, NOT_FOUND):
            return self._words.refused(reply, "send")
        return self._why_not(remote, reply)

    def find(self, wanted: Mapping[str, str]) -> Mapping[str, Trail]:
        """The draft by its id, and everything with the event's mark among drafts and sent mails."""
        paths = {event: self._paths(event, remote) for event, remote in wanted.items()}
        answers = self._client.collect([path for three in paths.values() for path in three if path], headers=_IMMUTABLE)
        for path, answer in answers.items():
            failure = answer.failure
            if failure is not None and not (failure.status == NOT_FOUND and "$filter" not in path):
                raise self._unreadable(failure)
        return {event: _trail(*(answers.get(path) for path in three)) for event, three in paths.items()}

    def _paths(self, event: str, remote: str) -> tuple[str, str, str]:
        by_mark = f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '{_literal(event)}')"
        query = f"$filter={quote(by_mark, safe='')}&$select=id,isDraft"
        by_id = f"{self._box}/messages/{segment(remote)}?$select=id,isDraft" if remote else ""
        folders = f"{self._box}/mailFolders"
        return by_id, f"{folders}/sentitems/messages?{query}", f"{folders}/drafts/messages?{query}"

    def _mark(self, name: str, event: str) -> Outcome:
        body = {"singleValueExtendedProperties": [{"id": PROPERTY, "value": event}]}
        try:
            marked = self._client.call(
                "PATCH",
                f"{self._box}/messages/{segment(name)}",
                route=f"{self._route}/messages/{{id}}",
                repeat=Repeat.SAFE,
                body=body,
                headers=_IMMUTABLE,
            )
        except (TrackerError, ConfigError) as error:
            return _shut(error)
        return Done(remote=Remote(id=name)) if marked.ok else self._words.refused(marked, "draft")

    def _why_not(self, remote: str, reply: Reply) -> Outcome:
        path, route = f"{self._box}/messages/{segment(remote)}?$select=id,isDraft", f"{self._route}/messages/{{id}}"
        try:
            found = self._client.call("GET", path, route=route, repeat=Repeat.SAFE, headers=_IMMUTABLE)
        except TrackerError as error:
            return InDoubt(reason=f"the draft was not sent or is sent already; {error.what}")
        is_draft = found.body.get("isDraft") if found.ok and isinstance(found.body, Mapping) else None
        if is_draft is False:
            return Done(remote=Remote(id=remote))
        return self._words.refused(reply, "send") if is_draft else InDoubt(reason="the draft is no longer there")

    def _post(
        self, below: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply | Outcome:
        route = f"{self._route}/messages" + ("/{id}/send" if below.endswith("/send") else "")
        try:
            return self._client.call(
                "POST", self._box + below, route=route, repeat=Repeat.ONCE, content=content, headers=headers
            )
        except (TrackerError, ConfigError) as error:
            return _shut(error)

    def _unreadable(self, failure: InnerReply) -> TrackerError:
        reply = Reply(status=failure.status, headers=failure.headers, body=failure.body, at=failure.at)
        route = f"GET {self._route}/mailFolders/{{id}}/messages"
        if not 400 <= failure.status < 500:  # noqa: PLR2004 - HTTP's own ranges
            return UnexpectedResponse(f"the mailbox cannot be searched: {failure.words}", where=route)
        hint = self._words.hint(failure.status, "draft")
        return refusal(reply, what="the mailbox cannot be searched", where=route, hint=hint)


class _Words:
    """What refusals mean for this mailbox, and what to do about them."""

    def __init__(self, *, sender: str, is_person: bool) -> None:
        self._sender = sender
        self._kind = "delegated" if is_person else "application"

    def refused(self, reply: Reply, act: str) -> Refused:
        """The outcome of a 4xx; `act` is "send" or "draft"."""
        kind = ChannelShut if reply.status in _ALL_SENDING else Refused
        said = server_words(reply.body) or f"Graph answered {reply.status}"
        error = refusal(reply, what="", where="")
        hint = self.hint(reply.status, act, error.code)
        return kind(reason=said, again=kind is ChannelShut, status=reply.status, code=error.code, hint=hint)

    def hint(self, status: int, act: str, code: str = "") -> str:
        """The next step."""
        right = "Mail.Send" if act == "send" else "Mail.ReadWrite"
        if status == FORBIDDEN and code == "ErrorSendAsDenied":
            return f"set [mail] sender to the mailbox's own address, or give it the right to send as {self._sender}"
        if status == FORBIDDEN:
            return (
                f"grant the app registration {right} ({self._kind}) and consent to it; an application access policy "
                f"that leaves out {self._sender} refuses like this, too"
            )
        if status == NOT_FOUND:
            return f"[mail] sender must be a mailbox of the tenant; {self._sender} is none, or has no Exchange licence"
        if status == _TOO_LARGE:
            return "the mail is larger than Graph takes"
        return "the sign-in is not accepted; `rollout-sync doctor` says why" if status == 401 else ""  # noqa: PLR2004


def _encoded(parcel: Parcel) -> bytes | Refused:
    content = base64.b64encode(parcel.content)
    if len(content) <= MOST_BYTES:
        return content
    return Refused(reason=f"the mail has {len(content):,} bytes; Graph takes {MOST_BYTES:,}", hint="leave pictures out")


def _shut(error: TrackerError | ConfigError) -> Outcome:
    """A request that failed as a whole hits every other mail, too, unless nobody knows what became of it."""
    if isinstance(error, ConfigError):
        return ChannelShut(reason=error.what, hint=error.hint)
    outcome = failed(error)
    if not isinstance(outcome, Refused):
        return outcome
    return ChannelShut(
        reason=outcome.reason,
        status=outcome.status,
        code=outcome.code,
        hint=outcome.hint,
        retry_after=outcome.retry_after,
    )


def _literal(text: str) -> str:
    """A value between single quotes in a filter."""
    return text.replace("'", "''")


def _trail(by_id: Gathered | None, sent: Gathered | None, drafts: Gathered | None) -> Trail:
    """A draft counts only where it lies among the drafts: one that a person threw away stays away."""
    same = by_id.rows[0] if by_id is not None and by_id.rows else {}
    if same.get("isDraft") is False or (sent is not None and sent.rows):
        return Trail(place=Place.SENT)
    if drafts is not None and drafts.rows:
        return Trail(place=Place.DRAFT, remote=str(drafts.rows[0].get("id", "")))
    return Trail(place=Place.ABSENT)
