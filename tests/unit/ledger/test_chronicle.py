"""The chronicle: only differences are written, any moment can be shown again."""

from datetime import timedelta

import pytest

from rollout_sync.ledger import chronicle, rollouts
from rollout_sync.ledger.chronicle import LESSON, Line
from rollout_sync.model.rollout import RolloutId
from support.ledgers import NOW, ROLLOUT, row

OTHER = RolloutId("other-2027")
LATER, LAST = NOW + timedelta(hours=1), NOW + timedelta(hours=2)


@pytest.fixture
def other(database):
    """A second rollout in the same ledger."""
    with database.transaction() as connection:
        rollouts.save(connection, row(id=OTHER, name="Other 2027"))
    return OTHER


def note(database, at, rollout=ROLLOUT, **bodies):
    with database.transaction() as connection:
        return chronicle.note(connection, rollout, at, bodies)


def newest(database, as_of=None, rollout=ROLLOUT):
    with database.reading() as connection:
        return chronicle.newest(connection, rollout, as_of)


def test_only_what_differs_is_written(database):
    assert note(database, NOW, a={"n": 1}, b={"n": 1}) == 2
    assert note(database, LATER, a={"n": 1}, b={"n": 2}) == 1
    assert note(database, LAST, a={"n": 1}, b={"n": 2}) == 0
    with database.reading() as connection:
        assert [line.subject for line in chronicle.lines(connection, ROLLOUT, "")] == ["a", "b", "b"]


def test_equal_bodies_are_equal_however_their_members_are_ordered(database):
    note(database, NOW, a={"x": 1, "y": [1, 2]})
    assert note(database, LATER, a={"y": [1, 2], "x": 1}) == 0


def test_any_moment_can_be_shown_again(database):
    note(database, NOW, a={"n": 1})
    note(database, LATER, a={"n": 2}, b={"n": 1})
    assert newest(database, NOW - timedelta(seconds=1)) == {}
    assert newest(database, NOW) == {"a": {"n": 1}}
    assert newest(database, LATER - timedelta(microseconds=1)) == {"a": {"n": 1}}
    assert newest(database, LATER) == newest(database) == {"a": {"n": 2}, "b": {"n": 1}}


def test_a_subject_ends_and_comes_back(database):
    note(database, NOW, a={"n": 1})
    assert note(database, LATER, a=None) == 1
    assert note(database, LATER, a=None) == 0
    assert newest(database) == {}
    assert newest(database, NOW) == {"a": {"n": 1}}
    assert note(database, LAST, a={"n": 1}) == 1
    assert newest(database) == {"a": {"n": 1}}
    assert newest(database, LATER) == {}


def test_ending_what_was_never_known_writes_nothing(database):
    assert note(database, NOW, a=None) == 0


def test_one_subject_is_found_without_the_others(database):
    note(database, NOW, a={"n": 1}, b={"n": 9})
    note(database, LATER, a={"n": 2})
    with database.reading() as connection:
        assert chronicle.newest_of(connection, ROLLOUT, "a") == {"n": 2}
        assert chronicle.newest_of(connection, ROLLOUT, "c") is None
    note(database, LAST, a=None)
    with database.reading() as connection:
        assert chronicle.newest_of(connection, ROLLOUT, "a") is None


def test_lines_of_a_prefix_come_oldest_first_without_ends(database):
    note(database, NOW, **{"item:b": {"n": 1}, "item_a": {"n": 7}})
    note(database, LATER, **{"item:a": {"n": 2}, "item:b": None})
    with database.reading() as connection:
        found = list(chronicle.lines(connection, ROLLOUT, "item:"))
        early = list(chronicle.lines(connection, ROLLOUT, "item:", NOW))
    first, second = (
        Line(subject="item:b", since=NOW, body={"n": 1}),
        Line(subject="item:a", since=LATER, body={"n": 2}),
    )
    assert found == [first, second]
    assert early == [first]


def test_a_prefix_is_taken_literally(database):
    note(database, NOW, **{"a_b": {"n": 1}, "axb": {"n": 2}, "a%": {"n": 3}})
    with database.reading() as connection:
        assert [line.subject for line in chronicle.lines(connection, ROLLOUT, "a_")] == ["a_b"]
        assert [line.subject for line in chronicle.lines(connection, ROLLOUT, "a%")] == ["a%"]


def test_rollouts_do_not_mix(database, other):
    note(database, NOW, a={"n": 1})
    note(database, LATER, rollout=other, a={"n": 2})
    assert newest(database) == {"a": {"n": 1}}
    assert newest(database, rollout=other) == {"a": {"n": 2}}


def test_the_newest_line_on_a_subject_is_known_for_each_rollout(database, other):
    note(database, NOW, review={"n": 1}, a={"n": 1})
    note(database, LAST, review={"n": 2})
    note(database, LATER, rollout=other, a={"n": 3})
    with database.reading() as connection:
        assert chronicle.last_lines(connection, "review") == {ROLLOUT: LAST}
        assert chronicle.last_lines(connection, "a") == {ROLLOUT: NOW, other: LATER}
        assert chronicle.last_lines(connection, "b") == {}


def test_lessons_are_the_newest_of_each_rollout_in_the_order_they_were_written(database, other):
    note(database, NOW, **{LESSON: {"n": 1}})
    note(database, LATER, other, **{LESSON: {"n": 2}})
    with database.reading() as connection:
        assert chronicle.lessons(connection) == ({"n": 1}, {"n": 2})
    note(database, LAST, **{LESSON: {"n": 3}})
    with database.reading() as connection:
        assert chronicle.lessons(connection) == ({"n": 2}, {"n": 3})


def test_a_lesson_that_was_taken_back_teaches_nothing(database, other):
    note(database, NOW, **{LESSON: {"n": 1}})
    note(database, NOW, other, **{LESSON: {"n": 2}})
    note(database, LATER, **{LESSON: None})
    with database.reading() as connection:
        assert chronicle.lessons(connection) == ({"n": 2},)
