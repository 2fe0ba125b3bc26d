"""The sign-in of Microsoft Entra as msal uses it: discovery, client credentials, device code, refresh.

The sandbox listens on plain http below `/login`, but what it prints are https://login.microsoftonline.com addresses:
msal accepts no others. A client rewrites that prefix to the sandbox's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Flask, Response, jsonify, request

from rollout_sync.sandbox.graph.access import AUDIENCE, encode_token
from rollout_sync.sandbox.seed import (
    CLIENT_ID,
    CLIENT_SECRET,
    COORDINATOR,
    SERVICE_PRINCIPAL_ID,
    TENANT_DOMAIN,
    TENANT_ID,
)
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.wire import random_guid
from rollout_sync.sandbox.world import World

AUTHORITY: Final = "https://login.microsoftonline.com"
LIFETIME: Final = 3599
"""Seconds that an access token is good for."""
CERTIFICATES: Final = "_certificates"
"""Collection of thumbprints (base64url, SHA-1 or SHA-256) that may sign assertions; empty: any may."""

_DEVICE_CODES: Final = "_device_codes"
_REFRESH_TOKENS: Final = "_refresh_tokens"
_DEVICE_LIFETIME: Final = 900
_PENDING_POLLS: Final = 2
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_TENANTS: Final = frozenset({TENANT_ID, TENANT_DOMAIN, "common", "organizations"})
_RESERVED: Final = frozenset({"openid", "profile", "offline_access", "email"})


class SignInRefused(Exception):
    """A refusal of the token endpoint: OAuth error, Entra's code and text."""

    def __init__(self, error: str, code: int, text: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(text)
        self.error, self.code, self.status = error, code, status


def register(app: Flask, world: World) -> None:
    """Add the sign-in to the application."""
    routes = Blueprint("login", __name__, url_prefix="/login")
    open_id = "/.well-known/openid-configuration"
    routes.add_url_rule(f"/<tenant>/v2.0{open_id}", "v2", _discovery)
    routes.add_url_rule(f"/<tenant>{open_id}", "v1", _discovery)
    routes.add_url_rule("/common/discovery/instance", "instance", _instance)
    routes.add_url_rule("/<tenant>/oauth2/v2.0/token", "token", _bound(_token, world), methods=["POST"])
    routes.add_url_rule("/<tenant>/oauth2/v2.0/devicecode", "device", _bound(_device_code, world), methods=["POST"])
    routes.register_error_handler(SignInRefused, lambda error: _refusal(world, error))
    app.register_blueprint(routes)


def _bound(view: Callable[[World, str], Document], world: World) -> Callable[[str], Response]:
    def bound(tenant: str) -> Response:
        _check_tenant(tenant)
        return _uncached(jsonify(view(world, tenant)))

    return bound


def _discovery(tenant: str) -> Response:
    _check_tenant(tenant)
    base = f"{AUTHORITY}/{tenant}"
    return jsonify(
        {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "issuer": f"{AUTHORITY}/{TENANT_ID}/v2.0",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": "graph.microsoft.com",
        }
    )


def _instance() -> Response:
    return jsonify(
        {
            "tenant_discovery_endpoint": f"{AUTHORITY}/{TENANT_ID}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {
                    "preferred_network": "login.microsoftonline.com",
                    "preferred_cache": "login.windows.net",
                    "aliases": ["login.microsoftonline.com", "login.windows.net"],
                }
            ],
        }
    )


def _token(world: World, _tenant: str) -> Document:
    """The token endpoint."""
    match request.form.get("grant_type"):
        case "client_credentials":
            return _client_credentials(world)
        case grant if grant == _DEVICE_GRANT:
            return _device_grant(world)
        case "refresh_token":
            return _refresh(world)
        case None | "":
            raise SignInRefused("invalid_request", 900144, "The request body must contain: 'grant_type'.")
        case other:
            raise SignInRefused(
                "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{other}'."
            )


