"""What can be wrong with a configuration, as problems with the line of the key: all of them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, ValidationError

from rollout_sync.config.document import SECTIONS, TABLES, ConfigDocument
from rollout_sync.config.environment import GRAPH_SECRET, JIRA_TOKEN, SMTP_PASSWORD, WEBHOOK_URL, variable_of
from rollout_sync.config.positions import KeyPath
from rollout_sync.config.spelling import nearest_hint
from rollout_sync.errors import ConfigError, Problem
from rollout_sync.transport.allowed import checked_base_url

MOST_PROBLEMS = 20
_SECRET_WORDS = re.compile(r"(?:^|_)(?:api_?)?(?:token|secret|password|passwd|passphrase|private_?key|credentials?)$")
_SECRET_SHAPES = re.compile(
    r"\bATATT3[\w=-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{20,}\.[\w-]{20,}"
    r"|hooks\.slack\.com/|\.webhook\.office\.com/|[?&]sig=[\w%-]{20,}"
)
_VARIABLES = {"jira": JIRA_TOKEN, "mail": SMTP_PASSWORD, "digest": WEBHOOK_URL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where values came from: the file as the user named it, the lines of its keys, and keys set by variables."""

    file: str
    lines: Mapping[KeyPath, int]
    from_environment: frozenset[KeyPath] = frozenset()

    def problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        """A problem at the nearest known line of a key."""
        if path in self.from_environment:
            return Problem(file=f"${variable_of(*path)}", line=0, column=0, message=message, hint=hint)
        known = (self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines)
        return Problem(file=self.file, line=next(known, 0), column=0, message=f"{_shown(path)}: {message}", hint=hint)


def secrets_in(file: Mapping[str, object], origin: Origin) -> tuple[Problem, ...]:
    """A problem for every key or value that is a secret; what it says is never repeated."""
    return tuple(origin.problem(path, *_why_secret(path)) for path, value in _leaves(file) if _is_secret(path, value))


def shape_problems(error: ValidationError, origin: Origin) -> tuple[Problem, ...]:
    """The complaints of the document model in our words, the first of each key and not more than 20."""
    problems: dict[KeyPath, Problem] = {}
    for detail in error.errors(include_url=False, include_context=True, include_input=False)[: 5 * MOST_PROBLEMS]:
        path = _key_path(detail["loc"])
        if len(problems) < MOST_PROBLEMS and path not in problems:
            context = detail.get("ctx", {})
            problems[path] = origin.problem(path, *_words(detail["type"], detail["msg"], path, context))
    return tuple(problems.values())


def sense_problems(document: ConfigDocument, origin: Origin) -> tuple[Problem, ...]:
    """Rules between keys."""
    return tuple(problem for rule in _RULES for problem in rule(document, origin))


def _no_service(document: ConfigDocument, origin: Origin) -> Iterator[Problem]:
    if document.jira is None and document.planner is None:
        yield origin.problem((), "there is neither [jira] nor [planner]", "write at least one; rollout-sync init asks")


def _jira(document: ConfigDocument, origin: Origin) -> Iterator[Problem]:
    jira = document.jira
    if jira is None:
        return
    if jira.auth != "pat" and jira.email is None:
        yield origin.problem(("jira", "email"), f'is missing; auth = "{jira.auth}" needs it', 'add email = "…"')
    yield from _url(("jira", "site"), jira.site, document, origin)


def _planner(document: ConfigDocument, origin: Origin) -> Iterator[Problem]:
    planner = document.planner
    if planner is None:
        return
    if planner.auth == "certificate" and planner.certificate is None:
        yield origin.problem(("planner", "certificate"), 'is missing; auth = "certificate" needs it')
    yield from _url(("planner", "authority"), planner.authority, document, origin)
    yield from _url(("planner", "base_url"), planner.base_url, document, origin)


def _mail(document: ConfigDocument, origin: Origin) -> Iterator[Problem]:
    mail = document.mail
    if mail.channel != "none" and mail.sender is None:
        yield origin.problem(("mail", "sender"), f'is missing; channel = "{mail.channel}" needs it', 'add sender = "…"')
    if mail.channel == "graph" and document.planner is None:
        yield origin.problem(("mail", "channel"), "graph signs in with [planner], which is missing", "add [planner]")
    if mail.drafts and mail.channel != "graph":
        yield origin.problem(("mail", "drafts"), 'needs channel = "graph"', "SMTP has no drafts; write drafts = false")


def _smtp(document: ConfigDocument, origin: Origin) -> Iterator[Problem]:
    mail = document.mail
    if mail.channel != "smtp":
        return
    if mail.host is None:
        yield origin.problem(("mail", "host"), 'is missing; channel = "smtp" needs it', 'add host = "…"')
    if mail.user is not None and mail.security == "none" and not document.safety.insecure_lab:
        hint = 'write security = "starttls" or "tls", or leave user out for a relay that asks for no password'
        yield origin.problem(("mail", "security"), "none would send the password in the clear", hint)


