"""Cards posted to an incoming webhook of Teams or Slack; its address is a secret, for whoever has it may post.

Teams means the webhook of a workflow ("When a Teams webhook request is received"), which answers 202 without a body;
connectors of the older kind answer `1`, Slack answers `ok`. There is no key against a second delivery, so that a lost
answer is a doubt, and nothing is repeated here.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from rollout_sync.errors import ConfigError, OutcomeUnknown, RateLimited, TrackerError, Unavailable
from rollout_sync.model.mail import Channel, ChannelShut, Parcel
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Outcome, Refused
from rollout_sync.transport.allowed import host_matches
from rollout_sync.transport.exchange import Transport
from rollout_sync.transport.redaction import SECRETS
from rollout_sync.transport.reply import Repeat, Reply
from rollout_sync.transport.words import server_words

WEBHOOK_HOSTS = (
    "*.webhook.office.com",
    "*.logic.azure.com",
    "*.environment.api.powerplatform.com",
    "hooks.slack.com",
)
"""Hosts of Teams' connectors and workflows, of both ages, and of Slack."""
MOST_BYTES = 28_000
"""Teams takes messages of about 28 KB, Slack more."""
_ROUTE = "/webhook"
_KEY = "[digest] webhook_file"
_OVER = frozenset({401, 403, 404, 410})
_TEAMS, _SLACK = "1", "ok"


class WebhookPost:
    """An incoming webhook behind `trackers.post.Post`.

    Args:
        transport: what carries requests.
        url: as `checked_webhook` gave it.
    """

    def __init__(self, transport: Transport, url: str) -> None:
        self._transport = transport
        self._session = transport.session()
        self._url = url
        self._plain = _SLACK if host_matches(urlsplit(url).hostname or "", "hooks.slack.com") else _TEAMS
        keep_secret(url)

    @property
    def channel(self) -> Channel:
        """Cards."""
        return Channel.WEBHOOK

    @property
    def drafts(self) -> None:
        """A webhook shows nobody what was posted."""
        return

    def send(self, parcel: Parcel) -> Outcome:
        """Post the card, once."""
        if len(parcel.content) > MOST_BYTES:
            return Refused(reason=f"the card has {len(parcel.content):,} bytes; chats take {MOST_BYTES:,}")
        try:
            reply = self._transport.exchange(
                self._session,
                "POST",
                self._url,
                repeat=Repeat.ONCE,
                route=_ROUTE,
                content=parcel.content,
                headers={"Content-Type": "application/json"},
                plain=self._plain,
            )
        except TrackerError as error:
            return _failed(error)
        return Done(remote=Remote(id="")) if reply.ok else _refused(reply)

    def close(self) -> None:
        """Do nothing: the transport's connections are shared."""


def checked_webhook(url: str, *, allow_hosts: Iterable[str] = (), insecure_lab: bool = False) -> str:
    """The address, if cards may be posted there; no message repeats it.

    Args:
        url: as it was kept.
        allow_hosts: further host names, of `[safety] allow_hosts`.
        insecure_lab: also allow plain http and any host; for test labs.

    Raises:
        ConfigError: it is no https address of a known host.
    """
    keep_secret(url)
    if any(one.isspace() or not one.isprintable() or one == "\\" for one in url):
        raise _unusable("holds spaces, backslashes or control characters", "copy it again")
    try:
        parts = urlsplit(url)
        host, _port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise _unusable("is no URL", "copy it again from Teams or Slack") from None
    if not host or parts.username is not None or parts.fragment:
        raise _unusable("is no address of a webhook", "copy it again from Teams or Slack")
    if insecure_lab and parts.scheme in ("http", "https"):
        return url
    if parts.scheme != "https":
        raise _unusable("is not https", "whoever reads it on its way may post; use the https address")
    if not any(host_matches(host, pattern) for pattern in (*WEBHOOK_HOSTS, *allow_hosts)):
        raise _unusable(
            f"leads to {host}, which is no host of Teams or Slack", f'add "{host}" to [safety] allow_hosts if it is'
        )
    return url


def keep_secret(url: str) -> None:
    """Never show the address, nor the part of it that lets people in."""
    SECRETS.register(url)
    _scheme, _, rest = url.partition("://")
    _host, slash, path = rest.partition("/")
    SECRETS.register(slash + path)
    SECRETS.register((slash + path).partition("?")[0])


def _unusable(why: str, hint: str) -> ConfigError:
    return ConfigError(f"the webhook's address {why}", where=_KEY, hint=hint)


def _failed(error: TrackerError) -> Outcome:
    if isinstance(error, OutcomeUnknown):
        return InDoubt(reason=error.what)
    if isinstance(error, Unavailable | RateLimited):
        return ChannelShut(reason=error.what, hint=error.hint, status=error.status, retry_after=error.retry_after)
    return InDoubt(reason=error.what)


def _refused(reply: Reply) -> Refused:
    said = server_words(reply.body) or f"the webhook answered {reply.status}"
    if reply.status in _OVER:
        hint = "the webhook was removed or switched off; make a new one and store its address"
        return ChannelShut(reason=said, status=reply.status, hint=hint)
    return Refused(reason=said, status=reply.status)
