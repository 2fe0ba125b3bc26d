"""The story in its steps: start a rollout, start it again, kill a second one half-way, finish it, prove all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from rollout_sync.cli.demo.boards import PROJECT, Boards, Heap, read_boards
from rollout_sync.cli.demo.proofs import Proof, all_there, content_print, was_cut, writes, wrote_nothing
from rollout_sync.cli.demo.stage import Stage
from rollout_sync.cli.render_plan import day

PEOPLE: Final = "people.csv"
_WEEKS_AHEAD: Final = 30
_SERVICE_MS: Final = 80
_SLOW_MS: Final = 200
_LATE_SECONDS: Final = 240
"""How much later the second request for issues takes effect; well inside the time for which absence proves nothing."""
_HORIZON: Final = 400
"""More than deadline, settle horizon and a second at their defaults, in seconds."""
_TRIES: Final = 3
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

    Args:
        fast: the sandbox answers at once, except where the story needs time to kill something.
    """
    first, second = _rollouts(date.fromisoformat(stage.sandbox.control("GET", "/clock")["now"][:10]))
    service_ms = 0 if fast else _SERVICE_MS
    proofs: list[Proof] = []
    stage.title(f"1. A Jira and a Planner on this machine: {stage.sandbox.url}")
    stage.say("They speak the real services' HTTP. No account and no network is needed; the people are made up.")
    proofs += _plan(stage, first)
    proofs += _start(stage, first, service_ms)
    proofs += _again(stage, first)
    proofs += _killed(stage, second)
    proofs += _resumed(stage, second, service_ms)
    proofs += _verified(stage, first, second)
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


def _plan(stage: Stage, rollout: _Rollout) -> Iterator[Proof]:
    stage.title("2. What would be created, and when")
    before = _content(stage)
    stage.sandbox.control("POST", "/counters/reset")
    stage.show("plan", *rollout.options)
    yield _untouched(stage, "`plan` writes nothing", before)


def _start(stage: Stage, rollout: _Rollout, service_ms: int) -> Iterator[Proof]:
    promised = _promise(stage, rollout)
    stage.title(f"3. Start it, for three departments, live on {day(rollout.go_live)}")
    stage.sandbox.control("POST", "/latency", {"ms": service_ms})
    code = stage.show("start", *rollout.options, "--yes")
    stage.sandbox.control("POST", "/latency", {"ms": 0})
    stage.title("4. What stands on which board, read from the services themselves")
    boards = read_boards(stage.sandbox, rollout.rollout, rollout.name)
    _show_boards(stage, boards, rollout)
    yield Proof(claim="`start` finished", holds=code == _FINISHED, seen=f"exit code {code}")
    yield all_there("everything that was planned stands there once", promised, boards)


def _again(stage: Stage, rollout: _Rollout) -> Iterator[Proof]:
    stage.title("5. The same command again")
    before = _content(stage)
    stage.sandbox.control("POST", "/counters/reset")
    code = stage.show("start", *rollout.options, "--yes")
    proof = _untouched(stage, "the second `start` writes nothing", before)
    stage.say(f"The sandbox counted: {proof.seen}.")
    yield Proof(claim=proof.claim, holds=proof.holds and code == _FINISHED, seen=proof.seen)


def _killed(stage: Stage, rollout: _Rollout) -> Iterator[Proof]:
    stage.title("6. A second rollout, and somebody pulls the plug")
    promised = _promise(stage, rollout)
    total = promised["epic"] + promised["issue"] + promised["task"] + promised["bucket"]
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
    stage.say(f"Killed without warning, with {made} of {total} epics, issues, buckets and tasks on the boards.")
    _show_boards(stage, read_boards(stage.sandbox, rollout.rollout, rollout.name), rollout)
    yield was_cut(made, total, code)


def _resumed(stage: Stage, rollout: _Rollout, service_ms: int) -> Iterator[Proof]:
    stage.title("7. The same command again finishes it")
    promised = _whole(stage, rollout)
    code = _UNFINISHED
    for _ in range(_TRIES):
        stage.sandbox.control("POST", "/latency", {"ms": service_ms})
        code = stage.show("start", *rollout.options, "--yes")
        stage.sandbox.control("POST", "/latency", {"ms": 0})
        if code != _UNFINISHED:
            break
        stage.say()
        stage.say("What is in doubt is not sent again before its fate is known. Nobody has to watch: a later run")
        stage.say("settles it. Here the sandbox's clock is moved on, and Jira carries out what it had taken.")
        stage.sandbox.control("POST", "/clock", {"advance": _HORIZON})
        stage.say()
    boards = read_boards(stage.sandbox, rollout.rollout, rollout.name)
    stage.say()
    _show_boards(stage, boards, rollout)
    yield Proof(claim="the killed rollout was finished by the same command", holds=code == 0, seen=f"exit code {code}")
    yield all_there("every object of the killed rollout exists exactly once", promised, boards)


def _verified(stage: Stage, *rollouts: _Rollout) -> Iterator[Proof]:
    stage.title("8. Every object against the ledger")
    for rollout in rollouts:
        code = stage.show("verify", rollout.name)
        yield Proof(claim=f"`verify` finds {rollout.name} in order", holds=code == 0, seen=f"exit code {code}")


def _promise(stage: Stage, rollout: _Rollout) -> Mapping[str, int]:
    counts: Mapping[str, int] = stage.ask("plan", *rollout.options)["create"]
    return counts


def _whole(stage: Stage, rollout: _Rollout) -> Mapping[str, int]:
    """What a rollout consists of, by planning the same under a name that nobody has used."""
    return _promise(stage, _Rollout(template=rollout.template, name="Nothing yet", rollout="", go_live=rollout.go_live))


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
