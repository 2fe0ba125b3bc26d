"""The sandbox's Graph side in process behind the real transport, and a tracker that talks to it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ProtocolError

from rollout_sync.model.objects import Fields, Marker, ObjectKey, Remote
from rollout_sync.model.operations import Change, Create, Doubt
from rollout_sync.model.rollout import RolloutId
from rollout_sync.sandbox.app import create_app
from rollout_sync.sandbox.faults import parse_rules
from rollout_sync.sandbox.graph.access import encode_token
from rollout_sync.sandbox.seed import CLIENT_ID, COORDINATOR, TENANT_ID
from rollout_sync.sandbox.world import World
from rollout_sync.trackers.planner.access import GraphAccess, SignIn
from rollout_sync.trackers.planner.client import GraphClient
from rollout_sync.trackers.planner.tracker import PlannerTracker
from rollout_sync.transport.exchange import Transport

GRAPH = "http://sandbox.invalid/graph/v1.0"
ROLLOUT = RolloutId("mfa-2027")


class LabClock:
    """Stands still; sleeping moves it, and the sandbox's clock with it."""

    def __init__(self, advance: Callable[[float], object]) -> None:
        self._advance = advance
        self._passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 2, 9, tzinfo=UTC) + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._passed += seconds
        self._advance(seconds)


class WsgiAdapter(BaseAdapter):
    """Carries a request into a WSGI application, with connections that the sandbox may cut."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self.app = app
        self.sent: list[str] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        path = urlsplit(request.url)
        self.sent.append(f"{request.method} {path.path}")
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        environ = _environ(request, path, body)
        started: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], _exc: object = None) -> None:
            started.update(status=int(status.split(maxsplit=1)[0]), headers=HTTPHeaderDict(headers))

        content = b"".join(self.app(environ, start))
        raw = HTTPResponse(
            body=io.BytesIO(content), headers=started["headers"], status=started["status"], preload_content=False
        )
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """Nothing is open."""


def _environ(request: requests.PreparedRequest, path: Any, body: bytes) -> dict[str, Any]:
    def cut() -> None:
        raise requests.ConnectionError(ProtocolError("Connection aborted."))

    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": requests.utils.unquote(path.path),
        "QUERY_STRING": path.query,
        "SERVER_NAME": "sandbox.invalid",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
        "sandbox.drop": cut,
        "sandbox.reset": cut,
    }
    for name, value in request.headers.items():
        text = value.decode() if isinstance(value, bytes) else value
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    return environ


class MadeTokens:
    """Tokens of the sandbox without a sign-in; `renew` makes a new one and remembers what it was told."""

    def __init__(self, world: World, upn: str = "") -> None:
        self._world = world
        self._upn = upn
        self._token = self._made()
        self.renewed: list[str | None] = []

    def token(self) -> str:
        return self._token

    def renew(self, refused: str, claims: str | None = None) -> str:
        assert refused
        self.renewed.append(claims)
        self._token = self._made()
        return self._token

    def _made(self) -> str:
        now = self._world.clock.now().timestamp()
        claims = {"aud": "https://graph.microsoft.com", "tid": TENANT_ID, "appid": CLIENT_ID, "exp": now + 3600}
        return encode_token(claims | ({"upn": self._upn} if self._upn else {}))


@dataclass
class Lab:
    """A sandbox, a transport, a tracker that was inspected and is in use; and short ways to make values."""

    world: World
    wire: WsgiAdapter
    clock: LabClock
    transport: Transport
    tokens: MadeTokens
    client: GraphClient
    access: GraphAccess
    tracker: PlannerTracker
    facts: Mapping[str, object] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    count: int = 0

    def marker(self) -> Marker:
        self.count += 1
        return Marker(f"{self.count:032x}")

    def create(self, key: str, **fields: Any) -> Create:
        return Create(object=ObjectKey.parse(key), marker=self.marker(), attempt=1, fields=fields)

    def change(self, key: str, remote: Remote, **fields: Any) -> Change:
        return Change(object=ObjectKey.parse(key), marker=self.marker(), remote=remote, fields=fields)

    def made(self, key: str, **fields: Any) -> Remote:
        (outcome,) = self.tracker.send(ROLLOUT, [self.create(key, **fields)])
        return outcome.remote

    def doubt(self, key: str, *, ago: float = 0.0, **fields: Any) -> Doubt:
        sent = self.world.clock.now() - timedelta(seconds=ago)
        return Doubt(
            object=ObjectKey.parse(key), marker=self.marker(), attempt=1, sent_at=sent, high_water=0, fields=fields
        )

    def faults(self, *rules: Mapping[str, Any]) -> None:
        self.world.faults.replace(parse_rules(list(rules)))

    def graph(self, method: str, path: str, body: Any = None, who: str = "", **headers: str) -> Any:
        """A call to Graph around the tracker, as the app or as a person in Planner's own pages."""
        tokens = MadeTokens(self.world, who)
        session = requests.Session()
        session.mount("http://", WsgiAdapter(self.wire.app))
        sent = {"Authorization": f"Bearer {tokens.token()}", **headers}
        if who:
            sent["Authorization"] = f"Bearer {_pages_token(self.world, who)}"
        answer = session.request(method, GRAPH + path, json=body, headers=sent)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    def edit(self, path: str, body: Any, who: str = COORDINATOR) -> Any:
        """A person changes something."""
        etag = self.graph("GET", path)["@odata.etag"]
        return self.graph("PATCH", path, body, who=who, **{"If-Match": etag, "Prefer": "return=representation"})

    def delete(self, path: str, who: str = COORDINATOR) -> None:
        """A person deletes something."""
        self.graph("DELETE", path, who=who, **{"If-Match": self.graph("GET", path)["@odata.etag"]})

    def requests(self) -> list[str]:
        """What was sent since the last call."""
        sent, self.wire.sent = self.wire.sent, []
        return [line.replace("/graph/v1.0", "") for line in sent]


