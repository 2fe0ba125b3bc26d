"""The story in its steps: start a rollout, start it again, kill a second one half-way, finish it, prove all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from rollout_sync.cli.demo.boards import PROJECT, Boards, Heap, read_boards
from rollout_sync.cli.demo.proofs import Proof, all_there, content_print, was_cut, writes, wrote_nothing
from rollout_sync.cli.demo.stage import Stage
from rollout_sync.cli.render_odds import day

PEOPLE: Final = "people.csv"
_WEEKS_AHEAD: Final = 30
_SERVICE_MS: Final = 80
_SLOW_MS: Final = 200
_LATE_SECONDS: Final = 240
"""How much later the second request for issues takes effect; well inside the time for which absence proves nothing."""
_HORIZON: Final = 400
"""More than deadline, settle horizon and a second at their defaults, in seconds."""
_FINISHED, _UNFINISHED = 0, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How it ended: the proofs, and where the boards are."""

    url: str
    proofs: tuple[Proof, ...]
    plans: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every claim was proved."""
        return all(proof.holds for proof in self.proofs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rollout:
    """One rollout of the story."""

    template: str
    name: str
    rollout: str
    go_live: date

    @property
    def options(self) -> tuple[str, ...]:
        """What follows the command's name."""
        when = self.go_live.isoformat()
        return (self.template, "--name", self.name, "--go-live", when, "--people", PEOPLE, "--set", "company=Example")


def tell(stage: Stage, *, fast: bool) -> Told:
    """Play the whole story on a fresh sandbox.

    With `fast` it answers at once, except where the story needs time to kill something.
    """
    first, second = _rollouts(date.fromisoformat(stage.sandbox.control("GET", "/clock")["now"][:10]))
    service_ms = 0 if fast else _SERVICE_MS
    stage.title(f"1. A Jira and a Planner on this machine: {stage.sandbox.url}")
    stage.say("They speak the real services' HTTP. No account and no network is needed; the people are made up.")
    before = _content(stage)
    promised = {one.name: stage.ask("plan", *one.options)["create"] for one in (first, second)}
    proofs = [
        _untouched(stage, "`plan` writes nothing", before),
        *_started(stage, first, promised[first.name], service_ms),
        *_again(stage, first),
        *_killed(stage, second, promised[second.name]),
        *_resumed(stage, second, promised[second.name], service_ms),
        *_verified(stage, first, second),
    ]
    plans = tuple(read_boards(stage.sandbox, one.rollout, one.name).plan for one in (first, second))
    return Told(url=stage.sandbox.url, proofs=tuple(proofs), plans=plans)


def _rollouts(today: date) -> tuple[_Rollout, _Rollout]:
    go_live = _monday(today + timedelta(weeks=_WEEKS_AHEAD))
    later = go_live + timedelta(weeks=4)
    year = go_live.year
    return (
        _Rollout(template="mfa", name=f"MFA {year}", rollout=f"mfa-{year}", go_live=go_live),
        _Rollout(template="m365", name=f"M365 {year}", rollout=f"m365-{year}", go_live=later),
    )


def _monday(after: date) -> date:
    return after + timedelta(days=-after.weekday() % 7)


def _started(stage: Stage, rollout: _Rollout, promised: Mapping[str, int], service_ms: int) -> Iterator[Proof]:
    stage.title(f"2. Start a rollout for three departments, live on {day(rollout.go_live)}")
    code = _at_speed(stage, service_ms, "start", *rollout.options, "--yes")
    stage.title("3. What stands on which board, read from the services themselves")
    boards = read_boards(stage.sandbox, rollout.rollout, rollout.name)
    _show_boards(stage, boards, rollout)
    yield Proof(claim="`start` finishes", holds=code == _FINISHED, seen=f"exit code {code}")
    yield all_there("all that was planned stands on the boards", promised, boards)


def _again(stage: Stage, rollout: _Rollout) -> Iterator[Proof]:
    stage.title("4. The same command again")
    before = _content(stage)
    stage.sandbox.control("POST", "/counters/reset")
    code = stage.show("start", *rollout.options, "--yes")
    proof = _untouched(stage, "the second `start` writes nothing", before)
    stage.say(f"The sandbox counted: {proof.seen}.")
    yield Proof(claim=proof.claim, holds=proof.holds and code == _FINISHED, seen=proof.seen)


