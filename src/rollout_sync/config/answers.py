"""One answer at a time, checked by the rules of its key: for the questions of `init`."""

from __future__ import annotations

from pydantic import ValidationError

from rollout_sync.config.checking import Origin, shape_problems
from rollout_sync.config.document import SECTIONS
from rollout_sync.errors import ConfigError
from rollout_sync.transport.allowed import checked_base_url

_URLS = frozenset({("jira", "site"), ("planner", "authority"), ("planner", "base_url")})


def answer_complaint(section: str, key: str, value: str) -> str:
    """What is wrong with this value of a key; empty when it can be used."""
    try:
        SECTIONS[section].model_validate({key: value})
    except ValidationError as error:
        complaints = [problem.message for problem in shape_problems(error, Origin(file="", lines={}))]
        mine = [message for message in complaints if message.startswith(f"[{key}]")]
        if mine:
            return mine[0].removeprefix(f"[{key}]").lstrip(": ")
    return _address_complaint(value) if (section, key) in _URLS else ""


def _address_complaint(value: str) -> str:
    try:
        checked_base_url(value, key="")
    except ConfigError as error:
        return f"{error.what}. {error.hint}"
    return ""
