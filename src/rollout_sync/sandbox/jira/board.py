"""The board and issue pages that a person can open and work in: what they show, and the forms behind them."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from rollout_sync.sandbox.frame import choices, initials, refuse_strangers, remember, seal, tone, visitor
from rollout_sync.sandbox.jira.acts import ActError, acting_view, perform
from rollout_sync.sandbox.jira.answers import View
from rollout_sync.sandbox.jira.documents import Issue, Json
from rollout_sync.sandbox.jira.fields import START_DATE
from rollout_sync.sandbox.jira.scheme import (
    CATEGORIES,
    ISSUE_TYPES,
    LINK_TYPES,
    PRIORITIES,
    PROJECTS,
    Project,
    project_named,
    statuses_of,
    translated,
)
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.workflow import on_offer

AWAITING: Final = "awaiting-approval"
"""A label that the board marks, because boards of rollouts use it."""
_ORDER: Final = ("new", "indeterminate", "done")
"""Columns stand in the order in which work goes through them."""
_EPIC_COLOURS: Final = 8
_FORM_MEMBERS: Final = ("do", "issue", "to", "text", "label")


def board_pages(site: Site) -> Blueprint:
    """The pages, as a blueprint."""
    pages = Blueprint(
        "jira_pages", __name__, template_folder="pages", static_folder="static", static_url_path="/boards/jira/static"
    )
    pages.add_url_rule("/boards/jira", "list", lambda: _list_page(site))
    pages.add_url_rule("/boards/jira/<key>", "board", lambda key: _board_page(site, key))
    pages.add_url_rule("/jira/browse/<key>", "issue", lambda key: _issue_page(site, key))
    pages.add_url_rule("/boards/jira/person", "person", lambda: _choose(site), methods=["POST"])
    pages.add_url_rule("/boards/jira/act", "act", lambda: _act(site), methods=["POST"])
    pages.after_request(seal)
    return pages


def board_model(site: Site, project: Project, today: date, *, epic: str = "") -> Json:
    """What a board shows: epics with their progress, and a column of cards for each status.

    Args:
        site: where.
        project: whose board.
        today: to tell what is overdue.
        epic: key of the only epic whose issues are shown; empty for all.
    """
    issues = [issue for issue in site.issues() if issue["project"] == project.id and not issue["archived"]]
    epics = [issue for issue in issues if ISSUE_TYPES[issue["type"]].level > 0]
    colours = {issue["id"]: number % _EPIC_COLOURS for number, issue in enumerate(epics)}
    work = [issue for issue in issues if ISSUE_TYPES[issue["type"]].level <= 0]
    shown = [issue for issue in work if not epic or _epic_key(site, issue) == epic]
    columns = [
        {
            "id": status.id,
            "name": translated(status.name, site.language),
            "category": site.status(status.id).category,
            "next": _next(site, status.id, [one.id for one in statuses_of(project)]),
            "cards": [_card(site, issue, colours, today) for issue in shown if issue["status"] == status.id],
        }
        for status in sorted(statuses_of(project), key=lambda one: _ORDER.index(site.status(one.id).category))
    ]
    return {
        "project": {"key": project.key, "name": project.name, "description": project.description},
        "epics": [_epic(site, issue, colours[issue["id"]]) for issue in epics],
        "epic": epic,
        "columns": columns,
        "total": len(shown),
    }


def issue_model(site: Site, issue: Issue, view: View, today: date) -> Json:
    """What an issue's page shows."""
    kind = ISSUE_TYPES[issue["type"]]
    colours: dict[str, int] = {}
    return _card(site, issue, colours, today) | {
        "project": PROJECTS[issue["project"]].key,
        "type": translated(kind.name, site.language),
        "description": issue["description"],
        "priority": translated(PRIORITIES[issue["priority"]].name, site.language),
        "reporter": _name(site, issue["reporter"]),
        "start": issue["custom"].get(START_DATE),
        "archived": issue["archived"],
        "children": [_card(site, child, colours, today) for child in site.children(issue)],
        "links": [_link(site, issue, link["id"]) for link in site.links(issue)],
        "remote_links": [_remote(link["object"], link["relationship"]) for link in site.remote_links(issue)],
        "moves": [
            {"id": move.id, "name": translated(site.status(move.status).name, site.language)}
            for move in on_offer(site, issue, view.account)
        ],
        "comments": [
            {"author": _name(site, c["author"]), "at": _moment(c["created"], view), "body": c["body"]}
            for c in site.comments(issue)
        ],
        "history": [
            {"author": _name(site, change["author"]), "at": _moment(change["created"], view), "items": change["items"]}
            for change in reversed(site.history(issue))
        ],
    }


def _next(site: Site, current: str, ids: list[str]) -> str:
    """Where a card of a column usually goes: the first status of a later category."""
    stage = _ORDER.index(site.status(current).category)
    later = [one for one in ids if _ORDER.index(site.status(one).category) > stage]
    return later[0] if later else ""


def _list_page(site: Site) -> str:
    counts = dict.fromkeys(PROJECTS, 0)
    for issue in site.issues():
        counts[issue["project"]] += not issue["archived"]
    boards = [
        {"key": p.key, "name": p.name, "description": p.description, "count": counts[p.id]} for p in PROJECTS.values()
    ]
    return render_template("jira_list.html", boards=boards, **_common(site))


def _board_page(site: Site, key: str) -> str:
    project = project_named(key)
    if project is None:
        abort(HTTPStatus.NOT_FOUND, f"There is no project {key}.")
    board = board_model(site, project, _today(site), epic=request.args.get("epic", ""))
    return render_template("jira_board.html", board=board, **_common(site))


