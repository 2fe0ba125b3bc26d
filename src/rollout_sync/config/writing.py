"""A new config.toml from answers: its text (pure) and its place on disk (mode 0600, whole or not at all)."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rollout_sync.errors import ConfigError

Answers = Mapping[str, Mapping[str, str]]
"""Section to key to value; keys without a value are left out."""

_OPENING = """\
# Configuration of rollout-sync. config.example.toml in its repository explains every key.
# No secret belongs in here: they are in the key store of this system, or in environment variables.
"""


def compose(answers: Answers) -> str:
    """The text of a configuration with these sections and keys, in their order."""
    blocks = [_OPENING]
    for section, keys in answers.items():
        lines = [f"{key} = {_quoted(value)}" for key, value in keys.items() if value]
        blocks.append("\n".join([f"[{section}]", *lines, ""]))
    return "\n".join(blocks)


def write(path: Path, text: str, *, replace: bool = False) -> None:
    """Write the text with mode 0600; a crash leaves the old file or the new one.

    Raises:
        ConfigError: the file exists and `replace` is false, or the folder cannot be written.
    """
    if path.exists() and not replace:
        raise ConfigError(
            "There is a configuration already.",
            where=str(path),
            hint="Add --force to replace it, or give another path.",
        )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(path, text)
    except OSError as error:
        raise ConfigError(
            f"The configuration cannot be written ({error.strerror or type(error).__name__}).",
            where=str(path),
            hint="Give another place with --config FILE.",
        ) from error


def _replace(path: Path, text: str) -> None:
    # mkstemp makes the file with mode 0600.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _quoted(value: str) -> str:
    # A JSON text is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
