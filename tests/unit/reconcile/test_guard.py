"""The safety thresholds."""

import pytest

from rollout_sync.errors import UnsafePlan
from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.operations import Operation, Verb
from rollout_sync.reconcile.guard import Thresholds, check


def operations(verb, count):
    key = ObjectKey(ObjectKind.ISSUE, "x")
    return [Operation(verb=verb, object=key, title="x", reason="") for _ in range(count)]


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.RETIRE])
def test_more_than_the_share_is_refused_with_counts_and_the_option(verb):
    check(operations(verb, 30), 100, 0, Thresholds())
    with pytest.raises(UnsafePlan, match=r"31 of 100 existing objects \(31%\)") as caught:
        check(operations(verb, 31), 100, 0, Thresholds())
    assert "--force" in caught.value.hint
    assert caught.value.exit_code == 5


def test_small_rollouts_are_not_nagged():
    check(operations(Verb.UPDATE, 9), 9, 9, Thresholds())


def test_many_vanished_objects_are_refused():
    with pytest.raises(UnsafePlan, match="be marked as gone"):
        check([], 20, 7, Thresholds())


def test_too_many_new_objects_are_refused():
    with pytest.raises(UnsafePlan, match="max_create = 2"):
        check(operations(Verb.CREATE, 3), 0, 0, Thresholds(max_create=2))


def test_kept_edits_do_not_count():
    check(operations(Verb.KEEP, 100), 100, 0, Thresholds())
