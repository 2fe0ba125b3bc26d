"""Which unclaimed task is which doubt: the table, and what must hold for any mixture."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.model.objects import ObjectKey, ObjectKind, Remote
from rollout_sync.trackers.planner.identity import Author, Self, author_of
from rollout_sync.trackers.planner.matching import Candidate, Look, Wanted, match_exactly, match_tasks

SENT = datetime(2026, 11, 2, 9, tzinfo=UTC)
LOOK = Look(title="T", bucket="b", due="2026-12-01", owners=frozenset({"u"}))


def wanted(name, look=LOOK, since=SENT):
    return Wanted(object=ObjectKey(ObjectKind.TASK, name), look=look, since=since)


def candidate(number, look=LOOK, author=Author.OURS, after=1):
    return Candidate(remote=Remote(id=number), look=look, author=author, created=SENT + timedelta(seconds=after))


def look(**other):
    return Look(**{"title": "T", "bucket": "b", "due": "2026-12-01", "owners": frozenset({"u"}), **other})


@pytest.mark.parametrize(
    ("doubts", "candidates", "found", "ambiguous"),
    [
        pytest.param([wanted("a")], [], {}, set(), id="nothing there"),
        pytest.param([wanted("a")], [candidate("1")], {"a": "1"}, set(), id="same look"),
        pytest.param([wanted("a")], [candidate("1", author=Author.OTHER)], {}, set(), id="somebody else's"),
        pytest.param([wanted("a")], [candidate("1", author=Author.UNKNOWN)], {"a": "1"}, set(), id="unknown author"),
        pytest.param([wanted("a")], [candidate("1", after=-1)], {}, set(), id="too old"),
        pytest.param(
            [wanted("a"), wanted("b")], [candidate("1"), candidate("2")], {"a", "b"}, set(), id="equal ones are paired"
        ),
        pytest.param([wanted("a"), wanted("b")], [candidate("1")], {"one"}, set(), id="fewer than doubts"),
        pytest.param([wanted("a")], [candidate("2"), candidate("1", after=0)], {"a": "1"}, {}, id="the oldest"),
        pytest.param([wanted("a")], [candidate("1", look(bucket="c", due=""))], {"a": "1"}, set(), id="moved"),
        pytest.param(
            [wanted("a")],
            [candidate("1", look(bucket="c")), candidate("2", look(due=""))],
            {},
            {"a"},
            id="two of that title",
        ),
        pytest.param(
            [wanted("a", look(due="1")), wanted("b", look(due="2"))],
            [candidate("1", look(due="3"))],
            {},
            {"a", "b"},
            id="one title, two doubts",
        ),
        pytest.param([wanted("a")], [candidate("1", look(title="X"))], {"a": "1"}, set(), id="renamed meanwhile"),
        pytest.param(
            [wanted("a")], [candidate("1", look(title="X", bucket="c", due=""))], {}, {"a"}, id="too different"
        ),
        pytest.param(
            [wanted("a"), wanted("b", look(title="U"))],
            [candidate("1", look(title="X"))],
            {},
            {"a", "b"},
            id="renamed, but which",
        ),
        pytest.param(
            [wanted("a")], [candidate("1", look(title="X"), author=Author.UNKNOWN)], {}, set(), id="unknown, unlike"
        ),
    ],
)
def test_tasks(doubts, candidates, found, ambiguous):
    match = match_tasks(doubts, candidates)
    if found == {"one"}:
        assert len(match.found) == 1
    elif isinstance(found, set):
        assert {key.name for key in match.found} == found
        assert len({remote.id for remote in match.found.values()}) == len(found)
    else:
        assert {key.name: remote.id for key, remote in match.found.items()} == found
    assert {key.name for key in match.ambiguous} == set(ambiguous)


def test_the_latest_doubt_takes_only_what_is_young_enough():
    old, young = wanted("old"), wanted("young", since=SENT + timedelta(hours=1))
    match = match_exactly([old, young], [candidate("1"), candidate("2", after=3700)])
    assert {key.name: remote.id for key, remote in match.found.items()} == {"old": "1", "young": "2"}


def test_an_ambiguity_says_what_to_look_at():
    match = match_tasks([wanted("a")], [candidate("1", look(bucket="c")), candidate("2", look(due=""))])
    (why,) = match.ambiguous.values()
    assert "“T”" in why
    assert "(1)" in why
    assert "rename or delete" in why


LOOKS = st.builds(Look, title=st.sampled_from("TU"), bucket=st.sampled_from("bc"), due=st.sampled_from(["", "1"]))


OTHERS = st.tuples(LOOKS, st.sampled_from(list(Author)), st.integers(-2, 2))


@given(st.lists(LOOKS, max_size=6), st.lists(OTHERS, max_size=6))
def test_no_candidate_is_used_twice_and_nothing_is_lost(looks, others):
    doubts = [wanted(str(n), one) for n, one in enumerate(looks)]
    candidates = [candidate(str(n), one, author, after) for n, (one, author, after) in enumerate(others)]
    match = match_tasks(doubts, candidates)
    used = Counter(remote.id for remote in match.found.values())
    assert not used or max(used.values()) == 1
    open_ones = {one.object for one in match.wanted}
    assert set(match.found) | set(match.ambiguous) | open_ones == {one.object for one in doubts}
    assert not set(match.found) & set(match.ambiguous)
    by_id = {one.remote.id: one for one in candidates}
    assert all(by_id[remote.id].author is not Author.OTHER for remote in match.found.values())
    # Whoever is left for making anew has no unclaimed task of ours that could be it.
    unclaimed = [c for c in candidates if c.author is Author.OURS and c.remote.id not in used and c.created >= SENT]
    assert not open_ones or not [c for c in unclaimed if any(d.look == c.look for d in doubts if d.object in open_ones)]


@given(st.lists(LOOKS, min_size=1, max_size=6), st.randoms())
def test_when_all_were_made_all_are_found(looks, chance):
    candidates = [candidate(str(n), one) for n, one in enumerate(looks)]
    chance.shuffle(candidates)
    match = match_tasks([wanted(str(n), one) for n, one in enumerate(looks)], candidates)
    assert len(match.found) == len(looks)


ME = Self(applications=frozenset({"app"}), users=frozenset({"me"}))


@pytest.mark.parametrize(
    ("application", "user", "author"),
    [
        ("app", None, Author.OURS),
        ("APP", "me", Author.OURS),
        ("pages", "me", Author.OTHER),
        (None, "me", Author.OURS),
        (None, "her", Author.OTHER),
        (None, None, Author.UNKNOWN),
    ],
)
def test_who_made_it(application, user, author):
    assert author_of({"application": {"id": application}, "user": {"id": user}}, ME) is author
    assert author_of(None, ME) is Author.UNKNOWN
