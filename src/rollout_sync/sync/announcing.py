"""What a tick tells people beside the ledger: invitations to training sessions, and the summary on the boards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rollout_sync.errors import TrackerError
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.sync.showing import Act, Showing
from rollout_sync.trackers.boards import Comments

if TYPE_CHECKING:
    from rollout_sync.sync.applying import World
    from rollout_sync.sync.inviting import Invited, Secretary
    from rollout_sync.sync.reviewing import Reviewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Herald:
    """Ways to tell people, from the composition root; without any, nobody is told.

    Attributes:
        boards: whether the boards show the summary.
        comments: comments of Jira; None where Jira is not configured.
        secretary: None where nobody is invited to training sessions.
    """

    boards: bool = False
    comments: Comments | None = None
    secretary: Secretary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What one rollout's people were told.

    Attributes:
        made: the review that counts now; a newer one where guests had answered.
        shown: the summary, board by board.
        invited: None where nobody is invited.
        problem: what the next run has to try again; empty where nothing is left.
    """

    made: Reviewed
    shown: tuple[Showing, ...] = ()
    invited: Invited | None = None
    problem: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know: of sessions, and of boards that refuse the summary."""
        refused = (
            Finding(
                severity=Severity.WARNING,
                code="summary-refused",
                message=f"{one.board.value.capitalize()} does not take the summary: {one.why}",
                hint="or leave it out with [digest] boards = false",
            )
            for one in self.shown
            if one.act is Act.REFUSED
        )
        return (*(self.invited.findings if self.invited is not None else ()), *refused)


def announce(made: Reviewed, world: World, herald: Herald, again: Callable[[], Reviewed]) -> Announced:
    """Invite first, because answers count in the review; then show the summary. Not to be called inside the lease.

    Args:
        made: the rollout's review.
        world: ledger, services and clocks.
        herald: ways to tell.
        again: makes a newer review.

    Raises:
        LedgerBusy: another run works on the rollout.
        LedgerError: the ledger cannot be written.
    """
    invited, problems = _invited(made, herald)
    if invited is not None and invited.answers:
        made = again()
    shown = _shown(made, world, herald)
    problems += [f"{one.board.value.capitalize()}: the summary waits: {one.why}" for one in shown if _waits(one)]
    return Announced(made=made, shown=shown, invited=invited, problem="; ".join(problems))


def _invited(made: Reviewed, herald: Herald) -> tuple[Invited | None, list[str]]:
    if herald.secretary is None:
        return None, []
    from rollout_sync.sync.inviting import invite  # noqa: PLC0415 - Jinja2 and icalendar are slow to load

    try:
        invited = invite(made, herald.secretary)
    except TrackerError as error:
        return None, [f"invitations: {error.what}"]
    return invited, list(invited.problems)


def _shown(made: Reviewed, world: World, herald: Herald) -> tuple[Showing, ...]:
    if not herald.boards:
        return ()
    from rollout_sync.sync.summarizing import summarize  # noqa: PLC0415 - only where boards show summaries

    return summarize(made, world, herald.comments).boards


def _waits(one: Showing) -> bool:
    return one.act is Act.LATER
