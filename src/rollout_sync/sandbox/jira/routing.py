"""From HTTP to calls and back: routes as a table, both base URLs, credentials, and Jira's answers to bad requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from http import HTTPStatus
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Blueprint, Response, request

from rollout_sync.sandbox.jira.answers import BAD_PAYLOAD, Call, Refusal, Reply, View, refused
from rollout_sync.sandbox.jira.limits import WriteLimits
from rollout_sync.sandbox.jira.people import check_scope, unauthorized, who_asks
from rollout_sync.sandbox.jira.scheme import CLOUD_ID
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.seed import COORDINATOR, Person

Handler: TypeAlias = Callable[[Site, Call], Reply]

SITE: Final = "/jira"
GATEWAY: Final = "/jira-gateway/ex/jira/<cloud_id>"
_BODY_METHODS: Final = frozenset({"POST", "PUT"})
_NO_TZDATA: Final = timezone(timedelta(hours=1), "+01:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. `path` is what follows `/rest/api/{version}`; an open one needs no credentials."""

    method: str
    path: str
    handler: Handler
    is_open: bool = False
    is_raw: bool = False


def route(method: str, path: str, *, is_open: bool = False, is_raw: bool = False) -> Callable[[Handler], Route]:
    """Make a route of a function. Raw routes take a body that need not be an object."""
    return lambda handler: Route(method=method, path=path, handler=handler, is_open=is_open, is_raw=is_raw)


def blueprint(site: Site, routes: Iterable[Route], limits: WriteLimits, *, is_gateway: bool) -> Blueprint:
    """All routes under one of the two base URLs; static paths win over those with parameters."""
    base = GATEWAY if is_gateway else SITE
    made = Blueprint("jira_gateway" if is_gateway else "jira", __name__, url_prefix=base)
    prefix = '/rest/api/<any("3","2","latest"):version>'
    for one in routes:
        endpoint = f"{one.method} {one.path}"
        path = one.path.replace("{", "<").replace("}", ">")
        made.add_url_rule(
            prefix + path, endpoint, _bound(site, one, limits, is_gateway=is_gateway), methods=[one.method]
        )
    made.add_url_rule("/rest/<path:rest>", "no such operation", _unknown, methods=["GET", "POST", "PUT", "DELETE"])
    return made


def respond(reply: Reply) -> Response:
    """A reply as Flask sends it."""
    text = "" if reply.body is None else json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False)
    response = Response(text, status=reply.status, content_type=reply.content_type)
    response.headers.update(reply.headers)
    return response


def _bound(site: Site, one: Route, limits: WriteLimits, *, is_gateway: bool) -> Callable[..., Response]:
    def serve(**path: str) -> Response:
        extra: dict[str, str] = {}
        try:
            person = _person(site, one, path, is_gateway=is_gateway)
            if person is not None:
                extra["X-AAccountId"] = person.account_id
            call = _call(site, one, path, person, is_gateway=is_gateway)
            limits.check(one.method, one.path, path)
            reply = one.handler(site, call)
        except Refusal as refusal:
            reply = refusal.reply
        response = respond(reply)
        response.headers.update(extra)
        return response

    return serve


def _unknown(**_path: str) -> Response:
    body = {"message": f"null for uri: {request.path}", "status-code": HTTPStatus.NOT_FOUND}
    return respond(Reply(status=HTTPStatus.NOT_FOUND, body=body))


def _person(site: Site, one: Route, path: dict[str, str], *, is_gateway: bool) -> Person | None:
    person = who_asks(site.world, request.headers.get("Authorization", ""), is_gateway=is_gateway)
    if is_gateway:
        if path.pop("cloud_id") != CLOUD_ID:
            raise refused("No message available", status=HTTPStatus.NOT_FOUND)
        check_scope(site.world, one.method, one.path)
    if person is None and not one.is_open and site.world.switches["jira_anonymous"] != "empty":
        raise unauthorized(is_gateway=is_gateway)
    return person


def _call(site: Site, one: Route, path: dict[str, str], person: Person | None, *, is_gateway: bool) -> Call:
    version = path.pop("version")
    return Call(
        view=_view(site, person or visitor(), "2" if version == "latest" else version, is_gateway=is_gateway),
        path=path,
        query=dict(request.args.lists()),
        body=_body(one),
        fault=request.environ.get("sandbox.fault"),
    )


def _body(one: Route) -> object:
    if one.method not in _BODY_METHODS:
        return None
    raw = request.get_data()
    if not raw:
        return None
    if not (request.content_type or "").startswith("application/json"):
        raise refused("Unsupported Media Type", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        body: object = json.loads(raw)
    except ValueError as error:
        message = "There was an error parsing JSON. Check that your request body is valid."
        raise refused(message) from error
    if not one.is_raw and not isinstance(body, dict):
        raise refused(BAD_PAYLOAD)
    return body


def _view(site: Site, person: Person, version: str, *, is_gateway: bool) -> View:
    root = request.host_url.rstrip("/")
    site_url = f"{root}{SITE}"
    is_gateway_self = is_gateway and site.world.switches.is_on("jira_gateway_self")
    base = f"{root}{GATEWAY.replace('<cloud_id>', CLOUD_ID)}" if is_gateway_self else site_url
    forced = request.headers.get("X-Force-Accept-Language", "").lower() == "true"
    language = request.headers.get("Accept-Language", "en")[:2] if forced else site.language
    return View(
        person=person,
        base=base,
        site_url=site_url,
        version=version,
        zone=zone_of(person),
        language=language,
        now=site.world.clock.now().astimezone(UTC),
    )


def zone_of(person: Person) -> tzinfo:
    """The account's time zone; where the machine has no zone data, one hour ahead of UTC."""
    try:
        return ZoneInfo(person.time_zone)
    except ZoneInfoNotFoundError:
        return _NO_TZDATA


def visitor() -> Person:
    """Nobody in particular: an anonymous visitor, who sees no project."""
    return Person(name="Anonymous", email="", graph_id="", account_id="", time_zone="UTC", is_active=False)


def coordinator_view(site: Site) -> View:
    """How the coordinator sees the site in a browser: version 3, local addresses."""
    person = site.world.people.by_email(COORDINATOR)
    return _view(site, person or visitor(), "3", is_gateway=False)
