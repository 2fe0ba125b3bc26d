"""One attempt on the network, watched closely: did the first byte leave, is time over, is the connection stale.

Everything rests on public hooks of urllib3 and requests.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from rollout_sync.transport.clock import Clock
from rollout_sync.transport.reply import Phase


class TooLate(OSError):
    """The deadline passed before the first byte was written; nothing was sent."""


class Trace:
    """What is known of the attempt under way. Used by one thread at a time, besides `cut`.

    Args:
        request: the request as it goes out.
        on_phase: told of each phase.
        expired: whether the deadline has passed.
    """

    def __init__(
        self,
        request: requests.PreparedRequest,
        on_phase: Callable[[Phase, requests.PreparedRequest], None] | None,
        expired: Callable[[], bool],
    ) -> None:
        self._request = request
        self._on_phase = on_phase
        self._expired = expired
        self._socket: socket.socket | None = None
        self.was_sent = False

    def reached(self, phase: Phase, sock: socket.socket | None = None) -> None:
        """Note a phase.

        Raises:
            TooLate: the deadline passed and nothing was sent yet.
        """
        self._socket = sock or self._socket
        if self._on_phase is not None:
            self._on_phase(phase, self._request)
        if phase is Phase.BEFORE_SEND:
            if self._expired():
                raise TooLate("the deadline passed before anything was sent")
            self.was_sent = True

    def cut(self) -> None:
        """End the attempt from another thread: its reads fail at once."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # closed already: the attempt ended by itself


current: ContextVar[Trace | None] = ContextVar("current", default=None)
"""The attempt that this thread is making."""


class _Watched(HTTPConnection):
    """Tells the current trace what happens, and does not offer itself for reuse when it was idle for long."""

    idle_limit: float = 15.0
    clock: Clock
    _last_used: float | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the pool may use this connection again; a stale one is the commonest cause of lost answers."""
        stale = self._last_used is not None and self.clock.monotonic() - self._last_used > self.idle_limit
        return super().is_connected and not stale

    def connect(self) -> None:
        """Open the connection, TLS included."""
        trace = current.get()
        if trace is not None:
            trace.reached(Phase.BEFORE_CONNECT)
        super().connect()
        self._last_used = self.clock.monotonic()

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own signature is passed through
        """Write the request."""
        if self.is_closed:
            self.connect()
        trace = current.get()
        if trace is not None:
            trace.reached(Phase.BEFORE_SEND, self.sock)
        super().request(*args, **kwargs)
        if trace is not None:
            trace.reached(Phase.AFTER_SEND)

    def getresponse(self) -> Any:  # noqa: ANN401 - urllib3's own signature
        """Read status and headers."""
        response = super().getresponse()
        self._last_used = self.clock.monotonic()
        trace = current.get()
        if trace is not None:
            trace.reached(Phase.AFTER_HEADERS)
        return response


class NetworkAdapter(HTTPAdapter):
    """requests' own adapter, without retries, on watched connections. It reports phases itself."""

    reports_phases = True

    def __init__(self, *, idle: float, clock: Clock, pool: int) -> None:
        self._classes = _pool_classes(idle, clock)
        super().__init__(max_retries=0, pool_maxsize=pool, pool_block=False)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own signature
        """Use the watched connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._classes

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - requests' own signature
        """Use the watched connections behind a proxy, too."""
        pools = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            pools.pool_classes_by_scheme = self._classes
        return pools


class Watchdog:
    """Cuts an attempt when its time is over, even if the service keeps dripping bytes."""

    def __init__(self, trace: Trace, seconds: float) -> None:
        self._timer = threading.Timer(max(seconds, 0.001), trace.cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *exc: object) -> None:
        self._timer.cancel()


def _pool_classes(idle: float, clock: Clock) -> dict[str, type[HTTPConnectionPool]]:
    settings = {"idle_limit": idle, "clock": clock}
    plain = type("WatchedConnection", (_Watched,), settings)
    secure = type("WatchedSecureConnection", (_Watched, HTTPSConnection), settings)
    return {
        "http": type("WatchedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("WatchedSecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
