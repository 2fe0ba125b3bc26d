"""The composition of the sandbox: one Flask application with both services, the sign-in, the boards and the control."""

from __future__ import annotations

from flask import Flask

from rollout_sync.sandbox import control, frame, login
from rollout_sync.sandbox.gate import Gate, PatternOf
from rollout_sync.sandbox.world import World


def create_app(world: World, *, services: frozenset[str] = frozenset({"jira", "graph"})) -> Flask:
    """The sandbox as a WSGI application.

    Args:
        world: its state; one world per application.
        services: which of "jira" and "graph" are served.
    """
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined] # the default provider has it; the services' own order counts
    patterns: dict[str, PatternOf] = {}
    login.register(app, world)
    control.register(app, world)
    frame.register(app)
    if "graph" in services:
        from rollout_sync.sandbox import graph, pages  # noqa: PLC0415 - a service that is not asked for is not loaded

        graph.register(app, world)
        pages.register(app, world)
        patterns["/graph/"] = graph.pattern_of
    if "jira" in services:
        from rollout_sync.sandbox import jira  # noqa: PLC0415 - as above

        jira.register(app, world)
        patterns["/jira/rest/"] = patterns["/jira-gateway/"] = jira.pattern_of
    app.wsgi_app = Gate(app, world, patterns)  # type: ignore[method-assign] # the way Flask documents for middleware
    return app
