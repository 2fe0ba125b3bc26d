"""Filling a page's layout: every value is escaped and cleaned on its way in, and unknown names are errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rollout_sync.report import words


def filled(layout: str, values: Mapping[str, object]) -> str:
    """The text of a layout with these values."""
    return _environment().get_template(layout).render(values) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rollout_sync.report", "layouts"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=words.day,
        short_day=words.short_day,
        moment=words.moment,
        span=words.span,
        share=words.share,
        signed_days=words.signed_days,
        moved=words.moved,
        sentence=words.sentence,
        address=words.safe_address,
    )
    environment.globals.update(count=words.count, nothing=words.NOTHING)
    return environment


def _clean(value: object) -> object:
    """Texts without what no reader can see; pictures and whole parts of a page are text of ours already."""
    return words.plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
