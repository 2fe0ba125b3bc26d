"""Reads what a 401 says about the token that would be accepted instead (continuous access evaluation). Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

_CLAIMS = re.compile(r'\bclaims="(?P<claims>[^"]{1,8192})"')


def claims_of(headers: Mapping[str, str]) -> str | None:
    """The claims that Microsoft's sign-in wants to see in the next token request, as JSON text; None without any.

    Graph sends them base64-encoded; some services send the JSON itself.
    """
    hit = _CLAIMS.search(headers.get("WWW-Authenticate", ""))
    if hit is None:
        return None
    text = hit["claims"]
    if text.lstrip().startswith("{"):
        return text
    try:
        padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        return base64.b64decode(padded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
