"""The process is killed around every mail while the services misbehave: none twice, none silently lost."""

import json
import os
import random

import pytest

from support.marks import quick_first, slow_rows
from system.killpoints.mail_bench import BY_NAME, LEAST, MAIL_PROPERTY, MISBEHAVING, ONCE, QUIET, SCRIPTS, MailBench

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

MODES = [ONCE, LEAST]
QUICK, SAMPLES, DOUBLES = 8, 8, 24
SLICES = 4
EVERY_SLICE = [(mode, part) for part in range(SLICES) for mode in MODES]
EVERY_MUTANT = [
    ("mark-mails-afterwards", "graph"),
    ("silence-is-failure", "smtp"),
    *slow_rows(("mark-mails-afterwards", "smtp"), ("silence-is-failure", "graph")),
]


@pytest.fixture(scope="session")
def mails(bench):
    return MailBench(bench)


def check(cases, record_property):
    """Every case keeps its promise; what they came to is recorded before anything is asserted."""
    cases = list(cases)
    tally = {
        "cases": len(cases),
        "kills": sum(case.kills for case in cases),
        "runs": sum(case.runs for case in cases),
        "doubts": sum(len(case.doubtful) for case in cases),
        "left in doubt": sum(len(case.shown) for case in cases),
        "twice at most once": sum(len(case.duplicates) for case in cases if case.mode == ONCE),
        "twice at least once": sum(len(case.duplicates) for case in cases if case.mode == LEAST),
        "complaints": sum(len(case.complaints) for case in cases),
    }
    record_property(MAIL_PROPERTY, json.dumps(tally))
    wrong = [(case.script.name, case.mode, case.at, case.complaints) for case in cases if case.complaints]
    assert wrong == []
    return tally


def sampled(points, count):
    """`count` crash points, evenly spread."""
    return sorted({max(1, points * (2 * number + 1) // (2 * count)) for number in range(count)})


@pytest.mark.parametrize(("mode", "part"), [*EVERY_SLICE[:2], *slow_rows(*EVERY_SLICE[2:])])
def test_misbehaving_services_without_a_kill(mails, record_property, mode, part):
    tally = check((mails.play(script, mode=mode) for script in SCRIPTS[part::SLICES]), record_property)
    assert tally["doubts"] > 0


@pytest.mark.parametrize("part", quick_first(1, range(2)))
def test_a_sample_of_kill_points_around_mails(mails, record_property, part):
    chance = random.Random(3 + part)
    cases = (
        mails.play(script, [chance.randrange(1, mails.points(script) + 1)], mode=MODES[number % 2])
        for number, script in enumerate(chance.sample(SCRIPTS, QUICK))
    )
    tally = check(cases, record_property)
    assert tally["kills"] > 0.8 * tally["cases"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("script", QUIET, ids=lambda script: script.name)
def test_every_kill_point_around_mails(mails, record_property, script, mode):
    cases = (mails.play(script, [point], mode=mode) for point in range(1, mails.points(script, mode) + 1))
    tally = check(cases, record_property)
    assert tally["kills"] == tally["cases"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("script", MISBEHAVING, ids=lambda script: script.name)
def test_kill_points_around_mails_with_misbehaving_services(mails, record_property, script, mode):
    at = sampled(mails.points(script, mode), SAMPLES)
    tally = check((mails.play(script, [point], mode=mode) for point in at), record_property)
    assert tally["kills"] >= 0.8 * tally["cases"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", MODES)
def test_the_run_that_settles_is_killed_too(mails, record_property, mode):
    chance = random.Random(7)
    cases = []
    for number in range(DOUBLES):
        script = SCRIPTS[number % len(SCRIPTS)]
        most = mails.points(script, mode)
        cases.append(mails.play(script, [chance.randrange(1, most), chance.randrange(1, 12)], mode=mode))
    assert check(cases, record_property)["kills"] > 1.2 * len(cases)


@pytest.mark.parametrize(("mutant", "post"), EVERY_MUTANT)
def test_a_weaker_protocol_is_caught(mails, post, mutant):
    """Two broken outboxes: without the row before the wire, or with a row that is not believed, mails go out twice."""
    script = BY_NAME[f"{post}-quiet"]
    seen = ""
    for point in range(mails.points(script) // 3, mails.points(script) + 1):
        seen += " ".join(mails.play(script, [point], mutant=mutant, runs=2).complaints)
        if "twice" in seen:
            break
    assert "twice" in seen
    assert ("not on disk" in seen) == (mutant == "mark-mails-afterwards")
