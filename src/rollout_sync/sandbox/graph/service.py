"""Graph over HTTP: one catch-all Flask rule, the token check, and the headers of every answer."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flask import Blueprint, Flask, Response, request

from rollout_sync.sandbox.faults import Rule
from rollout_sync.sandbox.graph.access import caller_of
from rollout_sync.sandbox.graph.batch import run_batch
from rollout_sync.sandbox.graph.call import BadJson, Call, RawText, Reply
from rollout_sync.sandbox.graph.directory import seed
from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.graph.routes import BATCH, dispatch
from rollout_sync.sandbox.graph.routes import pattern_of as pattern_below
from rollout_sync.sandbox.graph.switches import SWITCHES
from rollout_sync.sandbox.wire import GRAPH_JSON, graph_error_body, random_guid
from rollout_sync.sandbox.world import World

PREFIX = "/graph/v1.0"
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def register(app: Flask, world: World) -> None:
    """Add Graph to the application and plant its groups."""
    world.switches.declare(*SWITCHES)
    world.plant("graph", seed)
    routes = Blueprint("graph", __name__, url_prefix="/graph")
    routes.add_url_rule("/<version>/<path:path>", "graph", lambda **parts: serve(world, **parts), methods=_METHODS)
    app.register_blueprint(routes)


def pattern_of(_method: str, path: str) -> str | None:
    """The route pattern behind a path, for the counters."""
    below = pattern_below(path.removeprefix(PREFIX)) if path.startswith(PREFIX) else None
    return f"{PREFIX}{below}" if below else None


def serve(world: World, version: str, path: str) -> Response:
    """Answer one HTTP request."""
    request_id = random_guid(world.random)
    headers = {
        "request-id": request_id,
        "client-request-id": request.headers.get("client-request-id", request_id),
        "Cache-Control": "no-cache",
        "Strict-Transport-Security": "max-age=31536000",
        "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"5","ScaleUnit":"001"}}',
    }
    try:
        reply = _reply(world, version, path)
    except GraphError as error:
        body = graph_error_body(error.code, error.message, world.clock.now(), request_id, headers["client-request-id"])
        return _response(Reply(status=error.status, body=body, headers=error.headers), headers)
    return _response(reply, headers)


def _reply(world: World, version: str, path: str) -> Reply:
    if version != "v1.0":
        raise GraphError(400, f"Invalid version: {version}.", "BadRequest")
    call = Call(
        world=world,
        caller=caller_of(world, request.headers.get("Authorization")),
        method=request.method,
        path="/" + path.strip("/"),
        base=request.host_url.rstrip("/") + PREFIX,
        query={name.lower() if name.startswith("$") else name: value for name, value in request.args.items()},
        headers={name.lower(): value for name, value in request.headers.items()},
        body=_body(),
    )
    if call.path.lower() == BATCH:
        if call.method != "POST":
            raise GraphError(405, "Specified HTTP method is not allowed for the request target.", "Request_BadRequest")
        rule = request.environ.get("sandbox.fault")
        return run_batch(call, rule if isinstance(rule, Rule) else None)
    return dispatch(call)


def _body() -> object:
    """The parsed body; None when there is none."""
    raw = request.get_data()
    if not raw:
        return None
    if (request.content_type or "").partition(";")[0].strip().lower() == "text/plain":
        return RawText(raw)
    if "json" not in (request.content_type or ""):
        return BadJson()
    try:
        return json.loads(raw)
    except ValueError:
        return BadJson()


def _response(reply: Reply, headers: Mapping[str, str]) -> Response:
    merged = {**headers, **reply.headers}
    if reply.body is None:
        return Response(b"", status=reply.status, headers=merged)
    text = json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False)
    return Response(text, status=reply.status, headers=merged | {"Content-Type": GRAPH_JSON, "OData-Version": "4.0"})
