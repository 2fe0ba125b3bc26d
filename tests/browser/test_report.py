"""The report in a real browser: no script runs, nothing is loaded, it fits a telephone, and axe is content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from rollout_sync.report.page import page
from rollout_sync.report.portfolio import PortfolioRow, portfolio
from rollout_sync.report.view import RolloutView, view_of
from rollout_sync.report.writing import write
from support.pictured import NOW, a_case, a_small_case, a_view, renamed

pytestmark = pytest.mark.browser

DESK, TELEPHONE = (1280, 900), (360, 740)
SIZES = pytest.mark.parametrize("size", [DESK, (768, 900), TELEPHONE, (320, 640)], ids=lambda size: str(size[0]))
KINDS = ("rollout", "portfolio", "hostile", "empty")
HOSTILE = (
    "<script>alert('script')</script>",
    "<img src=x onerror=alert('img')> <svg onload=alert('svg')>",
    "\"'></title></style></textarea><h1>Out</h1><base href='https://example.org/'>",
    "javascript:alert('url') {{ 7*7 }} {0} %s $\\frac{1}{0}$",
    "\u202eevil txt.exe\nnew line \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "Donaudampfschifffahrtsgesellschaftskapitaen" * 6,
    "\U0001f468\u200d\U0001f4bb \U0001f680 \u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57",
)
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"
SPILLED = """() => [...document.querySelectorAll('main *, header *, footer *')]
  .filter(one => !one.closest('.scroll, .away, thead, svg') && one.getBoundingClientRect().width > 0)
  .filter(one => one.getBoundingClientRect().right > innerWidth + 0.5)
  .map(one => one.outerHTML.slice(0, 160))"""


@dataclass(slots=True)
class Reading:
    """One reader's window: what the page asked for, said and complained of."""

    context: BrowserContext
    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


Read = Callable[..., Reading]


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    view = a_view()
    rows = [
        PortfolioRow(name=view.case.rollout.name, review=view.review, page="rollout.html", earlier=view.history.trend),
        *(PortfolioRow(name=text, review=view.review, earlier=view.history.trend) for text in HOSTILE),
    ]
    made = {
        "rollout": page(view),
        "portfolio": portfolio(rows),
        "hostile": page(hostile_view()),
        "empty": page(view_of(a_small_case(now=NOW), replace(view.review, forecast=None, drivers=(), findings=()))),
    }
    return {name: write(folder / f"{name}.html", html) for name, html in made.items()}


def hostile_view() -> RolloutView:
    case = a_case()
    snapshot = case.snapshot
    texts = {key: HOSTILE[number % len(HOSTILE)] for number, key in enumerate(snapshot.items)}
    states = {key: replace(one, title=texts[key], conflict=texts[key]) for key, one in snapshot.items.items()}
    gates = {key: replace(one, conditions=texts[key]) for key, one in snapshot.gates.items()}
    added = tuple(replace(one, title=text, created_by=text) for one, text in zip(snapshot.added, HOSTILE, strict=False))
    odd = replace(snapshot, items=states, gates=gates, added=added)
    review = a_view().review
    told = replace(
        review,
        sentence=HOSTILE[0],
        findings=tuple(
            replace(one, message=text, hint=text) for one, text in zip(review.findings, HOSTILE, strict=False)
        ),
        moved=HOSTILE[:3],
        contradictions=HOSTILE,
    )
    return view_of(replace(case, rollout=renamed(case.rollout, HOSTILE), snapshot=odd), told)


@pytest.fixture
def read(chrome: Browser, pages: dict[str, Path]) -> Iterator[Read]:
    """Open a page from disk; at the end nothing but the page itself was asked for, and nothing was said.

    Its content security policy is lifted, so that it is the escaping that holds, and not the policy alone.
    """
    readings: list[Reading] = []

    def opened(kind: str, size: tuple[int, int] = DESK, scheme: str = "light", *, policy: bool = False) -> Reading:
        width, height = size
        context = chrome.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=not policy
        )
        one = Reading(context, context.new_page())
        one.page.on("request", lambda request: one.asked.append(request.url))
        one.page.on("console", lambda message: one.complaints.append(message.text))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("dialog", lambda dialog: (one.dialogs.append(dialog.message), dialog.dismiss()))
        one.page.goto(pages[kind].as_uri(), wait_until="load")
        readings.append(one)
        return one

    yield opened
    try:
        for one in readings:
            assert [url for url in one.asked if not url.startswith("file:")] == []
            assert len([url for url in one.asked if url.endswith(".html")]) == len(one.asked)
            assert (one.complaints, one.dialogs) == ([], [])
    finally:
        for one in readings:
            one.context.close()


