"""The page of all rollouts: the worst first, links to their own pages, and harmless names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollout_sync.health.review import Colour
from rollout_sync.report.portfolio import PortfolioRow, portfolio
from support.pictured import a_view


def rows(*colours: tuple[Colour, float | None]) -> list[PortfolioRow]:
    view = a_view()
    return [
        PortfolioRow(
            name=f"Rollout {number}",
            review=replace(view.review, colour=colour, score=score),
            page=f"rollout-{number}.html",
            earlier=view.history.trend,
        )
        for number, (colour, score) in enumerate(colours)
    ]


def test_the_worst_come_first():
    made = rows(
        (Colour.GREEN, 90.0), (Colour.AMBER, 70.0), (Colour.RED, 30.0), (Colour.GREY, None), (Colour.AMBER, 50.0)
    )
    html = portfolio(made)
    listed = html[html.index("<tbody") :]
    places = [listed.index(f">Rollout {number}<") for number in (2, 4, 1, 3, 0)]
    assert places == sorted(places)
    assert portfolio(made[::-1]) == html


def test_it_links_to_pages_of_the_same_folder():
    html = portfolio(rows((Colour.GREEN, 90.0)))
    assert 'href="rollout-0.html"' in html
    unlinked = [replace(rows((Colour.GREEN, 90.0))[0], page="")]
    assert 'href="rollout' not in portfolio(unlinked)


@pytest.mark.parametrize(
    "page", ["../up.html", "/etc/x.html", "javascript:x", "https://example.com/a.html", ".html", "a b.html"]
)
def test_other_places_are_refused(page):
    with pytest.raises(ValueError, match="same folder"):
        replace(rows((Colour.GREEN, 90.0))[0], page=page)


def test_names_are_only_texts():
    html = portfolio([replace(rows((Colour.RED, 1.0))[0], name="<script>alert(1)</script>")])
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_no_rollouts_are_a_sentence():
    html = portfolio([])
    assert "There are no rollouts." in html
    assert "<svg" not in html


def test_colours_are_counted():
    html = portfolio(rows((Colour.RED, 1.0), (Colour.RED, 2.0), (Colour.GREEN, 3.0)))
    head = html[html.index("tallies") : html.index("</header>")]
    assert [int(part.split("<")[0]) for part in head.split('class="number">')[1:]] == [2, 1]
