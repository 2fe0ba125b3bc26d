"""How Planner spells keys inside open types: references, checklist items, labels and order hints. All pure."""

from __future__ import annotations

from uuid import UUID

_ESCAPED = (("%", "%25"), (".", "%2E"), (":", "%3A"), ("@", "%40"), ("#", "%23"))
LABEL_SLOTS = 25
_MIDDLE = 50_000
_WIDTH = 6


def encode_reference(url: str) -> str:
    """The property name that stands for `url`: five characters escaped, `%` first, everything else as it is."""
    for plain, escaped in _ESCAPED:
        url = url.replace(plain, escaped)
    return url


def decode_reference(key: str) -> str:
    """The URL behind a reference key; the inverse of `encode_reference`."""
    for plain, escaped in reversed(_ESCAPED):
        key = key.replace(escaped, plain)
    return key


def is_checklist_key(key: str) -> bool:
    """Whether `key` can be one of ours: a name-based UUID, the same in every run. People's entries have random ones."""
    try:
        return UUID(key).version == 5  # noqa: PLR2004 (RFC 9562's number of name-based UUIDs)
    except ValueError:
        return False


def category(index: int) -> str:
    """Property name of the plan label at `index`, counted from 0; ValueError beyond the 25 that a plan has."""
    if not 0 <= index < LABEL_SLOTS:
        raise ValueError(f"a plan has {LABEL_SLOTS} labels; there is no label number {index + 1}")
    return f"category{index + 1}"


def hint_after(previous: str) -> str:
    """Order hint that places an entry right after `previous` ("" means first); such hints may nest."""
    return f"{previous} !"


def hint_at(order: int) -> str:
    """Order hint that sorts by `order`, whatever order the requests arrive in.

    Between two made-up neighbours the service must compute a value that sorts between them, so that objects made in
    one batch need not know each other's computed hints. Numbers start with 0, before the service's own values.
    """
    place = min(max(order, -_MIDDLE), _MIDDLE) + _MIDDLE
    return f"{place:0{_WIDTH}d} {place + 1:0{_WIDTH}d}!"
