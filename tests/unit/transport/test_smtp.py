"""SMTP against a real server: what was surely not sent, what was accepted, and what nobody knows."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.model.mail import ChannelShut, Parcel
from rollout_sync.model.operations import Done, InDoubt, Refused
from rollout_sync.transport import Phase
from rollout_sync.transport.redaction import SECRETS
from rollout_sync.transport.smtp import SmtpAccess, SmtpPost, SmtpSecurity, _stuffed
from support.mailroom import HOST, Desk, Fault, Mailroom, make_certificate

PASSWORD = "CANARY-7c1f0b94"
ACCOUNT = ("rollouts", PASSWORD)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def post():
    """Makes posts and closes them."""
    made = []

    def make(port, security=SmtpSecurity.NONE, **settings):
        phases = settings.pop("phases", [])
        access = SmtpAccess(**{"host": HOST, "port": port, "security": security, "deadline": 10.0, **settings})
        made.append(SmtpPost(access, on_phase=phases.append))
        return made[-1]

    yield make
    for one in made:
        one.close()


def parcel(event="event-1", to="sam.seller@example.com", text="Hello\n", **headers):
    message = EmailMessage()
    message["From"] = "Rollouts <rollouts@example.com>"
    message["To"] = headers.pop("header_to", to)
    message["Subject"] = headers.pop("subject", "Week 49")
    message["Message-ID"] = f"<{event}@example.com>"
    message.set_content(text, cte=headers.pop("cte", None))
    policy = message.policy.clone(linesep="\r\n", utf8=headers.pop("utf8", False))
    return Parcel(
        event=event,
        sender="rollouts@example.com",
        to=to,
        message_id=f"{event}@example.com",
        content=message.as_bytes(policy=policy),
    )


def test_a_plain_relay_takes_the_mail_as_it_is(post):
    phases = []
    with Mailroom() as room:
        mail = parcel(text=".leading dot\n..two\n\nend\n")
        assert isinstance(post(room.port, phases=phases).send(mail), Done)
        (kept,) = room.kept
    assert (kept.sender, kept.to) == ("rollouts@example.com", ("sam.seller@example.com",))
    assert kept.message["Message-ID"] == "<event-1@example.com>"
    assert kept.message.get_content().splitlines() == [".leading dot", "..two", "", "end"]
    assert phases == [Phase.BEFORE_CONNECT, Phase.BEFORE_SEND, Phase.AFTER_SEND, Phase.AFTER_BODY]


def test_starttls_protects_sign_in_and_mail(post, certificate):
    with Mailroom(certificate=certificate, account=ACCOUNT) as room:
        made = post(room.port, SmtpSecurity.STARTTLS, user="rollouts", password=PASSWORD, context=certificate.client())
        assert isinstance(made.send(parcel()), Done)
        assert len(room.kept) == 1


def test_tls_from_the_first_byte(post, certificate):
    with Mailroom(certificate=certificate, is_tls=True, account=ACCOUNT) as room:
        made = post(room.port, SmtpSecurity.TLS, user="rollouts", password=PASSWORD, context=certificate.client())
        assert isinstance(made.send(parcel()), Done)


@pytest.mark.parametrize("security", [SmtpSecurity.TLS, SmtpSecurity.STARTTLS])
def test_a_certificate_that_the_system_does_not_trust_ends_it(post, certificate, security):
    with Mailroom(certificate=certificate, is_tls=security is SmtpSecurity.TLS) as room:
        outcome = post(room.port, security, user="rollouts", password=PASSWORD).send(parcel())
    assert isinstance(outcome, ChannelShut)
    assert "certificate is not trusted" in outcome.reason
    assert outcome.hint
    assert room.tried == []


def test_a_certificate_for_another_name_ends_it(post, certificate):
    with Mailroom(certificate=certificate) as room:
        context = certificate.client()
        outcome = post(room.port, SmtpSecurity.STARTTLS, host="127.1", context=context).send(parcel())
    assert isinstance(outcome, ChannelShut)
    assert "certificate is not trusted" in outcome.reason


def test_without_starttls_no_password_leaves(post):
    with Mailroom(account=ACCOUNT) as room:
        outcome = post(room.port, SmtpSecurity.STARTTLS, user="rollouts", password=PASSWORD).send(parcel())
        assert room.tried == []
    assert isinstance(outcome, ChannelShut)
    assert "STARTTLS" in outcome.reason


def test_a_wrong_password_is_said_once_and_never_shown(post, certificate, caplog):
    caplog.set_level(logging.DEBUG)
    wrong = f"{PASSWORD}-wrong"
    with Mailroom(certificate=certificate, account=ACCOUNT) as room:
        made = post(room.port, SmtpSecurity.STARTTLS, user="rollouts", password=wrong, context=certificate.client())
        outcome = made.send(parcel())
        assert room.tried == [wrong.encode()]
        assert not room.kept
    assert isinstance(outcome, ChannelShut)
    assert outcome.again
    assert outcome.status == 535
    assert "--secrets-only" in outcome.hint
    assert PASSWORD not in f"{outcome} {caplog.text} {made._access!r}"
    assert PASSWORD not in SECRETS.scrub(f"tried {wrong}")


def test_a_password_beyond_ascii(post, certificate):
    account = ("rollouts", "pässwörd-9")
    with Mailroom(certificate=certificate, account=account) as room:
        made = post(
            room.port, SmtpSecurity.STARTTLS, user=account[0], password=account[1], context=certificate.client()
        )
        assert isinstance(made.send(parcel()), Done)


def test_login_where_plain_is_not_offered(post, certificate):
    with Mailroom(certificate=certificate, account=ACCOUNT, auth_exclude_mechanism=["PLAIN"]) as room:
        made = post(room.port, SmtpSecurity.STARTTLS, user="rollouts", password=PASSWORD, context=certificate.client())
        assert isinstance(made.send(parcel()), Done)


def test_a_server_without_sign_in_says_so(post):
    with Mailroom() as room:
        outcome = post(room.port, user="rollouts", password=PASSWORD).send(parcel())
    assert isinstance(outcome, ChannelShut)
    assert "sign in" in outcome.reason


@pytest.mark.parametrize(
    ("at", "answer", "kind", "again"),
    [
        ("MAIL", "451 4.3.0 later", ChannelShut, True),
        ("MAIL", "550 5.7.1 not you", ChannelShut, True),
        ("MAIL", "530 5.7.0 sign in first", ChannelShut, True),
        ("MAIL", "552 5.3.4 too big", Refused, False),
        ("RCPT", "450 4.2.1 greylisted", Refused, True),
        ("RCPT", "550 5.1.1 nobody here", Refused, False),
        ("RCPT", "421 4.3.2 closing", ChannelShut, True),
        ("DATA", "452 4.3.1 full", Refused, True),
        ("DATA", "554 5.7.1 looks like spam", Refused, False),
        ("DATA", "421 4.3.2 closing", ChannelShut, True),
        ("DATA", "299 odd", Done, None),
        ("DATA", "199 odd", InDoubt, None),
        ("DATA", "drop", InDoubt, None),
        ("DATA", "truncate", InDoubt, None),
        ("MAIL", "drop", ChannelShut, True),
        ("RCPT", "drop", ChannelShut, True),
    ],
)
def test_what_a_reply_means(post, at, answer, kind, again):
    with Mailroom(Desk(faults=[Fault(at=at, answer=answer)])) as room:
        outcome = post(room.port).send(parcel())
    assert type(outcome) is kind
    if isinstance(outcome, Refused):
        assert outcome.again is again
        assert answer == "drop" or answer[4:9].strip() in outcome.reason


def test_one_refused_recipient_does_not_hold_up_the_next(post):
    with Mailroom(Desk(faults=[Fault(at="RCPT", answer="550 5.1.1 nobody here")])) as room:
        made = post(room.port)
        assert isinstance(made.send(parcel("one")), Refused)
        assert isinstance(made.send(parcel("two")), Done)
        assert len(room.kept) == 1


def test_the_door_is_tried_without_a_mail(post, certificate):
    with Mailroom(certificate=certificate, account=ACCOUNT) as room:
        access = {"user": ACCOUNT[0], "security": SmtpSecurity.STARTTLS, "context": certificate.client()}
        assert post(room.port, password=PASSWORD, **access).refusal() is None
        refused = post(room.port, password="wrong", **access).refusal()
        assert isinstance(refused, ChannelShut)
        assert "sign-in" in refused.reason
        assert not room.kept


def test_a_message_larger_than_the_server_takes_is_not_sent(post):
    with Mailroom(data_size_limit=2_000) as room:
        outcome = post(room.port).send(parcel(text="x" * 3_000 + "\n"))
        assert isinstance(outcome, Refused)
        assert not isinstance(outcome, ChannelShut)
        assert not outcome.again
        assert "2,000" in outcome.reason
        assert not room.kept


def test_several_mails_go_over_one_connection(post):
    with Mailroom() as room:
        made = post(room.port)
        assert all(isinstance(made.send(parcel(f"event-{n}")), Done) for n in range(3))
        assert room.desk.sessions == 1


def test_a_connection_that_went_stale_is_opened_again(post):
    with Mailroom(timeout=0.2) as room:
        made = post(room.port)
        made.send(parcel("one"))
        time.sleep(0.6)
        assert isinstance(made.send(parcel("two")), Done)
        assert [kept.message["Message-ID"] for kept in room.kept] == ["<one@example.com>", "<two@example.com>"]


def test_a_server_that_wants_a_new_connection_gets_one(post):
    with Mailroom() as room:
        made = post(room.port)
        made.send(parcel("one"))
        room.desk.faults = [Fault(at="MAIL", answer="421 4.7.0 too many messages")]
        assert isinstance(made.send(parcel("two")), Done)
        assert len(room.kept) == 2


@pytest.mark.parametrize(("at", "kind"), [("MAIL", ChannelShut), ("RCPT", ChannelShut), ("DATA", InDoubt)])
def test_a_slow_server_is_cut_off(post, at, kind):
    with Mailroom(Desk(faults=[Fault(at=at, seconds=3.0, answer="250 OK", keeps=True)])) as room:
        started = time.monotonic()
        outcome = post(room.port, deadline=0.3).send(parcel())
    assert time.monotonic() - started < 2.9
    assert type(outcome) is kind
    assert "no answer within the time limit" in outcome.reason


def dripping(step):
    """A server that says a byte of its greeting now and then."""
    listener = socket.create_server((HOST, 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            try:
                for _ in range(200):
                    connection.sendall(b"2" if step else b"")
                    time.sleep(0.05)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    return listener


def test_a_server_that_drips_is_cut_off(post):
    with dripping(1) as listener:
        started = time.monotonic()
        outcome = post(listener.getsockname()[1], deadline=0.4).send(parcel())
    assert time.monotonic() - started < 3
    assert isinstance(outcome, ChannelShut)


def test_nobody_there(post):
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
    outcome = post(port).send(parcel())
    assert isinstance(outcome, ChannelShut)
    assert "refused" in outcome.reason
    assert "[mail] host" in outcome.hint


def test_a_host_that_cannot_exist(post):
    outcome = post(25, host="a..example").send(parcel())
    assert isinstance(outcome, ChannelShut)
    assert "resolved" in outcome.reason


def test_a_port_that_speaks_no_tls(post, certificate):
    with Mailroom() as room:
        outcome = post(room.port, SmtpSecurity.TLS, context=certificate.client(), deadline=2.0).send(parcel())
    assert isinstance(outcome, ChannelShut)
    assert "secure connection" in outcome.reason


@pytest.mark.parametrize(
    "to",
    [
        "a@example.com\r\nRCPT TO:<b@example.com>",
        "a@example.com> SIZE=1",
        "a b@example.com",
        "a@example.com,b@example.com",
        "",
        "a",
        "<a@example.com>",
    ],
)
def test_an_address_cannot_carry_commands(post, to):
    with Mailroom() as room:
        outcome = post(room.port).send(parcel(to=to, header_to="x@example.com"))
        assert isinstance(outcome, Refused)
        assert not outcome.again
        assert room.desk.sessions == 0


def test_addresses_beyond_ascii_need_a_server_that_takes_them(post):
    mail = parcel(to="zoë@exämple.com", header_to="x@example.com")
    with Mailroom(enable_SMTPUTF8=True) as room:
        assert isinstance(post(room.port).send(mail), Done)
        assert room.kept[0].to == ("zoë@exämple.com",)
        assert "SMTPUTF8" in room.kept[0].options
    with Mailroom(enable_SMTPUTF8=False) as room:
        outcome = post(room.port).send(mail)
        assert isinstance(outcome, Refused)
        assert not isinstance(outcome, ChannelShut)
        assert "SMTPUTF8" in outcome.reason
        domain_only = parcel(to="zoe@exämple.com", header_to="x@example.com")
        assert isinstance(post(room.port).send(domain_only), Done)
        assert room.kept[0].to == ("zoe@xn--exmple-cua.com",)


def test_a_body_of_eight_bits_is_announced(post):
    with Mailroom() as room:
        assert isinstance(post(room.port).send(parcel(text="Grüße\n", cte="8bit")), Done)
        (kept,) = room.kept
    assert "BODY=8BITMIME" in kept.options
    assert kept.message.get_content().strip() == "Grüße"


@given(st.binary(max_size=300))
def test_nothing_in_a_message_ends_it_early(content):
    sent = _stuffed(content)
    assert b"\r\n.\r\n" not in b"\r\n" + sent
    assert sent.endswith(b"\r\n")
    assert sent.count(b"\r") == sent.count(b"\n") == sent.count(b"\r\n")


def test_the_default_context_checks_names_and_authorities():
    context = ssl.create_default_context()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
