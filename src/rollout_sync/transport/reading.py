"""Reads one answer off the wire within size and time, and judges whether it can be trusted to be the service's."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import requests


class Untrustworthy(Exception):
    """The answer is cut off, too large, late or not what the service sends. `astray`: somebody else answered."""

    def __init__(self, reason: str, *, astray: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.astray = astray


class ReadResponse(requests.Response):
    """A response that was read to its end; `parsed` holds its JSON, None where it had none."""

    parsed: object = None


_CHUNK = 64 * 1024
_OK = range(200, 300)
_REFUSED = range(400, 500)
_GONE = (404, 410)
_BODYLESS = (204, 304)


def read_whole(response: requests.Response, *, most: int, on_chunk: Callable[[], None]) -> ReadResponse:
    """Read the body (decompressed, at most `most` bytes) and hand back a response that needs no wire any more.

    `on_chunk` is called between chunks and may raise, to end a body that comes too slowly.

    Raises:
        Untrustworthy: more than `most` bytes, or fewer than announced.
        requests.RequestException: the connection failed meanwhile.
    """
    body = bytearray()
    try:
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > most:
                raise Untrustworthy(f"the answer is larger than {most // (1024 * 1024)} MiB")
            on_chunk()
    finally:
        response.close()
    _check_length(response, len(body))
    return _detached(response, bytes(body))


def judge(response: ReadResponse, *, repeatable: bool, plain: str = "") -> None:
    """Set `parsed`, or say why the answer cannot be trusted.

    A 2xx must be empty, JSON, or exactly the text `plain` where that is given. A 4xx without JSON still says that
    nothing was done, so it passes with `parsed` None; but a repeatable request answered "not there" by something that
    does not speak JSON does not, since "gone" may be concluded from it.

    Raises:
        Untrustworthy: as said.
    """
    parsed, reason = _json(response)
    response.parsed = parsed
    if not reason or (plain and response.content.strip() == plain.encode()):
        return
    if response.status_code in _OK:
        raise Untrustworthy(reason, astray=True)
    if response.status_code in _REFUSED and repeatable and response.status_code in _GONE:
        raise Untrustworthy(f"answered {response.status_code}, but {reason}", astray=True)


def _json(response: ReadResponse) -> tuple[object, str]:
    if not response.content.strip():
        return None, ""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return None, f"the answer is {kind or 'of no stated type'}, not JSON"
    try:
        return json.loads(response.content, parse_constant=_refuse_constant), ""
    except (ValueError, RecursionError):
        return None, "the answer is not valid JSON"


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _check_length(response: requests.Response, received: int) -> None:
    announced = response.headers.get("Content-Length", "")
    framed = announced or response.headers.get("Transfer-Encoding") or response.status_code in _BODYLESS
    if not received and not framed and response.request.method != "HEAD":
        # http.client takes the end of the connection for the end of the headers
        raise Untrustworthy("the answer was cut off in its headers")
    bodyless = response.request.method == "HEAD" or response.headers.get("Content-Encoding")
    if announced.isdecimal() and not bodyless and received < int(announced):
        raise Untrustworthy(f"the answer was cut off after {received} of {announced} bytes")


def _detached(response: requests.Response, body: bytes) -> ReadResponse:
    read = ReadResponse()
    read.status_code = response.status_code
    read.headers = response.headers
    read.reason = response.reason
    read.encoding = response.encoding
    read.url = response.url
    read.request = response.request
    read.raw = io.BytesIO(body)
    return read