def _pages_token(world: World, who: str) -> str:
    now = world.clock.now().timestamp()
    claims = {"aud": "https://graph.microsoft.com", "tid": TENANT_ID, "appid": "planner-pages", "exp": now + 3600}
    return encode_token(claims | {"upn": who})


def site() -> tuple[World, Flask]:
    """A Graph of one's own."""
    world = World.open(None, seed=7, frozen=datetime(2026, 11, 2, 9, tzinfo=UTC))
    return world, create_app(world, services=frozenset({"graph"}))


@pytest.fixture(scope="session")
def usual_site() -> tuple[World, Flask]:
    """The one of fixture `lab`, reset before each test: putting its routes together takes longer than most tests."""
    return site()


def build(
    *, kind: SignIn = SignIn.CLIENT_SECRET, group: str = "IT change", at: tuple[World, Flask] | None = None
) -> Lab:
    world, app = at or site()
    wire = WsgiAdapter(app)
    clock = LabClock(world.clock.advance)
    transport = Transport(clock=clock, inner=wire)
    tokens = MadeTokens(world, COORDINATOR if kind.is_person else "")
    client = GraphClient(transport=transport, tokens=tokens, base_url=GRAPH, clock=clock)
    access = GraphAccess(
        tenant=TENANT_ID, client_id=CLIENT_ID, kind=kind, group=group, secret="sandbox-secret", base_url=GRAPH
    )
    tracker = PlannerTracker(access=access, client=client)
    return Lab(
        world=world,
        wire=wire,
        clock=clock,
        transport=transport,
        tokens=tokens,
        client=client,
        access=access,
        tracker=tracker,
    )


@pytest.fixture
def build_lab() -> Callable[..., Lab]:
    """Make a lab of one's own."""
    return build


@pytest.fixture
def lab(usual_site: tuple[World, Flask]) -> Lab:
    """A lab that was looked at and is ready for writing."""
    usual_site[0].reset()
    made = build(at=usual_site)
    inspection = made.tracker.inspect(ROLLOUT, ["frida.figures@example.com", "tara.trainer@example.com"])
    made.facts = json.loads(json.dumps(inspection.facts))
    made.people = inspection.people
    made.tracker.use(made.facts)
    made.requests()
    return made


@pytest.fixture
def rollout() -> RolloutId:
    return ROLLOUT


@pytest.fixture
def plan(lab: Lab) -> Remote:
    """A plan that we made."""
    remote = lab.made("plan:main", title="MFA 2027")
    lab.requests()
    return remote


@pytest.fixture
def task_fields(lab: Lab, plan: Remote) -> Fields:
    """What a task needs at least."""
    bucket = lab.made("bucket:prepare", plan=plan, title="Prepare", order=0)
    lab.requests()
    return {"plan": plan, "bucket": bucket, "title": "Inventory of apps"}
