"""Where a true answer departs from the vendors' documents: every departure by name, with its reason, and no other.

Requests are judged as the documents stand, and a little harder: limits that a document states in words only, and member
names, which Graph's documents leave open although the service refuses unknown ones. Two reliefs: `$skiptoken` comes out
of a nextLink, and mails may be MIME. Version 2 of Jira's API is judged by version 3: where they differ, in rich text,
the document of version 3 leaves the type open.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from fnmatch import fnmatchcase
from typing import Any, Final

from jsonschema import FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from openapi_schema_validator import oas30_format_checker as _plain_formats

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_JIRA_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
_DATE: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URI: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status that the service sends although the operation does not list it. "*" fits every method or path."""

    status: int
    method: str = "*"
    template: str = "*"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a body whose type the document has wrong.

    Attributes:
        place: pattern of the place in the body, `*` for any one or more parts.
        fits: what is right instead.
    """

    method: str
    template: str
    status: int
    place: str
    fits: Callable[[Any], bool]
    reason: str


JIRA_STATUSES: Final = (
    Status(status=429, reason="rate limits apply to every operation (vendor's page on rate limiting)"),
    Status(status=503, reason="the vendor's page on rate limiting treats it like 429"),
    Status(status=415, reason="a body that is no JSON; the document takes one media type only"),
    Status(
        status=410, template="/rest/api/3/search", reason="removed in 2025 (CHANGE-2046); the document still has it"
    ),
)

JIRA_MEMBERS: Final = (
    Member(
        method="POST",
        template="/rest/api/3/changelog/bulkfetch",
        status=200,
        place="issueChangeLogs/*/changeHistories/*/created",
        fits=lambda value: isinstance(value, int),
        reason="the document's own example is a number, and two independent clients read one",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MimeBody:
    """An operation that also takes a mail as MIME, in base64 and as text/plain, which the document leaves out."""

    method: str
    template: str
    reason: str


_MIME_REASON: Final = "the vendor's page on MIME content; absent in its metadata (msgraph-metadata, issue 389)"
MIME_BODIES: Final = (
    MimeBody(method="POST", template="/users/{user-id}/sendMail", reason=_MIME_REASON),
    MimeBody(method="POST", template="/users/{user-id}/messages", reason=_MIME_REASON),
)


def mime_problem(raw: bytes) -> str:
    """What is wrong with a body that should be a mail as MIME in base64; empty where nothing is."""
    try:
        mail = message_from_bytes(base64.b64decode(raw, validate=True), policy=default)
    except binascii.Error:
        return "is no base64"
    missing = [name for name in ("From", "To", "Subject", "MIME-Version") if name not in mail]
    return f"has no header {', '.join(missing)}" if missing else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A path that the document has under another name."""

    service: str
    pattern: str
    stands_for: str
    reason: str


ALIASES: Final = (
    Alias(
        service="graph",
        pattern=r"/me/(.+)",
        stands_for=r"/users/me/\1",
        reason="/me is the signed-in user's own /users/{user-id}; the document repeats a few of its paths only",
    ),
    Alias(
        service="graph",
        pattern=r"(.+/members)/microsoft\.graph\.user",
        stands_for=r"\1",
        reason="an OData cast answers with the same collection, narrowed to one type",
    ),
)
"""Tried only where the document does not have the path itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An operation of the service that the document at hand leaves out.

    Attributes:
        body: schema of its body, no more than what the program sends.
        answer_of: (method, template) of an operation that gives the same answers.
    """

    method: str
    template: str
    body: Mapping[str, Any]
    answer_of: tuple[str, str]
    reason: str


_TEXTS: Final = {"type": "object", "properties": {"id": {"type": "string"}, "value": {"type": "string"}}}


GRAPH_MISSING: Final = (
    Missing(
        method="PATCH",
        template="/users/{user-id}/messages/{message-id}",
        body={"type": "object", "properties": {"singleValueExtendedProperties": {"type": "array", "items": _TEXTS}}},
        answer_of=("GET", "/users/{user-id}/messages/{message-id}"),
        reason="extended properties of an existing message (vendor's page on creating single-value ones)",
    ),
)


