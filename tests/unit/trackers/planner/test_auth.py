"""Signing in with msal against the sandbox: every way in, every way it fails, and what is kept on disk."""

from __future__ import annotations

import datetime as dt
import json
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from filelock import FileLock

from rollout_sync.errors import AccessDenied, ConfigError, Unavailable
from rollout_sync.sandbox.seed import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from rollout_sync.trackers.planner import cache
from rollout_sync.trackers.planner.access import GLOBAL_AUTHORITY, GraphAccess, SignIn
from rollout_sync.trackers.planner.auth import TokenSource, client_credential
from rollout_sync.trackers.planner.client import GraphClient
from rollout_sync.trackers.planner.refusals import sign_in_error
from rollout_sync.trackers.planner.tracker import connect
from rollout_sync.transport.exchange import Transport

GRAPH = "http://sandbox.invalid/graph/v1.0"


def access(**over):
    good = {
        "tenant": TENANT_ID,
        "client_id": CLIENT_ID,
        "kind": SignIn.CLIENT_SECRET,
        "group": "IT change",
        "secret": CLIENT_SECRET,
        "base_url": GRAPH,
    }
    return GraphAccess(**(good | over))


@pytest.fixture
def door(lab):
    """Makes token sources; msal's https authority reaches the sandbox's plain http."""
    transport = Transport(clock=lab.clock, inner=lab.wire, rewrites={GLOBAL_AUTHORITY: "http://sandbox.invalid/login"})
    transport.declare_safe(GLOBAL_AUTHORITY)

    def made(settings, show=None, on_secret=lambda _: None):
        source = TokenSource(settings, session=transport.session(), clock=lab.clock, show=show, on_secret=on_secret)
        client = GraphClient(transport=transport, tokens=source, base_url=GRAPH, clock=lab.clock)
        return source, client

    made.transport = transport
    return made


def posts(lab):
    return [line for line in lab.requests() if line.endswith("/token")]


def test_a_client_secret_opens_graph_and_is_used_once(lab, door):
    seen = []
    source, client = door(access(), on_secret=seen.append)
    assert client.get("/groups", route="/groups").ok
    assert source.token() == source.token()
    assert len(posts(lab)) == 1
    assert seen == [source.token()]


