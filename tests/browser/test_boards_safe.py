"""Hostile texts stay texts, mails stay sealed, and the boards can be worked with the keyboard alone."""

from __future__ import annotations

import pytest

from support.boards_read import details, issues, plan_id, task_named
from support.boards_send import send_graph
from support.browsing import NARROW

pytestmark = pytest.mark.browser
HELLO = "Room booking"
FRIDA = "frida.figures@example.com"
HOSTILE = (
    "<script>alert('script')</script>",
    "<img src=x onerror=alert('img')>",
    "\"'><svg onload=alert('svg')>",
    "javascript:alert('url') {{ 7*7 }} {0} %s",
    "\u202eevil txt.exe \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "Donaudampfschifffahrtsgesellschaftskapitaen" * 5,
    "</title></textarea></select><h1>Out</h1>",
)
CONTROLS = """() => {
  const all = document.querySelectorAll("a[href], button, select, input:not([type=hidden]), textarea, summary");
  const seen = [...all].filter(one => one.checkVisibility());
  seen.forEach((one, number) => { one.dataset.number = number });
  return seen.length;
}"""
FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 1;
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return { number: one.dataset.number ?? null, outlined, inside, html: one.outerHTML.slice(0, 120) };
}"""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_title_is_only_a_text(look, sandbox, text):
    fields = {
        "project": {"key": "TEAM"},
        "issuetype": {"name": "Task"},
        "summary": text,
        "labels": [text.replace(" ", "")],
    }
    key = sandbox.jira("POST", "/issue", {"fields": fields})["key"]
    said = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }
    sandbox.jira("POST", f"/issue/{key}/comment", {"body": said})
    plan = plan_id(sandbox, HELLO)
    act = {"service": "planner", "who": FRIDA, "do": "create", "plan": plan, "title": text}
    task = sandbox.control("POST", "/act", act)["id"]
    item = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": text[:100]}
    notes = {"description": text, "checklist": {"one": item}}
    sandbox.control("POST", "/act", {**act, "do": "edit", "task": task, "fields": notes})

    visit = look(size=NARROW)
    page = visit.open("/boards/jira/TEAM")
    assert page.locator(f'[data-card="{key}"] h3').text_content() == text
    _nothing_ran(page)
    page = visit.open(f"/jira/browse/{key}")
    assert page.locator("h1").text_content() == text
    assert page.get_by_label("Summary").input_value() == text
    assert page.locator(".comment .text").text_content() == text
    _nothing_ran(page)
    page = visit.open(f"/boards/planner/{plan}")
    card = page.locator(f'[data-task="{task}"]')
    assert card.locator("h3").text_content() == text
    assert card.locator(".description").text_content() == text
    assert card.get_by_role("checkbox").inner_text().strip() == " ".join(text[:100].split())
    card.locator("summary", has_text="Edit").click()
    assert card.locator("[name=title]").input_value() == text
    assert card.locator("[name=notes]").input_value() == text
    _nothing_ran(page)
    assert page.locator(".card").evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).length") == 0
    sandbox.control("POST", "/act", {**act, "do": "delete", "task": task})


def _nothing_ran(page):
    assert page.locator("main script, main img, main svg").count() == 0
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]


def test_a_problem_in_the_address_is_only_a_text(look, sandbox):
    page = look().open(f"/boards/planner/{plan_id(sandbox, HELLO)}?problem=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert page.get_by_role("alert").inner_text() == "<img src=x onerror=alert(1)>"


def test_a_mail_cannot_run_anything_or_reach_out(look, sandbox):
    body = "<h2>Hello</h2><script>parent.alert('mail')</script><img src='http://tracker.example.com/x.png'>"
    message = {
        "subject": "<b>Subject</b>",
        "body": {"contentType": "HTML", "content": body},
        "toRecipients": [{"emailAddress": {"address": FRIDA}}],
    }
    send_graph(sandbox, "/users/cora.coordinator@example.com/sendMail", {"message": message})
    visit = look(FRIDA)
    page = visit.open(f"/mailbox/{FRIDA}")
    page.get_by_role("link", name="<b>Subject</b>").first.click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", name="Hello").wait_for()
    assert page.locator("h1").text_content() == "<b>Subject</b>"
    assert visit.strangers == []
    assert len(visit.complaints) >= 1
    assert all("Blocked script" in one or "Content Security Policy" in one for one in visit.complaints)
    visit.complaints.clear()


@pytest.mark.parametrize("place", ["jira", "issue", "planner", "index"])
def test_every_control_is_reached_with_the_tab_key(look, sandbox, place):
    path = {"issue": "/jira/browse/SEC-9", "planner": f"/boards/planner/{plan_id(sandbox, HELLO)}", "index": "/"}
    if place == "jira":
        asked = {"jql": 'issuetype = Epic AND summary ~ "Learn"', "fields": ["summary"]}
        (epic,) = sandbox.jira("POST", "/search/jql", asked)["issues"]
        path["jira"] = f"/boards/jira/SEC?epic={epic['key']}"
    page = look().open(path[place])
    if place == "planner":
        page.locator("summary", has_text="Edit").first.click()
    count = page.evaluate(CONTROLS)
    page.evaluate("document.activeElement.blur()")
    reached, poor = set(), []
    for _ in range(count * 4):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here["number"] is not None:
            reached.add(int(here["number"]))
            if not (here["outlined"] and here["inside"]):
                poor.append(here["html"])
        if len(reached) == count:
            break
    assert count > 5
    assert reached == set(range(count))
    assert poor == []


def test_a_decision_is_ticked_with_the_keyboard_and_the_focus_stays(look, sandbox):
    plan = plan_id(sandbox, HELLO)
    title = "Green light of Finance"
    page = look(FRIDA).planner_board(HELLO)
    line = page.get_by_role("article", name=title).get_by_role("checkbox", name="Not yet")
    line.focus()
    page.keyboard.press("Space")
    page.get_by_role("article", name=title).get_by_role("checkbox", name="Not yet", checked=True).wait_for()
    page.wait_for_function("document.activeElement.getAttribute('aria-checked') === 'true'")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Not yet"
    lines = details(sandbox, task_named(sandbox, plan, title)["id"])["checklist"].values()
    assert [item["title"] for item in lines if item["isChecked"]] == ["Not yet"]
    page.keyboard.press("Space")
    page.get_by_role("article", name=title).get_by_role("checkbox", name="Not yet", checked=False).wait_for()


def test_a_card_is_moved_with_the_keyboard(look, sandbox):
    key = next(key for key, fields in issues(sandbox).items() if fields["summary"].startswith("Set up RoomFinder"))
    page = look(FRIDA).open("/boards/jira/SEC")
    page.locator(f"#m{key}").focus()
    page.keyboard.type("Done")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(f'.column:has(h2:has-text("Done")) [data-card="{key}"]').wait_for()
    assert issues(sandbox)[key]["status"]["name"] == "Done"


def test_the_skip_link_leads_past_the_bar(look):
    page = look().open("/boards/jira/SEC")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
