"""Tokens are in no output, log, error, ledger, plan file or request log, whatever happens."""

from __future__ import annotations

import base64
import re

import pytest

from support import small
from support.marks import slowly
from support.standin import COORDINATOR, SECRETS

FORMS = tuple(
    form
    for secret in SECRETS
    for form in (
        secret,
        base64.b64encode(f"{COORDINATOR}:{secret}".encode()).decode(),
        base64.b64encode(secret.encode()).decode().rstrip("="),
        secret[::-1],
    )
)


def spilled(desk):
    """Where a secret is found among all that was said and written; the sign-in cache is the place for tokens."""
    found = [f"output {number}" for number, text in enumerate(desk.said) if any(form in text for form in FORMS)]
    for path in desk.folder.rglob("*"):
        if path.is_file() and path.name != "sign-in.json":
            content = path.read_bytes()
            found += [str(path) for form in FORMS if form.encode() in content]
    cache = desk.folder / "sign-in.json"
    if cache.exists():
        assert cache.stat().st_mode & 0o077 == 0
        assert not any(secret in cache.read_text() for secret in SECRETS)
    return found


def bearer(desk):
    """The access token of the last sign-in."""
    text = (desk.folder / "sign-in.json").read_text()
    return text.split('"secret": "')[1].split('"')[0]


@pytest.mark.parametrize("form", ["json", *slowly("text")])
def test_nothing_is_told_while_all_goes_well(desk, form):
    changes = [small.start("--set", f"company={company}") for company in ("Acme", "Bolt")]
    reads = [["verify", small.NAME], ["adopt", small.ROLLOUT], ["doctor"]]
    for words in [small.plan("--out", "small.plan"), small.start(), changes[0], *reads, changes[1]]:
        desk.call("-vv", "--log", form, *words)
    assert any("Authorization" not in text and "POST" in text for text in desk.said), "requests were logged"
    assert spilled(desk) == []
    token = bearer(desk)
    assert not any(token in text for text in desk.said)
    assert token.encode() not in desk.ledger.read_bytes()


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "500", "route": "/jira/**"},
        {"kind": "truncate", "route": "/login/**"},
        *slowly(
            {"kind": "html", "route": "/graph/**"},
            {"kind": "drop_after", "route": "/jira/rest/api/3/issue/bulk"},
            {"kind": "forbidden", "route": "/graph/v1.0/$batch"},
            {"kind": "token_expired", "route": "/graph/**"},
        ),
    ],
)
def test_nothing_is_told_when_it_goes_wrong(desk, rule):
    desk.at.faults(rule)
    done = desk.call("-vv", *small.start())
    assert done.code != 0 or rule["kind"] == "drop_after"
    assert spilled(desk) == []


def test_nothing_is_told_by_a_bug(desk):
    def broken(*_arguments, **_options):
        raise RuntimeError(f"the header was Basic {FORMS[1]} and the token {SECRETS[0]}")

    desk.monkeypatch.setattr("rollout_sync.sync.planning.make", broken)
    done = desk.call("-vv", *small.start())
    assert done.code == 1
    assert "RuntimeError" in done.err
    assert spilled(desk) == []


def test_a_secret_in_the_configuration_is_refused_and_not_repeated(desk):
    path = desk.folder / "config.toml"
    path.write_text(path.read_text().replace("[planner]", 'token = "CANARY-1234567890"\n[planner]'))
    done = desk.call(*small.start())
    assert done.code == 2
    assert re.search(r"config.toml:\d+: \[jira\] token", done.err)
    assert "CANARY" not in done.out + done.err


def test_a_secret_that_is_told_would_be_found(desk):
    desk.said.append(f"Authorization: Basic {FORMS[1]}")
    desk.write("notes.txt", SECRETS[3])
    assert spilled(desk) == ["output 0", str(desk.folder / "notes.txt")]
