"""A sandbox in a process of its own with a rollout started by the real command, and a Chromium that looks at it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, sync_playwright

from rollout_sync.cli.demo.sandbox import Sandbox
from rollout_sync.cli.demo.stage import clean_environment

ROOT = Path(__file__).parents[2]
PEOPLE = ROOT / "templates" / "people.csv"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, NARROW = (1280, 800), (400, 800)
_OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_PATIENCE = 90


def a_go_live(today: date) -> str:
    """A Monday far enough ahead for every shipped template."""
    return (today + timedelta(days=160 - today.weekday())).isoformat()


def environment(folder: Path) -> Mapping[str, str]:
    """Where the commands keep ledger and sign-ins."""
    return clean_environment(os.environ, folder)


def start_rollout(sandbox: Sandbox, folder: Path, template: str, *options: str) -> None:
    """Run `rollout-sync start`; its complaint is the failure."""
    command = (sys.executable, "-m", "rollout_sync.cli", "--sandbox", sandbox.url, "start", template)
    done = subprocess.run(
        [*command, "--people", str(PEOPLE), *options, "--yes", "--no-input", "--settle", "0"],
        cwd=folder,
        env=dict(environment(folder)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    assert done.returncode == 0, done.stderr or done.stdout


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    assert CHROMIUM is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(slots=True)
class Visit:
    """A person's browser: what it asked for and what its pages complained of.

    Attributes:
        page: its only page.
        strangers: requests that were not for this machine; they are stopped.
        complaints: errors and warnings of the console, and uncaught exceptions.
        dialogs: what scripts tried to say; the sandbox's pages never say anything.
    """

    context: BrowserContext
    url: str
    page: Page = field(init=False)
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self.context.set_default_timeout(10_000)
        self.context.route("**/*", lambda route: self._route(route))  # noqa: PLW0108 - it needs a function of its own
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self._console(message))  # noqa: PLW0108 - as above
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def open(self, path: str) -> Page:
        """Go to a page of the sandbox; anything but success fails."""
        answer = self.page.goto(self.url + path, wait_until="load")
        assert answer is not None, path
        assert answer.ok, f"{path}: {answer.status}"
        return self.page

    def become(self, email: str) -> None:
        """Choose who one is, in the bar at the top."""
        self.page.get_by_label("You are").select_option(email)
        self.page.get_by_role("button", name="Change").click()
        self.page.wait_for_load_state("load")

    def planner_board(self, title: str) -> Page:
        """Open the board of the plan with this title, from the list of plans."""
        self.open("/boards/planner").get_by_role("link", name=re.compile(f"^{re.escape(title)}$")).click()
        self.page.wait_for_load_state("load")
        return self.page

    def _route(self, route: Route) -> None:
        self.asked += 1
        address = urlsplit(route.request.url)
        if address.scheme == "http" and address.hostname != "127.0.0.1":
            self.strangers.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


def visit(browser: Browser, url: str, size: tuple[int, int] = WIDE) -> Visit:
    """A fresh browser window without cookies."""
    width, height = size
    return Visit(browser.new_context(viewport={"width": width, "height": height}), url)
