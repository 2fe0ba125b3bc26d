"""What people do in Planner, carried out through the same routes as everybody's requests, with the person's rights."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from rollout_sync.sandbox.errors import BadAct
from rollout_sync.sandbox.graph.calendar import EVENTS, RESPONSES, respond
from rollout_sync.sandbox.graph.call import WEB_APP_ID, Call, Caller
from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.graph.etags import EtagType, etag
from rollout_sync.sandbox.graph.ids import stamp
from rollout_sync.sandbox.graph.plans import remove_task
from rollout_sync.sandbox.graph.resources import COLLECTIONS, PLAN_DETAILS, TASK_DETAILS, TASKS
from rollout_sync.sandbox.graph.routes import dispatch
from rollout_sync.sandbox.seed import Person
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World


def act(world: World, body: Mapping[str, Any]) -> Document:
    """Let a person do something, as `POST /_sandbox/act` with `"service": "planner"` asks.

    `who` is an e-mail address, `do` a verb of `VERBS`; the other members depend on the verb.

    Raises:
        BadAct: unknown person or verb, something missing, or Planner refuses it.
    """
    who = world.people.by_email(str(body.get("who", "")))
    if who is None:
        raise BadAct(f"nobody here has the e-mail address {body.get('who')!r}")
    verb = VERBS.get(str(body.get("do")))
    if verb is None:
        raise BadAct(f"do is one of {', '.join(VERBS)}, not {body.get('do')!r}")
    try:
        return verb(_Person(world, who), body)
    except GraphError as error:
        raise BadAct(f"{error.status} {error.code} {error.message}".replace("  ", " ")) from error
    except KeyError as error:
        raise BadAct(f"{body['do']} needs the member {error.args[0]!r}") from error


class _Person:
    """A person in front of the board: always works on the newest version."""

    def __init__(self, world: World, who: Person) -> None:
        self.world = world
        self.who = who

    def ask(self, method: str, path: str, body: object = None, etag_of: str = "") -> Document:
        """One request with the person's own token; the resource that comes back, `{}` for none."""
        call = Call(
            world=self.world,
            caller=Caller(app_id=WEB_APP_ID, user=self.who),
            method=method,
            path=path,
            base="https://graph.microsoft.com/v1.0",
            headers={"if-match": etag_of, "prefer": "return=representation"},
            body=body,
        )
        return dispatch(call).body or {}

    def change(self, kind: EtagType, item_id: str, body: object) -> Document:
        """PATCH with the newest ETag."""
        return self.ask("PATCH", _path(kind, item_id), body, self.newest(kind, item_id))

    def delete(self, kind: EtagType, item_id: str) -> Document:
        """DELETE with the newest ETag."""
        return self.ask("DELETE", _path(kind, item_id), None, self.newest(kind, item_id))

    def newest(self, kind: EtagType, item_id: str) -> str:
        """The ETag of a resource now."""
        document = self.world.store.get(COLLECTIONS[kind], item_id)
        if document is None:
            raise BadAct(f"there is no {kind} {item_id!r}")
        return etag(kind, document["version"])


Verb = Callable[[_Person, Mapping[str, Any]], Document]


def _percent(value: int) -> Verb:
    return lambda person, body: person.change(EtagType.TASK, body["task"], {"percentComplete": value})


def _check(*, is_checked: bool) -> Verb:
    def verb(person: _Person, body: Mapping[str, Any]) -> Document:
        details = person.world.store.get(TASK_DETAILS, body["task"])
        if details is None:
            raise BadAct(f"there is no task {body['task']!r}")
        items = details["fields"]["checklist"]
        wanted = str(body["item"])
        keys = [key for key, item in items.items() if wanted in {key, item["title"]}]
        if len(keys) != 1:
            raise BadAct(
                f"{len(keys)} checklist items are {wanted!r}; there are: {[i['title'] for i in items.values()]}"
            )
        change = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "isChecked": is_checked}
        return person.change(EtagType.TASK_DETAILS, body["task"], {"checklist": {keys[0]: change}})

    return verb


def _edit(person: _Person, body: Mapping[str, Any]) -> Document:
    """Change members of the task, or of its details (description)."""
    fields = dict(body["fields"])
    on_details = {name: fields.pop(name) for name in ("description", "checklist", "references") if name in fields}
    seen: Document = {}
    if fields:
        seen = person.change(EtagType.TASK, body["task"], fields)
    if on_details:
        seen = person.change(EtagType.TASK_DETAILS, body["task"], on_details)
    return seen


def _move(person: _Person, body: Mapping[str, Any]) -> Document:
    return person.change(EtagType.TASK, body["task"], {"bucketId": body["bucket"]})