def _killed(stage: Stage, rollout: _Rollout, promised: Mapping[str, int]) -> Iterator[Proof]:
    stage.title("5. A second rollout, and somebody pulls the plug")
    total = sum(promised[kind] for kind in ("epic", "issue", "bucket", "task"))
    standing = _standing(stage)
    stage.say("The services are slow today. And the connection breaks while Jira takes a request for several issues;")
    stage.say(f"Jira will carry it out all the same, {_LATE_SECONDS // 60} minutes later, when nobody expects it.")
    stage.say()
    late = {"kind": "late", "method": "POST", "route": "/jira/rest/api/3/issue/bulk"}
    stage.sandbox.control("POST", "/faults", [{**late, "nth": [2], "seconds": _LATE_SECONDS}])
    stage.sandbox.control("POST", "/latency", {"ms": _SLOW_MS})
    half = standing + total // 2
    code = stage.kill_when(lambda: _standing(stage) >= half, "start", *rollout.options, "--yes")
    stage.sandbox.control("POST", "/latency", {"ms": 0})
    made = _standing(stage) - standing
    stage.say()
    stage.say(f"Killed without warning, with {made} of {total} epics, issues, buckets and tasks on the boards:")
    _show_boards(stage, read_boards(stage.sandbox, rollout.rollout, rollout.name), rollout)
    yield was_cut(made, total, code)


def _resumed(stage: Stage, rollout: _Rollout, promised: Mapping[str, int], service_ms: int) -> Iterator[Proof]:
    stage.title("6. The same command again finishes it")
    stage.say("`start` would wait for what is in doubt; --settle 0 lets it end at once instead.")
    command = ("start", *rollout.options, "--yes", "--settle", "0")
    code = _at_speed(stage, service_ms, *command)
    if code == _UNFINISHED:
        stage.say()
        stage.say("What is in doubt is not sent again before its fate is known. Here the sandbox's clock is moved on,")
        stage.say("and Jira carries out what it had taken.")
        stage.sandbox.control("POST", "/clock", {"advance": _HORIZON})
        stage.say()
        code = _at_speed(stage, service_ms, *command)
    boards = read_boards(stage.sandbox, rollout.rollout, rollout.name)
    stage.say()
    _show_boards(stage, boards, rollout)
    yield Proof(claim="the same command finishes what was killed", holds=code == _FINISHED, seen=f"exit code {code}")
    yield all_there("nothing of it was lost, and nothing was made twice", promised, boards)


def _verified(stage: Stage, *rollouts: _Rollout) -> Iterator[Proof]:
    stage.title("7. Every object against the ledger")
    for rollout in rollouts:
        code = stage.show("verify", rollout.name)
        yield Proof(claim=f"`verify` finds {rollout.name} in order", holds=code == 0, seen=f"exit code {code}")


def _at_speed(stage: Stage, service_ms: int, *arguments: str) -> int:
    """Show a command while every answer of the services takes so long."""
    stage.sandbox.control("POST", "/latency", {"ms": service_ms})
    try:
        return stage.show(*arguments)
    finally:
        stage.sandbox.control("POST", "/latency", {"ms": 0})


def _untouched(stage: Stage, claim: str, before: str) -> Proof:
    sent = writes(stage.sandbox.control("GET", "/counters"))
    return wrote_nothing(claim, sent, before, _content(stage))


def _content(stage: Stage) -> str:
    return content_print(stage.sandbox.control("GET", "/state")["collections"])


def _standing(stage: Stage) -> int:
    """How many epics, issues, buckets and tasks there are in both services."""
    held = stage.sandbox.control("GET", "/state")["collections"]
    return sum(len(held.get(name, ())) for name in ("jira.issue", "graph.buckets", "graph.tasks"))


def _show_boards(stage: Stage, boards: Boards, rollout: _Rollout) -> None:
    stage.say(f"  Jira project {PROJECT}: {stage.sandbox.url}/boards/jira/{PROJECT}")
    for epic in boards.epics:
        title = epic.title.removeprefix(f"{rollout.name}: ")
        held = f", {epic.held} held until an approval" if epic.held else ""
        stage.say(f"    {epic.name:<8} {title:<34} {_counted(epic, 'issue')}{held}")
    if boards.plan:
        stage.say(f"  Planner plan “{rollout.name}”: {stage.sandbox.url}/boards/planner/{boards.plan}")
    for bucket in boards.buckets:
        stage.say(f"    {bucket.title:<43} {_counted(bucket, 'task')}")


def _counted(heap: Heap, noun: str) -> str:
    return f"{heap.count:>2} {noun}{'' if heap.count == 1 else 's'}"
