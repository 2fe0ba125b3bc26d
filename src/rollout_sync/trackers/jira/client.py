"""Speaks to one Jira Cloud site: who we are, which base URL that means, and requests over the shared transport.

The `jira` package signs in and does the typed reads; bulk create, bulkfetch, paging and links go over `Transport`
directly, since the package repeats POSTs, drops error details and cannot set issue properties.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import jira
import requests
from jira.exceptions import JIRAError
from requests.auth import AuthBase

from rollout_sync.errors import ConfigError, TrackerError, UnexpectedResponse
from rollout_sync.trackers.jira.jql import project_key
from rollout_sync.trackers.jira.shapes import Json, as_object, inner_text, objects, text
from rollout_sync.transport import Repeat, Reply, Transport
from rollout_sync.transport.words import refusal, refused

GATEWAY = "https://api.atlassian.com"
_API = "/rest/api/3"
_MOST_PAGES = 10_000


class TokenKind(StrEnum):
    """How the token is presented."""

    API_TOKEN = "api-token"  # noqa: S105 - a name, no secret
    """Classic API token of a person: e-mail and token, at the site itself."""
    SCOPED_TOKEN = "scoped-token"  # noqa: S105 - a name, no secret
    """API token with scopes, or a service account's: e-mail and token, at Atlassian's gateway only."""
    PAT = "pat"
    """Bearer token: a personal access token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraAccess:
    """Settings of the Jira side.

    Attributes:
        base_url: the site, https://acme.atlassian.net; checked by the configuration.
        email: of the account that owns the token; unused for `pat`.
        project: key of the project that receives the issues.
        custom_fields: field id to value, for fields the project requires.
        hold_status: status for work that waits for a gate, where the workflow has one.
        epic_type: name of the issue type for phases; None to find it by its level.
        issue_type: name of the issue type for items; None to find it.
        start_field: id of the start date field; None to find it.
        accounts: e-mail address to accountId, for people that Jira does not let us find.
        gateway_url: base of Atlassian's gateway.
    """

    base_url: str
    email: str
    token: str = field(repr=False)
    kind: TokenKind = TokenKind.API_TOKEN
    project: str
    custom_fields: Mapping[str, object] = field(default_factory=dict)
    hold_status: str | None = None
    epic_type: str | None = None
    issue_type: str | None = None
    start_field: str | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    gateway_url: str = GATEWAY

    def __post_init__(self) -> None:
        """Refuse what no request could be built from."""
        project_key(self.project)
        if not self.token or (self.kind is not TokenKind.PAT and not self.email):
            raise ConfigError(
                "Jira needs an account's e-mail address and its token",
                where="jira.email",
                hint="Run `rollout-sync init`, or set ROLLOUT_SYNC_JIRA_TOKEN.",
            )


class _Authorization(AuthBase):
    """Sets the header itself, in UTF-8; keeps netrc out; shows nothing."""

    def __init__(self, header: str) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


