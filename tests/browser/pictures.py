"""Takes the pictures of the boards for the documentation: `PYTHONPATH=tests python tests/browser/pictures.py`.

A real rollout in three departments, a few days in: some work is done, some is late, the sponsor has agreed.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image

from rollout_sync.cli.demo.sandbox import Sandbox, running_sandbox
from support.browsing import NARROW, ROOT, WIDE, Visit, chromium, environment, start_rollout, visit

NAME = "MFA 2027"
APPROVAL = "Sponsor agrees to goal, effort and time frame"
SPONSOR = "sonja.sponsor@example.com"
JIRA = (
    ("Agree on goal, measures and starting point", "complete", "cora.coordinator@example.com"),
    ("List all apps, old sign-in methods and service accounts", "complete", "ivan.itwork@example.com"),
    ("Check data protection and update the records", "complete", "lena.lawbook@example.com"),
    ("Sort people into groups and departments into an order", "start", "cora.coordinator@example.com"),
    ("Choose the permitted factors and the rule for exceptions", "start", "cyrus.cipher@example.com"),
)
_COLOURS = 128


def main() -> None:
    """Start, let a few days pass, take the pictures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--go-live", default="2027-03-01")
    options.add_argument("--today", default="2027-01-13T09:00:00Z", help="where the sandbox's clock stands")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with running_sandbox(folder, environment(folder), keep=False) as sandbox:
            answers = ("--set", "company=Example", "--name", NAME, "--go-live", chosen.go_live)
            start_rollout(sandbox, folder, "mfa", *answers)
            sandbox.control("POST", "/clock", {"freeze": chosen.today})
            _work(sandbox)
            _take(sandbox.url, ROOT / "docs" / "pictures")


def _work(sandbox: Sandbox) -> None:
    asked = {"jql": "project = SEC ORDER BY key", "fields": ["summary"], "maxResults": 100}
    keys = {issue["fields"]["summary"]: issue["key"] for issue in sandbox.jira("POST", "/search/jql", asked)["issues"]}
    for summary, verb, who in JIRA:
        act = {"service": "jira", "who": who, "do": verb, "issue": keys[summary]}
        sandbox.control("POST", "/act", act)


def _take(url: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        _approve(visit(browser, url))
        for ending, size in (("", WIDE), ("-phone", NARROW)):
            seen = visit(browser, url, size)
            seen.open("/boards/jira/SEC")
            _keep(seen, folder / f"jira-board{ending}.png")
            seen.planner_board(NAME)
            _keep(seen, folder / f"planner-board{ending}.png")


def _approve(sponsor: Visit) -> None:
    sponsor.open("/")
    sponsor.become(SPONSOR)
    card = sponsor.planner_board(NAME).get_by_role("article", name=APPROVAL)
    card.get_by_role("checkbox", name="Approved", exact=True).click()
    card.get_by_role("button", name="Complete").click()


def _keep(seen: Visit, path: Path) -> None:
    with Image.open(io.BytesIO(seen.page.screenshot())) as picture:
        picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