def _client_credentials(world: World) -> Document:
    _check_client()
    scope = request.form.get("scope", "")
    if scope != f"{AUDIENCE}/.default":
        raise SignInRefused("invalid_scope", 1002012, f"The provided value for scope {scope} is not valid.")
    assertion = request.form.get("client_assertion")
    if assertion is not None:
        _check_assertion(world, assertion)
    elif request.form.get("client_secret") != CLIENT_SECRET:
        text = "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value."
        raise SignInRefused("invalid_client", 7000215, text, HTTPStatus.UNAUTHORIZED)
    claims = _claims(world, LIFETIME) | {
        "idtyp": "app",
        "oid": SERVICE_PRINCIPAL_ID,
        "roles": ["Tasks.ReadWrite.All", "Group.Read.All", "User.Read.All", "Mail.Send", "Mail.ReadWrite"],
    }
    return _answer(encode_token(claims))


def _check_assertion(world: World, assertion: str) -> None:
    """A certificate's assertion: well-formed, addressed to us, not expired, by a certificate that is known."""
    if request.form.get("client_assertion_type") != _ASSERTION:
        raise SignInRefused("invalid_request", 900144, "The request body must contain: 'client_assertion_type'.")
    head, claims = _parts(assertion)
    thumbprint = str(head.get("x5t#S256") or head.get("x5t") or "").rstrip("=")
    known = world.store.keys(CERTIFICATES)
    now = world.clock.now().timestamp()
    wrong = ""
    if claims.get("iss") != CLIENT_ID or claims.get("sub") != CLIENT_ID:
        wrong = "The issuer and the subject have to be the client id."
    elif not str(claims.get("aud", "")).startswith(AUTHORITY):
        wrong = "The audience is not this authority."
    elif not isinstance(claims.get("exp"), (int, float)) or claims["exp"] <= now:
        wrong = "The assertion is expired."
    elif known and thumbprint and thumbprint not in known:
        wrong = f"The certificate with thumbprint {thumbprint} is not registered for the application."
    elif known and not thumbprint:
        wrong = "The assertion names no certificate."
    if wrong:
        raise SignInRefused("invalid_client", 700027, f"Client assertion failed: {wrong}", HTTPStatus.UNAUTHORIZED)


def _parts(assertion: str) -> tuple[Document, Document]:
    """Header and claims of a JWT; the signature is not checked."""
    parts = assertion.split(".")
    try:
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except (ValueError, binascii.Error) as error:
        text = "Client assertion is not a well-formed JWT."
        raise SignInRefused("invalid_request", 50027, text) from error
    if len(parts) != len(("head", "claims", "signature")) or not (isinstance(head, dict) and isinstance(claims, dict)):
        raise SignInRefused("invalid_request", 50027, "Client assertion is not a well-formed JWT.")
    return head, claims


def _device_code(world: World, _tenant: str) -> Document:
    """Start of a device code flow; it is granted for the coordinator after two polls."""
    _check_client()
    number = world.store.next_number("device-code")
    code = base64.urlsafe_b64encode(hashlib.sha256(f"{world.seed} {number}".encode()).digest()).decode().rstrip("=")
    kept = {
        "id": code,
        "scope": request.form.get("scope", ""),
        "polls": 0,
        "until": world.clock.now().timestamp() + _DEVICE_LIFETIME,
    }
    world.store.put(_DEVICE_CODES, code, kept)
    user_code = f"SBX{number:06d}"
    where = "https://microsoft.com/devicelogin"
    return {
        "user_code": user_code,
        "device_code": code,
        "verification_uri": where,
        "expires_in": _DEVICE_LIFETIME,
        "interval": 1,
        "message": f"To sign in, open the page {where} and enter the code {user_code}.",
    }


