"""Digests as mails: the subject, the plain text, HTML that mail clients understand, headers that nobody can break."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_sync.errors import ConfigError
from rollout_sync.health.forecast import Basis
from rollout_sync.health.review import Colour
from rollout_sync.model.mail import Invitation, Mail, MailKind, Picture
from rollout_sync.model.rollout import RolloutId
from rollout_sync.report.digest import Digest, digest_of
from rollout_sync.report.mail import as_message, digest_mail, preview_html, reminder_mail
from rollout_sync.report.mail_pictures import picture_of
from rollout_sync.report.readers import Seat
from rollout_sync.report.reminders import reminders_of
from support.digests import (
    COORDINATOR,
    HEAD,
    OTHER_HEAD,
    SENDER,
    SPONSOR,
    digest,
    made,
    reader,
    told_before,
    usual_case,
)
from support.hostile import HOSTILE, Seen, hostile_made
from support.pictured import NOW, WAITING, a_view

SENT = datetime(2027, 2, 8, 7, 30, 12, 345, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def usual(who: str = HEAD) -> Digest:
    return digest(reader(who), made(), told_before(reader(who)))


@pytest.fixture(scope="module")
def mail() -> Mail:
    return digest_mail(usual(), SENDER)


# Subject and text ---------------------------------------------------------------------------------------------------


def test_the_subject_says_colour_trend_what_is_owed_and_when():
    assert digest_mail(usual(), SENDER).subject == (
        "[AMBER v] MFA 2027 - Operations: 1 decision for you, go-live 1 Mar (62 %)"
    )
    assert digest_mail(usual(SPONSOR), SENDER).subject == "[AMBER v] MFA 2027: go-live 1 Mar (62 %)"
    first = digest(reader(OTHER_HEAD), made())
    assert digest_mail(first, SENDER).subject == "[AMBER] MFA 2027 - Finance: go-live 1 Mar (62 %)"


def test_the_subject_of_several_rollouts_names_the_worst():
    second = replace(usual_case().rollout, id=RolloutId("crm"), name="CRM")
    both = [made(), made(case=replace(usual_case(), rollout=second), name="CRM", colour=Colour.RED)]
    seats = tuple(Seat(rollout=one.case.rollout.id) for one in both)
    found = digest_of(reader(HEAD, seats=seats), both, None, NOW, "2027-W06")
    assert found is not None
    assert digest_mail(found, SENDER).subject == "[RED] CRM and 1 more: 2 decisions for you, go-live 1 Mar (62 %)"


def test_a_rollout_that_is_live_says_since_when():
    forecast = a_view().review.forecast
    assert forecast is not None
    live = made(forecast=replace(forecast, basis=Basis.FINISHED), colour=Colour.GREEN)
    found = digest_mail(digest(reader(OTHER_HEAD), live), SENDER)
    assert found.subject == "[GREEN] MFA 2027 - Finance: live since 26 Feb"
    assert "Live since:" in found.text


def test_a_heartbeat_is_one_line():
    who = reader(OTHER_HEAD, heartbeat=True)
    found = digest_of(who, [made()], digest(who, made()).kept(None, "one@example.com"), NOW, "2027-W07")
    assert found is not None
    mail = digest_mail(found, SENDER)
    assert mail.subject == "[AMBER =] MFA 2027 - Finance: nothing new, go-live 1 Mar (62 %)"
    assert mail.text.startswith(
        "Nothing changed since 8 Feb, and nothing waits for you.\n\n"
        "- MFA 2027 - Finance: amber, go-live 1 Mar (62\u00a0%)\n\n-- \n"
    )


def test_the_plain_text_is_complete(mail):
    assert mail.text == GOLDEN


GOLDEN = """\
MFA 2027 - Operations
=====================
Amber because approvals: 'Green light of Operations' waits 1.4 times its
agreed time; go-live 1 Mar 62 % likely.

YOU OWE 1 DECISION
* Green light of Operations
  3 working days overdue (due Wed 3 Feb 2027).
  38 items wait, the first planned for 22 Jan; Sonja Sponsor is told.
  https://boards.example.com/planner/task/111

CHANGED SINCE MON 1 FEB
- The rollout is amber now, it was green.
- 1 Mar is 62\u00a0% likely, was 80\u00a0%; even odds by 26 Feb, was 22 Feb.
- Approvals turned amber, was green.
- 2 more items are late: 3 now.
- 1 new finding, listed below.

