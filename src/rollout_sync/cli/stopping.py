"""How a run is asked to end: Ctrl-C, SIGTERM, Ctrl-Break. What is under way is finished; nothing more begins.

Before its first write a command breaks off wherever it is. From then on it ends where nothing is left open: before a
request is sent, while it waits, between two rollouts. A second signal ends the process there and then; that is as safe
as a power cut, and like one it may leave a request in doubt.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import TYPE_CHECKING

from rollout_sync.errors import Stopped

if TYPE_CHECKING:
    from datetime import datetime

    from rollout_sync.app import Edges
    from rollout_sync.transport import Phase
    from rollout_sync.transport.clock import Clock

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))
"""SIGBREAK is Ctrl-Break, on Windows only."""

_SLICE = 0.2  # seconds; a sleep is cut into such parts, because Python goes on sleeping after a signal
_STDERR = 2
_PATIENCE = b"\nstopping when the request under way is answered; once more stops at once\n"


@dataclass(slots=True)
class Stop:
    """Whether this run was asked to end.

    Attributes:
        signal: number of the signal that asked; 0 while none did.
        is_careful: something was written, so that a run ends only between requests.
        was_heeded: work was broken off because of it.
    """

    signal: int = 0
    is_careful: bool = False
    was_heeded: bool = False

    @property
    def is_by_key(self) -> bool:
        """Whether a person pressed Ctrl-C."""
        return self.signal == signal.SIGINT

    def ask(self, number: int) -> None:
        """A signal came.

        Raises:
            KeyboardInterrupt: nothing was written yet, so that the run may end wherever it is.
        """
        self.signal = number
        if not self.is_careful:
            raise KeyboardInterrupt

    def check(self) -> None:
        """Go on, or end here.

        Raises:
            Stopped: the run was asked to end.
        """
        if self.signal:
            self.was_heeded = True
            raise Stopped("the run was asked to stop", hint="Run the same command again; nothing is done twice.")

    def on_phase(self, phase: Phase, _request: object) -> None:
        """Let no request begin once the run is to end; what has begun is carried to its answer."""
        if phase.value in {"before-connect", "before-send"}:
            self.check()

    def on_commit(self, _moment: str) -> None:
        """Something is being written: from here on the run ends between requests only."""
        self.is_careful = True

    def over(self, edges: Edges) -> Edges:
        """The same edges, which end the run when it is asked to."""
        return replace(
            edges,
            clock=StoppingClock(edges.clock, self),
            on_phase=self.on_phase,
            on_commit=self.on_commit,
            between=self.check,
        )


class StoppingClock:
    """A clock whose sleeper wakes up when the run is to end."""

    def __init__(self, clock: Clock, stop: Stop) -> None:
        self._clock = clock
        self._stop = stop

    def now(self) -> datetime:
        """Wall clock as aware UTC."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Seconds that never run backward."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: the run is to end.
        """
        until = self._clock.monotonic() + seconds
        self._stop.check()
        while (left := until - self._clock.monotonic()) > 0:
            self._clock.sleep(min(left, _SLICE))
            self._stop.check()


@contextmanager
def listening(stop: Stop, leave: Callable[[int], None] | None = None) -> Iterator[None]:
    """Ask `stop` when a signal comes, and `leave` when a second one does; before and after, all is as it was.

    Signals that the process was started with orders to ignore, as under `nohup`, stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def came(number: int, _frame: FrameType | None) -> None:
        if stop.signal:
            (leave or at_once)(number)
        if number == signal.SIGINT and stop.is_careful and os.isatty(_STDERR):
            os.write(_STDERR, _PATIENCE)  # Python's own streams may be in the middle of a line
        stop.ask(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    heard = [number for number, known in before.items() if known is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, came)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def at_once(number: int) -> None:
    """End the process by the signal itself, as if nobody had listened."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
