"""Limits of the two services, checked before anything is sent. Pure.

Numbers are the vendors' published ones (docs/reference/limits.md); a service may change them without notice, so its
own refusal is still understood when it comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollout_sync.model.objects import Intent, ObjectKind
from rollout_sync.model.operations import Finding, Severity

TITLE = 255
JIRA_TEXT = 32_767
LABEL = 255
CHECKLIST = 20
CHECKLIST_TITLE = 100
REFERENCES = 15
ASSIGNEES = 20
LABELS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlanLimit:
    kind: ObjectKind
    most: int
    words: str


_PER_PLAN = (
    _PlanLimit(kind=ObjectKind.BUCKET, most=200, words="buckets in a plan"),
    _PlanLimit(kind=ObjectKind.TASK, most=3_000, words="active tasks in a plan"),
)


def check(intents: Sequence[Intent]) -> tuple[Finding, ...]:
    """Everything that one of the services would refuse or cut; errors forbid applying."""
    found = [finding for intent in intents for finding in _of_object(intent)]
    for limit in _PER_PLAN:
        count = sum(1 for intent in intents if intent.object.kind is limit.kind)
        if count > limit.most:
            found.append(
                _over("plan", f"{count} {limit.words}; Planner takes {limit.most}", "split the rollout by department")
            )
    return tuple(found)


def _of_object(intent: Intent) -> Iterator[Finding]:
    where = str(intent.object)
    title = str(intent.fields.get("title", ""))
    if len(title) > TITLE:
        yield _over(
            where, f"title of {len(title)} characters; {TITLE} are allowed", "shorten the title in the template"
        )
    if "\n" in title:
        yield _over(where, "title with a line break", "write the title on one line")
    text = str(intent.fields.get("text", ""))
    if intent.object.kind.tracker.value == "jira" and len(text) > JIRA_TEXT:
        yield _over(where, f"text of {len(text)} characters; Jira takes {JIRA_TEXT}", "shorten the text")
    for label in _listed(intent, "labels"):
        if " " in str(label) or len(str(label)) > LABEL:
            yield _over(where, f"label {label!r} has a space or more than {LABEL} characters", "choose another name")
    yield from _of_task(intent, where)


def _of_task(intent: Intent, where: str) -> Iterator[Finding]:
    for name, most, words in (
        ("checklist", CHECKLIST, "checklist items"),
        ("references", REFERENCES, "references"),
        ("owners", ASSIGNEES, "assignees"),
        ("names", LABELS, "labels"),
    ):
        count = len(_listed(intent, name))
        if count > most:
            yield _over(where, f"{count} {words}; Planner takes {most}", "split the item in the template")
    for line in _listed(intent, "checklist"):
        if isinstance(line, dict) and len(str(line["title"])) > CHECKLIST_TITLE:
            yield _over(
                where,
                f"checklist line of {len(str(line['title']))} characters; Planner takes {CHECKLIST_TITLE}",
                "shorten it",
            )


def _listed(intent: Intent, name: str) -> Sequence[object]:
    value = intent.fields.get(name)
    return value if isinstance(value, list | tuple) else ()


def _over(where: str, message: str, hint: str) -> Finding:
    return Finding(severity=Severity.ERROR, code="limit", message=message, hint=hint, where=where)