DATES
First agreed:  22 Feb
Agreed now:    1 Mar (moved once)
Forecast:      26 Feb \u2013 4 Mar (50 to 80\u00a0% sure)
Live by 1 Mar: 62\u00a0% (70\u00a0% with grace)
Your turn:     Operations 1 Mar

SIGNALS
- Schedule: GREEN 91. 2 of 36 due items are late.
- Forecast: AMBER 62. 62\u00a0% likely by 1 Mar, 70\u00a0% with 3 days of grace.
- Approvals: AMBER 55. 'Green light of Operations' waits 1.4 times its
  agreed time.
Not measured yet: Feedback.

TO KNOW
- New: 'Find 5 volunteers in Operations' was started before its green
  light. Agree with Operations that it may go on, or set it back to To
  Do.

--\x20
Data as of: Jira 8 Feb, 08:05; Planner 8 Feb, 05:30 (Europe/Berlin).
The colour is that of the worst signal that counts; scores run from 0 to
100.
You get this every Monday from 08:00 (Europe/Berlin) as department head.
To change how often you get it, or to leave, write to leave@example.com.
"""


@pytest.mark.parametrize("who", [HEAD, OTHER_HEAD, SPONSOR, COORDINATOR])
def test_the_text_is_readable_at_72_columns_and_says_what_the_html_says(who):
    mail = digest_mail(usual(who), SENDER)
    assert max(len(line) for line in mail.text.splitlines()) <= 72
    shown, plain = Seen(mail.html).text, " ".join(mail.text.split())
    section = usual(who).sections[0]
    for words in (section.status, *(one.words for one in section.changes), "leave@example.com"):
        assert " ".join(words.split()) in shown
        assert " ".join(words.split()) in plain


def test_what_is_not_listed_is_counted_in_text_and_html():
    who, last = reader(COORDINATOR), told_before(reader(COORDINATOR))
    more = digest(who, made(), last).sections[0].more_changes
    mail = digest_mail(digest(who, made(), last), SENDER)
    words = f"and {more} more change{'' if more == 1 else 's'}"
    assert more
    assert f"\n- {words}\n" in mail.text
    assert words in Seen(mail.html).text
    assert "more change" not in digest_mail(usual(HEAD), SENDER).text + digest_mail(usual(HEAD), SENDER).html


# HTML ---------------------------------------------------------------------------------------------------------------


def test_the_html_is_whole_self_contained_and_without_script(mail):
    seen = Seen(mail.html)
    assert (seen.wrong, seen.open) == ([], [])
    tags = {tag for tag, _ in seen.elements}
    assert not tags & {"script", "iframe", "object", "embed", "form", "link", "base", "video", "svg", "img"}
    assert not [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|http://", mail.html)
    assert all(one["href"].startswith(("https://", "mailto:")) for one in seen.all("a"))
    assert len(seen.all("h1")) == 1


def test_styles_stand_at_the_elements_and_dark_windows_are_thought_of(mail):
    seen = Seen(mail.html)
    cells = [one for tag, one in seen.elements if tag in {"td", "th"}]
    assert all("color" in (one.get("style") or "") for one in cells)
    (style,) = re.findall(r"<style>(.*?)</style>", mail.html, re.DOTALL)
    assert "prefers-color-scheme" in style
    assert re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", style).strip() == ""
    assert "<!--[if mso]>" in mail.html


@pytest.mark.parametrize("who", [HEAD, OTHER_HEAD, SPONSOR, COORDINATOR])
def test_a_usual_mail_is_small(who):
    assert len(digest_mail(usual(who), SENDER).html.encode()) < 25_000


def test_many_rollouts_stay_below_what_mail_clients_cut_off():
    every = []
    for number in range(40):
        rollout = replace(usual_case().rollout, id=RolloutId(f"r{number}"), name=f"Rollout {number}")
        every.append(made(case=replace(usual_case(), rollout=rollout), name=rollout.name))
    seats = tuple(Seat(rollout=one.case.rollout.id) for one in every)
    found = digest_of(reader(HEAD, seats=seats), every, None, NOW, "2027-W06")
    assert found is not None
    mail = digest_mail(found, SENDER)
    assert len(mail.html.encode()) < 100_000
    assert mail.subject.startswith("[AMBER] Rollout 0 and 39 more: 40 decisions for you")
    for number in range(40):
        assert f"Rollout {number}" in mail.text
        assert re.search(rf"Rollout {number}[<:]", mail.html)


def test_hostile_texts_of_many_rollouts_stay_below_it_too():
    every = []
    for number in range(40):
        odd = hostile_made()
        every.append(
            replace(odd, case=replace(odd.case, rollout=replace(odd.case.rollout, id=RolloutId(f"r{number}"))))
        )
    seats = tuple(Seat(rollout=one.case.rollout.id, roles=("coordinator",)) for one in every)
    found = digest_of(reader(HEAD, seats=seats), every, None, NOW, "2027-W06")
    assert found is not None
    assert len(digest_mail(found, SENDER).html.encode()) < 100_000


def test_the_same_digest_gives_the_same_mail(mail):
    assert digest_mail(usual(), SENDER) == mail


def test_a_picture_goes_along_where_it_is_wanted():
    real = replace(made(), case=a_view().case, review=a_view().review)
    pictures = {real.case.rollout.id: picture_of(real)}
    mail = digest_mail(digest(reader(HEAD), real), SENDER, pictures)
    (picture,) = mail.pictures
    assert picture.content.startswith(b"\x89PNG")
    assert len(picture.content) < 80_000
    assert f'src="cid:{picture.name}"' in mail.html
    assert picture.words[:40] in Seen(mail.html).all("img")[0]["alt"]
    assert "cid:" not in preview_html(mail)
    assert "data:image/png;base64,iVBOR" in preview_html(mail)


# Message ------------------------------------------------------------------------------------------------------------


def parsed(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert found.defects == []
    return found


def written(part: EmailMessage) -> str:
    """The text of a part with the line ends of this machine."""
    return part.get_content().replace("\r\n", "\n")


def test_the_message_has_the_headers_that_keep_mailboxes_quiet(mail):
    message = parsed(as_message(mail, SENDER, SENT).as_bytes())
    assert {name: str(message[name]) for name in message if name != "Content-Type"} == {
        "From": "Rollout agent <rollouts@example.com>",
        "To": "Otto Operator <otto.operator@example.com>",
        "Subject": mail.subject,
        "Date": "Mon, 08 Feb 2027 07:30:12 +0000",
        "Message-ID": f"<{mail.event}@example.com>",
        "In-Reply-To": "<before@example.com>",
        "References": f"<{mail.thread}@example.com> <before@example.com>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Rollout-Sync-Event": mail.event,
        "List-Unsubscribe": "<mailto:leave@example.com?subject=unsubscribe>",
        "Content-Language": "en",
        "MIME-Version": "1.0",
    }


def test_the_message_holds_text_html_picture_and_invitation(mail):
    whole = replace(
        mail,
        pictures=(Picture(name="fan", content=PNG, words="A fan"),),
        invitation=Invitation(method="REQUEST", ics="BEGIN:VCALENDAR\r\nSUMMARY:Größe\r\nEND:VCALENDAR\r\n"),
    )
    message = parsed(as_message(whole, SENDER, SENT).as_bytes())
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/calendar",
    ]
    parts = {part.get_content_type(): part for part in message.walk()}
    assert written(parts["text/plain"]) == mail.text
    assert written(parts["text/html"]) == mail.html
    assert parts["image/png"].get_content() == PNG
    assert parts["image/png"]["Content-ID"] == "<fan>"
    assert parts["image/png"]["Content-Disposition"].startswith("inline")
    assert parts["text/calendar"]["Content-Type"].params["method"] == "REQUEST"
    assert "SUMMARY:Größe" in parts["text/calendar"].get_content()


def test_the_same_mail_at_the_same_moment_is_the_same_bytes(mail):
    assert as_message(mail, SENDER, SENT).as_bytes() == as_message(mail, SENDER, SENT).as_bytes()


def test_lines_end_and_are_as_long_as_servers_want_them(mail):
    raw = as_message(mail, SENDER, SENT).as_bytes()
    assert max(len(line) for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n")) <= 78
    assert max(len(line) for line in raw.split(b"\r\n")) < 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_answers_go_where_they_are_wanted(mail):
    message = as_message(mail, replace(SENDER, reply_to="team@example.com"), SENT)
    assert message["Reply-To"] == "team@example.com"
    assert as_message(mail, SENDER, SENT)["Reply-To"] is None


def test_without_a_sender_a_mail_can_still_be_looked_at():
    nobody = replace(SENDER, sender="", reply_to="", unsubscribe="")
    mail = digest_mail(usual(), nobody)
    assert mail.message_id.endswith("@rollout-sync.invalid")
    assert as_message(mail, nobody, SENT)["From"] == "Rollout agent <rollout-sync@rollout-sync.invalid>"


def test_addresses_beyond_ascii_are_kept(mail):
    abroad = replace(mail, to="jürgen@bücher.example")
    message = as_message(abroad, SENDER, SENT)
    assert "jürgen@xn--bcher-kva.example".encode() in message.as_bytes()


@pytest.mark.parametrize(
    "address",
    ["", "otto", "a@b\r\nBcc: x@example.com", "a b@example.com", "a@b, c@d", "<a@b>", "a@" + "b" * 70 + "ü.example"],
)
def test_what_is_no_address_is_refused(mail, address):
    with pytest.raises(ConfigError, match="address"):
        as_message(replace(mail, to=address), SENDER, SENT)


# Hostile texts ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile() -> Mail:
    return digest_mail(digest(reader(HEAD), hostile_made(), told_before(reader(HEAD))), SENDER)


def test_hostile_texts_stay_texts_in_the_html(hostile):
    seen = Seen(hostile.html)
    assert (seen.wrong, seen.open) == ([], [])
    assert not {tag for tag, _ in seen.elements} & {"script", "img", "svg", "textarea", "base"}
    assert not [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]
    assert len(seen.all("h1")) == 1
    assert "</style></title></td></table><h1>Out</h1><base href='https://example.org/'>" in seen.text
    assert "{{ 7*7 }} {% raw %} &lt;b&gt;" in seen.text
    assert all(one["href"].startswith("mailto:") for one in seen.all("a"))


def test_hostile_texts_are_one_line_in_headers_and_text(hostile):
    message = parsed(as_message(replace(hostile, to_name=HOSTILE[4]), SENDER, SENT).as_bytes())
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\ud800]", hostile.text + hostile.subject + hostile.html)
    assert message["Subject"] == hostile.subject
    assert [one.addr_spec for one in message["To"].addresses] == [HEAD]


ODD = st.text(st.characters(codec=None), max_size=80) | st.sampled_from(HOSTILE)


@settings(max_examples=25)
@given(name=ODD, title=ODD, person=ODD, sentence=ODD, sender=ODD)
def test_whatever_people_write_headers_html_and_text_hold(name, title, person, sentence, sender):
    usual_made = made(name=name, sentence=sentence)
    states = usual_made.case.snapshot.items
    items = {**states, WAITING: replace(states[WAITING], title=title)}
    case = replace(usual_made.case, snapshot=replace(usual_made.case.snapshot, items=items))
    who = reader(HEAD, name=person)
    told = digest(who, replace(usual_made, case=case), told_before(who))
    late = reminders_of(replace(usual_made, case=case))
    own = replace(SENDER, sender_name=sender)
    for mail in (digest_mail(told, own), *(reminder_mail(one, own, "UTC") for one in late)):
        seen = Seen(mail.html)
        assert (seen.wrong, seen.open) == ([], [])
        assert "\r" not in mail.subject + mail.text
        assert "\n" not in mail.subject
        message = parsed(as_message(mail, own, SENT).as_bytes())
        assert len(message["From"].addresses) == len(message["To"].addresses) == 1
        assert message["To"].addresses[0].addr_spec == mail.to
        assert message["From"].addresses[0].addr_spec == SENDER.sender
        assert message["Subject"] == mail.subject
        assert set(message.keys()) <= ALLOWED
        text = message.get_body(("plain",))
        assert text is not None
        assert written(text) == mail.text


ALLOWED = {
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "X-Rollout-Sync-Event", "List-Unsubscribe", "Content-Language", "MIME-Version",
    "Content-Type",
}  # fmt: skip


def test_kinds_of_mail_are_told_apart(mail):
    assert mail.kind is MailKind.DIGEST
