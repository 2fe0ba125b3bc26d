"""From template, answers, people and a date to a rollout."""

from __future__ import annotations

import json
import textwrap
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import TemplateError
from rollout_sync.model.operations import Severity
from rollout_sync.model.rollout import (
    Anchor,
    AnchorEvent,
    Blackout,
    Department,
    Dependency,
    Estimate,
    Home,
    ItemKey,
    LinkType,
    Person,
    Quorum,
    TrackerName,
    Training,
    WaveDay,
)
from rollout_sync.template.expand import expand, rollout_id
from rollout_sync.template.parameters import resolve
from rollout_sync.template.people import PeopleList
from rollout_sync.template.reading import read_template
from rollout_sync.template.rendering import Unrenderable
from support.filled import fill_for

GO_LIVE = date(2027, 3, 1)
FINANCE = Department(key="finance", name="Finance", size=3)
SALES = Department(key="sales", name="Sales", size=9)


def person(name: str, *roles: str, department: str | None = None, deputy: str | None = None) -> Person:
    email = f"{name.lower()}@example.com"
    return Person(name=name, email=email, roles=roles, department=department, deputy=deputy)


SONJA, IVAN, IDA = person("Sonja", "sponsor"), person("Ivan", "it"), person("Ida", "it")
FRIDA = person("Frida", "head", department="Finance", deputy="felix@example.com")
FELIX = person("Felix", "supervisor", department="Finance")
SAM = person("Sam", "head", department="Sales")
PEOPLE = PeopleList(people=(SONJA, IVAN, IDA, FRIDA, FELIX, SAM), departments=(FINANCE, SALES))

HEAD = """
template: sample
version: 4
title: "Sample at {{ company }}"
purpose: For {{ departments }}.
parameters:
  company: {type: text, default: Example}
  council: {type: yes-no, default: no}
  freeze: {type: date, default: 2027-02-01}
  country: {type: text, default: DE}
  sites: {type: list, default: [Rome, Oslo]}
roles: {sponsor: {}, it: {}, head: {per: department}, supervisor: {per: department}}
"""

SAMPLE = """
calendar: {working_days: [mon, wed], holidays: "{{ country }}", blackouts: [{from: "{{ freeze }}", to: 2027-02-02}]}
tolerance: {grace_days: 5}
owns: [title]
phases:
  - key: strategy
    items:
      - {key: inventory, title: Inventory, owner: it, days: [2, 3, 6]}
      - {key: privacy, title: Privacy, owner: it, when: council, after: [inventory]}
      - {key: budget, title: Budget, kind: approval, approver: sponsor, after: [privacy]}
  - key: green-light
    items:
      - key: head-signoff
        kind: approval
        title: Green light of {{ department.name }}
        for_each: department
        approver: head
        asks: ["Dates of {{ company }}"]
        within_days: 4
        after: [budget]
  - key: enforce
    wave: {over: department, every_days: 5, order: size}
    after: [head-signoff]
    items:
      - {key: session, kind: training, title: Clinic, owner: supervisor, minutes: 30, seats: 9, before_wave_day: [5, 1]}
      - {key: switch, kind: milestone, title: "On in {{ department.name }}", owner: it, after: [session], on: wave_day}
      - {key: stable, title: Stable, owner: it, after: [switch]}
      - {key: calm, title: Calm, owner: it, in: both, after: [{item: stable, wave: previous, lag: 2}]}
  - key: sustain
    items:
      - {key: live, kind: milestone, title: Live, owner: it, after: [{item: switch, link: FF}], on: go_live}
      - {key: note, kind: communication, title: Thanks, owner: sponsor, after_go_live: 3, text: "{{ people.it }} too"}
"""


def template(text: str = SAMPLE, head: str = HEAD):
    return read_template((textwrap.dedent(head) + textwrap.dedent(text)).lstrip().encode(), "t.yaml")


