"""What later commands need of a template beside the items, as plain JSON: playbooks, pulse, measures, roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rollout_sync.model.rollout import Department
from rollout_sync.template.document import MeasureDocument, PulseDocument, TemplateDocument
from rollout_sync.template.filling import plain_answer
from rollout_sync.template.parameters import Answer
from rollout_sync.template.pieces import DEFAULT_HOMES, Ground


def extras_of(
    document: TemplateDocument, ground: Ground, answers: Mapping[str, Answer], departments: Sequence[Department]
) -> Mapping[str, object]:
    """Playbooks keep their names in braces, because the department is known only when a problem comes up.

    What fills them in stands beside them: `parameters`, and `people` by department key, "" for nobody in particular.
    """
    places = (None, *departments)
    return {
        "playbooks": [book.model_dump(mode="json", by_alias=True) for book in document.playbooks],
        "pulse": _pulse(document.pulse, ground) if document.pulse else None,
        "measures": [_measure(i, measure, ground) for i, measure in enumerate(document.measures)],
        "roles": {name: role.model_dump(mode="json") for name, role in document.roles.items()},
        "routes": {kind.value: document.routes.get(kind, home).value for kind, home in DEFAULT_HOMES.items()},
        "parameters": {name: plain_answer(answer) for name, answer in answers.items()},
        "people": {(place.key if place else ""): dict(ground.cast.spoken(place)) for place in places},
    }


def _pulse(pulse: PulseDocument, ground: Ground) -> Mapping[str, Any]:
    context = ground.context(None)
    questions = {
        key: {
            "ask": ground.filling.line(("pulse", "questions", key, "ask"), question.ask, context, longest=1000),
            "audience": list(question.audience or pulse.audience),
        }
        for key, question in pulse.questions.items()
    }
    return {"questions": questions, "audience": list(pulse.audience), "every_days": pulse.every_days}


def _measure(index: int, measure: MeasureDocument, ground: Ground) -> Mapping[str, Any]:
    """A measure with a number as its target."""
    path = ("measures", index)
    context, target = ground.context(None), measure.target
    if isinstance(target, str):
        text = ground.filling.text((*path, "target"), target, context)
        try:
            target = float(text)
        except ValueError:
            ground.filling.complain((*path, "target"), f"{text!r} is no number", "digits, or the name of a parameter")
    title = ground.filling.line((*path, "title"), measure.title, context)
    return {**measure.model_dump(mode="json"), "title": title, "target": target}
