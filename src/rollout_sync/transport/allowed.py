"""Which base URLs a token may be sent to. Pure; resolving names is left to the connection."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from rollout_sync.errors import ConfigError

KNOWN_HOSTS = (
    "*.atlassian.net",
    "api.atlassian.com",
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
)
"""Hosts of the two services and their sign-in, national clouds included; `*.` stands for one or more names."""

_LONGEST_HOST = 253


def checked_base_url(url: str, *, key: str, allow_hosts: Iterable[str] = (), insecure_lab: bool = False) -> str:
    """The base URL without a trailing slash, if a token may be sent there.

    Args:
        url: as configured.
        key: configuration key, for the message.
        allow_hosts: further host names, `*.example.com` for all below a domain (Data Center, a gateway).
        insecure_lab: also allow plain http, and loopback or private addresses; for the sandbox and test labs.

    Raises:
        ConfigError: not https, unknown host, an address that is not public, or credentials, query or fragment in it.
    """
    parts = _split(url, key)
    host = (parts.hostname or "").rstrip(".")
    if not host or len(host) > _LONGEST_HOST:
        raise _refused("has no host name", url, key, "Write it like https://acme.atlassian.net")
    if parts.username is not None or parts.password is not None:
        raise _refused("contains a user name or password", "", key, "Remove everything before the @ sign.")
    if parts.query or parts.fragment:
        raise _refused("has a query or fragment", url, key, "Remove everything from ? or # on.")
    if not insecure_lab:
        _check_public(parts, host, url, key, tuple(allow_hosts))
    return url.rstrip("/")


def host_matches(host: str, pattern: str) -> bool:
    """Whether `host` is `pattern`, or lies below it where that begins with `*.`."""
    host, pattern = host.lower(), pattern.lower()
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern


def _split(url: str, key: str) -> SplitResult:
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
        raise _refused("contains spaces, backslashes or control characters", "", key, "Copy it again.")
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is none
    except ValueError:
        raise _refused("is no URL", "", key, "Write it like https://acme.atlassian.net") from None
    if parts.scheme not in ("https", "http"):
        raise _refused("is no web address", "", key, "It has to begin with https://")
    return parts


def _check_public(parts: SplitResult, host: str, url: str, key: str, allow_hosts: tuple[str, ...]) -> None:
    if parts.scheme != "https":
        raise _refused("is not https", url, key, "Use https; plain http is for the sandbox alone (insecure_lab).")
    if _is_internal(host):
        raise _refused("points to this machine or a private network", url, key, "Set insecure_lab for a test lab.")
    if not any(host_matches(host, pattern) for pattern in (*KNOWN_HOSTS, *allow_hosts)):
        raise _refused(
            "is not a known host of Jira Cloud or Microsoft Graph", url, key, f'Add "{host}" to allow_hosts if it is.'
        )


def _is_internal(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _refused(why: str, url: str, key: str, hint: str) -> ConfigError:
    shown = f"{url!r} " if url else "the address "
    return ConfigError(f"{shown}{why}", where=key, hint=hint)