def expanded(text: str = SAMPLE, answers=None, people: PeopleList = PEOPLE, **over):
    made = template(text)
    request = {"name": "Sample 2027", "go_live": GO_LIVE, **over}
    return expand(made, resolve(made.document, answers or {}), people, **request)


def items_of(expansion):
    return {str(item.key): item for item in expansion.rollout.items}


def waits(item):
    return [str(wait.item) for wait in item.after]


def test_the_rollout_as_a_whole():
    rollout = expanded().rollout
    assert (rollout.id, rollout.name, rollout.title) == ("sample-2027", "Sample 2027", "Sample at Example")
    assert rollout.purpose == "For Finance, Sales."
    assert (rollout.template, rollout.template_version, rollout.grace_days) == ("sample", 4, 5)
    assert (rollout.go_live, rollout.start) == (GO_LIVE, None)
    assert rollout.calendar.working_days == (1, 3)
    assert rollout.calendar.country == "DE"
    assert rollout.calendar.blackouts == (Blackout(first=date(2027, 2, 1), last=date(2027, 2, 2), reason="blackout"),)
    assert rollout.owns == ("title",)
    assert rollout.parameters == {
        "company": "Example",
        "council": False,
        "freeze": "2027-02-01",
        "country": "DE",
        "sites": "Rome, Oslo",
    }


def test_phases_and_keys_of_waves_and_departments():
    rollout = expanded().rollout
    assert [(phase.key, phase.stage, phase.wave, phase.title) for phase in rollout.phases] == [
        ("strategy", "strategy", None, "Strategy"),
        ("green-light", "green-light", None, "Green light"),
        ("enforce/wave-sales", "enforce", "sales", "Enforce (Sales)"),
        ("enforce/wave-finance", "enforce", "finance", "Enforce (Finance)"),
        ("sustain", "sustain", None, "Sustain"),
    ]
    assert rollout.waves == (
        WaveDay(department="sales", stage="enforce", index=0, every_days=5),
        WaveDay(department="finance", stage="enforce", index=1, every_days=5),
    )
    assert [str(item.key) for item in rollout.items] == [
        "strategy/inventory",
        "strategy/budget",
        "green-light/head-signoff-finance",
        "green-light/head-signoff-sales",
        *(
            f"enforce/wave-{key}/{name}"
            for key in ("sales", "finance")
            for name in ("session", "switch", "stable", "calm")
        ),
        "sustain/live",
        "sustain/note",
    ]


def test_what_waits_for_what():
    items = items_of(expanded())
    assert waits(items["strategy/budget"]) == ["strategy/inventory"]
    assert waits(items["green-light/head-signoff-sales"]) == ["strategy/budget"]
    assert waits(items["enforce/wave-sales/session"]) == ["green-light/head-signoff-sales"]
    assert waits(items["enforce/wave-sales/switch"]) == ["enforce/wave-sales/session"]
    assert items["sustain/live"].after == tuple(
        Dependency(item=ItemKey(f"enforce/wave-{key}/switch"), link=LinkType.FINISH_FINISH)
        for key in ("sales", "finance")
    )


def test_a_wave_may_wait_for_the_one_before():
    items = items_of(expanded())
    assert waits(items["enforce/wave-sales/calm"]) == ["green-light/head-signoff-sales"]
    assert items["enforce/wave-finance/calm"].after == (
        Dependency(item=ItemKey("enforce/wave-sales/stable"), lag=2),
        Dependency(item=ItemKey("green-light/head-signoff-finance")),
    )


def test_a_kept_item_stands_between_its_neighbours():
    items = items_of(expanded(answers={"council": "yes"}))
    assert waits(items["strategy/budget"]) == ["strategy/privacy"]
    assert waits(items["strategy/privacy"]) == ["strategy/inventory"]


