"""Proof that the check bites: sound exchanges pass, and each of them with one thing broken is caught at that place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conformance.documents import BrokenDocument, Document
from conformance.recording import Exchange
from conformance.specimens import FULL, SENT, SOUND, TASK
from conformance.validator import Validator


def sent(change: Callable[[Any], Any]) -> Callable[[Exchange], Exchange]:
    """The request's body, changed in place or replaced."""

    def broken(one: Exchange) -> Exchange:
        body = json.loads(one.body)
        return replace(one, body=json.dumps(change(body) or body).encode())

    return broken


def got(change: Callable[[Any], Any]) -> Callable[[Exchange], Exchange]:
    """The answer's body, changed in place or replaced."""

    def broken(one: Exchange) -> Exchange:
        body = json.loads(one.answer)
        return replace(one, answer=json.dumps(change(body) or body).encode())

    return broken


def but(**members: Any) -> Callable[[Exchange], Exchange]:
    return lambda one: replace(one, **members)


def without(name: str) -> Callable[[Exchange], Exchange]:
    return lambda one: replace(one, headers={key: value for key, value in one.headers.items() if key != name})


def put(*path: Any) -> Callable[[Any], None]:
    """Set a value deep inside: the last of `path` is the value."""

    def change(body: Any) -> None:
        *way, last, value = path
        for part in way:
            body = body[part]
        body[last] = value

    return change


def drop(*path: Any) -> Callable[[Any], None]:
    def change(body: Any) -> None:
        *way, last = path
        for part in way:
            body = body[part]
        del body[last]

    return change


