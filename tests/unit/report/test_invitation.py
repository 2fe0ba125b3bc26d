"""Calendar parts: right moments in any zone, one identity, a rising sequence, and nobody's name breaks a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from rollout_sync.model.rollout import ItemKey, RolloutId
from rollout_sync.model.sessions import SHOWN_TO_ALL, Guest, Session
from rollout_sync.reconcile.sessions import starts_at
from rollout_sync.report.invitation import News, Notice, mail_of, when
from rollout_sync.report.message import as_message

BERLIN = "Europe/Berlin"
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
ADA = Guest(email="ada@example.com", name="Ada Example")


@dataclass(frozen=True)
class From:
    """Section `[mail]`."""

    sender: str = "agent@example.com"
    sender_name: str = "Rollout agent"
    reply_to: str = ""
    unsubscribe: str = ""


def session(**over):
    starts = starts_at(datetime(2027, 3, 29, tzinfo=UTC).date(), over.pop("zone", BERLIN))
    usual = {
        "item": ItemKey("enforce/wave-finance/clinic"),
        "title": "Registration clinic",
        "text": "Bring your phone.\n\nSmall change at Example.",
        "starts": starts,
        "ends": starts + timedelta(minutes=30),
        "zone": starts.tzinfo.key,
        "host": Guest(email="tara@example.com", name="Tara Trainer"),
        "guests": (ADA, Guest(email="bo@example.com", name="Bo Example")),
        "seats": 20,
    }
    return Session(**{**usual, **over})


def notice(news=News.INVITED, sequence=0, **over):
    return Notice(
        news=news,
        session=session(**over),
        uid="5f2c1d3e-0000-5000-8000-000000000001",
        sequence=sequence,
        rollout=RolloutId("small-2027"),
        name="Small 2027",
        at=NOW,
    )


def event_in(mail):
    (event,) = Calendar.from_ical(mail.invitation.ics).walk("VEVENT")
    return event


def test_a_request_has_all_that_a_calendar_asks_for():
    mail = mail_of(notice(), ADA, From())
    event = event_in(mail)
    assert Calendar.from_ical(mail.invitation.ics)["METHOD"] == mail.invitation.method == "REQUEST"
    assert event["UID"] == "5f2c1d3e-0000-5000-8000-000000000001"
    assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")
    assert event.decoded("dtstart") == datetime(2027, 3, 29, 8, tzinfo=UTC)
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=30)
    assert event.decoded("dtstamp") == NOW
    assert event["ORGANIZER"] == "mailto:agent@example.com"
    assert [str(one) for one in event["ATTENDEE"]] == [
        "mailto:tara@example.com",
        "mailto:ada@example.com",
        "mailto:bo@example.com",
    ]
    assert {one.params["RSVP"] for one in event["ATTENDEE"]} == {"TRUE"}
    assert mail.subject == ("Invitation: Registration clinic, Mon 29 Mar 2027, 10:00 to 10:30 (Europe/Berlin)")


def test_a_cancellation_speaks_of_one_guest_with_the_same_identity():
    event = event_in(mail_of(notice(News.CANCELLED, sequence=3), ADA, From()))
    assert (event["STATUS"], event["SEQUENCE"], str(event["ATTENDEE"])) == ("CANCELLED", 3, "mailto:ada@example.com")


def test_in_a_large_session_each_sees_only_themselves():
    many = tuple(Guest(email=f"p{n}@example.com") for n in range(SHOWN_TO_ALL + 1))
    assert str(event_in(mail_of(notice(guests=many), many[3], From()))["ATTENDEE"]) == "mailto:p3@example.com"


@pytest.mark.parametrize(
    ("zone", "day", "utc"),
    [
        (BERLIN, "2027-03-27", 9),  # the clocks go forward in the night to the 28th
        (BERLIN, "2027-03-28", 8),
        (BERLIN, "2027-10-30", 8),
        (BERLIN, "2027-10-31", 9),
        ("America/New_York", "2027-03-13", 15),
        ("America/New_York", "2027-03-14", 14),
        ("Australia/Sydney", "2027-04-03", 23),  # the evening before, in UTC
        ("Asia/Kolkata", "2027-06-01", 4),
    ],
)
def test_ten_oclock_is_ten_oclock_on_both_sides_of_a_change_of_clocks(zone, day, utc):
    starts = starts_at(datetime.fromisoformat(day).date(), zone)
    event = event_in(mail_of(notice(starts=starts, ends=starts + timedelta(hours=1), zone=zone), ADA, From()))
    found = event.decoded("dtstart")
    assert found.hour == utc
    assert found.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") == f"{day} 10:00"


def test_the_same_news_have_the_same_identity_and_other_news_another():
    first, same = mail_of(notice(), ADA, From()), mail_of(replace(notice(), at=NOW + timedelta(days=1)), ADA, From())
    assert (first.event, first.message_id) == (same.event, same.message_id)
    others = [
        mail_of(notice(sequence=1), ADA, From()),
        mail_of(notice(News.CANCELLED), ADA, From()),
        mail_of(notice(), Guest(email="bo@example.com"), From()),
    ]
    assert len({first.event, *(one.event for one in others)}) == 4


NASTY = 'x, y; z: "q"\r\nATTENDEE:mailto:evil@example.com\r\nBEGIN:VALARM\\n\x00\u2028<script>alert(1)</script>'


def lines_of(ics):
    return ics.encode().split(b"\r\n")


@pytest.mark.parametrize("news", News)
def test_hostile_names_and_titles_stay_inside_their_lines(news):
    ics = mail_of(
        notice(news, title=NASTY, text=NASTY, host=Guest(email="t@example.com", name=NASTY)),
        Guest(email="ada@example.com", name=NASTY),
        From(sender_name=NASTY),
    ).invitation.ics
    event = event_in(mail_of(notice(news, title=NASTY), ADA, From()))
    assert not [line for line in lines_of(ics) if line.startswith((b"ATTENDEE:", b"BEGIN:VALARM"))]
    assert "x, y; z" in str(event["SUMMARY"])
    assert ics.count("BEGIN:VEVENT") == ics.count("END:VEVENT") == 1
    html = mail_of(notice(news, title=NASTY), ADA, From()).html
    assert "<script>" not in html


@given(st.text(max_size=300), st.text(max_size=2000), st.text(max_size=120))
def test_any_text_survives_the_way_there_and_back(title, text, name):
    made = notice(title=title, text=text, host=Guest(email="t@example.com", name=name))
    mail = mail_of(made, Guest(email="ada@example.com", name=name), From())
    lines = lines_of(mail.invitation.ics)
    assert all(len(line) <= 75 for line in lines)
    assert b"\r" not in b"".join(lines)
    assert b"\n" not in b"".join(lines)
    (event,) = Calendar.from_ical(mail.invitation.ics).walk("VEVENT")
    assert event.to_ical() == Calendar.from_ical(event.to_ical()).to_ical()
    assert set(event) == {
        "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "STATUS", "TRANSP", "ORGANIZER",
        "ATTENDEE",
    }  # fmt: skip
    assert not event.subcomponents


def test_the_message_carries_words_page_and_calendar():
    mail = mail_of(notice(), ADA, From())
    message = message_from_bytes(as_message(mail, From(), NOW).as_bytes(), policy=policy.default)
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    (part,) = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "REQUEST"
    assert part.get_content().replace("\r\n", "\n") == mail.invitation.ics.replace("\r\n", "\n")
    assert "Bring your phone." in mail.text
    assert when(session()) in mail.text
