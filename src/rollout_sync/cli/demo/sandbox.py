"""A sandbox in a process of its own: started, asked, told what to do, stopped. Speaks HTTP to this machine only."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from rollout_sync.errors import Unavailable, UnexpectedResponse

_STARTED = re.compile(r"listening on (http://127\.0\.0\.1:(\d+))")
_PATIENCE = 30.0
_OK = range(200, 300)

Json = Any
"""What a service answered; looked into with care by the readers of boards."""


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """A running sandbox.

    Attributes:
        url: base address.
        process: its process.
    """

    url: str
    process: subprocess.Popen[bytes]
    _token: str = field(default="", repr=False)

    def control(self, method: str, path: str, body: object = None) -> Json:
        """A call of `/_sandbox`, such as `POST /clock`; never counted, never delayed."""
        return self._call(method, f"/_sandbox{path}", body, {})

    def jira(self, method: str, path: str, body: object = None) -> Json:
        """A call of Jira's REST API in the coordinator's name."""
        from rollout_sync.sandbox.seed import COORDINATOR  # noqa: PLC0415 - only the demonstration loads the sandbox

        secret = base64.b64encode(f"{COORDINATOR}:sandbox-token".encode()).decode()
        return self._call(method, f"/jira/rest/api/3{path}", body, {"Authorization": f"Basic {secret}"})

    def graph(self, path: str) -> Json:
        """A read of Microsoft Graph as the application; it signs in again when its hour is over."""
        where = f"/graph/v1.0{path}"
        if self._token:
            status, text = self._exchange("GET", where, None, {"Authorization": f"Bearer {self._token}"})
            if status != HTTPStatus.UNAUTHORIZED:
                return _read(status, text, f"GET {where}")
        self._token = self._sign_in()
        return self._call("GET", where, None, {"Authorization": f"Bearer {self._token}"})

    def _sign_in(self) -> str:
        from rollout_sync.sandbox.seed import CLIENT_ID, CLIENT_SECRET, TENANT_DOMAIN  # noqa: PLC0415 - as above

        form = urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "scope": "https://graph.microsoft.com/.default",
            }
        )
        answer = self._call("POST", f"/login/{TENANT_DOMAIN}/oauth2/v2.0/token", form, {})
        return str(answer["access_token"])

    def _call(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Json:
        status, text = self._exchange(method, path, body, headers)
        return _read(status, text, f"{method} {path}")

    def _exchange(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> tuple[int, bytes]:
        form = body if isinstance(body, str) else None
        kind = "application/json" if form is None else "application/x-www-form-urlencoded"
        sent = None if body is None else form or json.dumps(body)
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=_PATIENCE)
        try:
            connection.request(method, path, sent, {"Content-Type": kind, **headers})
            reply = connection.getresponse()
            text = reply.read()
        except OSError as error:
            raise Unavailable(f"the sandbox does not answer ({error})", where=f"{method} {path}") from error
        finally:
            connection.close()
        return reply.status, text


def _read(status: int, text: bytes, where: str) -> Json:
    if status not in _OK:
        said = text.decode("utf-8", "replace").strip()[:300]
        raise UnexpectedResponse(f"the sandbox answered with {status}: {said}", where=where)
    return json.loads(text)


@contextmanager
def running_sandbox(folder: Path, environ: Mapping[str, str], *, keep: bool) -> Iterator[Sandbox]:
    """A sandbox on a free port, with its state in `folder`; stopped at the end, or left running with `keep`.

    Raises:
        Unavailable: it did not start; its own words are part of the error.
    """
    log = folder / "sandbox.log"
    command = [sys.executable, "-m", "rollout_sync.cli", "sandbox", "--port", "0"]
    with log.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, "--state", str(folder / "sandbox.sqlite")],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=dict(environ),
            cwd=folder,
            **_detached(),
        )
    is_done = False
    try:
        yield Sandbox(url=_address(process, log), process=process)
        is_done = True
    finally:
        if not (keep and is_done):
            _stop(process)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if found := _STARTED.search(log.read_text("utf-8", "replace")):
            return found[1]
        time.sleep(0.05)
    said = log.read_text("utf-8", "replace").strip() or "it said nothing"
    raise Unavailable(f"the sandbox did not start: {said}", where=str(log), hint="try: rollout-sync sandbox")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _detached() -> dict[str, Any]:
    """So that Ctrl-C reaches the story first, and a sandbox that is kept outlives the terminal."""
    if os.name == "nt":
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"start_new_session": True}
