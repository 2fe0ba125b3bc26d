"""The Planner board as a person uses it: what it shows, what its forms do, and that nothing is injected."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from rollout_sync.sandbox.graph.ids import encode_reference
from rollout_sync.sandbox.markup import Html
from support.graph_desk import Desk

NASTY = "<script>alert(1)</script>\"'&{0}"
ITEM = {"@odata.type": "#microsoft.graph.plannerChecklistItem"}
LINK = {"@odata.type": "#microsoft.graph.plannerExternalReference"}


class Page(HTMLParser):
    """Collects the tags, the ids and the resources of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.unlabelled: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append(tag)
        if named.get("id"):
            self.ids.append(str(named["id"]))
        if tag in {"script", "link", "img", "iframe"}:
            self.loads.append(str(named.get("src") or named.get("href")))


def board(desk: Desk) -> tuple[str, str, str]:
    plan = desk.plan(NASTY)
    bucket = desk.post("/planner/buckets", {"name": NASTY, "planId": plan})["id"]
    assigned = {desk.person("frida.figures"): {"@odata.type": "#microsoft.graph.plannerAssignment"}}
    task = desk.task(
        plan, title=NASTY, bucketId=bucket, assignments=assigned, appliedCategories={"category1": True},
        dueDateTime="2026-11-01T10:00:00Z", percentComplete=50,
    )["id"]  # fmt: skip
    desk.patch(f"/planner/plans/{plan}/details", {"categoryDescriptions": {"category1": NASTY}})
    references = {encode_reference("https://example.com/x?a=b"): {**LINK, "alias": NASTY}}
    desk.patch(
        f"/planner/tasks/{task}/details",
        {"description": NASTY, "checklist": {"k": {**ITEM, "title": NASTY}}, "references": references},
    )
    return plan, bucket, task


def send(desk: Desk, plan: str, who: str = "ivan.itwork@example.com", **form: str) -> str:
    desk.client.post(f"/boards/planner/{plan}/act", data=form, headers={"Cookie": f"sandbox-who={who}"})
    return desk.client.get(f"/boards/planner/{plan}").text


def test_every_text_is_escaped_and_nothing_comes_from_elsewhere(desk: Desk) -> None:
    plan, _, task = board(desk)
    answer = desk.client.get(f"/boards/planner/{plan}?problem={NASTY}")
    page = Page(answer.text)
    assert "<script>alert" not in answer.text
    assert answer.text.count("&lt;script&gt;alert(1)") >= 7
    assert page.loads[0] == "data:,"
    assert [load.rpartition("/")[0] for load in page.loads[1:]] == ["/boards/common", "/boards/assets"] * 2
    assert f"task-{task}" in page.ids
    assert len(page.ids) == len(set(page.ids))
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_card_tells_people_dates_and_progress(desk: Desk) -> None:
    plan, _, _ = board(desk)
    text = desk.client.get(f"/boards/planner/{plan}").text
    for shown in ("Frida Figures", "late: 1 Nov 2026", "In progress, 50 %", "0 of 1 tasks completed"):
        assert shown in text


def test_working_on_the_board_is_working_in_planner(desk: Desk) -> None:
    plan, bucket, task = board(desk)
    send(desk, plan, do="tick", task=task, item="k")
    item = desk.get(f"/planner/tasks/{task}/details")["checklist"]["k"]
    assert (item["isChecked"], item["lastModifiedBy"]["user"]["id"]) == (True, desk.person("ivan.itwork"))
    send(desk, plan, do="complete", task=task)
    assert desk.get(f"/planner/tasks/{task}")["completedBy"]["user"]["id"] == desk.person("ivan.itwork")
    other = desk.post("/planner/buckets", {"name": "Other", "planId": plan})["id"]
    send(desk, plan, do="move", task=task, bucket=other)
    assert desk.get(f"/planner/tasks/{task}")["bucketId"] == other
    assert "New one" in send(desk, plan, do="create", title="New one", bucket=bucket)
    assert f"task-{task}" not in send(desk, plan, do="delete", task=task)


def test_the_edit_form_changes_only_what_differs(desk: Desk) -> None:
    plan, bucket, task = board(desk)
    form = {"do": "save", "task": task, "title": "Clear", "start": "", "due": "2026-11-01", "bucket": bucket}
    form |= {"percent": "50", "assign": desk.person("sam.seller")}
    send(desk, plan, **form)
    seen = desk.get(f"/planner/tasks/{task}")
    assert (seen["title"], seen["dueDateTime"], seen["percentComplete"]) == ("Clear", "2026-11-01T10:00:00Z", 50)
    assert set(seen["assignments"]) == {desk.person("frida.figures"), desk.person("sam.seller")}
    version = seen["@odata.etag"]
    send(desk, plan, **{**form, "assign": ""})
    assert desk.get(f"/planner/tasks/{task}")["@odata.etag"] == version
    send(desk, plan, **{**form, "assign": "", "percent": "100", "due": ""})
    seen = desk.get(f"/planner/tasks/{task}")
    assert (seen["percentComplete"], seen["dueDateTime"]) == (100, None)


