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


def template_text(steps: int) -> str:
    """A template of as many steps for each department, three of five in Jira; half of them wait for the one before."""
    head = ("template: bench", "version: 1", "title: Bench", "purpose: To know what it costs.", "roles: {it: {}}")
    phase = ("phases:", "  - key: stage", "    title: Stage", "    items:")
    return "\n".join([*head, *phase, *(_step_text(number) for number in range(steps)), ""])


def _step_text(number: int) -> str:
    home = "jira" if number % 5 < 3 else "planner"  # noqa: PLR2004 - three of five
    after = f", after: [step-{number - 1}]" if number % LONGEST_CHAIN else ""
    what = f'title: "Step {number} of {{{{ department.name }}}}", owner: it, days: [1, 2, 4], for_each: department'
    return f"      - {{key: step-{number}, {what}, in: {home}{after}}}"
