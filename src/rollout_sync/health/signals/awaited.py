"""Signals that nothing feeds yet: they are grey, say so honestly, and do not count."""

from __future__ import annotations

from rollout_sync.health import phrases
from rollout_sync.health.review import Colour, Signal, SignalName
from rollout_sync.health.view import View


def problems(view: View) -> Signal:
    """Grey until problems are logged."""
    blocked = sum(view.progress[item.key].blocked_since is not None for item in view.items)
    also = f"; {phrases.count(blocked, 'item')} {phrases.are(blocked)} marked as blocked" if blocked else ""
    return _grey(SignalName.PROBLEMS, "no problems are logged yet" + also)


def feedback(_view: View) -> Signal:
    """Grey until somebody is asked."""
    return _grey(SignalName.FEEDBACK, "no pulse was taken yet")


def adoption(view: View) -> Signal:
    """Grey before go-live, and until figures are given."""
    return _grey(SignalName.ADOPTION, "no adoption figures yet" if view.is_live else "starts after go-live")


def _grey(name: SignalName, sentence: str) -> Signal:
    return Signal(name=name, colour=Colour.GREY, sentence=sentence, counts=False)
