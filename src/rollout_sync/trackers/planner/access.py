"""Settings of the Microsoft side as one value, and the table of national clouds. No network and no msal here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from rollout_sync.errors import ConfigError

GLOBAL_AUTHORITY = "https://login.microsoftonline.com"
GLOBAL_GRAPH = "https://graph.microsoft.com/v1.0"
PLAN_PAGE = "https://planner.cloud.microsoft/webui/v1/plan/{plan}/view/board"
TASK_PAGE = PLAN_PAGE + "/task/{task}"

AUTHORITIES = {
    "graph.microsoft.com": GLOBAL_AUTHORITY,
    "graph.microsoft.us": "https://login.microsoftonline.us",
    "dod-graph.microsoft.us": "https://login.microsoftonline.us",
}
"""Graph host of each cloud that has Planner, and where its users sign in. China's cloud has no Planner."""


class SignIn(StrEnum):
    """How the program signs in: as itself with a secret or certificate, or as a person with a device code."""

    CLIENT_SECRET = "client-secret"  # noqa: S105 (the name of a method, not a secret)
    CERTIFICATE = "certificate"
    DEVICE_CODE = "device-code"

    @property
    def is_person(self) -> bool:
        """Whether calls are made in a person's name; then that person must be a member of the group."""
        return self is SignIn.DEVICE_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphAccess:
    """Where the plans live and how to get in.

    Attributes:
        tenant: directory id or domain.
        client_id: application (client) id of the app registration.
        group: id or exact display name of the Microsoft 365 group that holds the plans.
        secret: for `client-secret`; never shown.
        certificate: for `certificate`; a PEM file with private key and certificate, or a PFX file.
        thumbprint: SHA-1 thumbprint, needed only for a PEM file without its certificate.
        passphrase: of the certificate's private key; never shown.
        authority: sign-in host with scheme, without tenant.
        base_url: Graph root including the version.
        token_cache: file that keeps tokens between runs; None keeps them in memory only.
        plan_page: address of a plan for people, with `{plan}`.
        task_page: address of a task for people, with `{plan}` and `{task}`.
    """

    tenant: str
    client_id: str
    kind: SignIn
    group: str
    secret: str = field(default="", repr=False)
    certificate: Path | None = None
    thumbprint: str = ""
    passphrase: str = field(default="", repr=False)
    authority: str = GLOBAL_AUTHORITY
    base_url: str = GLOBAL_GRAPH
    token_cache: Path | None = None
    plan_page: str = PLAN_PAGE
    task_page: str = TASK_PAGE

    def __post_init__(self) -> None:
        """Refuse settings that no sign-in could work with; ConfigError names the key."""
        _require(bool(self.tenant), "tenant", "the directory id or domain of your organisation is missing")
        _require(bool(self.client_id), "client_id", "the application id of the app registration is missing")
        _require(bool(self.group), "group", "the id or name of the Microsoft 365 group is missing")
        if self.kind is SignIn.CLIENT_SECRET:
            _require(bool(self.secret), "secret", "sign-in with a client secret needs the secret")
        if self.kind is SignIn.CERTIFICATE:
            _require(self.certificate is not None, "certificate", "sign-in with a certificate needs its file")
        _require("{plan}" in self.plan_page, "plan_page", "the address must contain {plan}")
        _require("{task}" in self.task_page, "task_page", "the address must contain {task}")

    @property
    def scope(self) -> str:
        """The one scope for app-only and delegated use alike: everything that was consented to for this Graph."""
        scheme, _, rest = self.base_url.partition("://")
        host = rest.partition("/")[0]
        # A stand-in on another address plays the global cloud: tokens are asked for Graph itself.
        known = host in AUTHORITIES
        return f"{scheme}://{host}/.default" if known else "https://graph.microsoft.com/.default"


def _require(condition: bool, key: str, what: str) -> None:  # noqa: FBT001 (a check reads best as condition, key, text)
    if not condition:
        raise ConfigError(what, where=f"[planner] {key}", hint=f"set {key} in the [planner] section of config.toml")
