"""Which configuration file is meant, and the folders that belong to the program on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from rollout_sync.errors import ConfigError

FILE_NAME = "config.toml"
VARIABLE = "ROLLOUT_SYNC_CONFIG"
_APP = "rollout-sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The file that is used (None when there is none) and the places that were looked at, first choice first."""

    path: Path | None
    looked_at: tuple[str, ...]


def locate(option: Path | None, environ: Mapping[str, str], folder: Path | None = None) -> Located:
    """Find the file: `--config`, `$ROLLOUT_SYNC_CONFIG`, `config.toml` in the folder, the user's own.

    Raises:
        ConfigError: a file was named and is not there.
    """
    if option is not None:
        return _named(option, f"--config {option}")
    if named := environ.get(VARIABLE):
        return _named(Path(named).expanduser(), f"${VARIABLE} ({named})")
    choices = (((folder or Path.cwd()) / FILE_NAME), user_config())
    found = next((path for path in choices if _is_there(path)), None)
    return Located(path=found, looked_at=tuple(str(path) for path in choices))


def _is_there(path: Path) -> bool:
    """Whether there is such a file; one that may not be looked at counts, so that reading it says why not."""
    try:
        return path.is_file()
    except PermissionError:
        return True


def user_config() -> Path:
    """The configuration file of this user."""
    return platformdirs.user_config_path(_APP, appauthor=False) / FILE_NAME


def user_data() -> Path:
    """The folder for the ledger and the token cache of this user."""
    return platformdirs.user_data_path(_APP, appauthor=False)


def _named(path: Path, origin: str) -> Located:
    if not _is_there(path):
        raise ConfigError(
            "The configuration file is not there.",
            where=origin,
            hint="Give the path of an existing file, or make one with: rollout-sync init",
        )
    return Located(path=path, looked_at=(str(path),))
