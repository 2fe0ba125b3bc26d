"""placeholder until the sign-in is written (minutes)."""

from __future__ import annotations
from flask import Flask
from rollout_sync.sandbox.world import World


def register(app: Flask, world: World) -> None:
    """Nothing yet."""
