"""Texts of a template's extras, filled in with what the extras keep beside them."""

from __future__ import annotations

from rollout_sync.model.rollout import Rollout
from rollout_sync.template.filling import base_context, department_facts
from rollout_sync.template.rendering import render


def fill_for(rollout: Rollout, text: str, department: str | None = None) -> str:
    """A text of a playbook for a department, by key; Unrenderable where it names what is not known for it."""
    extras = rollout.extras
    context = dict(base_context(rollout.name, rollout.go_live, extras["parameters"], rollout.departments))
    context["people"] = extras["people"].get(department or "", {})
    for known in rollout.departments:
        if known.key == department:
            context["department"] = department_facts(known)
    return render(text, context).strip()
