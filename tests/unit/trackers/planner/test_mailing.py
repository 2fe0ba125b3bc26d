"""Mails through Graph: the message as it is, drafts that are found again, and refusals with their next step."""

from __future__ import annotations

import base64
from email.message import EmailMessage

import pytest

from rollout_sync.errors import AccessDenied, ConfigError
from rollout_sync.model.mail import Channel, ChannelShut, Parcel
from rollout_sync.model.operations import Done, InDoubt, Refused
from rollout_sync.sandbox.seed import COORDINATOR
from rollout_sync.trackers.planner.access import SignIn
from rollout_sync.trackers.planner.mailing import MOST_BYTES, PROPERTY, GraphMail
from rollout_sync.trackers.post import Place, Trail

SAM = "sam.seller@example.com"
BOX = f"/users/{COORDINATOR}"
PATH = BOX.replace("@", "%40")
PIXEL = b"\x89PNG\r\n\x1a\n"


def message(event="event-1", to=SAM, sender=COORDINATOR, extra=0):
    made = EmailMessage()
    made["From"] = f"Rollouts <{sender}>"
    made["To"] = f"Sam <{to}>"
    made["Subject"] = "Grüße: week 49"
    made["Message-ID"] = f"<{event}@example.com>"
    made["X-Rollout-Sync-Event"] = event
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content("Plain\n")
    made.add_alternative("<p>Rich <img src='cid:trend'></p>", subtype="html")
    made.get_payload()[1].add_related(PIXEL + b"x" * extra, "image", "png", cid="<trend>")
    return made


def parcel(event="event-1", to=SAM, **over):
    return Parcel(
        event=event,
        sender=COORDINATOR,
        to=to,
        message_id=f"{event}@example.com",
        content=message(event, to, **over).as_bytes(),
    )


@pytest.fixture
def direct(lab):
    return GraphMail(lab.client, sender=COORDINATOR, is_person=False, drafts=False)


@pytest.fixture
def drafts(lab):
    return GraphMail(lab.client, sender=COORDINATOR, is_person=False, drafts=True).drafts


def folder(lab, name, box=BOX):
    select = "$select=id,subject,isDraft,body,internetMessageHeaders,attachments,toRecipients"
    return lab.graph("GET", f"{box}/mailFolders/{name}/messages?{select}")["value"]


def test_a_mail_goes_out_as_mime_with_its_headers_and_pictures(lab, direct):
    assert isinstance(direct.send(parcel()), Done)
    assert lab.requests() == [f"POST {PATH}/sendMail"]
    (kept,) = folder(lab, "sentitems")
    assert kept["subject"] == "Grüße: week 49"
    assert kept["body"]["contentType"] == "html"
    assert {"name": "X-Rollout-Sync-Event", "value": "event-1"} in kept["internetMessageHeaders"]
    (picture,) = kept["attachments"]
    assert (picture["contentId"], base64.b64decode(picture["contentBytes"])) == ("trend", PIXEL)
    assert [one["subject"] for one in folder(lab, "inbox", f"/users/{SAM}")] == ["Grüße: week 49"]
    assert direct.channel is Channel.MAIL
    assert direct.drafts is None


def test_a_person_sends_from_their_own_mailbox(build_lab):
    lab = build_lab(kind=SignIn.DEVICE_CODE)
    post = GraphMail(lab.client, sender=COORDINATOR, is_person=True, drafts=False)
    assert isinstance(post.send(parcel()), Done)
    assert lab.requests() == ["POST /me/sendMail"]


@pytest.mark.parametrize(
    ("fault", "kind", "arrived"),
    [
        ({"kind": "drop_after"}, InDoubt, 1),
        ({"kind": "drop_before"}, InDoubt, 0),
        ({"kind": "504", "when": "after"}, InDoubt, 1),
        ({"kind": "503"}, InDoubt, 0),
        ({"kind": "html", "when": "after"}, InDoubt, 1),
        ({"kind": "html200"}, InDoubt, 0),
        ({"kind": "429", "retry_after": "4"}, Done, 1),
        ({"kind": "429", "retry_after": "900", "times": 99}, ChannelShut, 0),
        ({"kind": "forbidden"}, ChannelShut, 0),
        ({"kind": "token_expired"}, Done, 1),
    ],
)
def test_what_an_answer_means(lab, direct, fault, kind, arrived):
    lab.faults({"times": 1, **fault, "method": "POST", "route": "/graph/v1.0/users/*/sendMail"})
    outcome = direct.send(parcel())
    lab.faults()
    assert type(outcome) is kind
    assert len(folder(lab, "inbox", f"/users/{SAM}")) == arrived


def test_a_missing_right_is_named(lab, direct, drafts):
    lab.faults({"kind": "forbidden", "method": "POST", "route": "/graph/v1.0/users/**"})
    refused = direct.send(parcel())
    assert refused.again
    assert "Mail.Send (application)" in refused.hint
    assert COORDINATOR in refused.hint
    assert "Mail.ReadWrite (application)" in drafts.draft(parcel()).hint


def test_a_sender_that_is_no_mailbox(lab):
    post = GraphMail(lab.client, sender="nobody@example.com", is_person=False, drafts=False)
    outcome = post.send(parcel())
    assert isinstance(outcome, ChannelShut)
    assert "[mail] sender must be a mailbox" in outcome.hint


def test_another_sender_than_the_mailbox_is_explained(direct):
    outcome = direct.send(parcel(sender="frida.figures@example.com"))
    assert isinstance(outcome, ChannelShut)
    assert outcome.code == "ErrorSendAsDenied"
    assert "the right to send as" in outcome.hint


