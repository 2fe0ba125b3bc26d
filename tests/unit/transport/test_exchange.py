"""What one request becomes on a bad network, over real sockets."""

from __future__ import annotations

import gzip
import io
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3 import exceptions as wire

import rollout_sync.transport
from rollout_sync.errors import OutcomeUnknown, RateLimited, Unavailable, UnexpectedResponse
from rollout_sync.transport import Limits, Phase, Repeat, Transport
from rollout_sync.transport.clock import SystemClock
from support.faulty import DATE, NOW, dripping, drop, html, reply, reset, silent

GOOD = reply(200, {"ok": True})


def ask(transport, server, repeat, *, method="POST", deadline=60.0, path="/thing"):
    return transport.exchange(
        transport.session(), method, server.url + path, json={"n": 1}, repeat=repeat, route="/thing", deadline=deadline
    )


def test_a_clean_answer_is_handed_over_with_the_clock_of_the_service(transport, server):
    server.steps = [reply(201, {"id": "7"}, X_Thing="a")]
    got = ask(transport, server, Repeat.ONCE)
    assert (got.status, got.body, got.at, got.ok, got.headers["x-thing"]) == (201, {"id": "7"}, NOW, True, "a")
    assert json.loads(server.seen[0].body) == {"n": 1}
    assert not [name for name in server.seen[0].headers if name.startswith("x-rollout")]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413])
@pytest.mark.parametrize("repeat", Repeat)
def test_refusals_are_answers_and_are_never_repeated(transport, server, status, repeat):
    server.steps = [reply(status, {"errorMessages": ["no"]})]
    assert ask(transport, server, repeat).status == status
    assert len(server.seen) == 1


def test_an_empty_answer_needs_no_content_type(transport, server):
    server.steps = [reply(204, Content_Type="text/html")]
    assert ask(transport, server, Repeat.SAFE, method="PUT").body is None