def test_a_refusal_is_shown(desk: Desk) -> None:
    plan, _, task = board(desk)
    desk.control("POST", "/people", {"name": "Nora New", "email": "nora.new@example.com"})
    answer = desk.client.post(
        f"/boards/planner/{plan}/act",
        data={"do": "complete", "task": task},
        headers={"Cookie": "sandbox-who=nora.new@example.com"},
    )
    assert answer.status_code == 303
    assert "You do not have the required permissions" in desk.client.get(answer.headers["Location"]).text


def test_a_form_of_another_site_is_refused(desk: Desk) -> None:
    plan, _, task = board(desk)
    form, path = {"do": "complete", "task": task}, f"/boards/planner/{plan}/act"
    foreign = desk.client.post(path, data=form, headers={"Origin": "https://evil.example.com"})
    assert (foreign.status_code, desk.get(f"/planner/tasks/{task}")["percentComplete"]) == (403, 50)
    assert desk.client.post(path, data=form, headers={"Origin": "http://localhost"}).status_code == 303
    assert desk.get(f"/planner/tasks/{task}")["percentComplete"] == 100


def test_the_notes_change_only_when_they_differ(desk: Desk) -> None:
    plan, bucket, task = board(desk)
    form = {"do": "save", "task": task, "title": NASTY, "start": "", "due": "2026-11-01", "bucket": bucket}
    form |= {"percent": "50", "assign": "", "unassign": ""}
    version = desk.get(f"/planner/tasks/{task}/details")["@odata.etag"]
    send(desk, plan, **form, notes=NASTY)
    assert desk.get(f"/planner/tasks/{task}/details")["@odata.etag"] == version
    send(desk, plan, **form, notes="One\r\ntwo")
    assert desk.get(f"/planner/tasks/{task}/details")["description"] == "One\ntwo"


def test_the_person_is_remembered(desk: Desk) -> None:
    answer = desk.client.get("/boards/planner?who=sam.seller@example.com")
    assert "sandbox-who=sam.seller@example.com" in answer.headers["Set-Cookie"]
    assert 'value="sam.seller@example.com" selected' in answer.text


@pytest.mark.parametrize("path", ["/", "/boards/planner", "/mailbox", "/mailbox/sam.seller@example.com"])
def test_the_other_pages(desk: Desk, path: str) -> None:
    answer = desk.client.get(path)
    assert (answer.status_code, Page(answer.text).tags.count("h1")) == (200, 1)


@pytest.mark.parametrize(
    "path", ["/boards/planner/x", "/mailbox/x@example.com", "/boards/assets/../server.py", "/boards/assets/x"]
)
def test_what_is_not_there(desk: Desk, path: str) -> None:
    assert desk.client.get(path).status_code == 404


def test_a_mail_body_is_sealed(desk: Desk) -> None:
    message = {"subject": NASTY, "body": {"contentType": "HTML", "content": NASTY}}
    message["toRecipients"] = [{"emailAddress": {"address": "sam.seller@example.com"}}]
    desk.ask("POST", "/users/cora.coordinator@example.com/sendMail", {"message": message})
    found = desk.get("/users/sam.seller@example.com/messages")["value"][0]
    kept = next(m for m in desk.world.store.scan("graph.messages") if m["id"] == found["id"])
    text = desk.client.get(f"/mailbox/sam.seller@example.com/{kept['immutableId']}").text
    assert 'sandbox="" srcdoc="&lt;script&gt;' in text
    assert "<script>alert" not in text


def test_a_mail_shows_the_pictures_that_it_brings_along(desk: Desk) -> None:
    html = '<img src="cid:fan"><img src="cid:other"><img src="https://example.com/seen.png">'
    picture = {
        "name": "fan.png",
        "contentType": "image/png",
        "isInline": True,
        "contentId": "fan",
        "contentBytes": "aGk=",
    }
    script = {**picture, "contentId": "other", "contentType": "image/svg+xml"}
    message = {
        "subject": "Week 49",
        "body": {"contentType": "HTML", "content": html},
        "toRecipients": [{"emailAddress": {"address": "sam.seller@example.com"}}],
        "attachments": [{"@odata.type": "#microsoft.graph.fileAttachment", **one} for one in (picture, script)],
    }
    desk.ask("POST", "/users/cora.coordinator@example.com/sendMail", {"message": message})
    kept = next(m for m in desk.world.store.scan("graph.messages") if m["folder"] == "inbox")
    answer = desk.client.get(f"/mailbox/sam.seller@example.com/{kept['immutableId']}")
    assert "data:image/png;base64,aGk=" in answer.text
    assert "cid:other" in answer.text
    assert "img-src 'self' data:" in answer.headers["Content-Security-Policy"]


def test_who_has_mail_comes_first(desk: Desk) -> None:
    message = {"subject": "x", "toRecipients": [{"emailAddress": {"address": "sam.seller@example.com"}}]}
    desk.ask("POST", "/users/cora.coordinator@example.com/sendMail", {"message": message})
    listed = desk.client.get("/mailbox").text.partition('<ul class="rows">')[2]
    assert listed.index("Sam Seller") < listed.index("Cora Coordinator")


def test_html_escapes_what_is_filled_in() -> None:
    assert Html("<p>{}</p>").format("<b>") == "<p>&lt;b&gt;</p>"
    assert Html("<p>{x}</p>").format(x=Html("<b>")) == "<p><b></p>"
    assert Html("").join(["<", Html("<")]) == "&lt;<"
