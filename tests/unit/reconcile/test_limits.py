"""What the services would refuse is found before anything is sent."""

from __future__ import annotations

import pytest

from rollout_sync.model.objects import Intent, ObjectKey, ObjectKind
from rollout_sync.model.operations import Severity
from rollout_sync.reconcile.limits import check


def intent(kind, number=0, **fields):
    return Intent(object=ObjectKey(kind, f"prepare/item-{number}"), fields=fields)


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (ObjectKind.ISSUE, {"title": "x" * 256}, "256 characters"),
        (ObjectKind.TASK, {"title": "two\nlines"}, "line break"),
        (ObjectKind.ISSUE, {"text": "x" * 32_768}, "32768"),
        (ObjectKind.ISSUE, {"labels": ["two words"]}, "space"),
        (ObjectKind.DETAILS, {"checklist": [{"key": str(n), "title": "x"} for n in range(21)]}, "21 checklist items"),
        (ObjectKind.DETAILS, {"checklist": [{"key": "1", "title": "x" * 101}]}, "101 characters"),
        (ObjectKind.DETAILS, {"references": [{"target": str(n)} for n in range(16)]}, "16 references"),
        (ObjectKind.TASK, {"owners": [str(n) for n in range(21)]}, "21 assignees"),
        (ObjectKind.LABELS, {"names": [str(n) for n in range(26)]}, "26 labels"),
    ],
)
def test_a_limit_of_one_object(kind, fields, words):
    (found,) = check([intent(kind, **fields)])
    assert words in found.message
    assert found.hint
    assert (found.severity, found.where) == (Severity.ERROR, f"{kind.value}:prepare/item-0")


@pytest.mark.parametrize(("kind", "most"), [(ObjectKind.TASK, 3_000), (ObjectKind.BUCKET, 200)])
def test_a_limit_of_a_plan(kind, most):
    intents = [intent(kind, number, title="x") for number in range(most + 1)]
    assert check(intents[:-1]) == ()
    (found,) = check(intents)
    assert f"{most + 1}" in found.message
    assert f"{most}" in found.message


def test_what_is_just_allowed():
    assert check([intent(ObjectKind.TASK, title="x" * 255, owners=[str(n) for n in range(20)])]) == ()
