"""No word of a chart is cut off at the edge of its picture."""

from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rollout_sync.report.pictures.burnup import burnup_picture
from rollout_sync.report.pictures.canvas import DOTS, Form, _own_settings
from rollout_sync.report.pictures.fan import fan_picture
from support.pictured import a_view


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("draw", [fan_picture, burnup_picture])
def test_labels_lie_inside(draw, form):
    picture = draw(a_view(), form)
    with _own_settings("test"):
        figure = Figure(figsize=(picture.width / DOTS, picture.height / DOTS), dpi=DOTS)
        canvas = FigureCanvasAgg(figure)
        picture.draw(figure)
        renderer = canvas.get_renderer()
        (axes,) = figure.axes
        ends = {text.get_text(): text.get_window_extent(renderer) for text in axes.texts if text.get_text()}
    assert ends
    outside = {words: end for words, end in ends.items() if end.x0 < 0 or end.x1 > picture.width}
    assert not outside
