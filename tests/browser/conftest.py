"""One sandbox with two real rollouts for all browser tests, and browsers that may not speak to anybody else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed")

from playwright.sync_api import Browser

from rollout_sync.cli.demo.sandbox import Sandbox, running_sandbox
from support.browsing import CHROMIUM, WIDE, Visit, a_go_live, chromium, environment, start_rollout, visit

MFA, HELLO = "MFA", "Room booking"

Open = Callable[..., Visit]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """`mfa` and `hello`, started by the command, in a sandbox process."""
    _needs_chromium()
    folder = tmp_path_factory.mktemp("boards")
    go_live = a_go_live(datetime.now(UTC).date())
    with running_sandbox(folder, environment(folder), keep=False) as running:
        start_rollout(running, folder, "mfa", "--set", "company=Example", "--name", MFA, "--go-live", go_live)
        start_rollout(running, folder, "hello", "--name", HELLO, "--go-live", go_live)
        yield running


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """Chromium, only as long as the module runs: Playwright keeps an event loop that others cannot share."""
    _needs_chromium()
    with chromium() as browser:
        yield browser


@pytest.fixture
def look(chrome: Browser, sandbox: Sandbox) -> Iterator[Open]:
    """Open a browser window; at the end, nothing may have left this machine, failed or spoken."""
    visits: list[Visit] = []

    def opened(who: str | None = None, *, size: tuple[int, int] = WIDE, url: str | None = None) -> Visit:
        seen = visit(chrome, url or sandbox.url, size)
        visits.append(seen)
        if who is not None:
            seen.open("/")
            seen.become(who)
        return seen

    yield opened
    try:
        for seen in visits:
            assert seen.asked > 0
            assert (seen.strangers, seen.complaints, seen.dialogs) == ([], [], [])
    finally:
        for seen in visits:
            seen.context.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, the accessibility checker, fetched with npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so axe-core cannot be fetched")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "axe-core@4"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=100)
    source = folder / "node_modules" / "axe-core" / "axe.min.js"
    if done.returncode != 0 or not source.exists():
        pytest.skip(f"axe-core could not be fetched: {done.stderr.strip()[-300:]}")
    return source.read_text("utf-8")


def _needs_chromium() -> None:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (looked for chromium and chromium-browser; CHROMIUM=/path names one)")
