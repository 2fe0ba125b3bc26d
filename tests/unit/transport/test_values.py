"""Hints, words, endings and pacing as values."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import exceptions as wire

from rollout_sync.errors import AccessDenied, NotFound, Rejected, VersionConflict
from rollout_sync.transport import Limits, Repeat, Reply
from rollout_sync.transport.hints import request_id, wait_hint
from rollout_sync.transport.outcomes import Ending, may_repeat, status_ending, surely_unsent
from rollout_sync.transport.pacing import EVERYTHING, Breaker, Budget, Gate, NotBefore, fresh_pace, scope_of
from rollout_sync.transport.words import clean, refusal, server_code, server_words

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ending", "safe", "once"),
    [
        (Ending.ANSWERED, False, False),
        (Ending.NEVER_SENT, True, True),
        (Ending.LIMITED, True, True),
        (Ending.LOST, True, False),
        (Ending.ASTRAY, True, False),
    ],
)
def test_what_may_be_repeated(ending, safe, once):
    assert (may_repeat(ending, Repeat.SAFE), may_repeat(ending, Repeat.ONCE)) == (safe, once)


@given(st.integers(100, 599))
def test_every_status_has_one_ending(status):
    expected = Ending.LIMITED if status == 429 else Ending.LOST if status == 408 or status >= 500 else Ending.ANSWERED
    assert status_ending(status) is expected


@pytest.mark.parametrize(
    ("error", "unsent"),
    [
        (requests.ConnectionError(wire.MaxRetryError(None, "/", wire.NewConnectionError(None, "refused"))), True),
        (requests.ConnectionError(wire.MaxRetryError(None, "/", wire.NameResolutionError("h", None, OSError()))), True),
        (requests.ConnectTimeout(wire.MaxRetryError(None, "/", wire.ConnectTimeoutError(None, "t"))), True),
        (requests.exceptions.ProxyError(wire.MaxRetryError(None, "/", wire.ProxyError("p", OSError()))), True),
        (ConnectionRefusedError(), True),
        (requests.ReadTimeout(wire.ReadTimeoutError(None, "/", "t")), False),
        (requests.ConnectionError(wire.ProtocolError("aborted", ConnectionResetError())), False),
        (requests.exceptions.ChunkedEncodingError(wire.ProtocolError("cut")), False),
        (requests.exceptions.SSLError(wire.MaxRetryError(None, "/", wire.SSLError("bad mac"))), False),
        (OSError("anything"), False),
    ],
)
def test_only_some_failures_prove_that_nothing_was_sent(error, unsent):
    assert surely_unsent(error) is unsent


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_ignored(text):
    seconds = wait_hint({"Retry-After": text}, NOW)
    assert seconds is None or 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan", "Beta-Retry-After": "2"}, 2),
        ({"Retry-After": "5", "X-RateLimit-Reset": "2026-11-21T12:01:00Z"}, 5),
        ({"Date": "Sat, 21 Nov 2026 10:00:00 GMT", "Retry-After": "Sat, 21 Nov 2026 10:00:30 GMT"}, 30),
        ({"Retry-After": "Sat, 21 Nov 2026 11:59:00 GMT"}, 0),
        ({"X-RateLimit-Reset": "2026-11-21T14:00:30+02:00"}, 30),
        ({"X-RateLimit-Reset": "later"}, None),
        ({}, None),
    ],
)
def test_hints(headers, seconds):
    assert wait_hint(headers, NOW) == seconds


def test_request_ids_are_short_and_printable():
    assert request_id({"request-id": "a\x1b[31m" + "b" * 200}) == "a[31m" + "b" * 75
    assert request_id({}) == ""


@pytest.mark.parametrize(
    ("body", "words", "code"),
    [
        ({"errorMessages": ["a"], "errors": {"duedate": "b"}}, "a; duedate: b", ""),
        ({"code": 401, "message": "Unauthorized; scope does not match"}, "Unauthorized; scope does not match", ""),
        ({"errors": [{"elementErrors": {"errorMessages": ["x"], "errors": {}}}]}, "x", ""),
        ({"errors": [{"message": "y"}]}, "y", ""),
        ({"error": {"code": "Forbidden", "message": "No\r\nway"}}, "No way", "Forbidden"),
        ({"error": "invalid_client", "error_description": "AADSTS7000215"}, "AADSTS7000215", "invalid_client"),
        (None, "", ""),
        ("text", "", ""),
        ([1], "", ""),
    ],
)
def test_the_words_of_the_service(body, words, code):
    assert (server_words(body), server_code(body)) == (words, code)


@given(st.text())
def test_clean_text_is_one_short_line(text):
    shown = clean(text, 50)
    assert len(shown) <= 50
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Rejected), (401, AccessDenied), (403, AccessDenied), (404, NotFound), (409, VersionConflict),
     (412, VersionConflict), (413, Rejected), (422, Rejected)],
)  # fmt: skip
def test_refusals_become_errors_of_the_tree(status, kind):
    reply = Reply(status=status, headers={"request-id": "r"}, body={"message": "why"}, at=NOW)
    error = refusal(reply, what="It failed", where="PUT /x")
    assert type(error) is kind
    assert (str(error), error.status, error.request_id) == ("It failed: why", status, "r")


def test_concurrency_grows_slowly_and_halves():
    gate = Gate(start=4, most=8, grow_after=20)
    for _ in range(20 * 10):
        gate.clean()
    assert gate.limit == 8
    gate.halve()
    assert gate.limit == 4
    for _ in range(5):
        gate.halve()
    assert gate.limit == 1


def test_the_gate_holds_back_and_lets_in():
    gate = Gate(start=1, most=1, grow_after=20)
    inside = threading.Event()

    def second():
        with gate.entered(5) as got:
            assert got
            inside.set()

    with gate.entered(1) as got:
        assert got
        with gate.entered(0.01) as late:
            assert not late
        other = threading.Thread(target=second)
        other.start()
        assert not inside.wait(0.05)
    assert inside.wait(2)
    other.join()


def test_the_breaker_lets_one_try():
    breaker = Breaker(after=2, rest=30)
    breaker.record(failed=True, now=0)
    assert breaker.admits(0)
    breaker.record(failed=True, now=0)
    assert not breaker.admits(29)
    assert breaker.admits(31)
    assert not breaker.admits(31)
    breaker.release()
    assert breaker.admits(31)
    breaker.record(failed=False, now=32)
    assert breaker.admits(32)


def test_the_budget_is_earned():
    budget = Budget(share=0.5, floor=1)
    assert budget.take()
    assert not budget.take()
    budget.made_request()
    budget.made_request()
    assert budget.take()


def test_waits_have_their_scope():
    held = NotBefore()
    held.hold("POST /a", 10)
    held.hold("POST /a", 5)
    assert held.delay((EVERYTHING, "POST /a"), 4) == 6
    assert held.delay((EVERYTHING, "POST /b"), 4) == 0
    assert held.delay(("POST /a",), 10) == 0


@pytest.mark.parametrize(
    ("reason", "scope"),
    [("jira-burst-based", "E"), ("jira-per-issue-on-write", "P"), ("jira-quota-tenant-based", EVERYTHING),
     ("", EVERYTHING)],
)  # fmt: skip
def test_a_reason_names_its_scope(reason, scope):
    assert scope_of(reason, "E", "P") == scope


def test_a_fresh_host_starts_gently():
    assert fresh_pace(Limits()).gate.limit == 4
