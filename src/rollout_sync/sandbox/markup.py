"""HTML that is safe to put together: whatever is filled into it is escaped, unless it is such HTML itself."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


class Html(str):
    """A piece of HTML; only literals in the code and the results of `format` and `join` are of this type."""

    __slots__ = ()

    def format(self, *args: object, **kwargs: object) -> Html:
        """Fill placeholders like `str.format` (no attributes, no indexes); values are escaped."""
        filled = super().format(*map(_safe, args), **{name: _safe(value) for name, value in kwargs.items()})
        return Html(filled)

    def join(self, parts: Iterable[str], /) -> Html:
        """Put pieces together; plain strings are escaped."""
        return Html(super().join(map(_safe, parts)))


def _safe(value: object) -> str:
    return value if isinstance(value, Html) else escape(str(value), quote=True)
