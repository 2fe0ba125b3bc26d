"""The settings as values: what config.toml, the environment and the defaults come to.

No secret is in here, only the places where secrets are kept. All paths are absolute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time as clock_time
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from rollout_sync.config.secrets import SecretPlace


class JiraAuth(StrEnum):
    """How to sign in to Jira."""

    API_TOKEN = "api-token"  # noqa: S105 - the name of a method, not a secret
    SCOPED_TOKEN = "scoped-token"  # noqa: S105 - the same
    PAT = "pat"


class GraphAuth(StrEnum):
    """How to sign in to Microsoft Graph."""

    CLIENT_SECRET = "client-secret"  # noqa: S105 - the name of a method, not a secret
    CERTIFICATE = "certificate"
    DEVICE_CODE = "device-code"


class MailChannel(StrEnum):
    """What carries mails."""

    NONE = "none"
    GRAPH = "graph"
    SMTP = "smtp"


class MailMode(StrEnum):
    """What becomes of a mail whose sending got no answer: shown to a person, or sent again."""

    AT_MOST_ONCE = "at-most-once"
    AT_LEAST_ONCE = "at-least-once"


class MailSecurity(StrEnum):
    """How the connection to an SMTP server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Cadence(StrEnum):
    """How often a reader is told."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    NEVER = "never"


class Webhook(StrEnum):
    """What kind of card is posted to a channel."""

    NONE = "none"
    TEAMS = "teams"
    SLACK = "slack"


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraSettings:
    """Section `[jira]`.

    Attributes:
        site: base URL, either the site or `https://api.atlassian.com/ex/jira/<cloud id>`.
        email: account of the token; empty for a personal access token.
        project: key of the project that receives the work.
        hold_status: status that means "waits for approval", where the workflow has one.
        epic_type, task_type: issue type names (keys `epic_type` and `issue_type`), only where the project's own
            choice is ambiguous.
        custom_fields: values of required fields, by field id.
        accounts: e-mail address to account id, for people whose address Jira does not show.
    """

    site: str
    email: str
    auth: JiraAuth
    project: str
    token: SecretPlace
    hold_status: str | None = None
    epic_type: str | None = None
    task_type: str | None = None
    custom_fields: Mapping[str, object] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerSettings:
    """Section `[planner]`.

    Attributes:
        group: object id or display name of the Microsoft 365 group that owns the plans.
        certificate: PEM file with certificate and private key; only for `auth = "certificate"`.
        authority: sign-in service without the tenant.
        base_url: Graph's root with its version.
        token_cache: file, mode 0600, that keeps refresh tokens between runs.
    """

    tenant: str
    client_id: str
    auth: GraphAuth
    group: str
    authority: str
    base_url: str
    token_cache: Path
    secret: SecretPlace
    passphrase: SecretPlace
    certificate: Path | None = None
    thumbprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """Section `[ledger]`: the SQLite file."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetySettings:
    """Section `[safety]`.

    Attributes:
        max_share: share of the known items, 0 to 1, that one run may update or retire without `--force`.
        min_count: known items below which `max_share` is not applied.
        max_create: objects that one run may create.
        allow_hosts: further host names that may be spoken to.
        insecure_lab: whether http and loopback addresses are allowed; for test servers only.
    """

    max_share: float = 0.30
    min_count: int = 10
    max_create: int = 5000
    allow_hosts: tuple[str, ...] = ()
    insecure_lab: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingSettings:
    """Section `[timing]`, all in seconds.

    Attributes:
        deadline: the longest that one request may take.
        settle_horizon: after this long an unanswered request can no longer take effect; at least twice the deadline.
        index_lag: how late Jira's search may know of a change.
    """

    deadline: float = 60.0
    settle_horizon: float = 300.0
    index_lag: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSettings:
    """Section `[sync]`.

    Attributes:
        every: `sync --all-due` leaves out rollouts that were read more recently than this.
        full_every: how often everything is read, and not only what changed.
    """

    every: timedelta = timedelta(minutes=15)
    full_every: timedelta = timedelta(hours=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """Section `[mail]`.

    Attributes:
        sender: address that mails come from; empty only where the channel is none.
        reply_to, unsubscribe: the sender where the file names no other.
        drafts: Graph writes a draft and then sends it.
        invitations: whether training sessions become calendar events.
        user: SMTP account; empty for a relay that asks for none. `password` is fetched only where it is set.
    """

    password: SecretPlace
    channel: MailChannel = MailChannel.NONE
    sender: str = ""
    sender_name: str = "Rollout agent"
    reply_to: str = ""
    unsubscribe: str = ""
    mode: MailMode = MailMode.AT_MOST_ONCE
    drafts: bool = False
    invitations: bool = False
    host: str = ""
    port: int = 587
    security: MailSecurity = MailSecurity.STARTTLS
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSettings:
    """A table `[[digest.readers]]`; what it leaves out is filled in from `[digest]`.

    Attributes:
        rollouts, departments: names; empty for all of them.
        weekday: 0 is Monday.
        zone: IANA name of a time zone that exists.
    """

    email: str
    every: Cadence
    weekday: int
    time: clock_time
    zone: str
    heartbeat: bool
    name: str = ""
    rollouts: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSettings:
    """Section `[digest]`.

    Attributes:
        zone: IANA name of a time zone that exists.
        time: local time from which a digest is due.
        weekday: day of weekly digests; 0 is Monday.
        heartbeat: whether a line is sent when there is nothing to tell.
        boards: whether Jira and Planner show the summary.
        webhook_url: where the secret URL of the webhook is kept.
        roles: how often each role is told, with the defaults filled in; a role that is not named is never told.
    """

    webhook_url: SecretPlace
    roles: Mapping[str, Cadence]
    zone: str = "UTC"
    time: clock_time = clock_time(8, 0)
    weekday: int = 0
    heartbeat: bool = False
    boards: bool = True
    webhook: Webhook = Webhook.NONE
    readers: tuple[ReaderSettings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSettings:
    """Section `[people]`: the list that is used when none is named; None when there is none."""

    default: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Section `[sandbox]`: how `rollout-sync sandbox` starts. `state` None keeps nothing."""

    port: int = 8765
    state: Path | None = None
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that config.toml and the environment say.

    Attributes:
        source: the file that was read; None when the environment or the sandbox said it all.
        jira, planner: None where that service is not used; at least one is set.
        sandbox_url: root of the running sandbox that stands in for both services; None for the real ones.
        rewrites: URL prefix to URL prefix, applied below TLS: the sandbox's sign-in service has an https name.
    """

    ledger: LedgerSettings
    mail: MailSettings
    digest: DigestSettings
    source: Path | None = None
    jira: JiraSettings | None = None
    planner: PlannerSettings | None = None
    safety: SafetySettings = SafetySettings()
    timing: TimingSettings = TimingSettings()
    sync: SyncSettings = SyncSettings()
    people: PeopleSettings = PeopleSettings()
    sandbox: SandboxSettings = SandboxSettings()
    sandbox_url: str | None = None
    rewrites: Mapping[str, str] = field(default_factory=dict)
