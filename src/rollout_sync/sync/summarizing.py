"""The summary of a rollout on its boards, each once for the same news.

| board | where it is known | a lost answer | deleted by people |
|---|---|---|---|
| Jira: a comment in the main epic | chronicle, `summary:jira` | looked for by its mark | comes back with news |
| Planner: notes of the Status task | ledger, `task:.status` and `details:.status` | settled like all work | stays so |

A summary without news costs no request.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rollout_sync.errors import TrackerError
from rollout_sync.ledger import objects, rollouts
from rollout_sync.ledger.objects import Entry
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.report.digest import Made
from rollout_sync.report.summary import summary_of
from rollout_sync.sync.applying import World, running
from rollout_sync.sync.epic_comment import EpicComment
from rollout_sync.sync.run import Run
from rollout_sync.sync.showing import Act, Showing
from rollout_sync.sync.status_task import StatusTask
from rollout_sync.trackers.boards import Comments, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarized:
    """What came of one rollout's summary, board by board."""

    rollout: RolloutId
    name: str
    boards: tuple[Showing, ...]

    @property
    def is_finished(self) -> bool:
        """Nothing is left for another run."""
        return all(one.is_finished for one in self.boards)


def summarize(made: Made, world: World, comments: Comments | None) -> Summarized:
    """Show a review's summary on the boards that the rollout has. Not to be called while its lease is held.

    Args:
        made: the rollout with its case and review.
        world: ledger, services and clocks.
        comments: comments of Jira; None where Jira is not configured.

    Raises:
        LedgerBusy: another run works on the rollout; it, or the next one, will show the summary.
        LedgerError: the ledger cannot be written.
    """
    summary, rollout = summary_of(made), made.case.rollout.id
    with running(rollout, world) as run:
        with world.database.reading() as connection:
            row = rollouts.load(connection, rollout)
            known = tuple(objects.entries(connection, rollout))
        boards = tuple(_shown(row, known, summary, run, comments)) if row is not None else ()
    return Summarized(rollout=rollout, name=made.name, boards=boards)


def _shown(
    row: RolloutRow, known: tuple[Entry, ...], summary: Summary, run: Run, comments: Comments | None
) -> Iterator[Showing]:
    """One board after the other; one that cannot be reached does not keep the summary from the other."""
    used = {one.object.kind for one in known if one.state is OperationState.CREATED}
    for name, tracker in run.trackers.items():
        kind = ObjectKind.EPIC if name is TrackerName.JIRA else ObjectKind.PLAN
        if name.value not in row.facts or kind not in used:
            continue
        tracker.use(row.facts[name.value])
        try:
            if name is TrackerName.PLANNER:
                yield StatusTask(run=run).show(known, summary)
            elif comments is not None:
                yield _comment(run, comments).show(known, summary)
        except TrackerError as error:
            yield Showing(board=name, act=Act.LATER, why=error.what)


def _comment(run: Run, comments: Comments) -> EpicComment:
    return EpicComment(
        rollout=run.rollout,
        database=run.database,
        clock=run.clock,
        timing=run.timing,
        tracker=run.trackers[TrackerName.JIRA],
        comments=comments,
    )
