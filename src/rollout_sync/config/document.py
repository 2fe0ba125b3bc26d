"""The document model of config.toml: every key with its type, default and meaning.

Only `reading` uses it, and turns it into the dataclasses of `settings` at once.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Line = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Path = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Address = Annotated[str, Field(max_length=320, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+$")]
_ProjectKey = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,254}$")]
_FieldId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,254}$")]
_Host = Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")]
_Tenant = Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")]
_Zone = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$")]
_Time = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_Role = Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_-]*$")]
_Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_Cadence = Literal["daily", "weekly", "monthly", "never"]
_Scalar = str | int | float | bool


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class JiraSection(_Section):
    """Jira Cloud. Leave the section out to work with Planner only."""

    site: Annotated[_Line, Field(description="Base URL of the site, for example https://example.atlassian.net.")]
    email: Annotated[_Address | None, Field(description="Account of the API token; not needed with auth pat.")] = None
    auth: Annotated[
        Literal["api-token", "scoped-token", "pat"],
        Field(description="How to sign in: api-token (classic), scoped-token (through the gateway), or pat."),
    ] = "api-token"
    project: Annotated[_ProjectKey, Field(description="Key of the project that receives epics and issues.")]
    hold_status: Annotated[
        _Line | None, Field(description="Status that held items get, where the workflow has one.")
    ] = None
    epic_type: Annotated[_Line | None, Field(description="Issue type of epics, where the project has several.")] = None
    issue_type: Annotated[_Line | None, Field(description="Issue type of items, where the project has several.")] = None
    token_file: Annotated[_Path | None, Field(description="File, mode 0600, that holds the API token.")] = None
    custom_fields: Annotated[
        dict[_FieldId, _Scalar | list[_Scalar] | dict[str, _Scalar]],
        Field(description="Values of fields that the project requires, by field id.", max_length=200),
    ] = Field(default_factory=dict)
    accounts: Annotated[
        dict[_Address, _Line],
        Field(
            description="Account ids by e-mail address, for people whose address Jira does not show.", max_length=5000
        ),
    ] = Field(default_factory=dict)


class PlannerSection(_Section):
    """Microsoft Planner through Microsoft Graph. Leave the section out to work with Jira only."""

    tenant: Annotated[_Tenant, Field(description="Tenant id or its verified domain.")]
    client_id: Annotated[_Line, Field(description="Application (client) id of the app registration.")]
    auth: Annotated[
        Literal["client-secret", "certificate", "device-code"],
        Field(description="How to sign in: client-secret, certificate, or device-code (as yourself)."),
    ] = "device-code"
    group: Annotated[_Line, Field(description="Object id or display name of the group that owns the plans.")]
    certificate: Annotated[
        _Path | None, Field(description="PEM file with certificate and private key, for auth certificate.")
    ] = None
    thumbprint: Annotated[_Line | None, Field(description="SHA-256 thumbprint of that certificate.")] = None
    authority: Annotated[_Line, Field(description="Sign-in service; another one in national clouds.")] = (
        "https://login.microsoftonline.com"
    )
    base_url: Annotated[_Line, Field(description="Graph with its version; another one in national clouds.")] = (
        "https://graph.microsoft.com/v1.0"
    )
    token_cache: Annotated[_Path | None, Field(description="File, mode 0600, that keeps sign-ins between runs.")] = None
    secret_file: Annotated[_Path | None, Field(description="File, mode 0600, that holds the client secret.")] = None
    passphrase_file: Annotated[
        _Path | None, Field(description="File, mode 0600, that holds the passphrase of the certificate's key.")
    ] = None


class LedgerSection(_Section):
    """The durable record of what was created."""

    path: Annotated[
        _Path | None, Field(description="SQLite file on a local disk; default: the user's data folder.")
    ] = None


class SafetySection(_Section):
    """Limits that a run does not pass by accident."""

    max_share: Annotated[
        float, Field(ge=0, le=1, description="Share of known items that one run may change without --force.")
    ] = 0.30
    min_count: Annotated[
        int, Field(ge=0, le=1_000_000, description="Known items below which max_share is not applied.")
    ] = 10
    max_create: Annotated[int, Field(ge=1, le=20_000, description="Objects that one run may create.")] = 5_000
    allow_hosts: Annotated[
        list[_Host], Field(description="Further host names that may be spoken to.", max_length=50)
    ] = Field(default_factory=list)
    insecure_lab: Annotated[bool, Field(description="Allow http and loopback addresses; for test servers only.")] = (
        False
    )


class TimingSection(_Section):
    """Time limits, in seconds."""

    deadline: Annotated[float, Field(ge=1, le=600, description="The longest that one request may take.")] = 60.0
    settle_horizon: Annotated[
        float,
        Field(ge=2, le=86_400, description="After this long an unanswered request has surely ended; >= 2 x deadline."),
    ] = 300.0
    index_lag: Annotated[float, Field(ge=0, le=86_400, description="How late Jira's search may know of a change.")] = (
        600.0
    )


class SyncSection(_Section):
    """How often status is brought back."""

    every_minutes: Annotated[
        int, Field(ge=1, le=10_080, description="`sync --all-due` leaves out what was read more recently.")
    ] = 15
    full_every_hours: Annotated[
        int, Field(ge=1, le=720, description="How often everything is read, and not only what changed.")
    ] = 20


class MailSection(_Section):
    """How mails go out. Nothing is sent while the channel is none."""

    channel: Annotated[
        Literal["none", "graph", "smtp"],
        Field(description="none, graph (Microsoft Graph, with the sign-in of [planner]), or smtp."),
    ] = "none"
    sender: Annotated[_Address | None, Field(description="Address that mails come from.")] = None
    sender_name: Annotated[_Line, Field(description="Name beside that address.")] = "Rollout agent"
    reply_to: Annotated[_Address | None, Field(description="Address for answers; default: the sender.")] = None
    unsubscribe: Annotated[
        _Address | None, Field(description="Address that asks to be left out go to; default: the sender.")
    ] = None
    mode: Annotated[
        Literal["at-most-once", "at-least-once"],
        Field(description="What happens to a mail whose sending got no answer: shown, or sent again."),
    ] = "at-most-once"
    drafts: Annotated[
        bool, Field(description="Graph only: write a draft, then send it, so that a lost answer can be cleared up.")
    ] = False
    invitations: Annotated[bool, Field(description="Send invitations for training sessions.")] = False
    host: Annotated[_Host | None, Field(description="SMTP server.")] = None
    port: Annotated[int, Field(ge=1, le=65_535, description="Port of the SMTP server.")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(description="starttls (usually port 587), tls (465), or none: a relay that asks for no password."),
    ] = "starttls"
    user: Annotated[_Line | None, Field(description="SMTP account; without it there is no signing in.")] = None
    password_file: Annotated[_Path | None, Field(description="File, mode 0600, that holds the SMTP password.")] = None


class ReaderTable(_Section):
    """A reader beyond the roles, or other wishes of a person who has one; a table for each."""

    email: Annotated[_Address, Field(description="Address of the reader.")]
    name: Annotated[_Line | None, Field(description="How to call the reader.")] = None
    rollouts: Annotated[list[_Line], Field(description="Names of rollouts; empty: all.", max_length=200)] = Field(
        default_factory=list
    )
    departments: Annotated[list[_Line], Field(description="Names of departments; empty: all.", max_length=200)] = Field(
        default_factory=list
    )
    every: Annotated[_Cadence, Field(description="How often: daily, weekly, monthly, never.")] = "weekly"
    weekday: Annotated[_Weekday | None, Field(description="Day of a weekly digest; default: that of [digest].")] = None
    time: Annotated[_Time | None, Field(description="Time of day; default: that of [digest].")] = None
    zone: Annotated[_Zone | None, Field(description="Time zone; default: that of [digest].")] = None
    heartbeat: Annotated[bool | None, Field(description="As in [digest]; default: that.")] = None


class DigestSection(_Section):
    """Who is told how it stands, and when. `digest --due` sends what is due."""

    zone: Annotated[_Zone, Field(description="Time zone of all times here, such as Europe/Berlin.")] = "UTC"
    time: Annotated[_Time, Field(description="Time of day from which a digest is due.")] = "08:00"
    weekday: Annotated[_Weekday, Field(description="Day of weekly digests.")] = "mon"
    heartbeat: Annotated[
        bool, Field(description="Send a line when nothing changed and nothing is owed; without it: silence.")
    ] = False
    boards: Annotated[
        bool, Field(description="Keep the summary in a comment of the main Jira epic and in a Planner task.")
    ] = True
    webhook: Annotated[
        Literal["none", "teams", "slack"], Field(description="Post the summary to a channel, as a card.")
    ] = "none"
    webhook_file: Annotated[_Path | None, Field(description="File, mode 0600, that holds the webhook's URL.")] = None
    roles: Annotated[
        dict[_Role, _Cadence],
        Field(
            description="How often each role is told; sponsor, department_head and supervisor weekly, "
            "coordinator daily, others never.",
            max_length=50,
        ),
    ] = Field(default_factory=dict)
    readers: Annotated[
        list[ReaderTable], Field(description="Extra readers, in tables [[digest.readers]].", max_length=500)
    ] = Field(default_factory=list)


class PeopleSection(_Section):
    """The people list."""

    default: Annotated[_Path | None, Field(description="CSV or XLSX file used when --people is not given.")] = None


class SandboxSection(_Section):
    """How `rollout-sync sandbox` starts."""

    port: Annotated[int, Field(ge=0, le=65_535, description="Port on this machine; 0 takes a free one.")] = 8765
    state: Annotated[_Path | None, Field(description="File that keeps the sandbox between runs.")] = None
    seed: Annotated[int, Field(ge=0, le=2**31, description="Seed of the made-up people and ids.")] = 1


class ConfigDocument(_Section):
    """All of config.toml."""

    jira: JiraSection | None = None
    planner: PlannerSection | None = None
    ledger: LedgerSection = LedgerSection()
    safety: SafetySection = SafetySection()
    timing: TimingSection = TimingSection()
    sync: SyncSection = SyncSection()
    mail: MailSection = MailSection()
    digest: DigestSection = DigestSection()
    people: PeopleSection = PeopleSection()
    sandbox: SandboxSection = SandboxSection()


SECTIONS: dict[str, type[_Section]] = {
    "jira": JiraSection,
    "planner": PlannerSection,
    "ledger": LedgerSection,
    "safety": SafetySection,
    "timing": TimingSection,
    "sync": SyncSection,
    "mail": MailSection,
    "digest": DigestSection,
    "people": PeopleSection,
    "sandbox": SandboxSection,
}

TABLES: dict[tuple[str, str], type[_Section]] = {("digest", "readers"): ReaderTable}
"""Keys that are repeated tables, `[[section.key]]`."""
