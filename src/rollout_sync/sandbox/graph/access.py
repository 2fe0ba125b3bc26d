"""Access tokens of the sandbox: shaped like JWTs, signed with a key of no secrecy, expiring by the sandbox's clock."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Final

from rollout_sync.sandbox.graph.call import Caller
from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.seed import CLIENT_ID, COORDINATOR, TENANT_ID
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

AUDIENCE: Final = "https://graph.microsoft.com"
_KEY: Final = b"opens nothing but this sandbox"
_CHALLENGE: Final = {
    "WWW-Authenticate": (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        'client_id="00000003-0000-0000-c000-000000000000"'
    )
}


def encode_token(claims: Document) -> str:
    """A token with three parts, as clients expect one."""
    head = _part({"typ": "JWT", "alg": "RS256", "kid": "sandbox"})
    body = _part(claims)
    return f"{head}.{body}.{_signature(head, body)}"


def decode_token(token: str) -> Document | None:
    """The claims of a token of ours; None when it is not one."""
    head, _, rest = token.partition(".")
    body, _, signature = rest.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(head, body).encode()):
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


def caller_of(world: World, authorization: str | None) -> Caller:
    """Who makes a request.

    Raises:
        GraphError: 401 without a valid token.
    """
    if not authorization:
        if world.switches.is_on("no_auth"):
            return Caller(app_id=CLIENT_ID, user=world.people.by_email(COORDINATOR))
        raise _refused("Access token is empty.")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refused("Access token is empty.")
    if "." not in token:
        raise _refused("IDX14100: JWT is not well formed, there are no dots (.).")
    claims = decode_token(token.strip())
    if claims is None:
        raise _refused("Access token validation failure. Invalid signature.")
    if claims.get("aud") != AUDIENCE or claims.get("tid") != TENANT_ID:
        raise _refused("Access token validation failure. Invalid audience.")
    if float(claims["exp"]) <= world.clock.now().timestamp():
        raise _refused("Lifetime validation failed, the token is expired.")
    return _caller(world, claims)


def _caller(world: World, claims: Document) -> Caller:
    if "upn" not in claims:
        return Caller(app_id=claims["appid"])
    user = world.people.by_email(claims["upn"])
    if user is None or not user.is_active:
        raise _refused("The user of this token does not exist or is disabled.")
    return Caller(app_id=claims["appid"], user=user)


def _refused(message: str) -> GraphError:
    return GraphError(401, message, "InvalidAuthenticationToken", dict(_CHALLENGE))


def _part(value: Document) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def _signature(head: str, body: str) -> str:
    digest = hmac.new(_KEY, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
