"""Events of the sandbox: answers survive what does not move them, and a host may delete what they hold."""

from __future__ import annotations

import pytest

from rollout_sync.sandbox.world import World
from support.graph_desk import NOW, Desk

TARA, SAM, FRIDA = (f"{name}@example.com" for name in ("tara.trainer", "sam.seller", "frida.figures"))
PATH = f"/users/{TARA}/events"


def guest(email):
    return {"emailAddress": {"address": email, "name": email}}


@pytest.fixture
def desk():
    return Desk.at(World.open(None, frozen=NOW))


@pytest.fixture
def event(desk):
    start = {"dateTime": "2026-12-03T10:00:00", "timeZone": "Europe/Berlin"}
    made = desk.post(PATH, {"subject": "Clinic", "start": start, "end": start, "attendees": [guest(SAM), guest(FRIDA)]})
    desk.act(who=SAM, do="respond", event=made["id"], response="accepted")
    return made


def answers(desk, event):
    seen = desk.get(f"{PATH}/{event['id']}")["attendees"]
    return {one["emailAddress"]["address"]: one["status"]["response"] for one in seen}


def test_answers_survive_a_new_title_and_a_new_guest(desk, event):
    assert desk.ask("PATCH", f"{PATH}/{event['id']}", {"subject": "Clinic 2"}).status_code == 200
    more = [guest(SAM), guest(FRIDA), guest("otto.operator@example.com")]
    assert desk.ask("PATCH", f"{PATH}/{event['id']}", {"attendees": more}).status_code == 200
    assert answers(desk, event) == {SAM: "accepted", FRIDA: "none", "otto.operator@example.com": "none"}


def test_a_new_time_asks_everybody_again(desk, event):
    start = {"dateTime": "2026-12-04T10:00:00", "timeZone": "Europe/Berlin"}
    assert desk.ask("PATCH", f"{PATH}/{event['id']}", {"start": start, "end": start}).status_code == 200
    assert set(answers(desk, event).values()) == {"none"}


def test_a_host_deletes_an_event_and_a_guest_cannot(desk, event):
    refused = desk.client.post(
        "/_sandbox/act", json={"service": "planner", "who": SAM, "do": "delete-event", "event": event["id"]}
    )
    assert refused.status_code == 400
    desk.act(who=TARA, do="delete-event", event=event["id"])
    assert desk.ask("GET", f"{PATH}/{event['id']}").status_code == 404
