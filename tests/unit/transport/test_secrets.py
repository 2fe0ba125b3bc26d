"""Where a token may go, and that it shows nowhere."""

from __future__ import annotations

import base64
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import ConfigError
from rollout_sync.transport.allowed import checked_base_url, host_matches
from rollout_sync.transport.redaction import RedactionFilter, Secrets, guard_logging

CANARY = "canary-7f3a/+x=secret"


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.atlassian.net/",
        "https://api.atlassian.com/ex/jira/1-2",
        "https://graph.microsoft.com/v1.0",
        "https://dod-graph.microsoft.us/v1.0",
    ],
)
def test_the_services_are_allowed(url):
    assert checked_base_url(url, key="jira.base_url") == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.atlassian.net",
        "https://acme.atlassian.net.evil.example.com",
        "https://atlassian.net",
        "https://evilatlassian.net",
        "https://user:pw@acme.atlassian.net",
        "https://acme.atlassian.net@evil.example.com",
        "https://acme.atlassian.net\\@evil.example.com",
        "https://127.0.0.1",
        "https://localhost",
        "https://169.254.169.254",
        "https://[::1]",
        "https://10.0.0.1",
        "https://acme.atlassian.net/?a=b",
        "https://acme.atlassian.net/#x",
        "https://acme.atlassian.net:x",
        "ftp://acme.atlassian.net",
        "file:///etc/passwd",
        "https://",
        "acme.atlassian.net",
        "https://acme.atlassian.net\n",
        "",
    ],
)
def test_other_addresses_are_refused(url):
    with pytest.raises(ConfigError) as caught:
        checked_base_url(url, key="jira.base_url")
    assert caught.value.where == "jira.base_url"
    assert caught.value.hint
    assert "pw" not in str(caught.value)


def test_hosts_can_be_added_and_labs_opened():
    assert checked_base_url("https://jira.example.com", key="k", allow_hosts=["*.example.com"])
    assert checked_base_url("http://127.0.0.1:8080/jira/", key="k", insecure_lab=True) == "http://127.0.0.1:8080/jira"
    with pytest.raises(ConfigError):
        checked_base_url("https://10.0.0.1", key="k", allow_hosts=["10.0.0.1"])
    with pytest.raises(ConfigError):
        checked_base_url("http://a:b@127.0.0.1", key="k", insecure_lab=True)


def test_host_patterns():
    assert host_matches("A.example.com", "*.example.com")
    assert not host_matches("example.com", "*.example.com")
    assert not host_matches(".example.com", "*.example.com")


def scrubbed(text, *args, **kwargs):
    secrets = Secrets()
    secrets.register(CANARY, user="a@example.com")
    record = logging.makeLogRecord({"msg": text, "args": args, **kwargs})
    assert RedactionFilter(secrets).filter(record)
    return logging.Formatter().format(record)


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        "token=" + CANARY,
        "canary-7f3a%2F%2Bx%3Dsecret",
        base64.b64encode(f"a@example.com:{CANARY}".encode()).decode(),
        f"Authorization: Basic {base64.b64encode(CANARY.encode()).decode()}",
    ],
)
def test_a_registered_secret_shows_in_no_form(text):
    shown = scrubbed("before %s after", text)
    assert text.rpartition(" ")[2] not in shown
    assert shown.startswith("before")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Authorization: Bearer abcdefgh12345", "abcdefgh"),
        ("{'Authorization': 'Basic Zm9vOmJhcg=='}", "Zm9v"),
        ("Cookie: a=1; b=hidden", "hidden"),
        ("set-cookie: sid=hidden; Path=/", "hidden"),
        ('{"access_token": "hidden", "x": 1}', "hidden"),
        ("client_secret=hidden&grant=x", "hidden"),
        ("https://user:hidden@proxy.example.com/", "hidden"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln", "eyJhbGci"),
    ],
)
def test_what_looks_like_a_credential_is_masked(text, gone):
    assert gone not in scrubbed("%s", text)


def test_tracebacks_are_scrubbed():
    error = ValueError(CANARY)
    shown = scrubbed("failed", exc_info=(type(error), error, error.__traceback__))
    assert CANARY not in shown
    assert "ValueError" in shown


def test_arguments_that_do_not_fit_do_not_break_logging():
    assert "do not fit" in scrubbed("%d", "x")


@given(st.text(max_size=200))
def test_scrubbing_never_fails(text):
    secrets = Secrets()
    secrets.register(CANARY)
    assert CANARY not in secrets.scrub(text + CANARY + text)


def test_short_secrets_would_mask_everything_and_are_left_out():
    secrets = Secrets()
    secrets.register("a")
    assert secrets.scrub("banana") == "banana"


def test_loud_libraries_are_quieted():
    handler = logging.NullHandler()
    before = logging.getLogger("urllib3").level
    guard_logging([handler])
    assert isinstance(handler.filters[0], RedactionFilter)
    assert logging.getLogger("urllib3").level == logging.ERROR
    logging.getLogger("urllib3").setLevel(before)
