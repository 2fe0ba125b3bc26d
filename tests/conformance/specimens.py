"""Sound exchanges, one of each kind: the stuff that the negative controls break."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any, Final

from conformance.recording import BATCH, VERSION, Exchange

ETAG: Final = 'W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBARCc="'
TASK: Final = f"{VERSION}/planner/tasks/01gzSlKkIUSUl6DF_EilrmQAKDhh"
SENT: Final = {"authorization": "Bearer x", "content-type": "application/json"}
MATCH: Final = {"if-match": ETAG}
FULL: Final = MATCH | {"prefer": "return=representation"}

_JSON: Final = {"content-type": "application/json;charset=UTF-8"}
_V3: Final = "/jira/rest/api/3"
_SITE: Final = "https://acme.example.com/rest/api/3"
_SHOWN: Final = {"@odata.etag": ETAG, "id": "01gzSlKkIUSUl6DF_EilrmQAKDhh", "title": "Sign-off", "percentComplete": 50}
_CHECK: Final = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Approved", "isChecked": False}
_ERROR: Final = {
    "error": {"code": "", "message": "No.", "innerError": {"date": "2026-11-02T09:17:05", "request-id": "1"}},
}
_INNER: Final = {
    "id": "1",
    "method": "PATCH",
    "url": "/planner/tasks/T",
    "headers": {"Content-Type": "application/json", "If-Match": ETAG, "Prefer": "return=representation"},
    "body": {"priority": 1},
}
_ANSWERED: Final = {"id": "1", "status": 200, "headers": {"Content-Type": "application/json"}, "body": _SHOWN}
_CATEGORY: Final = {"self": f"{_SITE}/statuscategory/4", "id": 4, "key": "indeterminate", "name": "In Progress"}
_STATUS: Final = {"self": f"{_SITE}/status/3", "id": "3", "name": "In Progress", "statusCategory": _CATEGORY}
_FIELDS: Final = {"summary": "x", "status": _STATUS}
_ISSUE: Final = {"id": "10001", "key": "SEC-1", "self": f"{_SITE}/issue/10001", "fields": _FIELDS}
_ENDS: Final = {"inwardIssue": {"key": "A-1"}, "outwardIssue": {"key": "A-2"}}
_CHANGES: Final = {"issueId": "1", "changeHistories": [{"id": "1", "created": 1795288800000}]}


def _said(asked: str, sent: Any, status: int, got: Any, **headers: str) -> Exchange:
    """`asked` is the method and the URL."""
    method, _, url = asked.partition(" ")
    path, _, query = url.partition("?")
    return Exchange(
        method=method,
        path=path,
        query=query,
        headers=SENT | {name.replace("_", "-"): value for name, value in headers.items()},
        body=b"" if sent is None else json.dumps(sent).encode(),
        status=status,
        answer_headers=_JSON,
        answer=b"" if got is None else json.dumps(got).encode(),
    )


SOUND: Final = {
    "task": _said(f"PATCH {TASK}", {"percentComplete": 50}, 200, _SHOWN, if_match=ETAG, prefer="return=representation"),
    "quiet": _said(f"PATCH {TASK}", {"priority": 3}, 204, None, if_match=ETAG),
    "details": _said(f"PATCH {TASK}/details", {"checklist": {"1": _CHECK}}, 204, None, if_match=ETAG),
    "create": _said(f"POST {VERSION}/planner/tasks", {"planId": "p", "title": "t"}, 201, _SHOWN),
    "tasks": _said(f"GET {TASK}?$select=id,title", None, 200, _SHOWN),
    "refused": _said(f"GET {TASK}", None, 404, _ERROR),
    "mail": _said(f"POST {VERSION}/users/a@example.com/sendMail", {"message": {"subject": "x"}}, 202, None),
    "mime": replace(
        _said(f"POST {VERSION}/users/a@example.com/sendMail", None, 202, None, content_type="text/plain"),
        body=base64.b64encode(
            b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\nx\r\n"
        ),
    ),
    "batch": _said(f"POST {BATCH}", {"requests": [_INNER]}, 200, {"responses": [_ANSWERED]}),
    "search": _said(
        f"POST {_V3}/search/jql",
        {"jql": "project = SEC", "maxResults": 50},
        200,
        {"issues": [_ISSUE], "isLast": True},
    ),
    "made": _said(
        f"POST {_V3}/issue",
        {"fields": {"summary": "x"}},
        201,
        {"id": "1", "key": "SEC-1", "self": f"{_SITE}/issue/1"},
    ),
    "bulk": _said(f"POST {_V3}/issue/bulk", {"issueUpdates": [{"fields": {}}]}, 201, {"issues": [], "errors": []}),
    "link": _said(f"POST {_V3}/issueLink", {"type": {"name": "Blocks"}, **_ENDS}, 201, None),
    "issue": _said(f"GET {_V3}/issue/SEC-1?updateHistory=true", None, 200, _ISSUE),
    "changes": _said(
        f"POST {_V3}/changelog/bulkfetch", {"issueIdsOrKeys": ["1"]}, 200, {"issueChangeLogs": [_CHANGES]}
    ),
    "history": _said(
        f"GET {_V3}/issue/SEC-1/changelog",
        None,
        200,
        {"values": [{"id": "1", "created": "2026-02-07T01:55:45.120+0100"}]},
    ),
    "bad": _said(f"POST {_V3}/issue", {"fields": {}}, 400, {"errorMessages": [], "errors": {"summary": "Missing."}}),
    "moved": _said(f"POST {_V3}/issue/SEC-1/transitions", {"transition": {"id": "31"}}, 204, None),
}
"""By name; each passes without a violation."""
