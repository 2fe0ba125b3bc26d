"""From what a coordinator says to a wish: template, answers, people, dates, and what a running rollout remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache

from rollout_sync.ledger import rollouts
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.rollout import Department, Person
from rollout_sync.sync.planning import Wish
from rollout_sync.template.expand import expand, rollout_id
from rollout_sync.template.parameters import Given, resolve
from rollout_sync.template.people import PeopleList
from rollout_sync.template.reading import Template, read_template


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What a running rollout was started with, so that nobody has to say it twice."""

    name: str
    template: str
    answers: Mapping[str, Given]
    people: PeopleList
    go_live: date | None
    start: date | None
    departments: tuple[str, ...] | None


def remember(database: Database, name: str) -> Remembered | None:
    """What the rollout of this name was started with; None for a new one, or one that was adopted."""
    with database.reading() as connection:
        known = rollouts.load(connection, rollout_id(name))
    return _remembered(known) if known is not None and "people" in known.source else None


def _remembered(known: RolloutRow) -> Remembered:
    source = known.source
    return Remembered(
        name=known.name,
        template=known.template,
        answers=_mapping(source["answers"]),
        people=_people(_mapping(source["people"])),
        go_live=_day(source["go_live"]),
        start=_day(source["start"]),
        departments=tuple(map(str, _sequence(source["departments"]))) if source["departments"] is not None else None,
    )


def wish(
    template: Template,
    given: Mapping[str, Given],
    people: PeopleList,
    *,
    name: str,
    go_live: date | None,
    start: date | None,
    departments: Sequence[str] | None = None,
    force: bool = False,
) -> Wish:
    """Expand a template for a coordinator.

    Raises:
        TemplateError: with all answers, departments or texts that cannot be used.
    """
    answers = resolve(template.document, given)
    expansion = expand(template, answers, people, name=name, go_live=go_live, start=start, departments=departments)
    source: dict[str, object] = {
        "template": template.document.template,
        "template_text": template.text,
        "answers": {key: _plain(answer) for key, answer in answers.items()},
        "people": asdict(PeopleList(people=people.people, departments=people.departments)),
        "go_live": go_live.isoformat() if go_live else None,
        "start": start.isoformat() if start else None,
        "departments": list(departments) if departments is not None else None,
    }
    return Wish(rollout=expansion.rollout, source=source, findings=expansion.findings, force=force)


def again(row: RolloutRow) -> Wish | None:
    """The wish that a running rollout was last accepted with; None where it was adopted and not started since."""
    source = row.source
    if "template_text" not in source:
        return None
    remembered = _remembered(row)
    return wish(
        _template(str(source["template_text"]), str(source["template"])),
        remembered.answers,
        remembered.people,
        name=remembered.name,
        go_live=remembered.go_live,
        start=remembered.start,
        departments=remembered.departments,
    )


@lru_cache(maxsize=16)
def _template(text: str, name: str) -> Template:
    """A tick expands the same template several times, and reading it takes most of that."""
    return read_template(text.encode(), name)


def _plain(answer: object) -> object:
    match answer:
        case date():
            return answer.isoformat()
        case tuple() | list():
            return [str(member) for member in answer]
        case _:
            return answer


def _people(stored: Mapping[str, object]) -> PeopleList:
    return PeopleList(
        people=tuple(_person(_mapping(row)) for row in _sequence(stored["people"])),
        departments=tuple(_department(_mapping(row)) for row in _sequence(stored["departments"])),
    )


def _person(row: Mapping[str, object]) -> Person:
    return Person(
        name=str(row["name"]),
        email=str(row["email"]),
        roles=tuple(map(str, _sequence(row["roles"]))),
        department=_text(row["department"]),
        deputy=_text(row["deputy"]),
    )


def _department(row: Mapping[str, object]) -> Department:
    size = row["size"]
    return Department(key=str(row["key"]), name=str(row["name"]), size=size if isinstance(size, int) else None)


def _mapping(value: object) -> Mapping[str, Given]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value is not None else None
