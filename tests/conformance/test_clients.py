"""Clients written by others make work in the sandbox over real HTTP, and read back what they wrote.

They run as programs of their own. Where one is not installed its test is skipped, unless `ROLLOUT_SYNC_CLIENTS` is
`required`, as in CI: then it fails.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.recording import Recorder
from conformance.validator import Validator, of_services, readable
from rollout_sync.sandbox.app import create_app
from rollout_sync.sandbox.seed import COORDINATOR
from rollout_sync.sandbox.server import SandboxServer
from rollout_sync.sandbox.world import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CLIENTS = Path(__file__).parent / "clients"
TOKEN = "sandbox-token"


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox on a port of this machine."""

    url: str
    recorder: Recorder

    def run(self, *command: str, folder: Path = CLIENTS) -> dict[str, Any]:
        """What a client prints, which has to end well."""
        environ = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stderr[-4000:]}"
        told: dict[str, Any] = json.loads(done.stdout)
        return told


@pytest.fixture
def sandbox() -> Iterator[Running]:
    world = World.open(None, seed=7)
    recorder = Recorder(create_app(world))
    server = SandboxServer(recorder, world, 0)  # type: ignore[arg-type] # any WSGI application will do
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield Running(server.url, recorder)
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


@pytest.fixture
def answers_fit(sandbox: Running, validator: Validator) -> Callable[[], int]:
    """Call it at the end: every answer that the client got is as the vendor's document says; how many there were."""

    def check() -> int:
        verdicts = [verdict for one in of_services(sandbox.recorder.take()) for verdict in validator.judge(one)]
        wrong = [one for verdict in verdicts for one in verdict.violations if one.side == "answer"]
        assert not wrong, readable(wrong)
        return len(verdicts)

    return check


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with jira.js in it, installed without a lock file; nothing of it lands in the checkout."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        not_here("node and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "jira_js.mjs"):
        shutil.copy(CLIENTS / name, folder / name)
    command = [str(npm), "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode:
        not_here(f"npm cannot install jira.js: {done.stderr.strip().splitlines()[-1:]}")
    return folder


def not_here(reason: str) -> None:
    """Skip, or fail where the clients are required."""
    if os.environ.get("ROLLOUT_SYNC_CLIENTS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def test_jira_js_reads_back_what_it_wrote(sandbox, node_folder, answers_fit):
    told = sandbox.run("node", "jira_js.mjs", f"{sandbox.url}/jira", COORDINATOR, TOKEN, folder=node_folder)

    assert told["read"] == told["wrote"]
    assert told["facts"] == {
        "deployment": "Cloud",
        "me": COORDINATOR,
        "parent": True,
        "assignee": True,
        "blocks": ["blocks", True],
        "blocked": True,
        "found": [True],
        "isLast": True,
        "refusedInBulk": 1,
        "mayCreate": True,
        "commented": True,
        "steps": True,
        "linkTypes": True,
        "count": 3,
        "refusal": {"name": "NotFoundError", "status": 404},
    }
    assert told["mismatches"] == [], json.dumps(told["mismatches"], indent=1)
    assert answers_fit() > 25


def test_msgraph_sdk_reads_back_what_it_wrote(sandbox, answers_fit):
    if importlib.util.find_spec("msgraph") is None:
        not_here("msgraph-sdk is not installed; it is in the dependency group `judges`")

    told = sandbox.run(sys.executable, "graph_sdk.py", sandbox.url)

    assert told["read"] == told["wrote"]
    assert told["facts"] == {
        "assigned": True,
        "counts": [1, 1, True],
        "container": True,
        "refused": [412, ""],
        "left": 0,
    }
    assert answers_fit() > 15


def test_the_jira_package_reads_back_what_it_wrote(sandbox, answers_fit):
    told = sandbox.run(sys.executable, "python_jira.py", f"{sandbox.url}/jira", COORDINATOR, TOKEN)

    assert told["read"] == told["wrote"]
    assert told["facts"] == {
        "parent": True,
        "blocks": ["blocks", True],
        "count": 3,
        "cloud": "Cloud",
        "refused": [404, "Issue does not exist or you do not have permission to see it."],
    }
    assert answers_fit() > 15