INNER = ("requests", 0)
REQUESTS = [
    ("mime", but(body=b"no base64"), "body"),
    ("mime", but(body=b"U3ViamVjdDogeA0KDQp4"), "body"),
    ("task", but(headers=SENT | {"content-type": "text/plain", "if-match": "x"}, body=b"aGk="), "header Content-Type"),
    ("task", without("if-match"), "header If-Match"),
    ("task", without("authorization"), "header Authorization"),
    ("task", sent(put("percentComplete", "half")), "body percentComplete"),
    ("task", sent(put("percentComplete", 500)), "body percentComplete"),
    ("task", sent(put("percentCompleted", 50)), "body percentCompleted"),
    ("task", sent(put("appliedCategories", {"category1": "yes"})), "body appliedCategories"),
    ("task", but(body=b"percentComplete=50"), "body"),
    ("task", but(body=b""), "body"),
    ("task", but(headers=SENT | FULL | {"content-type": "text/plain"}), "header Content-Type"),
    ("details", sent(put("checklist", "1", "isChecked", "nope")), "body checklist"),
    ("details", sent(put("checklist", "1", "checked", True)), "body checklist/1/checked"),
    ("create", but(query="notify=no"), "query notify"),
    ("tasks", but(query="top=5"), "query top"),
    ("tasks", but(query="$select=id,nonsense"), "query $select"),
    ("tasks", but(path=TASK.replace("/tasks/", "/task/")), "path"),
    ("mail", sent(drop("message")), "body"),
    ("batch", sent(drop(*INNER, "url")), "body requests/0"),
    ("batch", sent(put(*INNER, "method", "HEAD")), "body requests/0/method"),
    (
        "batch",
        sent(lambda body: {"requests": [body["requests"][0] | {"id": str(n)} for n in range(21)]}),
        "body requests",
    ),
    ("batch", sent(drop(*INNER, "headers", "If-Match")), "header If-Match"),
    ("batch", sent(drop(*INNER, "headers", "Content-Type")), "header Content-Type"),
    ("batch", sent(put(*INNER, "body", "priority", 11)), "body priority"),
    ("batch", sent(put(*INNER, "url", "/planner/tasks/T?$expands=details")), "query $expands"),
    ("search", sent(put("startAt", 0)), "body"),
    ("search", sent(put("maxResults", "50")), "body maxResults"),
    ("search", sent(put("fields", "summary")), "body fields"),
    ("search", sent(put("reconcileIssues", list(range(51)))), "body reconcileIssues"),
    ("search", sent(put("properties", list("abcdef"))), "body properties"),
    ("bulk", sent(lambda body: {"issueUpdates": body["issueUpdates"] * 51}), "body issueUpdates"),
    ("bulk", sent(put("issueUpdates", {})), "body issueUpdates"),
    ("made", sent(put("properties", {"key": "a"})), "body properties"),
    ("made", but(method="PATCH"), "path"),
    ("link", sent(drop("outwardIssue")), "body"),
    ("link", sent(put("kind", "Blocks")), "body"),
    ("issue", but(query="updateHistory=perhaps"), "query updateHistory"),
    ("issue", but(query="expands=names"), "query expands"),
    ("issue", but(body=b"{}"), "body"),
    ("changes", sent(put("issueIdsOrKeys", [])), "body issueIdsOrKeys"),
    ("changes", sent(put("fieldIds", [f"f{n}" for n in range(11)])), "body fieldIds"),
    ("moved", sent(put("transition", "31")), "body transition"),
]
ANSWERS = [
    ("task", got(put("percentComplete", "lots")), "body percentComplete"),
    ("task", got(put("dueDateTime", "soon")), "body dueDateTime"),
    ("task", got(put("percentcomplete", 50)), "body percentcomplete"),
    ("task", got(put("createdBy", {"user": {"identity": "x"}})), "body createdBy/user/identity"),
    ("task", but(answer=b'{"id": "01gz'), "body"),
    ("task", but(answer=b"null"), "body"),
    ("task", but(answer=b""), "body"),
    ("task", but(answer_headers={"content-type": "text/html"}), "header Content-Type"),
    ("quiet", but(answer=b"{}"), "body"),
    ("quiet", but(status=202), "status"),
    ("create", but(status=200), "status"),
    ("create", but(status=302, answer=b""), "status"),
    ("refused", got(put("error", "No.")), "body error"),
    ("refused", got(drop("error", "message")), "body error"),
    ("refused", got(drop("error")), "body"),
    ("mail", but(status=200), "status"),
    ("batch", got(put("responses", 0, "body", "priority", "high")), "body priority"),
    ("batch", got(put("responses", 0, "status", 418)), "body"),
    ("batch", got(put("responses", 0, "status", 201)), "status"),
    ("batch", got(put("responses", 0, "id", "2")), "body responses"),
    ("batch", got(lambda body: {"responses": []}), "body responses"),
    ("search", got(put("issues", {})), "body issues"),
    ("search", got(put("isLast", "yes")), "body isLast"),
    ("search", got(put("issues", 0, "id", 10001)), "body issues/0/id"),
    ("search", got(put("issues", 0, "fields", "status", "statusCategory", "id", "4")), "SEC-1 status"),
    ("made", got(put("id", 10001)), "body id"),
    ("made", but(status=200), "status"),
    ("made", but(status=418), "status"),
    ("bulk", got(put("errors", {})), "body errors"),
    ("link", but(status=200), "status"),
    ("issue", got(put("self", "no address")), "body self"),
    ("issue", got(put("fields", [])), "body fields"),
    ("changes", got(put("issueChangeLogs", 0, "changeHistories", 0, "created", [])), "body issueChangeLogs"),
    ("history", got(put("values", 0, "created", 1795288800000)), "body values/0/created"),
    ("history", got(put("values", 0, "created", "7 Feb 2026")), "body values/0/created"),
    ("bad", got(put("errors", ["Missing."])), "body errors"),
    ("bad", got(put("errorMessages", "Missing.")), "body errorMessages"),
    ("bad", but(answer=b"<html>Sign in</html>", answer_headers={"content-type": "text/html"}), "header Content-Type"),
    ("moved", but(answer=b"{}"), "body"),
]
BROKEN = {
    "a type that there is not": lambda schema: schema.update(type="strnig"),
    "a list of types": lambda schema: schema.update(type=["string", "null"]),
    "required is no list": lambda schema: schema.update(required="title"),
    "an expression that does not compile": lambda schema: schema.update(pattern="("),
    "properties are no object": lambda schema: schema.update(properties=[]),
    "an enum of nothing": lambda schema: schema.update(enum=[]),
    "a bound that is no number": lambda schema: schema.update(maximum="10"),
    "a reference to nowhere": lambda schema: schema.update(properties={"x": {"$ref": "#/components/schemas/Nowhere"}}),
    "a reference to elsewhere": lambda schema: schema.update(properties={"x": {"$ref": "other.json#/x"}}),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_exchanges_pass(name, validator: Validator):
    assert [str(one) for verdict in validator.judge(SOUND[name]) for one in verdict.violations] == []


@pytest.mark.parametrize(
    ("name", "broken", "place"), REQUESTS, ids=[f"{name}-{place}-{n}" for n, (name, _, place) in enumerate(REQUESTS)]
)
def test_broken_requests_are_caught(name, broken, place, validator: Validator):
    assert place in _places(validator, broken(SOUND[name]), "request")


@pytest.mark.parametrize(
    ("name", "broken", "place"), ANSWERS, ids=[f"{name}-{place}-{n}" for n, (name, _, place) in enumerate(ANSWERS)]
)
def test_broken_answers_are_caught(name, broken, place, validator: Validator):
    assert place in _places(validator, broken(SOUND[name]), "answer")


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_document_with_a_broken_schema_is_refused(broken, documents):
    content = copy.deepcopy(documents[1].content)
    broken(content["components"]["schemas"]["microsoft.graph.plannerTask"]["allOf"][1]["properties"]["title"])

    with pytest.raises(BrokenDocument, match=r"plannerTask|reference"):
        Document("graph", content)


def test_named_members_alone_may_be_more_or_null(validator: Validator):
    assert (
        _places(
            validator, got(put("issues", 0, "fields", "status", "untranslatedName", "x"))(SOUND["search"]), "answer"
        )
        == ""
    )
    for broken in (put("brandNew", 1), put("key", None), put("self", None)):
        assert "body" in _places(validator, got(broken)(SOUND["made"]), "answer")

    assert _places(validator, got(put("dueDateTime", None))(SOUND["task"]), "answer") == ""  # nullable in the CSDL
    assert "body id" in _places(validator, got(put("id", None))(SOUND["task"]), "answer")


def _places(validator: Validator, one: Exchange, side: str) -> str:
    found = [v for verdict in validator.judge(one) for v in verdict.violations if v.side == side]
    return "; ".join(f"{violation.place}: {violation.message[:80]}" for violation in found)
