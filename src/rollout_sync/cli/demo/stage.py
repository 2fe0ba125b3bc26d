"""The stage of the demonstration: where its words go, and the real commands run as a user would run them.

Commands go through the program's own entrance, in this process, because each start of an interpreter costs seconds.
Only what is to be killed gets a process of its own.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import IO, Any

from rollout_sync.cli import door
from rollout_sync.cli.demo.sandbox import Sandbox
from rollout_sync.cli.group import cli
from rollout_sync.cli.invocation import Invocation
from rollout_sync.cli.screen import Screen
from rollout_sync.errors import UnexpectedResponse

_PROGRAM = (sys.executable, "-m", "rollout_sync.cli")
_LOOK_EVERY = 0.02


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
        stderr = self.screen.stderr
        return self._run(arguments, replace(self.screen, stdout=stderr) if self.is_aside else self.screen)

    def ask(self, *arguments: str) -> Any:  # noqa: ANN401 - the result of a command's JSON answer
        """Run a command unseen and return the result of its JSON answer.

        Raises:
            UnexpectedResponse: it failed.
        """
        screen = Screen(stdout=StringIO(), stderr=StringIO(), use_color=False, can_draw=False)
        code = self._run((*arguments, "--json"), screen)
        answer, said = (stream.getvalue() for stream in (screen.stdout, screen.stderr) if isinstance(stream, StringIO))
        if code != 0:
            raise UnexpectedResponse(
                f"`{self.spelled(arguments)}` ended with {code}: {(said or answer).strip()[-2000:]}"
            )
        return json.loads(answer)["result"]

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
                time.sleep(_LOOK_EVERY)
        finally:
            process.kill()
            code = process.wait()
            copier.join(10)
        return code

    def spelled(self, arguments: Sequence[str]) -> str:
        """The command as a user types it."""
        return f"$ rollout-sync {shlex.join(arguments)}"

    def _run(self, arguments: Sequence[str], screen: Screen) -> int:
        """The exit code. Nothing is kept from one command for the next but what ledger and services hold."""
        words = ["--sandbox", self.sandbox.url, *arguments]
        invocation = Invocation(screen=screen, environ=self._environ())
        with chdir(self.folder), beside_proxies(self.environ):
            return door.pass_through(
                lambda: cli.main(words, prog_name="rollout-sync", standalone_mode=False, obj=invocation),
                invocation,
                words,
            )

    def _environ(self) -> dict[str, str]:
        return {**self.environ, "ROLLOUT_SYNC_SANDBOX": self.sandbox.url}

    def _copy(self, stream: IO[bytes] | None) -> None:
        for line in stream or ():
            self.say(line.decode("utf-8", "replace").rstrip(os.linesep))


@contextmanager
def beside_proxies(environ: Mapping[str, str]) -> Iterator[None]:
    """For the block this process speaks to this machine directly, as `environ` tells its children to do."""
    names = ("NO_PROXY", "no_proxy")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: environ[name] for name in names if name in environ})
    try:
        yield
    finally:
        for name, text in before.items():
            if text is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = text
