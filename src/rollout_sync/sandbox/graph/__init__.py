"""Microsoft Graph v1.0 as far as a rollout needs it."""

from __future__ import annotations
from flask import Flask
from rollout_sync.sandbox.world import World


def register(app: Flask, world: World) -> None:
    """Nothing yet."""


def pattern_of(method: str, path: str) -> str | None:
    """Nothing yet."""
    return None


def act(world: World, body: object) -> object:
    """Nothing yet."""
    return None
