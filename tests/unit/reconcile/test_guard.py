"""The safety thresholds."""

import pytest

from rollout_sync.errors import UnsafePlan
from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.operations import FieldChange, Operation, Verb
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


CONDITION = "Condition of Hedda Head (Green light): not in week 9"


def change(name, base, desired, observed=None):
    return FieldChange(name=name, base=base, observed=base if observed is None else observed, desired=desired)


KEPT = change("due", "2027-01-05", "2027-01-05", "2027-01-08")


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ((change("held", True, False),), False),
        ((change("bucket", "w", "p"),), False),
        ((change("held", True, False), change("text", "Do it", f"Do it\n\n{CONDITION}")), False),
        ((change("text", f"Do it\n\n{CONDITION}\n\nWaits", "Do it\n\nWaits"),), False),
        ((change("text", None, CONDITION),), False),
        ((change("held", True, False), change("text", "Do it", f"Do that\n\n{CONDITION}")), True),
        ((change("text", "Do it", "Do that"),), True),
        ((change("held", True, False), change("title", "a", "b")), True),
        ((change("held", True, False), KEPT), False),  # a person's edit beside it is only kept
        ((KEPT,), True),
        ((change("text", "a", "a", "b"),), True),  # written back
        ((), True),
    ],
)
def test_holding_and_releasing_does_not_count(changes, counts):
    key = ObjectKey(ObjectKind.ISSUE, "x")
    many = [Operation(verb=Verb.UPDATE, object=key, title="x", reason="", changes=changes)] * 50
    if not counts:
        check(many, 50, 0, Thresholds())
        return
    with pytest.raises(UnsafePlan, match="50 of 50"):
        check(many, 50, 0, Thresholds())


def test_writing_over_peoples_edits_counts_even_beside_a_release():
    key = ObjectKey(ObjectKind.ISSUE, "x")
    both = (change("held", True, False), KEPT)
    many = [Operation(verb=Verb.UPDATE, object=key, title="x", reason="", changes=both)] * 50
    with pytest.raises(UnsafePlan, match="50 of 50"):
        check(many, 50, 0, Thresholds(), owned=("due",))
