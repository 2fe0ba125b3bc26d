"""A rollout with gates, mirrored items and held work on both boards, in every state that its template goes through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta

from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.codec import fingerprint
from rollout_sync.model.rollout import Approval, Home, Item, ItemKind, Person, Quorum, Rollout, TrackerName
from rollout_sync.sync.planning import Wish
from support.builders import GO_LIVE, make_item, make_person, make_rollout

FELIX = make_person("Felix Farthing")
SARA = make_person("Sara Sample")
FRIDA = make_person("Frida Figures", deputy=FELIX.email)
SAM = make_person("Sam Seller")
OWNER = make_person("Ivan Itwork")
IMPOSTOR = "otto.operator@example.com"
VOTERS = (FRIDA.email, SAM.email, FELIX.email, SARA.email, IMPOSTOR, IMPOSTOR)
"""Two approvers; Felix speaks for Frida alone, Sara stands in for whoever is not heard; Otto may not decide."""

GATE_P, GATE_J = "prepare/gate-p", "prepare/gate-j"
GATES = (GATE_P, GATE_J)
HELD: Mapping[str, tuple[str, ...]] = {
    "run/delta": (GATE_P,),
    "run/eta": (GATE_J,),
    "run/epsilon": (GATE_P, GATE_J),
    "run/zeta": (GATE_J,),
}
"""Items to the gates that hold them."""
HOMES: Mapping[str, Home] = {
    "prepare/alpha": Home.JIRA,
    "prepare/beta": Home.BOTH,
    "prepare/gamma": Home.BOTH,
    GATE_P: Home.PLANNER,
    GATE_J: Home.JIRA,
    "run/delta": Home.JIRA,
    "run/eta": Home.JIRA,
    "run/epsilon": Home.PLANNER,
    "run/zeta": Home.BOTH,
}
LEADS: Mapping[str, TrackerName] = {
    "prepare/beta": TrackerName.JIRA,
    "prepare/gamma": TrackerName.PLANNER,
    "run/zeta": TrackerName.JIRA,
}
AFTER: Mapping[str, tuple[str, ...]] = {
    GATE_P: ("prepare/alpha",),
    GATE_J: ("prepare/beta",),
    "run/delta": (GATE_P,),
    "run/eta": (GATE_J, "run/delta"),
    "run/epsilon": (GATE_P, GATE_J),
    "run/zeta": (GATE_J,),
}
MIRRORED = tuple(LEADS)


def stem(slug: str) -> str:
    """The first word of an item's title, which our template never changes."""
    return slug.rpartition("/")[2].capitalize()


@dataclass(frozen=True, slots=True)
class GateDraft:
    """One state of the template: wording, dates, how many must agree, and whether held work exists from the start."""

    wording: Mapping[str, int] = field(default_factory=dict)
    later: int = 0
    quorum: Mapping[str, str] = field(default_factory=lambda: {GATE_P: "any", GATE_J: "all"})
    waits: bool = False

    def reworded(self, slug: str) -> GateDraft:
        """Another title of one item."""
        return replace(self, wording={**self.wording, slug: self.wording.get(slug, 0) + 1})

    def title(self, slug: str) -> str:
        """What the template calls an item."""
        return f"{stem(slug)} v{self.wording.get(slug, 0)}"

    def asks(self, gate: str) -> tuple[object, ...]:
        """What is approved at a gate, in this module's own words: titles of what it holds, and go-live."""
        return (self.later, *(self.title(slug) for slug, by in HELD.items() if gate in by))

    def rollout(self) -> Rollout:
        """The expanded rollout."""
        mark = fingerprint(asdict(self))
        return make_rollout(
            [self._item(slug) for slug in HOMES],
            fingerprint=mark,
            go_live=GO_LIVE + timedelta(days=7 * self.later),
            wait_for_gate=self.waits,
            people=(OWNER, FRIDA, SAM, FELIX, SARA),
        )

    def wish(self, *, force: bool) -> Wish:
        """What `start` asks for; the draft travels in the source, as a template's text does."""
        return Wish(rollout=self.rollout(), source={"template": "mfa", "draft": asdict(self)}, force=force)

    def _item(self, slug: str) -> Item:
        return make_item(
            slug,
            kind=ItemKind.APPROVAL if slug in GATES else ItemKind.TASK,
            title=self.title(slug),
            after=AFTER.get(slug, ()),
            held_by=HELD.get(slug, ()),
            home=HOMES[slug],
            leads=LEADS.get(slug, TrackerName.JIRA),
            owner=OWNER if slug in {"prepare/beta", "run/delta"} else None,
            approval=self._approval(slug) if slug in GATES else None,
        )

    def _approval(self, gate: str) -> Approval:
        people: tuple[Person, ...] = (FRIDA, SAM)
        return Approval(approvers=people, deputies=(FELIX, SARA), quorum=Quorum(self.quorum[gate]))


def draft_of(source: Mapping[str, object]) -> GateDraft:
    """The draft that the ledger remembers."""
    kept = source["draft"]
    assert isinstance(kept, dict)
    return GateDraft(**kept)


def wish_of(row: RolloutRow) -> Wish:
    """How a tick expands a running rollout again."""
    return draft_of(json.loads(json.dumps(row.source))).wish(force=False)
