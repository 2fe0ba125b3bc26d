"""Finds the accounts behind e-mail addresses, never a stranger's. The choice is pure; the search is one read each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rollout_sync.errors import UnexpectedResponse
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.trackers.jira.client import JiraClient, accepted
from rollout_sync.trackers.jira.shapes import Json, inner_text
from rollout_sync.transport import Repeat

_ROUTE = "/user/assignable/search"


def account_for(email: str, hits: Sequence[Json]) -> str | None:
    """The account of `email` among the hits of a search for it; None when nobody is surely meant.

    An equal address decides. Most sites hide addresses: then a single active person whose address is hidden is
    accepted, because the search was for the whole address; one who shows another address never is.
    """
    people = [hit for hit in hits if _is_active_person(hit)]
    equal = [hit for hit in people if inner_text(hit, "emailAddress").casefold() == email.casefold()]
    if len(equal) == 1:
        return inner_text(equal[0], "accountId") or None
    if not equal and len(people) == 1 and not inner_text(people[0], "emailAddress"):
        return inner_text(people[0], "accountId") or None
    return None


def found_people(
    client: JiraClient, project: str, emails: Sequence[str], configured: Mapping[str, str]
) -> tuple[Mapping[str, str], list[Finding]]:
    """E-mail address (lower case) to accountId for those who can be assigned in the project, and who is missing.

    `configured` accounts are taken as they are; only whole addresses are searched for.
    """
    given = {email.strip().casefold(): account for email, account in configured.items()}
    accounts: dict[str, str] = {}
    findings: list[Finding] = []
    for email in dict.fromkeys(address.strip().casefold() for address in emails):
        account = given.get(email) or (account_for(email, _hits(client, project, email)) if "@" in email else None)
        if account is None:
            findings.append(_not_found(email, project))
        else:
            accounts[email] = account
    return accounts, findings


def _hits(client: JiraClient, project: str, email: str) -> Sequence[Json]:
    params = {"project": project, "query": email, "maxResults": "50"}
    reply = client.ask("GET", _ROUTE, route=_ROUTE, repeat=Repeat.SAFE, params=params)
    body = accepted(reply, what="People cannot be looked up", where=f"GET {_ROUTE}").body
    if not isinstance(body, list):
        raise UnexpectedResponse("the answer is no list of people", where=f"GET {_ROUTE}", hint="Check the base URL.")
    return [hit for hit in body if isinstance(hit, Mapping)]


def _is_active_person(hit: Json) -> bool:
    return hit.get("active") is not False and hit.get("accountType", "atlassian") == "atlassian"


def _not_found(email: str, project: str) -> Finding:
    return Finding(
        severity=Severity.WARNING,
        code="jira-person-not-found",
        message=f"{email} was not found among the people who can be assigned in {project}",
        hint="Check the address and the person's access to the project; where Jira hides addresses, write "
        f'"{email}" = "ACCOUNT-ID" under [jira.accounts]. Until then the work has no owner.',
        where=email,
    )
