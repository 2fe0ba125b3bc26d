"""A ledger that is full, locked, read-only, damaged or too new: said clearly, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest

from rollout_sync.ledger.opening import Database
from support import small
from support.desk import BOTH, LEDGER
from support.marks import slowly


def whole(desk):
    """Everything exists, and once; the ledger is in order."""
    for _ in range(4):
        done = desk.call(*small.start())
        if done.code == 0:
            break
        assert done.code == 4, done.out + done.err
        desk.at.advance(400)
    assert done.code == 0, done.out + done.err
    assert (len(desk.at.issues()), len(desk.at.links()), len(desk.at.tasks())) == (6, 2, 4)
    assert set(desk.at.item_names().values()) == {1}
    assert desk.call("verify", small.NAME).code == 0
    desk.at.forget()
    assert desk.call(*small.start()).code == 0
    assert desk.at.writes() == {}


def full_at(desk, commit):
    """From this commit on the disk is full."""
    usual = Database.__init__
    seen = {"commits": 0}

    def counted(phase):
        seen["commits"] += phase == "before-commit"
        if phase == "before-commit" and seen["commits"] >= commit:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error

    def opened(database, path, **options):
        usual(database, path, **{**options, "on_commit": counted})

    desk.monkeypatch.setattr(Database, "__init__", opened)
    done = desk.call(*small.start())
    desk.monkeypatch.setattr(Database, "__init__", usual)
    return done


@pytest.mark.parametrize("commit", [1, 4, *slowly(2, 3, 6, 9)])
def test_a_full_disk_is_told_and_the_next_run_finishes(desk, commit):
    done = full_at(desk, commit)
    assert done.code == 1, done.err
    assert "error: the disk is full" in done.err
    assert "run the same command again" in done.err
    assert "Traceback" not in done.err
    if commit <= 2:
        assert desk.at.writes() == {}, "nothing may be sent before its intent is on the disk"
    whole(desk)
    assert not list(desk.folder.glob("*.rescue.jsonl"))


def test_answers_that_the_full_disk_kept_out_come_from_the_rescue_file(desk):
    """The first request's answer cannot be written: its ids wait beside the ledger, and no search is needed."""
    done = full_at(desk, 4)
    assert "the disk is full" in done.err
    kept = list(desk.folder.glob("*.rescue.jsonl"))
    assert kept
    assert b"marker" in kept[0].read_bytes()
    whole(desk)


@pytest.fixture
def tiny():
    """A disk of 1 MiB."""
    with tempfile.TemporaryDirectory() as name:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "none", name], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("a small disk can be mounted by root alone")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("left", [40, *slowly(0, 250, 330)])
def test_a_disk_that_is_really_full(desk, tiny, left):
    desk.configure(BOTH.replace("ledger.sqlite", str(tiny / "ledger.sqlite")))
    ballast = tiny / "ballast"
    with contextlib.suppress(OSError):
        ballast.write_bytes(b"x" * (1024 - left) * 1024)
    done = desk.call(*small.start())
    assert done.code == 1, done.out + done.err
    assert "hint: " in done.err
    assert "Traceback" not in done.err
    ballast.unlink()
    whole(desk)


class TestReadOnly:
    @pytest.fixture
    def nobody(self):
        """Run the block as somebody for whom file permissions count; all that is needed has to be imported before."""

        @contextlib.contextmanager
        def acting():
            if os.geteuid() != 0:
                yield
                return
            os.seteuid(65534)
            try:
                yield
            finally:
                os.seteuid(0)

        return acting

    @pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
    @pytest.mark.parametrize("mode", [0o444, 0o000])
    def test_a_ledger_that_may_not_be_written(self, desk, nobody, mode):
        assert desk.call(*small.start()).code == 0
        assert desk.call(*small.plan()).code == 0
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "work"
            shutil.copytree(desk.folder, folder)
            for path in folder.iterdir():
                path.chmod(mode if path.name.startswith("ledger") else 0o444)
            folder.chmod(0o555)
            Path(name).chmod(0o755)
            desk.monkeypatch.chdir(folder)
            desk.at.forget()
            with nobody():
                results = [desk.call(*words) for words in (small.start(), small.plan())]
            desk.monkeypatch.chdir(desk.folder)
            folder.chmod(0o755)
        for done in results:
            assert done.code == 1, done.err
            assert "Traceback" not in done.err, done.err
            assert "hint: " in done.err
        assert desk.at.writes() == {}

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write")
    def test_a_folder_that_cannot_be_made(self, desk):
        desk.configure(BOTH.replace('path = "ledger.sqlite"', 'path = "/proc/nothing/ledger.sqlite"'))
        done = desk.call(*small.start())
        assert (done.code, desk.at.writes()) == (1, {})
        assert "/proc/nothing/ledger.sqlite" in done.err
        assert "hint: " in done.err