def _issue_page(site: Site, key: str) -> str | AnyResponse:
    issue = site.issue(key)
    if issue is None:
        abort(HTTPStatus.NOT_FOUND, f"There is no issue {key}.")
    if issue["key"] != key.upper():
        return redirect(f"/jira/browse/{issue['key']}")
    model = issue_model(site, issue, acting_view(site, visitor(site.world)), _today(site))
    return render_template("jira_issue.html", issue=model, **_common(site))


def _choose(site: Site) -> AnyResponse:
    refuse_strangers()
    response = redirect(_back(), HTTPStatus.SEE_OTHER)
    person = site.world.people.by_email(request.form.get("person", ""))
    if person is not None:
        remember(response, person)
    return response


def _act(site: Site) -> AnyResponse:
    refuse_strangers()
    body: Json = {name: request.form[name] for name in _FORM_MEMBERS if name in request.form}
    fields = {name[6:]: value or None for name, value in request.form.items() if name.startswith("field-")}
    try:
        perform(site, body | {"who": visitor(site.world).email} | ({"fields": fields} if fields else {}))
    except ActError as error:
        page = render_template("jira_refused.html", message=str(error), back=_back(), **_common(site))
        return make_response(page, HTTPStatus.BAD_REQUEST)
    return redirect(_back(), HTTPStatus.SEE_OTHER)


def _back() -> str:
    """The page to return to: a path of this server, never another address."""
    path = request.form.get("back", "")
    is_local = path.startswith(("/boards/", "/jira/browse/")) and "\\" not in path
    return path if is_local else "/boards/jira"


def _common(site: Site) -> Json:
    people = [{"email": email, "text": text} for email, text in choices(site.world)]
    return {
        "people": people,
        "me": visitor(site.world),
        "here": request.full_path.rstrip("?"),
        "initials": initials,
        "tone": tone,
    }


def _today(site: Site) -> date:
    return site.world.clock.now().date()


def _card(site: Site, issue: Issue, colours: dict[str, int], today: date) -> Json:
    status = site.status(issue["status"])
    parent = site.by_id(issue["parent"]) if issue["parent"] else None
    due = issue["duedate"]
    return {
        "key": issue["key"],
        "summary": issue["summary"],
        "status": translated(status.name, site.language),
        "status_id": status.id,
        "category": status.category,
        "category_name": translated(CATEGORIES[status.category].name, site.language),
        "assignee": _name(site, issue["assignee"]),
        "assignee_email": _address(site, issue["assignee"]),
        "due": due,
        "due_text": f"{date.fromisoformat(due):%d %b %Y}".lstrip("0") if due else "",
        "is_overdue": bool(due) and status.category != "done" and str(due) < today.isoformat(),
        "labels": [label for label in issue["labels"] if label != AWAITING],
        "is_awaiting": AWAITING in issue["labels"],
        "parent": {"key": parent["key"], "summary": parent["summary"], "colour": colours.get(parent["id"], 0)}
        if parent
        else None,
        "blocked_by": _blockers(site, issue),
    }


def _blockers(site: Site, issue: Issue) -> list[Json]:
    found = []
    for link in site.links(issue):
        if LINK_TYPES[link["type"]].name == "Blocks" and link["target"] == issue["id"]:
            source = site.by_id(link["source"])
            is_done = site.status(source["status"]).category == "done"
            found.append({"key": source["key"], "summary": source["summary"], "is_done": is_done})
    return found


def _epic(site: Site, issue: Issue, colour: int) -> Json:
    children = site.children(issue)
    done = sum(site.status(child["status"]).category == "done" for child in children)
    return {
        "key": issue["key"],
        "summary": issue["summary"],
        "colour": colour,
        "status": translated(site.status(issue["status"]).name, site.language),
        "done": done,
        "total": len(children),
    }


def _epic_key(site: Site, issue: Issue) -> str | None:
    parent = site.by_id(issue["parent"]) if issue["parent"] else None
    if parent is not None and ISSUE_TYPES[parent["type"]].level < 1:
        return _epic_key(site, parent)
    return parent["key"] if parent else None


def _link(site: Site, issue: Issue, number: str) -> Json:
    link = next(link for link in site.links(issue) if link["id"] == number)
    kind = LINK_TYPES[link["type"]]
    is_source = link["source"] == issue["id"]
    other = site.by_id(link["target"] if is_source else link["source"])
    status = site.status(other["status"])
    return {
        "phrase": kind.outward if is_source else kind.inward,
        "key": other["key"],
        "summary": other["summary"],
        "status": translated(status.name, site.language),
        "category": status.category,
    }


def _remote(thing: Json, relationship: str | None) -> Json:
    url = str(thing.get("url") or "")
    is_web = urlsplit(url).scheme in {"http", "https"}
    return {
        "title": thing.get("title"),
        "url": url if is_web else "",
        "summary": thing.get("summary"),
        "relationship": relationship or "links to",
    }


def _name(site: Site, account: str | None) -> str | None:
    if account is None:
        return None
    person = site.world.people.by_account_id(account)
    return person.name if person else "Former user"


def _address(site: Site, account: str | None) -> str:
    person = site.world.people.by_account_id(account) if account else None
    return person.email if person else ""


def _moment(epoch: int, view: View) -> str:
    return view.now.fromtimestamp(epoch / 1000, tz=view.zone).strftime("%d %b %Y, %H:%M")
