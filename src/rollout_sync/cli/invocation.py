"""One call of the program: its global options, streams, environment, and what is loaded from them on demand."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from rollout_sync.cli.screen import Screen
from rollout_sync.cli.stopping import Stop

if TYPE_CHECKING:
    from rollout_sync.cli.metrics import Meter
    from rollout_sync.config import Keystore, Settings


class Output(StrEnum):
    """Form of the answer."""

    TEXT = "text"
    JSON = "json"


class LogForm(StrEnum):
    """Form of the log on stderr."""

    TEXT = "text"
    JSON = "json"


@dataclass(slots=True)
class About:
    """What log lines are about at the moment; empty where it is no single rollout."""

    rollout: str = ""


@dataclass(slots=True, kw_only=True)
class Invocation:
    """What every command gets by `@click.pass_obj`.

    Attributes:
        command: the command as it was called, without the program's name; empty until it is known.
        can_ask: whether somebody sits at the terminal and may be asked.
        stop: whether the process was asked to end.
        about: the rollout that is worked on, for the log.
        meter: counts what the run does; None where no metrics are wanted.
    """

    screen: Screen
    environ: Mapping[str, str]
    config: Path | None = None
    sandbox: str | None = None
    output: Output = Output.TEXT
    log: LogForm = LogForm.TEXT
    verbosity: int = 0
    command: str = ""
    can_ask: bool = False
    stop: Stop = field(default_factory=Stop)
    about: About = field(default_factory=About)
    meter: Meter | None = None
    keystore: Keystore | None = None
    _settings: Settings | None = field(default=None, repr=False)

    @classmethod
    def of_process(cls) -> Invocation:
        """The process's own streams and environment."""
        return cls(screen=Screen.of_process(), environ=os.environ, can_ask=sys.stdin is not None and sys.stdin.isatty())

    def settings(self) -> Settings:
        """The settings: of the sandbox, or from file and environment; read once.

        Raises:
            ConfigError: nothing is configured, or it cannot be used.
        """
        from rollout_sync import config  # noqa: PLC0415 - pydantic is slow to load

        if self._settings is None:
            if self.sandbox:
                if self.config is not None:
                    self.screen.note(f"working on the sandbox {self.sandbox}: {self.config} is not read")
                self._settings = config.for_sandbox(self.sandbox, self.environ)
            else:
                self._settings = config.load(config.locate(self.config, self.environ), self.environ)
        return self._settings

    def secrets(self) -> Keystore:
        """The key store."""
        from rollout_sync import config  # noqa: PLC0415 - pydantic is slow to load

        if self.keystore is None:
            self.keystore = config.system_keystore()
        return self.keystore