LOST = {
    "dropped": drop,
    "reset": reset,
    "silent": silent,
    "500": reply(500, {"errorMessages": ["oops"]}),
    "503 with a hint": reply(503, {"message": "later"}, Retry_After="1"),
    "503 as a page": html(503),
    "502 as a page": html(502),
    "408": reply(408, {}),
    "sign-in page": html(200),
    "cut off": reply(201, raw=b'{"id":', length=500),
    "no JSON": reply(201, raw=b'{"id": "7"'),
    "not a number": reply(201, raw=b'{"id": NaN}'),
    "other type": reply(201, {"id": 7}, Content_Type="text/plain"),
    "redirected": reply(302, Location="https://id.example.com/login"),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
def test_a_lost_answer_to_something_that_makes_a_thing_is_in_doubt_and_not_repeated(transport, server, fault):
    server.steps = [fault, GOOD]
    with pytest.raises(OutcomeUnknown) as caught:
        ask(transport, server, Repeat.ONCE)
    assert len(server.seen) == 1
    assert caught.value.where == "POST /thing"
    assert caught.value.hint


@pytest.mark.parametrize("fault", [v for k, v in LOST.items() if k != "redirected"], ids=lambda f: "")
def test_a_lost_answer_to_a_read_is_asked_for_again(transport, server, fault):
    server.steps = [fault, fault, GOOD]
    assert ask(transport, server, Repeat.SAFE).body == {"ok": True}
    assert len(server.seen) == 3


def test_a_read_gives_up_after_five_attempts(transport, server, clock):
    server.steps = [drop]
    with pytest.raises(Unavailable, match="does not answer properly"):
        ask(transport, server, Repeat.SAFE)
    assert len(server.seen) == 5
    assert all(0 <= wait <= 8 for wait in clock.slept)


def test_a_read_answered_by_somebody_else_says_so(transport, server):
    server.steps = [html(200)]
    with pytest.raises(UnexpectedResponse, match="text/html, not JSON"):
        ask(transport, server, Repeat.SAFE)


def test_not_there_is_believed_only_from_the_service(transport, server):
    server.steps = [html(404)]
    with pytest.raises(UnexpectedResponse):
        ask(transport, server, Repeat.SAFE, method="GET")


def test_a_write_refused_by_a_proxy_was_not_done(transport, server):
    server.steps = [html(404)]
    got = ask(transport, server, Repeat.ONCE)
    assert (got.status, got.body) == (404, None)


@pytest.mark.parametrize("repeat", Repeat)
def test_nothing_was_sent_where_nobody_listens(transport, server, repeat):
    server.close()
    with pytest.raises(Unavailable, match="refused"):
        ask(transport, server, repeat, deadline=30)


def test_nothing_was_sent_where_the_name_is_unknown(clock, server):
    transport = Transport(clock=clock, rewrites={"https://api.example.com": "http://nowhere.invalid:1"})
    with pytest.raises(Unavailable) as caught:
        transport.exchange(
            transport.session(), "POST", "https://api.example.com/x", repeat=Repeat.ONCE, route="/x", deadline=5
        )
    assert "nowhere" not in str(caught.value)


HINTS = {
    "seconds": ({"Retry_After": "7"}, 7),
    "fraction": ({"Retry_After": "1.5"}, 1.5),
    "date": ({"Retry_After": "Sat, 21 Nov 2026 12:00:09 GMT"}, 9),
    "beta": ({"Beta_Retry_After": "3"}, 3),
    "reset": ({"X_RateLimit_Reset": "2026-11-21T12:00:04Z"}, 4),
    "none": ({}, 0),
    "nonsense": ({"Retry_After": "soon"}, 0),
}


@pytest.mark.parametrize(("headers", "least"), HINTS.values(), ids=HINTS.keys())
@pytest.mark.parametrize("repeat", Repeat)
def test_a_429_waits_at_least_as_long_as_told(server, clock, headers, least, repeat):
    server.steps = [reply(429, {}, **headers), GOOD]
    assert ask(Transport(clock=clock), server, repeat).ok
    assert least <= sum(clock.slept) <= least + 1.5


@pytest.mark.parametrize("wait", ["121", "3600"])
def test_a_long_wait_is_reported_instead_of_sat_out(transport, server, clock, wait):
    server.steps = [reply(429, {"errorMessages": ["Rate limit exceeded."]}, Retry_After=wait, X_AREQUESTID="r-1")]
    with pytest.raises(RateLimited, match="Rate limit exceeded") as caught:
        ask(transport, server, Repeat.ONCE, deadline=7200)
    assert caught.value.retry_after == float(wait)
    assert caught.value.request_id == "r-1"
    assert clock.slept == []


def test_a_wait_beyond_the_deadline_is_reported_at_once_and_stands_for_others(transport, server, clock):
    server.steps = [reply(429, {}, Retry_After="90"), GOOD]
    for _ in range(2):
        with pytest.raises(RateLimited):
            ask(transport, server, Repeat.ONCE, deadline=60)
    assert len(server.seen) == 1
    clock.at += 91
    assert ask(transport, server, Repeat.ONCE).ok


def test_a_storm_of_429_ends(transport, server):
    server.steps = [reply(429, {}, Retry_After="1")]
    with pytest.raises(RateLimited):
        ask(transport, server, Repeat.SAFE)
    assert len(server.seen) == 5


def test_a_host_that_keeps_failing_is_left_alone_and_tried_again_later(transport, server, clock):
    server.steps = [drop] * 5 + [GOOD]
    with pytest.raises(Unavailable):
        ask(transport, server, Repeat.SAFE)
    with pytest.raises(Unavailable, match="left alone"):
        ask(transport, server, Repeat.ONCE)
    assert len(server.seen) == 5
    clock.at += 31
    assert ask(transport, server, Repeat.ONCE).ok


def test_retries_are_a_small_share_of_requests(clock, server):
    transport = Transport(clock=clock, limits=Limits(retry_floor=2, breaker_after=100))
    server.steps = [drop]
    for _ in range(6):
        with pytest.raises(Unavailable):
            ask(transport, server, Repeat.SAFE)
    assert len(server.seen) == 6 + 2


def test_a_connection_that_idled_is_not_used_for_a_write(transport, server, clock):
    server.steps = [GOOD]
    ask(transport, server, Repeat.ONCE)
    ask(transport, server, Repeat.ONCE)
    assert server.connections == 1
    clock.at += 16
    ask(transport, server, Repeat.ONCE)
    assert server.connections == 2


def test_redirects_of_reads_stay_on_the_host(transport, server):
    server.steps = [reply(302, Location="/other"), GOOD]
    session = transport.session()
    got = transport.exchange(session, "GET", server.url + "/x", repeat=Repeat.SAFE, route="/x")
    assert got.ok
    assert server.seen[1].path == "/other"


def test_a_token_does_not_follow_a_redirect_elsewhere(transport, server):
    server.steps = [reply(302, Location="http://localhost:9/steal")]
    session = transport.session()
    with pytest.raises(UnexpectedResponse, match="redirected to localhost"):
        transport.exchange(
            session, "GET", server.url + "/x", repeat=Repeat.SAFE, route="/x", headers={"Authorization": "Bearer t"}
        )


def test_redirects_in_circles_end(transport, server):
    server.steps = [reply(302, Location="/x")]
    with pytest.raises(UnexpectedResponse, match="circles"):
        transport.exchange(transport.session(), "GET", server.url + "/x", repeat=Repeat.SAFE, route="/x")


def test_an_answer_without_end_is_cut_by_size(clock, server):
    transport = Transport(clock=clock, limits=Limits(body_bytes=1024 * 1024))
    packed = gzip.compress(b" " * 3 * 1024 * 1024)
    server.steps = [reply(200, raw=packed, Content_Encoding="gzip")]
    with pytest.raises(OutcomeUnknown, match="larger than 1 MiB"):
        ask(transport, server, Repeat.ONCE)


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"],
    ids=["headers", "body"],
)
def test_dripping_bytes_do_not_outlast_the_deadline(server, head):
    transport = Transport(clock=SystemClock(), limits=Limits(read_timeout=5))
    server.steps = [dripping(head)]
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        ask(transport, server, Repeat.ONCE, deadline=0.4)
    assert time.monotonic() - started < 3