@SIZES
@pytest.mark.parametrize("kind", KINDS)
def test_no_page_is_wider_than_its_window(read, kind, size):
    shown = read(kind, size).page
    shown.evaluate(OPEN_ALL)
    assert shown.evaluate("document.documentElement.scrollWidth") == size[0]
    assert shown.evaluate(SPILLED) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(read, axe, kind, size, scheme):
    shown = read(kind, size, scheme).page
    shown.evaluate(OPEN_ALL)
    shown.evaluate(axe)
    found = shown.evaluate("axe.run(document)")
    assert len(found["passes"]) > 15
    wrong = [
        (one["id"], one["help"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"])
        for one in found["violations"]
    ]
    assert wrong == []


def test_hostile_texts_stay_texts(read):
    reading = read("hostile", TELEPHONE)
    shown = reading.page
    shown.evaluate(OPEN_ALL)
    assert shown.locator("script, img, h1 h1, base, textarea").count() == 0
    assert shown.locator("h1").count() == 1
    text = shown.locator("body").inner_text()
    assert HOSTILE[0] in text
    assert "</title></style></textarea><h1>Out</h1>" in text
    assert "\u202e" not in shown.content()
    assert HOSTILE[5] in text


def test_the_policy_forbids_scripts(read):
    """A script that got into the page would not run: the policy stands behind the escaping."""
    reading = read("rollout", policy=True)
    reading.page.evaluate(
        """() => {
          const one = document.createElement("script");
          one.textContent = "alert(1)";
          document.body.append(one);
        }"""
    )
    assert reading.dialogs == []
    assert any("Content Security Policy" in one for one in reading.complaints)
    reading.complaints.clear()


@pytest.mark.parametrize(("size", "chart"), [(DESK, "wide"), (TELEPHONE, "narrow")], ids=["desk", "telephone"])
def test_pictures_fit_the_window(read, size, chart):
    shown = read("rollout", size).page
    for name in ("fan", "burn-up", "gantt"):
        pictures = shown.get_by_role("img").filter(has=shown.locator(f"#{name}-{chart}-title"))
        assert pictures.count() == 1
        assert pictures.is_visible()
        other = "narrow" if chart == "wide" else "wide"
        assert not shown.locator(f"svg[aria-labelledby^='{name}-{other}-']").is_visible()
    assert shown.get_by_role("img", name="Forecast of the go-live date over time").count() == 1


def test_the_wide_plan_scrolls_in_its_own_box_on_a_telephone(read):
    shown = read("rollout", TELEPHONE).page
    shown.get_by_text("The wide chart").click()
    box = shown.get_by_role("region", name="Chart of the plan")
    assert box.is_visible()
    assert box.evaluate("one => one.scrollWidth > one.clientWidth + 300")
    box.focus()
    shown.keyboard.press("ArrowRight")
    shown.wait_for_function("one => one.scrollLeft > 0", arg=box.element_handle())
    assert shown.evaluate("document.documentElement.scrollWidth") == TELEPHONE[0]


def test_the_keyboard_reaches_the_report_and_its_parts(read):
    shown = read("rollout").page
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert shown.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.id") == "main"


def test_paper_shows_everything(read):
    shown = read("rollout").page
    item = shown.get_by_text("Registration clinic for Finance", exact=True).last
    assert not item.is_visible()
    shown.emulate_media(media="print")
    assert item.is_visible()
    assert shown.locator("svg[aria-labelledby^='gantt-wide']").is_visible()
    assert not shown.get_by_role("navigation").is_visible()
    assert shown.pdf(format="A4").startswith(b"%PDF")


def test_colours_follow_the_reader(read):
    ground = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('#gantt-wide-title').parentNode.querySelector('text')).fill"
    light, dark = read("rollout", scheme="light").page, read("rollout", scheme="dark").page
    for look in (ground, ink):
        assert light.evaluate(look) != dark.evaluate(look)
