"""Builds the few JQL queries that are asked; values get in through `quoted` only, the rest is written here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from rollout_sync.errors import ConfigError
from rollout_sync.model.objects import PRODUCT_LABEL
from rollout_sync.model.rollout import RolloutId

_PROJECT_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,254}")
_LABEL = re.compile(r"[^\s\"\\]{1,255}")


def quoted(value: str) -> str:
    r"""One JQL string literal: `\` and `"` are escaped.

    Raises:
        ValueError: `value` has control characters, which JQL cannot carry.
    """
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        raise ValueError(f"{value!r} has control characters")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def project_key(text: str) -> str:
    """`text`, if it can be a project key.

    Raises:
        ConfigError: it cannot.
    """
    if not _PROJECT_KEY.fullmatch(text):
        raise ConfigError(
            f"{text!r} is no project key",
            where="jira.project",
            hint="Write the capital letters before the dash of an issue key, such as SEC.",
        )
    return text


def rollout_label(rollout: RolloutId) -> str:
    """The label that all issues of a rollout carry."""
    label = f"rs-{rollout}"
    if not _LABEL.fullmatch(label):
        raise ValueError(f"{label!r} is no label")
    return label


def of_rollout(rollout: RolloutId) -> str:
    """Issues with the rollout's label, in any project: people may move them."""
    return f"labels = {quoted(rollout_label(rollout))} ORDER BY created ASC"


def changed_since(project: str, since: datetime | None, witnesses: Sequence[str]) -> str:
    """Issues of the project and those that carry our label, as far as they were updated since then.

    A bare number is epoch milliseconds, which needs no time zone; None stands for the last minutes. There is no upper
    bound: an issue that is touched all the time would never be found. Witnesses are ids that are found in any case.
    Sorted by creation, because a sort by update would shift while the pages are read.
    """
    bound = "-10m" if since is None else str(int(since.timestamp() * 1000))
    changed = f"(project = {quoted(project)} OR labels = {quoted(PRODUCT_LABEL)}) AND updated >= {bound}"
    if witnesses:
        changed = f"({changed}) OR id in ({', '.join(str(int(witness)) for witness in witnesses)})"
    return f"{changed} ORDER BY created ASC, key ASC"


def of_all_rollouts() -> str:
    """Issues that carry the label of this program, in any project."""
    return f"labels = {quoted(PRODUCT_LABEL)} ORDER BY created ASC, key ASC"


def newest_of(project: str) -> str:
    """The project's issues, newest key first."""
    return f"project = {quoted(project)} ORDER BY key DESC"


def newest_of_type(project: str, issue_type_id: str) -> str:
    """The project's issues of one type, newest key first."""
    return f"project = {quoted(project)} AND issuetype = {int(issue_type_id)} ORDER BY key DESC"
