"""What the pages of both services share: who the visitor is, how people are drawn, the common style and script."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from rollout_sync.sandbox.seed import COORDINATOR, Person
from rollout_sync.sandbox.world import World

WHO_COOKIE: Final = "sandbox-who"
"""In it a browser keeps who its visitor is, for the pages of both services."""
TONES: Final = 6
"""Colours of the round marks with initials; the style sheet names them `tone0` to `tone5`."""
_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)
"""Nothing comes from elsewhere and no text becomes a script; inline style is what mails bring with them."""


def register(app: Flask) -> None:
    """Serve the common style sheet and script under `/boards/common`."""
    here = Path(__file__).parent / "assets"
    app.register_blueprint(Blueprint("common", __name__, static_folder=here, static_url_path="/boards/common"))


def visitor(world: World) -> Person:
    """Who the visitor chose to be: by the query, else by the cookie, else the coordinator."""
    for email in (request.args.get("who"), request.cookies.get(WHO_COOKIE), COORDINATOR):
        who = world.people.by_email(email) if email else None
        if who is not None:
            return who
    return world.people.all()[0]


def choices(world: World) -> list[tuple[str, str]]:
    """Whom a visitor can be: address and text, by name; accounts that were switched off are left out."""
    people = sorted((one for one in world.people.all() if one.is_active), key=lambda one: one.name)
    return [(one.email, f"{one.name} ({one.title})" if one.title else one.name) for one in people]


def remember(response: AnyResponse, who: Person) -> None:
    """Keep the visitor in the browser."""
    response.set_cookie(WHO_COOKIE, who.email, httponly=True, samesite="Lax")


def seal(response: Response) -> Response:
    """Let the page load and run nothing but the sandbox's own files."""
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def refuse_strangers() -> None:
    """Only the sandbox's own pages may send forms: a web page elsewhere must not act in a local browser's name."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        abort(HTTPStatus.FORBIDDEN, "This form was sent by another site.")


def initials(name: str) -> str:
    """First letters of the first and the last name."""
    parts = name.split()
    return "".join(part[0] for part in dict.fromkeys((parts[0], parts[-1]))).upper() if parts else "?"


def tone(name: str) -> int:
    """The colour of a person, always the same one; below `TONES`."""
    return sum(map(ord, name)) % TONES
