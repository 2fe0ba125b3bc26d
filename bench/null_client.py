"""The fastest client one could write: the floor's requests with the same bodies, four connections, nothing else.

No ledger, no protocol, no retries, no checks beyond the status. Bodies are made before the clock starts; only the ids
that an answer brings are put into those that refer to it.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import urllib3

from bench.agent import Prepared
from bench.floor import BATCH, BULK
from rollout_sync.ledger.objects import resolved
from rollout_sync.model.objects import Intent, Marker, ObjectKey, ObjectKind, Remote, Value
from rollout_sync.model.operations import Create
from rollout_sync.reconcile import planfile
from rollout_sync.reconcile.plan import Plan
from rollout_sync.sandbox.seed import CLIENT_ID, CLIENT_SECRET, COORDINATOR, TENANT_DOMAIN
from rollout_sync.trackers.jira.destination import destination_of
from rollout_sync.trackers.jira.mapping import issue_update
from rollout_sync.trackers.planner.details import first_patch
from rollout_sync.trackers.planner.mapping import bucket_body, labels_body, plan_body, task_body
from rollout_sync.trackers.planner.marks import Mark

CONNECTIONS = 4
Json = dict[str, Any]


class Wire:
    """Requests over at most four connections that are kept open."""

    def __init__(self, base: str, authorization: str) -> None:
        self._pool = urllib3.PoolManager(maxsize=CONNECTIONS, block=True, retries=False)
        self._base = base
        self._headers = {"Authorization": authorization, "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: object = None) -> Json:
        """One request; RuntimeError for anything but a success."""
        sent = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        answer = self._pool.request(method, self._base + path, body=sent, headers=self._headers)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's own range
            raise RuntimeError(f"{method} {path} was answered with {answer.status}: {answer.data[:300]!r}")
        found: Json = json.loads(answer.data)
        return found

    def batch(self, inner: Sequence[Json]) -> list[Json]:
        """Up to 20 inner requests; their bodies in the order of the requests."""
        named = [{"id": str(number), **one} for number, one in enumerate(inner)]
        replies = {one["id"]: one for one in self.ask("POST", "/$batch", {"requests": named})["responses"]}
        failed = [one for one in replies.values() if one["status"] >= 300]  # noqa: PLR2004 - HTTP's own range
        if failed:
            raise RuntimeError(f"an inner request was answered with {failed[0]}")
        return [replies[one["id"]]["body"] for one in named]


Step = Callable[[], Any]


@dataclass(slots=True)
class Stream:
    """Steps that run side by side; each waits for those it names."""

    pool: ThreadPoolExecutor
    _waiting: list[tuple[Step, frozenset[int]]] = field(default_factory=list)

    def add(self, step: Step, after: frozenset[int] = frozenset()) -> int:
        """Plan a step; returns its number."""
        self._waiting.append((step, after))
        return len(self._waiting) - 1

    def run(self) -> None:
        """Run all, in the order they were added where nothing else decides."""
        todo, done = dict(enumerate(self._waiting)), set[int]()
        running: dict[Future[Any], int] = {}
        while todo or running:
            for number in [n for n, (_, after) in todo.items() if after <= done]:
                running[self.pool.submit(todo.pop(number)[0])] = number
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                future.result()
                done.add(running.pop(future))


def _create(intent: Intent) -> Create:
    """What would be sent, with placeholders where ids belong."""
    places = _Anywhere()
    fields = {name: resolved(value, places) for name, value in intent.fields.items()}
    return Create(
        object=intent.object, marker=Marker(secrets.token_hex(16)), attempt=1, fields=fields, item=intent.item
    )


class _Anywhere(dict[str, Remote]):
    """Every object is at its own name."""

    def get(self, name: str, default: object = None) -> Remote:
        """A placeholder."""
        del default
        return Remote(id=name, key=name)


def _portions(things: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [things[start : start + size] for start in range(0, len(things), size)]


# Jira ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bulk:
    names: tuple[str, ...]
    bodies: tuple[Json, ...]
    refers_to: frozenset[str]


def jira(url: str, prepared: Prepared) -> float:
    """Seconds to create the plan's issues."""
    plan = planfile.read(prepared.file)
    bulks = [_bulk(chunk, plan) for chunk in _levels(plan)]
    secret = base64.b64encode(f"{COORDINATOR}:sandbox-token".encode()).decode()
    newest = {"jql": 'project = "SEC" ORDER BY key DESC', "maxResults": 1, "fields": ["labels"]}
    wire = Wire(f"{url}/jira/rest/api/3", f"Basic {secret}")
    made: dict[str, Json] = {}
    began = time.perf_counter()
    wire.ask("POST", "/search/jql", newest)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        stream = Stream(pool)
        at: dict[str, int] = {}
        for bulk in bulks:
            number = stream.add(_sender(wire, bulk, made), frozenset(at[name] for name in bulk.refers_to))
            at |= dict.fromkeys(bulk.names, number)
        stream.run()
    return time.perf_counter() - began


def _levels(plan: Plan) -> list[Sequence[Intent]]:
    """Epics, issues that wait for nothing, issues that wait: each in portions of one bulk create."""
    chosen = [one for one in plan.intents if one.object.kind in (ObjectKind.EPIC, ObjectKind.ISSUE)]
    keys = {one.object for one in chosen}
    depths: dict[ObjectKey, int] = {}
    for one in chosen:  # in the order of acceptance, so that those waited for come first
        depths[one.object] = 1 + max((depths[key] for key in (*one.needs, *one.after) if key in keys), default=-1)
    levels = [[one for one in chosen if depths[one.object] == depth] for depth in range(max(depths.values()) + 1)]
    return [portion for level in levels for portion in _portions(level, BULK)]