def test_a_phase_that_is_waited_for_stands_for_its_last_items():
    text = """
    phases:
      - key: one
        items:
          - {key: a, title: A, owner: it}
          - {key: b, title: B, owner: it, after: [a]}
          - {key: c, title: C, owner: it, after: [{item: a, link: SS}]}
          - {key: d, title: D, owner: it, after: [b, c], when: council}
      - key: two
        after: [one]
        items:
          - {key: x, title: X, owner: it}
          - {key: y, title: Y, owner: it, after: [x]}
    """
    assert waits(items_of(expanded(text, {"council": True}))["two/x"]) == ["one/d"]
    dropped = items_of(expanded(text))
    assert waits(dropped["two/x"]) == ["one/b", "one/c"]
    assert waits(dropped["two/y"]) == ["two/x"]


def test_gates_hold_everything_behind_them_and_nothing_else():
    items = items_of(expanded())
    assert items["strategy/inventory"].held_by == ()
    assert items["strategy/budget"].held_by == ()
    assert items["green-light/head-signoff-sales"].held_by == ("strategy/budget",)
    assert items["enforce/wave-sales/switch"].held_by == ("strategy/budget", "green-light/head-signoff-sales")
    assert items["sustain/live"].held_by == (
        "strategy/budget",
        "green-light/head-signoff-finance",
        "green-light/head-signoff-sales",
    )
    assert items["sustain/note"].held_by == ()


def test_people_places_and_dates_of_items():
    items = items_of(expanded())
    session = items["enforce/wave-finance/session"]
    assert (session.title, session.wave, session.phase) == ("Clinic (Finance)", "finance", "enforce/wave-finance")
    assert (session.owner, session.owner_role) == (FELIX, "supervisor")
    assert session.training == Training(minutes=30, seats=9)
    assert session.anchor == Anchor(event=AnchorEvent.WAVE_DAY, offset=-5, latest=-1)
    assert (session.home, session.leads) == (Home.PLANNER, TrackerName.PLANNER)
    assert items["enforce/wave-sales/session"].owner is None
    assert items["enforce/wave-sales/switch"].title == "On in Sales"
    assert items["enforce/wave-sales/switch"].anchor == Anchor(event=AnchorEvent.WAVE_DAY)
    assert (items["enforce/wave-sales/calm"].home, items["enforce/wave-sales/calm"].leads) == (
        Home.BOTH,
        TrackerName.JIRA,
    )
    assert items["strategy/inventory"].owner == IVAN
    assert items["strategy/inventory"].estimate == Estimate(low=2, likely=3, high=6)
    assert items["strategy/budget"].estimate == Estimate(low=1, likely=5, high=10)
    assert items["sustain/live"].estimate == Estimate(low=0, likely=0, high=0)
    assert items["sustain/note"].anchor == Anchor(event=AnchorEvent.GO_LIVE, offset=3)
    assert items["sustain/note"].text == "Ivan too"


@pytest.mark.parametrize(
    ("line", "invites"),
    [("", ()), (", invites: head", ("head",)), (", invites: [it, employee]", ("it", "employee"))],
)
def test_sessions_say_whom_they_are_for(line, invites):
    text = f"phases: [{{key: p, items: [{{key: a, kind: training, title: A, owner: it{line}}}]}}]"
    (item,) = expanded(text).rollout.items
    assert item.training == Training(minutes=60, invites=invites)


def test_approvals_name_their_people():
    approval = items_of(expanded())["green-light/head-signoff-finance"].approval
    assert approval is not None
    assert approval.approvers == (FRIDA,)
    assert approval.deputies == (FELIX,)
    assert approval.escalate_to == (SONJA,)
    assert approval.asks == ("Dates of Example",)
    assert (approval.within_days, approval.quorum, approval.emergency_hours) == (4, Quorum.ALL, None)


