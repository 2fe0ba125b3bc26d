"""The frame of every page: head, top bar with "who are you", style and script.

All text goes through `Html.format`, which escapes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Response, request

from rollout_sync.sandbox.markup import Html
from rollout_sync.sandbox.seed import COORDINATOR, Person
from rollout_sync.sandbox.world import World

WHO_COOKIE: Final = "sandbox-who"
_HERE: Final = Path(__file__).parent
_ASSETS: Final = {"planner.css": "text/css; charset=utf-8", "planner.js": "text/javascript; charset=utf-8"}
_POLICY: Final = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'"
"""No resource comes from elsewhere; cards carry their label colours as inline style."""

_FRAME: Final = Html("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/boards/assets/planner.css">
<script src="/boards/assets/planner.js" defer></script>
</head>
<body>
<header class="top">
  <nav aria-label="Sandbox"><a href="/">Sandbox</a> <a href="/boards/planner">Planner</a>
  <a href="/boards/jira">Jira</a> <a href="/mailbox">Mail</a></nav>
  {who}
</header>
<main>{main}</main>
</body>
</html>
""")
_WHO: Final = Html("""<form class="who" method="get" action="{path}">
  <label for="who">You are</label>
  <select id="who" name="who">{options}</select>
  <button type="submit">Change</button>
</form>""")
_OPTION: Final = Html('<option value="{value}"{selected}>{text}</option>')


def current_person(world: World) -> Person:
    """Who the visitor chose to be: by the query, else by the cookie, else the coordinator."""
    for email in (request.args.get("who"), request.cookies.get(WHO_COOKIE), COORDINATOR):
        who = world.people.by_email(email) if email else None
        if who is not None:
            return who
    return world.people.all()[0]


def page(world: World, title: str, main: Html) -> Response:
    """A whole page; the choice of the person is kept in a cookie."""
    who = current_person(world)
    people = sorted(world.people.all(), key=lambda person: person.name)
    choices = options([(p.email, f"{p.name} ({p.title})" if p.title else p.name) for p in people], who.email)
    chooser = _WHO.format(path=request.path, options=choices)
    response = Response(_FRAME.format(title=title, who=chooser, main=main), mimetype="text/html")
    response.set_cookie(WHO_COOKIE, who.email, httponly=True, samesite="Lax")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def options(choices: list[tuple[str, str]], chosen: str | None) -> Html:
    """Options of a select: pairs of value and text."""
    marked = Html(" selected")
    return Html("").join(
        _OPTION.format(value=value, text=text, selected=marked if value == chosen else "") for value, text in choices
    )


def asset(name: str) -> Response:
    """The style sheet or the script."""
    if name not in _ASSETS:
        return Response("not found", status=404)
    return Response((_HERE / name).read_text(encoding="utf-8"), content_type=_ASSETS[name])
