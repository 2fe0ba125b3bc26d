"""Plan files: carried out exactly as reviewed, or refused with the reason."""

from __future__ import annotations

import hashlib
import json

import pytest

from support import small
from support.marks import quick_first


@pytest.fixture
def file(desk):
    """A plan file for a new rollout, not carried out."""
    assert desk.call(*small.plan("--out", "small.plan")).code == 0
    return desk.folder / "small.plan"


def refused(desk, path="small.plan"):
    before = desk.at.content()
    done = desk.call("apply", str(path), "--settle", "0")
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "hint: " in done.err
    assert (desk.at.writes(), desk.at.content()) == ({}, before)
    return done.err


def resealed(path, change):
    """The file with changed lines and a checksum that fits them."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:-1]]
    change(lines)
    body = b"".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode() + b"\n"
                    for line in lines)  # fmt: skip
    end = json.dumps({"end": hashlib.sha256(body).hexdigest()}, separators=(",", ":")).encode() + b"\n"
    path.write_bytes(body + end)


def test_the_rollout_moved_on(desk, file):
    assert desk.call(*small.start()).code == 0
    desk.at.forget()
    assert "moved on since the plan was made (revision 0, now 1)" in refused(desk)


def test_older_than_a_day(desk, file):
    desk.clock.sleep(24 * 3600 + 60)
    assert "older than a day" in refused(desk)


def test_not_yet_a_day_old(desk, file):
    desk.clock.sleep(23 * 3600)
    assert desk.call("apply", str(file), "--settle", "0").code == 0


def test_an_interrupted_run_is_finished_by_the_same_file_however_old(desk, file):
    desk.at.faults({"kind": "503", "route": "/graph/**"})
    assert desk.call("apply", str(file), "--settle", "0").code == 4
    desk.at.faults()
    desk.clock.sleep(48 * 3600)
    assert desk.call("apply", str(file), "--settle", "0").code == 0
    assert len(desk.at.tasks()) == 4


@pytest.mark.parametrize(
    "cut",
    quick_first(
        3,
        [
            lambda text: text[: len(text) // 2],
            lambda text: text[: text.rindex(b"\n", 0, -1) + 1],
            lambda text: text[:-1],
            lambda text: text.replace(b"SEC", b"TEAM"),
            lambda text: text.replace(b'"revision":0', b'"revision":1'),
            lambda text: text + b"\n",
            lambda _: b"",
            lambda _: b"\x00\xff" * 5000,
            lambda _: b"[" * 100_000,
            lambda _: b'{"end":"' + hashlib.sha256(b"").hexdigest().encode() + b'"}\n',
        ],
    ),
)
def test_cut_off_or_changed_by_hand(desk, file, cut):
    file.write_bytes(cut(file.read_bytes()))
    assert "cannot be used" in refused(desk)


@pytest.mark.parametrize(
    "change",
    quick_first(
        3,
        [
            lambda lines: lines[0]["head"].update(format="rollout-sync-plan/9"),
            lambda lines: lines[0]["head"].pop("made_at"),
            lambda lines: lines[0]["head"].update(made_at="yesterday"),
            lambda lines: lines[0]["head"].update(creates="many"),
            lambda lines: lines[0]["head"].update(gone=["nothing"]),
            lambda lines: lines[0]["head"].update(blockers=[["x"]]),
            lambda lines: lines[1]["create"].update(object="nothing"),
            lambda lines: lines[1]["create"].pop("fields"),
            lambda lines: lines[0].pop("head"),
            lambda lines: lines.insert(1, lines[1]),
            lambda lines: lines.pop(1),
        ],
    ),
)
def test_a_file_with_a_right_checksum_and_wrong_content(desk, file, change):
    resealed(file, change)
    assert "cannot be used" in refused(desk)


def test_resealing_alone_is_no_damage(desk, file):
    resealed(file, lambda lines: None)
    assert desk.call("apply", str(file), "--settle", "0").code == 0


def test_another_ledger(desk, file):
    desk.ledger.unlink()
    assert "made with another ledger" in refused(desk)


def test_a_plan_with_findings_that_forbid_it(desk, monkeypatch):
    monkeypatch.setenv("ROLLOUT_SYNC_JIRA_PROJECT", "NOPE")
    assert desk.call(*small.plan("--out", "small.plan")).code == 0
    assert "There is no Jira project NOPE" in refused(desk)


@pytest.mark.parametrize("path", ["nothing.plan", "."])
def test_no_file(desk, path):
    done = desk.call("apply", path)
    assert done.code in (1, 2)
    assert desk.at.writes() == {}
    assert "Traceback" not in done.err


def test_a_file_that_cannot_be_written(desk):
    done = desk.call(*small.plan("--out", "no-such-folder/small.plan"))
    assert done.code == 1
    assert "the plan file cannot be written" in done.err
