"""The frame of the Planner pages, the index and the mailboxes: head, top bar with "who are you", style and script.

All text goes through `Html.format`, which escapes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Response, request

from rollout_sync.sandbox.frame import choices, remember, seal, visitor
from rollout_sync.sandbox.markup import Html
from rollout_sync.sandbox.world import World

_HERE: Final = Path(__file__).parent
_ASSETS: Final = {"planner.css": "text/css; charset=utf-8", "planner.js": "text/javascript; charset=utf-8"}
_PLACES: Final = (("/", "Sandbox"), ("/boards/planner", "Planner"), ("/boards/jira", "Jira"), ("/mailbox", "Mail"))

_FRAME: Final = Html("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · sandbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/boards/common/base.css">
<link rel="stylesheet" href="/boards/assets/planner.css">
<script src="/boards/common/place.js" defer></script>
<script src="/boards/assets/planner.js" defer></script>
</head>
<body class="{kind}">
<a class="skip" href="#main">Skip to content</a>
<header class="top">
  <nav aria-label="Sandbox">{places}</nav>
  {who}
</header>
<main id="main" tabindex="-1">{main}</main>
</body>
</html>
""")
_PLACE: Final = Html('<a href="{path}"{here}>{text}</a>')
_WHO: Final = Html("""<form class="who" method="get" action="{path}">
  <label for="who">You are</label>
  <select id="who" name="who">{options}</select>
  <button type="submit" id="change">Change</button>
</form>""")
_OPTION: Final = Html('<option value="{value}"{selected}>{text}</option>')


def page(world: World, title: str, main: Html) -> Response:
    """A whole page; the choice of the person is kept in a cookie."""
    who = visitor(world)
    chooser = _WHO.format(path=request.path, options=options(choices(world), who.email))
    kind = "planner" if request.path.startswith("/boards/planner") else "plain"
    response = Response(
        _FRAME.format(title=title, kind=kind, places=_places(request.path), who=chooser, main=main),
        mimetype="text/html",
    )
    remember(response, who)
    return seal(response)


def _places(path: str) -> Html:
    """The links of the top bar; the one that leads to where the visitor is, is marked."""
    marked = Html(' aria-current="true"')
    return Html(" ").join(
        _PLACE.format(path=place, text=text, here=marked if path == place or path.startswith(f"{place}/") else "")
        for place, text in _PLACES
    )


def options(pairs: list[tuple[str, str]], chosen: str | None) -> Html:
    """Options of a select: pairs of value and text."""
    marked = Html(" selected")
    return Html("").join(
        _OPTION.format(value=value, text=text, selected=marked if value == chosen else "") for value, text in pairs
    )


def asset(name: str) -> Response:
    """The style sheet or the script."""
    if name not in _ASSETS:
        return Response("not found", status=404)
    return Response((_HERE / name).read_text(encoding="utf-8"), content_type=_ASSETS[name])
