"""Keys made of names: small ASCII letters, digits and hyphens, stable for the same name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

MAX_SLUG: Final = 40

_FOLDS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d"}
    | {"þ": "th", "\u0131": "i", "&": " and "}
)


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).lower().translate(_FOLDS)
    return unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode("ascii")


def slug(name: str, longest: int = MAX_SLUG) -> str:
    """`Größe & Co.` becomes `groesse-and-co`; empty when no letter or digit of the name has an ASCII form."""
    return re.sub(r"[^a-z0-9]+", "-", _ascii(name)).strip("-")[:longest].rstrip("-")


def word(name: str) -> str:
    """A role's name: `Department Head` becomes `department_head`."""
    return re.sub(r"[\s_-]+", "_", _ascii(name)).strip("_")


def slug_or_mark(name: str, longest: int = MAX_SLUG) -> str:
    """The slug; for a name in a script without ASCII forms, letters and digits drawn from the name."""
    return slug(name, longest) or f"n{sha256(name.encode()).hexdigest()[:8]}"


def unique_slugs(names: Sequence[str], longest: int = MAX_SLUG) -> tuple[str, ...]:
    """Slugs in the order of the names; names that would share one get `-2`, `-3` and so on."""
    taken: dict[str, None] = {}
    for name in names:
        base = candidate = slug_or_mark(name, longest)
        number = 1
        while candidate in taken:
            number += 1
            candidate = f"{base[: longest - len(str(number)) - 1].rstrip('-')}-{number}"
        taken[candidate] = None
    return tuple(taken)
