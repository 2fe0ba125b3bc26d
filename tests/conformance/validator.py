"""Judges requests and answers by the vendors' documents: path, parameters, bodies, status, media type.

Requests are judged as the documents stand; answers with the departures that `relaxations` names and no others. A batch
is judged whole, and each inner request and answer once more by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from conformance import relaxations
from conformance.documents import Document, Operation, pointer_of
from conformance.recording import VERSION, Exchange, unanswered, unfolded

_JIRA: Final = re.compile(r"/jira(?:-gateway/ex/jira/[^/]+)?(/rest/api/(?:2|3|latest)/.*)")
_ERROR: Final = "/components/schemas/ErrorCollection"
_ONE_ISSUE: Final = "/rest/api/3/issue/{issueIdOrKey}"
_FIRST_ERROR: Final = 400
_NO_CONTENT: Final = 204
_NOT_JSON: Final = object()


@dataclass(frozen=True, slots=True)
class Violation:
    """One disagreement. `side` is "request" or "answer"; `place` says where in it."""

    side: str
    exchange: Exchange
    operation: str
    place: str
    message: str

    def __str__(self) -> str:
        """For people."""
        return f"{self.side} of {self.exchange}\n    [{self.operation}] {self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was judged: the operation (None: no operation of a document) and everything that is wrong."""

    exchange: Exchange
    operation: Operation | None
    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    exchange: Exchange
    document: Document
    operation: Operation
    variables: Mapping[str, str]

    def violation(self, side: str, place: str, message: str) -> Violation:
        return Violation(side, self.exchange, str(self.operation), place, message)


class Validator:
    """Both documents, ready to judge."""

    def __init__(self, jira: Document, graph: Document) -> None:
        self._jira, self._graph = jira, graph

    def judge(self, exchange: Exchange) -> tuple[Verdict, ...]:
        """The verdict on an exchange, followed by those on the inner requests of a batch."""
        whole = [self._judge(one) for one in unfolded(exchange)]
        for message in unanswered(exchange):
            operation = whole[0].operation
            extra = Violation("answer", exchange, str(operation), "body responses", message)
            whole[0] = Verdict(exchange, operation, (*whole[0].violations, extra))
        return tuple(whole)

    def _judge(self, exchange: Exchange) -> Verdict:
        case = self._case(exchange)
        if case is None:
            unknown = Violation("request", exchange, "no operation", "path", "no document has this path and method")
            return Verdict(exchange, None, (unknown,))
        found = (*_request(case), *(_answer(case) if exchange.status is not None else ()))
        return Verdict(exchange, case.operation, found)

    def _case(self, exchange: Exchange) -> _Case | None:
        if exchange.path.startswith(VERSION + "/"):
            document, path, is_version_2 = self._graph, exchange.path.removeprefix(VERSION), False
        elif match := _JIRA.fullmatch(exchange.path):
            document, path = self._jira, re.sub(r"/rest/api/(2|latest)/", "/rest/api/3/", match[1])
            is_version_2 = path != match[1]
        else:
            return None
        found = document.find(exchange.method, path)
        for other in relaxations.other_names(document.name, path) if found is None else ():
            found = found or document.find(exchange.method, other)
        if found is None or (is_version_2 and found[0].template in relaxations.NOT_IN_VERSION_2):
            return None
        return _Case(exchange, document, *found)


def readable(violations: Iterable[Violation]) -> str:
    """All of them, for an assertion's message."""
    listed = [str(one) for one in violations]
    return f"{len(listed)} violations:\n" + "\n".join(listed)


