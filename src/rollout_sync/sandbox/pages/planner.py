"""Planner boards that a person can open and work in, the index, and the forms behind the cards."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from rollout_sync.sandbox.errors import BadAct
from rollout_sync.sandbox.frame import refuse_strangers, visitor
from rollout_sync.sandbox.graph import act
from rollout_sync.sandbox.graph.mail import MESSAGES
from rollout_sync.sandbox.graph.resources import BUCKETS, PLAN_DETAILS, PLANS, TASK_DETAILS, TASKS
from rollout_sync.sandbox.markup import Html
from rollout_sync.sandbox.pages.planner_card import PROGRESS, Board, card, progress_step
from rollout_sync.sandbox.pages.planner_layout import asset, options, page
from rollout_sync.sandbox.pages.planner_mailbox import mailbox, mailboxes, message
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

_NO_BUCKET: Final = ""
_COLUMN: Final = Html("""<section class="column" data-bucket="{id}" aria-labelledby="bucket-{id}">
<h2 id="bucket-{id}">{name} <span class="quiet">{count}</span></h2>
<div class="cards">{cards}</div>
</section>""")
_BOARD: Final = Html("""<div class="head"><h1>{title}</h1>
<p>{done} of {count} tasks completed</p></div>
{problem}
<form class="add" method="post" action="{action}"><input type="hidden" name="do" value="create">
<label class="wide"><span>New task</span> <input id="new-title" name="title" maxlength="255" required></label>
<label><span>in</span> <select id="new-bucket" name="bucket">{buckets}</select></label>
<button type="submit" class="main">Add</button></form>
<div class="board" data-action="{action}">{columns}</div>""")
_EMPTY_BOARD: Final = Html('<p class="quiet">This plan has no buckets yet.</p>')
_EMPTY: Final = Html('<p class="empty">No tasks</p>')
_PROBLEM: Final = Html('<p class="problem" role="alert">{}</p>')
_INDEX: Final = Html("""<div class="head"><h1>Sandbox</h1>
<p>A stand-in for Jira, Planner and a mailbox on this machine. Nothing here leaves it.</p></div>
<ul class="tiles">{places}</ul><h2>For programs</h2><ul class="rows">{rows}</ul>""")
_TILE: Final = Html('<li><h2><a href="{}">{}</a></h2><p>{}</p><p class="quiet">{}</p></li>')
_LIST: Final = Html('<div class="head"><h1>Planner boards</h1></div>{}')
_ROW: Final = Html('<li><a href="{}">{}</a> <span class="quiet">{}</span></li>')


def register(app: Flask, world: World) -> None:
    """Add the pages to the application."""
    routes = Blueprint("pages", __name__)
    views: tuple[tuple[str, str, Callable[..., AnyResponse]], ...] = (
        ("GET", "/", _index),
        ("GET", "/boards/planner", _plans),
        ("GET", "/boards/planner/<plan_id>", _board),
        ("POST", "/boards/planner/<plan_id>/act", _act),
        ("GET", "/mailbox", mailboxes),
        ("GET", "/mailbox/<email>", mailbox),
        ("GET", "/mailbox/<email>/<message_id>", message),
    )
    for method, path, view in views:
        routes.add_url_rule(path, view.__name__, _bound(view, world), methods=[method])
    routes.add_url_rule("/boards/assets/<name>", "asset", asset)
    app.register_blueprint(routes)


def _bound(view: Callable[..., AnyResponse], world: World) -> Callable[..., AnyResponse]:
    return lambda **names: view(world, **names)


def _index(world: World) -> Response:
    plans, mails = _counted(world.store.count(PLANS), "plan"), _counted(world.store.count(MESSAGES), "message")
    places = [
        _TILE.format(
            "/boards/planner", "Planner boards", "Approvals, trainings and messages, bucket by bucket.", plans
        ),
        _TILE.format("/boards/jira", "Jira boards", "The teams' work: epics, issues and what holds them.", ""),
        _TILE.format("/mailbox", "Mailboxes", "What was sent to everybody at the made-up company.", mails),
    ]
    rows = [
        _ROW.format("/_sandbox/state", "State", "everything, as JSON"),
        _ROW.format("/_sandbox/counters", "Counters", "requests so far"),
        _ROW.format("/_sandbox/switches", "Switches", "what could not be verified on the real services"),
    ]
    return page(world, "Start", _INDEX.format(places=Html("").join(places), rows=Html("").join(rows)))


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _plans(world: World) -> Response:
    rows = Html("").join(
        _ROW.format(
            f"/boards/planner/{plan['id']}",
            plan["fields"]["title"],
            _counted(world.store.count_where(TASKS, "plan", plan["id"]), "task"),
        )
        for plan in world.store.scan(PLANS)
    )
    shown = Html('<ul class="rows">{}</ul>').format(rows) if rows else Html('<p class="quiet">No plan yet.</p>')
    return page(world, "Planner", _LIST.format(shown))


def _board(world: World, plan_id: str) -> Response:
    plan = world.store.get(PLANS, plan_id)
    if plan is None:
        return _gone(world)
    tasks = [task["fields"] for task in world.store.where(TASKS, "plan", plan_id)]
    board = _facts(world, plan_id)
    loose = [task for task in tasks if not task["bucketId"]]
    columns = [_column(world, board, b, [t for t in tasks if t["bucketId"] == b[0]]) for b in board.buckets]
    if loose:
        columns.insert(0, _column(world, board, (_NO_BUCKET, "No bucket"), loose))
    problem = request.args.get("problem")
    main = _BOARD.format(
        title=plan["fields"]["title"],
        done=sum(task["percentComplete"] == int(PROGRESS[-1][0]) for task in tasks),
        count=len(tasks),
        problem=_PROBLEM.format(problem) if problem else "",
        action=board.action,
        buckets=options(board.buckets, None),
        columns=Html("").join(columns) or _EMPTY_BOARD,
    )
    return page(world, plan["fields"]["title"], main)


def _facts(world: World, plan_id: str) -> Board:
    """Labels, people and buckets of a plan."""
    details = world.store.get(PLAN_DETAILS, plan_id)
    names = details["fields"]["categoryDescriptions"] if details else {}
    buckets = [bucket["fields"] for bucket in world.store.where(BUCKETS, "plan", plan_id)]
    return Board(
        names={key: name for key, name in names.items() if name},
        people={who.graph_id: who.name for who in world.people.all()},
        buckets=[(b["id"], b["name"]) for b in sorted(buckets, key=lambda b: (b["orderHint"], b["id"]))],
        action=f"/boards/planner/{plan_id}/act",
        today=world.clock.now().date(),
    )


def _column(world: World, board: Board, bucket: tuple[str, str], tasks: list[Document]) -> Html:
    cards = []
    for task in sorted(tasks, key=lambda t: (t["percentComplete"] == int(PROGRESS[-1][0]), t["orderHint"], t["id"])):
        details = world.store.get(TASK_DETAILS, task["id"])
        if details is not None:
            cards.append(card(board, task, details["fields"]))
    shown = Html("").join(cards) or _EMPTY
    return _COLUMN.format(id=bucket[0] or "none", name=bucket[1], count=len(tasks), cards=shown)


def _gone(world: World) -> Response:
    response = page(world, "No such plan", Html("<h1>No such plan</h1><p>It was deleted, or never was.</p>"))
    response.status_code = HTTPStatus.NOT_FOUND
    return response


def _act(world: World, plan_id: str) -> AnyResponse:
    """A form of the board was sent: do it as the chosen person, and show the board again."""
    refuse_strangers()
    body: dict[str, Any] = {**request.form.to_dict(), "who": visitor(world).email, "plan": plan_id}
    problem = ""
    try:
        for step in _steps(world, body):
            act(world, step)
    except BadAct as error:
        problem = "?" + urlencode({"problem": str(error)})
    task = body.get("task")
    anchor = f"#task-{task}" if task and not problem else ""
    return redirect(f"/boards/planner/{plan_id}{problem}{anchor}", code=HTTPStatus.SEE_OTHER)


def _steps(world: World, form: dict[str, Any]) -> list[dict[str, Any]]:
    """The actions of a form. The edit form sends everything; only what differs becomes a change."""
    if form.get("do") == "create":
        return [{**form, "bucket": form.get("bucket") or None}]
    if form.get("do") != "save":
        return [form]
    task = world.store.get(TASKS, form["task"])
    if task is None:
        raise BadAct("this task is gone")
    details = world.store.get(TASK_DETAILS, form["task"])
    fields = _differences(task["fields"], form) | _notes(details["fields"] if details else {}, form)
    steps = [{**form, "do": "edit", "fields": fields}] if fields else []
    for member, is_off in (("unassign", True), ("assign", False)):
        who = world.people.by_graph_id(form.get(member, ""))
        if who is not None:
            steps.append({**form, "do": "assign", "to": who.email, "off": is_off})
    return steps


def _notes(details: Document, form: dict[str, Any]) -> Document:
    """The notes, if they are different; browsers end lines in their own way."""
    kept, sent = (str(text or "").replace("\r\n", "\n") for text in (details.get("description"), form.get("notes")))
    return {"description": sent} if "notes" in form and sent != kept else {}


def _differences(task: Document, form: dict[str, Any]) -> Document:
    fields: Document = {}
    if form["title"] != task["title"]:
        fields["title"] = form["title"]
    for name, member in (("start", "startDateTime"), ("due", "dueDateTime")):
        if form[name] != (task[member] or "")[:10]:
            fields[member] = f"{form[name]}T10:00:00Z" if form[name] else None
    if (form["bucket"] or None) != task["bucketId"]:
        fields["bucketId"] = form["bucket"] or None
    if form["percent"] != progress_step(task["percentComplete"]):
        fields["percentComplete"] = int(form["percent"])
    return fields
