"""`python -m rollout_sync.sandbox`: serve the sandbox until it is stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

from rollout_sync.sandbox.server import run


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m rollout_sync.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8765, help="TCP port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--state", type=Path, default=None, help="SQLite file; without it the state is forgotten")
    parser.add_argument("--seed", type=int, default=1, help="seed of every random choice")
    options = parser.parse_args()
    run(options.port, options.state, options.seed)


if __name__ == "__main__":
    main()
