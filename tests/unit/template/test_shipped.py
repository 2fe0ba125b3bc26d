"""The templates that come with the package: they load, expand for real people, fit their dates, and read well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from rollout_sync.model.rollout import Home, Item, ItemKind, Rollout
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.expand import Expansion, expand
from rollout_sync.template.items import ItemDocument
from rollout_sync.template.parameters import resolve
from rollout_sync.template.people import PeopleList, read_people
from rollout_sync.template.reading import Template, read_template
from support.filled import fill_for

FOLDER = Path(__file__).parents[3] / "templates"
NAMES = ("hello", "mfa", "m365")
LARGE = ("mfa", "m365")
TODAY = date(2026, 11, 23)
GO_LIVE = {"hello": date(2027, 3, 1), "mfa": date(2027, 3, 1), "m365": date(2027, 4, 1)}
FREEZE = {"freeze_from": "2026-12-21", "freeze_to": "2027-01-03"}
CONDITIONS = ("works_council", "frontline_no_phone", "external_users")
USUAL = {"company": "Example Works", **FREEZE}
EVERYTHING = {**USUAL, **dict.fromkeys(CONDITIONS, "yes")}
DEPARTMENTS = ("finance", "sales", "operations")
SENTENCE_END = re.compile(r"[.?!](?=\s|$)")


@cache
def template_of(name: str) -> Template:
    path = FOLDER / f"{name}.yaml"
    return read_template(path.read_bytes(), str(path))


@cache
def people() -> PeopleList:
    path = FOLDER / "people.csv"
    return read_people(path.read_bytes(), str(path))


def expansion_of(name: str, answers: Mapping[str, str] = EVERYTHING, departments: list[str] | None = None) -> Expansion:
    template = template_of(name)
    given = {key: value for key, value in answers.items() if key in template.document.parameters}
    resolved = resolve(template.document, given)
    return expand(template, resolved, people(), name="A rollout", go_live=GO_LIVE[name], departments=departments)


def rollout_of(name: str, answers: Mapping[str, str] = EVERYTHING) -> Rollout:
    return expansion_of(name, answers).rollout


def written_items(document: TemplateDocument) -> list[ItemDocument]:
    return [item for phase in document.phases for item in phase.items]


def roles_named(document: TemplateDocument) -> set[str]:
    items = written_items(document)
    named = {role for item in items for role in (item.owner, item.approver, item.deputies, item.escalate_to)}
    named |= {work.owner for book in document.playbooks for work in book.create}
    named |= {measure.owner for measure in document.measures}
    return {role for role in named if role is not None}


def instruction(text: str) -> str:
    """The text without the message that it carries."""
    return text.partition("Message:")[0]


def test_every_template_in_the_folder_is_checked_here():
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_file_name_and_template_name_agree(name):
    assert template_of(name).document.template == name


@pytest.mark.parametrize(("name", "least", "most"), [("hello", 5, 7), ("mfa", 30, 45), ("m365", 30, 45)])
def test_counts_as_written(name, least, most):
    assert least <= len(written_items(template_of(name).document)) <= most


def test_the_first_template_shows_one_of_each_basic_thing():
    document = template_of("hello").document
    kinds = {item.kind for item in written_items(document)}
    assert {ItemKind.TASK, ItemKind.APPROVAL, ItemKind.TRAINING, ItemKind.MILESTONE} <= kinds
    assert len(document.parameters) == 1
    assert any(item.after for item in written_items(document))


def test_every_line_of_the_first_template_is_explained():
    lines = (FOLDER / "hello.yaml").read_text(encoding="utf-8").splitlines()
    keys = [line for line in lines if re.match(r"\s*(- )?(\{|[a-z_-]+:( |$))", line)]
    assert len(keys) > 50
    assert [line for line in keys if " # " not in line] == []


@pytest.mark.parametrize("name", NAMES)
def test_expands_for_three_departments_without_findings(name):
    expansion = expansion_of(name)
    assert expansion.findings == ()
    assert tuple(department.key for department in expansion.rollout.departments) == DEPARTMENTS


@pytest.mark.parametrize("name", NAMES)
def test_expands_and_fits_for_one_department(name):
    expansion = expansion_of(name, USUAL, ["Finance"])
    assert expansion.findings == ()
    rollout = expansion.rollout
    assert plan_dates(rollout, WorkCalendar.of(rollout.calendar), TODAY).shortfalls == ()


@pytest.mark.parametrize("name", NAMES)
def test_only_the_company_has_to_be_answered(name):
    expand_only = expansion_of(name, {"company": "Example Works"})
    assert expand_only.rollout.calendar.blackouts == ()


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_adds_its_item(name, condition):
    without = {item.key for item in rollout_of(name, USUAL).items}
    having = {item.key for item in rollout_of(name, {**USUAL, condition: "yes"}).items}
    assert without < having


@pytest.mark.parametrize("name", NAMES)
def test_roles_are_declared_used_and_played(name):
    document = template_of(name).document
    played = {role for person in people().people for role in person.roles}
    assert roles_named(document) <= played
    assert set(document.roles) == roles_named(document)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_asks_and_is_used(name):
    template = template_of(name)
    for key, parameter in template.document.parameters.items():
        assert parameter.ask
        uses = re.findall(rf"\{{\{{[^}}]*\b{key}\b|when: {key}\b", template.text)
        assert uses, f"{key} changes nothing"


@pytest.mark.parametrize("name", NAMES)
def test_every_item_has_owner_text_and_short_title(name):
    for item in rollout_of(name).items:
        assert item.owner is not None, item.key
        assert len(item.title) <= 120, item.key
        assert 2 <= len(SENTENCE_END.findall(instruction(item.text))) <= 7, item.key
        assert "{{" not in item.text + item.title, item.key


@pytest.mark.parametrize("name", NAMES)
def test_texts_hold_no_control_characters(name):
    for item in rollout_of(name).items:
        for text in (item.title, item.text, *item.checklist):
            assert text.replace("\n", " ").isprintable(), item.key


@pytest.mark.parametrize("name", NAMES)
def test_titles_can_be_told_apart(name):
    titles = [item.title for item in rollout_of(name).items]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", NAMES)
def test_checklists_fit_both_services(name):
    for item in rollout_of(name).items:
        steps = (*item.checklist, *(item.approval.asks if item.approval else ()))
        assert len(item.checklist) <= 20, item.key
        assert len(set(steps)) == len(steps), item.key
        assert all(len(step) <= 100 for step in steps), item.key


@pytest.mark.parametrize("name", NAMES)
def test_every_approval_holds_something_and_can_be_decided(name):
    rollout = rollout_of(name)
    holding = {gate for item in rollout.items for gate in item.held_by}
    for item in rollout.items:
        if item.approval is None:
            assert item.kind is not ItemKind.APPROVAL
            continue
        assert item.key in holding, item.key
        assert item.approval.approvers, item.key
        assert item.approval.asks, item.key
        assert item.approval.escalate_to, item.key
        assert not {p.email for p in item.approval.escalate_to} & {p.email for p in item.approval.approvers}, item.key


@pytest.mark.parametrize("name", NAMES)
def test_estimates_are_given_and_honest(name):
    for item in written_items(template_of(name).document):
        if item.kind is ItemKind.MILESTONE:
            continue
        assert item.days is not None, item.key
        low, likely, high = item.days
        assert low >= 1 or item.kind is ItemKind.APPROVAL, item.key
        assert high <= 3 * likely, item.key


@pytest.mark.parametrize("name", NAMES)
def test_trainings_have_length_and_seats(name):
    for item in rollout_of(name).items:
        assert (item.training is not None) == (item.kind is ItemKind.TRAINING), item.key
        if item.training is not None:
            assert item.training.minutes >= 30
            assert item.training.seats >= 10


@pytest.mark.parametrize("name", LARGE)
def test_the_sponsor_says_why_and_supervisors_say_what_it_means(name):
    messages = [item for item in rollout_of(name).items if item.kind is ItemKind.COMMUNICATION]
    assert all("\n\nMessage:\n\n" in item.text for item in messages)
    assert "sponsor" in {item.owner_role for item in messages}
    for department in DEPARTMENTS:
        assert "supervisor" in {item.owner_role for item in messages if item.wave == department}


@pytest.mark.parametrize("name", LARGE)
def test_messages_are_signed_by_those_who_send_them(name):
    items = {item.key.rsplit("/", 1)[-1]: item for item in rollout_of(name).items if item.wave == "sales"}
    assert items["team-talk"].text.endswith("Sara Sample")
    assert "Silas Signal" in items["team-talk"].text


def upstream(rollout: Rollout, item: Item) -> frozenset[str]:
    """Names of all gates before an item, without their phases."""
    return frozenset(gate.rsplit("/", 1)[-1] for gate in item.held_by)


@pytest.mark.parametrize(("name", "switch"), [("mfa", "switch"), ("m365", "start")])
def test_no_department_starts_without_its_own_head_the_sponsor_and_the_pilot(name, switch):
    rollout = rollout_of(name)
    switches = [item for item in rollout.items if item.key.endswith(f"/{switch}")]
    assert len(switches) == len(DEPARTMENTS)
    for item in switches:
        gates = upstream(rollout, item)
        assert {"sponsor-go", "broad-go", "ready", f"head-signoff-{item.wave}"} <= gates


@pytest.mark.parametrize("name", LARGE)
def test_preparing_a_department_does_not_wait_for_the_heads_of_others(name):
    rollout = rollout_of(name)
    assert any(
        item.wave == "sales" and "head-signoff-sales" in gates and "head-signoff-finance" not in gates
        for item in rollout.items
        for gates in (upstream(rollout, item),)
    )


def test_the_second_factor_is_enforced_only_after_registration_and_help_are_ready():
    rollout = rollout_of("mfa")
    after = {item.key: {wait.item for wait in item.after} for item in rollout.items}
    for department in DEPARTMENTS:
        before = set(ancestors(f"rings/wave-{department}/switch", after))
        wave = {f"rings/wave-{department}/{key}" for key in ("supervisor-briefing", "team-talk", "clinic", "keys")}
        assert wave <= before
        assert {"prepare/break-glass", "prepare/report-only", "prepare/desk-briefing", "pilot/ring-it"} <= before
        assert {"prepare/service-accounts", "pilot/executives", "strategy/works-council"} <= before


def ancestors(key: str, after: Mapping[str, set[str]]) -> Iterator[str]:
    found: set[str] = set()
    left = [key]
    while left:
        for before in after[left.pop()] - found:
            found.add(before)
            left.append(before)
            yield before


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("answers", [USUAL, EVERYTHING], ids=["usual", "everything"])
def test_fits_before_go_live_with_two_weeks_to_spare(name, answers):
    rollout = rollout_of(name, answers)
    calendar = WorkCalendar.of(rollout.calendar)
    schedule = plan_dates(rollout, calendar, TODAY)
    assert schedule.shortfalls == ()
    assert schedule.go_live == GO_LIVE[name]
    assert calendar.between(TODAY, schedule.start) >= 10
    assert calendar.between(TODAY, schedule.start) + calendar.between(schedule.start, schedule.go_live) <= 85


@pytest.mark.parametrize(("name", "shortest", "longest"), [("mfa", 40, 50), ("m365", 60, 70)])
def test_length_in_working_days(name, shortest, longest):
    rollout = rollout_of(name, USUAL)
    calendar = WorkCalendar.of(rollout.calendar)
    schedule = plan_dates(rollout, calendar, TODAY)
    assert shortest <= calendar.between(schedule.start, schedule.go_live) <= longest


@pytest.mark.parametrize("name", LARGE)
def test_departments_follow_each_other_and_the_last_is_go_live(name):
    rollout = rollout_of(name)
    calendar = WorkCalendar.of(rollout.calendar)
    days = plan_dates(rollout, calendar, TODAY).wave_days
    assert [calendar.between(days[a], days[b]) for a, b in pairwise(DEPARTMENTS)] == [5, 5]
    assert days[DEPARTMENTS[-1]] == GO_LIVE[name]


@pytest.mark.parametrize("name", LARGE)
def test_project_work_is_in_jira_department_work_in_planner_and_milestones_in_both(name):
    rollout = rollout_of(name)
    for item in rollout.items:
        if item.owner_role in {"department_head", "supervisor", "champion"}:
            assert item.home is Home.PLANNER, item.key
        if item.owner_role == "it" and item.kind is ItemKind.TASK:
            assert item.home is Home.JIRA, item.key
    both = {item.key.rsplit("/", 1)[-1] for item in rollout.items if item.home is Home.BOTH}
    assert 1 <= len(both) <= 2


@pytest.mark.parametrize("name", LARGE)
def test_playbooks_answer_known_problems_with_work_that_can_be_filled_in(name):
    document, rollout = template_of(name).document, rollout_of(name)
    assert len(document.playbooks) >= 6
    for book in document.playbooks:
        assert book.sign, book.when.problem
        assert book.ask, book.when.problem
        assert book.close_when, book.when.problem
        for work in book.create:
            title = fill_for(rollout, work.title, "sales")
            assert len(title) <= 120, book.when.problem
            assert "{{" not in title + fill_for(rollout, work.text, "sales"), book.when.problem


@pytest.mark.parametrize("name", LARGE)
def test_pulse_asks_supervisors_and_employees(name):
    pulse = template_of(name).document.pulse
    assert pulse is not None
    assert set(pulse.audience) == {"supervisor", "employee"}
    assert "why" in pulse.questions
    assert any(question.audience == ("supervisor",) for question in pulse.questions.values())


@pytest.mark.parametrize("name", LARGE)
def test_measures_take_their_targets_from_the_answers(name):
    extras = rollout_of(name, {**EVERYTHING, "ticket_limit": "7"}).extras
    measures = extras["measures"]
    assert isinstance(measures, list)
    assert {measure["key"]: measure["target"] for measure in measures}["tickets"] == 7