def _bulk(chunk: Sequence[Intent], plan: Plan) -> _Bulk:
    destination = destination_of(plan.facts["jira"])
    bodies = tuple(dict(issue_update(_create(one), plan.rollout, destination)) for one in chunk)
    refers_to = frozenset(str(key) for one in chunk for key in (*one.needs, *one.after))
    return _Bulk(tuple(str(one.object) for one in chunk), bodies, refers_to)


def _sender(wire: Wire, bulk: _Bulk, made: dict[str, Json]) -> Step:
    def send() -> None:
        for body in bulk.bodies:
            _point(body, made)
        answer = wire.ask("POST", "/issue/bulk", {"issueUpdates": bulk.bodies})
        made.update(zip(bulk.names, answer["issues"], strict=True))

    return send


def _point(body: Json, made: Mapping[str, Json]) -> None:
    """Put the ids of what was made in place of the names."""
    parent = body["fields"].get("parent")
    if parent is not None:
        body["fields"]["parent"] = {"id": made[parent["id"]]["id"]}
    for link in body.get("update", {}).get("issuelinks", ()):
        link["add"] = {**link["add"], "inwardIssue": {"key": made[link["add"]["inwardIssue"]["key"]]["key"]}}


# Planner ------------------------------------------------------------------------------------------------------------


def planner(url: str, prepared: Prepared) -> float:
    """Seconds to sign in and create the plan, its labels and buckets, and its tasks with their details."""
    plan = planfile.read(prepared.file)
    by_kind: dict[ObjectKind, list[Intent]] = {kind: [] for kind in ObjectKind}
    for one in plan.intents:
        by_kind[one.object.kind].append(one)
    facts = plan.facts["planner"]
    group = str(facts["group"])
    names = _texts(by_kind[ObjectKind.LABELS][0].fields["names"])
    buckets = [(str(one.object), bucket_body(_create(one).fields)) for one in by_kind[ObjectKind.BUCKET]]
    tasks = [(str(one.object), task_body(_create(one).fields, names)) for one in by_kind[ObjectKind.TASK]]
    notes = {_task_of(one): _details_body(one, plan) for one in by_kind[ObjectKind.DETAILS]}
    title = by_kind[ObjectKind.PLAN][0].fields["title"]
    began = time.perf_counter()
    wire = Wire(f"{url}/graph/v1.0", f"Bearer {_sign_in(url)}")
    wire.ask("GET", f"/groups/{group}?$select=id")
    container = f"{facts['base_url']}/groups/{group}"
    made = wire.ask("POST", "/planner/plans", plan_body({"title": title}, container))["id"]
    places: dict[str, str] = {}
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        stream = Stream(pool)
        stream.add(lambda: _label(wire, made, names))
        ready = frozenset(
            stream.add(_poster(wire, "/planner/buckets", part, made, places)) for part in _portions(buckets, BATCH)
        )
        for part in _portions(tasks, BATCH):
            number = stream.add(_poster(wire, "/planner/tasks", part, made, places), ready)
            stream.add(_detailer(wire, [name for name, _ in part], notes, places), frozenset({number}))
        stream.run()
    return time.perf_counter() - began


def _sign_in(url: str) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scope": "https://graph.microsoft.com/.default",
    }
    answer = urllib3.request(
        "POST",
        f"{url}/login/{TENANT_DOMAIN}/oauth2/v2.0/token",
        body=urlencode(form),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    return str(json.loads(answer.data)["access_token"])


def _texts(value: Value) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _task_of(details: Intent) -> str:
    return str(ObjectKey(ObjectKind.TASK, details.object.name))


def _details_body(intent: Intent, plan: Plan) -> Json:
    create = _create(intent)
    mark = Mark(rollout=plan.rollout, object=intent.object, marker=create.marker)
    return first_patch(create.fields, {}, mark)


def _label(wire: Wire, plan: str, names: Sequence[str]) -> None:
    path = f"/planner/plans/{plan}/details"
    (current,) = wire.batch([{"method": "GET", "url": path}])
    wire.batch([_patch(path, labels_body(names, current), current)])


def _poster(wire: Wire, url: str, part: Sequence[tuple[str, Json]], plan: str, places: dict[str, str]) -> Step:
    def post() -> None:
        bodies = [{**body, "planId": plan} for _, body in part]
        for body in bodies:
            if "bucketId" in body:
                body["bucketId"] = places[body["bucketId"]]
        json_type = {"Content-Type": "application/json"}
        rows = wire.batch([{"method": "POST", "url": url, "headers": json_type, "body": body} for body in bodies])
        places.update({name: row["id"] for (name, _), row in zip(part, rows, strict=True)})

    return post


def _detailer(wire: Wire, tasks: Sequence[str], notes: Mapping[str, Json], places: Mapping[str, str]) -> Step:
    def detail() -> None:
        paths = [f"/planner/tasks/{places[name]}/details" for name in tasks]
        current = wire.batch([{"method": "GET", "url": path} for path in paths])
        wire.batch([_patch(p, notes[name], now) for p, name, now in zip(paths, tasks, current, strict=True)])

    return detail


def _patch(path: str, body: Json, current: Json) -> Json:
    headers = {
        "If-Match": current["@odata.etag"],
        "Prefer": "return=representation",
        "Content-Type": "application/json",
    }
    return {"method": "PATCH", "url": path, "headers": headers, "body": body}
