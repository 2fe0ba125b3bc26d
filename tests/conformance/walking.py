"""What both tours need: a sandbox in process behind a recorder, and a way to ask it that insists on a status."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from conformance.recording import Recorder
from rollout_sync.sandbox.app import create_app
from rollout_sync.sandbox.faults import parse_rules
from rollout_sync.sandbox.graph.access import encode_token
from rollout_sync.sandbox.seed import CLIENT_ID, COORDINATOR, TENANT_ID
from rollout_sync.sandbox.world import World
from support.inprocess import session_for

HOST = "http://127.0.0.1:8765"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stage:
    """A sandbox and everything that is said to it."""

    world: World
    recorder: Recorder
    session: requests.Session

    def ask(
        self,
        method: str,
        url: str,
        status: int,
        body: Any = None,
        *,
        headers: Mapping[str, str | None] | None = None,
        query: Mapping[str, Any] | None = None,
        raw: bytes | None = None,
    ) -> Any:
        """One request that has to be answered with this status; the answer's JSON, or None."""
        more: dict[str, Any] = {"json": body} if body is not None else {}
        if raw is not None:
            more["data"] = raw
        answer = self.session.request(method, HOST + url, params=query, headers=headers, **more)
        assert answer.status_code == status, f"{method} {url}: {answer.status_code}, not {status}: {answer.text[:400]}"
        return answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else None

    def fault(self, *rules: Mapping[str, Any]) -> None:
        """Put these faults in force, instead of those so far."""
        self.world.faults.replace(parse_rules(list(rules)))

    def switch(self, **values: Any) -> None:
        """Set switches."""
        for name, value in values.items():
            self.world.switches.set(name, value)


def new_stage() -> Stage:
    """A fresh sandbox with a standing clock."""
    world = World.open(None, seed=7, frozen=NOON)
    recorder = Recorder(create_app(world))
    return Stage(world, recorder, session_for(recorder))


def jira_headers(email: str = COORDINATOR, token: str = "sandbox-token") -> dict[str, str]:
    """Credentials of Jira's site."""
    return {"Authorization": "Basic " + base64.b64encode(f"{email}:{token}".encode()).decode()}


def graph_headers(world: World, person: str = "", lifetime: float = 3600) -> dict[str, str]:
    """A token of the application, or of a person."""
    expires = world.clock.now().timestamp() + lifetime
    claims = {"aud": "https://graph.microsoft.com", "tid": TENANT_ID, "appid": CLIENT_ID, "exp": expires}
    return {"Authorization": f"Bearer {encode_token(claims | ({'upn': person} if person else {}))}"}
