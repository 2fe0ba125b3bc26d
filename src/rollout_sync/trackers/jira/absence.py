"""What may be concluded when one of our issues does not show up: deleted, or not to be told.

Jira answers alike for a deleted issue and for one that this account may not see. So an issue counts as gone only where
the project it was in is readable, and other issues are. One that was moved to a hidden project since it was last seen
cannot be told from a deleted one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rollout_sync.model.objects import ObjectKey
from rollout_sync.trackers.base import FEWEST_KNOWN, MOST_GONE, Known
from rollout_sync.trackers.jira import reading
from rollout_sync.trackers.jira.client import JiraClient
from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.shapes import inner_text

_SAMPLE = 3
_NOTHING_SHOWS = "no other issue is readable at the moment, so that nothing can be said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of absent objects of one rollout: surely deleted, or not to be told, with the reason."""

    gone: tuple[ObjectKey, ...] = ()
    unseen: Mapping[ObjectKey, str] = field(default_factory=dict)


def verdict(
    absent: Sequence[Known],
    count: int,
    reasons: Mapping[str, str],
    place: Destination,
    most_gone: float = MOST_GONE,
) -> Verdict:
    """Judge the absent issues of a rollout that has `count` issues.

    `reasons` says for each project, by key, why nothing can be concluded there; an empty reason means that it can.
    When more than the share `most_gone` would be gone at once, something else is more likely than as many deletions.
    """
    unseen = {known.binding.object: reasons[project_of(known, place)] for known in absent}
    unseen = {key: reason for key, reason in unseen.items() if reason}
    gone = tuple(known.binding.object for known in absent if known.binding.object not in unseen)
    if count >= FEWEST_KNOWN and len(gone) > count * most_gone:
        reason = (
            f"{len(gone)} of {count} issues do not show up at once, more than {most_gone:.0%}: if nobody deleted them, "
            "look at this account's permissions"
        )
        return Verdict(unseen={**unseen, **dict.fromkeys(gone, reason)})
    return Verdict(gone=gone, unseen=unseen)


def project_of(known: Known, place: Destination) -> str:
    """Key of the project in which an issue was last seen."""
    seen = known.seen.fields.get("project") if known.seen is not None else None
    return str(seen or known.binding.remote.key.rpartition("-")[0] or place.project_key)


class Doubts:
    """Asks why nothing could be concluded in a project: once each, and only where something is absent."""

    def __init__(self, client: JiraClient, place: Destination) -> None:
        self._client = client
        self._place = place
        self._hidden: dict[str, str] = {}
        self._others_show: bool | None = None

    def saw(self) -> None:
        """An issue was read by its id, so others are readable."""
        self._others_show = True

    def hidden(self, project: str) -> str:
        """Why a project's issues cannot be seen; empty where they can."""
        if project not in self._hidden:
            self._hidden[project] = reading.hidden_because(self._client, project)
        return self._hidden[project]

    def reason(self, project: str, visible: Sequence[str]) -> str:
        """Why nothing can be concluded from absence there; `visible` are ids that search has just shown."""
        hidden = self.hidden(project)
        return hidden or ("" if self._can_read(visible) else _NOTHING_SHOWS)

    def reasons(self, absent: Sequence[Known], visible: Sequence[str]) -> Mapping[str, str]:
        """The same for the projects of absent issues."""
        projects = sorted({project_of(known, self._place) for known in absent})
        return {project: self.reason(project, visible) for project in projects}

    def _can_read(self, visible: Sequence[str]) -> bool:
        if self._others_show is None:
            sample = list(visible[:_SAMPLE]) or self._newest()
            self._others_show = bool(sample) and bool(reading.bulk_read(self._client, sample, ["labels"])[0])
        return self._others_show

    def _newest(self) -> list[str]:
        issues, _ = reading.newest(self._client, self._place.project_key, _SAMPLE)
        return [inner_text(issue, "id") for issue in issues]
