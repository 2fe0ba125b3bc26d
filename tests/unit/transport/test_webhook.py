"""A card goes out once; its address is nobody's business; and what was not answered is in doubt."""

from __future__ import annotations

import logging

import pytest

from rollout_sync.errors import ConfigError
from rollout_sync.model.mail import ChannelShut, Parcel
from rollout_sync.model.operations import Done, InDoubt, Refused
from rollout_sync.transport import Limits, Transport
from rollout_sync.transport.clock import SystemClock
from rollout_sync.transport.redaction import SECRETS
from rollout_sync.transport.webhook import WebhookPost, checked_webhook
from support.faulty import drop, html, reply

SLACK = "https://hooks.slack.com/services/T000/B000/canary-of-the-webhook"
TEAMS = "https://prod-1.westeurope.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?sig=canary-sig-of-it"
CARD = Parcel(event="e1", sender="", to="slack", message_id="", content=b'{"text":"hello"}')
PLAIN = reply(200, raw=b"ok", Content_Type="text/html")


@pytest.fixture
def post(server):
    transport = Transport(
        clock=SystemClock(),
        limits=Limits(read_timeout=2, backoff_base=0.01, backoff_cap=0.02),
        rewrites={"https://hooks.slack.com": server.url, "https://prod-1.westeurope.logic.azure.com:443": server.url},
    )
    yield lambda url=SLACK: WebhookPost(transport, checked_webhook(url))
    transport.close()


def test_slack_takes_the_card_and_says_ok(post, server):
    server.steps = [PLAIN]
    assert isinstance(post().send(CARD), Done)
    (seen,) = server.seen
    assert (seen.method, seen.body, seen.headers["content-type"]) == ("POST", CARD.content, "application/json")
    assert "authorization" not in seen.headers
    assert not [name for name in seen.headers if name.startswith("x-rollout")]


def test_a_workflow_answers_nothing(post, server):
    server.steps = [reply(202)]
    assert isinstance(post(TEAMS).send(CARD), Done)
    assert "sig=canary" in server.seen[0].path


@pytest.mark.parametrize(
    "answer",
    [drop, html(200), reply(500, {}), reply(200, raw=b"okay", Content_Type="text/plain"), reply(302, Location="/x")],
    ids=["dropped", "a page", "500", "another text", "redirected"],
)
def test_what_was_not_answered_is_in_doubt_and_not_repeated(post, server, answer):
    server.steps = [answer, PLAIN]
    assert isinstance(post().send(CARD), InDoubt)
    assert len(server.seen) == 1


def test_a_card_that_is_refused_stays_so(post, server):
    server.steps = [reply(400, raw=b"invalid_blocks", Content_Type="text/plain")]
    outcome = post().send(CARD)
    assert isinstance(outcome, Refused)
    assert not isinstance(outcome, ChannelShut)
    assert not outcome.again


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_webhook_that_is_gone_takes_no_other_card_either(post, server, status):
    server.steps = [reply(status, raw=b"no_service", Content_Type="text/plain")]
    outcome = post().send(CARD)
    assert isinstance(outcome, ChannelShut)
    assert "make a new one" in outcome.hint


def test_when_nobody_answers_the_phone_nothing_was_sent(post, server):
    server.close()
    outcome = post().send(CARD)
    assert isinstance(outcome, ChannelShut)
    assert outcome.again


def test_a_card_that_is_too_large_does_not_leave(post, server):
    huge = Parcel(event="e", sender="", to="slack", message_id="", content=b"x" * 30_000)
    assert isinstance(post().send(huge), Refused)
    assert server.seen == []


@pytest.mark.parametrize("url", [SLACK, TEAMS])
def test_the_address_is_in_no_log_and_no_outcome(post, server, url, caplog):
    caplog.set_level(logging.DEBUG)
    server.steps = [drop]
    outcome = post(url).send(CARD)
    said = SECRETS.scrub(caplog.text) + repr(outcome)
    assert "canary" not in said
    assert "canary" not in SECRETS.scrub(f"POST {url} failed; path {url.partition('.com')[2]}")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.slack.com/services/canary", "not https"),
        ("https://hooks.slack.com.evil.example.com/canary", "no host of Teams or Slack"),
        ("https://logic.azure.com/canary", "no host of Teams or Slack"),
        ("https://me:pw@hooks.slack.com/canary", "no address of a webhook"),
        ("https://hooks.slack.com/can ary", "spaces"),
        ("canary", "no address"),
        ("https://[canary", "no URL"),
        ("https://127.0.0.1/canary", "no host of Teams or Slack"),
    ],
)
def test_other_addresses_are_refused_without_repeating_them(url, why):
    with pytest.raises(ConfigError) as caught:
        checked_webhook(url)
    assert why in caught.value.what
    assert "canary" not in f"{caught.value.what} {caught.value.hint} {caught.value.where}"


@pytest.mark.parametrize(
    "url",
    [SLACK, TEAMS, "https://acme.webhook.office.com/webhookb2/x", "https://d.environment.api.powerplatform.com/x"],
)
def test_addresses_of_both_services_are_taken(url):
    assert checked_webhook(url) == url


def test_another_host_may_be_allowed_and_a_lab_may_do_without_tls():
    assert checked_webhook("https://chat.example.com/x", allow_hosts=("chat.example.com",))
    assert checked_webhook("http://127.0.0.1:8080/x", insecure_lab=True)
