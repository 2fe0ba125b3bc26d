"""The questions of `init`, in order, each checked by the rules of its configuration key."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_sync.cli.questions import Check, ask, ask_one_of, ask_yes
from rollout_sync.config.answers import answer_complaint
from rollout_sync.config.settings import GraphAuth, JiraAuth

Section = Mapping[str, str]


def ask_sections() -> Mapping[str, Section]:
    """Answers for `[jira]` and `[planner]`; at least one of them."""
    sections: dict[str, Section] = {}
    while not sections:
        if ask_yes("Do your teams work in Jira Cloud?", default=True):
            sections["jira"] = _jira()
        if ask_yes("Do you use Microsoft Planner?", default=True):
            sections["planner"] = _planner()
    return sections


def _jira() -> Section:
    site = with_scheme(ask("Address of the site, such as example.atlassian.net", check=_site_complaint))
    auth = ask_one_of("Kind of token", tuple(JiraAuth), JiraAuth.API_TOKEN)
    email = "" if auth == JiraAuth.PAT else ask("E-mail address of the token's account", check=_check("jira", "email"))
    project = ask("Project key, such as SEC", check=lambda text: answer_complaint("jira", "project", text.upper()))
    return {"site": site, "email": email, "auth": auth, "project": project.upper()}


def _planner() -> Section:
    tenant = ask("Tenant id, or a domain of the tenant", check=_check("planner", "tenant"))
    client_id = ask("Application (client) id of the app registration", check=_check("planner", "client_id"))
    auth = ask_one_of("How to sign in", tuple(GraphAuth), GraphAuth.DEVICE_CODE)
    certificate = ""
    if auth == GraphAuth.CERTIFICATE:
        certificate = ask("PEM file with certificate and private key", check=_check("planner", "certificate"))
    group = ask("Group that owns the plans, name or object id", check=_check("planner", "group"))
    return {"tenant": tenant, "client_id": client_id, "auth": auth, "certificate": certificate, "group": group}


def with_scheme(site: str) -> str:
    """`example.atlassian.net` and what a browser's address line shows, as a base URL."""
    address = site if "://" in site else f"https://{site}"
    host, separator, _ = address.partition("atlassian.net")
    return f"{host}{separator}" if separator else address.rstrip("/")


def _site_complaint(text: str) -> str:
    return answer_complaint("jira", "site", with_scheme(text))


def _check(section: str, key: str) -> Check:
    """The rule of one key."""

    def complaint(text: str) -> str:
        return answer_complaint(section, key, text)

    return complaint
