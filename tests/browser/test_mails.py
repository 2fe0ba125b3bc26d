"""Mails in a real browser, light and dark, narrow and wide: nothing spills, nothing is fetched, all can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from rollout_sync.report.digest import digest_of
from rollout_sync.report.mail import digest_mail, preview_html, reminder_mail
from rollout_sync.report.mail_pictures import picture_of
from rollout_sync.report.reminders import reminders_of
from support.digests import COORDINATOR, HEAD, OTHER_HEAD, SENDER, digest, made, reader, told_before
from support.hostile import hostile_made
from support.pictured import NOW, a_view

pytestmark = pytest.mark.browser

WIDTHS = (320, 600, 1000)
SIZES = pytest.mark.parametrize("width", WIDTHS)
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
KINDS = ("head", "other", "coordinator", "real", "heartbeat", "reminder", "escalation", "hostile")
EVERY = pytest.mark.parametrize("kind", KINDS)
SCREEN = 900
"""Pixels of a usual window's height."""
SPILLED = """() => [...document.querySelectorAll('body *')]
  .filter(one => one.getBoundingClientRect().width > 0 && one.getBoundingClientRect().right > innerWidth + 0.5)
  .map(one => one.outerHTML.slice(0, 160))"""


@dataclass(slots=True)
class Reading:
    """One mailbox window: what the mail asked for, said and complained of."""

    context: BrowserContext
    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


Read = Callable[..., Page]


@pytest.fixture(scope="module")
def mails(tmp_path_factory) -> dict[str, Path]:
    real = replace(made(), case=a_view().case, review=a_view().review)
    calm = reader(OTHER_HEAD, heartbeat=True)
    quiet = digest_of(calm, [made()], digest(calm, made()).kept(None, "one@example.com"), NOW, "2027-W07")
    assert quiet is not None
    reminder, escalation = reminders_of(made())
    made_of = {
        **{
            name: digest_mail(digest(reader(who), made(), told_before(reader(who))), SENDER)
            for name, who in (("head", HEAD), ("other", OTHER_HEAD), ("coordinator", COORDINATOR))
        },
        "real": digest_mail(digest(reader(COORDINATOR), real), SENDER, {real.case.rollout.id: picture_of(real)}),
        "heartbeat": digest_mail(quiet, SENDER),
        "reminder": reminder_mail(reminder, SENDER, "Europe/Berlin"),
        "escalation": reminder_mail(escalation, SENDER, "Europe/Berlin"),
        "hostile": digest_mail(digest(reader(HEAD), hostile_made(), told_before(reader(HEAD))), SENDER),
    }
    folder = tmp_path_factory.mktemp("mails")
    paths = {}
    for name, mail in made_of.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(preview_html(mail), encoding="utf-8")
    return paths


@pytest.fixture
def read(chrome: Browser, mails: dict[str, Path]) -> Iterator[Read]:
    """Open a mail; at the end it asked for nothing, and said nothing."""
    readings: list[Reading] = []

    def opened(kind: str, width: int = 600, scheme: str = "light") -> Page:
        context = chrome.new_context(viewport={"width": width, "height": SCREEN}, color_scheme=scheme)
        one = Reading(context, context.new_page())
        one.page.on("request", lambda request: one.asked.append(request.url))
        one.page.on("console", lambda message: one.complaints.append(message.text))
        one.page.on("dialog", lambda dialog: (one.dialogs.append(dialog.message), dialog.dismiss()))
        one.page.goto(mails[kind].as_uri(), wait_until="load")
        readings.append(one)
        return one.page

    yield opened
    try:
        for one in readings:
            assert [url[:60] for url in one.asked if not url.startswith(("file:", "data:image/png"))] == []
            assert (one.complaints, one.dialogs) == ([], [])
    finally:
        for one in readings:
            one.context.close()


@EVERY
@SIZES
def test_nothing_spills_out_of_the_window(read, kind, width):
    page = read(kind, width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(SPILLED) == []


@SIZES
def test_a_mail_is_never_wider_than_640_and_stands_in_the_middle(read, width):
    box = read("head", width).locator("table.card").bounding_box()
    assert box is not None
    assert box["width"] <= 640
    assert abs((box["x"] + box["width"] / 2) - width / 2) <= 1


@pytest.mark.parametrize("kind", ["head", "other", "heartbeat", "reminder", "escalation"])
@pytest.mark.parametrize("width", [600, 1000])
def test_a_usual_mail_fits_one_screen(read, kind, width):
    assert read(kind, width).evaluate("document.body.scrollHeight") <= SCREEN


@SCHEMES
@EVERY
def test_axe_finds_nothing_that_keeps_anybody_from_reading(read, axe, kind, scheme):
    page = read(kind, 600, scheme)
    page.evaluate(axe)
    # A mail is part of a mailbox's page: landmarks and one first heading are that page's business.
    rules = (
        "{region: {enabled: false}, 'landmark-one-main': {enabled: false}, 'page-has-heading-one': {enabled: false}}"
    )
    found = page.evaluate(f"axe.run(document, {{rules: {rules}}})")
    assert len(found["passes"]) > 8
    wrong = [
        (one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"]) for one in found["violations"]
    ]
    assert wrong == []


def test_dark_windows_are_dark(read):
    ground = "getComputedStyle(document.querySelector('table.card')).backgroundColor"
    ink = "getComputedStyle(document.querySelector('h1')).color"
    light, dark = read("head"), read("head", scheme="dark")
    assert light.evaluate(ground) == "rgb(255, 255, 255)"
    for look in (ground, ink):
        assert light.evaluate(look) != dark.evaluate(look)


def test_it_looks_the_same_without_style_sheets(read):
    """Many mail clients drop them: what is inlined must be enough."""
    page = read("head", 1000)
    before = page.screenshot()
    page.evaluate("document.querySelectorAll('style').forEach(one => one.remove())")
    assert page.screenshot() == before


def test_the_link_of_what_is_owed_is_the_first_one(read):
    link = read("head").locator("a").first
    assert link.inner_text() == "Green light of Operations"
    assert (link.get_attribute("href") or "").startswith("https://boards.example.com/planner/task/")


def test_the_words_before_the_mail_are_not_seen(read):
    assert not read("head").get_by_text("Waiting for you: Green light of Operations.").is_visible()


def test_hostile_texts_stay_texts(read):
    page = read("hostile", 320)
    assert page.locator("script, svg, textarea, base").count() == 0
    assert "</style></title></td></table><h1>Out</h1>" in page.locator("body").inner_text()


def test_a_picture_is_shown_with_its_words(read):
    picture = read("real", 320).locator("img")
    assert picture.count() == 1
    assert picture.evaluate("one => one.naturalWidth") > 600
    assert "go-live" in (picture.get_attribute("alt") or "").lower()