def _device_grant(world: World) -> Document:
    code = request.form.get("device_code") or request.form.get("code", "")
    kept = world.store.get(_DEVICE_CODES, code)
    if kept is None:
        raise SignInRefused("bad_verification_code", 70019, "The verification code is not known or was used already.")
    if kept["until"] <= world.clock.now().timestamp():
        raise SignInRefused("expired_token", 70020, "The provided value for the 'device_code' expired.")
    kept["polls"] += 1
    world.store.put(_DEVICE_CODES, code, kept)
    if kept["polls"] <= _PENDING_POLLS:
        raise SignInRefused("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending.")
    world.store.delete(_DEVICE_CODES, code)
    return _for_user(world, kept["scope"], COORDINATOR)


def _refresh(world: World) -> Document:
    _check_client()
    kept = world.store.get(_REFRESH_TOKENS, request.form.get("refresh_token", ""))
    if kept is None:
        text = "The refresh token has expired or is not valid. Sign in again."
        raise SignInRefused("invalid_grant", 700082, text)
    return _for_user(world, request.form.get("scope") or kept["scope"], kept["email"])


def _for_user(world: World, scope: str, email: str) -> Document:
    """Tokens of a signed-in user; `scope` is echoed, or msal's silent lookup would miss its cache."""
    who = world.people.by_email(email)
    if who is None or not who.is_active:
        raise SignInRefused("invalid_grant", 50057, "The user account is disabled.")
    granted = [name for name in scope.split() if name not in _RESERVED]
    short = " ".join(name.removeprefix(f"{AUDIENCE}/") for name in granted)
    claims = _claims(world, LIFETIME) | {"idtyp": "user", "oid": who.graph_id, "upn": who.email, "scp": short}
    refresh = "0.sandbox." + base64.urlsafe_b64encode(world.random.randbytes(24)).decode()
    world.store.put(_REFRESH_TOKENS, refresh, {"email": who.email, "scope": scope})
    id_token = {
        **_claims(world, LIFETIME),
        "aud": request.form.get("client_id", CLIENT_ID),
        "sub": who.graph_id,
        "oid": who.graph_id,
        "name": who.name,
        "preferred_username": who.email,
    }
    info = json.dumps({"uid": who.graph_id, "utid": TENANT_ID}).encode()
    return _answer(encode_token(claims)) | {
        "scope": " ".join(granted),
        "refresh_token": refresh,
        "id_token": encode_token(id_token),
        "client_info": base64.urlsafe_b64encode(info).decode().rstrip("="),
    }


def _claims(world: World, lifetime: int) -> Document:
    now = int(world.clock.now().timestamp())
    return {
        "aud": AUDIENCE,
        "iss": f"https://sts.windows.net/{TENANT_ID}/",
        "iat": now,
        "nbf": now,
        "exp": now + lifetime,
        "appid": CLIENT_ID,
        "tid": TENANT_ID,
        "uti": random_guid(world.random),
    }


def _answer(access_token: str) -> Document:
    return {
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "ext_expires_in": LIFETIME,
        "access_token": access_token,
    }


def _check_client() -> None:
    client_id = request.form.get("client_id", "")
    if client_id != CLIENT_ID:
        text = f"Application with identifier '{client_id}' was not found in the directory '{TENANT_DOMAIN}'."
        raise SignInRefused("unauthorized_client", 700016, text)


def _check_tenant(tenant: str) -> None:
    if tenant.lower() not in _TENANTS:
        raise SignInRefused("invalid_tenant", 90002, f"Tenant '{tenant}' not found.")


def _refusal(world: World, refused: SignInRefused) -> tuple[Response, int]:
    """Entra's error document; msal hands it to its caller as a dict."""
    trace, now = random_guid(world.random), world.clock.now()
    at = now.strftime("%Y-%m-%d %H:%M:%SZ")
    body: dict[str, Any] = {
        "error": refused.error,
        "error_description": f"AADSTS{refused.code}: {refused} Trace ID: {trace} Timestamp: {at}",
        "error_codes": [refused.code],
        "timestamp": at,
        "trace_id": trace,
        "correlation_id": request.headers.get("client-request-id", trace),
        "error_uri": f"{AUTHORITY}/error?code={refused.code}",
    }
    return _uncached(jsonify(body)), refused.status


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store, no-cache"
    return response
