"""The life of an object in the ledger, and what the file itself forbids."""

import sqlite3
from datetime import UTC, datetime

import pytest

from rollout_sync.errors import LedgerError
from rollout_sync.ledger import entries, objects, rollouts
from rollout_sync.model.objects import Intent, Marked, Marker, ObjectKey, ObjectKind, Ref, Remote
from rollout_sync.model.operations import OperationState as State
from support.ledgers import EPIC, ISSUE, NOW, ROLLOUT, row

JIRA_1 = Remote(id="10001", key="SEC-1", url="https://acme.example.com/browse/SEC-1")


def send(database, *entry_ids):
    with database.transaction() as connection:
        entries.mark_inflight(connection, entry_ids, sent_at=NOW, high_water=7, fence=3)


def states(database):
    with database.reading() as connection:
        return {str(one.object): one.state for one in objects.entries(connection, ROLLOUT)}


def test_accepting_draws_one_marker_each_and_accepting_again_keeps_it(database):
    with database.reading() as connection:
        before = [one.marker for one in objects.entries(connection, ROLLOUT)]
    assert len(set(before)) == 2
    assert all(len(marker) == 32 for marker in before)
    with database.transaction() as connection:
        assert entries.accept(connection, ROLLOUT, [Intent(object=EPIC, fields={"title": "Prepare well"})]) == 0
        after = list(objects.entries(connection, ROLLOUT))
    assert [one.marker for one in after] == before
    assert after[0].fields["title"] == "Prepare well"


def test_refs_are_resolved_once_their_object_exists(database):
    with database.transaction() as connection:
        assert objects.creates(connection, ROLLOUT, [2])[0].fields["parent"] is None
    send(database, 1)
    with database.transaction() as connection:
        entries.mark_created(connection, 1, JIRA_1)
        assert objects.creates(connection, ROLLOUT, [2])[0].fields["parent"] == JIRA_1


def test_references_that_were_left_out_are_not_in_the_base(database):
    details = ObjectKey(ObjectKind.DETAILS, "prepare/brief")
    wanted = [{"target": Ref(EPIC), "alias": "made"}, {"target": Ref(ISSUE), "alias": "not made"}]
    with database.transaction() as connection:
        entries.accept(connection, ROLLOUT, [Intent(object=details, fields={"text": "Brief", "references": wanted})])
    send(database, 1, 3)
    with database.transaction() as connection:
        entries.mark_created(connection, 1, JIRA_1)
        sent = objects.creates(connection, ROLLOUT, [3])[0].fields
        entries.mark_created(connection, 3, Remote(id="A" * 28), sent)
        made = list(objects.entries(connection, ROLLOUT))[2]
    assert made.base == {"text": "Brief", "references": wanted[:1]}
    assert made.fields["references"] == wanted


def test_a_doubt_carries_what_the_strong_read_needs(database):
    send(database, 1)
    with database.reading() as connection:
        (doubt,) = objects.doubts(connection, ROLLOUT, [1])
    assert (doubt.sent_at, doubt.high_water, doubt.attempt) == (NOW, 7, 1)


def test_what_is_made_cannot_be_planned_again(database):
    send(database, 1)
    with database.transaction() as connection:
        entries.mark_created(connection, 1, JIRA_1)
    with pytest.raises(LedgerError, match="not PLANNED any more"):
        send(database, 1)
    raw = sqlite3.connect(database.path)
    with pytest.raises(sqlite3.IntegrityError, match="forbidden change of state"):
        raw.execute("UPDATE entry SET state = 'PLANNED' WHERE entry_id = 1")
    with pytest.raises(sqlite3.IntegrityError, match="remote_id is written once"):
        raw.execute("UPDATE entry SET remote_id = '666' WHERE entry_id = 1")
    raw.close()


def test_one_remote_object_is_bound_once(database):
    send(database, 1)
    twin = Marked(object=ObjectKey(ObjectKind.EPIC, "twin"), marker=Marker("0" * 32), remote=JIRA_1, fields={})
    with database.transaction() as connection:
        entries.mark_created(connection, 1, JIRA_1)
    with pytest.raises(LedgerError, match="UNIQUE"), database.transaction() as connection:
        entries.adopt(connection, ROLLOUT, twin)


def test_a_failed_transaction_leaves_nothing(database):
    def half_way():
        with database.transaction() as connection:
            entries.mark_inflight(connection, [1], sent_at=NOW, high_water=0, fence=1)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        half_way()
    assert states(database)[str(EPIC)] is State.PLANNED


def test_what_the_template_drops_before_it_was_made_is_skipped_and_can_come_back(database):
    with database.transaction() as connection:
        entries.drop_planned(connection, ROLLOUT, {EPIC})
    assert states(database)[str(ISSUE)] is State.SKIPPED
    with database.transaction() as connection:
        entries.accept(connection, ROLLOUT, [Intent(object=ISSUE, fields={"title": "Inventory"})])
    assert states(database)[str(ISSUE)] is State.PLANNED


def test_adopting_binds_an_accepted_object_and_inserts_an_unknown_one(database):
    unknown = ObjectKey(ObjectKind.ISSUE, "prepare/extra")
    marked = [
        Marked(object=ISSUE, marker=Marker("1" * 32), remote=Remote(id="5", key="SEC-5"), fields={}),
        Marked(object=unknown, marker=Marker("2" * 32), remote=Remote(id="6", key="SEC-6"), fields={}),
    ]
    with database.transaction() as connection:
        for one in marked:
            entries.adopt(connection, ROLLOUT, one)
        bound = {binding.object: binding.remote.key for binding in objects.bindings(connection, ROLLOUT)}
    assert bound == {ISSUE: "SEC-5", unknown: "SEC-6"}


def test_gone_is_a_tombstone(database):
    send(database, 1)
    with database.transaction() as connection:
        entries.mark_created(connection, 1, JIRA_1)
        entries.mark_gone(connection, ROLLOUT, [EPIC])
        entries.accept(connection, ROLLOUT, [Intent(object=EPIC, fields={"title": "Prepare"})])
    assert states(database)[str(EPIC)] is State.GONE


def test_the_baseline_is_frozen_and_everything_else_moves_on(database):
    with database.transaction() as connection:
        rollouts.save(connection, row(revision=2, baseline={"x": ["2030-01-01", "2030-01-01"]}))
        found = rollouts.load(connection, ROLLOUT)
    assert found.revision == 2
    assert list(found.baseline) == ["prepare/inventory"]


def test_history_is_kept_in_order(database):
    with database.transaction() as connection:
        rollouts.record(connection, ROLLOUT, datetime(2027, 1, 5, tzinfo=UTC), "accepted", {"create": 2})
        rollouts.record(connection, ROLLOUT, datetime(2027, 1, 6, tzinfo=UTC), "adopted", {})
        assert [event.kind for event in rollouts.history(connection, ROLLOUT)] == ["accepted", "adopted"]
        assert rollouts.names(connection) == ((ROLLOUT, "MFA 2027"),)
