"""Signing in at Microsoft with msal: as the program itself or as a person, with tokens kept between runs.

All of msal's requests go over the shared transport. msal keeps answers of failed requests for a minute, so a failure
is followed by a fresh msal application.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msal
import requests
from msal.exceptions import MsalError

from rollout_sync.errors import AccessDenied, ConfigError, TrackerError, Unavailable
from rollout_sync.trackers.planner.access import AUTHORITIES, GLOBAL_AUTHORITY, GraphAccess, SignIn
from rollout_sync.trackers.planner.cache import TokenFile
from rollout_sync.trackers.planner.refusals import sign_in_error
from rollout_sync.transport.clock import Clock

_log = logging.getLogger(__name__)
_WAITING = frozenset({"authorization_pending", "slow_down"})
_SLOWER = 5
_MARGIN = 300.0
_KNOWN_AUTHORITIES = frozenset({GLOBAL_AUTHORITY, *AUTHORITIES.values()})
_Answer = Mapping[str, Any]


class TokenSource:
    """Gives a bearer token for Graph; one per process, safe to use from several threads.

    Args:
        access: who signs in and where.
        session: a session of the shared transport; msal uses no other network.
        clock: for the waits of a device code sign-in.
        show: prints the device code's instruction to the person; None where nobody is there to read it.
        on_secret: told of every new token, so that logs can be kept clean of it.
    """

    def __init__(
        self,
        access: GraphAccess,
        *,
        session: requests.Session,
        clock: Clock,
        show: Callable[[str], None] | None = None,
        on_secret: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._access = access
        self._session = session
        self._clock = clock
        self._show = show
        self._on_secret = on_secret
        self._cache = msal.SerializableTokenCache()
        self._file = TokenFile(access.token_cache) if access.token_cache is not None else None
        self._lock = threading.Lock()
        self._refused = ""
        self._kept = ("", 0.0)
        self._app: Any = None

    def token(self) -> str:
        """A token that is good for some minutes more, from memory or the cache where possible.

        Raises:
            AccessDenied: sign-in refused; the hint says what to repair.
            Unavailable: Microsoft's sign-in cannot be reached.
            ConfigError: the certificate or the authority cannot be used.
        """
        with self._lock:
            token, until = self._kept
            return token if token and self._clock.monotonic() < until else self._acquire(None)

    def renew(self, refused: str, claims: str | None = None) -> str:
        """Another token than the `refused` one; callers that ask at the same time share one sign-in.

        Args:
            refused: the token that Graph answered 401 to.
            claims: what Graph demands of the next token, from its `WWW-Authenticate` header.

        Raises:
            AccessDenied, Unavailable, ConfigError: as `token`.
        """
        with self._lock:
            if self._refused != refused or claims is not None:
                self._refused = refused
                return self._acquire(claims, refused)
            return self._acquire(None)

    def _acquire(self, claims: str | None, refused: str = "") -> str:
        with self._file.locked() if self._file else nullcontext():
            self._load()
            answer = self._ask(self._silently, claims, refused)
            self._save()
        if answer is None:
            answer = self._ask(self._by_device_code, claims, refused)
            with self._file.locked() if self._file else nullcontext():
                self._save()
        if answer is None or "access_token" not in answer:
            self._app = None
            raise sign_in_error(answer or {}, self._access)
        token = str(answer["access_token"])
        self._on_secret(token)
        self._kept = (token, self._clock.monotonic() + float(answer.get("expires_in", 0)) - _MARGIN)
        return token

    def _ask(
        self, how: Callable[[str | None, str], _Answer | None], claims: str | None, refused: str
    ) -> _Answer | None:
        try:
            return how(claims, refused)
        except TrackerError:
            self._app = None
            raise
        except (MsalError, requests.RequestException) as error:
            self._app = None
            raise Unavailable(
                f"Microsoft's sign-in failed ({type(error).__name__})",
                where=self._access.authority,
                hint="run the same command again; if it stays, check proxies and status.cloud.microsoft",
            ) from None
        except (ValueError, TypeError) as error:  # msal's words for an unknown tenant or a key that cannot be opened
            self._app = None
            raise ConfigError(
                f"sign-in is not possible with these settings: {_first_line(error)}",
                where="[planner] tenant, authority, certificate",
                hint="check the tenant id and the certificate's file and passphrase",
            ) from None

    def _silently(self, claims: str | None, refused: str) -> _Answer | None:
        """A token without a person: None where a person has to sign in."""
        app = self._application()
        if not self._access.kind.is_person:
            if refused and self._cached_app_token_is(refused):
                app.remove_tokens_for_client()
            answer: _Answer = app.acquire_token_for_client([self._access.scope], claims_challenge=claims)
            return answer
        accounts = app.get_accounts()
        if not accounts:
            return None
        found: _Answer | None = app.acquire_token_silent_with_error(
            [self._access.scope], account=accounts[0], force_refresh=bool(refused), claims_challenge=claims
        )
        if found is not None and "access_token" not in found:
            _log.info("the kept sign-in is no longer accepted: %s", found.get("error", "unknown"))
            return None
        return found

    def _cached_app_token_is(self, refused: str) -> bool:
        kept = self._cache.search(msal.TokenCache.CredentialType.ACCESS_TOKEN)
        return any(entry.get("secret") == refused for entry in kept)

    def _by_device_code(self, claims: str | None, _refused: str) -> _Answer | None:
        if self._show is None:
            raise AccessDenied(
                "nobody is signed in, and nobody is here to do it",
                where=self._access.authority,
                hint="run `rollout-sync doctor` at a terminal once and sign in with the code that it shows",
            )
        app = self._application()
        flow = app.initiate_device_flow([self._access.scope], claims_challenge=claims)
        if "user_code" not in flow:
            answer: _Answer = flow
            return answer
        self._show(str(flow["message"]))
        return self._poll(app, flow, claims)

    def _poll(self, app: Any, flow: dict[str, Any], claims: str | None) -> _Answer:  # noqa: ANN401 (msal is untyped)
        pause = float(flow.get("interval", _SLOWER))
        until = self._clock.monotonic() + float(flow.get("expires_in", 900))
        while True:
            answer: _Answer = app.acquire_token_by_device_flow(
                flow, claims_challenge=claims, exit_condition=lambda _: True
            )
            if answer.get("error") not in _WAITING:
                return answer
            pause += _SLOWER if answer.get("error") == "slow_down" else 0
            if self._clock.monotonic() + pause > until:
                return {"error": "expired_token"}
            self._clock.sleep(pause)

    def _application(self) -> Any:  # noqa: ANN401 (msal is untyped)
        if self._app is None:
            self._app = self._new_application()
        return self._app

    def _new_application(self) -> Any:  # noqa: ANN401 (msal is untyped)
        access = self._access
        common: dict[str, Any] = {
            "authority": f"{access.authority.rstrip('/')}/{access.tenant}",
            "token_cache": self._cache,
            "http_client": self._session,
            # The clouds in our table need no look-up of who they are; others are believed because a person named them.
            "instance_discovery": False,
            "validate_authority": access.authority in _KNOWN_AUTHORITIES,
        }
        if access.kind.is_person:
            return msal.PublicClientApplication(access.client_id, **common)
        return msal.ConfidentialClientApplication(
            access.client_id, client_credential=client_credential(access), **common
        )

    def _load(self) -> None:
        """Take over what another process stored; a damaged file counts as an empty one."""
        text = self._file.read() if self._file else None
        if text is None:
            return
        try:
            self._cache.deserialize(text if isinstance(json.loads(text), dict) else None)
        except ValueError:
            _log.warning("the token cache is damaged; signing in afresh")

    def _save(self) -> None:
        if self._file is not None and self._cache.has_state_changed:
            self._file.write(self._cache.serialize())


def client_credential(access: GraphAccess) -> str | dict[str, str]:
    """What msal takes as proof of the program's identity: the secret, or the certificate's parts.

    Raises:
        ConfigError: the certificate's file cannot be read or holds no private key.
    """
    if access.kind is SignIn.CLIENT_SECRET:
        return access.secret
    path = access.certificate or Path()
    phrase = {"passphrase": access.passphrase} if access.passphrase else {}
    if path.suffix.lower() in (".pfx", ".p12"):
        _read_certificate(path)
        return {"private_key_pfx_path": str(path), **phrase}
    text = _read_certificate(path).decode("utf-8", "replace")
    if "PRIVATE KEY-----" not in text:
        raise ConfigError(
            "the certificate's file holds no private key",
            where=str(path),
            hint="put the private key and the certificate into one PEM file, or use a PFX file",
        )
    if "BEGIN CERTIFICATE" in text:
        return {"private_key": text, "public_certificate": text, **phrase}
    return {"private_key": text, "thumbprint": access.thumbprint, **phrase}


def _read_certificate(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the certificate cannot be read: {error.strerror}",
            where=str(path),
            hint="check [planner] certificate and the file's permissions",
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