def test_nothing_is_sent_after_the_deadline(clock, server):
    def late(phase, request):
        if phase is Phase.BEFORE_CONNECT:
            clock.at += 100

    transport = Transport(clock=clock, on_phase=late)
    server.steps = [GOOD]
    with pytest.raises(Unavailable):
        ask(transport, server, Repeat.ONCE)
    assert server.seen == []


def test_phases_come_in_order(clock, server):
    phases = []
    transport = Transport(clock=clock, on_phase=lambda phase, request: phases.append(phase))
    server.steps = [GOOD]
    ask(transport, server, Repeat.ONCE)
    assert phases == list(Phase)
    ask(transport, server, Repeat.ONCE)
    assert phases[5:] == list(Phase)[1:]


def test_the_clock_of_the_service_is_bounded_from_above(transport, server, clock):
    with pytest.raises(LookupError):
        transport.remote_now(server.url)
    server.steps = [GOOD]
    ask(transport, server, Repeat.ONCE)
    clock.at += 10
    assert (transport.remote_now(server.url + "/any/path") - NOW).total_seconds() == 11


def test_an_answer_without_a_date_falls_back(transport, server, clock):
    server.steps = [reply(200, {}, Date=None)]
    assert ask(transport, server, Repeat.ONCE).at == clock.now()
    assert DATE


def test_client_libraries_are_judged_by_method(transport, server):
    session = requests.Session()
    transport.mount(session)
    server.steps = [drop, GOOD]
    assert session.get(server.url).json() == {"ok": True}
    server.steps = [GOOD, GOOD, drop, GOOD]
    with pytest.raises(OutcomeUnknown):
        session.post(server.url, json={})


def test_token_posts_may_be_declared_safe(transport, server):
    transport.declare_safe(server.url + "/token")
    session = requests.Session()
    transport.mount(session)
    server.steps = [drop, GOOD]
    assert session.post(server.url + "/token", data={"a": 1}).json() == {"ok": True}


def test_addresses_are_rewritten_below_the_library(clock, server):
    transport = Transport(clock=clock, rewrites={"https://login.example.com": server.url + "/login"})
    session = transport.session()
    server.steps = [GOOD]
    response = session.get("https://login.example.com/a?b=1")
    assert response.url == "https://login.example.com/a?b=1"
    assert server.seen[0].path == "/login/a?b=1"


