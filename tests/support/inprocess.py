"""A `requests` adapter that calls a WSGI application in process, and fails like a network when the application cuts it.

No socket is opened. A dropped connection becomes `ConnectionError` around urllib3's `ProtocolError`; a body that is
shorter than its Content-Length becomes the `ChunkedEncodingError` that requests raises for an incomplete read.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from http.client import RemoteDisconnected
from typing import Any, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ProtocolError

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class InProcessAdapter(BaseAdapter):
    """Mount it on a session for the prefix that stands for the application."""

    def __init__(self, app: WsgiApp) -> None:
        super().__init__()
        self._app = app
        self._builder = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, **_options: Any) -> requests.Response:  # type: ignore[override]
        """Carry the request into the application; the answer's body is read when it is asked for."""
        started: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], _exc: object = None) -> Callable[[bytes], None]:
            started.update(status=status, headers=headers)
            return lambda _chunk: None

        content = b"".join(self._app(_environ(request), start))
        code, _, phrase = started["status"].partition(" ")
        raw = HTTPResponse(
            body=io.BytesIO(content),
            headers=HTTPHeaderDict(started["headers"]),
            status=int(code),
            reason=phrase,
            preload_content=False,
            decode_content=False,
            enforce_content_length=True,
            request_method=request.method,
        )
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        """Nothing is open."""
        self._builder.close()


def session_for(app: WsgiApp, headers: Mapping[str, str] | None = None) -> requests.Session:
    """A session whose every request goes to the application, with these headers on each; no proxy, no netrc."""
    session = requests.Session()
    session.trust_env = False
    for prefix in ("http://", "https://"):
        session.mount(prefix, InProcessAdapter(app))
    session.headers.update(headers or {})
    return session


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url or "")
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1"),
        "RAW_URI": _raw_uri(url),
        "REQUEST_URI": _raw_uri(url),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "sandbox.invalid",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "sandbox.drop": _cut(request, RemoteDisconnected("Remote end closed connection without response")),
        "sandbox.reset": _cut(request, ConnectionResetError(104, "Connection reset by peer")),
        "HTTP_HOST": url.netloc,
    }
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    return environ


def _raw_uri(url: SplitResult) -> str:
    return f"{url.path or '/'}{'?' + url.query if url.query else ''}"


def _cut(request: requests.PreparedRequest, reason: Exception) -> Callable[[], NoReturn]:
    def cut() -> NoReturn:
        raise requests.exceptions.ConnectionError(ProtocolError("Connection aborted.", reason), request=request)

    return cut
