"""The people list: who plays which role in which department, and who stands in for whom.

A coordinator keeps it in Excel; `tables` reads the rows, here they get their meaning. All problems are told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rollout_sync.errors import PeopleError, Problem
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Department, Person
from rollout_sync.template.slugs import unique_slugs, word
from rollout_sync.template.spelling import nearest, shown
from rollout_sync.template.tables import MAX_CELL, Row, folded, read_table, unusable

_COLUMNS: Final[Mapping[str, str]] = {
    "name": "name",
    "fullname": "name",
    "displayname": "name",
    "email": "email",
    "emailaddress": "email",
    "mail": "email",
    "role": "role",
    "roles": "role",
    "department": "department",
    "dept": "department",
    "site": "department",
    "deputy": "deputy",
    "substitute": "deputy",
    "size": "size",
    "headcount": "size",
}
"""Folded header to column."""

_NEEDED: Final = ("name", "email", "role")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_BETWEEN_ROLES = re.compile(r"[,;|]")
_SIZE = re.compile(r"\d{1,7}\Z", re.ASCII)
_LONGEST_EMAIL = 254
_MOST_GUESSES = 100
_MOST_CANDIDATES = 1000
"""Near addresses are looked for up to this many problems, in lists up to this long: the search takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleList:
    """Who takes part.

    Attributes:
        departments: in the order in which the list names them; sizes from the column `size`, else people counted.
        findings: remarks that do not keep the list from being used.
    """

    people: tuple[Person, ...] = ()
    departments: tuple[Department, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Draft:
    """A person while rows are read; `cells` says where each fact stands."""

    name: str
    email: str
    row: int
    roles: dict[str, None] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)


class _Reader:
    """Rows in, people and problems out."""

    def __init__(self, file: str, columns: Mapping[str, int]) -> None:
        self.file = file
        self.columns = columns
        self.problems: list[Problem] = []
        self.drafts: dict[str, _Draft] = {}
        self.departments: dict[str, str] = {}
        self.sizes: dict[str, int] = {}

    def complain(self, row: int, column: str, message: str, hint: str = "") -> None:
        at = self.columns.get(column, -1) + 1
        self.problems.append(Problem(file=self.file, line=row, column=at, message=message, hint=hint))

    def cell(self, row: Row, column: str) -> str:
        """Text of a cell, with single spaces; empty when it has a problem."""
        at = self.columns.get(column)
        text = row.cells[at] if at is not None and at < len(row.cells) else ""
        if _CONTROL.search(text):
            self.complain(row.number, column, f"{column}: control characters are not allowed", "type it anew")
            return ""
        if len(text) > MAX_CELL:
            self.complain(row.number, column, f"{column}: longer than {MAX_CELL:,} characters")
            return ""
        return " ".join(text.split())

    def take(self, row: Row) -> None:
        """Digest one row."""
        name, email = self.cell(row, "name"), self.email(row, "email")
        if not name and not self.has_control(row, "name"):
            self.complain(row.number, "name", "the name is missing")
        if not name or not email:
            return
        draft = self.drafts.setdefault(email, _Draft(name, email, row.number))
        if draft.name.casefold() != name.casefold():
            message = f"{email} is called {shown(name)} here and {shown(draft.name)} in row {draft.row}"
            self.complain(row.number, "name", message, "use one name, or correct the address")
        draft.roles.update(dict.fromkeys(self.roles(row)))
        self.note(draft, row, "department", self.department(row))
        self.note(draft, row, "deputy", self.cell(row, "deputy").removeprefix("mailto:"))

    def has_control(self, row: Row, column: str) -> bool:
        at = self.columns[column]
        return at < len(row.cells) and bool(row.cells[at])

    def note(self, draft: _Draft, row: Row, column: str, fact: str) -> None:
        """Remember a fact of a person; a second, different one is a problem."""
        if not fact:
            return
        known = draft.facts.setdefault(column, fact)
        if known.casefold() != fact.casefold():
            message = f"{draft.name} has the {column} {shown(fact)} here, and {shown(known)} in an earlier row"
            self.complain(row.number, column, message, "a person has one; keep the right one")

    def email(self, row: Row, column: str) -> str:
        text = self.cell(row, column).removeprefix("mailto:")
        email = text.lower()
        if not text:
            if not self.has_control(row, column):
                self.complain(row.number, column, "the e-mail address is missing")
            return ""
        if len(email) > _LONGEST_EMAIL or not _EMAIL.match(email) or ".." in email:
            self.complain(row.number, column, f"{shown(text)} is no e-mail address", "one address: name@example.com")
            return ""
        return email

    def roles(self, row: Row) -> Iterator[str]:
        for part in _BETWEEN_ROLES.split(self.cell(row, "role")):
            role = word(part)
            if part.strip() and not _ROLE.match(role):
                hint = "letters, digits, spaces and - only, beginning with a letter"
                self.complain(row.number, "role", f"{shown(part.strip())} is no role", hint)
            elif role:
                yield role

    def department(self, row: Row) -> str:
        """The department as it was first written; its size is noted."""
        name = self.cell(row, "department")
        if not name:
            return ""
        first = self.departments.setdefault(name.casefold(), name)
        if not any(sign.isalnum() for sign in first):
            self.complain(row.number, "department", f"{shown(name)} has no letter or digit", "give it a name")
        size = self.cell(row, "size")
        if size and not _SIZE.match(size):
            self.complain(row.number, "size", f"{shown(size)} is no number of people", "digits only")
        elif size and self.sizes.setdefault(first, int(size)) != int(size):
            message = f"{first} has {int(size)} people here, and {self.sizes[first]} in an earlier row"
            self.complain(row.number, "size", message, "write the size once")
        return first


