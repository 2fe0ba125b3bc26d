"""What a template of the right shape can still get wrong: unknown names, closed chains, misplaced fields.

Every check is a function from the document to problems; `complaints` runs them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from rollout_sync.errors import Problem
from rollout_sync.model.rollout import AnchorEvent, Home, ItemKind
from rollout_sync.template.dates import country_problem, read_day
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.items import AfterDocument, WaveOf
from rollout_sync.template.network import Spot, cycles, spots, waits
from rollout_sync.template.nodes import Path
from rollout_sync.template.parameters import Unusable, default_of
from rollout_sync.template.places import Places
from rollout_sync.template.rendering import has_names
from rollout_sync.template.spelling import did_you_mean
from rollout_sync.template.texts import RESERVED, text_complaints

_APPROVAL_ONLY = ("approver", "deputies", "asks", "within_days", "quorum", "escalate_to", "emergency_within_hours")
_TRAINING_ONLY = ("minutes", "seats", "invites")
_ANCHORS = ("on", "before_wave_day", "after_wave_day", "before_go_live", "after_go_live")


def complaints(document: TemplateDocument, places: Places) -> Iterator[Problem]:
    """All problems of meaning, in no particular order."""
    return chain(
        _twice(document, places),
        _parameters(document, places),
        _calendar(document, places),
        _roles(document, places),
        _after(document, places),
        _closed_chains(document, places),
        chain.from_iterable(_item(spot, document, places) for spot in spots(document)),
        _playbooks(document, places),
        text_complaints(document, places),
    )


def _repeated(named: Iterable[tuple[str, Path]], noun: str, places: Places) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for name, path in named:
        if name in first:
            at = places.problem(first[name], "")
            hint = f"the first is at {at.line}:{at.column}"
            yield places.problem(path, f"a second {noun} is called {name!r}", hint)
        first.setdefault(name, path)


def _twice(document: TemplateDocument, places: Places) -> Iterator[Problem]:
    """Names that must be unique in the template."""
    phases = ((phase.key, ("phases", i, "key")) for i, phase in enumerate(document.phases))
    items = ((spot.item.key, (*spot.path, "key")) for spot in spots(document))
    books = ((book.when.problem, ("playbooks", i, "when", "problem")) for i, book in enumerate(document.playbooks))
    measures = ((measure.key, ("measures", i, "key")) for i, measure in enumerate(document.measures))
    yield from _repeated(phases, "phase", places)
    yield from _repeated(items, "item", places)
    yield from _repeated(books, "playbook for the problem", places)
    yield from _repeated(measures, "measure", places)


def _parameters(document: TemplateDocument, places: Places) -> Iterator[Problem]:
    for name, parameter in document.parameters.items():
        path: Path = ("parameters", name)
        if name in RESERVED:
            yield places.problem(path, f"{name!r} has a meaning of its own in texts", "choose another name", key=True)
        try:
            default_of(name, parameter)
        except Unusable as error:
            yield places.problem((*path, error.field), f"{name}: {error.message}", error.hint)


def _calendar(document: TemplateDocument, places: Places) -> Iterator[Problem]:
    calendar = document.calendar
    if calendar.working_days == ():
        yield places.problem(("calendar", "working_days"), "no working day is left", "working_days: mon-fri")
    if not has_names(calendar.holidays) and (complaint := country_problem(calendar.holidays)):
        yield places.problem(("calendar", "holidays"), complaint, "DE, or with a region DE-BY")
    for i, blackout in enumerate(calendar.blackouts):
        days = []
        for word, text in (("from", blackout.first), ("to", blackout.last)):
            day = None if has_names(text) else read_day(text)
            if day is None and not has_names(text):
                yield places.problem(("calendar", "blackouts", i, word), f"{text!r} is no date", "YYYY-MM-DD")
            days.append(day)
        if days[0] and days[1] and days[1] < days[0]:
            yield places.problem(("calendar", "blackouts", i, "to"), "the blackout ends before it begins")


def _roles(document: TemplateDocument, places: Places) -> Iterator[Problem]:
    """Every role that is named must be declared."""
    for name, path in _role_uses(document):
        if name not in document.roles:
            hint = did_you_mean(name, document.roles) or f"add `{name}: {{}}` to roles"
            yield places.problem(path, f"unknown role {name!r}", hint)
    everyone = {"employee", "supervisor", *document.roles}
    for name, path in _audiences(document):
        if name not in everyone:
            yield places.problem(path, f"unknown audience {name!r}", did_you_mean(name, everyone))
    for name, path in _guests(document):
        if name not in everyone:
            hint = did_you_mean(name, everyone) or f"add `{name}: {{}}` to roles"
            yield places.problem(path, f"unknown role {name!r}", hint)


def _role_uses(document: TemplateDocument) -> Iterator[tuple[str, Path]]:
    for spot in spots(document):
        for field in ("owner", "approver", "deputies", "escalate_to"):
            if (name := getattr(spot.item, field)) is not None:
                yield name, (*spot.path, field)
    for i, book in enumerate(document.playbooks):
        for j, work in enumerate(book.create):
            yield work.owner, ("playbooks", i, "create", j, "owner")
    for i, measure in enumerate(document.measures):
        if measure.owner is not None:
            yield measure.owner, ("measures", i, "owner")


def _guests(document: TemplateDocument) -> Iterator[tuple[str, Path]]:
    for spot in spots(document):
        for i, name in enumerate(spot.item.invites or ()):
            yield name, (*spot.path, "invites", i)


def _audiences(document: TemplateDocument) -> Iterator[tuple[str, Path]]:
    if document.pulse is None:
        return
    for i, name in enumerate(document.pulse.audience):
        yield name, ("pulse", "audience", i)
    for key, question in document.pulse.questions.items():
        for i, name in enumerate(question.audience):
            yield name, ("pulse", "questions", key, "audience", i)


def _after(document: TemplateDocument, places: Places) -> Iterator[Problem]:
    """Every item that is waited for must exist."""
    items = frozenset(spot.item.key for spot in spots(document))
    phases = frozenset(phase.key for phase in document.phases)
    for spot in spots(document):
        for i, wait in enumerate(spot.item.after):
            yield from _item_wait(wait, spot, (*spot.path, "after", i), (items, phases), places)
    for i, phase in enumerate(document.phases):
        for j, wait in enumerate(phase.after):
            path: Path = ("phases", i, "after", j)
            if wait.wave is WaveOf.PREVIOUS:
                yield places.problem((*path, "wave"), "a phase as a whole has no wave before", "leave `wave` out")
            if wait.item not in items | phases:
                hint = did_you_mean(wait.item, items | phases)
                yield places.problem((*path, "item"), f"unknown item or phase {wait.item!r}", hint)


def _item_wait(
    wait: AfterDocument, spot: Spot, path: Path, known: tuple[frozenset[str], frozenset[str]], places: Places
) -> Iterator[Problem]:
    items, phases = known
    if wait.item not in items:
        hint = did_you_mean(wait.item, items)
        if wait.item in phases:
            hint = "an item waits for items; put a phase into the `after` of its phase"
        yield places.problem((*path, "item"), f"unknown item {wait.item!r}", hint)
    elif wait.wave is WaveOf.PREVIOUS and not _is_beside(wait.item, spot):
        message = f"{spot.item.key}: only items of the same phase with a wave have a wave before"
        yield places.problem((*path, "wave"), message, "leave `wave` out")


def _is_beside(key: str, spot: Spot) -> bool:
    """Whether the item stands in the same phase, and the phase has waves."""
    return spot.phase.wave is not None and any(item.key == key for item in spot.phase.items)


def _closed_chains(document: TemplateDocument, places: Places) -> Iterator[Problem]:
    all_spots = tuple(spots(document))
    paths = {spot.item.key: spot.path for spot in all_spots}
    for ring in cycles(waits(all_spots, frozenset(paths))):
        message = f"these items wait for each other: {' → '.join(ring)}"
        if len(set(ring)) == 1:
            message = f"{ring[0]!r} waits for itself"
        path = (*paths[ring[0]], "after")
        yield places.problem(path, message, "an arrow means `before`; take one of them out")


def _item(spot: Spot, document: TemplateDocument, places: Places) -> Iterator[Problem]:
    """Fields that do not fit the kind or the place of an item."""
    yield from _kind(spot, places)
    yield from _anchors(spot, document, places)
    item, name = spot.item, spot.item.key
    if item.for_each is not None and spot.phase.wave is not None:
        hint = "the phase's wave already makes one per department"
        yield places.problem((*spot.path, "for_each"), f"{name}: for_each inside a wave", hint, key=True)
    is_both = (item.home or document.routes.get(item.kind)) is Home.BOTH
    if item.leads is not None and not is_both:
        yield places.problem((*spot.path, "leads"), f"{name}: leads without `in: both`", "add `in: both`", key=True)
    owner = document.roles.get(item.owner or "")
    if owner is not None and owner.per is not None and not spot.is_departmental:
        message = f"{name}: the role {item.owner!r} is per department, the item is not"
        yield places.problem((*spot.path, "owner"), message, "add `for_each: department` or choose another role")


def _kind(spot: Spot, places: Places) -> Iterator[Problem]:
    item = spot.item
    for fields, kind in ((_APPROVAL_ONLY, ItemKind.APPROVAL), (_TRAINING_ONLY, ItemKind.TRAINING)):
        for field in fields:
            if item.kind is not kind and field in item.model_fields_set:
                message = f"{item.key}: {field!r} belongs to items of kind {kind.value}, this is a {item.kind.value}"
                yield places.problem((*spot.path, field), message, f"add `kind: {kind.value}`", key=True)
    if item.kind is ItemKind.APPROVAL and item.approver is None:
        yield places.problem(spot.path, f"{item.key}: an approval needs an approver", "approver: <role>")
    if item.kind is not ItemKind.APPROVAL and item.owner is None:
        yield places.problem(spot.path, f"{item.key}: nobody owns it", "owner: <role>")
    if item.kind is ItemKind.MILESTONE and item.days is not None and item.days[2] > 0:
        yield places.problem((*spot.path, "days"), f"{item.key}: a milestone takes no days", "leave `days` out")


def _anchors(spot: Spot, document: TemplateDocument, places: Places) -> Iterator[Problem]:
    item = spot.item
    given = [name for name in _ANCHORS if getattr(item, name) is not None]
    if len(given) > 1:
        message = f"{item.key}: {' and '.join(given)} contradict each other"
        yield places.problem((*spot.path, given[1]), message, "keep one of them", key=True)
    for name in given:
        yield from _window(spot, name, places)
    is_wave = item.on is AnchorEvent.WAVE_DAY or any("wave_day" in name for name in given)
    has_wave = any(phase.wave is not None for phase in document.phases)
    if is_wave and not (spot.is_departmental and has_wave):
        hint = "use on: go_live or before_go_live, or put the item into a phase with a wave"
        yield places.problem((*spot.path, given[0]), f"{item.key}: there is no wave day here", hint, key=True)


def _window(spot: Spot, name: str, places: Places) -> Iterator[Problem]:
    """`before` counts down, `after` counts up."""
    window = getattr(spot.item, name)
    if name == "on" or len(window) == 1:
        return
    first, last = window
    if name.startswith("before") and first < last:
        hint = f"{name}: [{last}, {first}]"
        yield places.problem((*spot.path, name), f"{spot.item.key}: the earliest day comes first", hint)
    if name.startswith("after") and first > last:
        hint = f"{name}: [{last}, {first}]"
        yield places.problem((*spot.path, name), f"{spot.item.key}: the earliest day comes first", hint)


def _playbooks(document: TemplateDocument, places: Places) -> Iterator[Problem]:
    for i, book in enumerate(document.playbooks):
        for j, work in enumerate(book.create):
            if work.kind is ItemKind.APPROVAL:
                path = ("playbooks", i, "create", j, "kind")
                yield places.problem(path, "a playbook cannot create approvals", "make it a task for the approver")
