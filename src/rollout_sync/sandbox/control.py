"""`/_sandbox/`: look at the sandbox, move its clock, order faults, let a person act. Never delayed, never faulted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from rollout_sync.sandbox.errors import BadControl
from rollout_sync.sandbox.faults import BadRule, parse_rules
from rollout_sync.sandbox.gate import LATE
from rollout_sync.sandbox.login import CERTIFICATES
from rollout_sync.sandbox.seed import GROUP_ID, person
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.switches import UnknownSwitch
from rollout_sync.sandbox.world import World

View = Callable[[World], object]


def register(app: Flask, world: World) -> None:
    """Add the control routes to the application."""
    routes = Blueprint("control", __name__, url_prefix="/_sandbox")
    for method, path, view in _ROUTES:
        routes.add_url_rule(path, f"{method} {path}".replace(".", ""), _bound(view, world), methods=[method])
    for wrong in (BadControl, BadRule, UnknownSwitch):
        routes.register_error_handler(wrong, _explain)
    app.register_blueprint(routes)


def _bound(view: View, world: World) -> Callable[[], Response]:
    return lambda: jsonify(view(world))


def _explain(error: Exception) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), HTTPStatus.BAD_REQUEST


def _body() -> Document:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadControl("the body has to be a JSON object")
    return body


def _number(body: Document, name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadControl(f"{name} has to be a number, not {value!r}")
    return float(value)


def _state(world: World) -> Document:
    return {
        "clock": world.clock.as_json(),
        "latency_ms": world.latency_ms,
        "index_lag": world.index_lag,
        "switches": {name: entry["value"] for name, entry in world.switches.as_json().items()},
        "faults": world.faults.as_json(),
        "late": [{name: late[name] for name in ("due", "method", "path")} for late in world.store.scan(LATE)],
        "collections": world.store.dump(),
    }


def _counters(world: World) -> Document:
    return world.counters.as_json()


def _reset_counters(world: World) -> Document:
    world.counters.reset()
    return {"ok": True}


def _reset(world: World) -> Document:
    world.reset()
    return {"ok": True}


def _clock(world: World) -> Document:
    return world.clock.as_json()


def _set_clock(world: World) -> Document:
    body = _body()
    match body:
        case {"advance": _, **rest} if not rest:
            world.clock.advance(_number(body, "advance"))
        case {"freeze": str(text), **rest} if not rest:
            world.clock.freeze(_instant(text))
        case {"freeze": False, **rest} if not rest:
            world.clock.run()
        case _:
            raise BadControl(
                'clock takes {"advance": seconds}, {"freeze": "2027-03-01T09:00:00Z"} or {"freeze": false}'
            )
    return world.clock.as_json()


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadControl(f"not an ISO 8601 instant: {text!r}") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _faults(world: World) -> object:
    return world.faults.as_json()


def _set_faults(world: World) -> object:
    world.faults.replace(parse_rules(request.get_json(silent=True)))
    return world.faults.as_json()


def _clear_faults(world: World) -> object:
    world.faults.replace(())
    return []


def _latency(world: World) -> Document:
    world.latency_ms = max(_number(_body(), "ms"), 0.0)
    return {"ms": world.latency_ms}


def _index_lag(world: World) -> Document:
    world.index_lag = max(_number(_body(), "seconds"), 0.0)
    return {"seconds": world.index_lag}


def _switches(world: World) -> Document:
    return world.switches.as_json()


def _set_switches(world: World) -> Document:
    for name, value in _body().items():
        world.switches.set(name, value)
    return world.switches.as_json()


def _people(world: World) -> object:
    return [
        {"name": who.name, "email": who.email, "graph_id": who.graph_id, "account_id": who.account_id}
        for who in world.people.all()
    ]


def _add_people(world: World) -> object:
    """Add accounts; only those with `"is_member": true` join the group "IT change"."""
    body = request.get_json(silent=True)
    for one in body if isinstance(body, list) else [body]:
        if not isinstance(one, dict) or not one.get("name") or "@" not in str(one.get("email", "")):
            raise BadControl('people are {"name", "email", "title", "is_active", "is_member"}, or a list of them')
        is_active, is_member = one.get("is_active", True) is True, one.get("is_member") is True
        name, email, title = (str(one.get(member, "")) for member in ("name", "email", "title"))
        who = world.people.add(person(name, email, title, is_active=is_active, is_member=is_member))
        group = world.store.get("graph.groups", GROUP_ID)
        if is_member and group is not None and who.graph_id not in group["members"]:
            group["members"].append(who.graph_id)
            world.store.put("graph.groups", GROUP_ID, group)
    return _people(world)


def _add_certificate(world: World) -> object:
    thumbprint = str(_body().get("thumbprint", "")).rstrip("=")
    if not thumbprint:
        raise BadControl('certificates take {"thumbprint": base64url of the SHA-1 or SHA-256 of the certificate}')
    world.store.put(CERTIFICATES, thumbprint, {})
    return world.store.keys(CERTIFICATES)


def _act(world: World) -> object:
    body = _body()
    match body.get("service"):
        case "planner":
            from rollout_sync.sandbox.graph import act as planner_act  # noqa: PLC0415 - loaded with its service

            return planner_act(world, body)
        case "jira":
            from rollout_sync.sandbox.jira import act as jira_act  # noqa: PLC0415 - loaded with its service

            return jira_act(world, body)
        case other:
            raise BadControl(f"service is 'planner' or 'jira', not {other!r}")


def _health(_world: World) -> Any:  # noqa: ANN401 - JSON
    return {"ok": True}


_ROUTES: tuple[tuple[str, str, View], ...] = (
    ("GET", "/health", _health),
    ("GET", "/state", _state),
    ("GET", "/counters", _counters),
    ("POST", "/counters/reset", _reset_counters),
    ("POST", "/reset", _reset),
    ("GET", "/clock", _clock),
    ("POST", "/clock", _set_clock),
    ("GET", "/faults", _faults),
    ("POST", "/faults", _set_faults),
    ("DELETE", "/faults", _clear_faults),
    ("POST", "/latency", _latency),
    ("POST", "/index-lag", _index_lag),
    ("GET", "/switches", _switches),
    ("POST", "/switches", _set_switches),
    ("GET", "/people", _people),
    ("POST", "/people", _add_people),
    ("POST", "/certificates", _add_certificate),
    ("POST", "/act", _act),
)
