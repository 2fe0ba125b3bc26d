"""The ledger as a file: hostile conditions end in a clear error, and nothing half-done stays."""

import os
import sqlite3
import stat

import pytest

from rollout_sync.errors import LedgerBusy, LedgerError, LedgerTooNew, LedgerUnwritable
from rollout_sync.ledger import entries, migrating, objects, rollouts
from rollout_sync.ledger.lease import held
from rollout_sync.ledger.opening import BACKUPS_KEPT, HEAD, Database
from rollout_sync.ledger.rescue import Rescue
from rollout_sync.model.objects import Intent, ObjectKey, ObjectKind
from rollout_sync.transport.clock import SystemClock
from support.ledgers import NOW, ROLLOUT, row


def test_the_newest_schema_is_the_last_migration():
    assert migrating.newest() == HEAD


def test_opening_twice_keeps_identity_and_content(database):
    again = Database(database.path)
    assert again.uuid == database.uuid
    with again.reading() as connection:
        assert rollouts.load(connection, ROLLOUT).name == "MFA 2027"
    again.close()


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_the_file_is_private_and_a_writable_one_is_refused(database):
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600
    database.path.chmod(0o666)
    with pytest.raises(LedgerError, match="written by other users") as caught:
        Database(database.path)
    assert "chmod 600" in caught.value.hint


def test_garbage_is_called_damaged(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    path.chmod(0o600)
    with pytest.raises(LedgerUnwritable, match="damaged") as caught:
        Database(path)
    assert "adopt" in caught.value.hint


def test_a_flipped_page_is_called_damaged(database, tmp_path):
    with database.transaction() as connection:
        intents = [Intent(object=ObjectKey(ObjectKind.ISSUE, f"i{n}"), fields={"text": "x" * 900}) for n in range(200)]
        entries.accept(connection, ROLLOUT, intents)
    copy = database.back_up()
    content = bytearray(copy.read_bytes())
    content[4096 * 5 : 4096 * 5 + 600] = os.urandom(600)
    broken = tmp_path / "broken.db"
    broken.write_bytes(content)
    broken.chmod(0o600)
    with pytest.raises(LedgerUnwritable, match="damaged"):
        Database(broken)


def test_a_later_schema_is_refused(database):
    raw = sqlite3.connect(database.path)
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    with pytest.raises(LedgerTooNew, match="9999"):
        Database(database.path)


def test_a_full_disk_keeps_what_was_there(database):
    with database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 1}")
    big = [Intent(object=ObjectKey(ObjectKind.ISSUE, f"i{n}"), fields={"text": "x" * 4000}) for n in range(50)]
    with pytest.raises(LedgerUnwritable, match="disk is full"), database.transaction() as connection:
        entries.accept(connection, ROLLOUT, big)
    with database.reading() as connection:
        assert len(list(objects.entries(connection, ROLLOUT))) == 2
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_read_only_ledger_can_be_read_and_not_written(database):
    reader = Database(database.path, read_only=True)
    with reader.reading() as connection:
        assert rollouts.load(connection, ROLLOUT) is not None
    with pytest.raises(LedgerUnwritable, match="cannot be written"), reader.transaction() as connection:
        rollouts.save(connection, row(revision=9))
    reader.close()


def test_backups_rotate(database):
    for _ in range(BACKUPS_KEPT + 2):
        database.back_up()
    names = sorted(path.name for path in database.path.parent.glob("*.backup-*"))
    assert names == [f"ledger.db.backup-{age}" for age in range(1, BACKUPS_KEPT + 1)]
    copy = Database(database.path.with_name("ledger.db.backup-1"))
    assert copy.uuid == database.uuid
    copy.close()


def test_only_one_run_at_a_time_and_the_fence_rises(database):
    clock = SystemClock()
    with held(database, ROLLOUT, clock) as lease:
        assert lease.seconds_left > 60
        with pytest.raises(LedgerBusy, match="another run"), held(database, ROLLOUT, clock):
            pytest.fail("two runs held one lease")
    with held(database, ROLLOUT, clock) as second:
        assert second.fence == lease.fence + 1


def test_a_lease_that_another_machine_holds_is_respected_until_it_ends(database):
    clock = SystemClock()
    with held(database, ROLLOUT, clock):
        pass
    raw = sqlite3.connect(database.path)
    raw.execute("UPDATE lease SET owner = 'elsewhere:1', host = 'elsewhere', until = '2999-01-01T00:00:00.000000Z'")
    raw.commit()
    with pytest.raises(LedgerBusy, match="elsewhere:1"), held(database, ROLLOUT, clock):
        pytest.fail("the lease was stolen")
    raw.execute("UPDATE lease SET until = '2020-01-01T00:00:00.000000Z'")
    raw.commit()
    raw.close()
    with held(database, ROLLOUT, clock):
        pass


def test_renewing_a_lost_lease_stops_the_run(database):
    clock = SystemClock()
    with held(database, ROLLOUT, clock) as lease:
        with database.transaction() as connection:
            lease.renew(connection)
        raw = sqlite3.connect(database.path)
        raw.execute("UPDATE lease SET fence = fence + 1")
        raw.commit()
        raw.close()
        with pytest.raises(LedgerBusy, match="took over"), database.transaction() as connection:
            lease.renew(connection)


def test_the_rescue_file_keeps_answers_over_a_restart(tmp_path):
    ledger = tmp_path / "ledger.db"
    with Rescue(ledger, ROLLOUT) as rescue:
        rescue.keep({"object": "issue:a", "remote": {"$remote": ["1", "SEC-1", "", ""]}})
    with Rescue(ledger, ROLLOUT) as rescue:
        rescue.keep({"object": "issue:b", "remote": {"$remote": ["2", "SEC-2", "", ""]}})
        assert [record["object"] for record in rescue.records()] == ["issue:a", "issue:b"]
        rescue.clear()
    assert not list(tmp_path.iterdir())


def test_commit_observers_stand_on_both_sides_of_each_commit(tmp_path):
    seen = []
    opened = Database(tmp_path / "ledger.db", on_commit=seen.append)
    with opened.transaction() as connection:
        rollouts.record(connection, ROLLOUT, NOW, "note", {})
    assert seen == ["before-commit", "after-commit"]
    opened.close()