def _zones(document: ConfigDocument, origin: Origin) -> Iterator[Problem]:
    digest = document.digest
    named: list[tuple[KeyPath, str]] = [(("digest", "zone"), digest.zone)]
    named += [(("digest", "readers", str(n), "zone"), one.zone or "UTC") for n, one in enumerate(digest.readers, 1)]
    for path, zone in named:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            hint = nearest_hint(zone, available_timezones()) if "/" in zone else "such as Europe/Berlin"
            yield origin.problem(path, f"there is no time zone {zone!r}", hint)


def _url(path: KeyPath, text: str, document: ConfigDocument, origin: Origin) -> Iterator[Problem]:
    safety = document.safety
    try:
        checked_base_url(text, key="", allow_hosts=safety.allow_hosts, insecure_lab=safety.insecure_lab)
    except ConfigError as error:
        yield origin.problem(path, error.what, error.hint)


def _timing(document: ConfigDocument, origin: Origin) -> Iterator[Problem]:
    timing = document.timing
    if timing.settle_horizon < 2 * timing.deadline:
        yield origin.problem(
            ("timing", "settle_horizon"),
            f"is {timing.settle_horizon:g} s, less than twice the deadline of {timing.deadline:g} s",
            f"write at least {2 * timing.deadline:g}: an answer that is still on its way could otherwise come too late",
        )


_RULES: tuple[Callable[[ConfigDocument, Origin], Iterator[Problem]], ...] = (
    _no_service,
    _jira,
    _planner,
    _timing,
    _mail,
    _smtp,
    _zones,
)


def _leaves(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield path, value


def _is_secret(path: KeyPath, value: object) -> bool:
    # Ids of required fields are the project's own words and may end in anything.
    named = bool(path) and path[1:2] != ("custom_fields",) and bool(_SECRET_WORDS.search(path[-1].lower()))
    return named or (isinstance(value, str) and bool(_SECRET_SHAPES.search(value)))


def _why_secret(path: KeyPath) -> tuple[str, str]:
    variable = _VARIABLES.get(path[0] if path else "", GRAPH_SECRET)
    hint = f"store it with rollout-sync init --secrets-only or in the environment variable {variable}"
    return (
        "a secret does not belong in this file; take it out and replace it at its service, it may have been seen",
        hint,
    )


def _key_path(location: Sequence[str | int]) -> KeyPath:
    if location[:2] in TABLES:
        # People count from 1.
        return tuple(part if isinstance(part, str) else str(part + 1) for part in location[:4])
    names = [part for part in location if isinstance(part, str)]
    depth = 3 if names[1:2] in (["custom_fields"], ["accounts"], ["roles"]) else 2
    return tuple(names[:depth])


def _words(kind: str, message: str, path: KeyPath, context: Mapping[str, object]) -> tuple[str, str]:
    if kind == "extra_forbidden":
        return f"there is no such {'key' if path[1:] else 'section'}", nearest_hint(path[-1], _siblings(path))
    if kind in _WORDS:
        return _WORDS[kind], ""
    if kind in {"model_type", "model_attributes_type"}:
        return "should be a section", f"write [{path[-1]}] on a line of its own"
    if kind == "literal_error":
        return f"should be {context.get('expected', 'another word')}", ""
    if kind == "string_pattern_mismatch":
        return _PATTERN_WORDS.get(path[-1], "has characters that cannot be used here"), ""
    return _plain(message), ""


_WORDS = {"missing": "is missing", "string_too_short": "is empty"}
_PATTERN_WORDS = {
    "project": "is no project key; it is the part before the hyphen of an issue key, in capitals",
    "email": "is no e-mail address",
    "sender": "is no e-mail address",
    "reply_to": "is no e-mail address",
    "unsubscribe": "is no e-mail address",
    "host": "should be a host name without a scheme and without a port",
    "time": "is no time of day; it looks like 08:00",
    "zone": "is no name of a time zone; it looks like Europe/Berlin",
    "tenant": "is neither a tenant id nor a domain",
    "allow_hosts": "should hold host names without https:// and without a path",
    "custom_fields": "has a name that is no field id, such as customfield_10300",
}


def _plain(message: str) -> str:
    for start, ours in (("Input should be a valid ", "should be of the type "), ("Input ", ""), ("Value ", "")):
        if message.startswith(start):
            return ours + message.removeprefix(start)
    return message


def _siblings(path: KeyPath) -> tuple[str, ...]:
    if len(path) < 2:  # noqa: PLR2004 - a section's own name
        return tuple(SECTIONS)
    section = cast("type[BaseModel] | None", TABLES.get((path[0], path[1])) or SECTIONS.get(path[0]))
    return tuple(section.model_fields) if section else tuple(SECTIONS)


def _shown(path: KeyPath) -> str:
    if not path:
        return "configuration"
    section, *rest = (part if len(part) <= 60 else f"{part[:60]}…" for part in path)  # noqa: PLR2004 - room on a line
    return f"[{section}] {'.'.join(rest)}".rstrip()
