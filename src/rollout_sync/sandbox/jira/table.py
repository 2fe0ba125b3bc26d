"""Routes as values, and finding the one that a path means; far quicker to build than as many Flask rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from rollout_sync.sandbox.jira.answers import Call, Reply
from rollout_sync.sandbox.jira.site import Site

Operation: TypeAlias = Callable[[Site, Call], Reply]

_PREFIX: Final = re.compile(
    r"(?P<base>/jira|/jira-gateway/ex/jira/[^/]+)/rest/api/(?P<version>2|3|latest)(?P<rest>/.*)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. `path` is what follows `/rest/api/{version}`; an open one needs no credentials."""

    method: str
    path: str
    operation: Operation
    is_open: bool = False
    is_raw: bool = False


def route(method: str, path: str, *, is_open: bool = False, is_raw: bool = False) -> Callable[[Operation], Route]:
    """Make a route of a function. Raw routes take a body that need not be an object."""
    return lambda operation: Route(method=method, path=path, operation=operation, is_open=is_open, is_raw=is_raw)


class Table:
    """Routes by the number of their segments; fixed segments win over those in braces."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
        for one in routes:
            segments = tuple(one.path.strip("/").split("/"))
            self._routes.setdefault(len(segments), []).append((segments, one))
        for candidates in self._routes.values():
            candidates.sort(key=lambda candidate: [segment.startswith("{") for segment in candidate[0]])

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a path below `/rest/api/{version}`, and the values in it."""
        for one, values in self._matching(path):
            if one.method == method:
                return one, values
        return None

    def methods(self, path: str) -> tuple[str, ...]:
        """Methods that a path takes; empty where there is no such path."""
        return tuple(sorted({one.method for one, _ in self._matching(path)}))

    def pattern(self, method: str, path: str) -> str | None:
        """The whole path with its values in braces, for counting; None where there is no such route."""
        parts = _PREFIX.fullmatch(path)
        found = self.find(method, parts["rest"]) if parts else None
        if parts is None or found is None:
            return None
        base = parts["base"] if parts["base"] == "/jira" else "/jira-gateway/ex/jira/{cloud_id}"
        return f"{base}/rest/api/{parts['version']}{found[0].path}"

    def _matching(self, path: str) -> Iterable[tuple[Route, dict[str, str]]]:
        given = path.strip("/").split("/")
        for segments, one in self._routes.get(len(given), ()):
            values: dict[str, str] = {}
            for wanted, part in zip(segments, given, strict=True):
                if wanted.startswith("{"):
                    values[wanted[1:-1]] = part
                elif wanted != part:
                    break
            else:
                yield one, values
