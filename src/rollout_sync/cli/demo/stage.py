"""The stage of the demonstration: where its words go, and the real commands run as a user would run them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from rollout_sync.cli.demo.sandbox import Sandbox
from rollout_sync.cli.screen import Screen
from rollout_sync.errors import Unavailable, UnexpectedResponse

_PROGRAM = (sys.executable, "-m", "rollout_sync.cli")
_PATIENCE = 180.0


def clean_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment without this user's own configuration, with ledger and sign-ins in `folder`."""
    kept = {name: text for name, text in environ.items() if not name.startswith("ROLLOUT_SYNC_")}
    loopback = ",".join(filter(None, [environ.get("NO_PROXY", ""), "127.0.0.1"]))
    return {
        **kept,
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "ROLLOUT_SYNC_LEDGER_PATH": str(folder / "ledger.sqlite"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Words and commands.

    Attributes:
        folder: working folder of every command; holds people list, ledger and sandbox state.
        is_aside: words and commands' output go to stderr, because stdout belongs to a JSON answer.
    """

    screen: Screen
    sandbox: Sandbox
    folder: Path
    environ: Mapping[str, str]
    is_aside: bool = False

    def say(self, text: str = "") -> None:
        """One line of the story."""
        (self.screen.complain if self.is_aside else self.screen.line)(text)

    def title(self, text: str) -> None:
        """A heading, with an empty line before it."""
        self.say()
        (self.screen.complain if self.is_aside else self.screen.heading)(text)

    def show(self, *arguments: str) -> int:
        """Run a command in full view and return its exit code."""
        self.say(self.spelled(arguments))
        return self._run(arguments, stdout=sys.stderr if self.is_aside else None).returncode

    def ask(self, *arguments: str) -> Any:  # noqa: ANN401 - the result of a command's JSON answer
        """Run a command unseen and return the result of its JSON answer.

        Raises:
            UnexpectedResponse: it failed.
        """
        done = self._run((*arguments, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            raise UnexpectedResponse(f"`{self.spelled(arguments)}` ended with {done.returncode}: {said[-2000:]}")
        return json.loads(done.stdout)["result"]

    def kill_when(self, is_time: Callable[[], bool], *arguments: str) -> int:
        """Run a command in view, kill it without warning as soon as `is_time`, and return its exit code."""
        self.say(self.spelled(arguments))
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*_PROGRAM, *arguments],
            env=self._environ(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        # Through a pipe, because a killed process cannot tidy up a progress bar on the terminal.
        copier = threading.Thread(target=self._copy, args=(process.stdout,), daemon=True)
        copier.start()
        try:
            while process.poll() is None and not is_time():
                pass  # `is_time` asks the sandbox, and so waits for its answer
        finally:
            process.kill()
            code = process.wait()
            copier.join(10)
        return code

    def spelled(self, arguments: Sequence[str]) -> str:
        """The command as a user types it."""
        return f"$ rollout-sync {shlex.join(arguments)}"

    def _run(self, arguments: Sequence[str], **streams: Any) -> subprocess.CompletedProcess[bytes]:  # noqa: ANN401 - Popen's own
        try:
            return subprocess.run(  # noqa: S603 - our own program
                [*_PROGRAM, *arguments],
                env=self._environ(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                check=False,
                timeout=_PATIENCE,
                **streams,
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"`{self.spelled(arguments)}` took longer than {_PATIENCE:g} s") from error

    def _environ(self) -> dict[str, str]:
        return {**self.environ, "ROLLOUT_SYNC_SANDBOX": self.sandbox.url}

    def _copy(self, stream: IO[bytes] | None) -> None:
        for line in stream or ():
            self.say(line.decode("utf-8", "replace").rstrip(os.linesep))
