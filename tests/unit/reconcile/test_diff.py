"""The truth table of `reconcile.diff`, row by row."""

from datetime import UTC, datetime

import pytest

from rollout_sync.model.objects import Intent, ObjectKey, ObjectKind, Observation, Ref, Remote
from rollout_sync.model.operations import Verb
from rollout_sync.reconcile.diff import Known, canonical, compare, retired

KEY = ObjectKey(ObjectKind.ISSUE, "prepare/inventory")
WHERE = Remote(id="10", key="SEC-1")
NOW = datetime(2027, 1, 4, tzinfo=UTC)


def judge(base, observed, desired, *, owns=(), name="title", places=None):
    return compare(
        Intent(object=KEY, fields={name: desired}),
        Known(object=KEY, base={name: base}, remote=WHERE),
        Observation(object=KEY, remote=WHERE, fields={name: observed}, asked_at=NOW),
        places or {},
        owns,
    )


@pytest.mark.parametrize(
    ("base", "observed", "desired", "owns", "verb", "written", "new_base"),
    [
        ("a", "a", "a", (), None, {}, "a"),  # nothing new
        ("a", "a", "b", (), Verb.UPDATE, {"title": "b"}, "b"),  # the template changed
        ("a", "x", "a", (), Verb.KEEP, {}, "a"),  # a person changed it
        ("a", "x", "a", ("title",), Verb.UPDATE, {"title": "a"}, "a"),  # ... but the template owns it
        ("a", "b", "b", (), None, {}, "b"),  # both agree already
        ("a", "x", "b", (), Verb.KEEP, {}, "a"),  # conflict: people win
        ("a", "x", "b", ("title",), Verb.UPDATE, {"title": "b"}, "b"),  # conflict: the template owns it
        ("a ", "a", "a", (), None, {}, "a"),  # white space at the ends is no edit
        (None, None, "b", (), Verb.UPDATE, {"title": "b"}, "b"),
        ("a", None, "a", (), Verb.KEEP, {}, "a"),  # emptied by a person
    ],
)
def test_a_field_is_judged_three_ways(base, observed, desired, owns, verb, written, new_base):  # noqa: PLR0917 -- the table's columns
    found = judge(base, observed, desired, owns=owns)
    assert (found.operation.verb if found.operation else None) is verb
    assert found.write == written
    assert found.base["title"] == new_base


@pytest.mark.parametrize(
    ("base", "observed", "desired", "written"),
    [
        (["a", "b"], ["a", "b"], ["b", "a"], None),  # cards point to places, so names keep theirs
        (["a", "b", "c"], ["a", "b", "c"], ["a", "c"], None),  # what is no longer used keeps its place too
        (["a", "b"], ["a", "b"], ["n", "a", "b"], ["a", "b", "n"]),  # a new one gets a place that was never used
        (["a", "b"], ["Ah", "b"], ["a", "b"], None),  # a person renamed it
        (["a", "b"], ["Ah", "b"], ["a", "b", "n"], ["Ah", "b", "n"]),
        (["a", "b"], ["a", "b", "theirs"], ["a", "b", "n"], ["a", "b", "theirs", "n"]),
        (["a", "b"], ["", "b"], ["a", "b", "n"], ["", "b", "n"]),  # a place that people emptied is not given away
        (["a"], ["a", "", "theirs"], ["a", "n"], ["a", "n", "theirs"]),
        (["a"], ["a", "n"], ["a", "n"], None),  # somebody did it already
        (["a"], [f"t{n}" for n in range(25)], ["a", "n"], None),  # no place is left
    ],
)
def test_names_of_labels_keep_their_places(base, observed, desired, written):
    found = judge(base, observed, desired, name="names")
    assert found.write == ({} if written is None else {"names": written})
    assert found.base["names"] == (base if written is None else written)


