"""The clock of a call: the machine's, or that of the sandbox it works on: a rehearsal of weeks takes minutes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from rollout_sync.transport.clock import Clock

_PATIENCE = 5.0
_SAME = timedelta(seconds=2)


def clock_of(sandbox_url: str | None) -> Clock:
    """The machine's clock, moved to the sandbox's day where that was moved.

    A sandbox that does not answer is no matter here: what needs it will say so.
    """
    from rollout_sync.transport.clock import ShiftedClock, SystemClock  # noqa: PLC0415 - its package loads requests

    machine = SystemClock()
    there = _asked(sandbox_url) if sandbox_url else None
    ahead = there - machine.now() if there is not None else timedelta()
    return ShiftedClock(ahead) if abs(ahead) > _SAME else machine


def _asked(sandbox_url: str) -> datetime | None:
    connection = HTTPConnection(urlsplit(sandbox_url).netloc, timeout=_PATIENCE)
    try:
        connection.request("GET", "/_sandbox/clock")
        return datetime.fromisoformat(json.loads(connection.getresponse().read())["now"])
    except (OSError, HTTPException, ValueError, KeyError):
        return None
    finally:
        connection.close()
