"""Takes the pictures of the report and of a mail for the documentation.

`make demo KEEP=1`, then with the two variables that it names: `PYTHONPATH=tests python tests/browser/pictures_told.py`.
The report is that of the demonstration; the mail is one that tests read, because it holds a bit of everything.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from rollout_sync.model.mail import Mail
from rollout_sync.report.mail import digest_mail, preview_html
from rollout_sync.report.mail_pictures import picture_of
from support.browsing import ROOT, chromium
from support.digests import HEAD, SENDER, digest, made, reader, told_before
from support.pictured import a_view

NAME = "MFA 2027"
AS_OF = "2027-06-01"
"""In the seventh week the pilot runs late, and health is amber."""
WIDTH, MOST_HEIGHT, COLOURS = 1100, 1500, 128


def main() -> None:
    """Write both pages, and take the pictures."""
    folder = ROOT / "docs" / "pictures"
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        report = Path(place, "report.html")
        command = [sys.executable, "-m", "rollout_sync.cli", "report", NAME, "--as-of", AS_OF, "--out", str(report)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        mail = Path(place, "mail.html")
        mail.write_text(preview_html(_mail()), encoding="utf-8")
        _keep(browser, report, folder / "report.png", WIDTH)
        _keep(browser, mail, folder / "mail.png", 700)


def _mail() -> Mail:
    """What a department's head is told."""
    told = replace(made(), case=a_view().case, review=a_view().review)
    picture = picture_of(told)
    pictures = {told.case.rollout.id: picture} if picture is not None else {}
    return digest_mail(digest(reader(HEAD), told, told_before(reader(HEAD))), SENDER, pictures)


def _keep(browser: Browser, page: Path, path: Path, width: int) -> None:
    seen = browser.new_page(viewport={"width": width, "height": 300})
    seen.goto(page.as_uri())
    height = min(MOST_HEIGHT, int(seen.evaluate("document.documentElement.scrollHeight")))
    taken = seen.screenshot(clip={"x": 0, "y": 0, "width": width, "height": height}, full_page=True)
    with Image.open(io.BytesIO(taken)) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
