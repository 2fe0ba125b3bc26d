"""Every byte that leaves the machine goes through here: pacing, retry, outcome classes, redaction.

`Transport` is the door; `Reply`, `Repeat`, `Limits` and `Phase` are the words it is spoken to with. Importing this
package stays cheap: `Transport`, which needs requests, is loaded when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rollout_sync.transport.limits import Limits
from rollout_sync.transport.reply import Phase, Repeat, Reply

if TYPE_CHECKING:
    from rollout_sync.transport.exchange import Transport

__all__ = ["Limits", "Phase", "Repeat", "Reply", "Transport"]


def __getattr__(name: str) -> object:
    """Load `Transport` late (PEP 562)."""
    if name == "Transport":
        from rollout_sync.transport.exchange import Transport as Loaded  # noqa: PLC0415 - keeps start-up quick

        return Loaded
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
