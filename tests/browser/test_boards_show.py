"""The boards show what the services hold: columns, cards, people, dates, labels, held work; for everybody."""

from __future__ import annotations

import pytest

from support.boards_read import buckets, issues, people, plan_id, tasks
from support.browsing import NARROW, WIDE

pytestmark = pytest.mark.browser
MFA, HELLO = "MFA", "Room booking"
AWAITING, WAITING = "awaiting-approval", "Waiting for green light"

JIRA_CARDS = """cards => cards.map(card => ({
  key: card.dataset.card, column: card.closest(".column").querySelector("h2 .status").textContent,
  title: card.querySelector("h3").textContent, due: card.querySelector("time")?.getAttribute("datetime") ?? null,
  person: card.querySelector(".person .sr").textContent, held: card.classList.contains("waiting"),
  labels: [...card.querySelectorAll(".tag")].map(one => one.textContent) }))"""
PLANNER_CARDS = """cards => cards.map(card => ({
  id: card.dataset.task, bucket: card.closest(".column").querySelector("h2").firstChild.textContent.trim(),
  title: card.querySelector("h3").textContent, due: card.querySelector("time")?.getAttribute("datetime") ?? null,
  people: [...card.querySelectorAll(".people li > span:last-child")].map(one => one.textContent),
  held: card.classList.contains("waiting"),
  labels: [...card.querySelectorAll(".labels li")].map(one => one.textContent),
  lines: [...card.querySelectorAll("[role=checkbox]")].map(one => one.textContent.trim()) }))"""


def test_the_jira_board_is_what_the_api_says(look, sandbox):
    page = look().open("/boards/jira/SEC")
    columns = page.locator(".column h2 .status").all_text_contents()
    assert columns == ["To Do", "On hold", "In Progress", "Done"]
    shown = {card.pop("key"): card for card in page.locator("[data-card]").evaluate_all(JIRA_CARDS)}
    expected = {
        key: {
            "column": fields["status"]["name"],
            "title": fields["summary"],
            "due": fields["duedate"],
            "person": (fields["assignee"] or {}).get("displayName", "Nobody"),
            "held": AWAITING in fields["labels"],
            "labels": [label for label in fields["labels"] if label != AWAITING],
        }
        for key, fields in issues(sandbox).items()
    }
    assert len(shown) >= 25
    assert shown == expected
    assert any(card["held"] for card in shown.values())
    assert not all(card["held"] for card in shown.values())


def test_an_epic_narrows_the_board_to_its_own_work(look, sandbox):
    page = look().open("/boards/jira/SEC")
    name = f"{MFA}: Prepare"
    page.get_by_role("link", name=name, exact=True).click()
    chips = page.locator("[data-card] > .chip").all_text_contents()
    assert set(chips) == {name}
    assert page.get_by_role("link", name=name, exact=True).get_attribute("aria-current") == "true"
    page.get_by_role("link", name="Show all epics").click()
    assert page.locator("[data-card]").count() == len(issues(sandbox))


@pytest.mark.parametrize("title", [MFA, HELLO])
def test_the_planner_board_is_what_graph_says(look, sandbox, title):
    page = look().planner_board(title)
    plan = plan_id(sandbox, title)
    names = dict(buckets(sandbox, plan))
    assert page.locator(".column h2").evaluate_all("all => all.map(one => one.firstChild.textContent.trim())") == list(
        names.values()
    )
    texts = sandbox.graph(f"/planner/plans/{plan}/details")["categoryDescriptions"]
    who = {one["graph_id"]: one["name"] for one in people(sandbox).values()}
    shown = {card.pop("id"): card for card in page.locator("[data-task]").evaluate_all(PLANNER_CARDS)}
    held = set()
    for key, task in tasks(sandbox, plan).items():
        is_held = names[task["bucketId"]] == WAITING and task["percentComplete"] < 100
        held.add(is_held)
        labels = [texts[name] for name in sorted(task["appliedCategories"], key=lambda n: int(n[8:]))]
        checklist = sandbox.graph(f"/planner/tasks/{key}/details")["checklist"].values()
        assert sorted(shown[key].pop("lines")) == sorted(item["title"] for item in checklist)
        assert shown.pop(key) == {
            "bucket": names[task["bucketId"]],
            "title": task["title"],
            "due": task["dueDateTime"][:10] if task["dueDateTime"] else None,
            "people": [who[one] for one in task["assignments"]],
            "held": is_held,
            "labels": ["Held", *labels] if is_held else labels,
        }
    assert shown == {}
    assert held == {True, False}


def test_links_lead_from_planner_to_jira_and_back(look):
    page = look().planner_board(HELLO)
    card = page.locator("[data-task]").filter(has=page.get_by_role("link", name="Jira: ")).first
    card.get_by_role("link", name="Jira: ").first.click()
    page.wait_for_url("**/jira/browse/SEC-*")
    assert page.locator("h1").text_content().startswith(HELLO)


JIRA_PAGES = ("/boards/jira", "/boards/jira/SEC", "/jira/browse/SEC-1", "/jira/browse/SEC-12")
PAGES = ("/", *JIRA_PAGES, "/boards/planner", "plan", "/mailbox", "/mailbox/frida.figures@example.com")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_its_window(look, sandbox, path, size):
    page = look(size=size).open(f"/boards/planner/{plan_id(sandbox, MFA)}" if path == "plan" else path)
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert page.evaluate("document.title").strip()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(look, sandbox, axe, path, size):
    page = look(size=size).open(f"/boards/planner/{plan_id(sandbox, HELLO)}" if path == "plan" else path)
    page.evaluate("document.querySelectorAll('details').forEach((one, n) => { if (n < 12) one.open = true })")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {iframes: false})")
    assert len(found["passes"]) > 10
    wrong = [
        (one["id"], one["help"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"])
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
    assert wrong == []