class JiraClient:
    """One site under one account. Thread-safe."""

    def __init__(self, access: JiraAccess, transport: Transport, *, cloud_id: str = "") -> None:
        self._access = access
        self._transport = transport
        self._cloud_id = cloud_id
        self._session = transport.session()
        self._session.auth = _Authorization(_header(access))
        self._library: jira.JIRA | None = None
        self._lock = threading.Lock()

    @property
    def cloud_id(self) -> str:
        """The site's id at the gateway; empty where the gateway is not used. Asks once."""
        if self._access.kind is TokenKind.SCOPED_TOKEN and not self._cloud_id:
            self._cloud_id = self._ask_cloud_id()
        return self._cloud_id

    @property
    def api_base(self) -> str:
        """Where the REST API is: the site, or the gateway for scoped tokens."""
        if self._access.kind is TokenKind.SCOPED_TOKEN:
            return f"{self._access.gateway_url.rstrip('/')}/ex/jira/{self.cloud_id}"
        return self._access.base_url.rstrip("/")

    def library(self) -> jira.JIRA:
        """The `jira` package's client, signed in, with its session on our transport."""
        with self._lock:
            if self._library is None:
                self._library = mounted_library(self._access, self.api_base, self._transport)
            return self._library

    def server_info(self) -> Json:
        """`serverInfo`, checked to be Jira Cloud.

        Raises:
            ConfigError: it is Jira Data Center.
        """
        with translated("GET /serverInfo", "Jira's server information cannot be read"):
            seen = as_object(self.library().server_info(), "GET /serverInfo")
        deployment = text(seen, "deploymentType", "GET /serverInfo")
        if deployment != "Cloud":
            raise ConfigError(
                f"{self._access.base_url} is Jira {deployment}, not Jira Cloud",
                where="[jira] site",
                hint="This version speaks to Jira Cloud only; give the address of a site such as acme.atlassian.net.",
            )
        self.library().deploymentType = deployment
        return seen

    def myself(self) -> Json:
        """The account that the token belongs to; AccessDenied when the token is not accepted."""
        with translated("GET /myself", "Jira does not accept the token"):
            return as_object(self.library().myself(), "GET /myself")

    def permissions(self, names: tuple[str, ...], project: str = "") -> Mapping[str, bool]:
        """Which of the named permissions we have in a project; in the configured one where none is named."""
        route = "GET /mypermissions"
        with translated(route, "The permissions in the project cannot be read"):
            seen = self.library().my_permissions(
                projectKey=project or self._access.project, permissions=",".join(names)
            )
        table = as_object(as_object(seen, route).get("permissions"), route)
        return {name: as_object(table.get(name, {}), route).get("havePermission") is True for name in names}

    def ask(
        self,
        method: str,
        path: str,
        *,
        route: str,
        repeat: Repeat,
        json: object = None,
        params: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Reply:
        """One request to the REST API; 4xx are replies. `path` starts after `/rest/api/3`, its values quoted.

        Raises:
            TrackerError: as `Transport.exchange`.
        """
        url = self.api_base + _API + path
        return self._transport.exchange(
            self._session, method, url, json=json, params=params, repeat=repeat, deadline=deadline, route=route
        )

    def read(self, path: str, *, route: str, what: str, params: Mapping[str, str] | None = None) -> Json:
        """GET an object; `what` says what could not be done when Jira refuses.

        Raises:
            TrackerError: refused (AccessDenied, NotFound, Rejected), or as `ask`.
        """
        reply = self.ask("GET", path, route=route, repeat=Repeat.SAFE, params=params)
        return as_object(accepted(reply, what=what, where=f"GET {route}").body, f"GET {route}")

    def read_by_post(self, path: str, body: Json, *, route: str, what: str) -> tuple[Json, Reply]:
        """POST that only reads (search, bulkfetch); the object and the reply it came in. Raises as `read`."""
        reply = self.ask("POST", path, route=route, repeat=Repeat.SAFE, json=body)
        return as_object(accepted(reply, what=what, where=f"POST {route}").body, f"POST {route}"), reply

    def search(self, body: Json, *, what: str) -> Iterator[tuple[Json, Reply]]:
        """All issues that match, each with the reply that brought it, page after page, each id once."""
        for issues, reply in self.search_pages(body, what=what):
            for issue in issues:
                yield issue, reply

    def search_pages(self, body: Json, *, what: str) -> Iterator[tuple[Sequence[Json], Reply]]:
        """The pages of a search, at least one, each id once.

        Stops on the last page, on a missing token and on a token that was seen before.
        """
        route, tokens, ids = "/search/jql", set[str](), set[str]()
        token = ""
        for _ in range(_MOST_PAGES):
            page, reply = self.read_by_post(
                route, {**body, **({"nextPageToken": token} if token else {})}, route=route, what=what
            )
            named = {text(issue, "id", route): issue for issue in objects(page, "issues", route)}
            yield [issue for issue_id, issue in named.items() if issue_id not in ids], reply
            ids |= named.keys()
            token = inner_text(page, "nextPageToken")
            if page.get("isLast") is True or not token or token in tokens:
                return
            tokens.add(token)
        raise UnexpectedResponse("the search has no end", where=f"POST {route}", hint="Please report this.")

    def _ask_cloud_id(self) -> str:
        route = "/_edge/tenant_info"
        url = self._access.base_url.rstrip("/") + route
        reply = self._transport.exchange(self._transport.session(), "GET", url, repeat=Repeat.SAFE, route=route)
        body = accepted(reply, what="The site's cloud id cannot be read", where=f"GET {route}").body
        return text(as_object(body, route), "cloudId", route)


def accepted(reply: Reply, *, what: str, where: str) -> Reply:
    """The reply, if it is a 2xx.

    Raises:
        TrackerError: the error for its status, with Jira's own words.
    """
    if not reply.ok:
        raise refusal(reply, what=what, where=where)
    return reply


def mounted_library(access: JiraAccess, api_base: str, transport: Transport) -> jira.JIRA:
    """The `jira` package's client without its own retries, start-up request and logging, on our transport."""
    client = jira.JIRA(
        options={"server": api_base, "rest_api_version": "3"},
        get_server_info=False,
        max_retries=0,
        timeout=(5, 60),
        logging=False,
    )
    # The package takes no session from outside, so this one private name is used; a test watches it.
    transport.mount(client._session)  # noqa: SLF001
    client._session.auth = _Authorization(_header(access))  # noqa: SLF001
    return client


@contextmanager
def translated(where: str, what: str) -> Iterator[None]:
    """Turn the package's errors into ours; its text may hold headers and is never shown."""
    try:
        yield
    except JIRAError as error:
        raise _of_library(error, where=where, what=what) from None


def _of_library(error: JIRAError, *, where: str, what: str) -> TrackerError:
    response = error.response
    if response is None:
        return refused(error.status_code or 0, {}, None, what=what, where=where)
    try:
        body: object = response.json()
    except ValueError:
        body = None
    return refused(response.status_code, response.headers, body, what=what, where=where)


def _header(access: JiraAccess) -> str:
    if access.kind is TokenKind.PAT:
        return f"Bearer {access.token}"
    return "Basic " + base64.b64encode(f"{access.email}:{access.token}".encode()).decode("ascii")
