"""A picture on a page: wide and narrow with its words, or a sentence where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from rollout_sync.report.pictures.canvas import Form, Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Both shapes of a picture; None in both where there is nothing to draw, and `instead` says so."""

    wide: Markup | None
    narrow: Markup | None
    caption: str
    instead: str

    @classmethod
    def of(cls, make: Callable[[Form], Picture | None], instead: str) -> Chart:
        """What `make` draws; it gives None for both shapes or for neither."""
        wide, narrow = make(Form.WIDE), make(Form.NARROW)
        if wide is None or narrow is None:
            return cls.missing(instead)
        caption = wide.caption or wide.description
        return cls(wide=wide.svg(), narrow=narrow.svg(), caption=caption, instead=instead)

    @classmethod
    def missing(cls, instead: str) -> Chart:
        """No picture."""
        return cls(wide=None, narrow=None, caption="", instead=instead)
