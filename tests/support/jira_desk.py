"""A desk to send Jira requests from, in process, to a sandbox with Jira alone."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

from rollout_sync.sandbox.app import create_app
from rollout_sync.sandbox.seed import COORDINATOR
from rollout_sync.sandbox.world import World


def basic(secret: str, email: str = COORDINATOR) -> str:
    """An Authorization header."""
    return "Basic " + base64.b64encode(f"{email}:{secret}".encode()).decode()


def paragraph(text: str) -> dict[str, Any]:
    """A document of one paragraph."""
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


@dataclass
class JiraDesk:
    """Sends requests to `/jira/rest/api/{version}` of one sandbox, as the coordinator."""

    world: World
    app: Flask
    version: int = 3
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=False)

    @classmethod
    def at(cls, world: World) -> JiraDesk:
        return cls(world=world, app=create_app(world, services=frozenset({"jira"})))

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        sent = {"Authorization": basic("sandbox-token")} | {k.replace("_", "-"): v for k, v in headers.items()}
        url = path if path.startswith("/jira") else f"/jira/rest/api/{self.version}{path}"
        if body is None:
            return self.client.open(url, method=method, headers=sent)
        return self.client.open(url, method=method, json=body, headers=sent)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def send(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        answer = self.ask(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json if answer.data else None

    def refused(self, method: str, path: str, body: object = None, *, status: int = 400) -> Any:
        answer = self.ask(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json

    def fields(self, summary: str = "Work", *, project: str = "SEC", kind: str = "Task", **more: object) -> Any:
        wanted = {"project": {"key": project}, "issuetype": {"name": kind}, "summary": summary, **more}
        if kind == "Epic" and project == "SEC":
            wanted.setdefault("customfield_10011", summary)
        return {"fields": wanted}

    def create(self, summary: str = "Work", *, project: str = "SEC", kind: str = "Task", **more: object) -> Any:
        return self.send("POST", "/issue", self.fields(summary, project=project, kind=kind, **more), status=201)

    def issue(self, key: str, query: str = "") -> Any:
        return self.get(f"/issue/{key}{query}")

    def complaint(self, **fields: object) -> Any:
        """What a create with these fields is refused with."""
        return self.refused("POST", "/issue", self.fields(**fields))

    def search(self, jql: str, **more: object) -> list[str]:
        """Keys of the first page."""
        body = {"jql": jql, "fields": ["key"], "maxResults": 1000, **more}
        return [issue["key"] for issue in self.send("POST", "/search/jql", body)["issues"]]

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self.client.open("/_sandbox" + path, method=method, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json

    def act(self, do: str, who: str = COORDINATOR, **more: object) -> Any:
        return self.control("POST", "/act", {"service": "jira", "who": who, "do": do, **more})

    def account(self, name: str) -> str:
        who = self.world.people.by_email(f"{name}@example.com")
        assert who is not None
        return who.account_id