@pytest.mark.parametrize(
    ("line", "approvers", "deputies"),
    [
        ("approver: it", (IVAN,), ()),
        ("approver: it, quorum: any", (IVAN, IDA), ()),
        ("approver: head", (FRIDA, SAM), (FELIX,)),
        ("approver: sponsor, deputies: it", (SONJA,), (IVAN, IDA)),
    ],
)
def test_who_decides_a_common_approval(line, approvers, deputies):
    made = expanded(f"phases: [{{key: p, items: [{{key: a, kind: approval, title: A, {line}}}]}}]")
    (item,) = made.rollout.items
    assert item.approval is not None
    assert (item.approval.approvers, item.approval.deputies) == (approvers, deputies)
    assert item.owner == approvers[0]


def test_an_emergency_approval_holds_nothing():
    text = """
    phases:
      - key: p
        items:
          - {key: a, kind: approval, title: A, approver: sponsor, emergency_within_hours: 24}
          - {key: b, title: B, owner: it, after: [a]}
    """
    assert items_of(expanded(text))["p/b"].held_by == ()


def test_roles_that_nobody_plays_are_findings():
    people = PeopleList(people=(IVAN, SAM), departments=(FINANCE, SALES))
    findings = expanded(people=people).findings
    assert [(finding.severity, finding.code, finding.where) for finding in findings] == [
        (Severity.ERROR, "role-empty", "head/Finance"),
        (Severity.ERROR, "role-empty", "sponsor"),
        (Severity.WARNING, "role-empty", "supervisor/Finance"),
        (Severity.WARNING, "role-empty", "supervisor/Sales"),
    ]
    assert findings[0].message == "Finance has no head, so its approvals cannot be decided"


def test_no_departments_is_a_finding():
    made = expanded(people=PeopleList(people=(SONJA, IVAN)))
    assert [finding.code for finding in made.findings] == ["no-departments"]
    assert [phase.key for phase in made.rollout.phases] == ["strategy", "sustain"]


def test_departments_can_be_chosen():
    rollout = expanded(departments=["SALES"]).rollout
    assert rollout.departments == (SALES,)
    assert not any("finance" in item.key for item in rollout.items)
    with pytest.raises(TemplateError) as caught:
        expanded(departments=["sale"])
    assert "did you mean 'Sales'?" in str(caught.value.problems[0])


def test_forward_from_a_start():
    rollout = expanded(go_live=None, start=GO_LIVE).rollout
    assert (rollout.go_live, rollout.start) == (None, GO_LIVE)


@pytest.mark.parametrize(
    "over", [{"go_live": None}, {"start": GO_LIVE}, {"name": "  "}, {"name": "a\x07b"}, {"name": "x" * 300}]
)
def test_requests_that_contradict_themselves(over):
    with pytest.raises(TemplateError):
        expanded(**over)


def test_answers_that_break_texts_are_told_with_their_place():
    for answers, complaint in [
        ({"country": "Germany"}, "t.yaml:13:48: 'Germany' is no country code"),
        ({"freeze": "2027-02-09"}, "ends on 2027-02-02, before it begins on 2027-02-09"),
        ({"company": "x" * 300}, "characters long once its names are filled in"),
    ]:
        with pytest.raises(TemplateError) as caught:
            expanded(answers=answers)
        assert any(complaint in str(problem) for problem in caught.value.problems), caught.value.problems


def test_keys_that_would_be_made_twice_are_refused():
    text = """
    phases:
      - key: p
        items:
          - {key: a, title: A, owner: it, for_each: department}
          - {key: a-sales, title: B, owner: it}
    """
    with pytest.raises(TemplateError) as caught:
        expanded(text)
    assert "'p/a-sales' would be made twice" in str(caught.value.problems[0])


def test_a_circle_that_closes_only_across_waves_is_refused():
    text = """
    phases:
      - key: w
        wave: {over: department, every_days: 1}
        items:
          - {key: a, title: A, owner: it, after: [b]}
          - {key: c, title: C, owner: it, after: [{item: a, wave: previous}]}
      - key: g
        items: [{key: b, title: B, owner: it, after: [c]}]
    """
    with pytest.raises(TemplateError) as caught:
        expanded(text)
    assert "these items wait for each other" in str(caught.value.problems[0])