def test_netrc_does_not_replace_our_token(transport, server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stranger password wrong\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.steps = [GOOD]
    transport.exchange(
        transport.session(), "GET", server.url, repeat=Repeat.SAFE, route="/", headers={"Authorization": "Bearer ours"}
    )
    assert server.seen[0].headers["authorization"] == "Bearer ours"


def test_one_log_line_an_attempt_without_query_or_headers(transport, server, caplog):
    server.steps = [reply(429, {}, Retry_After="1"), GOOD]
    with caplog.at_level(logging.INFO, logger="rollout_sync"):
        transport.exchange(
            transport.session(),
            "GET",
            server.url + "/people?query=erin@example.com",
            repeat=Repeat.SAFE,
            route="/people",
            headers={"Authorization": "Bearer canary-token-1234"},
        )
    assert [record.name for record in caplog.records] == ["rollout_sync.transport.adapter"] * 2
    assert "GET /people" in caplog.text
    assert "429" in caplog.text
    assert "erin" not in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
def test_errors_never_tell_the_token_or_the_query(transport, server, fault):
    server.steps = [fault]
    with pytest.raises(OutcomeUnknown) as caught:
        transport.exchange(
            transport.session(),
            "POST",
            server.url + "/people?query=erin@example.com",
            repeat=Repeat.ONCE,
            route="/people",
            headers={"Authorization": "Bearer canary-token-1234"},
        )
    told = f"{caught.value} {caught.value.where} {caught.value.hint} {caught.value!r}"
    assert "canary" not in told
    assert "erin" not in told


class InProcess(BaseAdapter):
    """Carries requests to a function, as tests and demos do."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def send(self, request, **options):
        return self.answer(request)

    def close(self):
        pass


def in_process(request, *, status=200, body=b'{"ok": true}', **headers):
    response = requests.Response()
    response.status_code = status
    response.headers.update({"Content-Type": "application/json", "Content-Length": str(len(body)), **headers})
    response.raw = io.BytesIO(body)
    response.request = request
    response.url = request.url
    return response


def test_a_service_in_process_goes_through_the_same_phases(clock, server):
    phases = []
    transport = Transport(clock=clock, inner=InProcess(in_process), on_phase=lambda phase, _: phases.append(phase))
    assert ask(transport, server, Repeat.ONCE).body == {"ok": True}
    assert phases == list(Phase)
    transport.close()


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ConnectionRefusedError(), Unavailable), (ConnectionResetError(), OutcomeUnknown),
     (requests.ReadTimeout(), OutcomeUnknown), (wire.ReadTimeoutError(None, "/", "t"), OutcomeUnknown)],
)  # fmt: skip
def test_failures_of_a_service_in_process_are_told_by_their_kind(clock, server, error, expected):
    def fail(request):
        raise error

    with pytest.raises(expected):
        ask(Transport(clock=clock, inner=InProcess(fail)), server, Repeat.ONCE)


def test_a_service_that_feels_loaded_is_spoken_to_less(clock, server):
    seen = []

    def busy(request):
        seen.append(transport._adapter._pace(server.url.removeprefix("http://")).gate.limit)
        return in_process(request, **{"X-RateLimit-NearLimit": "true"})

    transport = Transport(clock=clock, inner=InProcess(busy))
    for _ in range(3):
        ask(transport, server, Repeat.SAFE)
    assert seen == [4, 2, 1]


def test_requests_that_find_no_place_were_not_sent(server):
    transport = Transport(clock=SystemClock(), limits=Limits(start_concurrency=1, most_concurrency=1, attempts=1))
    server.steps = [silent]
    with ThreadPoolExecutor(2) as pool:
        outcomes = [pool.submit(ask, transport, server, Repeat.ONCE, deadline=0.6) for _ in range(2)]
        kinds = {type(one.exception()) for one in outcomes}
    assert kinds == {OutcomeUnknown, Unavailable}
    assert len(server.seen) == 1


def test_a_proxy_of_the_environment_is_used(clock, server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.steps = [GOOD]
    transport = Transport(clock=clock)
    got = transport.exchange(transport.session(), "GET", "http://jira.example.com/x", repeat=Repeat.SAFE, route="/x")
    assert got.ok
    assert server.seen[0].path == "http://jira.example.com/x"


def test_a_proxy_that_is_not_there_means_nothing_was_sent(clock, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    transport = Transport(clock=clock)
    with pytest.raises(Unavailable):
        transport.exchange(
            transport.session(), "POST", "https://acme.example.com/x", repeat=Repeat.ONCE, route="/x", deadline=5
        )


def test_a_broken_tls_handshake_means_nothing_was_sent(clock, server):
    transport = Transport(clock=clock)
    with pytest.raises(Unavailable):
        transport.exchange(
            transport.session(),
            "POST",
            server.url.replace("http:", "https:"),
            repeat=Repeat.ONCE,
            route="/x",
            deadline=5,
        )
    assert not [seen for seen in server.seen if seen.method == "POST"]


def test_a_request_that_cannot_be_built_is_told(transport):
    with pytest.raises(Unavailable, match="could not be built"):
        transport.exchange(transport.session(), "GET", "http://", repeat=Repeat.SAFE, route="/x")


def test_the_package_loads_its_door_late():
    assert rollout_sync.transport.Transport is Transport
    with pytest.raises(AttributeError):
        _ = rollout_sync.transport.nothing
