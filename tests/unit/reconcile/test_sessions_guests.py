"""Whom a session is for, where its template names roles and where it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from rollout_sync.model.rollout import ItemKind, Training
from rollout_sync.reconcile.sessions import guests_of
from rollout_sync.template.expand import expand
from rollout_sync.template.parameters import resolve
from rollout_sync.template.people import read_people
from rollout_sync.template.reading import read_template
from support.builders import make_department, make_item, make_person, make_rollout

FOLDER = Path(__file__).parents[3] / "templates"
TARA = make_person("Tara Trainer", roles=("trainer",))
FINANCE, SALES = make_department("finance"), make_department("sales")
PEOPLE = (
    TARA,
    make_person("Theo Tutor", roles=("trainer",)),
    make_person("Dario Deskman", roles=("service_desk",)),
    make_person("Frida Figures", roles=("department_head",), department="Finance"),
    make_person("Sam Seller", roles=("department_head",), department="Sales"),
    make_person("Stan Super", roles=("supervisor",), department="Finance"),
    make_person("Sara Sample", roles=("supervisor", "champion"), department="sales"),
    make_person("Emma Employee", roles=("employee",), department="Finance"),
)
TO_ALL, TO_FINANCE = "prepare/briefing", "enforce/wave-finance/briefing"


def invited(*roles, key=TO_ALL, people=PEOPLE, **over):
    """First names of the guests."""
    wave = "finance" if "wave" in key else None
    training = Training(minutes=45, invites=roles)
    usual = {"kind": ItemKind.TRAINING, "owner": TARA, "training": training, "wave": wave}
    item = make_item(key, **{**usual, **over})
    rollout = make_rollout((item,), departments=(FINANCE, SALES), people=people)
    return [guest.name.partition(" ")[0] for guest in guests_of(item, rollout)]


@pytest.mark.parametrize(
    ("key", "roles", "names"),
    [
        (TO_ALL, ("department_head",), ["Frida", "Sam"]),
        (TO_ALL, ("service_desk",), ["Dario"]),
        (TO_ALL, ("champion", "department_head"), ["Frida", "Sam", "Sara"]),
        (TO_FINANCE, ("department_head",), ["Frida"]),
        (TO_FINANCE, ("supervisor",), ["Stan"]),
        (TO_FINANCE, ("service_desk", "supervisor"), ["Dario", "Stan"]),
        ("prepare/briefing-sales", ("department_head", "employee"), ["Sam"]),
    ],
)
def test_people_with_a_role_that_the_session_names_are_invited(key, roles, names):
    assert invited(*roles, key=key) == names


def test_without_roles_those_who_learn_are_invited_and_else_the_head():
    assert invited() == ["Emma", "Sara", "Stan"]
    assert invited(key=TO_FINANCE) == ["Emma", "Stan"]
    assert invited(key=TO_FINANCE, people=PEOPLE[:5]) == ["Frida"]


def test_nobody_takes_the_place_of_a_named_role_that_nobody_plays():
    assert invited("champion", key=TO_FINANCE) == []


def test_who_belongs_to_no_department_learns_nothing_in_one_unless_named():
    people = (*PEOPLE, make_person("Nora Nowhere", roles=("employee",)))
    assert "Nora" not in invited(key=TO_FINANCE, people=people)
    assert invited("employee", key=TO_FINANCE, people=people) == ["Emma", "Nora"]


def test_the_host_is_no_guest_of_their_own_session_and_nobody_is_invited_twice():
    frida = PEOPLE[3]
    again = replace(frida, email=frida.email.upper(), roles=("trainer",), department=None)
    assert invited("trainer") == ["Theo"]
    assert invited("trainer", "department_head", people=(*PEOPLE, again)) == ["Frida", "Sam", "Theo"]
    assert invited("department_head", owner=frida) == ["Sam"]


HEADS = ["Frida", "Otto", "Sam"]
DESK = ["Desmond"]
SESSIONS = {
    "mfa": {
        "head-briefing": HEADS,
        "desk-briefing": DESK,
        "supervisor-briefing finance": ["Felix"],
        "clinic finance": ["Emma", "Felix"],
        "clinic sales": ["Sara"],
    },
    "m365": {
        "head-briefing": HEADS,
        "bootcamp": ["Flora", "Owen", "Silas"],
        "desk": DESK,
        "seminar finance": ["Emma", "Felix"],
        "seminar operations": ["Olga"],
    },
}


def shipped(name):
    """A rollout of a template of the package, for its made-up people, one more of the desk and one who only learns."""
    rows = "Desmond Dial,desmond@example.com,service_desk,,\nEmma Employee,emma@example.com,employee,Finance,\n"
    people = read_people((FOLDER / "people.csv").read_bytes() + rows.encode(), "people.csv")
    template = read_template((FOLDER / f"{name}.yaml").read_bytes(), name)
    answers = {"company": "Example Works", "freeze_from": "2026-12-21", "freeze_to": "2027-01-03"}
    given = {key: value for key, value in answers.items() if key in template.document.parameters}
    return expand(
        template, resolve(template.document, given), people, name="A rollout", go_live=date(2027, 4, 1)
    ).rollout


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions_of_the_shipped_templates_invite_those_they_are_for(name):
    rollout = shipped(name)
    found = {
        " ".join(filter(None, (item.key.rsplit("/", 1)[-1], item.wave))): [
            guest.name.partition(" ")[0] for guest in guests_of(item, rollout)
        ]
        for item in rollout.items
        if item.kind is ItemKind.TRAINING
    }
    assert {key: found[key] for key in SESSIONS[name]} == SESSIONS[name]
