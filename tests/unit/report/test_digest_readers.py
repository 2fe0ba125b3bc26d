"""Who is told of what: roles, departments, the settings' own readers, one person in several rollouts."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from rollout_sync.config.settings import Cadence
from rollout_sync.model.rollout import RolloutId
from rollout_sync.report.readers import Reader, readers_of
from support.builders import make_department, make_person, make_rollout
from support.digests import extra, settings

FINANCE, SALES = make_department("finance"), make_department("sales")
FRIDA = make_person("Frida Figures", roles=("department_head",), department="Finance")
SAM = make_person("Sam Seller", roles=("supervisor",), department="Sales")
SONJA = make_person("Sonja Sponsor", roles=("sponsor",))
CORA = make_person("Cora Coordinator", roles=("coordinator",))
IVAN = make_person("Ivan Itwork", roles=("it",))
ROLLOUT = make_rollout(departments=(FINANCE, SALES), people=(FRIDA, SAM, SONJA, CORA, IVAN))
SECOND = replace(ROLLOUT, id=RolloutId("crm"), name="CRM", people=(replace(FRIDA, roles=("coordinator",)), SAM))


def told(*rollouts, config=None) -> dict[str, Reader]:
    return {one.email: one for one in readers_of(rollouts or (ROLLOUT,), config or settings())}


def test_roles_decide_who_is_told_how_often_and_of_what():
    found = told()
    assert {one.name: (one.every, one.seats[0].departments, one.seats[0].roles) for one in found.values()} == {
        "Cora Coordinator": (Cadence.DAILY, None, ("coordinator",)),
        "Frida Figures": (Cadence.WEEKLY, ("finance",), ("department_head",)),
        "Sam Seller": (Cadence.WEEKLY, ("sales",), ("supervisor",)),
        "Sonja Sponsor": (Cadence.WEEKLY, None, ("sponsor",)),
    }
    assert list(found) == sorted(found)


def test_time_zone_day_and_heartbeat_are_those_of_the_settings():
    config = settings(weekday=4, time=time(7, 30), zone="America/New_York", heartbeat=True)
    frida = told(config=config)[FRIDA.email]
    assert (frida.weekday, frida.time, frida.zone, frida.heartbeat) == (4, time(7, 30), "America/New_York", True)


@pytest.mark.parametrize("department", [None, "Warehouse"], ids=["none", "takes no part"])
def test_a_head_without_a_department_in_the_rollout_is_not_told(department):
    rollout = replace(ROLLOUT, people=(replace(FRIDA, department=department),))
    assert told(rollout) == {}


def test_another_role_that_is_told_sees_its_department_or_all():
    config = settings(roles={"it": Cadence.MONTHLY, "champion": Cadence.WEEKLY})
    champion = make_person("Flora Folio", roles=("champion",), department="finance")
    found = told(replace(ROLLOUT, people=(IVAN, champion)), config=config)
    assert found[IVAN.email].seats[0].departments is None
    assert found[champion.email].seats[0].departments == ("finance",)


def test_several_roles_see_together_and_the_most_frequent_counts():
    both = replace(FRIDA, roles=("department_head", "coordinator", "it"))
    found = told(replace(ROLLOUT, people=(both,)))[FRIDA.email]
    assert (found.every, found.seats[0].departments) == (Cadence.DAILY, None)
    assert found.seats[0].roles == ("department_head", "coordinator")


def test_a_role_that_is_set_to_never_is_not_told():
    config = settings(roles={"sponsor": Cadence.NEVER, "coordinator": Cadence.WEEKLY})
    assert set(told(config=config)) == {CORA.email}


def test_one_reader_in_two_rollouts_has_two_seats():
    frida = told(ROLLOUT, SECOND)[FRIDA.email]
    assert [(one.rollout, one.departments) for one in frida.seats] == [("mfa-2027", ("finance",)), ("crm", None)]
    assert frida.every is Cadence.DAILY
    assert frida.seat(RolloutId("other")) is None


def test_a_reader_of_the_settings_sees_the_rollouts_and_departments_that_it_names():
    config = settings(
        extra("board@example.com", name="The board"),
        extra("audit@example.com", rollouts=("crm",), departments=("SALES", "unknown")),
        extra("nobody@example.com", departments=("Unknown",)),
    )
    found = told(ROLLOUT, SECOND, config=config)
    assert [one.rollout for one in found["board@example.com"].seats] == ["mfa-2027", "crm"]
    assert found["board@example.com"].seats[0].departments is None
    assert [(one.rollout, one.departments) for one in found["audit@example.com"].seats] == [("crm", ("sales",))]
    assert found["audit@example.com"].name == "audit@example.com"
    assert "nobody@example.com" not in found


def test_the_same_address_overrides_the_rhythm_and_keeps_what_the_roles_see():
    config = settings(extra("FRIDA.figures@Example.com", every=Cadence.DAILY, time=time(6), heartbeat=True))
    frida = told(config=config)[FRIDA.email]
    assert (frida.every, frida.time, frida.heartbeat, frida.name) == (Cadence.DAILY, time(6), True, "Frida Figures")
    assert (frida.seats[0].departments, frida.seats[0].roles) == (("finance",), ("department_head",))


def test_departments_of_the_settings_override_those_of_the_roles():
    config = settings(extra(FRIDA.email, departments=("Finance", "Sales")))
    assert told(config=config)[FRIDA.email].seats[0].departments == ("finance", "sales")


def test_never_leaves_a_person_out_of_all_or_of_the_named_rollouts():
    assert FRIDA.email not in told(ROLLOUT, SECOND, config=settings(extra(FRIDA.email, every=Cadence.NEVER)))
    some = told(ROLLOUT, SECOND, config=settings(extra(FRIDA.email, every=Cadence.NEVER, rollouts=("CRM",))))
    assert [one.rollout for one in some[FRIDA.email].seats] == ["mfa-2027"]
    assert "stranger@example.com" not in told(config=settings(extra("stranger@example.com", every=Cadence.NEVER)))


def test_names_are_taken_from_where_they_are_known():
    config = settings(extra(IVAN.email.upper()), extra("Late@example.com"), extra("new@example.com", name="Nora New"))
    found = told(config=config)
    names = {IVAN.email: IVAN.name, "late@example.com": "late@example.com", "new@example.com": "Nora New"}
    assert {email: found[email].name for email in names} == names
