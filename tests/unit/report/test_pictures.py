"""Pictures repeat byte for byte, wear the page's colours, share no names, survive any text, and stay readable."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise

import matplotlib as mpl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_sync.model.rollout import ItemKey, ItemKind
from rollout_sync.model.snapshot import Decision, GateState, ItemState, ItemStatus
from rollout_sync.report.items import Look, by_phase, rows_of
from rollout_sync.report.pictures.axes import apart, ticks
from rollout_sync.report.pictures.burnup import burnup_picture
from rollout_sync.report.pictures.canvas import Form, Ink, Picture
from rollout_sync.report.pictures.fan import fan_of, fan_picture
from rollout_sync.report.pictures.gantt import gantt_picture
from rollout_sync.report.pictures.gantt_rows import Shape, lines_of
from rollout_sync.report.pictures.horizon import Strip, horizon_picture
from rollout_sync.report.view import RolloutView, view_of
from support.builders import make_item
from support.marks import quick_first
from support.pictured import GO_LIVE, NOW, a_case, a_small_case, a_view, renamed

SVG = "{http://www.w3.org/2000/svg}"
PNG = b"\x89PNG\r\n\x1a\n"
CHARTS = (fan_picture, burnup_picture, gantt_picture)
HOSTILE = (
    "<script>alert('x')</script>",
    "]]></style><!--&bogus;",
    "$\\frac{1}{0}$ $$ \\n ^_{}",
    "\u202egpj.exe \x00\x07\x1b \ud800",
    "\U0001f468\u200d\U0001f4bb \u6f22\u5b57 \u05e9\u05dc\u05d5\u05dd",
    "Donaudampfschifffahrtsgesellschaft" * 9,
    "two\nlines\r\nand more",
    "",
)


@pytest.fixture(scope="module")
def view() -> RolloutView:
    return a_view()


@pytest.fixture(scope="module")
def hostile() -> RolloutView:
    case = a_case()
    states = {
        key: replace(one, title=HOSTILE[number % len(HOSTILE)])
        for number, (key, one) in enumerate(case.snapshot.items.items())
    }
    rollout = renamed(case.rollout, HOSTILE)
    odd = replace(case, rollout=rollout, snapshot=replace(case.snapshot, items=states))
    return view_of(odd, a_view().review)


@pytest.fixture(scope="module")
def drawn(view):
    """Every chart in every form as SVG, drawn once for all tests that only look at it."""
    return cache(lambda chart, form: str(chart(view, form).svg()))


@pytest.mark.parametrize("form", quick_first(1, Form))
@pytest.mark.parametrize("chart", CHARTS)
def test_a_picture_repeats_byte_for_byte(view, drawn, chart, form):
    first, second = chart(view, form), chart(view, form)
    assert drawn(chart, form) == second.svg()
    assert first.png() == second.png()
    assert first.png().startswith(PNG)


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("chart", CHARTS)
def test_a_picture_says_what_it_is(view, drawn, chart, form):
    picture = chart(view, form)
    root = ET.fromstring(drawn(chart, form))
    names = {node.get("id"): node.text for node in root.iter() if node.get("id")}
    assert root.get("role") == "img"
    assert [names[name] for name in root.get("aria-labelledby").split()] == [picture.title, picture.description]
    assert int(root.get("width")) == form.width


def test_a_picture_loads_nothing_and_knows_no_time_of_making(drawn):
    for chart in CHARTS:
        text = drawn(chart, Form.WIDE)
        assert not re.search(r"<(?:script|style|image|foreignObject|metadata|a)\b", text)
        assert set(re.findall(r"https?://[^\s\"<]+", text)) == {"http://www.w3.org/2000/svg"}
        assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', text))


def test_names_are_unique_on_a_page_and_all_that_are_used_exist(drawn):
    texts = [drawn(chart, form) for chart in CHARTS for form in Form]
    names = [name for text in texts for name in re.findall(r'\bid="([^"]+)"', text)]
    assert len(names) == len(set(names))
    for text in texts:
        used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
        assert used <= set(names)


def test_every_colour_is_one_of_the_page(drawn):
    style = (files("rollout_sync.report") / "layouts" / "style.css").read_text(encoding="utf-8")
    light, dark, paper = (dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]{6})", block)) for block in blocks(style))
    for ink in Ink:
        assert light[ink.variable] == paper[ink.variable] == ink.value
        assert ink.variable in dark
    for chart in CHARTS:
        text = drawn(chart, Form.WIDE)
        assert set(re.findall(r"var\((--[a-z-]+)\)", text)) <= set(light)
        assert not re.findall(r"#[0-9a-f]{6}\b", text)


def blocks(style: str) -> list[str]:
    """The lists of colours: in the light, in the dark, on paper."""
    found = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    assert len(found) == 3
    return found


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("block", [0, 1, 2], ids=["light", "dark", "paper"])
def test_words_and_marks_stand_out(block):
    style = (files("rollout_sync.report") / "layouts" / "style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]{6})", blocks(style)[block]))
    words = [("text", "paper"), ("soft", "paper"), ("soft", "ground"), ("forecast", "paper"), ("done", "paper")]
    words += [("late", "paper"), ("held", "paper"), ("late", "late-area"), ("held", "held-area"), ("done", "done-area")]
    words += [("forecast", "wide"), ("on-sign", "done"), ("on-sign", "held"), ("on-sign", "late"), ("on-sign", "soft")]
    for ink, ground in words:
        assert contrast(colours[f"--{ink}"], colours[f"--{ground}"]) >= 4.5, (ink, ground)
    for ink in ("open-edge", "held", "late", "done", "forecast"):
        assert contrast(colours[f"--{ink}"], colours["--paper"]) >= 3, ink


@pytest.mark.parametrize("form", quick_first(1, reversed(Form)))
def test_any_text_can_be_drawn(hostile, form):
    picture = gantt_picture(hostile, form)
    root = ET.fromstring(picture.svg())
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
        "svg", "title", "desc", "g", "path", "text", "use", "defs", "clipPath", "rect", "pattern", "tspan",
    }  # fmt: skip
    shown = "".join(root.itertext())
    assert "alert('x')" in shown
    assert "\u202e" not in shown
    assert picture.png().startswith(PNG)


def test_settings_of_the_program_are_left_alone(view):
    mpl.rcParams["font.size"] = 33.0
    try:
        before = dict(mpl.rcParams)
        text = burnup_picture(view, Form.NARROW).svg()
        assert dict(mpl.rcParams) == before
        mpl.rcParams["font.size"] = 5.0
        assert burnup_picture(view, Form.NARROW).svg() == text
    finally:
        mpl.rcdefaults()


def test_without_anything_to_draw_there_is_no_picture(view):
    empty = view_of(a_small_case(now=NOW), replace(view.review, forecast=None))
    assert [chart(empty, form) for chart in CHARTS for form in Form] == [None] * 6
    assert horizon_picture((), NOW.date(), Form.WIDE) is None


def test_the_fan_ends_with_what_is_forecast_now(view):
    fan = fan_of(view)
    assert len(fan.points) == len(view.case.earlier) + 1
    assert fan.points[-1].at == NOW.date()
    assert (fan.points[-1].low, fan.points[-1].high) == (fan.deciles[0], fan.deciles[-1])
    assert [step.go_live for step in fan.agreed] == [one.go_live for one in view.case.snapshot.agreed]
    assert fan.agreed[0].last == fan.agreed[1].first


def test_the_fan_keeps_what_was_forecast_when_there_is_no_forecast_now(view):
    past = replace(view, review=replace(view.review, forecast=None))
    assert fan_of(past).deciles == ()
    assert len(fan_of(past).points) == len(view.case.earlier)
    one = replace(past, history=replace(past.history, trend=past.history.trend[:1]))
    assert fan_of(one) is None


def test_a_first_review_has_a_fan_of_one_column(view):
    first = replace(view, history=replace(view.history, trend=()))
    for form in Form:
        assert "earlier" not in fan_picture(first, form).description
        assert fan_picture(first, form).svg()


@given(
    st.lists(st.floats(-1_000, 1_000), max_size=8),
    st.floats(0.1, 60),
)
def test_labels_keep_apart_and_in_order(wanted, gap):
    places = apart(wanted, gap)
    ordered = sorted(zip(wanted, places, strict=True))
    assert all(two[1] - one[1] >= gap - 1e-6 for one, two in pairwise(ordered))
    if all(two - one >= gap for one, two in pairwise(sorted(wanted))):
        assert places == pytest.approx(tuple(wanted))


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 9_000), st.integers(1, 12))
def test_there_are_never_more_days_than_fit(first, length, most):
    last = first + timedelta(days=length)
    found = ticks(first, last, most)
    assert len(found) <= most
    assert all(first <= tick.day <= last for tick in found)
    assert [tick.day for tick in found] == sorted({tick.day for tick in found})
    if found:
        assert str(found[0].day.year) in found[0].label


def groups_of(case):
    return by_phase(case.rollout.phases, rows_of(case))


def test_a_chart_shows_every_item_once():
    case = a_case()
    lines = lines_of(groups_of(case), 200)
    assert sum(line.shape is Shape.PHASE for line in lines) == len(case.rollout.phases)
    assert len(lines) == len(case.rollout.phases) + len(case.rollout.items)


def test_too_many_items_leave_phases_and_what_is_late_or_begun():
    case = a_case()
    rows = rows_of(case)
    urgent = sum(row.is_late or row.look is Look.STARTED for row in rows)
    lines = lines_of(groups_of(case), 30)
    assert [line.shape is Shape.PHASE for line in lines].count(False) == urgent
    alone = lines_of(groups_of(case), len(case.rollout.phases))
    assert {line.shape for line in alone} == {Shape.PHASE}
    assert sum(len(line.diamonds) for line in alone) == sum(row.gate is not None for row in rows)


def test_five_hundred_items_stay_readable():
    items = tuple(make_item(f"phase-{n % 9}/item-{n}") for n in range(500))
    case = a_small_case(*items, now=datetime(2026, 12, 1, tzinfo=UTC))
    for form in Form:
        picture = gantt_picture(view_of(case, a_view().review), form)
        assert picture.height < 1_200
        assert len(picture.svg()) < 60_000


def test_a_phase_is_held_when_all_that_is_open_is():
    items = (make_item("prepare/a"), make_item("prepare/b"))
    done, held = (
        ItemState(item=items[0].key, status=ItemStatus.DONE),
        ItemState(item=items[1].key, status=ItemStatus.TODO, held=True),
    )
    (line, *_) = lines_of(groups_of(a_small_case(*items, states=(done, held))), 10)
    assert (line.look, line.progress, line.note) == (Look.HELD, 0.5, "1 of 2 done")
    (line, *_) = lines_of(groups_of(a_small_case(*items, states=(held,))), 10)
    assert line.look is Look.OPEN


@pytest.mark.parametrize("decision", quick_first(2, Decision))
def test_every_decision_has_a_mark(decision):
    key = ItemKey("prepare/gate")
    gate = GateState(gate=key, decision=decision, asked_at=NOW, due_at=NOW)
    case = a_small_case(make_item(key, kind=ItemKind.APPROVAL), gates={key: gate})
    assert gantt_picture(view_of(case, a_view().review), Form.WIDE).svg()


def test_the_chart_of_all_rollouts_names_them():
    strips = [
        Strip(name="MFA <2027>", agreed=GO_LIVE, even=GO_LIVE, sure=GO_LIVE + timedelta(days=9)),
        Strip(name="Travel policy", agreed=GO_LIVE, even=None, sure=None),
    ]
    for form in Form:
        picture = horizon_picture(strips, NOW.date(), form)
        text = "".join(ET.fromstring(picture.svg()).itertext())
        assert "MFA <2027>" in text
        assert "Travel policy: agreed 1 Mar 2027, no forecast" in picture.description


@settings(max_examples=20, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=30))
def test_every_title_can_be_part_of_a_picture(text):
    def draw(figure):
        figure.text(0.1, 0.5, "label")

    picture = Picture(name="t", title=text, description=text, width=100, height=50, draw=draw)
    assert ET.fromstring(picture.svg()).get("role") == "img"
