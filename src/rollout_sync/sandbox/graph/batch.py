"""`$batch`: up to 20 requests in one, each with its own status; answers come in any order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from rollout_sync.sandbox.faults import Kind, Rule
from rollout_sync.sandbox.graph.call import Call, Reply
from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.graph.routes import BATCH, dispatch, pattern_of
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.wire import GRAPH_JSON, Answer, fault_answer, graph_error_body, random_guid, retry_headers

MOST: Final = 20
_METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_FAILED: Final = 400


def run_batch(call: Call, rule: Rule | None) -> Reply:
    """POST /$batch. `rule` is a fault for the batch as a whole that touches some of its requests.

    Raises:
        GraphError: 400 for a batch that cannot be carried out at all.
    """
    inner = _requests(call.json())
    answers: dict[str, Document] = {}
    hits = rule.hits(len(inner)) if rule else frozenset()
    for position, request in enumerate(inner):
        is_blocked = any(answers[key]["status"] >= _FAILED for key in _depends(request))
        hit = rule if position in hits else None
        answer = _failed_dependency(call) if is_blocked else _one(call, request, hit)
        answers[request["id"].lower()] = {"id": request["id"], **answer}
    shuffled = list(answers.values())
    call.world.random.shuffle(shuffled)
    return Reply(body={"responses": shuffled})


def _requests(body: Document) -> list[Document]:
    """The inner requests, checked.

    Raises:
        GraphError: 400.
    """
    inner = body.get("requests")
    if not isinstance(inner, list) or not inner:
        raise _bad("Invalid batch payload format.")
    if len(inner) > MOST:
        raise _bad(f"Number of batch request steps exceeds the maximum value of {MOST}.")
    seen: set[str] = set()
    for request in inner:
        _check(request, seen)
        seen.add(request["id"].lower())
    return inner


def _check(request: object, seen: set[str]) -> None:
    """One inner request: id new, method known, url relative, dependencies earlier ones."""
    if not isinstance(request, dict) or not isinstance(request.get("id"), str) or not request["id"]:
        raise _bad("Each request of a batch needs an id.")
    if request["id"].lower() in seen:
        raise _bad(f"Request Id {request['id']} has to be unique in a batch.")
    if str(request.get("method", "")).upper() not in _METHODS or not isinstance(request.get("url"), str):
        raise _bad(f"Request Id {request['id']} needs a method and a url.")
    if "://" in request["url"].split("?")[0]:
        raise _bad(f"The url of request Id {request['id']} has to be relative.")
    unknown = [key for key in _depends(request) if key not in seen]
    if unknown:
        raise _bad(f"Request Id {request['id']} depends on {unknown[0]}, which is not an earlier request.")


def _depends(request: Document) -> list[str]:
    depends = request.get("dependsOn") or []
    if not isinstance(depends, list):
        raise _bad("dependsOn has to be a list of ids.")
    return [str(key).lower() for key in depends]


def _one(call: Call, request: Document, hit: Rule | None) -> Document:
    """Carry out one inner request, with the faults ordered for it."""
    url = urlsplit(request["url"])
    path = "/" + unquote(url.path).strip("/")
    method = request["method"].upper()
    call.world.counters.inner[f"{method} {pattern_of(path) or '(unknown)'}"] += 1
    rule = hit or call.world.faults.decide_inner(method, path)
    if rule is not None:
        call.world.counters.faults[f"inner {rule.kind}"] += rule is not hit
        if not (rule.is_after or rule.kind is Kind.INNER_503_AFTER):
            return _fault(call, rule)
    inner = replace(
        call,
        method=method,
        path=path,
        query={name.lower() if name.startswith("$") else name: value for name, value in parse_qsl(url.query)},
        headers=_headers(request),
        body=request.get("body"),
    )
    answer = _answered(inner, request)
    return _fault(call, rule) if rule is not None else answer


def _answered(inner: Call, request: Document) -> Document:
    headers = {"Cache-Control": "no-cache"}
    try:
        if inner.path == BATCH:
            raise _bad("A batch cannot be inside a batch.")
        if "body" in request and "content-type" not in inner.headers:
            raise _bad(f"Request Id {request['id']} has a body and needs the header Content-Type.")
        reply = dispatch(inner)
    except GraphError as error:
        body = graph_error_body(error.code, error.message, inner.world.clock.now(), random_guid(inner.world.random))
        return {"status": error.status, "headers": headers | {"Content-Type": "application/json"}, "body": body}
    if reply.body is None:
        return {"status": reply.status, "headers": headers | dict(reply.headers)}
    return {
        "status": reply.status,
        "headers": headers | {"Content-Type": GRAPH_JSON, "OData-Version": "4.0"} | dict(reply.headers),
        "body": reply.body,
    }


def _fault(call: Call, rule: Rule) -> Document:
    """The inner answer of a fault."""
    at, request_id = call.world.clock.now(), random_guid(call.world.random)
    match rule.kind:
        case Kind.PARTIAL:
            body = graph_error_body("", "The request is invalid:\r\nRefused on order.", at, request_id)
            return {"status": 400, "headers": {"Content-Type": "application/json"}, "body": body}
        case Kind.INNER_429 | Kind.THROTTLED:
            body = graph_error_body("TooManyRequests", "Please retry again later.", at, request_id)
            headers = {"Content-Type": "application/json"} | retry_headers(rule, at)
            return {"status": 429, "headers": headers, "body": body}
        case Kind.INNER_503_AFTER:
            body = graph_error_body(
                "ServiceUnavailable", "Service Unavailable. Please try again later.", at, request_id
            )
            return {"status": 503, "headers": {"Content-Type": "application/json"}, "body": body}
        case _:
            return _as_inner(fault_answer(replace(rule, body="json"), "/graph", at, call.world.random))


def _as_inner(answer: Answer) -> Document:
    body: Any = json.loads(answer.body)
    return {"status": answer.status, "headers": {"Content-Type": "application/json"}, "body": body}


def _failed_dependency(call: Call) -> Document:
    body = graph_error_body(
        "FailedDependency",
        "The request was not carried out because a request that it depends on failed.",
        call.world.clock.now(),
        random_guid(call.world.random),
    )
    return {"status": 424, "headers": {"Content-Type": "application/json"}, "body": body}


def _headers(request: Document) -> Mapping[str, str]:
    headers = request.get("headers") or {}
    if not isinstance(headers, dict):
        raise _bad("headers have to be an object.")
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _bad(message: str) -> GraphError:
    return GraphError(400, message, "BadRequest")
