"""The page of a rollout: complete, self-contained, the same for the same view, and harmless whatever people wrote."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest

from rollout_sync.health.review import Colour
from rollout_sync.model.rollout import TrackerName
from rollout_sync.model.snapshot import Coverage, Override, Vote
from rollout_sync.report import words
from rollout_sync.report.page import page
from rollout_sync.report.view import RolloutView, view_of
from support.builders import make_item
from support.marks import quick_first
from support.pictured import NOW, WAITING, a_case, a_small_case, a_view, renamed

VOID = {"meta", "link", "br", "img", "input", "hr"}
HOSTILE = (
    "<script>alert('script')</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title><h1>Out</h1>",
    "{{ 7*7 }} {% raw %} &lt;b&gt;",
    "\u202eevil \x00 \ud800 end",
)


class Seen(HTMLParser):
    """Elements with their attributes, the words of the page, and whether all that was opened was closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def view() -> RolloutView:
    return a_view()


@pytest.fixture(scope="module")
def html(view) -> str:
    return page(view)


@pytest.fixture(scope="module")
def seen(html) -> Seen:
    return Seen(html)


@pytest.fixture(scope="module")
def small(view) -> RolloutView:
    """The same review of a rollout that is quickly drawn."""
    return view_of(a_small_case(make_item(), now=NOW), view.review)


@pytest.fixture(scope="module")
def hostile() -> Seen:
    """Every text that somebody else may have written is hostile."""
    case = a_case()
    snapshot = case.snapshot
    states = {
        key: replace(
            one, title=HOSTILE[n % len(HOSTILE)], conflict=HOSTILE[1], url="javascript:alert(2)", key=HOSTILE[0]
        )
        for n, (key, one) in enumerate(snapshot.items.items())
    }
    gates = {
        key: replace(one, conditions=HOSTILE[0], ignored=tuple(replace(vote, by=HOSTILE[1]) for vote in one.votes))
        for key, one in snapshot.gates.items()
    }
    added = tuple(
        replace(one, title=HOSTILE[2], created_by=HOSTILE[0], url="data:text/html,x") for one in snapshot.added
    )
    coverage = {TrackerName.JIRA: Coverage(reason=HOSTILE[0])}
    odd = replace(
        case,
        rollout=renamed(case.rollout, HOSTILE),
        snapshot=replace(snapshot, items=states, gates=gates, added=added, coverage=coverage),
    )
    review = a_view().review
    override = Override(colour="amber", reason=HOSTILE[0], by=HOSTILE[1], until=date(2027, 2, 12))
    told = replace(
        review,
        sentence=HOSTILE[0],
        signals=tuple(replace(one, sentence=HOSTILE[1]) for one in review.signals),
        drivers=tuple(replace(one, sentence=HOSTILE[2], what_if=HOSTILE[0]) for one in review.drivers),
        findings=tuple(replace(one, message=HOSTILE[3], hint=HOSTILE[0]) for one in review.findings),
        moved=HOSTILE,
        contradictions=HOSTILE,
        override=override,
    )
    return Seen(page(view_of(odd, told)))


def test_the_same_view_gives_the_same_page(view, html):
    assert page(view) == html


