"""How a digest says things: its subject and the lines of its sections, the same for plain text and HTML. Pure.

Whatever people wrote is one plain line here; the layout escapes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rollout_sync.health.review import Colour
from rollout_sync.model.operations import Severity
from rollout_sync.report.ahead import Coming, Occasion
from rollout_sync.report.digest import Digest, FindingLine, Section, SignalLine
from rollout_sync.report.owing import Owed
from rollout_sync.report.readers import Reader
from rollout_sync.report.words import (
    DASH,
    NOTHING,
    SIGNAL_WORDS,
    SIGNS,
    Sign,
    clipped,
    count,
    day,
    moved,
    plain,
    safe_address,
    sentence,
    share,
    short_day,
)

NARROW = "\u00a0"
"""Between a number and its percent sign."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FULL, BRIEF = 3, 6
"""Sections that tell everything, and those after them that tell how it stands and what is owed; others are a line."""
TITLE = 90
REASON = 180
_NAME, _DEPARTMENTS = 60, 40
_SHORT = tuple(one[:3] for one in WEEKDAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedLine:
    """A decision that the reader owes; `when` and `because` are sentences."""

    title: str
    url: str
    when: str
    because: str
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DateCell:
    """One of the dates that are always shown together."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalWords:
    """One row of the table of signals."""

    name: str
    colour: Colour
    sign: Sign
    score: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingLine:
    """Something of the next days."""

    when: str
    kind: str
    what: str
    who: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingWords:
    """Something that a person should know or do."""

    severity: str
    message: str
    hint: str
    url: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionWords:
    """A section in words; a list that is empty is not shown."""

    title: str
    colour: Colour
    sign: Sign
    status: str
    owed_title: str
    owed: tuple[OwedLine, ...]
    changes_title: str
    changes: tuple[str, ...]
    more_changes: str
    dates: tuple[DateCell, ...]
    waves: str
    lever: str
    signals: tuple[SignalWords, ...]
    unmeasured: str
    coming: tuple[ComingLine, ...]
    findings: tuple[FindingWords, ...]
    contradictions: tuple[str, ...]
    more: tuple[str, str, str]


def subject(digest: Digest) -> str:
    """`[AMBER v] Teams rollout - Finance: 2 decisions for you, go-live 12 May (62 %)`; `v` is worse, `^` better."""
    ordered = (*digest.sections, *digest.quiet)
    worst = ordered[0]
    mark = f"{worst.colour.value.upper()} {worst.arrow}".rstrip()
    others = f" and {len(ordered) - 1} more" if len(ordered) > 1 else ""
    parts = [f"{count(digest.owed, 'decision')} for you"] if digest.owed else []
    parts += ["nothing new"] if digest.is_heartbeat else []
    return _ascii_spaces(f"[{mark}] {_title(worst)}{others}: {', '.join([*parts, go_live(worst)])}")


def _title(section: Section) -> str:
    names = ", ".join(section.departments[:2])
    if len(section.departments) > 2:  # noqa: PLR2004 - two can be named
        names = f"{len(section.departments)} departments"
    return clipped(section.name, _NAME) + (f" - {clipped(names, _DEPARTMENTS)}" if names else "")


def go_live(section: Section) -> str:
    """`go-live 12 May (62 %)`, `live since 12 May`."""
    if section.is_live and section.dates.p50 is not None:
        return f"live since {short_day(section.dates.p50)}"
    chance = f" ({share(section.dates.p_target)})" if section.dates.p_target is not None else ""
    return f"go-live {short_day(section.dates.agreed)}{chance}"


def preview(digest: Digest) -> str:
    """What a mailbox shows beside the subject: what is owed, else how it stands."""
    owed = [one for section in digest.sections for one in section.owed]
    if owed:
        return f"Waiting for you: {clipped(owed[0].title, TITLE)}."
    return heartbeat(digest) if digest.is_heartbeat else digest.sections[0].status


def heartbeat(digest: Digest) -> str:
    """One line for a reader who wants to know that all is quiet."""
    since = max((one.since for one in digest.quiet if one.since is not None), default=None)
    when = f" since {short_day(_local(since, digest.reader.zone))}" if since is not None else ""
    return f"Nothing changed{when}, and nothing waits for you."


def quiet_lines(sections: Sequence[Section]) -> tuple[str, ...]:
    """Rollouts with nothing to tell: `MFA 2027: green, go-live 12 May (62 %)`."""
    return tuple(f"{_title(one)}: {one.colour.value}, {go_live(one)}" for one in sections)


def told_sections(digest: Digest, most: int | None = None) -> tuple[SectionWords, ...]:
    """The first `most` sections in words, or all: three that tell everything, the others in brief."""
    words = (section_words(one, digest.reader, digest.at) for one in digest.sections[:most])
    return tuple(one if number < FULL else _brief(one) for number, one in enumerate(words))


def further_lines(digest: Digest) -> tuple[str, ...]:
    """A line for each section that has no room: `CRM: amber, 1 decision for you, go-live 12 May (62 %)`."""
    return tuple(
        f"{_title(one)}: {', '.join(filter(None, (one.colour.value, _for_you(one), go_live(one))))}"
        for one in digest.sections[FULL + BRIEF :]
    )


def _for_you(section: Section) -> str:
    number = len(section.owed) + section.more_owed
    return f"{count(number, 'decision')} for you" if number else ""


def _brief(words: SectionWords) -> SectionWords:
    return replace(
        words, changes=(), dates=(), waves="", lever="", signals=(), coming=(), findings=(), contradictions=()
    )


def section_words(section: Section, reader: Reader, at: datetime) -> SectionWords:
    """A section in the reader's zone."""
    year = _local(at, reader.zone).year
    number = len(section.owed) + section.more_owed
    since = _local(section.since, reader.zone) if section.since is not None else None
    return SectionWords(
        title=_title(section),
        colour=section.colour,
        sign=SIGNS[section.colour],
        status=plain(section.status),
        owed_title=f"You owe {count(number, 'decision')}",
        owed=tuple(_owed(one, section, reader.zone) for one in section.owed),
        changes_title=f"Changed since {_SHORT[since.weekday()]} {_near(since, year)}" if since else "",
        changes=tuple(sentence(clipped(one.words, REASON)) for one in section.changes),
        more_changes=f"and {count(section.more_changes, 'more change')}" if section.more_changes else "",
        dates=tuple(_dates(section, year)),
        waves=", ".join(f"{clipped(name, TITLE)} {_near(when, year)}" for name, when in section.wave_days.items()),
        lever=_lever(section),
        signals=tuple(_signal(one) for one in section.signals),
        unmeasured=", ".join(SIGNAL_WORDS[one] for one in section.unmeasured),
        coming=tuple(_coming(one) for one in section.coming),
        findings=tuple(_finding(one) for one in section.findings),
        contradictions=tuple(sentence(clipped(one, REASON)) for one in section.contradictions),
        more=(_more(section.more_owed), _more(section.more_coming), _more(section.more_findings)),
    )


def _more(number: int) -> str:
    return f"and {number} more on the boards" if number else ""


# Decisions ----------------------------------------------------------------------------------------------------------


def _owed(owed: Owed, section: Section, zone: str) -> OwedLine:
    return OwedLine(
        title=clipped(owed.title, TITLE),
        url=safe_address(owed.url),
        when=deadline(owed, zone),
        because=" ".join(filter(None, (consequence(owed), _chance(owed, section)))),
        is_late=owed.late_days > 0,
    )


def deadline(owed: Owed, zone: str) -> str:
    """`3 working days overdue (due Wed 3 Feb 2027)`, `Due Wed 10 Feb 2027, 18:00`, with whose decision it is."""
    place = f" In place of {clipped(', '.join(owed.deputy_for), TITLE)}." if owed.deputy_for else ""
    if owed.due is None:
        return f"No date is set for it.{place}"
    local = owed.due.astimezone(ZoneInfo(zone))
    when = f"{_SHORT[local.weekday()]} {day(local.date())}"
    if owed.late_days:
        return f"{count(owed.late_days, 'working day')} overdue (due {when}).{place}"
    return f"Due {when}, {local:%H:%M}.{place}"


def consequence(owed: Owed) -> str:
    """What happens when nothing is decided: what waits, and who hears of it."""
    parts = []
    if owed.waits:
        first = f", the first planned for {short_day(owed.waits_from)}" if owed.waits_from else ""
        parts.append(f"{count(owed.waits, 'item')} {'waits' if owed.waits == 1 else 'wait'}{first}")
    if owed.escalates_to:
        parts.append(f"{clipped(', '.join(owed.escalates_to), TITLE)} is told")
    opening = "" if owed.late_days else "If late: "
    if owed.is_emergency:
        parts.insert(0, "the work went first")
    closed = "The task was completed, but no line is ticked: nothing is decided yet." if owed.is_closed else ""
    follows = sentence(f"{opening}{'; '.join(parts)}") if parts else ""
    return " ".join(one for one in (closed, follows) if one)


def _chance(owed: Owed, section: Section) -> str:
    """What deciding today would do for the date, where it does something."""
    now, then = section.dates.p_grace, owed.chance_then
    if now is None or then is None or then - now < 0.01:  # noqa: PLR2004 - a percent
        return ""
    return f"Decided today, it is {share(then)} likely in time with the days of grace, now {share(now)}."


# Dates, signals, days ahead, findings -------------------------------------------------------------------------------


def _dates(section: Section, year: int) -> Iterator[DateCell]:
    dates = section.dates
    yield DateCell(label="First agreed", value=_near(dates.original, year))
    yield DateCell(label="Agreed now", value=_near(dates.agreed, year), note=moved(dates.moves))
    if section.is_live:
        yield DateCell(label="Live since", value=_near(dates.p50, year))
        return
    yield DateCell(label="Forecast", value=_span(dates.p50, dates.p80, year), note=f"50 to 80{NARROW}% sure")
    grace = f"{share(dates.p_grace)} with grace" if dates.p_grace is not None else ""
    yield DateCell(label=f"Live by {_near(dates.agreed, year)}", value=share(dates.p_target), note=grace)


def _lever(section: Section) -> str:
    """What would help most; nothing where a decision that is owed says the same."""
    if not section.lever or any(one.chance_then is not None for one in section.owed):
        return ""
    return sentence(f"What would help most: {clipped(section.lever, REASON)}")


def _signal(line: SignalLine) -> SignalWords:
    signal = line.signal
    return SignalWords(
        name=SIGNAL_WORDS[signal.name],
        colour=signal.colour,
        sign=SIGNS[signal.colour],
        score=f"{signal.score:.0f}" if signal.score is not None else "",
        reason=sentence(clipped(line.reason, REASON)),
    )


_KINDS = {
    Occasion.GO_LIVE: "",
    Occasion.WAVE: "wave day",
    Occasion.MILESTONE: "milestone",
    Occasion.GATE: "decision due",
    Occasion.SESSION: "session",
}


def _coming(one: Coming) -> ComingLine:
    return ComingLine(
        when=f"{_SHORT[one.day.weekday()]} {short_day(one.day)}",
        kind=_KINDS[one.occasion],
        what=clipped(one.what, TITLE),
        who=clipped(one.who, TITLE),
        url=safe_address(one.url),
    )


def _finding(line: FindingLine) -> FindingWords:
    finding = line.finding
    return FindingWords(
        severity={Severity.ERROR: "Act now", Severity.WARNING: "Warning", Severity.NOTE: "Note"}[finding.severity],
        message=sentence(clipped(finding.message, REASON)),
        hint=sentence(clipped(finding.hint, REASON)),
        url=safe_address(line.url),
        is_new=line.is_new,
    )


# Days ---------------------------------------------------------------------------------------------------------------


def _local(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _near(when: date | None, year: int) -> str:
    """Without the year where it is the one that everybody expects."""
    return NOTHING if when is None else short_day(when) if when.year == year else day(when)


def _span(first: date | None, last: date | None, year: int) -> str:
    if first is None or last is None or first == last:
        return _near(last or first, year)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{DASH}{_near(last, year)}"
    return f"{_near(first, year)} {DASH} {_near(last, year)}"


def _ascii_spaces(text: str) -> str:
    """Subjects are one plain line; a space that holds together would only be encoded."""
    return plain(text.replace("\u00a0", " "))