def _assign(person: _Person, body: Mapping[str, Any]) -> Document:
    """Assign `to` (an e-mail address or a list of them); with `"off": true` take them off."""
    names = body["to"] if isinstance(body["to"], list) else [body["to"]]
    value = None if body.get("off") else {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
    return person.change(EtagType.TASK, body["task"], {"assignments": {_user(person, n): value for n in names}})


def _create(person: _Person, body: Mapping[str, Any]) -> Document:
    """A new task in `plan`, perhaps in `bucket`, with `title` and other `fields`."""
    task = {"planId": body["plan"], "bucketId": body.get("bucket"), "title": body["title"], **body.get("fields", {})}
    return person.ask("POST", "/planner/tasks", task)


def _copy(person: _Person, body: Mapping[str, Any]) -> Document:
    """A copy beside the task: title, dates, labels, details; the copy is not started."""
    task = person.world.store.get(TASKS, body["task"])
    if task is None:
        raise BadAct(f"there is no task {body['task']!r}")
    kept = ("planId", "bucketId", "startDateTime", "dueDateTime", "priority", "appliedCategories")
    fresh = {name: task["fields"][name] for name in kept}
    copy = person.ask("POST", "/planner/tasks", {**fresh, "title": body.get("title", task["fields"]["title"])})
    details = person.world.store.get(TASK_DETAILS, task["id"])
    if details is not None:
        person.change(EtagType.TASK_DETAILS, copy["id"], _copied(details["fields"]))
    return person.ask("GET", f"/planner/tasks/{copy['id']}")


def _copied(details: Document) -> Document:
    """Details for a copy: new checklist keys, nothing ticked, the same references."""
    typed = {"@odata.type": "#microsoft.graph.plannerChecklistItem"}
    checks = {
        str(uuid.uuid5(uuid.NAMESPACE_OID, f"copy {key}")): {**typed, "title": item["title"]}
        for key, item in details["checklist"].items()
    }
    shown = ("@odata.type", "alias", "type")
    references = {key: {n: link[n] for n in shown} for key, link in details["references"].items()}
    return {"description": details["description"], "checklist": checks, "references": references}


def _new_bucket(person: _Person, body: Mapping[str, Any]) -> Document:
    return person.ask("POST", "/planner/buckets", {"planId": body["plan"], "name": body["title"], "orderHint": " !"})


def _label(person: _Person, body: Mapping[str, Any]) -> Document:
    """Put the label `label` (its text or its category) on the task; with `"off": true` take it off."""
    task = person.world.store.get(TASKS, body["task"])
    details = person.world.store.get(PLAN_DETAILS, task["plan"]) if task else None
    if details is None:
        raise BadAct(f"there is no task {body['task']!r}")
    names = details["fields"]["categoryDescriptions"]
    wanted = [key for key, name in names.items() if body["label"] in {key, name}]
    if len(wanted) != 1:
        raise BadAct(f"no label {body['label']!r} in this plan")
    return person.change(EtagType.TASK, body["task"], {"appliedCategories": {wanted[0]: not body.get("off")}})


def _membership(person: _Person, body: Mapping[str, Any]) -> Document:
    """`to` joins the group, or leaves it with `"off": true`."""
    user_id, groups = _user(person, body["to"]), person.world.store.scan("graph.groups")
    group = next(g for g in groups if "Unified" in g["groupTypes"])
    group["members"] = [m for m in group["members"] if m != user_id] + ([] if body.get("off") else [user_id])
    person.world.store.put("graph.groups", group["id"], group)
    return {"members": len(group["members"])}


def _vanish(person: _Person, body: Mapping[str, Any]) -> Document:
    """The task is gone, whoever `who` is (an administrator's clean-up)."""
    remove_task(person.world, body["task"])
    return {}


def _respond(person: _Person, body: Mapping[str, Any]) -> Document:
    """Answer the invitation `event` with `response`."""
    event = person.world.store.get(EVENTS, body["event"])
    if event is None or body["response"] not in RESPONSES:
        raise BadAct(f"no such event, or response is none of {', '.join(RESPONSES)}")
    if not respond(event, person.who.email, body["response"], stamp(person.world.clock.now())):
        raise BadAct(f"{person.who.email} is not invited")
    person.world.store.put(EVENTS, event["id"], event)
    return {"response": body["response"]}


def _delete_event(person: _Person, body: Mapping[str, Any]) -> Document:
    """Take `event` out of the person's own calendar."""
    return person.ask("DELETE", f"/users/{person.who.graph_id}/events/{body['event']}")


def _user(person: _Person, email: str) -> str:
    found = person.world.people.by_email(email)
    if found is None:
        raise BadAct(f"nobody here has the e-mail address {email!r}")
    return found.graph_id


def _path(kind: EtagType, item_id: str) -> str:
    match kind:
        case EtagType.TASK_DETAILS:
            return f"/planner/tasks/{item_id}/details"
        case EtagType.PLAN_DETAILS:
            return f"/planner/plans/{item_id}/details"
        case _:
            return f"/planner/{kind.lower()}s/{item_id}"


VERBS: Final[dict[str, Verb]] = {
    "complete": _percent(100),
    "start": _percent(50),
    "reopen": _percent(0),
    "tick": _check(is_checked=True),
    "untick": _check(is_checked=False),
    "edit": _edit,
    "move": _move,
    "assign": _assign,
    "label": _label,
    "create": _create,
    "copy": _copy,
    "delete": lambda person, body: person.delete(EtagType.TASK, body["task"]),
    "vanish": _vanish,
    "create-bucket": _new_bucket,
    "rename-bucket": lambda person, body: person.change(EtagType.BUCKET, body["bucket"], {"name": body["title"]}),
    "delete-bucket": lambda person, body: person.delete(EtagType.BUCKET, body["bucket"]),
    "rename-plan": lambda person, body: person.change(EtagType.PLAN, body["plan"], {"title": body["title"]}),
    "delete-plan": lambda person, body: person.delete(EtagType.PLAN, body["plan"]),
    "edit-plan": lambda person, body: person.change(EtagType.PLAN_DETAILS, body["plan"], body["fields"]),
    "membership": _membership,
    "respond": _respond,
    "delete-event": _delete_event,
}
"""What a person can do in Planner (and, with `respond` and `delete-event`, in the calendar)."""
