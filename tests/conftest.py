"""What all tests share: how hard hypothesis tries, and a network that ends at this machine's loopback."""

from __future__ import annotations

import os
import sys

import pytest

# Compiled code is kept, whatever the surroundings say: the commands that tests start, and the workers that read the
# same tests, would otherwise compile all of it each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

from hypothesis import HealthCheck, settings  # noqa: E402 - it is a lot to compile

settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), max_examples=400, print_blob=True)
settings.register_profile("nightly", parent=settings.get_profile("ci"), max_examples=4_000)
settings.register_profile("deterministic", parent=settings.get_profile("dev"), derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before pytest-socket reads its options: connections go to 127.0.0.1 and unix sockets, or fail the test."""
    config.option.allow_hosts = config.option.allow_hosts or "127.0.0.1"
    config.option.allow_unix_socket = True
