"""A desk to send Graph requests and control requests from, in process, to a sandbox with Graph alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

from rollout_sync.sandbox.app import create_app
from rollout_sync.sandbox.graph.access import AUDIENCE, encode_token
from rollout_sync.sandbox.seed import CLIENT_ID, GROUP_ID, TENANT_ID
from rollout_sync.sandbox.world import World

NOW = datetime(2026, 11, 2, 9, 15, 3, 118421, tzinfo=UTC)


def token(world: World, who: str | None = None, lifetime: float = 3600) -> str:
    """An access token: the application's own, or a person's."""
    claims = {"aud": AUDIENCE, "tid": TENANT_ID, "appid": CLIENT_ID}
    claims["exp"] = world.clock.now().timestamp() + lifetime
    return encode_token(claims | ({"upn": who} if who else {}))


@dataclass
class Desk:
    """Sends Graph requests and control requests to one sandbox, in process."""

    world: World
    app: Flask
    who: str | None = None
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=False)

    @classmethod
    def at(cls, world: World) -> Desk:
        return cls(world=world, app=create_app(world, services=frozenset({"graph"})))

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {token(self.world, self.who)}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open("/graph/v1.0" + path, method=method, json=body, headers=sent)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, body: object) -> Any:
        answer = self.ask("POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json

    def patch(self, path: str, body: object, etag: str | None = None) -> Any:
        etag = etag or self.get(path)["@odata.etag"]
        answer = self.ask("PATCH", path, body, If_Match=etag, Prefer="return=representation")
        assert answer.status_code == 200, answer.text
        return answer.json

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self.client.open("/_sandbox" + path, method=method, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json

    def act(self, **body: object) -> Any:
        return self.control("POST", "/act", {"service": "planner", **body})

    def plan(self, title: str = "Rollout") -> str:
        container = {"url": f"https://graph.microsoft.com/v1.0/groups/{GROUP_ID}"}
        return self.post("/planner/plans", {"container": container, "title": title})["id"]

    def task(self, plan: str, **members: object) -> Any:
        return self.post("/planner/tasks", {"planId": plan, "title": "Sign-off", **members})

    def person(self, name: str) -> str:
        who = self.world.people.by_email(f"{name}@example.com")
        assert who is not None
        return who.graph_id

    def as_person(self, who: str) -> Desk:
        return Desk(app=self.app, world=self.world, who=f"{who}@example.com")
