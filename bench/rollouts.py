"""Made-up rollouts of any size: half of the items wait for the one before, so that there are links to fold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from rollout_sync.model.rollout import (
    Dependency,
    Estimate,
    Home,
    Item,
    ItemKey,
    ItemKind,
    Person,
    Phase,
    Rollout,
    RolloutId,
)

PER_PHASE = 100
LONGEST_CHAIN = 2
_OWNER = Person(name="Ivan Itwork", email="ivan.itwork@example.com", roles=("it",))
_TEXT = """People notice this change on a Monday morning, so it has to work on the first try.

Look at the list of accounts and name everybody who is away. Then do the following:

- tell the supervisors two days ahead
- keep one person free for questions
- write down what went wrong, with the time

This is done when two people who were not involved could do it alone. More: https://www.example.com/rollout"""
_CHECKLIST = ("List complete", "Supervisors told", "Result written down")


def made_up(size: int, home: Home) -> Rollout:
    """A rollout of `size` items in phases of 100, all in one service."""
    name = f"Bench {home.value} {size}"
    phases = tuple(
        Phase(key=f"stage-{number}", stage=f"stage-{number}", title=f"Stage {number}")
        for number in range(-(-size // PER_PHASE))
    )
    return Rollout(
        id=RolloutId(f"bench-{home.value}-{size}"),
        name=name,
        title=name,
        template="bench",
        template_version=1,
        fingerprint=f"{home.value}-{size}",
        purpose="To know what a rollout costs.",
        start=date(2027, 1, 4),
        phases=phases,
        items=tuple(_item(number, home) for number in range(size)),
        people=(_OWNER,),
    )


def one_of_many(number: int) -> Rollout:
    """The same rollout under many names: 60 items in Jira, 40 in Planner, with waits across services."""
    homes = (Home.JIRA, Home.JIRA, Home.JIRA, Home.PLANNER, Home.PLANNER)
    name = f"Bench of many {number:04}"
    return replace(
        made_up(PER_PHASE, Home.JIRA),
        id=RolloutId(f"bench-of-many-{number:04}"),
        name=name,
        title=name,
        fingerprint="many",
        items=tuple(_item(place, homes[place % len(homes)]) for place in range(PER_PHASE)),
    )


def _item(number: int, home: Home) -> Item:
    phase = f"stage-{number // PER_PHASE}"
    waits = number % LONGEST_CHAIN
    return Item(
        key=ItemKey(f"{phase}/step-{number}"),
        kind=ItemKind.TASK,
        title=f"Step {number}: move the accounts of group {number % 17}",
        phase=phase,
        text=_TEXT,
        owner=_OWNER,
        owner_role="it",
        estimate=Estimate(low=1, likely=2, high=4),
        after=(Dependency(item=ItemKey(f"{phase}/step-{number - 1}")),) if waits else (),
        home=home,
        checklist=_CHECKLIST if home is Home.PLANNER else (),
    )


def template_text(size: int) -> str:
    """A template of `size` items in phases of 100, three of five in Jira, every second one waiting for the one before."""
    head = (
        "template: bench\nversion: 1\ntitle: Bench\npurpose: To know what a status costs.\nroles: {it: {}}\nphases:\n"
    )
    return head + "".join(_phase_text(first, min(PER_PHASE, size - first)) for first in range(0, size, PER_PHASE))


def _phase_text(first: int, count: int) -> str:
    number = first // PER_PHASE
    waits = f"    after: [stage-{number - 1}]\n" if number else ""
    items = "".join(_item_text(place) for place in range(first, first + count))
    return f"  - key: stage-{number}\n    title: Stage {number}\n{waits}    items:\n{items}"


def _item_text(number: int) -> str:
    home = "jira" if number % 5 < 3 else "planner"  # noqa: PLR2004 - three of five
    after = f", after: [step-{number - 1}]" if number % LONGEST_CHAIN else ""
    title = f"Step {number} of the move"
    return f"      - {{key: step-{number}, title: {title}, owner: it, days: [1, 2, 4], in: {home}{after}}}\n"
