"""The sandbox behind real HTTP for system tests: what was asked, what stands there, what people do."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rollout_sync.sandbox import server
from rollout_sync.sandbox.world import World

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
"""A Monday; where the clocks of system tests start, so that dates in tests stay true in any year."""
COORDINATOR = "cora.coordinator@example.com"
SECRETS = ("sandbox-token", "sandbox-scoped-token", "sandbox-pat", "sandbox-secret")
READING_POSTS = frozenset(
    {
        "POST /jira/rest/api/3/search/jql",
        "POST /jira/rest/api/3/issue/bulkfetch",
        "POST /jira/rest/api/3/comment/list",
        "POST /jira-gateway/ex/jira/{cloud_id}/rest/api/3/search/jql",
        "POST /jira-gateway/ex/jira/{cloud_id}/rest/api/3/issue/bulkfetch",
        "POST /graph/v1.0/$batch",
        "POST /login/{tenant}/oauth2/v2.0/token",
        "POST /login/{tenant}/oauth2/v2.0/devicecode",
    }
)
"""POSTs that change nothing by themselves; a batch's inner requests are counted one by one."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """One running sandbox, seen from outside."""

    url: str

    def control(self, method: str, path: str, body: object = None) -> Any:
        """A call of `/_sandbox`."""
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox{path}", sent, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read())

    def faults(self, *rules: Mapping[str, object]) -> None:
        """From now on these faults, and no others."""
        self.control("POST", "/faults", list(rules))

    def advance(self, seconds: float) -> None:
        """Move the services' clock on."""
        self.control("POST", "/clock", {"advance": seconds})

    def act(self, service: str, do: str, who: str = COORDINATOR, **members: object) -> Any:
        """A person does something by hand."""
        return self.control("POST", "/act", {"service": service, "who": who, "do": do, **members})

    def asked(self) -> Counter[str]:
        """Requests and inner requests by route, since the last `forget`."""
        counters = self.control("GET", "/counters")
        return Counter(counters["requests"]) + Counter(counters["inner"])

    def writes(self) -> dict[str, int]:
        """Requests that may have changed something; an unknown request counts as one."""
        return {
            route: count
            for route, count in self.asked().items()
            if not route.startswith("GET ") and route not in READING_POSTS
        }

    def jira(self, method: str, path: str, body: object = None) -> Any:
        """A call of Jira's REST API in the coordinator's name, as a script of somebody else would make it."""
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/jira/rest/api/3{path}", sent, method=method)
        request.add_header("Content-Type", "application/json")
        token = base64.b64encode(f"{COORDINATOR}:{SECRETS[0]}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read() or b"null")

    def forget(self) -> None:
        """Start counting at zero."""
        self.control("POST", "/counters/reset")

    def content(self) -> dict[str, Any]:
        """Everything the two services hold, without the sandbox's own notes."""
        kept = self.control("GET", "/state")["collections"]
        return {name: rows for name, rows in kept.items() if not name.startswith("_")}

    def issues(self) -> list[dict[str, Any]]:
        """All issues, oldest first."""
        return self._rows("jira.issue")

    def links(self) -> list[dict[str, Any]]:
        """All issue links."""
        return self._rows("jira.link")

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks: id, bucket, and the fields as Graph shows them."""
        return self._rows("graph.tasks")

    def labels(self) -> dict[str, list[str]]:
        """What labels each task shows, by its title."""
        content = self.content()
        names = {key: row["fields"]["categoryDescriptions"] for key, row in content["graph.plan_details"].items()}
        return {
            row["fields"]["title"]: [
                str(names[row["plan"]][slot]) for slot in sorted(row["fields"]["appliedCategories"])
            ]
            for row in content["graph.tasks"].values()
        }

    def details(self, task: str) -> dict[str, Any]:
        """Description, checklist and references of a task."""
        found: dict[str, Any] = self.content()["graph.task_details"][task]["fields"]
        return found

    def _rows(self, collection: str) -> list[dict[str, Any]]:
        return list(self.content().get(collection, {}).values())

    def issue(self, title: str) -> dict[str, Any]:
        """The one issue with this summary."""
        (found,) = [issue for issue in self.issues() if issue["summary"] == title]
        return found

    def task(self, title: str) -> dict[str, Any]:
        """The one task with this title."""
        (found,) = [task for task in self.tasks() if task["fields"]["title"] == title]
        return found

    def item_names(self) -> Counter[str]:
        """How often each of our objects stands in Jira, by the identity that every issue carries."""
        marks = (issue["properties"].get("rollout-sync", {}) for issue in self.issues())
        return Counter(mark["item"] for mark in marks if mark)


@contextmanager
def serving() -> Iterator[StandIn]:
    """A sandbox on a free port of this machine, its clock stopped at `NOW`."""
    world = World.open(None, frozen=NOW)
    running = server.start(world)
    try:
        yield StandIn(running.url)
    finally:
        running.shutdown()
        running.server_close()
        with world.lock:
            world.store.close()
