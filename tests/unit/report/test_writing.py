"""A page is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rollout_sync.errors import RolloutSyncError
from rollout_sync.report.writing import write


def test_it_writes_and_makes_folders(tmp_path):
    target = tmp_path / "new" / "folder" / "report.html"
    assert write(target, "<p>Grün</p>") == target
    assert target.read_bytes() == "<p>Grün</p>".encode()
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


def test_a_relative_path_becomes_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write(Path("report.html"), "x") == tmp_path / "report.html"


def test_it_replaces_and_keeps_the_rights(tmp_path):
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    write(target, "new")
    assert target.read_text(encoding="utf-8") == "new"
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_a_new_page_has_the_usual_rights(tmp_path):
    before = os.umask(0o027)
    try:
        target = write(tmp_path / "report.html", "x")
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_failure_leaves_the_old_page_and_no_remains(tmp_path, monkeypatch):
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")

    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RolloutSyncError, match="No space left") as found:
        write(target, "new")
    assert found.value.where == str(target)
    assert found.value.hint
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_in_the_place_of_the_page_is_an_error(tmp_path):
    with pytest.raises(RolloutSyncError, match="cannot be written"):
        write(tmp_path, "x")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(RolloutSyncError, match="cannot be written"):
        write(tmp_path / "file" / "report.html", "x")


def test_an_impossible_name_is_an_error(tmp_path):
    with pytest.raises(RolloutSyncError, match="cannot be written"):
        write(tmp_path / "nul\x00byte.html", "x")