def test_a_refused_token_is_replaced_and_many_callers_share_one_sign_in(lab, door):
    source, _ = door(access())
    old = source.token()
    lab.requests()
    lab.world.clock.advance(5)
    fresh = []
    threads = [threading.Thread(target=lambda: fresh.append(source.renew(old))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(fresh)) == 1
    assert fresh[0] != old
    assert source.token() == fresh[0]
    assert len(posts(lab)) == 1


def test_a_token_that_ran_out_on_the_service_is_replaced_in_the_middle_of_work(lab, door):
    _, client = door(access())
    client.get("/groups", route="/groups")
    lab.world.clock.advance(4000)
    assert client.get("/groups", route="/groups").ok


@pytest.mark.parametrize(
    ("over", "words", "code"),
    [
        ({"secret": "wrong-canary"}, "secret is wrong", "AADSTS7000215"),
        ({"client_id": "22222222-1111-4111-8111-111111111111"}, "not known in this tenant", "AADSTS700016"),
    ],
)
def test_a_refusal_says_what_to_repair_and_shows_no_secret(door, over, words, code):
    source, _ = door(access(**over))
    with pytest.raises(AccessDenied, match=words) as raised:
        source.token()
    assert raised.value.code == code
    assert raised.value.hint
    assert "wrong-canary" not in str(raised.value)
    assert CLIENT_SECRET not in f"{raised.value} {raised.value.where} {raised.value.hint}"


def test_a_repaired_sign_in_works_at_once_although_msal_keeps_failures(door, monkeypatch):
    source, _ = door(access())
    with monkeypatch.context() as patch:
        patch.setattr("rollout_sync.sandbox.login.CLIENT_ID", "registered a minute later")
        with pytest.raises(AccessDenied, match="not known in this tenant"):
            source.token()
    assert source.token()


def test_an_unknown_tenant_is_a_setting(door):
    source, _ = door(access(tenant="33333333-1111-4111-8111-111111111111"))
    with pytest.raises((ConfigError, AccessDenied)) as raised:
        source.token()
    assert "tenant" in f"{raised.value} {raised.value.hint} {raised.value.where}"


def test_a_service_that_is_down_is_unavailable(lab, door):
    lab.faults({"route": "/login/**", "kind": "drop_before"})
    source, _ = door(access())
    with pytest.raises(Unavailable):
        source.token()


def test_a_device_code_is_shown_polled_and_kept(lab, door, tmp_path):
    shown = []
    settings = access(kind=SignIn.DEVICE_CODE, secret="", token_cache=tmp_path / "private" / "tokens.json")
    source, client = door(settings, show=shown.append)
    assert client.get("/me", route="/me").body["userPrincipalName"] == "cora.coordinator@example.com"
    assert len(shown) == 1
    assert "enter the code" in shown[0]
    assert lab.clock.slept == [1.0, 1.0]

    lab.requests()
    again, _ = door(settings)
    assert again.token() == source.token()
    assert posts(lab) == []

    lab.world.clock.advance(10)
    assert again.renew(again.token()) != source.token()
    assert len(posts(lab)) == 1


def test_nobody_there_to_sign_in(door):
    source, _ = door(access(kind=SignIn.DEVICE_CODE, secret=""))
    with pytest.raises(AccessDenied, match="nobody is signed in"):
        source.token()


@pytest.mark.slow
def test_a_code_that_nobody_enters_runs_out(lab, door, monkeypatch):
    monkeypatch.setattr("rollout_sync.sandbox.login._PENDING_POLLS", 10_000)
    source, _ = door(access(kind=SignIn.DEVICE_CODE, secret=""), show=lambda _: None)
    with pytest.raises(AccessDenied, match="in time"):
        source.token()
    assert sum(lab.clock.slept) <= 900


def test_the_cache_is_private_and_refused_where_others_can_read_it(door, tmp_path):
    path = tmp_path / "private" / "tokens.json"
    source, _ = door(access(token_cache=path))
    token = source.token()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert token in path.read_text()
    assert [one.name for one in path.parent.iterdir() if one.suffix not in (".lock", ".json")] == []
    path.chmod(0o644)
    other, _ = door(access(token_cache=path))
    with pytest.raises(ConfigError, match="read by other users"):
        other.token()


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", "\x00\xff"])
def test_a_damaged_cache_costs_a_sign_in_and_nothing_else(door, tmp_path, content):
    path = tmp_path / "tokens.json"
    path.write_bytes(content.encode("latin-1"))
    path.chmod(0o600)
    source, _ = door(access(token_cache=path))
    assert source.token()
    assert json.loads(path.read_text())


def test_a_cache_that_cannot_be_written_does_not_stop_the_work(door, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.tempfile, "mkstemp", full)
    source, _ = door(access(token_cache=tmp_path / "tokens.json"))
    assert source.token() == source.token()


def test_another_run_that_signs_in_is_waited_for(door, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_LOCK_SECONDS", 0.1)
    path = tmp_path / "tokens.json"
    source, _ = door(access(token_cache=path))
    with FileLock(f"{path}.lock"), pytest.raises(Unavailable, match="another run"):
        source.token()
    assert source.token()


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """A key and its certificate in one file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rollout-sync test")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    folder = tmp_path_factory.mktemp("certificate")
    locked = key.private_bytes(encoding, plain, serialization.BestAvailableEncryption(b"phrase"))
    bare = key.private_bytes(encoding, plain, serialization.NoEncryption())
    public = certificate.public_bytes(encoding)
    for file, content in (("both.pem", bare + public), ("locked.pem", locked + public), ("public.pem", public)):
        (folder / file).write_bytes(content)
    return folder


def certificate_access(path, **over):
    return access(kind=SignIn.CERTIFICATE, secret="", certificate=path, **over)


@pytest.mark.parametrize(("file", "passphrase"), [("both.pem", ""), ("locked.pem", "phrase")])
def test_a_certificate_opens_graph(door, pem, lab, file, passphrase):
    # msal dates its assertion by the machine's clock, so the sandbox must live in the same time.
    lab.world.clock.freeze(dt.datetime.now(dt.UTC))
    _, client = door(certificate_access(pem / file, passphrase=passphrase))
    assert client.get("/groups", route="/groups").ok


def test_certificates_that_cannot_be_used(door, pem, tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        client_credential(certificate_access(tmp_path / "missing.pem"))
    with pytest.raises(ConfigError, match="no private key"):
        client_credential(certificate_access(pem / "public.pem"))
    source, _ = door(certificate_access(pem / "locked.pem", passphrase="wrong-canary"))
    with pytest.raises(ConfigError, match="not possible with these settings") as raised:
        source.token()
    assert "wrong-canary" not in str(raised.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "invalid_client", "error_codes": [7000222]}, "expired"),
        ({"error": "invalid_grant", "error_codes": [65001]}, "consent is missing"),
        ({"error": "authorization_declined"}, "declined"),
        ({"error": "expired_token"}, "in time"),
        ({"error": "something_new", "error_description": "AADSTS1: New.\r\nTrace ID: x"}, "AADSTS1: New."),
        ({}, "refused"),
    ],
)
def test_the_table_of_refusals(answer, words):
    error = sign_in_error(answer, access())
    assert words in error.what
    assert error.hint
    assert "Trace ID" not in error.what


def test_connect_makes_a_tracker_that_sends_nothing_yet(lab, door):
    tracker = connect(access(), transport=door.transport, clock=lab.clock)
    assert lab.requests() == []
    assert tracker.inspect("mfa", []).facts["group_name"] == "IT change"


def test_settings_show_no_secrets(pem):
    text = repr(certificate_access(pem / "both.pem", passphrase="canary-phrase")) + repr(access(secret="canary-secret"))
    assert "canary" not in text.replace(str(Path(pem)), "")