class TestDamage:
    def refused(self, desk, *words):
        desk.at.forget()
        for command in (small.start(), small.plan(), ["verify", small.NAME], ["adopt", small.ROLLOUT]):
            done = desk.call(*command)
            assert done.code == 1, done.out + done.err
            assert all(word in done.err for word in (*words, "hint: ", "ledger.sqlite")), done.err
            assert "Traceback" not in done.err
        assert desk.at.writes() == {}

    @pytest.mark.parametrize(
        "content", [b"not a ledger at all, but long enough to be one\n" * 100, b"\x00" * 4096, b"x"]
    )
    def test_a_file_that_is_no_ledger(self, desk, content):
        desk.ledger.write_bytes(content)
        self.refused(desk, "damaged")
        assert desk.ledger.read_bytes() == content, "whatever it is, it is somebody's"

    def test_a_page_in_the_middle(self, desk):
        assert desk.call(*small.start()).code == 0
        with contextlib.closing(sqlite3.connect(desk.ledger)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(desk.ledger.read_bytes())
        content[4096 * 3 : 4096 * 6] = b"\xa5" * (4096 * 3)
        desk.ledger.write_bytes(content)
        self.refused(desk, "damaged", "backup")

    def test_a_ledger_of_a_later_version(self, desk):
        assert desk.call(*small.start()).code == 0
        with contextlib.closing(sqlite3.connect(desk.ledger)) as raw:
            raw.execute("UPDATE alembic_version SET version_num = '9999'")
            raw.commit()
        self.refused(desk, "9999", "newest rollout-sync")

    def test_a_folder_in_its_place(self, desk):
        desk.ledger.mkdir()
        self.refused(desk)


def test_another_run_on_the_same_rollout(desk):
    from filelock import FileLock  # noqa: PLC0415 - the other run

    assert desk.call(*small.start()).code == 0
    with FileLock(f"{desk.ledger}.{small.ROLLOUT}.lock"):
        desk.at.forget()
        done = desk.call(*small.start("--set", "company=Acme"))
        assert (done.code, desk.at.writes()) == (4, {})
        assert "another run on this machine" in done.err
        assert desk.call(*small.plan()).code == 0
    assert desk.call(*small.start("--set", "company=Acme")).code == 0


def test_the_ledger_is_for_its_owner_alone(desk):
    assert desk.call(*small.start()).code == 0
    assert desk.call(*small.start("--set", "company=Acme")).code == 0
    files = [path for path in desk.folder.iterdir() if path.name.startswith("ledger.sqlite")]
    assert {"ledger.sqlite", "ledger.sqlite.backup-1"} <= {path.name for path in files}
    for path in files:
        if "lock" not in path.name:
            assert path.stat().st_mode & 0o077 == 0, path


def test_two_rollouts_in_one_ledger_do_not_meet(desk):
    assert desk.call(*small.start()).code == 0
    assert desk.call(*small.start(name="Second 2027")).code == 0
    assert len(desk.at.issues()) == 12
    desk.at.forget()
    for name in (small.NAME, "Second 2027"):
        assert desk.call(*small.start(name=name)).code == 0
        assert desk.call("verify", name).code == 0
    assert desk.at.writes() == {}
    assert LEDGER in BOTH
