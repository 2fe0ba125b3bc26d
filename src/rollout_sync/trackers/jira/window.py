"""How far back a pull looks, and what its cursors say. Pure. All moments are Jira's clock, never ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.mapping import moment

OVERLAP = timedelta(minutes=10)
"""Search learns of a change late: Atlassian says seconds to minutes, and longer after large changes. What arrives
within this time is found by the next pull, since each looks back so far behind the start of the one before."""

LOOK_BACK = timedelta(hours=26)
"""The same for a full look, which comes about once a day and so covers what arrived later than `OVERLAP` allows; sites
were seen to lag by more than two hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far earlier pulls came.

    Attributes:
        at: Jira's clock at the first answer of the last complete pull; None before there was one.
        newcomers: fingerprints of those that pull saw in its last minutes, by id, so that the overlap does not bring
            them again. The ledger can compare ours with what was seen; of newcomers it tells us the ids only.
    """

    at: datetime | None = None
    newcomers: Mapping[str, str] = field(default_factory=dict)


def scope(place: Destination) -> str:
    """Under which name the cursor is kept."""
    return f"jira:{place.site}/{place.project_key}"


def read_cursor(place: Destination, cursors: Mapping[str, str]) -> Cursor:
    """The cursor as it was kept. One that cannot be read counts as none: then everything is read again."""
    at = moment(cursors.get(scope(place), ""))
    if at is None:
        return Cursor()
    return Cursor(at=at, newcomers=_fingerprints(cursors.get(_newcomers(place), "")))


def written(place: Destination, cursor: Cursor) -> Mapping[str, str]:
    """The cursor as it is kept."""
    if cursor.at is None:
        return {}
    return {
        scope(place): cursor.at.isoformat(),
        _newcomers(place): json.dumps(dict(cursor.newcomers), sort_keys=True, separators=(",", ":")),
    }


def since(
    cursor: datetime | None, *, oldest: datetime | None, first_seen: datetime | None, is_full: bool
) -> datetime | None:
    """Lower bound of the search; None when nothing of ours is known to exist.

    Args:
        cursor: of the last complete pull.
        oldest: creation of the oldest of our issues. Before the first complete pull the search begins there: nothing
            can have come under one of our issues earlier.
        first_seen: creation of the oldest issue that is bound, but was never seen: it may have been made before the
            cursor, in another ledger or by a request whose answer was lost, and work may hang on it.
        is_full: look further back.
    """
    usual = oldest if cursor is None else cursor - (LOOK_BACK if is_full else OVERLAP)
    bounds = [bound for bound in (usual, first_seen) if bound is not None]
    # Search compares in whole minutes, perhaps rounding one side only.
    return min(bounds).replace(second=0, microsecond=0) if bounds else None


def earliest(moments: Iterable[object]) -> datetime | None:
    """The first of these time stamps; None when none can be read."""
    return min((at for text in moments if (at := moment(text)) is not None), default=None)


def _newcomers(place: Destination) -> str:
    return f"{scope(place)}#newcomers"


def _fingerprints(text: str) -> Mapping[str, str]:
    try:
        kept = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(mark) for name, mark in kept.items()} if isinstance(kept, dict) else {}
