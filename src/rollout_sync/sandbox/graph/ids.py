"""Planner's identifiers (28 characters), its time stamps, and the encoding of URLs as property names."""

from __future__ import annotations

import base64
import random
import re
import uuid
from datetime import UTC, datetime
from typing import Final

from rollout_sync.sandbox.graph.errors import BAD_IDENTIFIER, GraphError, invalid

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{28}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ENCODED: Final = (("%", "%25"), (".", "%2E"), (":", "%3A"), ("@", "%40"), ("#", "%23"))
_TENANT_BYTES: Final = bytes([0x97, 0x00])


def new_id(chance: random.Random) -> str:
    """A fresh identifier: base64url of a GUID, a byte of the tenant, zero, and three more."""
    guid = uuid.UUID(int=chance.getrandbits(128), version=4)
    return base64.urlsafe_b64encode(guid.bytes_le + _TENANT_BYTES + chance.randbytes(3)).decode()


def check_id(text: str) -> str:
    """The identifier itself.

    Raises:
        GraphError: wrong length or alphabet. A wrong case is a different, well-formed identifier.
    """
    if not _IDENTIFIER.fullmatch(text):
        raise GraphError(400, BAD_IDENTIFIER)
    return text


def is_guid(text: str) -> bool:
    """Whether this could be the id of a user or group."""
    return _GUID.fullmatch(text) is not None


def stamp(at: datetime) -> str:
    """An instant as Planner writes it: UTC, fraction without trailing zeros."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{at.microsecond:06d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def parse_instant(name: str, value: object) -> str | None:
    """A date-time member in Planner's form; None stays None (it clears the member).

    Raises:
        GraphError: not a string, or not a date with time and zone.
    """
    if value is None:
        return None
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise invalid(f"Cannot convert the literal '{value}' to the expected type 'Edm.DateTimeOffset' of '{name}'.")
    try:
        return stamp(datetime.fromisoformat(value))
    except ValueError as error:
        raise invalid(f"Cannot convert the literal '{value}' to the expected type 'Edm.DateTimeOffset'.") from error


def encode_reference(url: str) -> str:
    """A URL as the name of a property: five characters are percent-encoded, `%` first."""
    for plain, coded in _ENCODED:
        url = url.replace(plain, coded)
    return url


def decode_reference(name: str) -> str:
    """The URL behind a property name; `%25` is decoded last."""
    for plain, coded in reversed(_ENCODED):
        name = name.replace(coded, plain).replace(coded.lower(), plain)
    return name
