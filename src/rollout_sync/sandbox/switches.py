"""Behaviours that nobody could verify on the real services, each with a documented default that can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rollout_sync.sandbox.store import Document, Store

_COLLECTION = "_switches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One undecided behaviour: what `default` means and what other values do; `choices` closes the list of texts."""

    name: str
    default: bool | int | float | str
    meaning: str
    choices: tuple[str, ...] = ()


CORE_SWITCHES = (
    Switch(
        name="no_auth",
        default=False,
        meaning="true: requests without credentials are let in, for clients that send none over plain http",
    ),
)


class UnknownSwitch(Exception):
    """A switch that no service declares, or a value of the wrong type."""


class Switches:
    """Current values by name; set ones are kept in the store."""

    def __init__(self, store: Store, declared: Iterable[Switch] = CORE_SWITCHES) -> None:
        self._store = store
        self._declared = {switch.name: switch for switch in declared}

    def declare(self, *switches: Switch) -> None:
        """Make switches known; services call it once, when they are registered."""
        self._declared.update({switch.name: switch for switch in switches})

    def __getitem__(self, name: str) -> bool | int | float | str:
        kept = self._store.get(_COLLECTION, name)
        value: bool | int | float | str = kept["value"] if kept else self._declared[name].default
        return value

    def is_on(self, name: str) -> bool:
        """A yes-or-no switch."""
        return bool(self[name])

    def set(self, name: str, value: object) -> None:
        """Change one switch; None goes back to the default.

        Raises:
            UnknownSwitch: nobody declared the name, or the value has another type than the default.
        """
        switch = self._declared.get(name)
        if switch is None:
            raise UnknownSwitch(f"no switch {name!r}; there are: {', '.join(sorted(self._declared))}")
        if value is None:
            self._store.delete(_COLLECTION, name)
            return
        is_choice = not switch.choices or value in switch.choices
        if not (isinstance(value, _types_like(switch.default)) and is_choice):
            wanted = " or ".join(map(repr, switch.choices)) or f"a value like {switch.default!r}"
            raise UnknownSwitch(f"switch {name!r} takes {wanted}, not {value!r}")
        self._store.put(_COLLECTION, name, {"value": value})

    def as_json(self) -> Document:
        """The documented table: value, default and meaning of every switch."""
        return {
            name: {"value": self[name], "default": switch.default, "meaning": switch.meaning}
            | ({"choices": list(switch.choices)} if switch.choices else {})
            for name, switch in sorted(self._declared.items())
        }


def _types_like(default: object) -> type | tuple[type, ...]:
    if isinstance(default, bool):
        return bool
    return (int, float) if isinstance(default, (int, float)) else type(default)