def test_it_is_one_whole_document(html, seen):
    assert html.startswith("<!doctype html>")
    assert seen.all("html") == [{"lang": "en"}]
    assert (seen.wrong, seen.open) == ([], [])
    assert len(seen.all("h1")) == len(seen.all("main")) == 1
    ids = [attributes["id"] for _, attributes in seen.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in seen.all("a"):
        if attributes["href"].startswith("#"):
            assert attributes["href"][1:] in ids


def test_it_has_no_script_and_loads_nothing(seen, hostile):
    for one in (seen, hostile):
        tags = {tag for tag, _ in one.elements}
        assert not tags & {"script", "img", "iframe", "object", "embed", "form", "video", "audio", "base", "image"}
        assert one.all("link") == [{"rel": "icon", "href": "data:,"}]
        policies = [meta["content"] for meta in one.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
        assert len(policies) == 1
        assert policies[0].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        assert not [name for _, attributes in one.elements for name in attributes if name.startswith("on")]


def test_it_is_small(html):
    assert len(html.encode()) < 300_000


def test_links_lead_to_harmless_places_only(seen, hostile):
    outside = [one["href"] for one in seen.all("a") if not one["href"].startswith("#")]
    assert len(outside) > 70
    assert all(words.safe_address(address) == address for address in outside)
    assert all(one["href"].startswith("#") for one in hostile.all("a"))


def test_hostile_texts_are_only_texts(hostile):
    assert (hostile.wrong, hostile.open) == ([], [])
    assert len(hostile.all("h1")) == 1
    assert "<script>alert('script')</script>" in hostile.text
    assert "</style></title><h1>Out</h1>" in hostile.text
    assert "{{ 7*7 }}" in hostile.text
    assert "evil" in hostile.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\ud800]", hostile.text)


def test_every_item_gate_and_person_is_there(view, seen):
    for item in view.case.rollout.items:
        assert item.title in seen.text
    for department in view.case.rollout.departments:
        assert department.name in seen.text
    for one in view.case.snapshot.added:
        assert one.title in seen.text
    for gate in view.case.snapshot.gates.values():
        assert gate.conditions in seen.text


def test_dates_are_shown_together(view, seen):
    dates = view.review.dates
    for when in (dates.original, dates.agreed):
        assert words.day(when) in seen.text
    assert words.span(dates.p50, dates.p80) in seen.text
    assert "moved once" in seen.text
    assert words.share(dates.p_grace).replace("\u00a0", " ") in seen.text


@pytest.mark.parametrize("colour", quick_first(2, Colour))
def test_a_colour_is_a_word_and_a_sign(small, colour):
    shown = Seen(page(replace(small, review=replace(small.review, colour=colour, was=None))))
    sign = words.SIGNS[colour]
    assert f"{sign.mark} {sign.word} {sign.meaning}" in shown.text
    assert len({one.mark for one in words.SIGNS.values()}) == len(Colour)


def test_signals_have_word_score_and_reason(view, seen):
    for signal in view.review.signals:
        assert words.SIGNAL_WORDS[signal.name] in seen.text
        assert " ".join(words.sentence(signal.sentence).split()) in seen.text


def test_drivers_come_with_days_items_and_what_helps(view, seen):
    shown = [one for one in view.review.drivers if round(abs(one.days), 1) > 0]
    assert len(shown) >= 3
    for one in shown:
        assert words.signed_days(one.days) in seen.text
        assert one.sentence.partition(" d: ")[2][1:] in seen.text.replace(" %", "%").replace("80%", "80 %")
    assert seen.text.count("What if:") == sum(bool(one.what_if) for one in shown)


def test_a_colour_set_by_hand_shows_the_computed_one(small):
    override = Override(colour="green", reason="The board accepts it", by="Cora Coordinator", until=date(2027, 2, 19))
    review = replace(small.review, colour=Colour.GREEN, override=override)
    text = Seen(page(replace(small, review=review))).text
    assert "Set by Cora Coordinator until 19 Feb 2027" in text
    assert "The board accepts it" in text
    assert re.search(r"Computed: ✕ Red", text)


def test_old_data_are_said_to_be_old(small):
    assert "an old picture" in Seen(page(replace(small, review=replace(small.review, stale=True)))).text


def test_votes_are_told_by_name_and_those_that_did_not_count_too(view):
    stranger = Vote(by="remote-id-7", decision=view.case.snapshot.gates[WAITING].decision, at=NOW)
    gates = dict(view.case.snapshot.gates)
    gates[WAITING] = replace(gates[WAITING], ignored=(stranger,), reopened_at=NOW)
    case = replace(view.case, snapshot=replace(view.case.snapshot, gates=gates))
    text = Seen(page(view_of(case, view.review))).text.replace(" ,", ",")
    assert "Frida Figures, 21 Jan 2027" in text
    assert "Did not count: remote-id-7, 8 Feb 2027" in text
    assert "what was approved has changed" in text


def test_the_foot_tells_where_it_comes_from(small):
    coverage = {
        TrackerName.JIRA: Coverage(good_at=NOW - timedelta(days=3), reason="403 from the server", unseen={"a": "b"}),
        TrackerName.PLANNER: Coverage(),
    }
    case = replace(small.case, snapshot=replace(small.case.snapshot, coverage=coverage))
    text = Seen(page(view_of(case, small.review))).text
    assert "read 3 days ago; last try: 403 from the server; 1 object could not be seen" in text
    assert "Planner never read" in text
    assert small.review.fingerprint in text
    assert f"seed {small.review.forecast.seed}" in text


def test_a_rollout_with_nothing_in_it_is_a_page_of_sentences(view):
    review = replace(view.review, forecast=None, drivers=(), findings=(), signals=(), contradictions=(), moved=())
    shown = Seen(page(view_of(a_small_case(now=NOW), review)))
    assert (shown.wrong, shown.open) == ([], [])
    for sentence in (
        "There is no forecast to draw yet.",
        "There is no planned work to draw.",
        "There are no items to draw.",
        "This rollout has no gates.",
        "This rollout has no items.",
        "Nothing that a person has to know or do.",
        "No contradictions were found.",
    ):
        assert sentence in shown.text
    assert shown.all("svg") == []


def test_tables_name_their_rows_and_columns(seen):
    headers = seen.all("th")
    assert headers
    assert {header["scope"] for header in headers} == {"row", "col"}
