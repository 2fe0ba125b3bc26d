"""What `doctor` finds when it signs in: may work be created in the Jira project and the Planner group?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rollout_sync.cli.checks import Check, Level, failed, safe_to_paste
from rollout_sync.errors import RolloutSyncError
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import RolloutId, TrackerName

if TYPE_CHECKING:
    from rollout_sync.trackers.base import Tracker

_NAMES = {TrackerName.JIRA: "Jira project", TrackerName.PLANNER: "Planner group"}
_LEVELS = {Severity.NOTE: Level.OK, Severity.WARNING: Level.WARN, Severity.ERROR: Level.FAIL}
_NO_ROLLOUT = RolloutId("doctor")
"""Inspecting asks for traces of a rollout; this one is never started."""


def destination_checks(trackers: Mapping[TrackerName, Tracker]) -> Iterator[Check]:
    """Findings of every service, or that there is nothing to find; writes nothing."""
    for name, tracker in trackers.items():
        try:
            findings = tracker.inspect(_NO_ROLLOUT, ()).findings
        except RolloutSyncError as error:
            yield failed(_NAMES[name], error)
            continue
        yield from (finding_check(_NAMES[name], finding) for finding in findings)
        if all(finding.severity is Severity.NOTE for finding in findings):
            yield Check(name=_NAMES[name], level=Level.OK, found="can receive work")


def finding_check(name: str, finding: Finding) -> Check:
    """One finding of a service as a check."""
    found, fix = safe_to_paste(finding.message), safe_to_paste(finding.hint)
    return Check(name=name, level=_LEVELS[finding.severity], found=found, fix=fix)
