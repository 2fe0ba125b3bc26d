"""From a template, answers, people and a date to a rollout: pure, and the same input gives the same rollout.

What is wrong with the template or the request is an error. What the people list leaves open (a role that nobody plays)
is a finding beside the rollout, so that a plan can be shown and the list completed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from graphlib import CycleError
from hashlib import sha256

from rollout_sync.errors import Problem, TemplateError
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import Department, Dependency, ItemKey, Rollout, RolloutId, WaveDay
from rollout_sync.template.calendars import calendar_of
from rollout_sync.template.casting import Cast
from rollout_sync.template.document import HeldItems, TemplateDocument
from rollout_sync.template.extras import extras_of
from rollout_sync.template.filling import Filling, base_context, plain_answer
from rollout_sync.template.items import WaveOrder
from rollout_sync.template.network import Spot, spots, waits
from rollout_sync.template.parameters import Answer, spelled
from rollout_sync.template.people import PeopleList
from rollout_sync.template.pieces import Ground, Piece, Stage, dependencies, gates, item_of, phase_of, pieces, stages
from rollout_sync.template.reading import Template
from rollout_sync.template.slugs import slug, slug_or_mark
from rollout_sync.template.spelling import did_you_mean, shown

MAX_ITEMS = 5_000
MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """A rollout, and what a person should know before it is created."""

    rollout: Rollout
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a coordinator asks for; one of `go_live` and `start` is set."""

    name: str
    go_live: date | None
    start: date | None
    answers: Mapping[str, Answer]
    people: PeopleList
    departments: tuple[Department, ...]


def expand(
    template: Template,
    answers: Mapping[str, Answer],
    people: PeopleList,
    *,
    name: str,
    go_live: date | None = None,
    start: date | None = None,
    departments: Sequence[str] | None = None,
) -> Expansion:
    """The rollout that a template becomes.

    Args:
        template: as `read_template` gave it.
        answers: as `parameters.resolve` gave them.
        people: as `read_people` gave them.
        name: what people call the rollout; its id is made of it.
        go_live: the day of go-live; dates are computed backward. Give this or `start`.
        start: the first day of work; dates are computed forward.
        departments: names or keys of those that take part; None for all in the people list.

    Raises:
        TemplateError: the request contradicts itself, or a text cannot be filled in with these answers.
    """
    if (go_live is None) == (start is None):
        raise TemplateError("give either the day of go-live or the day of the start", (), hint="--go-live YYYY-MM-DD")
    chosen = _chosen(people.departments, departments)
    title = _checked_name(name)
    request = Request(name=title, go_live=go_live, start=start, answers=answers, people=people, departments=chosen)
    cast = Cast(template.document, people.people)
    filling = Filling(template.places)
    shared = base_context(request.name, go_live, answers, chosen)
    ground = Ground(document=template.document, cast=cast, filling=filling, shared=shared)
    rollout = _rollout(template, request, ground)
    if filling.problems:
        count = len(filling.problems)
        noun = "problem" if count == 1 else "problems"
        raise TemplateError(
            f"{count} {noun} in {template.file} with these answers",
            tuple(filling.problems),
            hint="change the answers, or correct the places named",
        )
    findings = (*people.findings, *_department_findings(template.document, chosen), *cast.findings())
    return Expansion(rollout=rollout, findings=findings)


