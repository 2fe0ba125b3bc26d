"""From bytes and environment variables to `Settings`: limits, TOML, secrets, overrides, rules, in this order."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from rollout_sync.config import positions
from rollout_sync.config.building import build, sandbox_sections
from rollout_sync.config.checking import MOST_PROBLEMS, Origin, secrets_in, sense_problems, shape_problems
from rollout_sync.config.document import SECTIONS, ConfigDocument
from rollout_sync.config.environment import merge, overrides
from rollout_sync.config.location import Located
from rollout_sync.config.settings import Settings
from rollout_sync.errors import ConfigError, Problem

_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")
_NOT_FOR_SANDBOX = frozenset({"jira", "planner"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def load(located: Located, environ: Mapping[str, str]) -> Settings:
    """Settings from the file and the environment; from the environment alone when there is no file.

    Raises:
        ConfigError: nothing is configured, or `problems` lists everything that is wrong.
    """
    if located.path is not None:
        return parse(_read(located.path), located.path, environ)
    over, _ = overrides(environ)
    if not {section for section, _ in over} & _NOT_FOR_SANDBOX:
        raise ConfigError(
            "There is no configuration.",
            where="looked at " + ", ".join(located.looked_at),
            hint="Run: rollout-sync init. Or try everything without an account: rollout-sync sandbox",
        )
    return parse("", None, environ)


def parse(text: str, source: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings from the text of a configuration file; relative paths start in the folder of `source`.

    Raises:
        ConfigError: with one `Problem` for each thing that is wrong.
    """
    name = str(source) if source else "environment"
    file = _tables(text, name)
    over, problems = overrides(environ)
    origin = Origin(file=name, lines=positions.key_lines(text), from_environment=frozenset(over))
    _refuse((*secrets_in(file, origin), *problems), name)
    folder = source.resolve().parent if source else Path.cwd()
    return build(_document(merge(file, over), origin), folder, source)


def for_sandbox(url: str, environ: Mapping[str, str]) -> Settings:
    """Settings that point both services at a running sandbox with its published accounts; no file is read.

    Environment variables of the other sections (ledger, safety, timing, people) and `ROLLOUT_SYNC_JIRA_PROJECT` still
    count. The ledger is one of its own for each address, so that a rehearsal never meets real work.

    Raises:
        ConfigError: the address is not on this machine.
    """
    root = _sandbox_root(url)
    over, problems = overrides(environ)
    _refuse(problems, "environment")
    allowed = {
        key: value for key, value in over.items() if key[0] not in _NOT_FOR_SANDBOX or key == ("jira", "project")
    }
    origin = Origin(file=root, lines={}, from_environment=frozenset(allowed))
    document = _document(merge(sandbox_sections(root), allowed), origin)
    return build(document, Path.cwd(), None, sandbox_url=root)


def _sandbox_root(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme != "http" or host not in _LOOPBACK or parts.username or parts.path.strip("/") or parts.query:
        raise ConfigError(
            "The sandbox address should be the one that `rollout-sync sandbox` prints.",
            where=f"--sandbox {url[:100]}" if "@" not in url else "--sandbox",
            hint="It looks like http://127.0.0.1:8765",
        )
    shown = f"[{host}]" if host and ":" in host else host
    return f"http://{shown}:{port}" if port else f"http://{shown}"


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(positions.MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"The configuration cannot be read ({error.strerror or type(error).__name__}).",
            where=str(path),
            hint="Check the path and its permissions.",
        ) from error
    if len(content) > positions.MAX_BYTES:
        raise ConfigError("The configuration is larger than 1 MiB.", where=str(path), hint="Is it the right file?")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(
            "The configuration is not UTF-8 text.", where=f"{path}, byte {error.start}", hint="Save the file as UTF-8."
        ) from error


def _tables(text: str, name: str) -> Mapping[str, object]:
    positions.check_limits(text, name)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, name) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            "A number has too many digits, or values are nested too deep.",
            where=name,
            hint="Compare the file with config.example.toml.",
        ) from error


def _not_toml(error: tomllib.TOMLDecodeError, name: str) -> ConfigError:
    message = str(error)
    place = _AT_LINE.search(message)
    line, column = (int(n) for n in place.groups(default="0")) if place else (0, 0)
    problem = Problem(file=name, line=line, column=column, message=_AT_LINE.sub("", message))
    hint = 'Texts stand in double quotes: key = "value". In Windows paths write / or \\\\.'
    return ConfigError("The configuration is not valid TOML.", where=name, hint=hint, problems=(problem,))


def _document(sections: Mapping[str, object], origin: Origin) -> ConfigDocument:
    try:
        document = ConfigDocument.model_validate(sections)
    except ValidationError as error:
        _refuse(shape_problems(error, origin), origin.file)
        raise
    _refuse(sense_problems(document, origin), origin.file)
    return document


def _refuse(problems: tuple[Problem, ...], name: str) -> None:
    if problems:
        raise ConfigError(
            "The configuration cannot be used.",
            where=name,
            hint="config.example.toml shows every key; sections: " + ", ".join(SECTIONS),
            problems=problems[:MOST_PROBLEMS],
        )
