"""The process is killed at every crash point while the services misbehave: nothing is ever made twice, nothing lost."""

import json
import os
import random

import pytest

from support.marks import quick_first
from system.killpoints.scripts import BY_NAME, QUIET, SCRIPTS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

QUIET_SLICES = 8
SAMPLES, SAMPLE_SLICES = 16, 2
DOUBLES, DOUBLE_SLICES = 48, 4
QUICK, QUICK_SLICES = 30, 3
MISBEHAVING = [script.name for script in SCRIPTS if script is not QUIET]


def check(cases, record_property):
    """Every case is clean; what they came to is recorded before anything is asserted."""
    cases = list(cases)
    tally = {
        "cases": len(cases),
        "kills": sum(case.kills for case in cases),
        "runs": sum(case.runs for case in cases),
        "faulty answers": sum(case.faulty for case in cases),
        "duplicates": sum(len(case.verdict.duplicates) for case in cases),
        "losses": sum(len(case.verdict.losses) for case in cases),
        "other findings": sum(len(case.verdict.lies) for case in cases),
    }
    record_property("killpoints", json.dumps(tally))
    assert [case for case in cases if not case.verdict.is_clean] == []
    return tally


def sampled(points, count):
    """`count` crash points, evenly spread."""
    return [max(1, points * (2 * number + 1) // (2 * count)) for number in range(count)]


@pytest.mark.parametrize("part", quick_first(1, range(QUICK_SLICES)))
def test_a_sample_of_kill_points_with_every_script(bench, record_property, part):
    chance = random.Random(part)
    cases = (
        bench.play(SCRIPTS[number % len(SCRIPTS)], [chance.randrange(1, 150)], plan_after=number % 3 == 0)
        for number in range(part, QUICK, QUICK_SLICES)
    )
    assert check(cases, record_property)["kills"] > 0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(QUIET_SLICES))
def test_every_kill_point_with_quiet_services(bench, record_property, part):
    at = range(1 + part, bench.points(QUIET) + 1, QUIET_SLICES)
    tally = check((bench.play(QUIET, [point]) for point in at), record_property)
    assert tally["kills"] >= 0.8 * tally["cases"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(SAMPLE_SLICES))
@pytest.mark.parametrize("name", MISBEHAVING)
def test_kill_points_with_misbehaving_services(bench, record_property, name, part):
    script = BY_NAME[name]
    at = sampled(bench.points(script), SAMPLES)[part::SAMPLE_SLICES]
    cases = [bench.play(script, [point]) for point in at]
    tally = check(cases, record_property)
    assert tally["kills"] >= 0.8 * tally["cases"]
    assert script.hits <= frozenset().union(*(case.hits for case in cases))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(DOUBLE_SLICES))
def test_the_run_that_repairs_is_killed_too(bench, record_property, part):
    chance = random.Random(2027 + part)
    cases = (
        bench.play(SCRIPTS[number % len(SCRIPTS)], [chance.randrange(1, 140), chance.randrange(1, 90)])
        for number in range(part, DOUBLES, DOUBLE_SLICES)
    )
    tally = check(cases, record_property)
    assert tally["kills"] > 1.5 * tally["cases"]
