"""A look at the destination before anything is written: group, membership, people, limits. Writes nothing.

Whether plans may be made cannot be tried without making one; what can be known beforehand is told as findings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout_sync.errors import NotFound
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.trackers.planner.access import GraphAccess
from rollout_sync.trackers.planner.client import Gathered, GraphClient, segment
from rollout_sync.trackers.planner.destination import Destination
from rollout_sync.trackers.planner.limits import LIMITS
from rollout_sync.trackers.planner.mapping import Json

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GROUP_FIELDS = "$select=id,displayName,groupTypes"
_USER_FIELDS = "$select=id,displayName,mail,userPrincipalName,accountEnabled"
_NEARLY = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was found: the destination (None without a usable group), people, findings, titles of existing plans."""

    destination: Destination | None
    people: Mapping[str, str]
    findings: tuple[Finding, ...]
    titles: tuple[str, ...] = ()


def look_around(client: GraphClient, access: GraphAccess, emails: Sequence[str]) -> Look:
    """Read group, plans, members and people; one request for the group, then batches.

    Raises:
        TrackerError: Graph cannot be reached, or the sign-in is refused.
    """
    group, trouble = find_group(client, access.group)
    paths = {email: person_path(email) for email in dict.fromkeys(address.strip().lower() for address in emails)}
    if group is None:
        people, findings = _people(client.collect(tuple(paths.values())), paths)
        return Look(destination=None, people=people, findings=(*trouble, *findings))
    base = f"/groups/{segment(str(group['id']))}"
    plans, members, me = f"{base}/planner/plans", f"{base}/members?$select=id", "/me?$select=id,displayName"
    read = client.collect([plans, members, *([me] if access.kind.is_person else []), *paths.values()])
    people, findings = _people(read, paths)
    user = str(read[me].rows[0].get("id", "")) if access.kind.is_person and read[me].rows else ""
    name = str(group.get("displayName", ""))
    found = (
        *trouble,
        *plan_findings(read[plans], name),
        *member_findings(read[members], people, user, name, is_person=access.kind.is_person),
        *findings,
    )
    destination = Destination(
        group=str(group["id"]),
        group_name=name,
        base_url=access.base_url.rstrip("/"),
        application=access.client_id,
        user=user,
        plan_page=access.plan_page,
        task_page=access.task_page,
    )
    titles = tuple(sorted(str(plan.get("title", "")) for plan in read[plans].rows))
    return Look(destination=destination, people=people, findings=found, titles=titles)


def find_group(client: GraphClient, wanted: str) -> tuple[Json | None, tuple[Finding, ...]]:
    """The group by id or exact name; None with the reason where it cannot hold plans.

    Raises:
        TrackerError: where Graph refuses for another reason than that there is none.
    """
    try:
        if _GUID.fullmatch(wanted):
            rows = [_object(client.get(f"/groups/{wanted}?{_GROUP_FIELDS}", route="/groups/{id}").body)]
        else:
            path = f"/groups?$filter=displayName eq {quoted(wanted)}&{_GROUP_FIELDS}"
            rows = [*client.pages(path, route="/groups")]
    except NotFound:
        rows = []
    return choose_group(rows, wanted)


def choose_group(rows: Sequence[Json], wanted: str) -> tuple[Json | None, tuple[Finding, ...]]:
    """The one group among `rows` that can hold plans, or a finding that says what is wrong."""
    if not rows:
        hint = "set [planner] group to the id or exact name of a Microsoft 365 group that this account may see"
        return None, (_error("planner-group-missing", f"there is no group “{wanted}”", hint),)
    unified = [row for row in rows if "Unified" in _list(row.get("groupTypes"))]
    if not unified:
        hint = "security groups and distribution lists hold no plans: name a Microsoft 365 group"
        return None, (_error("planner-group-kind", f"“{wanted}” is not a Microsoft 365 group", hint),)
    if len(unified) > 1:
        ids = ", ".join(sorted(str(row.get("id")) for row in unified))
        hint = f"set [planner] group to one of these ids: {ids}"
        return None, (_error("planner-group-ambiguous", f"{len(unified)} groups are called “{wanted}”", hint),)
    return unified[0], ()


