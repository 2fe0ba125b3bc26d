"""The example on the reference page runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "forecast.md"


def test_the_example_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(example, str(PAGE), "exec"), {})  # our own page
    *sentences, last = capsys.readouterr().out.splitlines()
    assert any("finished work suggests 1." in one for one in sentences)
    assert re.fullmatch(r"2027-0\d-\d\d \d\d:\d\d:00 2027-0\d-\d\d \d\d:\d\d:00 0\.\d+", last)
