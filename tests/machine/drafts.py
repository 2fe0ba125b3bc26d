"""Small templates that change from run to run, already expanded: what the engine is asked for in each example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from rollout_sync.model.codec import fingerprint
from rollout_sync.model.rollout import Home, ItemKind, Rollout
from rollout_sync.sync.planning import Wish
from support.builders import GO_LIVE, make_item, make_person, make_rollout

IVAN = make_person("Ivan Itwork")
FRIDA = make_person("Frida Figures")
AFTER: Mapping[str, tuple[str, ...]] = {
    "prepare/beta": ("prepare/alpha",),
    "run/gamma": ("prepare/beta", "prepare/gate"),
    "run/delta": ("prepare/alpha", "run/gamma"),
}
POOL = ("prepare/alpha", "prepare/beta", "prepare/gate", "run/gamma", "run/delta", "run/twin-1", "run/twin-2")
"""The twins look the same in every field, so that nothing but their number tells them apart."""
MIXED: Mapping[str, Home] = {
    "prepare/alpha": Home.JIRA,
    "prepare/beta": Home.BOTH,
    "prepare/gate": Home.PLANNER,
    "run/gamma": Home.JIRA,
}


def stem(slug: str) -> str:
    """What every title of an item begins with, whoever wrote it."""
    return "Twin" if "twin" in slug else slug.rpartition("/")[2].capitalize()


@dataclass(frozen=True, slots=True)
class Draft:
    """One state of the template: which items, which wording, which dates."""

    slugs: tuple[str, ...]
    home: Home | None
    wording: Mapping[str, int] = field(default_factory=dict)
    later: int = 0
    lines: int = 1

    def reworded(self, slug: str) -> Draft:
        return replace(self, wording={**self.wording, slug: self.wording.get(slug, 0) + 1})

    def toggled(self, slug: str) -> Draft:
        """With an item more, or less; at least one is left."""
        kept = tuple(one for one in POOL if (one in self.slugs) != (one == slug))
        return replace(self, slugs=kept or self.slugs)

    def rollout(self) -> Rollout:
        items = [self._item(slug) for slug in self.slugs]
        mark = fingerprint([self.slugs, sorted(self.wording.items()), self.later, self.lines])
        return make_rollout(items, fingerprint=mark, go_live=GO_LIVE + timedelta(days=7 * self.later))

    def wish(self, *, force: bool) -> Wish:
        return Wish(rollout=self.rollout(), source={"template": "mfa"}, force=force)

    def _item(self, slug: str):
        present = set(self.slugs)
        held = ("prepare/gate",) if slug in {"run/gamma", "run/delta"} and "prepare/gate" in present else ()
        kind = ItemKind.APPROVAL if slug == "prepare/gate" else ItemKind.TASK
        return make_item(
            slug,
            kind=kind,
            title=f"{stem(slug)} v{self.wording.get(slug, 0)}" if "twin" not in slug else "Twin v0",
            after=tuple(one for one in AFTER.get(slug, ()) if one in present),
            held_by=held,
            owner={"prepare/beta": IVAN, "run/gamma": FRIDA}.get(slug),
            checklist=tuple(f"Line {n}" for n in range(self.lines)) if slug == "prepare/beta" else (),
            home=self.home or MIXED.get(slug, Home.PLANNER),
        )