def of_services(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Those that went to one of the two services; the sign-in, the control and the boards are in no document."""
    return tuple(one for one in exchanges if one.path.startswith(VERSION + "/") or _JIRA.fullmatch(one.path))


def _request(case: _Case) -> Iterator[Violation]:
    yield from _parameters(case)
    yield from _request_body(case)
    if case.document.name == "graph" and not case.exchange.inner and "authorization" not in case.exchange.headers:
        yield case.violation("request", "header Authorization", "is missing")


def _parameters(case: _Case) -> Iterator[Violation]:
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(case.exchange.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    declared = {(one["in"], one["name"]): one for one in case.operation.parameters}
    for name in query:
        if ("query", name) not in declared and name not in relaxations.OPAQUE_QUERY.get(case.document.name, ()):
            yield case.violation("request", f"query {name}", "the operation has no such parameter")
    for position, one in enumerate(case.operation.parameters):
        sent = _sent(case, one, query)
        if sent:
            yield from _parameter(case, one, sent)
            if one["name"] == "$select":
                yield from _selected(case, sent[0])
        elif one.get("required"):
            yield case.violation("request", f"{one['in']} {one['name']}", f"is required ({position + 1}. parameter)")


def _selected(case: _Case, names: str) -> Iterator[Violation]:
    known = case.document.selectable(case.operation)
    if known != relaxations.ANY_DIRECTORY_OBJECT:
        for name in sorted(set(names.split(",")) - known):
            yield case.violation("request", "query $select", f"{name!r} is no member of what is answered")


def _sent(case: _Case, parameter: Mapping[str, Any], query: Mapping[str, list[str]]) -> list[str]:
    name = parameter["name"]
    match parameter["in"]:
        case "path":
            return [unquote(case.variables[name])]
        case "query":
            return query.get(name, [])
        case "header":
            value = case.exchange.headers.get(name.lower())
            return [] if value is None else [value]
        case other:
            raise AssertionError(f"parameters in {other} are not known")


def _parameter(case: _Case, parameter: Mapping[str, Any], sent: list[str]) -> Iterator[Violation]:
    schema, place = parameter.get("schema", {}), f"{parameter['in']} {parameter['name']}"
    if schema.get("type") == "array":
        parts = sent if parameter.get("explode", True) else [part for value in sent for part in value.split(",")]
        value: Any = [_typed(part, schema.get("items", {})) for part in parts]
    elif len(sent) > 1:
        yield case.violation("request", place, f"is given {len(sent)} times")
        return
    else:
        value = _typed(sent[0], schema)
    judge = relaxations.RequestJudge(schema, registry=case.document.registry, format_checker=relaxations.STRICT_FORMATS)
    for error in judge.iter_errors(value):
        yield case.violation("request", place, error.message[:300])


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "integer" if re.fullmatch(r"-?\d+", text):
            return int(text)
        case "number" if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return float(text)
        case "boolean" if text in {"true", "false"}:
            return text == "true"
        case _:
            return text


def _request_body(case: _Case) -> Iterator[Violation]:
    declared, raw = case.operation.declared.get("requestBody"), case.exchange.body
    if declared is None or not raw:
        if raw:
            yield case.violation("request", "body", "the operation takes none")
        elif declared is not None and declared.get("required"):
            yield case.violation("request", "body", "is required")
        return
    kind = _media_type(case.exchange.headers)
    if kind in declared["content"]:
        pointer = case.operation.pointer + pointer_of("requestBody", "content", kind, "schema")
        yield from _request_json(case, _parsed(raw), case.document.reference(pointer))
    elif kind == "text/plain" and _takes_mime(case):
        if problem := relaxations.mime_problem(raw):
            yield case.violation("request", "body", problem)
    else:
        yield case.violation("request", "header Content-Type", f"{kind!r} is none of {sorted(declared['content'])}")


def _takes_mime(case: _Case) -> bool:
    asked = (case.operation.method, case.operation.template)
    return asked in {(one.method, one.template) for one in relaxations.MIME_BODIES}


def _request_json(case: _Case, body: Any, schema: dict[str, Any]) -> Iterator[Violation]:
    if body is _NOT_JSON:
        yield case.violation("request", "body", "is no JSON")
        return
    judge = relaxations.RequestJudge(schema, registry=case.document.registry, format_checker=relaxations.STRICT_FORMATS)
    for place, message, _ in _errors(judge, body):
        yield case.violation("request", f"body {place}", message)
    if isinstance(body, dict):
        yield from _in_words(case, body, schema)


def _in_words(case: _Case, body: Mapping[str, Any], schema: dict[str, Any]) -> Iterator[Violation]:
    """What the document says in words, and the names that Graph refuses."""
    asked = (case.operation.method, case.operation.template)
    for one in relaxations.LIMITS:
        given = body.get(one.member)
        if (one.method, one.template) == asked and isinstance(given, list) and len(given) > one.most:
            yield case.violation("request", f"body {one.member}", f"{len(given)} values, at most {one.most}")
    if case.document.name == "graph":
        for place in case.document.unknown_members(schema, body):
            yield case.violation("request", f"body {place}", "the type has no such member")


def _answer(case: _Case) -> Iterator[Violation]:
    status, responses = case.exchange.status or 0, case.operation.declared["responses"]
    key = str(status)
    if key not in responses and status >= _FIRST_ERROR and "default" in responses:
        key = "default"
    if key not in responses:
        if relaxations.status_reason(case.document.name, case.operation.method, case.operation.template, status):
            yield from _undescribed(case)
        else:
            listed = ", ".join(sorted(responses))
            yield case.violation("answer", "status", f"{status} is not documented; there are {listed}")
        return
    declared, pointer = case.document.response(case.operation, key)
    content = declared.get("content") or {}
    if any(media.get("schema") for media in content.values()):
        yield from _described(case, pointer, content)
    else:
        yield from _undescribed(case, is_open=bool(content))


def _described(case: _Case, pointer: str, content: Mapping[str, Any]) -> Iterator[Violation]:
    kind, raw = _media_type(case.exchange.answer_headers), case.exchange.answer
    if kind not in content:
        yield case.violation("answer", "header Content-Type", f"{kind!r} is none of {sorted(content)}")
        return
    whole = (case.operation.method, case.operation.template, case.exchange.status) == relaxations.BULK_REFUSED_WHOLE
    body = _parsed(raw) if whole else None
    is_envelope = isinstance(body, dict) and "issues" not in body
    yield from _answer_body(case, raw, _ERROR if is_envelope else pointer + pointer_of("content", kind, "schema"))


def _undescribed(case: _Case, *, is_open: bool = False) -> Iterator[Violation]:
    """An answer whose body the operation does not describe: an error envelope, or for a success nothing.

    `is_open`: the operation says that there may be a body, and leaves open which.
    """
    raw, status = case.exchange.answer, case.exchange.status or 0
    if not raw:
        return
    if status == _NO_CONTENT:
        yield case.violation("answer", "body", "204 has none")
    elif status >= _FIRST_ERROR and case.document.name == "jira":
        yield from _answer_body(case, raw, _ERROR)
    elif not is_open:
        yield case.violation("answer", "body", "the operation describes none")


def _answer_body(case: _Case, raw: bytes, pointer: str) -> Iterator[Violation]:
    body = _parsed(raw)
    if body is _NOT_JSON or body is None:
        yield case.violation("answer", "body", f"is no JSON value that means anything: {raw[:80]!r}")
        return
    yield from _against(case, body, pointer)
    if case.document.name == "graph":
        for place in case.document.unknown_members(case.document.reference(pointer), body):
            yield case.violation("answer", f"body {place}", "the type has no such member")
    else:
        for place, value, schema in _issue_parts(case.operation.template, body):
            for one in _against(case, value, f"/components/schemas/{schema}"):
                yield case.violation("answer", f"{place} {one.place}", one.message)


def _issue_parts(template: str, body: Any) -> Iterator[tuple[str, Any, str]]:
    """Fields of the issues in an answer, with the schemas that the document has for them."""
    issues = [body] if template == _ONE_ISSUE else body.get("issues", []) if isinstance(body, dict) else []
    for issue in issues:
        fields = issue.get("fields") or {}
        for name, schema in relaxations.ISSUE_FIELDS.items():
            if fields.get(name) is not None:
                yield f"{issue.get('key')} {name}", fields[name], schema
        for link in fields.get("issuelinks") or []:
            for name, schema in relaxations.LINK_MEMBERS.items():
                if name in link:
                    yield f"{issue.get('key')} issuelinks {name}", link[name], schema


def _against(case: _Case, body: Any, pointer: str) -> Iterator[Violation]:
    is_jira = case.document.name == "jira"
    judge = (relaxations.JiraAnswerJudge if is_jira else relaxations.GraphAnswerJudge)(
        case.document.reference(pointer),
        registry=case.document.registry,
        format_checker=relaxations.JIRA_FORMATS if is_jira else relaxations.STRICT_FORMATS,
    )
    asked = (case.operation.method, case.operation.template, case.exchange.status or 0)
    for place, message, error in _errors(judge, body):
        if relaxations.member_reason(case.document.name, asked, place, error.instance) is None:
            yield case.violation("answer", f"body {place}", message)


def _errors(judge: Any, body: Any) -> Iterator[tuple[str, str, Any]]:
    for error in judge.iter_errors(body):
        reasons = "; ".join(sorted({f"{_place(part)}: {part.message[:160]}" for part in error.context or ()}))
        message = error.message[:300] + (f" ({reasons[:600]})" if reasons else "")
        yield _place(error), message, error


def _place(error: Any) -> str:
    return "/".join(str(part) for part in error.absolute_path) or "(whole)"


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return _NOT_JSON
