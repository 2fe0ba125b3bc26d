"""The picture that a mail can carry: the forecast fan, else the burn-up, as a small PNG with its words."""

from __future__ import annotations

from rollout_sync.health.forecast import Basis
from rollout_sync.model.mail import Picture
from rollout_sync.report.digest import Made
from rollout_sync.report.pictures.burnup import burnup_picture
from rollout_sync.report.pictures.canvas import Form
from rollout_sync.report.pictures.fan import fan_picture
from rollout_sync.report.view import view_of
from rollout_sync.report.words import plain

FEWEST_REVIEWS = 3
"""With fewer there is no course to be seen, and the words say all."""


def picture_of(made: Made) -> Picture | None:
    """The fan of a rollout, its burn-up where there is no forecast, or nothing: a mail has to fit on a screen."""
    view = view_of(made.case, made.review)
    if len(view.history.trend) < FEWEST_REVIEWS or _is_live(made):
        return None
    drawn = fan_picture(view, Form.NARROW) or burnup_picture(view, Form.NARROW)
    if drawn is None:
        return None
    name = f"picture-{made.case.rollout.id}"
    return Picture(name=name, content=drawn.png(), words=plain(f"{drawn.title}. {drawn.description}"))


def _is_live(made: Made) -> bool:
    return made.review.forecast is not None and made.review.forecast.basis is Basis.FINISHED