def completed(service: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The document's content with the operations that it leaves out."""
    paths = {template: dict(item) for template, item in content["paths"].items()}
    for one in GRAPH_MISSING if service == "graph" else ():
        answer = paths[one.answer_of[1]][one.answer_of[0].lower()]
        body = {"required": True, "content": {"application/json": {"schema": dict(one.body)}}}
        made = {"operationId": one.reason, "requestBody": body, "responses": answer["responses"]}
        kept = {name: answer[name] for name in ("parameters",) if name in answer}
        paths[one.template][one.method.lower()] = {**kept, **made}
    return {**content, "paths": paths}


ISSUE_FIELDS: Final = {
    "assignee": "UserDetails",
    "comment": "PageOfComments",
    "creator": "UserDetails",
    "issuetype": "IssueTypeDetails",
    "priority": "Priority",
    "project": "ProjectDetails",
    "reporter": "UserDetails",
    "resolution": "Resolution",
    "status": "StatusDetails",
}
"""Schemas of fields of an issue. The document leaves `fields` open; the field types have schemas of their own."""

LINK_MEMBERS: Final = {"inwardIssue": "LinkedIssue", "outwardIssue": "LinkedIssue", "type": "IssueLinkType"}
"""Parts of a link inside an issue. `IssueLink` itself asks for both issues, which is so only for `GET /issueLink/{id}`:
an issue shows the other end alone (recorded)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many values a list in a request may have, where the document says so in words only."""

    method: str
    template: str
    member: str
    most: int
    source: str


LIMITS: Final = (
    Limit(
        method="POST",
        template="/rest/api/3/issue/bulk",
        member="issueUpdates",
        most=50,
        source="summary of the operation",
    ),
    Limit(
        method="POST",
        template="/rest/api/3/issue/bulkfetch",
        member="issueIdsOrKeys",
        most=100,
        source="description of the operation; the 1000 of lean requests are not used here",
    ),
    Limit(
        method="POST",
        template="/rest/api/3/search/jql",
        member="reconcileIssues",
        most=50,
        source="description of the member",
    ),
    Limit(
        method="POST",
        template="/rest/api/3/search/jql",
        member="properties",
        most=5,
        source="description of the member",
    ),
)

JIRA_MORE: Final = {
    "defaultLocale": "serverInfo, recorded",
    "displayUrlCSMHelpSeeker": "serverInfo, recorded",
    "expand": "bulk fetch; the document's own example has it",
    "tmpFromAccountId": "changelog items, recorded",
    "tmpToAccountId": "changelog items, recorded",
    "untranslatedName": "issue types, statuses and fields, recorded",
}
"""Members of Jira's answers that the document's closed schemas lack, and where they were seen."""

JIRA_NULLS: Final = {
    "from": "changelog items, recorded",
    "fromString": "changelog items, recorded",
    "to": "changelog items, recorded",
    "toString": "changelog items, recorded",
}
"""Members of Jira's answers that are null although the document has no `nullable`, and where they were seen."""

BULK_REFUSED_WHOLE: Final = ("POST", "/rest/api/3/issue/bulk", 400)
"""Refused as a whole, a bulk create answers with the plain error envelope; the document describes the 400 in which
every element was refused by itself."""

OPAQUE_QUERY: Final = {"graph": frozenset({"$skiptoken"})}
"""Query parameters out of a link that the service made; clients follow such a link as it is."""

ANY_DIRECTORY_OBJECT: Final = frozenset({"id", "deletedDateTime"})
"""Members of a list of mixed types; `$select` may name members of any of the types."""

NOT_IN_VERSION_2: Final = {
    "/rest/api/3/bulk/issues/fields": "bulk edits came with version 3",
    "/rest/api/3/bulk/issues/transition": "bulk edits came with version 3",
    "/rest/api/3/bulk/queue/{taskId}": "bulk edits came with version 3",
}
"""Operations of version 3 that version 2 does not have."""


def status_reason(service: str, method: str, template: str, status: int) -> Status | None:
    """The departure that explains a status, if there is one."""
    for one in JIRA_STATUSES if service == "jira" else ():
        if one.status == status and one.method in {"*", method} and fnmatchcase(template, one.template):
            return one
    return None


def member_reason(service: str, asked: tuple[str, str, int], place: str, value: Any) -> Member | None:
    """The departure that explains a member of the wrong type, if there is one; `asked`: method, template, status."""
    for one in JIRA_MEMBERS if service == "jira" else ():
        if (one.method, one.template, one.status) == asked and fnmatchcase(place, one.place) and one.fits(value):
            return one
    return None


def other_names(service: str, path: str) -> Iterator[str]:
    """Paths that this one may stand for."""
    for one in ALIASES:
        if one.service == service and (match := re.fullmatch(one.pattern, path)):
            yield match.expand(one.stands_for)


def _formats(moment: re.Pattern[str]) -> FormatChecker:
    checker = FormatChecker(formats=())
    checker.checkers = dict(_plain_formats.checkers)
    patterns = {"date-time": moment, "date": _DATE, "uuid": _UUID, "uri": _URI, "url": _URI}
    for name, pattern in patterns.items():
        checker.checkers[name] = (_fits(pattern), ())
    return checker


def _fits(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or pattern.fullmatch(value) is not None


def _properties_or_null(
    validator: Any, properties: Mapping[str, Any], instance: Any, _schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """As the document says, but some members may be null."""
    if not validator.is_type(instance, "object"):
        return
    for name, part in properties.items():
        if name in instance and not (instance[name] is None and name in JIRA_NULLS):
            yield from validator.descend(instance[name], part, path=name, schema_path=name)


def _more_properties(
    validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """As the document says, but some members may be there that it does not know."""
    if validator.is_type(instance, "object"):
        known = {name: value for name, value in instance.items() if name not in JIRA_MORE}
        yield from OAS30ReadValidator.VALIDATORS["additionalProperties"](validator, allowed, known, schema)


STRICT_FORMATS: Final = _formats(_RFC3339)
JIRA_FORMATS: Final = _formats(_JIRA_MOMENT)
"""Jira writes the offset of a moment without a colon, in every recording, although the document says date-time."""

RequestJudge: Final[Any] = OAS30WriteValidator
GraphAnswerJudge: Final[Any] = OAS30ReadValidator
JiraAnswerJudge: Final[Any] = extend(
    OAS30ReadValidator, {"properties": _properties_or_null, "additionalProperties": _more_properties}
)
"""The document's reading, with `JIRA_MORE` and `JIRA_NULLS`."""