@pytest.mark.parametrize(
    ("base", "observed", "desired", "written"),
    [
        (["a"], ["a"], ["a"], None),
        (["a"], ["a", "theirs"], ["a"], None),  # people's members stay, and are no change of ours
        (["a"], ["a", "theirs"], ["a", "b"], ["a", "theirs", "b"]),  # ours are added to theirs
        (["a", "b"], ["b", "theirs", "a"], ["a"], ["theirs", "a"]),  # only ours are taken away
        (["a"], ["theirs"], ["a"], None),  # a person took ours off: it stays off
        (["a"], ["a", "b"], ["a", "b"], None),  # somebody added what the template now wants
    ],
)
def test_sets_are_merged(base, observed, desired, written):
    found = judge(base, observed, desired, name="labels")
    assert found.write.get("labels") == written


def test_a_reworded_checklist_line_is_written_and_other_lines_stay():
    base = [{"key": "k1", "title": "old"}]
    observed = [{"key": "k1", "title": "old"}, {"key": "zz", "title": "theirs"}]
    desired = [{"key": "k1", "title": "new"}]
    found = judge(base, observed, desired, name="checklist")
    assert found.write["checklist"] == [{"key": "k1", "title": "new"}, {"key": "zz", "title": "theirs"}]


def test_a_reference_to_what_is_not_made_yet_is_written_once_it_is():
    policy = ObjectKey(ObjectKind.ISSUE, "prepare/policy")
    wanted = [{"target": Ref(policy), "alias": "Waits for: policy"}]
    before = judge([], [], wanted, name="references")
    assert before.operation is None
    assert before.base["references"] == []  # else it would look as if a person had taken it away
    place = Remote(id="11", key="SEC-2", url="https://acme.example.com/browse/SEC-2")
    after = judge(before.base["references"], [], wanted, name="references", places={str(policy): place})
    assert after.write == {"references": wanted}


def test_held_and_structure_belong_to_the_rollout():
    found = judge(True, False, True, name="held")  # somebody took the label off while the gate is shut
    assert found.write == {"held": True}


def test_a_card_that_a_person_moved_stays_until_the_gate_moves_it():
    waiting, working = ObjectKey(ObjectKind.BUCKET, "w"), ObjectKey(ObjectKind.BUCKET, "p")
    places = {str(waiting): Remote(id="W"), str(working): Remote(id="P")}
    moved = judge(Ref(working), Remote(id="ELSEWHERE"), Ref(working), name="bucket", places=places)
    assert moved.operation is None
    released = judge(Ref(waiting), Remote(id="W"), Ref(working), name="bucket", places=places)
    assert released.write == {"bucket": Ref(working)}


def test_unseen_fields_and_unseen_objects_count_as_unchanged():
    intent = Intent(object=KEY, fields={"title": "a", "due": "2027-01-05"})
    known = Known(object=KEY, base={"title": "a", "due": "2027-01-05"}, remote=WHERE)
    partly = Observation(object=KEY, remote=WHERE, fields={"title": "a"}, asked_at=NOW)
    assert compare(intent, known, partly, {}, ()).operation is None
    assert compare(intent, known, None, {}, ()).operation is None


def test_an_adopted_object_without_a_base_is_never_written_over():
    intent = Intent(object=KEY, fields={"title": "ours"})
    known = Known(object=KEY, base={}, remote=WHERE)
    seen = Observation(object=KEY, remote=WHERE, fields={"title": "theirs"}, asked_at=NOW)
    found = compare(intent, known, seen, {}, ())
    assert found.operation.verb is Verb.KEEP
    assert found.write == {}


def test_what_the_template_drops_is_reported_and_left():
    operation = retired(Known(object=KEY, base={"title": "Old step"}, remote=WHERE))
    assert (operation.verb, operation.title) == (Verb.RETIRE, "Old step")


def test_a_ref_equals_the_remote_it_stands_for():
    places = {str(KEY): WHERE}
    assert canonical(Ref(KEY), places) == canonical(WHERE, places)
    assert canonical(Ref(KEY), {}) is None
