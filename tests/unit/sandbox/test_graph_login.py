"""The sign-in, judged by msal itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from requests.adapters import BaseAdapter

from rollout_sync.sandbox.seed import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from rollout_sync.sandbox.world import World
from support.graph_desk import Desk

APP_SCOPE = ["https://graph.microsoft.com/.default"]
AUTHORITY = f"https://login.microsoftonline.com/{TENANT_ID}"


class Inside(BaseAdapter):
    """Carries requests for login.microsoftonline.com into the sandbox, in process."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        url = urlsplit(str(request.url))
        answer = self.desk.client.open(
            f"/login{url.path}",
            method=str(request.method),
            query_string=url.query,
            data=request.body,
            headers=dict(request.headers),
        )
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status_code, str(request.url), request
        response._content = answer.data
        response.headers.update(dict(answer.headers))
        return response

    def close(self) -> None:
        pass


@pytest.fixture
def network(desk: Desk) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("https://login.microsoftonline.com", Inside(desk))
        yield session


@pytest.fixture
def live() -> Iterator[World]:
    """msal reads the machine's clock, so the sandbox's has to run."""
    world = World.open()
    yield world
    world.store.close()


@pytest.fixture
def desk(live: World) -> Desk:
    return Desk.at(live)


def confidential(network: requests.Session, credential: object) -> Any:
    return msal.ConfidentialClientApplication(
        CLIENT_ID, client_credential=credential, authority=AUTHORITY, http_client=network, instance_discovery=False
    )


def test_a_secret_gives_a_token_that_graph_takes(desk: Desk, network: requests.Session) -> None:
    answer = confidential(network, CLIENT_SECRET).acquire_token_for_client(APP_SCOPE)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert desk.client.get("/graph/v1.0/groups", headers=headers).status_code == 200
    assert desk.client.get("/graph/v1.0/me", headers=headers).status_code == 400


def test_a_wrong_secret_is_refused_by_its_number(network: requests.Session) -> None:
    answer = confidential(network, "wrong").acquire_token_for_client(APP_SCOPE)
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000215])
    assert answer["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")


def certificate() -> tuple[dict[str, str], str]:
    """A fresh certificate for msal, and its SHA-256 thumbprint as the assertion names it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rollout")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode()
    public = made.public_bytes(pem).decode()
    thumbprint = base64.urlsafe_b64encode(made.fingerprint(hashes.SHA256())).decode().rstrip("=")
    return {"private_key": private, "public_certificate": public}, thumbprint


def test_a_certificate_is_taken_unless_others_are_registered(desk: Desk, network: requests.Session) -> None:
    credential, thumbprint = certificate()
    assert "access_token" in confidential(network, credential).acquire_token_for_client(APP_SCOPE)
    desk.control("POST", "/certificates", {"thumbprint": "another"})
    refused = confidential(network, credential).acquire_token_for_client(APP_SCOPE)
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [700027])
    desk.control("POST", "/certificates", {"thumbprint": thumbprint})
    assert "access_token" in confidential(network, credential).acquire_token_for_client(APP_SCOPE)


def test_a_device_code_signs_the_coordinator_in_after_two_polls(desk: Desk, network: requests.Session) -> None:
    app = msal.PublicClientApplication(CLIENT_ID, authority=AUTHORITY, http_client=network, instance_discovery=False)
    flow = app.initiate_device_flow(["Tasks.ReadWrite"])
    flow["interval"] = 0
    answer = app.acquire_token_by_device_flow(flow)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert desk.client.get("/graph/v1.0/me", headers=headers).json["mail"] == "cora.coordinator@example.com"
    account = app.get_accounts()[0]
    assert app.acquire_token_silent(["Tasks.ReadWrite"], account)["token_source"] == "cache"
    renewed = app.acquire_token_silent(["Tasks.ReadWrite"], account, force_refresh=True)
    assert renewed["access_token"] != answer["access_token"]
    polls = desk.world.counters.requests["POST /login/{tenant}/oauth2/v2.0/token"]
    assert polls == 4


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "x"}, 400, "unauthorized_client"),
        ({"grant_type": "client_credentials", "client_id": CLIENT_ID, "scope": "User.Read"}, 400, "invalid_scope"),
        ({"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": "x"}, 400, "invalid_grant"),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"},
            400,
            "bad_verification_code",
        ),
    ],
)
def test_refusals_of_the_token_endpoint(desk: Desk, form: dict[str, str], status: int, error: str) -> None:
    answer = desk.client.post(f"/login/{TENANT_ID}/oauth2/v2.0/token", data=form)
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert answer.json["error_codes"]


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "e30.e30.x", "W10.W10.x"])
def test_assertions_that_are_none(desk: Desk, assertion: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "scope": APP_SCOPE[0]}
    form |= {
        "client_assertion": assertion,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    answer = desk.client.post(f"/login/{TENANT_ID}/oauth2/v2.0/token", data=form)
    assert answer.status_code in {400, 401}


def test_discovery_prints_the_authority_that_msal_wants(desk: Desk) -> None:
    path = f"/login/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    assert desk.client.get(path).json["token_endpoint"] == f"{AUTHORITY}/oauth2/v2.0/token"
    assert desk.client.get("/login/elsewhere/v2.0/.well-known/openid-configuration").json["error"] == "invalid_tenant"
