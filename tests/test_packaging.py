"""The wheel, installed into a fresh environment, is the whole program: templates, migrations, boards, commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "rollout_sync"
PATIENCE = 900

pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE)]


def run(*command, **options):
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the checkout, in isolation."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of programs of a fresh environment that holds the wheel and what it says it needs."""
    folder = tmp_path_factory.mktemp("fresh") / "a folder with spaces"
    run(sys.executable, "-m", "venv", folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    run(programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    return programs


@pytest.fixture
def call(installed, tmp_path):
    """One command line of the installed program, in an empty folder and an empty home."""
    home = {name: str(tmp_path / "home") for name in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ROLLOUT_SYNC_", "PYTHON"))}
    environ = {**kept, **home}

    def called(*arguments):
        return run(installed / "rollout-sync", *arguments, cwd=tmp_path, env=environ)

    called.environ = environ
    return called


def test_the_wheel_holds_every_file_of_the_package(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    kept = {f"rollout_sync/{path.relative_to(SOURCES).as_posix()}" for path in SOURCES.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    assert kept <= names
    assert {f"rollout_sync/shipped/{path.name}" for path in (ROOT / "templates").iterdir()} <= names
    assert not [name for name in names if not name.startswith(("rollout_sync/", "rollout_sync-"))]


def test_it_says_its_version(call):
    assert re.fullmatch(r"rollout-sync \d+\.\d+\.\d+\n", call("--version"))


def test_templates_are_there(call):
    listed = call("templates")
    for path in (ROOT / "templates").glob("*.yaml"):
        assert path.stem in listed
        assert call("templates", "show", path.stem, "--source") == path.read_text(encoding="utf-8")
    assert "Multi-factor" in call("templates", "show", "mfa")


def test_commands_have_help(call):
    assert "--port" in call("sandbox", "--help")
    assert "doctor" in call("--help")


def test_a_rollout_from_end_to_end(call, installed, tmp_path):
    """A sandbox of the installed program, a ledger with its migrations, the pages of the boards."""
    (tmp_path / "people.csv").write_bytes((ROOT / "templates" / "people.csv").read_bytes())
    sandbox = subprocess.Popen(
        [str(installed / "rollout-sync"), "sandbox", "--port", "0"], stdout=subprocess.PIPE, text=True, env=call.environ
    )
    try:
        url = sandbox.stdout.readline().split()[-1]
        words = ["hello", "--name", "Rooms", "--go-live", "2099-03-02", "--people", "people.csv", "--no-input"]
        assert "created in Jira" in call("--sandbox", url, "start", *words, "--yes", "--settle", "0")
        assert "0 changes" in call("--sandbox", url, "start", *words, "--yes", "--settle", "0")
        board = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).status)"
        for page in ("/boards/jira/SEC", "/boards/planner"):
            assert run(installed / "python", "-c", board, url + page) == "200\n"
    finally:
        sandbox.terminate()
        sandbox.communicate(timeout=20)
