"""A digest as plain text: complete, readable at 72 columns, and nothing in it but what the HTML says too. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rollout_sync.report.digest import Digest
from rollout_sync.report.digest_foot import method, reason_for_mail, sources
from rollout_sync.report.digest_words import (
    OwedLine,
    SectionWords,
    heartbeat,
    quiet_lines,
    told_sections,
)

COLUMNS = 72
_NAME = 13


def text_of(digest: Digest, leaving: str) -> str:
    """The whole digest; `leaving` says how to change or end it."""
    parts = [heartbeat(digest)] if digest.is_heartbeat else []
    parts += ["\n".join(section_lines(one)) for one in told_sections(digest)]
    if digest.quiet:
        title = [] if digest.is_heartbeat else ["NOTHING NEW"]
        parts.append("\n".join([*title, *bulleted(quiet_lines(digest.quiet))]))
    foot = (sources(digest), method(digest), f"{reason_for_mail(digest.reader)} {leaving}")
    parts.append("\n".join(["-- ", *(line for one in foot for line in wrapped(one))]))
    return "\n\n".join(parts) + "\n"


def section_lines(words: SectionWords) -> list[str]:
    """One rollout, line by line."""
    head = wrapped(words.title)
    found = [*head, "=" * min(max(map(len, head), default=1), COLUMNS), *wrapped(words.status)]
    for title, lines in _blocks(words):
        found += ["", title.upper(), *lines]
    return found


def _blocks(words: SectionWords) -> Iterator[tuple[str, Sequence[str]]]:
    """The parts that have something to tell."""
    if words.owed:
        yield words.owed_title, [*(line for one in words.owed for line in _owed(one)), *bulleted([words.more[0]])]
    if words.changes:
        yield words.changes_title, bulleted([*words.changes, words.more_changes])
    if words.dates:
        yield "Dates", [*_dates(words), *wrapped(words.lever)]
    if words.signals:
        yield "Signals", list(_signals(words))
    if words.coming:
        days = (f"{one.when}: {', '.join(filter(None, (one.what, one.kind, one.who)))}" for one in words.coming)
        yield "Next 7 days", bulleted([*days, words.more[1]])
    if words.findings:
        found = [f"{'New: ' if one.is_new else ''}{one.message} {one.hint}" for one in words.findings]
        yield "To know", bulleted([*found, words.more[2]])
    if words.contradictions:
        yield "Does not fit together", bulleted(words.contradictions)


def _owed(one: OwedLine) -> Iterator[str]:
    yield from wrapped(one.title, "* ", "  ")
    yield from wrapped(one.when, "  ", "  ")
    yield from wrapped(one.because, "  ", "  ")
    if one.url:
        yield f"  {one.url}"


def _dates(words: SectionWords) -> Iterator[str]:
    for one in words.dates:
        note = f" ({one.note})" if one.note else ""
        yield from wrapped(f"{one.label + ':':{_NAME + 2}}{one.value}{note}", "", " " * (_NAME + 2))
    if words.waves:
        yield from wrapped(f"{'Your turn:':{_NAME + 2}}{words.waves}", "", " " * (_NAME + 2))


def _signals(words: SectionWords) -> Iterator[str]:
    for one in words.signals:
        score = f" {one.score}" if one.score else ""
        yield from wrapped(f"{one.name}: {one.sign.word.upper()}{score}. {one.reason}", "- ", "  ")
    if words.unmeasured:
        yield from wrapped(f"Not measured yet: {words.unmeasured}.", "", "  ")


def bulleted(lines: Sequence[str]) -> list[str]:
    """Each of the lines that are not empty as a point of a list."""
    return [line for one in lines if one for line in wrapped(one, "- ", "  ")]


def wrapped(text: str, first: str = "", others: str = "") -> list[str]:
    """Lines of at most 72 columns; a word that is longer, such as an address, stays whole."""
    return textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
