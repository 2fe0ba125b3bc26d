"""The harness sees what it is there to see: protocols that are broken on purpose make duplicates, and are caught."""

import os

import pytest

from support.marks import slowly
from system.killpoints.scripts import BY_NAME, QUIET

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


def kinds(duplicates):
    return {text.partition(" ")[0] for text in duplicates}


@pytest.mark.parametrize("name", ["late-first", *slowly("late-then", "late-last")])
def test_without_a_horizon_a_late_commit_makes_duplicates(bench, name):
    case = bench.play(BY_NAME[name], mutant="conclude-at-once")
    assert {"issue"} < kinds(case.verdict.duplicates)  # in both services
    assert any(key.startswith(("epic:", "issue:")) for key in case.reported)


@pytest.mark.parametrize("name", ["dropped-after-first", *slowly("truncated-then", "html-503-after-last")])
def test_without_the_strong_read_a_lost_answer_makes_duplicates(bench, name):
    case = bench.play(BY_NAME[name], mutant="blind")
    assert {"issue"} < kinds(case.verdict.duplicates)
    assert any(key.startswith(("epic:", "issue:")) for key in case.reported)


def test_with_intents_recorded_after_the_answer_a_kill_makes_duplicates(bench):
    seen, lies = set(), ()
    for point in range(8, 144, 9):
        case = bench.play(QUIET, [point], mutant="record-afterwards")
        seen |= kinds(case.verdict.duplicates)
        lies += case.verdict.lies
        if {"issue"} < seen:
            break
    assert {"issue"} < seen
    assert any("left without an intent on disk" in lie for lie in lies)
    assert any("without proof of absence in between" in lie for lie in lies)
