"""Planner's ETags: a type name and a version counter, so that all fresh tasks have the same ETag.

Layout (recorded): `W/"` + base64 of `'1-<type padded to a multiple of three><16 digits>'` + `"`. The digits are base 64
over the characters 0x40 to 0x7f and move in steps of four.
"""

from __future__ import annotations

import base64
import binascii
import re
from enum import StrEnum
from typing import Final

from rollout_sync.sandbox.graph.errors import IF_MATCH_INVALID, IF_MATCH_MISSING, IF_MATCH_STAR, GraphError

_DIGITS: Final = 16
_STEP: Final = 4
_QUOTED: Final = re.compile(r'W/"([A-Za-z0-9+/=]+)"')


class EtagType(StrEnum):
    """Type names inside the ETags."""

    PLAN = "Plan"
    PLAN_DETAILS = "PlanDetails"
    BUCKET = "Bucket"
    TASK = "Task"
    TASK_DETAILS = "TaskDetails"
    ASSIGNED_TO_FORMAT = "AssignedToTaskBoardTaskFormat"
    BUCKET_FORMAT = "BucketTaskBoardTaskFormat"
    PROGRESS_FORMAT = "ProgressTaskBoardTaskFormat"


def etag(kind: EtagType, version: int) -> str:
    """The ETag of a version; versions count from 1."""
    counter, digits = version * _STEP, ""
    for _ in range(_DIGITS):
        counter, digit = divmod(counter, 64)
        digits = chr(0x40 + digit) + digits
    padded = kind + " " * (-len(kind) % 3)
    return _quote(padded + digits)


def version_of(header: str | None, kind: EtagType) -> int:
    """The version that an If-Match header names.

    Raises:
        GraphError: no header, `*`, malformed, or an ETag of another type of resource.
    """
    if not header:
        raise GraphError(412, IF_MATCH_MISSING)
    if header.strip() == "*":
        raise GraphError(400, IF_MATCH_STAR)
    name, digits = _unquote(header.strip())
    value = 0
    for character in digits:
        value = value * 64 + ord(character) - 0x40
    if name.rstrip() != kind or value <= 0 or value % _STEP:
        raise GraphError(412, IF_MATCH_INVALID)
    return value // _STEP


def _quote(inner: str) -> str:
    return 'W/"' + base64.b64encode(f"'1-{inner}'".encode()).decode() + '"'


def _unquote(header: str) -> tuple[str, str]:
    found = _QUOTED.fullmatch(header)
    try:
        text = base64.b64decode(found[1], validate=True).decode("ascii") if found else ""
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    layout = re.fullmatch(r"'1-([A-Za-z]+ *)([\x40-\x7f]{16})'", text)
    if layout is None:
        raise GraphError(412, IF_MATCH_INVALID)
    return layout[1], layout[2]
