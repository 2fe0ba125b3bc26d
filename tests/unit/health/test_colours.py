"""Colours: every border at, just under and just over it; hysteresis as tables; overrides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.health import colours
from rollout_sync.health.colours import SEVERITY, from_chance, from_ratio, from_share, settled, valid_override, worst
from rollout_sync.health.review import Colour, SignalName
from rollout_sync.model.snapshot import Override
from unit.health.cases import CALENDAR, COLOURS, past

GREEN, AMBER, RED, GREY = Colour.GREEN, Colour.AMBER, Colour.RED, Colour.GREY
TODAY = date(2027, 2, 10)  # a Wednesday
NOW = datetime(2027, 2, 10, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("share", "colour"),
    [(1.0, GREEN), (0.95, GREEN), (0.9499, AMBER), (0.85, AMBER), (0.8499, RED), (0.0, RED)],
)
def test_of_a_share_more_is_better(share, colour):
    assert from_share(share, 0.95, 0.85) is colour


@pytest.mark.parametrize(
    ("ratio", "colour"), [(0.0, GREEN), (0.9999, GREEN), (1.0, AMBER), (2.0, AMBER), (2.0001, RED), (9.0, RED)]
)
def test_of_a_ratio_less_is_better(ratio, colour):
    assert from_ratio(ratio, 1.0, 2.0) is colour


@pytest.mark.parametrize(
    ("chance", "colour"),
    [(1.0, GREEN), (0.70, GREEN), (0.6999, AMBER), (0.40, AMBER), (0.3999, RED), (0.0, RED)],
)
def test_a_chance_without_history_is_taken_by_its_borders(chance, colour):
    assert from_chance(chance) is colour
    assert from_chance(chance, GREY, 0.5) is colour


@pytest.mark.parametrize(("chance", "colour"), [(0.3999, AMBER), (0.20, AMBER), (0.1999, RED)])
def test_with_little_finished_red_needs_worse_odds(chance, colour):
    assert from_chance(chance, thin=True) is colour


@pytest.mark.parametrize(
    ("was", "before", "chance", "colour"),
    [
        # just beyond a border: the old colour holds for one review
        (GREEN, 0.72, 0.69, GREEN),
        (GREEN, 0.72, 0.65, GREEN),
        (GREEN, 0.72, 0.6499, AMBER),
        (AMBER, 0.45, 0.39, AMBER),
        (AMBER, 0.45, 0.35, AMBER),
        (AMBER, 0.45, 0.3499, RED),
        (AMBER, 0.65, 0.70, AMBER),
        (AMBER, 0.65, 0.7499, AMBER),
        (AMBER, 0.65, 0.75, GREEN),
        (RED, 0.30, 0.40, RED),
        (RED, 0.30, 0.4499, RED),
        (RED, 0.30, 0.45, AMBER),
        # beyond it for the second time
        (GREEN, 0.69, 0.69, AMBER),
        (AMBER, 0.39, 0.39, RED),
        (AMBER, 0.71, 0.71, GREEN),
        (RED, 0.41, 0.41, AMBER),
        # two borders at once
        (GREEN, 0.90, 0.10, RED),
        (GREEN, 0.90, 0.38, AMBER),
        (GREEN, 0.69, 0.38, AMBER),
        (RED, 0.10, 0.95, GREEN),
        (RED, 0.10, 0.72, AMBER),
        # nothing is known of the chance before
        (AMBER, None, 0.71, AMBER),
        (AMBER, None, 0.76, GREEN),
        # red for another reason than the chance
        (RED, 0.80, 0.80, GREEN),
    ],
)
def test_a_known_colour_is_left_beyond_a_margin_or_for_the_second_time(was, before, chance, colour):
    assert from_chance(chance, was, before) is colour


@given(st.floats(0, 1), st.sampled_from(COLOURS), st.none() | st.floats(0, 1), st.floats(0, 1))
def test_more_chance_is_never_a_worse_colour(chance, was, before, more):
    low, high = sorted((chance, more))
    assert SEVERITY[from_chance(high, was, before)] <= SEVERITY[from_chance(low, was, before)]


@given(st.floats(0, 1), st.sampled_from(COLOURS), st.none() | st.floats(0, 1))
def test_a_colour_lies_between_the_old_one_and_that_of_the_borders(chance, was, before):
    ends = sorted(SEVERITY[one] for one in (was, from_chance(chance)))
    assert ends[0] <= SEVERITY[from_chance(chance, was, before)] <= ends[1]


@given(st.lists(st.sampled_from(list(Colour))))
def test_the_worst_is_never_better_than_any_and_grey_hides_no_red(some):
    found = worst(some)
    assert all(SEVERITY[found] >= SEVERITY[one] for one in some if one is not GREY)
    assert (found is RED) == (RED in some)
    assert found is not GREY


def reviews(*raw):
    """One review a day, the last of them yesterday."""
    return [past(NOW - timedelta(days=len(raw) - n), one) for n, one in enumerate(raw)]


@pytest.mark.parametrize(
    ("earlier", "now", "shown"),
    [
        ([], GREEN, GREEN),
        ([], RED, RED),
        ([GREEN], AMBER, AMBER),  # worsening shows at once
        ([GREEN], RED, RED),
        ([AMBER], RED, RED),
        ([AMBER], GREEN, AMBER),  # improving waits for a second evaluation
        ([AMBER, GREEN], GREEN, GREEN),
        ([RED], GREEN, RED),
        ([RED, AMBER], GREEN, AMBER),  # both are amber or better
        ([RED, GREEN], GREEN, GREEN),
        ([RED, GREEN], AMBER, AMBER),
    ],
)
def test_worsening_shows_at_once_and_improving_the_second_time(earlier, now, shown):
    assert settled(now, reviews(*earlier), TODAY, CALENDAR) is shown


@pytest.mark.parametrize(
    ("day", "shown"),
    [(date(2027, 2, 9), RED), (date(2027, 2, 8), GREEN), (date(2027, 2, 5), GREEN)],
)
def test_an_evaluation_that_is_two_working_days_old_holds_nothing_back(day, shown):
    old = past(datetime(day.year, day.month, day.day, 9, tzinfo=UTC), RED)
    assert settled(GREEN, [old], TODAY, CALENDAR) is shown


def test_a_weekend_is_no_working_day():
    friday = past(datetime(2027, 2, 5, 9, tzinfo=UTC), RED)
    assert settled(GREEN, [friday], date(2027, 2, 8), CALENDAR) is RED
    assert settled(GREEN, [friday], date(2027, 2, 9), CALENDAR) is GREEN


def test_reviews_on_lost_data_are_passed_over():
    lost = past(NOW - timedelta(hours=1), RED, signals={SignalName.SCHEDULE: RED, SignalName.DATA: RED})
    good = past(NOW - timedelta(hours=20), GREEN)
    assert settled(GREEN, [good, lost], TODAY, CALENDAR) is GREEN
    assert colours.last_known([good, lost]) is good
    assert colours.last_known([lost]) is None


def test_without_signals_the_colour_of_a_review_stands_in():
    assert settled(GREEN, [past(NOW - timedelta(hours=1), AMBER, signals={})], TODAY, CALENDAR) is AMBER


SET = Override(colour="amber", reason="the vendor slips", by="carla.coordinator@example.com", until=TODAY)


@pytest.mark.parametrize(
    ("over", "holds"),
    [
        ({}, True),  # until the end of its last day
        ({"until": TODAY - timedelta(days=1)}, False),
        ({"until": TODAY + timedelta(days=14)}, True),
        ({"until": TODAY + timedelta(days=15)}, False),
        ({"colour": "green"}, True),
        ({"colour": "grey"}, False),
        ({"colour": "mauve"}, False),
    ],
)
def test_an_override_holds_for_a_colour_and_a_time_that_are_allowed(over, holds):
    override = replace(SET, **over)
    assert valid_override(override, TODAY) == (override if holds else None)
    assert valid_override(None, TODAY) is None