def test_too_many_items_are_refused():
    departments = tuple(Department(key=f"d{n}", name=f"D{n}") for n in range(1000))
    with pytest.raises(TemplateError, match="5,000 are possible"):
        expanded(people=PeopleList(people=(IVAN,), departments=departments))


def test_the_fingerprint_follows_everything_that_matters():
    prints = [
        expanded().rollout.fingerprint,
        expanded(SAMPLE + "\n# a remark").rollout.fingerprint,
        expanded(answers={"company": "Other"}).rollout.fingerprint,
        expanded(go_live=date(2027, 3, 2)).rollout.fingerprint,
        expanded(departments=["sales"]).rollout.fingerprint,
        expanded(people=PeopleList(people=PEOPLE.people[:-1], departments=PEOPLE.departments)).rollout.fingerprint,
    ]
    assert len(set(prints)) == len(prints)
    assert expanded().rollout.fingerprint == prints[0]


def test_extras_are_plain_json_and_can_be_filled_in_later():
    text = SAMPLE + textwrap.dedent(
        """
        playbooks:
          - when: {problem: resistance}
            ask: Why?
            create: [{title: "Talk with {{ department.name }} and {{ people.head }}", owner: head, days: 2}]
        pulse: {questions: {why: "I see why {{ company }} does this"}, audience: supervisor}
        measures: [{key: m, title: M, target: "{{ 2 * 3 }}"}]
        """
    )
    rollout = expanded(text).rollout
    book = rollout.extras["playbooks"][0]
    title = book["create"][0]["title"]
    assert json.loads(json.dumps(rollout.extras)) == rollout.extras
    assert fill_for(rollout, title, "finance") == "Talk with Finance and Frida"
    with pytest.raises(Unrenderable, match="department"):
        fill_for(rollout, title)
    assert rollout.extras["pulse"] == {
        "questions": {"why": {"ask": "I see why Example does this", "audience": ["supervisor"]}},
        "audience": ["supervisor"],
        "every_days": 14,
    }
    assert rollout.extras["measures"][0]["target"] == 6.0
    assert fill_for(rollout, "{% for each in sites %}<{{ each }}>{% endfor %}") == "<Rome><Oslo>"


DEPARTMENTS = st.lists(
    st.tuples(st.from_regex(r"[a-z]{1,6}(-[a-z]{1,3})?", fullmatch=True), st.integers(0, 50)),
    max_size=6,
    unique_by=lambda each: each[0],
).map(lambda pairs: tuple(Department(key=key, name=key.title(), size=size) for key, size in pairs))


@given(departments=DEPARTMENTS, council=st.booleans(), order=st.sampled_from(["size", "name", "listed"]))
def test_expansion_repeats_itself_and_hangs_together(departments, council, order):
    people = PeopleList(people=(SONJA, IVAN), departments=departments)
    text = SAMPLE.replace("order: size", f"order: {order}")
    first, second = (expanded(text, {"council": council}, people) for _ in range(2))
    assert first == second
    items, phases = items_of(first), {phase.key for phase in first.rollout.phases}
    assert len(items) == len(first.rollout.items)
    gates = {key for key, item in items.items() if item.approval}
    for key, item in items.items():
        assert item.phase in phases
        assert key.rpartition("/")[0] == item.phase
        assert {str(wait.item) for wait in item.after} <= items.keys()
        upstream = {gate for wait in item.after for gate in items[wait.item].held_by}
        assert set(item.held_by) == upstream | {str(wait.item) for wait in item.after if wait.item in gates}


def test_ids_are_slugs():
    assert rollout_id("MFA 2027") == "mfa-2027"
    assert rollout_id("Größe & Übersicht") == "groesse-and-uebersicht"
    assert len(rollout_id("x" * 100)) == 40
    assert rollout_id("財務").startswith("n")
