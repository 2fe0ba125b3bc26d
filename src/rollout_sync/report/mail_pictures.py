"""The picture that a mail can carry: the forecast fan, else the burn-up, as a small PNG with its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rollout_sync.model.mail import Picture
from rollout_sync.model.rollout import RolloutId
from rollout_sync.report.digest import Made
from rollout_sync.report.pictures.burnup import burnup_picture
from rollout_sync.report.pictures.canvas import Form
from rollout_sync.report.pictures.fan import fan_picture
from rollout_sync.report.view import view_of
from rollout_sync.report.words import plain


def pictures_of(made: Iterable[Made]) -> Mapping[RolloutId, Picture]:
    """One for each rollout that has something to draw."""
    found = {one.case.rollout.id: picture_of(one) for one in made}
    return {rollout: picture for rollout, picture in found.items() if picture is not None}


def picture_of(made: Made) -> Picture | None:
    """The fan of a rollout, its burn-up where there is no forecast, or nothing."""
    view = view_of(made.case, made.review)
    drawn = fan_picture(view, Form.NARROW) or burnup_picture(view, Form.NARROW)
    if drawn is None:
        return None
    name = f"picture-{made.case.rollout.id}"
    return Picture(name=name, content=drawn.png(), words=plain(f"{drawn.title}. {drawn.description}"))
