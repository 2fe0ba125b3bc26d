"""What pulls brought back: stored with its cursors in one commit, and given back as it was seen."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from rollout_sync.errors import LedgerError
from rollout_sync.ledger import entries, objects, rollouts, sightings
from rollout_sync.ledger.sightings import LedgerShelf
from rollout_sync.model.codec import to_json
from rollout_sync.model.objects import Intent, ObjectKey, ObjectKind, Observation, Remote
from rollout_sync.model.operations import OperationState as State
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.trackers.base import Newcomer, Pulled, Seen
from support.ledgers import EPIC, ISSUE, NOW, ROLLOUT, row

JIRA, PLANNER = TrackerName.JIRA, TrackerName.PLANNER
OTHER = RolloutId("other-2027")
TASK, DETAILS = ObjectKey(ObjectKind.TASK, "prepare/brief"), ObjectKey(ObjectKind.DETAILS, "prepare/brief")
TASK_ID = "T" * 28
LATER, LAST = NOW + timedelta(hours=1), NOW + timedelta(hours=2)


@pytest.fixture
def database(database):
    """The ledger with everything made: an epic and its issue, a task with its details."""
    with database.transaction() as connection:
        entries.accept(connection, ROLLOUT, [Intent(object=key, fields={"title": "Brief"}) for key in (TASK, DETAILS)])
        ids = [Remote(id="10001", key="SEC-1"), Remote(id="10002", key="SEC-2"), Remote(id=TASK_ID, version="w0")]
        made = zip((1, 2, 3, 4), (*ids, Remote(id=TASK_ID, version="d0")), strict=True)
        entries.mark_all_created(connection, [(entry_id, remote, None) for entry_id, remote in made])
    return database


def observed(key, remote, at=LATER, **fields):
    return Observation(object=key, remote=remote, fields=fields, asked_at=at)


def issue(status="To Do", at=LATER):
    parent = Remote(id="10001", key="SEC-1")
    return observed(ISSUE, Remote(id="10002", key="SEC-2", url="u"), at, status=status, parent=parent, labels=["a"])


def pulled(*seen, rollout=ROLLOUT, **more):
    return Pulled(asked_at=LATER, seen=tuple(Seen(rollout=rollout, observation=one) for one in seen), **more)


def newcomer(remote_id="20001", title="Ask the printer people", rollout=ROLLOUT, at=LATER):
    remote = Remote(id=remote_id, key="SEC-9")
    return Newcomer(rollout=rollout, under=EPIC, remote=remote, fields={"title": title}, asked_at=at)


def store(database, portion, tracker=JIRA):
    with database.transaction() as connection:
        sightings.store(connection, tracker, portion)


def read(database, function, *arguments):
    with database.reading() as connection:
        return function(connection, *arguments)


def observations(database, rollout=ROLLOUT):
    return read(database, lambda connection: tuple(sightings.observations(connection, rollout)))


def touched(database):
    return read(database, sightings.touched_rollouts)


def settle(database, rollout=ROLLOUT):
    with database.transaction() as connection:
        sightings.settle(connection, rollout)


class TestObservations:
    def test_what_was_seen_is_given_back_as_it_was(self, database):
        task = observed(TASK, Remote(id=TASK_ID, version="w1", url="p"), percent=50, owners=["u"], due=None)
        store(database, pulled(issue(), task))
        assert observations(database) == (issue(), task)

    def test_the_newest_sight_stands_however_often_it_is_stored(self, database):
        store(database, pulled(issue()))
        for _ in range(2):
            store(database, pulled(issue("Done", LAST)))
        assert observations(database) == (issue("Done", LAST),)

    def test_what_the_ledger_does_not_know_is_not_kept(self, database):
        store(database, pulled(observed(ObjectKey(ObjectKind.ISSUE, "prepare/unknown"), Remote(id="7"))))
        assert observations(database) == ()

    def test_a_deleted_object_is_gone_and_stays_so(self, database):
        store(database, pulled(gone={ROLLOUT: (ISSUE,)}))
        store(database, pulled(gone={ROLLOUT: (ISSUE,)}))
        states = read(database, lambda connection: {e.object: e.state for e in objects.entries(connection, ROLLOUT)})
        assert states[ISSUE] is State.GONE
        assert states[EPIC] is State.CREATED


class TestShelf:
    def test_a_task_and_its_details_share_an_id(self, database):
        found = LedgerShelf(database, PLANNER).by_id([TASK_ID, "unknown"])
        assert {one.binding.object for one in found[TASK_ID]} == {TASK, DETAILS}
        assert set(found) == {TASK_ID}

    def test_each_service_sees_its_own(self, database):
        assert set(LedgerShelf(database, JIRA).of_rollout(ROLLOUT)) == {"10001", "10002"}
        assert set(LedgerShelf(database, PLANNER).of_rollout(ROLLOUT)) == {TASK_ID}
        assert LedgerShelf(database, JIRA).by_id([TASK_ID]) == {}

    def test_what_was_never_seen_has_no_sight(self, database):
        (known,) = LedgerShelf(database, JIRA).of_rollout(ROLLOUT)["10002"]
        assert known.seen is None
        assert known.rollout == ROLLOUT
        assert known.binding.remote == Remote(id="10002", key="SEC-2")
        assert known.binding.item is None
        assert len(known.binding.marker) == 32

    def test_a_sight_is_whole(self, database):
        store(database, pulled(issue()))
        (known,) = LedgerShelf(database, JIRA).by_id(["10002"])["10002"]
        assert known.seen == issue()
        assert known.seen.remote == Remote(id="10002", key="SEC-2", url="u")
        assert known.seen.asked_at == LATER

    def test_fields_of_a_sight_behave_like_any_mapping(self, database):
        store(database, pulled(issue()))
        (known,) = LedgerShelf(database, JIRA).by_id(["10002"])["10002"]
        fields, plain = known.seen.fields, issue().fields
        assert "status" in fields
        assert fields.get("owner", "nobody") == "nobody"
        assert {**fields, "status": "Done"} == {**plain, "status": "Done"}
        assert fields.keys() | {"owner"} == plain.keys() | {"owner"}
        assert len(fields) == len(plain)
        assert to_json(fields) == to_json(plain)
        assert "To Do" in repr(fields)
        with pytest.raises(KeyError):
            fields["owner"]

    def test_what_is_gone_or_not_made_is_not_on_the_shelf(self, database):
        with database.transaction() as connection:
            entries.accept(connection, ROLLOUT, [Intent(object=ObjectKey(ObjectKind.ISSUE, "later"), fields={})])
        store(database, pulled(gone={ROLLOUT: (ISSUE,)}))
        assert set(LedgerShelf(database, JIRA).of_rollout(ROLLOUT)) == {"10001"}

    def test_more_ids_than_one_statement_takes(self, database):
        ids = [*(str(number) for number in range(30_000, 31_000)), "10001", "10002"]
        assert set(LedgerShelf(database, JIRA).by_id(ids)) == {"10001", "10002"}


class TestNewcomers:
    def test_they_are_given_back_as_they_were(self, database):
        store(database, pulled(newcomers=(newcomer(),)))
        assert read(database, sightings.newcomers, ROLLOUT) == ((JIRA, newcomer()),)
        assert LedgerShelf(database, JIRA).newcomers(ROLLOUT) == {"20001"}
        assert LedgerShelf(database, PLANNER).newcomers(ROLLOUT) == frozenset()

    def test_the_newest_look_replaces_the_one_before(self, database):
        store(database, pulled(newcomers=(newcomer(),)))
        store(database, pulled(newcomers=(newcomer(title="Ask again"),)))
        ((_, found),) = read(database, sightings.newcomers, ROLLOUT)
        assert found.fields == {"title": "Ask again"}

    def test_those_that_left_are_forgotten_in_that_service_only(self, database):
        store(database, pulled(newcomers=(newcomer(), newcomer("20002"))))
        store(database, pulled(newcomers=(newcomer(),)), PLANNER)
        store(database, pulled(left={ROLLOUT: ("20001",)}))
        found = read(database, sightings.newcomers, ROLLOUT)
        assert [(tracker, one.remote.id) for tracker, one in found] == [(JIRA, "20002"), (PLANNER, "20001")]


class TestTouched:
    @pytest.mark.parametrize(
        "portion",
        [
            pulled(issue()),
            pulled(newcomers=(newcomer(),)),
            pulled(left={ROLLOUT: ("20001",)}),
            pulled(gone={ROLLOUT: (ISSUE,)}),
        ],
        ids=["seen", "newcomer", "left", "gone"],
    )
    def test_news_touch_until_conclusions_are_drawn(self, database, portion):
        store(database, portion)
        assert touched(database) == {ROLLOUT}
        settle(database)
        assert touched(database) == frozenset()

    def test_a_portion_without_news_touches_nothing(self, database):
        store(database, pulled(cursors={"jira": "1"}, complete=(ROLLOUT,)))
        assert touched(database) == frozenset()

    def test_a_newcomer_that_looks_as_before_is_no_news(self, database):
        store(database, pulled(newcomers=(newcomer(),)))
        settle(database)
        store(database, pulled(newcomers=(newcomer(at=LAST),)))
        assert touched(database) == frozenset()
        store(database, pulled(newcomers=(newcomer(title="Ask again"),)))
        assert touched(database) == {ROLLOUT}

    def test_settling_one_leaves_the_others(self, database):
        with database.transaction() as connection:
            rollouts.save(connection, row(id=OTHER, name="Other 2027"))
            sightings.touch(connection, [ROLLOUT, OTHER])
            sightings.touch(connection, [OTHER])
        settle(database)
        assert touched(database) == {OTHER}


class TestCursors:
    def test_a_scope_keeps_its_newest_value(self, database):
        store(database, pulled(cursors={"a": "1", "b": "1"}))
        store(database, pulled(cursors={"a": "2"}))
        assert read(database, sightings.cursors) == {"a": "2", "b": "1"}

    def test_rows_that_cannot_be_kept_take_the_cursor_back(self, database):
        store(database, pulled(issue(), cursors={"a": "1"}))
        settle(database)
        stranger = newcomer(rollout=RolloutId("nobody-knows"))
        with pytest.raises(LedgerError):
            store(database, pulled(issue("Done", LAST), newcomers=(stranger,), cursors={"a": "2"}))
        assert read(database, sightings.cursors) == {"a": "1"}
        assert observations(database) == (issue(),)
        assert touched(database) == frozenset()

    def test_a_cursor_that_cannot_be_kept_takes_the_rows_back(self, database):
        with database.transaction() as connection:
            connection.execute(
                sa.text("CREATE TRIGGER full BEFORE INSERT ON cursor BEGIN SELECT RAISE(ABORT, 'no room'); END")
            )
        with pytest.raises(LedgerError, match="no room"):
            store(database, pulled(issue(), newcomers=(newcomer(),), cursors={"a": "2"}))
        assert observations(database) == ()
        assert read(database, sightings.newcomers, ROLLOUT) == ()


class TestCoverage:
    def well(self, database, at, tracker=JIRA, rollout=ROLLOUT):
        with database.transaction() as connection:
            sightings.read_well(connection, tracker, [rollout], at)

    def badly(self, database, at, reason="the service is down", tracker=JIRA):
        with database.transaction() as connection:
            sightings.read_badly(connection, tracker, {ROLLOUT: reason}, at)

    def coverage(self, database, tracker=JIRA):
        return read(database, sightings.coverages, ROLLOUT)[tracker]

    def test_nothing_is_known_before_the_first_look(self, database):
        assert read(database, sightings.coverages, ROLLOUT) == {}
        assert read(database, sightings.read_at) == {}
        assert read(database, sightings.last_full_looks, JIRA) == {}

    def test_a_look_that_failed_keeps_when_the_last_good_one_was(self, database):
        self.well(database, NOW)
        self.badly(database, LATER)
        found = self.coverage(database)
        assert (found.good_at, found.tried_at, found.reason) == (NOW, LATER, "the service is down")
        self.well(database, LAST)
        found = self.coverage(database)
        assert (found.good_at, found.tried_at, found.reason) == (LAST, LAST, "")

    def test_one_that_never_succeeded_has_no_good_moment(self, database):
        self.badly(database, NOW)
        assert self.coverage(database).good_at is None
        assert read(database, sightings.read_at) == {}

    def test_a_rollout_is_as_current_as_its_older_half(self, database):
        self.well(database, NOW)
        self.well(database, LATER, PLANNER)
        assert read(database, sightings.read_at) == {ROLLOUT: NOW}
        assert set(read(database, sightings.coverages, ROLLOUT)) == {JIRA, PLANNER}

    def test_a_half_that_was_never_read_well_makes_the_whole_unread(self, database):
        self.well(database, NOW)
        self.badly(database, LATER, tracker=PLANNER)
        assert read(database, sightings.read_at) == {}

    def test_only_a_full_look_says_what_is_not_to_be_seen(self, database):
        self.well(database, NOW)
        with database.transaction() as connection:
            sightings.read_fully(connection, JIRA, ROLLOUT, {str(ISSUE): "hidden"}, NOW)
        self.well(database, LATER)
        assert self.coverage(database).unseen == {str(ISSUE): "hidden"}
        assert read(database, sightings.last_full_looks, JIRA) == {ROLLOUT: NOW}
        assert read(database, sightings.last_full_looks, PLANNER) == {}
        with database.transaction() as connection:
            sightings.read_fully(connection, JIRA, ROLLOUT, {}, LAST)
        assert self.coverage(database).unseen == {}
        assert read(database, sightings.last_full_looks, JIRA) == {ROLLOUT: LAST}


def test_marks_tell_what_was_stored_since(database):
    empty = read(database, sightings.marks, ROLLOUT)
    store(database, pulled(issue()))
    seen = read(database, sightings.marks, ROLLOUT)
    store(database, pulled(issue()))
    assert read(database, sightings.marks, ROLLOUT) == seen != empty
    store(database, pulled(issue(at=LAST)))
    later = read(database, sightings.marks, ROLLOUT)
    store(database, pulled(newcomers=(newcomer(),)))
    assert len({empty, seen, later, read(database, sightings.marks, ROLLOUT)}) == 4
    before = read(database, sightings.marks, ROLLOUT)
    store(database, pulled(gone={ROLLOUT: (ISSUE,)}))
    assert read(database, sightings.marks, ROLLOUT) != before
