"""Jira Cloud as the sandbox plays it: REST versions 2 and 3, its search index, and a board that people can work in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from weakref import WeakValueDictionary

from flask import Flask, Response, jsonify

from rollout_sync.sandbox.jira import routes_issues, routes_parts, routes_projects, routes_search, routes_site
from rollout_sync.sandbox.jira.acts import ActError, perform
from rollout_sync.sandbox.jira.board import board_pages
from rollout_sync.sandbox.jira.documents import Json
from rollout_sync.sandbox.jira.limits import WriteLimits
from rollout_sync.sandbox.jira.routing import SITE, blueprint
from rollout_sync.sandbox.jira.scheme import CLOUD_ID
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.table import Table
from rollout_sync.sandbox.world import World

TABLE: Final = Table(
    (
        *routes_site.ROUTES,
        *routes_projects.ROUTES,
        *routes_search.ROUTES,
        *routes_issues.ROUTES,
        *routes_parts.ROUTES,
    )
)
"""Every operation that is served, under both base URLs."""

_SITES: Final[WeakValueDictionary[int, Site]] = WeakValueDictionary()
"""Sites by the identity of their world, which itself keeps the site alive: it calls it back after a reset."""


def register(app: Flask, world: World) -> None:
    """Serve Jira under `/jira` and `/jira-gateway/ex/jira/{cloudId}`, and its boards under `/boards/jira`."""
    site = site_of(world)
    limits = WriteLimits(site)
    world.plant("jira limits", lambda _world: limits.clear())
    for is_gateway in (False, True):
        app.register_blueprint(blueprint(site, TABLE, limits, is_gateway=is_gateway))
    app.add_url_rule(f"{SITE}/_edge/tenant_info", "jira_tenant", lambda: jsonify({"cloudId": CLOUD_ID}))
    app.register_blueprint(board_pages(site))
    app.register_error_handler(ActError, _explain)


def pattern_of(method: str, path: str) -> str | None:
    """The route pattern of a REST request under either base URL, for the counters."""
    return TABLE.pattern(method, path)


def act(world: World, body: Json) -> Json:
    """Let a person do something in Jira; `acts.perform` says what.

    Raises:
        ActError: it cannot be done.
    """
    return perform(site_of(world), body)


def site_of(world: World) -> Site:
    """The one Jira site of a world, made when it is first asked for."""
    known = _SITES.get(id(world))
    if known is not None and known.world is world:
        return known
    site = Site(world)
    _SITES[id(world)] = site
    world.plant("jira", lambda _world: site.reindex())
    return site


def _explain(error: Exception) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), HTTPStatus.BAD_REQUEST