def test_a_mail_that_graph_would_not_take_is_not_sent(lab, direct, drafts):
    large = parcel(extra=MOST_BYTES)
    for outcome in (direct.send(large), drafts.draft(large)):
        assert isinstance(outcome, Refused)
        assert not isinstance(outcome, ChannelShut)
        assert not outcome.again
    assert lab.requests() == []


def test_a_recipient_that_is_refused_says_nothing_of_the_next(direct):
    outcome = direct.send(parcel(to="not-an-address"))
    assert type(outcome) is Refused
    assert not outcome.again


def test_without_a_sign_in_nothing_is_in_doubt(lab, direct, monkeypatch):
    def missing():
        raise ConfigError("the certificate cannot be read", hint="check it")

    monkeypatch.setattr(lab.tokens, "token", missing)
    assert direct.send(parcel()) == ChannelShut(reason="the certificate cannot be read", hint="check it")


def test_a_draft_is_marked_sent_and_found_at_each_step(lab, drafts):
    assert drafts.find({"event-1": ""}) == {"event-1": Trail(place=Place.ABSENT)}
    lab.requests()
    draft_id = drafts.draft(parcel()).remote.id
    assert lab.requests() == [f"POST {PATH}/messages", f"PATCH {PATH}/messages/{draft_id.replace('=', '%3D')}"]
    assert drafts.find({"event-1": ""}) == {"event-1": Trail(place=Place.DRAFT, remote=draft_id)}
    assert drafts.find({"event-1": draft_id, "event-2": ""})["event-2"].place is Place.ABSENT
    assert not folder(lab, "inbox", f"/users/{SAM}")
    assert isinstance(drafts.send_draft(draft_id), Done)
    assert drafts.find({"event-1": draft_id})["event-1"].place is Place.SENT
    assert drafts.find({"event-1": ""})["event-1"].place is Place.SENT
    assert len(folder(lab, "inbox", f"/users/{SAM}")) == 1


def test_a_draft_is_never_sent_twice(lab, drafts):
    draft_id = drafts.draft(parcel()).remote.id
    assert isinstance(drafts.send_draft(draft_id), Done)
    assert isinstance(drafts.send_draft(draft_id), Done)
    assert len(folder(lab, "inbox", f"/users/{SAM}")) == 1


def test_a_draft_that_is_gone_is_in_doubt(drafts):
    assert isinstance(drafts.send_draft("AAMk-gone"), InDoubt)


def test_a_draft_that_may_not_be_sent_is_refused(lab, drafts):
    draft_id = drafts.draft(parcel()).remote.id
    lab.faults({"kind": "forbidden", "method": "POST", "route": "/graph/v1.0/users/*/messages/*/send"})
    outcome = drafts.send_draft(draft_id)
    assert isinstance(outcome, ChannelShut)
    assert "Mail.Send" in outcome.hint


@pytest.mark.parametrize(
    ("fault", "place"), [({"kind": "drop_after"}, Place.SENT), ({"kind": "drop_before"}, Place.DRAFT)]
)
def test_a_lost_answer_to_sending_a_draft_is_cleared_up_by_a_look(lab, drafts, fault, place):
    draft_id = drafts.draft(parcel()).remote.id
    lab.faults({**fault, "method": "POST", "route": "/graph/v1.0/users/*/messages/*/send", "times": 1})
    assert isinstance(drafts.send_draft(draft_id), InDoubt)
    assert drafts.find({"event-1": draft_id})["event-1"].place is place


def test_a_draft_without_its_mark_is_no_draft(lab, drafts):
    lab.faults({"kind": "500", "method": "PATCH", "route": "/graph/v1.0/users/*/messages/*"})
    outcome = drafts.draft(parcel())
    assert isinstance(outcome, ChannelShut)
    lab.faults()
    lab.clock.sleep(60)  # the transport leaves a host alone that failed several times
    assert drafts.find({"event-1": ""})["event-1"].place is Place.ABSENT


def test_a_draft_that_a_person_threw_away_stays_away(lab, drafts):
    draft_id = drafts.draft(parcel()).remote.id
    kept = lab.world.store.get("graph.messages", draft_id)
    lab.world.store.put("graph.messages", draft_id, {**kept, "folder": "deleteditems"})
    assert drafts.find({"event-1": draft_id})["event-1"].place is Place.ABSENT


def test_where_a_mailbox_cannot_be_read_nothing_is_concluded(lab, drafts):
    lab.faults({"kind": "forbidden", "inner": "GET /users/*/mailFolders/*/messages"})
    with pytest.raises(AccessDenied) as caught:
        drafts.find({"event-1": ""})
    assert "Mail.ReadWrite" in caught.value.hint


def test_events_with_quotes_cannot_leave_the_filter(lab, drafts):
    hostile = "x') or (isDraft eq true"
    drafts.draft(parcel("event-1"))
    assert drafts.find({hostile: ""})[hostile].place is Place.ABSENT
    drafts.draft(parcel(hostile))
    assert drafts.find({hostile: ""})[hostile].place is Place.DRAFT


def test_many_events_are_looked_for_in_few_requests(lab, drafts):
    lab.requests()
    assert len(drafts.find({f"event-{n}": "" for n in range(30)})) == 30
    assert lab.requests() == ["POST /$batch"] * 3


def test_the_mark_is_in_the_documented_form():
    kind, guid, word, name = PROPERTY.split()
    assert (kind, word) == ("String", "Name")
    assert guid.strip("{}").count("-") == 4
    assert name.isalnum()
