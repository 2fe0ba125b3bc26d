"""Secrets: where each may be kept and how it is fetched when needed.

Order: environment variable, file with mode 0600, the key store of the operating system. Nothing here writes a
secret anywhere but into the key store, and no message repeats one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rollout_sync.errors import ConfigError
from rollout_sync.transport.redaction import SECRETS

_LONGEST = 64 * 1024


class Secret:
    """A text that never shows itself; `reveal` is the only way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not written down")


class Keystore(Protocol):
    """The key store of the operating system."""

    def get(self, account: str) -> str | None:
        """The secret of the account, None when it has none or there is no key store."""
        ...

    def put(self, account: str, text: str) -> None:
        """Keep a secret; ConfigError when there is no key store."""
        ...

    def describe(self) -> str:
        """Name of the store; empty when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPlace:
    """Where one secret may be kept.

    Attributes:
        name: what it is, for people ("Jira API token").
        variable: environment variable that may hold it.
        account: name of its entry in the key store.
        file: file that may hold it; None when the configuration names none.
        file_key: configuration key that would name the file.
        published: a secret that everybody may know (the sandbox's); it is used as it is.
    """

    name: str
    variable: str
    account: str
    file_key: str
    file: Path | None = None
    published: str | None = None


def find_secret(place: SecretPlace, environ: Mapping[str, str], keystore: Keystore) -> Secret | None:
    """The secret from the first place that has it; None when none has it. From then on it is masked in every log.

    Raises:
        ConfigError: the named file is missing, empty, too large or open to other users.
    """
    if place.published is not None:
        return Secret(place.published)
    text = environ.get(place.variable, "").strip()
    if not text:
        text = _read(place.file, place) if place.file is not None else keystore.get(place.account) or ""
    SECRETS.register(text)
    return Secret(text) if text else None


def fetch_secret(place: SecretPlace, environ: Mapping[str, str], keystore: Keystore) -> Secret:
    """The secret; ConfigError that says how to store it when no place has it."""
    found = find_secret(place, environ, keystore)
    if found is None:
        raise ConfigError(f"The {place.name} is not stored.", where=place.variable, hint=how_to_store(place))
    return found


def how_to_store(place: SecretPlace) -> str:
    """The sentence that tells a user where to put this secret."""
    return (
        f"Store it in the key store with: rollout-sync init --secrets-only. Or set the environment variable "
        f"{place.variable}, or name a file with mode 0600 in {place.file_key}."
    )


def _read(path: Path, place: SecretPlace) -> str:
    try:
        with path.open("rb") as stream:
            _check_mode(os.fstat(stream.fileno()), place)
            content = stream.read(_LONGEST + 1)
    except OSError as error:
        raise _unusable(place, f"cannot be read ({error.strerror or type(error).__name__})") from error
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _unusable(place, "is not UTF-8 text") from error
    if not text or len(content) > _LONGEST:
        raise _unusable(place, "is larger than a secret can be" if text else "is empty")
    return text


def _check_mode(found: os.stat_result, place: SecretPlace) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _unusable(place, "is no ordinary file")
    if os.name == "posix" and found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise _unusable(place, f"can be read by other users (mode {mode:04o})", "Run: chmod 600 on that file.")


def _unusable(place: SecretPlace, why: str, hint: str = "") -> ConfigError:
    # The path is not repeated: a secret that was pasted in the place of a path must not be shown.
    return ConfigError(f"The file of the {place.name} {why}.", where=place.file_key, hint=hint or how_to_store(place))


def system_keystore() -> Keystore:
    """The key store of this machine; silent where there is none."""
    from rollout_sync.config.keystore import SystemKeystore  # noqa: PLC0415 - keyring's backends load slowly

    return SystemKeystore()
