"""HTML pages of the sandbox: the index and the Planner boards."""

from __future__ import annotations
from flask import Flask
from rollout_sync.sandbox.world import World


def register(app: Flask, world: World) -> None:
    """Nothing yet."""
