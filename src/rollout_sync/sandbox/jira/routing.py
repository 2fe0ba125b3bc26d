"""From HTTP to calls and back: both base URLs, credentials, and Jira's answers to requests it cannot read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Blueprint, Response, request

from rollout_sync.sandbox.jira.answers import BAD_PAYLOAD, Call, Refusal, Reply, View, refused
from rollout_sync.sandbox.jira.limits import WriteLimits
from rollout_sync.sandbox.jira.people import check_scope, unauthorized, who_asks
from rollout_sync.sandbox.jira.scheme import CLOUD_ID
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.table import Route, Table
from rollout_sync.sandbox.seed import Person

SITE: Final = "/jira"
GATEWAY: Final = "/jira-gateway/ex/jira/<cloud_id>"
_METHODS: Final = ("GET", "POST", "PUT", "DELETE")
_BODY_METHODS: Final = frozenset({"POST", "PUT"})
_NO_TZDATA: Final = timezone(timedelta(hours=1), "+01:00")


def blueprint(site: Site, table: Table, limits: WriteLimits, *, is_gateway: bool) -> Blueprint:
    """All routes under one of the two base URLs."""
    made = Blueprint("jira_gateway" if is_gateway else "jira", __name__, url_prefix=GATEWAY if is_gateway else SITE)

    def serve(version: str, rest: str, cloud_id: str = "") -> Response:
        found = table.find(request.method, f"/{rest}")
        if found is None:
            return respond(_no_route(table, f"/{rest}"))
        if is_gateway and cloud_id != CLOUD_ID:
            return unknown()
        door = _Door(site=site, limits=limits, version=version, is_gateway=is_gateway)
        return door.serve(*found)

    def unknown(**_path: str) -> Response:
        return respond(_no_route(table, ""))

    made.add_url_rule('/rest/api/<any("3","2","latest"):version>/<path:rest>', "api", serve, methods=_METHODS)
    made.add_url_rule("/rest/<path:rest>", "unknown", unknown, methods=_METHODS)
    return made


def respond(reply: Reply) -> Response:
    """A reply as Flask sends it."""
    text = "" if reply.body is None else json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False)
    response = Response(text, status=reply.status, content_type=reply.content_type)
    response.headers.update(reply.headers)
    return response


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """One request on its way in: who it is, what it carries, and how it is answered."""

    site: Site
    limits: WriteLimits
    version: str
    is_gateway: bool

    def serve(self, one: Route, path: dict[str, str]) -> Response:
        """Authenticate, carry out, answer."""
        extra: dict[str, str] = {}
        try:
            person = self._person(one)
            if person is not None:
                extra["X-AAccountId"] = person.account_id
            self.limits.check(one.method, one.path, path)
            reply = one.operation(self.site, self._call(one, path, person))
        except Refusal as refusal:
            reply = refusal.reply
        response = respond(reply)
        response.headers.update(extra)
        return response

    def _person(self, one: Route) -> Person | None:
        world = self.site.world
        person = who_asks(world, request.headers.get("Authorization", ""), is_gateway=self.is_gateway)
        if self.is_gateway:
            check_scope(world, one.method, one.path)
        if person is None and not (one.is_open or world.switches["jira_anonymous"] == "empty"):
            raise unauthorized(is_gateway=self.is_gateway)
        return person

    def _call(self, one: Route, path: dict[str, str], person: Person | None) -> Call:
        version = "2" if self.version == "latest" else self.version
        return Call(
            view=_view(self.site, person or visitor(), version, is_gateway=self.is_gateway),
            path=path,
            query=dict(request.args.lists()),
            body=_body(one),
            fault=request.environ.get("sandbox.fault"),
        )


def _no_route(table: Table, path: str) -> Reply:
    methods = table.methods(path)
    if methods:
        body = {"message": "HTTP 405 Method Not Allowed", "status-code": HTTPStatus.METHOD_NOT_ALLOWED}
        return Reply(status=HTTPStatus.METHOD_NOT_ALLOWED, body=body, headers={"Allow": ", ".join(methods)})
    body = {"message": f"null for uri: {request.path}", "status-code": HTTPStatus.NOT_FOUND}
    return Reply(status=HTTPStatus.NOT_FOUND, body=body)


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
