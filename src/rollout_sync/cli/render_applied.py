"""How a run reads: what was made, what is in doubt or was refused, and where to look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rollout_sync.cli.answer import Status
from rollout_sync.cli.render_plan import counted
from rollout_sync.cli.screen import Screen
from rollout_sync.errors import NotFinished, RolloutSyncError, TrackerError
from rollout_sync.model.rollout import TrackerName

if TYPE_CHECKING:
    from collections.abc import Callable

    from rollout_sync.sync.applying import Applied
    from rollout_sync.sync.run import Step

_LISTED = 20


def status_of_run(applied: Applied) -> Status:
    """Unfinished while something is open or in doubt, failed when something was refused for good."""
    if not applied.is_finished or applied.stopped:
        return Status.UNFINISHED
    return Status.FAILED if applied.failed else Status.DONE


def errors_of_run(applied: Applied) -> tuple[RolloutSyncError, ...]:
    """What remains, with the next step."""
    found: list[RolloutSyncError] = [
        TrackerError(f"{key} was refused: {reason}", hint="mend the cause, then run the same command again")
        for key, reason in applied.failed[:_LISTED]
    ]
    if applied.doubts:
        last = max(doubt.decidable_at for doubt in applied.doubts)
        found.append(
            NotFinished(
                f"{len(applied.doubts)} objects were sent without an answer and are in doubt",
                where=", ".join(str(doubt.object) for doubt in applied.doubts[:_LISTED]),
                hint=f"run the same command again after {last:%d %b %H:%M:%S} UTC; until then nothing is sent twice",
            )
        )
    elif applied.waiting:
        found.append(NotFinished(f"{applied.waiting} objects are not made yet", hint="run the same command again"))
    return tuple(found)


def _heading(applied: Applied, screen: Screen, *, is_idle: bool) -> str:
    status = status_of_run(applied)
    signs = {Status.DONE: screen.symbols.ok, Status.UNFINISHED: screen.symbols.warn}
    words = {True: ": nothing to write, 0 changes", False: ": 0 changes"}[status is Status.DONE] if is_idle else ""
    return f"{signs.get(status, screen.symbols.fail)} {applied.name}{words}"


def write_applied(applied: Applied, screen: Screen) -> None:
    """The result of a run."""
    made = [
        f"{tracker.value.capitalize()}: {words}" for tracker in TrackerName if (words := counted(applied.made, tracker))
    ]
    screen.heading(_heading(applied, screen, is_idle=not (made or applied.changed.written)))
    for words in made:
        screen.line(f"  created in {words}")
    if applied.changed.written:
        screen.line(f"  updated: {applied.changed.written}")
    for key, reason in applied.changed.left[:_LISTED]:
        screen.line(f"  left alone: {key}: {reason}")
    for key, reason in applied.skipped[:_LISTED]:
        screen.line(f"  left out: {key}: {reason}")
    for name, reason in applied.stopped.items():
        screen.line(f"  stopped early in {name.value.capitalize()}: {reason}")
    for place in applied.places:
        screen.line(f"  {place.key or 'plan'} {place.title}: {place.url}")


@contextmanager
def progress(screen: Screen, total: int) -> Iterator[Callable[[Step], None]]:
    """One bar over all objects of a run; notes of the run are shown as lines."""
    with screen.progress("creating", total) as bar:

        def on_step(step: Step) -> None:
            if step.note:
                screen.note(step.note)
            if step.kind is not None and step.new:
                bar.advance(step.new, note=step.kind.value)

        yield on_step
