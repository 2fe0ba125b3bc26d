"""What Microsoft's sign-in answers mean and how to repair them. A table, and one function to look things up in it."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_sync.errors import AccessDenied
from rollout_sync.trackers.planner.access import GraphAccess
from rollout_sync.transport.words import clean

_CODES: Mapping[int, tuple[str, str]] = {
    7000215: (
        "the client secret is wrong",
        "store the secret's value, not its id; make a new one under App registrations > Certificates & secrets",
    ),
    7000222: (
        "the client secret has expired",
        "make a new one under App registrations > Certificates & secrets and store it",
    ),
    700016: ("the application is not known in this tenant", "check client_id and tenant in the [planner] section"),
    700027: ("the certificate is not accepted", "upload its public part to the app registration, or renew it"),
    90002: ("the tenant does not exist", "check tenant in the [planner] section"),
    900023: ("the tenant is neither an id nor a domain", "check tenant in the [planner] section"),
    65001: (
        "consent is missing",
        "ask an administrator to grant consent for the app: API permissions > Grant admin consent",
    ),
    7000218: (
        "the application does not allow sign-in with a device code",
        "App registrations > Authentication > Allow public client flows: Yes",
    ),
    50076: ("a second factor is needed", "sign in again at a terminal with `rollout-sync doctor`"),
    50173: ("the kept sign-in was withdrawn", "sign in again at a terminal with `rollout-sync doctor`"),
    70008: ("the kept sign-in is too old", "sign in again at a terminal with `rollout-sync doctor`"),
    53003: ("a conditional access policy forbids this sign-in", "ask your administrator to allow this app"),
}
_ERRORS: Mapping[str, tuple[str, str]] = {
    "invalid_client": (
        "the application's secret or certificate is not accepted",
        "store a valid secret or certificate",
    ),
    "unauthorized_client": ("the application may not sign in this way", "check the app registration and client_id"),
    "authorization_declined": ("the sign-in was declined", "run the command again and accept the sign-in"),
    "access_denied": ("the sign-in was declined", "run the command again and accept the sign-in"),
    "expired_token": ("nobody entered the code in time", "run the command again and enter the new code"),
    "bad_verification_code": ("the code was not recognised", "run the command again and enter the new code"),
    "consent_required": _CODES[65001],
    "interaction_required": ("a person has to sign in again", "run `rollout-sync doctor` at a terminal"),
    "invalid_grant": ("the kept sign-in is no longer accepted", "run `rollout-sync doctor` at a terminal"),
}
_UNKNOWN = ("sign-in was refused", "check the [planner] section and the app registration")


def sign_in_error(answer: Mapping[str, object], access: GraphAccess) -> AccessDenied:
    """The error for a token answer without a token: what is wrong, Microsoft's first line, the fix."""
    codes = answer.get("error_codes")
    numbers = [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []
    error = str(answer.get("error", ""))
    what, hint = next((_CODES[n] for n in numbers if n in _CODES), _ERRORS.get(error, _UNKNOWN))
    said = clean(str(answer.get("error_description", "")).partition("\n")[0])
    return AccessDenied(
        f"Microsoft refused the sign-in: {what}" + (f" ({said})" if said else ""),
        where=f"{access.authority}, tenant {access.tenant}, application {access.client_id}",
        hint=hint,
        status=401,
        code=f"AADSTS{numbers[0]}" if numbers else error,
        request_id=clean(str(answer.get("correlation_id", ""))),
    )