def _checked_name(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > MAX_NAME or not cleaned.isprintable():
        hint = f"--name with 1 to {MAX_NAME} characters"
        raise TemplateError(f"{shown(name)} cannot be the name of a rollout", (), hint=hint)
    return cleaned


def rollout_id(name: str) -> RolloutId:
    """The id of a rollout with this name."""
    return RolloutId(slug_or_mark(_checked_name(name)))


def _chosen(listed: tuple[Department, ...], wanted: Sequence[str] | None) -> tuple[Department, ...]:
    """Departments that take part, in the order of the people list."""
    if wanted is None:
        return listed
    by_name = {name: department for department in listed for name in (department.key, department.name.casefold())}
    keys, problems = set[str](), list[Problem]()
    for text in wanted:
        found = by_name.get(text.strip().casefold()) or by_name.get(slug(text))
        if found is None:
            hint = did_you_mean(text, [department.name for department in listed])
            message = "no such department in the people list"
            problems.append(Problem(file=f"department {text[:60]}", line=0, column=0, message=message, hint=hint))
        else:
            keys.add(found.key)
    if problems:
        raise TemplateError("unknown departments", tuple(problems), hint="use names out of the people list")
    return tuple(department for department in listed if department.key in keys)


def _rollout(template: Template, request: Request, ground: Ground) -> Rollout:
    document, filling = template.document, ground.filling
    context = ground.context(None)
    orders = {
        phase.key: ordered(request.departments, phase.wave.order) for phase in document.phases if phase.wave is not None
    }
    all_stages = tuple(stages(document, orders))
    all_spots = tuple(spots(document))
    kept = {spot.item.key: spot for spot in all_spots if _is_kept(spot, ground)}
    made = {stage.key: tuple(pieces(stage, kept, request.departments)) for stage in all_stages}
    all_pieces = tuple(piece for stage in all_stages for piece in made[stage.key])
    _check_keys(all_pieces, ground)
    after = dependencies(all_pieces, waits(all_spots, frozenset(kept)))
    held_by = _held_by(all_pieces, after, template)
    return Rollout(
        id=rollout_id(request.name),
        name=request.name,
        title=filling.line(("title",), document.title, context),
        template=document.template,
        template_version=document.version,
        fingerprint=fingerprint(template.text, request),
        purpose=filling.text(("purpose",), document.purpose, context),
        go_live=request.go_live,
        start=request.start,
        calendar=calendar_of(document.calendar, filling, context),
        parameters={key: _scalar(answer) for key, answer in request.answers.items()},
        departments=request.departments,
        waves=tuple(_waves(all_stages)),
        phases=tuple(phase_of(stage, ground) for stage in all_stages if made[stage.key]),
        items=tuple(item_of(piece, ground, after[piece.key], held_by[piece.key]) for piece in all_pieces),
        people=request.people.people,
        owns=tuple(owned.value for owned in document.owns),
        grace_days=document.tolerance.grace_days,
        wait_for_gate=document.held is HeldItems.WAIT,
        extras=extras_of(document, ground, request.answers, request.departments),
    )


def _held_by(
    all_pieces: Sequence[Piece], after: Mapping[ItemKey, tuple[Dependency, ...]], template: Template
) -> Mapping[ItemKey, tuple[ItemKey, ...]]:
    try:
        return gates(all_pieces, after)
    except CycleError as error:
        ring: list[ItemKey] = error.args[1]
    path = next(piece.spot.path for piece in all_pieces if piece.key == ring[0])
    message = f"these items wait for each other: {' → '.join(ring)}"
    problem = template.places.problem((*path, "after"), message, "take a `wave: previous` or another wait out")
    raise TemplateError(f"1 problem in {template.file}", (problem,), hint=problem.hint)


def _scalar(answer: Answer) -> str | int | float | bool:
    return answer if isinstance(answer, str | int | float) else spelled(answer)


def ordered(departments: Sequence[Department], order: WaveOrder) -> tuple[Department, ...]:
    """Departments in the order of their waves; equal sizes by name."""
    match order:
        case WaveOrder.LISTED:
            return tuple(departments)
        case WaveOrder.NAME:
            return tuple(sorted(departments, key=lambda each: (each.name.casefold(), each.key)))
        case WaveOrder.SIZE:
            return tuple(sorted(departments, key=lambda each: (-(each.size or 0), each.name.casefold(), each.key)))


def _is_kept(spot: Spot, ground: Ground) -> bool:
    """Whether the conditions of an item and its phase hold."""
    context, filling = ground.context(None), ground.filling
    is_phase_kept = filling.keeps(("phases", spot.phase_index), spot.phase.when, context)
    return filling.keeps(spot.path, spot.item.when, context) and is_phase_kept


def _check_keys(all_pieces: Sequence[Piece], ground: Ground) -> None:
    """Keys must be unique, also where a department's name makes one item look like another."""
    if len(all_pieces) > MAX_ITEMS:
        hint = "choose departments, or split the template"
        raise TemplateError(
            f"the rollout would have {len(all_pieces):,} items, {MAX_ITEMS:,} are possible", (), hint=hint
        )
    first: dict[str, Piece] = {}
    for piece in all_pieces:
        other = first.setdefault(piece.key, piece)
        if other is not piece:
            message = f"{piece.key!r} would be made twice, by {other.spot.item.key!r} and {piece.spot.item.key!r}"
            ground.filling.complain((*piece.spot.path, "key"), message, "rename one of the items")


def _waves(all_stages: Sequence[Stage]) -> Iterator[WaveDay]:
    for stage in all_stages:
        if stage.department is not None and stage.document.wave is not None:
            yield WaveDay(
                department=stage.department.key,
                stage=stage.document.key,
                index=stage.number - 1,
                every_days=stage.document.wave.every_days,
            )


def _department_findings(document: TemplateDocument, chosen: Sequence[Department]) -> Iterator[Finding]:
    if not chosen and any(spot.is_departmental for spot in spots(document)):
        yield Finding(
            severity=Severity.ERROR,
            code="no-departments",
            message="the template has work for every department, and the people list names no department",
            hint="fill in the column `department`",
        )


def fingerprint(text: str, request: Request) -> str:
    """A hash that changes with everything that the rollout is made of."""
    made_of = {
        "template": text,
        "name": request.name,
        "go_live": request.go_live.isoformat() if request.go_live else None,
        "start": request.start.isoformat() if request.start else None,
        "answers": {name: plain_answer(answer) for name, answer in request.answers.items()},
        "people": [asdict(person) for person in request.people.people],
        "departments": [asdict(department) for department in request.departments],
    }
    return sha256(json.dumps(made_of, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
