"""From the checked document to `Settings`: paths made absolute, secrets turned into places."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from rollout_sync.config.document import (
    ConfigDocument,
    DigestSection,
    JiraSection,
    MailSection,
    PlannerSection,
    ReaderTable,
)
from rollout_sync.config.environment import GRAPH_PASSPHRASE, GRAPH_SECRET, JIRA_TOKEN, SMTP_PASSWORD, WEBHOOK_URL
from rollout_sync.config.location import user_data
from rollout_sync.config.secrets import SecretPlace
from rollout_sync.config.settings import (
    Cadence,
    DigestSettings,
    GraphAuth,
    JiraAuth,
    JiraSettings,
    LedgerSettings,
    MailChannel,
    MailMode,
    MailSecurity,
    MailSettings,
    PeopleSettings,
    PlannerSettings,
    ReaderSettings,
    SafetySettings,
    SandboxSettings,
    Settings,
    SyncSettings,
    TimingSettings,
    Webhook,
)

_AUTHORITY = "https://login.microsoftonline.com"
_PUBLISHED_TOKEN = "sandbox-token"  # noqa: S105 - the sandbox tells it to everybody
_COORDINATOR = "cora.coordinator@example.com"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ROLES: Mapping[str, Cadence] = {
    "sponsor": Cadence.WEEKLY,
    "department_head": Cadence.WEEKLY,
    "supervisor": Cadence.WEEKLY,
    "coordinator": Cadence.DAILY,
}
_PUBLISHED_SECRET = "sandbox-secret"  # noqa: S105 - the same


def sandbox_sections(root: str) -> dict[str, object]:
    """The `[jira]`, `[planner]`, `[mail]` and `[safety]` sections that speak to a sandbox at this address."""
    return {
        "jira": {"site": f"{root}/jira", "email": _COORDINATOR, "project": "SEC"},
        "planner": {
            "tenant": "example.com",
            "client_id": "11111111-1111-4111-8111-111111111111",
            "auth": "client-secret",
            "group": "IT change",
            "authority": _AUTHORITY,
            "base_url": f"{root}/graph/v1.0",
        },
        "mail": {"channel": "graph", "sender": _COORDINATOR},
        "safety": {"insecure_lab": True},
    }


def build(document: ConfigDocument, folder: Path, source: Path | None, sandbox_url: str | None = None) -> Settings:
    """Settings from a document; relative paths start in `folder`."""
    ledger = _path(document.ledger.path, folder) or user_data() / _ledger_name(sandbox_url)
    return Settings(
        source=source,
        jira=_jira(document.jira, folder, sandbox_url) if document.jira else None,
        planner=_planner(document.planner, folder, ledger.parent, sandbox_url) if document.planner else None,
        ledger=LedgerSettings(path=ledger),
        safety=SafetySettings(
            max_share=document.safety.max_share,
            min_count=document.safety.min_count,
            max_create=document.safety.max_create,
            allow_hosts=tuple(document.safety.allow_hosts),
            insecure_lab=document.safety.insecure_lab,
        ),
        timing=TimingSettings(
            deadline=document.timing.deadline,
            settle_horizon=document.timing.settle_horizon,
            index_lag=document.timing.index_lag,
        ),
        sync=SyncSettings(
            every=timedelta(minutes=document.sync.every_minutes),
            full_every=timedelta(hours=document.sync.full_every_hours),
        ),
        mail=_mail(document.mail, folder),
        digest=_digest(document.digest, folder),
        people=PeopleSettings(default=_path(document.people.default, folder)),
        sandbox=SandboxSettings(
            port=document.sandbox.port, state=_path(document.sandbox.state, folder), seed=document.sandbox.seed
        ),
        sandbox_url=sandbox_url,
        rewrites={f"{_AUTHORITY}/": f"{sandbox_url}/login/"} if sandbox_url else {},
    )


def _jira(section: JiraSection, folder: Path, sandbox_url: str | None) -> JiraSettings:
    site, email = section.site.rstrip("/"), section.email or ""
    token = SecretPlace(
        name="Jira API token",
        variable=JIRA_TOKEN,
        account=f"jira:{site}:{email}",
        file_key="[jira] token_file",
        file=_path(section.token_file, folder),
        published=_PUBLISHED_TOKEN if sandbox_url else None,
    )
    return JiraSettings(
        site=site,
        email=email,
        auth=JiraAuth(section.auth),
        project=section.project,
        token=token,
        hold_status=section.hold_status,
        epic_type=section.epic_type,
        task_type=section.issue_type,
        custom_fields=dict(section.custom_fields),
        accounts=dict(section.accounts),
    )


def _planner(section: PlannerSection, folder: Path, beside: Path, sandbox_url: str | None) -> PlannerSettings:
    """Tokens are kept beside the ledger unless a file is named."""
    return PlannerSettings(
        tenant=section.tenant,
        client_id=section.client_id,
        auth=GraphAuth(section.auth),
        group=section.group,
        certificate=_path(section.certificate, folder),
        thumbprint=section.thumbprint,
        authority=section.authority.rstrip("/"),
        base_url=section.base_url.rstrip("/"),
        token_cache=_path(section.token_cache, folder) or beside / _cache_name(sandbox_url),
        secret=SecretPlace(
            name="Microsoft client secret",
            variable=GRAPH_SECRET,
            account=f"graph:{section.tenant}:{section.client_id}",
            file_key="[planner] secret_file",
            file=_path(section.secret_file, folder),
            published=_PUBLISHED_SECRET if sandbox_url else None,
        ),
        passphrase=SecretPlace(
            name="passphrase of the certificate's key",
            variable=GRAPH_PASSPHRASE,
            account=f"graph-key:{section.tenant}:{section.client_id}",
            file_key="[planner] passphrase_file",
            file=_path(section.passphrase_file, folder),
        ),
    )


def _mail(section: MailSection, folder: Path) -> MailSettings:
    sender, host, user = section.sender or "", section.host or "", section.user or ""
    return MailSettings(
        channel=MailChannel(section.channel),
        sender=sender,
        sender_name=section.sender_name,
        reply_to=section.reply_to or sender,
        unsubscribe=section.unsubscribe or sender,
        mode=MailMode(section.mode),
        drafts=section.drafts,
        invitations=section.invitations,
        host=host,
        port=section.port,
        security=MailSecurity(section.security),
        user=user,
        password=SecretPlace(
            name="SMTP password",
            variable=SMTP_PASSWORD,
            account=f"smtp:{host}:{user}",
            file_key="[mail] password_file",
            file=_path(section.password_file, folder),
        ),
    )


def _digest(section: DigestSection, folder: Path) -> DigestSettings:
    return DigestSettings(
        zone=section.zone,
        time=time.fromisoformat(section.time),
        weekday=_WEEKDAYS.index(section.weekday),
        heartbeat=section.heartbeat,
        boards=section.boards,
        webhook=Webhook(section.webhook),
        webhook_url=SecretPlace(
            name="webhook URL",
            variable=WEBHOOK_URL,
            account=f"webhook:{section.webhook}",
            file_key="[digest] webhook_file",
            file=_path(section.webhook_file, folder),
        ),
        roles={**_ROLES, **{role: Cadence(every) for role, every in section.roles.items()}},
        readers=tuple(_reader(table, section) for table in section.readers),
    )


def _reader(table: ReaderTable, section: DigestSection) -> ReaderSettings:
    return ReaderSettings(
        email=table.email,
        name=table.name or "",
        rollouts=tuple(table.rollouts),
        departments=tuple(table.departments),
        every=Cadence(table.every),
        weekday=_WEEKDAYS.index(table.weekday or section.weekday),
        time=time.fromisoformat(table.time or section.time),
        zone=table.zone or section.zone,
        heartbeat=section.heartbeat if table.heartbeat is None else table.heartbeat,
    )


def _path(text: str | None, folder: Path) -> Path | None:
    return (folder / Path(text).expanduser()).absolute() if text else None


def _ledger_name(sandbox_url: str | None) -> str:
    return f"sandbox-{_port(sandbox_url)}.sqlite" if sandbox_url else "ledger.sqlite"


def _cache_name(sandbox_url: str | None) -> str:
    return f"sandbox-{_port(sandbox_url)}-sign-in.json" if sandbox_url else "sign-in.json"


def _port(sandbox_url: str) -> int:
    return urlsplit(sandbox_url).port or 80