def read_people(raw: bytes, file: str) -> PeopleList:
    """Read a people list, CSV or XLSX.

    The first row names the columns: name, email, role, and if wanted department, deputy, size. Delimiter, case and
    spacing do not matter. A person may stand in several rows; their roles are added up. A cell may hold several
    roles, separated by `;`, `|` or, in quotes, by commas.

    Raises:
        PeopleError: with all problems, each with its row and column.
    """
    table = read_table(raw, file, frozenset(_COLUMNS))
    if not table.rows:
        raise unusable(file, "the list is empty", "the first row is: name,email,role,department,deputy")
    header, *rows = table.rows
    columns, findings = _columns(header, file)
    reader = _Reader(file, columns)
    for row in rows:
        reader.take(row)
    people = tuple(_people(reader))
    if reader.problems:
        count = len(reader.problems)
        noun = "problem" if count == 1 else "problems"
        raise PeopleError(f"{count} {noun} in {file}", tuple(reader.problems), hint="correct the cells named")
    if not people:
        raise unusable(file, "the list names nobody", "add a row for each person")
    if table.remark:
        findings = (*findings, _note("people-encoding", f"{file}: {table.remark}", "save it as CSV UTF-8"))
    return PeopleList(people=people, departments=_departments(reader), findings=findings)


def _note(code: str, message: str, hint: str) -> Finding:
    return Finding(severity=Severity.NOTE, code=code, message=message, hint=hint)


def _columns(header: Row, file: str) -> tuple[Mapping[str, int], tuple[Finding, ...]]:
    """Which column stands where; unknown ones are left out with a note."""
    found: dict[str, int] = {}
    unknown: list[tuple[int, str]] = []
    problems: list[Problem] = []
    for index, text in enumerate(header.cells):
        name = _COLUMNS.get(folded(text))
        if name in found:
            message = f"a second column for {name!r}: {shown(text)}"
            problems.append(Problem(file=file, line=header.number, column=index + 1, message=message))
        elif name is not None:
            found[name] = index
        elif text:
            unknown.append((index, text))
    problems.extend(_column_problems(header, file, found, unknown))
    if problems:
        raise PeopleError(f"the columns of {file} cannot be read", tuple(problems), hint="correct the first row")
    hint = "known: name, email, role, department, deputy, size"
    notes = (_note("people-column", f"{file}: column {shown(text)} is not used", hint) for _, text in unknown)
    return found, tuple(notes)


def _column_problems(
    header: Row, file: str, found: Mapping[str, int], unknown: Sequence[tuple[int, str]]
) -> Iterator[Problem]:
    """Columns that are needed and missing, and names that look like a missing column."""
    guesses: dict[str, tuple[int, str]] = {}
    for index, text in unknown:
        if key := nearest(folded(text), _COLUMNS):
            guesses.setdefault(_COLUMNS[key], (index, text))
    for name in _NEEDED:
        if name not in found:
            hint = f"is it {guesses[name][1]!r}?" if name in guesses else "the first row is: name,email,role,department"
            message = f"there is no column {name!r}"
            yield Problem(file=file, line=header.number, column=0, message=message, hint=hint)
    for name, (index, text) in guesses.items():
        if name not in found and name not in _NEEDED:
            message, hint = f"unknown column {shown(text)}", f"did you mean {name!r}?"
            yield Problem(file=file, line=header.number, column=index + 1, message=message, hint=hint)


def _people(reader: _Reader) -> Iterator[Person]:
    by_name: dict[str, list[str]] = {}
    for draft in reader.drafts.values():
        by_name.setdefault(draft.name.casefold(), []).append(draft.email)
    for draft in reader.drafts.values():
        yield Person(
            name=draft.name,
            email=draft.email,
            roles=tuple(draft.roles),
            department=draft.facts.get("department"),
            deputy=_deputy(draft, reader, by_name),
        )


def _deputy(draft: _Draft, reader: _Reader, by_name: Mapping[str, Sequence[str]]) -> str | None:
    """The deputy's address; the list may give the name instead."""
    given = draft.facts.get("deputy")
    if given is None:
        return None
    named = by_name.get(given.casefold(), ())
    if len(named) > 1:
        reader.complain(draft.row, "deputy", f"{shown(given)} names {len(named)} people", "use the e-mail address")
        return None
    email = named[0] if named else given.lower()
    if email not in reader.drafts:
        hint = "add a row for the deputy"
        if len(reader.problems) < _MOST_GUESSES and len(reader.drafts) <= _MOST_CANDIDATES:
            hint = _near_address(email, reader.drafts) or hint
        reader.complain(draft.row, "deputy", f"deputy {shown(given)} is not in the list", hint)
        return None
    if email == draft.email:
        reader.complain(draft.row, "deputy", f"{draft.name} is their own deputy", "name somebody else")
        return None
    return email


def _near_address(email: str, known: Iterable[str]) -> str:
    """A hint on an address that differs by a slip; all addresses of a company look alike behind the @."""
    local, _, domain = email.partition("@")
    at_home = {address.partition("@")[0]: address for address in known if address.endswith(f"@{domain}")}
    close = nearest(local, at_home) if at_home else nearest(email, known)
    return f"did you mean {at_home.get(close, close)!r}?" if close else ""


def _departments(reader: _Reader) -> tuple[Department, ...]:
    names = tuple(reader.departments.values())
    counted = dict.fromkeys(names, 0)
    for draft in reader.drafts.values():
        if name := draft.facts.get("department"):
            counted[name] += 1
    keys = unique_slugs(names)
    return tuple(
        Department(key=key, name=name, size=reader.sizes.get(name, counted[name]))
        for key, name in zip(keys, names, strict=True)
    )