def plan_findings(plans: Gathered, group: str) -> tuple[Finding, ...]:
    """Whether plans can be read and how many more the group takes."""
    if plans.failure is not None:
        hint = (
            "grant the app the application permission Tasks.ReadWrite.All with admin consent; signed in as a person: "
            "Tasks.ReadWrite, and make that person a member of the group"
        )
        return (
            _error("planner-plans-unreadable", f"the plans of “{group}” cannot be read: {plans.failure.words}", hint),
        )
    count, most = len(plans.rows), LIMITS["plans_per_group"]
    if count < most * _NEARLY:
        return ()
    severity = Severity.ERROR if count >= most else Severity.WARNING
    message = f"“{group}” holds {count} plans of the {most} that a group can hold"
    hint = "delete plans that are no longer needed, or name another group"
    return (Finding(severity=severity, code="planner-plans-full", message=message, hint=hint, where=group),)


def member_findings(
    members: Gathered, people: Mapping[str, str], user: str, group: str, *, is_person: bool
) -> tuple[Finding, ...]:
    """Who will not see the plan: assigned people outside the group see their tasks only."""
    if members.failure is not None:
        message = f"the members of “{group}” cannot be read: {members.failure.words}"
        return (_warning("planner-members-unreadable", message, "grant GroupMember.Read.All to have them checked"),)
    ids = {row.get("id") for row in members.rows}
    findings = []
    if is_person and user not in ids:
        hint = f"add the signed-in person to “{group}” as a member; being an owner is not enough"
        findings.append(_error("planner-not-member", f"the signed-in person is no member of “{group}”", hint))
    outside = sorted(email for email, found in people.items() if found not in ids)
    if outside:
        message = f"{len(outside)} people are no members of “{group}” and will see their tasks, but not the plan: "
        hint = f"add them to “{group}”, or leave it so on purpose"
        findings.append(_warning("planner-outside-group", message + ", ".join(outside), hint))
    return tuple(findings)


def person_path(email: str) -> str:
    """The query for one person by mail or sign-in name."""
    text = quoted(email)
    return f"/users?$filter=mail eq {text} or userPrincipalName eq {text}&{_USER_FIELDS}"


def quoted(value: str) -> str:
    """An OData string literal inside a URL: single quotes doubled, everything unsafe percent-encoded."""
    return "'" + segment(value.replace("'", "''")) + "'"


def choose_person(rows: Sequence[Json], email: str) -> tuple[str | None, Finding | None]:
    """The user with exactly this address, never somebody similar."""
    exact = [row for row in rows if email in (_lower(row, "mail"), _lower(row, "userPrincipalName"))]
    if len(exact) > 1:
        by_mail = [row for row in exact if _lower(row, "mail") == email]
        exact = by_mail if len(by_mail) == 1 else exact
    if not exact:
        hint = "check the address in the people list; tasks of this person stay without an owner"
        return None, _of_person("planner-person-missing", email, "is not known in this tenant", hint)
    if len(exact) > 1:
        hint = "ask an administrator which account is right, and use its sign-in name in the people list"
        return None, _of_person("planner-person-ambiguous", email, f"belongs to {len(exact)} accounts", hint)
    if exact[0].get("accountEnabled") is False:
        hint = "name somebody else in the people list; tasks of this person stay without an owner"
        return None, _of_person("planner-person-disabled", email, "has an account that is disabled", hint)
    return str(exact[0].get("id", "")), None


def _people(read: Mapping[str, Gathered], paths: Mapping[str, str]) -> tuple[dict[str, str], tuple[Finding, ...]]:
    people: dict[str, str] = {}
    findings: list[Finding] = []
    for email, path in paths.items():
        failure = read[path].failure
        if failure is not None:
            hint = "grant the app User.Read.All (or User.ReadBasic.All when signed in as a person)"
            findings.append(_error("planner-people-unreadable", f"{email} cannot be looked up: {failure.words}", hint))
            continue
        found, finding = choose_person(read[path].rows, email)
        people |= {email: found} if found else {}
        findings += [finding] if finding else []
    return people, tuple(findings)


def _error(code: str, message: str, hint: str) -> Finding:
    return Finding(severity=Severity.ERROR, code=code, message=message, hint=hint, where="planner")


def _warning(code: str, message: str, hint: str) -> Finding:
    return Finding(severity=Severity.WARNING, code=code, message=message, hint=hint, where="planner")


def _of_person(code: str, email: str, what: str, hint: str) -> Finding:
    return Finding(severity=Severity.WARNING, code=code, message=f"{email} {what}", hint=hint, where=email)


def _object(body: object) -> Json:
    return body if isinstance(body, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _lower(row: Json, name: str) -> str:
    value = row.get(name)
    return value.strip().lower() if isinstance(value, str) else ""
