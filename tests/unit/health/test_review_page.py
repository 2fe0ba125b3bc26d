"""The reference page of health says what the code does: every constant, every weight, every signal."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from rollout_sync.health.review import SignalName
from rollout_sync.health.verdict import WEIGHTS

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "health.md").read_text(encoding="utf-8")
ROOMS = (
    "colours",
    "contradictions",
    "headline",
    "hindsight",
    *(f"signals.{name}" for name in ("approvals", "freshness", "golive", "schedule", "training")),
)


def constants(room):
    module = import_module(f"rollout_sync.health.{room}")
    source = Path(module.__file__).read_text(encoding="utf-8")
    names = re.findall(r"^([A-Z][A-Z_]+) = ", source, flags=re.MULTILINE)
    return {f"{room}.{name}": value for name in names if isinstance(value := getattr(module, name), int | float)}


def test_every_constant_stands_on_the_page_with_its_value():
    told = dict(re.findall(r"^\| `([a-z._]+\.[A-Z_]+)` \| (\S+) \|$", TEXT, flags=re.MULTILINE))
    known = {name: repr(value) for room in ROOMS for name, value in constants(room).items()}
    assert told == known


def test_every_signal_has_its_row_and_its_weight():
    rows = re.findall(r"^\| ([a-z]+) \|.*\|$", TEXT, flags=re.MULTILINE)
    assert [row for row in rows if row in set(SignalName)] == list(SignalName)
    sentence = re.search(r"schedule 20,.*?adoption \d+", TEXT, flags=re.DOTALL)
    weights = dict(re.findall(r"([a-z]+)\s+(\d+)", sentence.group()))
    assert {SignalName(name): int(weight) for name, weight in weights.items()} == WEIGHTS


def test_the_borders_of_the_table_are_those_of_the_code():
    known = {name: value for room in ROOMS for name, value in constants(room).items()}
    table = TEXT.partition("## Signals")[2].partition("**Schedule.**")[0]
    for border in (
        f"≥ {known['signals.schedule.ON_PLAN']}",
        f"< {known['signals.schedule.BEHIND_PLAN']}",
        f"{known['signals.schedule.CRITICAL_SLIP']:.0%}".replace("%", " %"),
        f"≥ {known['colours.LIKELY']:.0%}".replace("%", " %"),
        f"< {known['colours.UNLIKELY']:.0%}".replace("%", " %"),
        f"fewer than {known['signals.approvals.LITTLE_SLACK']} days",
        f"more than {known['signals.training.IN_SIGHT']} days",
        f"< {known['signals.training.NOT_READY']:.0%}".replace("%", " %"),
        f"> {known['signals.freshness.STALE']:g} intervals",
        f"fewer than {known['signals.freshness.THIN']:.0%}".replace("%", " %"),
    ):
        assert border in table, border
