"""A small template and a short people list for system tests: every kind of object, in seconds."""

from __future__ import annotations

PEOPLE = """\
name,email,role,department,deputy
Cora Coordinator,cora.coordinator@example.com,coordinator,,
Tara Trainer,tara.trainer@example.com,trainer,,
Frida Figures,frida.figures@example.com,department_head,Finance,
Sam Seller,sam.seller@example.com,department_head,Sales,
"""

TEMPLATE = """\
template: small
version: 1
title: "Small change at {{ company }}"
purpose: Something gets better.
parameters:
  company: {type: text, ask: Company name, default: Example}
  council: {type: yes-no, ask: Is there a works council, default: no}
roles:
  coordinator: {}
  trainer: {}
  department_head: {per: department}
owns: [due]
phases:
  - key: prepare
    title: Prepare
    items:
      - key: inventory
        title: Inventory
        owner: coordinator
        days: [1, 2, 3]
        text: Write down what there is at {{ company }}.
      - {key: set-up, title: Set up, owner: coordinator, days: [1, 2, 3], after: [inventory]}
      - {key: council, title: Hear the council, owner: coordinator, days: 2, after: [inventory], when: council}
      - key: head-yes
        kind: approval
        title: "Green light of {{ department.name }}"
        for_each: department
        approver: department_head
        asks: [The date suits]
        within_days: 5
        after: [set-up]
  - key: change
    title: Change
    after: [head-yes]
    items:
      - key: session
        kind: training
        title: Session
        owner: trainer
        days: [1, 2, 3]
        checklist: [Room booked, Invitation sent]
      - {key: tell, kind: communication, title: Tell everybody, owner: coordinator, days: 1}
      - {key: open, title: Open the gates, owner: coordinator, days: 1, after: [session]}
      - {key: live, kind: milestone, title: Live, owner: coordinator, on: go_live, after: [open]}
"""

TELL = "      - {key: tell, kind: communication, title: Tell everybody, owner: coordinator, days: 1}\n"
"""The one item that nothing else depends on."""

NAME = "Small 2027"
ROLLOUT = "small-2027"
GO_LIVE = "2027-03-01"


def options(*more: str, template: str = "small.yaml", name: str = NAME, go_live: str = GO_LIVE) -> list[str]:
    """What every first call says."""
    return [template, "--name", name, "--go-live", go_live, "--people", "people.csv", "--no-input", *more]


def start(*more: str, **over: str) -> list[str]:
    """`start`, without waiting for doubts."""
    return ["start", *options(*more, **over), "--yes", "--settle", "0"]


def plan(*more: str, **over: str) -> list[str]:
    """`plan`."""
    return ["plan", *options(*more, **over)]
